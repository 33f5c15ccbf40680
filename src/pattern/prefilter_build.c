/* SPDX-License-Identifier: Apache-2.0 */
/* Which literal is found in which way: what makes up the cheapest prefilter. */
#include <stdlib.h>
#include <string.h>

#include "pattern/prefilter_impl.h"

enum {
	/* So many hashable bytes have an aligned gram of eight in them, wherever they stand; */
	EIGHT_RUN = 15,
	/* so many one of four at a multiple of eight; */
	FOUR_RUN = 11,
	/* so many one of four at a multiple of four. */
	TWICE_RUN = 7,
	MANY_FINGERS = 160,
};

static size_t count_ways(const struct prefilter *pf, enum way way)
{
	size_t n = 0;

	for (size_t i = 0; i < pf->n_needles; i++)
		n += pf->needles[i].way == way;
	return n;
}

/* From which run of hashable bytes on a literal goes there; more than LITERAL_MAX: never. */
struct split {
	size_t eight, four;
};

static const struct split splits[] = {
	{ EIGHT_RUN, TWICE_RUN },
	{ EIGHT_RUN, FOUR_RUN },
	{ EIGHT_RUN, LITERAL_MAX + 1 },
	{ LITERAL_MAX + 1, LITERAL_MAX + 1 },
};

static void split_needles(struct prefilter *pf, const struct split *split)
{
	for (size_t i = 0; i < pf->n_needles; i++) {
		struct needle *nd = &pf->needles[i];

		nd->way = nd->busy		    ? WAY_FINGER
			  : nd->run >= split->eight ? WAY_EIGHT
			  : nd->run >= split->four  ? WAY_FOUR
						    : WAY_FINGER;
	}
}

/* How often, in 64 bytes, a probe is expected to stop at a needle's grams of four. */
static double stops_at_four(const struct prefilter *pf, const struct needle *nd, bool twice)
{
	uint16_t rarity[LITERAL_MAX];
	double share;

	literal_rarity(pf->classes, nd->literal.at, nd->literal.n, rarity, NULL);
	grams_best_row(pf, nd, rarity, 4, twice ? STRIDE / 2 : STRIDE, &share);
	return share * (twice ? 16 : 8);
}

static double cost_of_probes(const struct prefilter *pf, const struct split *split)
{
	bool twice = split->four < FOUR_RUN;
	double cost = count_ways(pf, WAY_EIGHT) ? pf->cost.eight : 0;

	if (count_ways(pf, WAY_FOUR) == 0)
		return cost;
	cost += twice ? pf->cost.four_twice : pf->cost.four;
	for (size_t i = 0; i < pf->n_needles; i++)
		if (pf->needles[i].way == WAY_FOUR)
			cost += stops_at_four(pf, &pf->needles[i], twice) * COST_OF_CANDIDATE;
	return cost;
}

/* The cheapest split; the needles' ways and plan are set to it. */
static const struct split *choose_split(struct prefilter *pf, struct bucket_plan *best)
{
	const struct split *chosen = NULL;
	AUTO_FREE uint8_t *bucket_of = mem_zero(pf->n_needles + 1, 1);
	struct bucket_plan plan = { .bucket_of = bucket_of };
	double least = 0;
	size_t n_busy = 0;

	for (size_t i = 0; i < pf->n_needles; i++)
		n_busy += pf->needles[i].busy;
	for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
		split_needles(pf, &splits[i]);
		if (chosen && count_ways(pf, WAY_FINGER) > MANY_FINGERS + n_busy)
			continue;
		fingers_plan(pf, &plan);
		double cost = plan.cost + cost_of_probes(pf, &splits[i]);

		if (!chosen || cost < least) {
			chosen = &splits[i];
			least = cost;
			best->n_groups = plan.n_groups;
			memcpy(best->bucket_of, bucket_of, pf->n_needles);
		}
	}
	split_needles(pf, chosen);
	return chosen;
}

static void find_run(const struct prefilter *pf, struct needle *nd)
{
	size_t run = 0;

	for (size_t i = 0; i < nd->literal.n; i++) {
		run = literal_folded(pf->classes, nd->literal.at[i]) < 0 ? 0 : run + 1;
		if (run > nd->run) {
			nd->run = (uint8_t)run;
			nd->run_at = (uint8_t)(i + 1 - run);
		}
	}
}

/* Whether probes for its grams of eight would stop again and again, and more often than at its fingerprint.
 */
static bool is_busy(const struct prefilter *pf, const struct needle *nd, const uint16_t *rarity,
		    unsigned finger)
{
	double share;

	grams_best_row(pf, nd, rarity, 8, STRIDE, &share);
	return share * SAMPLE_SIZE / STRIDE > finger + 1;
}

/* What is known of a literal before any choice; one of a large set that can be probed for gets no
 * fingerprint. */
static void measure(const struct prefilter *pf, struct needle *nd)
{
	uint16_t rarity[LITERAL_MAX];
	unsigned finger;

	find_run(pf, nd);
	if (nd->run >= EIGHT_RUN && pf->n_needles > MANY_FINGERS && !pf->sample)
		return;
	literal_rarity(pf->classes, nd->literal.at, nd->literal.n, rarity, NULL);
	finger = fingers_place(pf, nd, rarity);
	nd->busy = pf->sample && nd->run >= EIGHT_RUN && is_busy(pf, nd, rarity, finger);
}

void prefilter_build(struct prefilter *pf)
{
	AUTO_FREE uint8_t *bucket_of = mem_zero(pf->n_needles + 1, 1);
	struct bucket_plan plan = { .bucket_of = bucket_of };

	prefilter_choose_kernel(pf);
	for (size_t i = 0; i < pf->n_needles; i++)
		measure(pf, &pf->needles[i]);
	bool twice = choose_split(pf, &plan)->four < FOUR_RUN;

	grams_put(pf, twice);
	grams_finish(&pf->eight);
	grams_finish(&pf->four);
	pf->probes = (struct stride){ pf->eight.bits, pf->four.bits, twice && pf->four.n };
	fingers_finish(pf, &plan);
}

void prefilter_describe(const struct prefilter *pf, struct buf *out)
{
	buf_printf(out,
		   "%s%s: %zu literals, %zu by 8-grams, %zu by 4-grams%s, %zu by fingerprints in %zu groups",
		   pf->kernel->name, pf->stride == pf->kernel->stride ? "" : " without gather", pf->n_needles,
		   count_ways(pf, WAY_EIGHT), count_ways(pf, WAY_FOUR), pf->probes.four_twice ? " twice" : "",
		   count_ways(pf, WAY_FINGER), pf->fingers ? pf->fingers->n_groups : 0);
}
