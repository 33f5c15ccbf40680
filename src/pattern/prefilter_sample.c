/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/prefilter_sample.h"

#include <string.h>

#include "base/vectorised.h"
#include "pattern/prefilter_kernel.h"

enum {
	PARTS = 16, /* of the block, one behind the other: a few long lines do not make a log */
	PART = SAMPLE_SIZE / PARTS,
	HASH_BITS = 16,
	HASHES = 1 << HASH_BITS,
};

struct sample {
	size_t n; /* bytes */
	uint16_t fours[HASHES], eights[HASHES];
	uint64_t byte_at[256][SAMPLE_SIZE / 64 + 1]; /* for each byte, where it stands */
};

static void take_part(struct sample *s, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++, s->n++) {
		uint32_t four;
		uint64_t eight;

		s->byte_at[(unsigned char)data[i]][s->n / 64] |= UINT64_C(1) << (s->n % 64);
		if (i + sizeof(eight) > n)
			continue;
		memcpy(&four, data + i, sizeof(four));
		memcpy(&eight, data + i, sizeof(eight));
		s->fours[stride_hash4(four | (uint32_t)STRIDE_FOLD) >> (32 - HASH_BITS)]++;
		s->eights[stride_hash8(eight | STRIDE_FOLD) >> (32 - HASH_BITS)]++;
	}
}

struct sample *sample_new(const char *data, size_t n)
{
	struct sample *s = new0(struct sample);

	for (size_t i = 0; i < PARTS; i++)
		take_part(s, data + n / PARTS * i, n / PARTS < PART ? n / PARTS : PART);
	return s;
}

void sample_free(struct sample *s)
{
	free(s);
}

unsigned sample_fours(const struct sample *s, uint32_t hash)
{
	return s->fours[hash >> (32 - HASH_BITS)];
}

unsigned sample_eights(const struct sample *s, uint32_t hash)
{
	return s->eights[hash >> (32 - HASH_BITS)];
}

void sample_mark(const struct sample *s, const struct byteset *bytes, size_t k, struct places *out)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint64_t *at = s->byte_at[byte];

		if (!byteset_has(bytes, byte))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(out->word); i++)
			out->word[i] |= k ? at[i] >> k | at[i + 1] << (64 - k) : at[i];
	}
}

VECTORISED double sample_share(const struct sample *s, const struct places *a, const struct places *b,
			       size_t n)
{
	struct places all;
	size_t count = 0;

	memset(&all, 0xff, sizeof(all));
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < ARRAY_LEN(all.word); i++)
			all.word[i] &= a[k].word[i] | b[k].word[i];
	for (size_t i = 0; i < ARRAY_LEN(all.word); i++)
		count += (size_t)__builtin_popcountll(all.word[i]);
	return s->n ? (double)count / (double)s->n : 0;
}
