/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a literal's grams are probed for, and the tables that they go into. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pattern/prefilter_impl.h"

enum {
	WORD_BITS_MIN = 8,
	WORD_BITS_MAX = 13, /* 32 KiB of filter */
	WORDS_PER_GRAM = 2,
};

static uint32_t folded_four(const struct prefilter *pf, const struct literal *l, size_t at)
{
	uint8_t bytes[4];
	uint32_t four;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)literal_folded(pf->classes, l->at[at + i]);
	memcpy(&four, bytes, sizeof(four));
	return four;
}

bool grams_can_fold_four(const struct prefilter *pf, const struct literal *l, size_t at)
{
	for (size_t i = at; i < at + 4; i++)
		if (literal_folded(pf->classes, l->at[i]) < 0)
			return false;
	return true;
}

static uint32_t hash_gram(const struct prefilter *pf, const struct literal *l, size_t at, bool eight)
{
	uint32_t half[2] = { folded_four(pf, l, at), eight ? folded_four(pf, l, at + 4) : 0 };
	uint64_t whole;

	memcpy(&whole, half, sizeof(whole));
	return eight ? stride_hash8(whole) : stride_hash4(half[0]);
}

unsigned grams_times_in_log(const struct prefilter *pf, const struct literal *l, size_t at, size_t gram)
{
	uint32_t hash = hash_gram(pf, l, at, gram == 8);

	return gram == 8 ? sample_eights(pf->sample, hash) : sample_fours(pf->sample, hash);
}

size_t grams_best_row(const struct prefilter *pf, const struct needle *nd, const uint16_t *rarity,
		      size_t gram, size_t row, double *share)
{
	uint64_t known;
	unsigned least = UINT_MAX;
	size_t best = rarity_window(rarity + nd->run_at, nd->run, gram, row, &known) + nd->run_at,
	       rarest = best;

	*share = (double)known / (double)RARITY_ALL;
	if (!pf->sample)
		return best;
	for (size_t at = nd->run_at; at + row + gram - 1 <= (size_t)nd->run_at + nd->run; at++) {
		unsigned times = 0;

		for (size_t k = at; k < at + row; k++)
			times += grams_times_in_log(pf, &nd->literal, k, gram);
		if (times > least || (times == least && at != rarest))
			continue;
		least = times;
		best = at;
	}
	*share = (double)least / SAMPLE_SIZE;
	return best;
}

/* Four of the run that the gram does not have, next to it; where there is no room, some that overlap it. */
static size_t check_place(const struct needle *nd, const uint16_t *rarity, size_t gram, size_t length)
{
	size_t end = (size_t)nd->run_at + nd->run;
	bool before = gram >= nd->run_at + 4U, behind = gram + length + 4 <= end;

	if (before && behind)
		return rarity_of_four(rarity + gram - 4) > rarity_of_four(rarity + gram + length)
			       ? gram - 4
			       : gram + length;
	if (before)
		return gram - 4;
	if (behind)
		return gram + length;
	return gram > nd->run_at ? nd->run_at : end - 4;
}

static void put_gram(const struct prefilter *pf, uint32_t needle, const uint16_t *rarity, size_t at,
		     struct grams *g)
{
	const struct needle *nd = &pf->needles[needle];
	bool eight = nd->way == WAY_EIGHT;
	size_t check_at = check_place(nd, rarity, at, eight ? 8 : 4);

	*ARRAY_ADD(g->of, g->n, g->room) = (struct gram){
		.hash = hash_gram(pf, &nd->literal, at, eight),
		.needle = needle,
		.check = folded_four(pf, &nd->literal, check_at),
		.at = (uint8_t)at,
		.check_at = (uint8_t)check_at,
		.n = (uint8_t)nd->literal.n,
	};
}

/* Bits enough to count to n. */
static unsigned bits_for(size_t n, unsigned min, unsigned max)
{
	unsigned bits = min;

	while (bits < max && (size_t)1 << bits < n)
		bits++;
	return bits;
}

static void sort_by_bucket(struct grams *g)
{
	unsigned bucket_bits = bits_for(g->n, 4, 16);
	size_t n_buckets = (size_t)1 << bucket_bits;
	struct gram *sorted = mem_zero(g->n, sizeof(*sorted));

	g->bucket_shift = 32 - bucket_bits;
	g->first = mem_zero(n_buckets + 1, sizeof(*g->first));
	for (size_t i = 0; i < g->n; i++)
		g->first[g->of[i].hash >> g->bucket_shift]++;
	for (size_t i = 1; i <= n_buckets; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = g->n; i-- > 0;)
		sorted[--g->first[g->of[i].hash >> g->bucket_shift]] = g->of[i];
	free(g->of);
	g->of = sorted;
}

void grams_finish(struct grams *g)
{
	if (g->n == 0)
		return;
	unsigned word_bits = bits_for(g->n * WORDS_PER_GRAM, WORD_BITS_MIN, WORD_BITS_MAX);
	size_t bytes = ((size_t)1 << word_bits) * sizeof(*g->word);

	g->word = mem_check(aligned_alloc(64, bytes));
	memset(g->word, 0, bytes);
	g->bits = (struct gram_bits){ g->word, 32 - word_bits };
	for (size_t i = 0; i < g->n; i++) {
		uint32_t hash = g->of[i].hash, *word = &g->word[hash >> g->bits.shift];

		*word |= UINT32_C(1) << (hash >> FIRST_BIT & 31) | UINT32_C(1) << (hash >> SECOND_BIT & 31);
	}
	sort_by_bucket(g);
}

void grams_put(struct prefilter *pf, bool twice)
{
	for (uint32_t i = 0; i < pf->n_needles; i++) {
		const struct needle *nd = &pf->needles[i];
		bool eight = nd->way == WAY_EIGHT;
		size_t row = eight || !twice ? STRIDE : STRIDE / 2;
		uint16_t rarity[LITERAL_MAX];
		double share;

		if (nd->way == WAY_FINGER)
			continue;
		literal_rarity(pf->classes, nd->literal.at, nd->literal.n, rarity, NULL);
		size_t at = grams_best_row(pf, nd, rarity, eight ? 8 : 4, row, &share);

		for (size_t k = 0; k < row; k++)
			put_gram(pf, i, rarity, at + k, eight ? &pf->eight : &pf->four);
	}
}

void grams_free(struct grams *g)
{
	free(g->word);
	free(g->first);
	free(g->of);
}
