/* SPDX-License-Identifier: Apache-2.0 */
/* Which four positions of a literal are its fingerprint, and the tables that fingerprints go into. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pattern/prefilter_impl.h"

static unsigned finger_position(const struct needle *nd, size_t k)
{
	size_t at = nd->finger_at + k;

	return at < nd->literal.n ? nd->literal.at[at] : LITERAL_ANY;
}

void fingers_plan(const struct prefilter *pf, struct bucket_plan *plan)
{
	AUTO_FREE struct fingerprint *prints = mem_zero(pf->n_needles + 1, sizeof(*prints));
	size_t n = 0;

	for (size_t i = 0; i < pf->n_needles; i++) {
		if (pf->needles[i].way != WAY_FINGER)
			continue;
		for (size_t k = 0; k < FINGER_WIDTH; k++)
			prints[n].at[k] = literal_bytes(pf->classes, finger_position(&pf->needles[i], k));
		n++;
	}
	buckets_plan(prints, n, pf->kernel, pf->sample, plan);
}

static void finger_put(struct fingers *f, size_t bucket, size_t k, const struct byteset *bytes)
{
	size_t group = bucket / FINGER_BUCKETS;
	uint8_t bit = (uint8_t)(1U << (bucket % FINGER_BUCKETS));

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byteset_has(bytes, byte))
			continue;
		f->of_byte[byte][group] |= (uint32_t)bit << (8 * k);
		f->six_bits[group][k][finger_six_bits(byte)] |= bit;
		f->low_nibble[group][k][byte & 15] |= bit;
		f->high_nibble[group][k][byte >> 4] |= bit;
	}
}

static struct fingered fingered_of(const struct prefilter *pf, uint32_t needle)
{
	unsigned char mask[FINGER_WIDTH] = { 0 }, value[FINGER_WIDTH] = { 0 };
	struct fingered f = { .needle = needle };

	for (size_t k = 0; k < FINGER_WIDTH; k++) {
		unsigned position = finger_position(&pf->needles[needle], k);

		if (position >= LITERAL_ANY)
			continue;
		mask[k] = position < LITERAL_NOCASE ? 0xff : (unsigned char)~byte_fold(0);
		value[k] = (unsigned char)(position & mask[k]);
	}
	memcpy(&f.mask, mask, sizeof(mask));
	memcpy(&f.value, value, sizeof(value));
	return f;
}

void fingers_finish(struct prefilter *pf, const struct bucket_plan *plan)
{
	if (plan->n_groups == 0)
		return;
	size_t room = (sizeof(*pf->fingers) + 63) / 64 * 64, nth = 0;
	uint32_t *in = pf->in_bucket;

	pf->fingers = mem_check(aligned_alloc(64, room));
	memset(pf->fingers, 0, room);
	pf->fingers->n_groups = plan->n_groups;
	pf->fingered = mem_zero(pf->n_needles, sizeof(*pf->fingered));
	for (size_t i = 0; i < pf->n_needles; i++) {
		const struct needle *nd = &pf->needles[i];

		if (nd->way != WAY_FINGER)
			continue;
		in[plan->bucket_of[nth]]++;
		for (size_t k = 0; k < FINGER_WIDTH; k++) {
			struct byteset bytes = literal_bytes(pf->classes, finger_position(nd, k));

			finger_put(pf->fingers, plan->bucket_of[nth], k, &bytes);
		}
		nth++;
	}
	for (size_t b = 1; b <= BUCKETS; b++)
		in[b] += in[b - 1];
	for (size_t i = pf->n_needles; i-- > 0;)
		if (pf->needles[i].way == WAY_FINGER)
			pf->fingered[--in[plan->bucket_of[--nth]]] = fingered_of(pf, (uint32_t)i);
}

unsigned fingers_place(const struct prefilter *pf, struct needle *nd, const uint16_t *rarity)
{
	const struct literal *l = &nd->literal;
	unsigned most = 0, least = UINT_MAX;

	for (size_t i = 0; i + FINGER_WIDTH <= l->n; i++) {
		bool known = pf->sample && grams_can_fold_four(pf, l, i);
		unsigned sum = rarity_of_four(rarity + i),
			 times = known ? grams_times_in_log(pf, l, i, 4) : 0;

		if (times > least || (times == least && sum <= most))
			continue;
		least = times;
		most = sum;
		nd->finger_at = (uint8_t)i;
	}
	return least;
}
