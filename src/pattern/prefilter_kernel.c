/* SPDX-License-Identifier: Apache-2.0 */
/* The loops in portable C. */
#include "pattern/prefilter_kernel.h"

static inline uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v | STRIDE_FOLD;
}

static inline uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v | (uint32_t)STRIDE_FOLD;
}

/* In bit 0; the others mean nothing. */
static inline __attribute__((always_inline)) uint32_t probe(const struct stride *s, const char *p, bool eight,
							    bool four, bool twice)
{
	uint32_t bits = 0;

	if (eight)
		bits |= gram_bit(&s->eight, stride_hash8(load8(p)));
	if (four)
		bits |= gram_bit(&s->four, stride_hash4(load4(p)));
	if (twice)
		bits |= gram_bit(&s->four, stride_hash4(load4(p + 4)));
	return bits;
}

/* Eight probes a round, and one branch; where that is taken, once more one by one. */
static inline __attribute__((always_inline)) void probe_all(const struct stride *s, const char *data,
							    size_t from, size_t n, uint64_t *probed,
							    bool eight, bool four, bool twice)
{
	size_t i = from;

	for (; n - i >= 64; i += 64) {
		uint32_t any = 0;

#pragma GCC unroll 8
		for (size_t k = 0; k < 64; k += STRIDE)
			any |= probe(s, data + i + k, eight, four, twice);
		if (__builtin_expect(!(any & 1), 1))
			continue;
		for (size_t k = 0; k < 8; k++)
			probed[i / STRIDE / 64] |=
				(uint64_t)(probe(s, data + i + k * STRIDE, eight, four, twice) & 1)
				<< (i / STRIDE % 64 + k);
	}
	for (; i < n; i += STRIDE)
		probed[i / STRIDE / 64] |= (uint64_t)(probe(s, data + i, eight, four, twice) & 1)
					   << (i / STRIDE % 64);
}

void stride_rest(const struct stride *s, const char *data, size_t from, size_t n, uint64_t *probed)
{
	const struct stride copy = *s; /* which probed cannot alias */

	if (!s->four.word)
		probe_all(&copy, data, from, n, probed, true, false, false);
	else if (!s->eight.word && s->four_twice)
		probe_all(&copy, data, from, n, probed, false, true, true);
	else if (!s->eight.word)
		probe_all(&copy, data, from, n, probed, false, true, false);
	else if (s->four_twice)
		probe_all(&copy, data, from, n, probed, true, true, true);
	else
		probe_all(&copy, data, from, n, probed, true, true, false);
}

void stride_scalar(const struct stride *s, const char *data, size_t n, uint64_t *probed)
{
	stride_rest(s, data, 0, n, probed);
}

static inline finger_words entry(const struct fingers *f, char c)
{
	return f->of_byte[(unsigned char)c];
}

/* What lies behind the end of the block counts as NUL: a literal that is shorter than a window does not care.
 */
static bool window_at(const struct fingers *f, const char *data, size_t readable, size_t i)
{
	char w[FINGER_WIDTH] = { 0 };

	memcpy(w, data + i, readable - i < sizeof(w) ? readable - i : sizeof(w));
	return finger_any(finger_window(entry(f, w[0]), entry(f, w[1]), entry(f, w[2]), entry(f, w[3])));
}

enum { ROUND = 8 };

/* Do any of ROUND windows from p on belong to a bucket?  Each byte is looked up once. */
static inline bool any_window(const struct fingers *f, const char *p)
{
	finger_words a = entry(f, p[0]), b = entry(f, p[1]), c = entry(f, p[2]), any = { 0 };

#pragma GCC unroll 8
	for (size_t k = 0; k < ROUND; k++) {
		finger_words d = entry(f, p[k + 3]);

		any |= finger_window(a, b, c, d);
		a = b;
		b = c;
		c = d;
	}
	return finger_any(any);
}

void finger_rest(const struct fingers *f, const char *data, size_t from, size_t n, size_t readable,
		 uint64_t *fingered)
{
	for (size_t i = from; i < n; i += ROUND) {
		bool whole = readable - i >= ROUND + FINGER_WIDTH - 1;

		if (__builtin_expect(whole && !any_window(f, data + i), 1))
			continue;
		for (size_t k = i; k < i + ROUND && k < n; k++)
			fingered[k / 64] |= (uint64_t)window_at(f, data, readable, k) << (k % 64);
	}
}

static void finger_scalar(const struct fingers *f, const char *data, size_t n, size_t readable,
			  uint64_t *fingered)
{
	finger_rest(f, data, 0, n, readable, fingered);
}

static void blur_nothing(const struct byteset *has, struct byteset *taken)
{
	*taken = *has;
}

void blur_nibbles(const struct byteset *has, struct byteset *taken)
{
	uint64_t low = has->word[0] | has->word[1] | has->word[2] | has->word[3];

	low |= low >> 32;
	low = (low | low >> 16) & 0xffff;
	for (size_t w = 0; w < 4; w++) {
		taken->word[w] = 0;
		for (unsigned row = 0; row < 64; row += 16)
			if (has->word[w] >> row & 0xffff)
				taken->word[w] |= low << row;
	}
}

static bool always(void)
{
	return true;
}

const struct kernel kernel_scalar = {
	.name = "scalar",
	.usable = always,
	.stride = stride_scalar,
	.finger = finger_scalar,
	.blur = blur_nothing,
	.cost = { .eight = 560, .four = 450, .four_twice = 1000, .group = 5000, .next_group = 8000 },
};

#if defined(__aarch64__)
#include <arm_neon.h>

static inline uint8x16_t nibbles(uint8x16_t bytes, const uint8_t *low, const uint8_t *high)
{
	return vandq_u8(vqtbl1q_u8(vld1q_u8(low), vandq_u8(bytes, vdupq_n_u8(15))),
			vqtbl1q_u8(vld1q_u8(high), vshrq_n_u8(bytes, 4)));
}

/* Not zero where one of 16 windows may belong to a bucket. */
static inline uint8x16_t finger_neon_16(const struct fingers *f, const char *data)
{
	const uint8_t *p = (const uint8_t *)data;
	uint8x16_t any = vdupq_n_u8(0);

	for (size_t g = 0; g < f->n_groups; g++) {
		uint8x16_t all = nibbles(vld1q_u8(p), f->low_nibble[g][0], f->high_nibble[g][0]);

		for (size_t k = 1; k < FINGER_WIDTH; k++)
			all = vandq_u8(all,
				       nibbles(vld1q_u8(p + k), f->low_nibble[g][k], f->high_nibble[g][k]));
		any = vorrq_u8(any, all);
	}
	return any;
}

/* The rare 64 places that have something are looked at one by one. */
static void finger_neon(const struct fingers *f, const char *data, size_t n, size_t readable,
			uint64_t *fingered)
{
	size_t i = 0;

	for (; i + 64 <= n && i + 64 + FINGER_WIDTH - 1 <= readable; i += 64) {
		uint8x16_t any = vorrq_u8(
			vorrq_u8(finger_neon_16(f, data + i), finger_neon_16(f, data + i + 16)),
			vorrq_u8(finger_neon_16(f, data + i + 32), finger_neon_16(f, data + i + 48)));

		if (__builtin_expect(vmaxvq_u8(any) != 0, 0))
			finger_rest(f, data, i, i + 64, readable, fingered);
	}
	finger_rest(f, data, i, n, readable, fingered);
}

const struct kernel kernel_neon = {
	.name = "neon",
	.usable = always,
	.stride = stride_scalar,
	.finger = finger_neon,
	.blur = blur_nibbles,
	.cost = { .eight = 560, .four = 450, .four_twice = 1000, .group = 1800, .next_group = 1600 },
};
#endif
