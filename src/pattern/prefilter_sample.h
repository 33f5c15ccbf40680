/* SPDX-License-Identifier: Apache-2.0 */
/* What the log looks like that is being read: what stands in it often is no good place to look for a literal.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "pattern/prefilter_rarity.h"

struct sample;
/* Of a block of the log; the bytes are not needed afterwards. */
struct sample *sample_new(const char *data, size_t n);
void sample_free(struct sample *s);
DEFINE_AUTO(sample)
/* How often a gram of four or eight bytes stands in it, by its hash; now and then others count with it. */
unsigned sample_fours(const struct sample *s, uint32_t hash);
unsigned sample_eights(const struct sample *s, uint32_t hash);

/* Some of its places, a bit each. */
enum { SAMPLE_SIZE = 8192 };
struct places {
	uint64_t word[SAMPLE_SIZE / 64];
};
/* Adds the places that have one of these bytes k further on (less than 64). */
void sample_mark(const struct sample *s, const struct byteset *bytes, size_t k, struct places *out);
/* How many of all places are in each of n sets, that is in a's or in b's, as a share. */
double sample_share(const struct sample *s, const struct places *a, const struct places *b, size_t n);
