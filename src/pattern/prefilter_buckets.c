/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/prefilter_buckets.h"

#include <string.h>

#include "pattern/prefilter_rarity.h"

/* More than that do not do with one group of buckets, and hardly with two. */
enum { MANY = 64, N_PLACES = (1 + BUCKETS) * FINGER_WIDTH };

/* Beside what a sample shows, what is known of logs counts a little: a sample is small. */
static const double DOUBT = 0.125;

struct bucket {
	struct byteset has[FINGER_WIDTH],
		taken[FINGER_WIDTH]; /* taken: has, and what the kernel takes for it */
	double share[FINGER_WIDTH];  /* of all bytes, taken's */
	double through;		     /* of all places */
	struct places *places;	     /* of the sample, of those that it has; FINGER_WIDTH, or NULL */
};

struct planner {
	const struct fingerprint *prints;
	size_t n;
	const struct kernel *kernel;
	const struct sample *sample;
	double share_of_byte[256];
	struct places
		*places; /* of the sample, of the fingerprint that is being placed; then each bucket's */
	struct bucket buckets[BUCKETS];
};

static double share_of(const struct planner *p, const struct byteset *s)
{
	double share = 0;

	for (size_t w = 0; w < 4; w++)
		for (uint64_t left = s->word[w]; left; left &= left - 1)
			share += p->share_of_byte[w * 64 + (size_t)__builtin_ctzll(left)];
	return share;
}

/* The bytes that a bucket has with these ones more, those that the kernel takes for them, and those of them
 * that it did not take before. */
struct more {
	struct byteset has, taken, new;
};

static struct more with_bytes(const struct planner *p, const struct bucket *b, size_t k,
			      const struct byteset *bytes)
{
	struct more m = { .taken = b->taken[k] };
	uint64_t any = 0;

	for (size_t w = 0; w < 4; w++) {
		any |= bytes->word[w] & ~b->has[k].word[w];
		m.has.word[w] = b->has[k].word[w] | bytes->word[w];
	}
	if (!any)
		return m;
	p->kernel->blur(&m.has, &m.taken);
	for (size_t w = 0; w < 4; w++)
		m.new.word[w] = m.taken.word[w] & ~b->taken[k].word[w];
	return m;
}

/* What the bucket would let through with the fingerprint: at least that, where the kernel takes more bytes
 * for two fingerprints than for each of them. */
static double through_with(const struct planner *p, const struct bucket *b, size_t print)
{
	double through = 1;

	for (size_t k = 0; k < FINGER_WIDTH; k++) {
		struct more m = with_bytes(p, b, k, &p->prints[print].at[k]);
		double share = b->share[k] + share_of(p, &m.new);

		through *= share < 1 ? share : 1;
	}
	if (!p->sample)
		return through;
	return through * DOUBT + sample_share(p->sample, b->places, p->places, FINGER_WIDTH);
}

static void take(const struct planner *p, struct bucket *b, size_t print)
{
	for (size_t k = 0; k < FINGER_WIDTH; k++) {
		struct more m = with_bytes(p, b, k, &p->prints[print].at[k]);

		b->share[k] += share_of(p, &m.new);
		b->has[k] = m.has;
		b->taken[k] = m.taken;
		if (p->sample)
			sample_mark(p->sample, &m.new, k, &b->places[k]);
	}
	b->through = through_with(p, b, print);
}

/* The bucket in which the fingerprint adds the least to what is let through. */
static size_t best_bucket(const struct planner *p, size_t n_buckets, size_t print)
{
	size_t best = 0;
	double least = 2;

	for (size_t i = 0; i < n_buckets; i++) {
		double more = through_with(p, &p->buckets[i], print) - p->buckets[i].through;

		if (more >= least)
			continue;
		least = more;
		best = i;
	}
	return best;
}

static void find_places(struct planner *p, size_t print)
{
	for (size_t k = 0; k < FINGER_WIDTH; k++) {
		struct byteset taken;

		p->kernel->blur(&p->prints[print].at[k], &taken);
		memset(&p->places[k], 0, sizeof(p->places[k]));
		sample_mark(p->sample, &taken, k, &p->places[k]);
	}
}

static void plan_groups(struct planner *p, size_t groups, struct bucket_plan *plan)
{
	size_t n_buckets = groups * FINGER_BUCKETS;
	double through = 0;

	if (p->sample)
		memset(p->places, 0, N_PLACES * sizeof(*p->places));
	for (size_t i = 0; i < n_buckets; i++)
		p->buckets[i] = (struct bucket){
			.places = p->sample ? p->places + (i + 1) * FINGER_WIDTH : NULL,
		};
	for (size_t i = 0; i < p->n; i++) {
		if (p->sample)
			find_places(p, i);
		plan->bucket_of[i] = (uint8_t)best_bucket(p, n_buckets, i);
		take(p, &p->buckets[plan->bucket_of[i]], i);
	}
	for (size_t i = 0; i < n_buckets; i++)
		through += p->buckets[i].through;
	plan->n_groups = groups;
	plan->cost = p->kernel->cost.group + (double)(groups - 1) * p->kernel->cost.next_group +
		     through * 64 * COST_OF_CANDIDATE;
}

static size_t fewest_groups(size_t n, const struct sample *sample)
{
	if (n <= MANY)
		return 1;
	return sample ? 2 : FINGER_GROUPS_MAX;
}

void buckets_plan(const struct fingerprint *f, size_t n, const struct kernel *k, const struct sample *sample,
		  struct bucket_plan *best)
{
	AUTO_FREE struct planner *p = new0(struct planner);
	AUTO_FREE uint8_t *bucket_of = mem_zero(n + 1, 1);
	struct bucket_plan plan = { .bucket_of = bucket_of };

	best->n_groups = 0;
	best->cost = 0;
	if (n == 0)
		return;
	*p = (struct planner){ .prints = f, .n = n, .kernel = k, .sample = sample };
	if (sample)
		p->places = mem_zero(N_PLACES, sizeof(*p->places));
	for (unsigned byte = 0; byte < 256; byte++)
		p->share_of_byte[byte] = 1 / (double)(UINT64_C(1) << (rarity_of_byte(byte) / RARITY_BIT));
	for (size_t groups = fewest_groups(n, sample); groups <= FINGER_GROUPS_MAX; groups *= 2) {
		plan_groups(p, groups, &plan);
		if (best->n_groups && plan.cost >= best->cost)
			continue;
		best->n_groups = groups;
		best->cost = plan.cost;
		memcpy(best->bucket_of, bucket_of, n);
	}
	free(p->places);
}
