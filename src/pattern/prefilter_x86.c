/* SPDX-License-Identifier: Apache-2.0 */
/* The loops for x86-64: AVX2, and AVX-512 with VBMI and VBMI2 (Ice Lake, Zen 4 and later). */
#include "pattern/prefilter_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <pthread.h>

#include "base/clock.h"

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vbmi,avx512vbmi2")))
#define INLINE static inline __attribute__((always_inline))

/* ---- AVX2: fingerprints by nibble tables ---- */

/* The buckets that each of 32 windows may belong to, by one of its four positions. */
AVX2 INLINE __m256i nibbles(__m256i bytes, __m256i low, __m256i high)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	__m256i l = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble));
	__m256i h = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));

	return _mm256_and_si256(l, h);
}

AVX2 INLINE __m256i table16(const uint8_t *table)
{
	return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)table));
}

AVX2 INLINE __m256i load32(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 INLINE uint64_t finger_avx2_32(const struct fingers *f, const char *p, size_t groups)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i any = zero;

#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++) {
		__m256i all = nibbles(load32(p), table16(f->low_nibble[g][0]), table16(f->high_nibble[g][0]));

#pragma GCC unroll 4
		for (size_t k = 1; k < FINGER_WIDTH; k++)
			all = _mm256_and_si256(all, nibbles(load32(p + k), table16(f->low_nibble[g][k]),
							    table16(f->high_nibble[g][k])));
		any = _mm256_or_si256(any, all);
	}
	return (uint32_t)~_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, zero));
}

AVX2 INLINE void finger_avx2_groups(const struct fingers *f, const char *data, size_t n, size_t readable,
				    uint64_t *fingered, size_t groups)
{
	size_t i = 0;

	for (; i + 64 <= n && i + 64 + FINGER_WIDTH - 1 <= readable; i += 64)
		fingered[i / 64] =
			finger_avx2_32(f, data + i, groups) | finger_avx2_32(f, data + i + 32, groups) << 32;
	finger_rest(f, data, i, n, readable, fingered);
}

AVX2 static void finger_avx2(const struct fingers *f, const char *data, size_t n, size_t readable,
			     uint64_t *fingered)
{
	switch (f->n_groups) {
	case 1:
		finger_avx2_groups(f, data, n, readable, fingered, 1);
		break;
	case 2:
		finger_avx2_groups(f, data, n, readable, fingered, 2);
		break;
	default:
		finger_avx2_groups(f, data, n, readable, fingered, FINGER_GROUPS_MAX);
	}
}

/* ---- AVX2: eight probes by one gather ---- */

/* stride_hash8() in the upper half of each qword: there is no multiplication of 64 bits. */
AVX2 INLINE __m256i hash8_avx2(__m256i folded)
{
	const __m256i factor = _mm256_set1_epi64x((long long)STRIDE_MULTIPLIER_8);
	__m256i cross = _mm256_mullo_epi32(folded, _mm256_shuffle_epi32(factor, 0xb1));

	cross = _mm256_add_epi32(cross, _mm256_slli_epi64(cross, 32));
	return _mm256_add_epi32(_mm256_mul_epu32(folded, factor), cross);
}

/* The low or the high dword of each of eight qwords, in order. */
AVX2 INLINE __m256i dwords_of(__m256i a, __m256i b, bool high)
{
	__m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
	__m256 mixed = high ? _mm256_shuffle_ps(x, y, 0xdd) : _mm256_shuffle_ps(x, y, 0x88);

	return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xd8);
}

AVX2 INLINE unsigned gather_bits_avx2(const struct gram_bits *b, __m256i hash)
{
	const __m256i one = _mm256_set1_epi32(1), low_five = _mm256_set1_epi32(31);
	__m256i slot = _mm256_srl_epi32(hash, _mm_cvtsi32_si128((int)b->shift));
	__m256i word = _mm256_i32gather_epi32((const int *)(const void *)b->word, slot, 4);
	__m256i first =
		_mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32(hash, FIRST_BIT), low_five));
	__m256i second =
		_mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32(hash, SECOND_BIT), low_five));
	__m256i missing = _mm256_andnot_si256(word, _mm256_or_si256(first, second));

	return (unsigned)_mm256_movemask_ps(
		_mm256_castsi256_ps(_mm256_cmpeq_epi32(missing, _mm256_setzero_si256())));
}

AVX2 INLINE void gather_all_avx2(const struct stride *s, const char *data, size_t n, uint64_t *probed,
				 bool eight, bool four, bool twice)
{
	const __m256i fold = _mm256_set1_epi64x((long long)STRIDE_FOLD);
	const __m256i times4 = _mm256_set1_epi32((int)STRIDE_MULTIPLIER_4);
	size_t i = 0;

	for (; n - i >= 64; i += 64) {
		__m256i a = _mm256_or_si256(load32(data + i), fold),
			b = _mm256_or_si256(load32(data + i + 32), fold);
		uint64_t bits = 0;

		if (eight)
			bits |= gather_bits_avx2(&s->eight, dwords_of(hash8_avx2(a), hash8_avx2(b), true));
		if (four)
			bits |= gather_bits_avx2(&s->four,
						 _mm256_mullo_epi32(dwords_of(a, b, false), times4));
		if (twice)
			bits |= gather_bits_avx2(&s->four, _mm256_mullo_epi32(dwords_of(a, b, true), times4));
		probed[i / STRIDE / 64] |= bits << (i / STRIDE % 64);
	}
	stride_rest(s, data, i, n, probed);
}

AVX2 static void stride_avx2(const struct stride *s, const char *data, size_t n, uint64_t *probed)
{
	const struct stride copy = *s; /* which probed cannot alias */

	if (!s->four.word)
		gather_all_avx2(&copy, data, n, probed, true, false, false);
	else if (!s->eight.word && s->four_twice)
		gather_all_avx2(&copy, data, n, probed, false, true, true);
	else if (!s->eight.word)
		gather_all_avx2(&copy, data, n, probed, false, true, false);
	else if (s->four_twice)
		gather_all_avx2(&copy, data, n, probed, true, true, true);
	else
		gather_all_avx2(&copy, data, n, probed, true, true, false);
}

/* ---- AVX-512: fingerprints by 64-entry tables ---- */

/* finger_six_bits() of 64 bytes; the bits above are not looked at by vpermb. */
AVX512 INLINE __m512i six_bits(__m512i bytes)
{
	enum { SHIFTED_WHERE_MASKED = 0xe4 };

	return _mm512_ternarylogic_epi64(_mm512_srli_epi16(bytes, 1), bytes, _mm512_set1_epi8(0x20),
					 SHIFTED_WHERE_MASKED);
}

/* Bytes that finger_six_bits() makes the same: those of every other 64, 32 apart. */
static void blur_six_bits(const struct byteset *has, struct byteset *taken)
{
	for (size_t w = 0; w < 2; w++) {
		uint64_t either = has->word[w] | has->word[w + 2];
		uint64_t half = (either | either >> 32) & UINT32_MAX;

		taken->word[w] = taken->word[w + 2] = half | half << 32;
	}
}

AVX512 INLINE void finger_avx512_groups(const struct fingers *f, const char *data, size_t n, size_t readable,
					uint64_t *fingered, size_t groups)
{
	enum { ALL_THREE = 0x80 };
	__m512i table[FINGER_GROUPS_MAX][FINGER_WIDTH];
	size_t i = 0;

#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++)
#pragma GCC unroll 4
		for (size_t k = 0; k < FINGER_WIDTH; k++)
			table[g][k] = _mm512_load_si512(f->six_bits[g][k]);
	for (; i + 64 <= n && i + 64 + FINGER_WIDTH <= readable; i += 64) {
		/* the windows' second to fourth bytes: shifted in each dword, from the four bytes further on
		 */
		__m512i x0 = six_bits(_mm512_loadu_si512(data + i));
		__m512i x4 = six_bits(_mm512_loadu_si512(data + i + 4));
		__m512i x1 = _mm512_shrdi_epi32(x0, x4, 8);
		__m512i x2 = _mm512_shrdi_epi32(x0, x4, 16);
		__m512i x3 = _mm512_shrdi_epi32(x0, x4, 24);
		uint64_t any = 0;

#pragma GCC unroll 4
		for (size_t g = 0; g < groups; g++) {
			__m512i three = _mm512_ternarylogic_epi64(_mm512_permutexvar_epi8(x0, table[g][0]),
								  _mm512_permutexvar_epi8(x1, table[g][1]),
								  _mm512_permutexvar_epi8(x2, table[g][2]),
								  ALL_THREE);

			any |= _mm512_test_epi8_mask(three, _mm512_permutexvar_epi8(x3, table[g][3]));
		}
		fingered[i / 64] = any;
	}
	finger_rest(f, data, i, n, readable, fingered);
}

AVX512 static void finger_avx512(const struct fingers *f, const char *data, size_t n, size_t readable,
				 uint64_t *fingered)
{
	switch (f->n_groups) {
	case 1:
		finger_avx512_groups(f, data, n, readable, fingered, 1);
		break;
	case 2:
		finger_avx512_groups(f, data, n, readable, fingered, 2);
		break;
	default:
		finger_avx512_groups(f, data, n, readable, fingered, FINGER_GROUPS_MAX);
	}
}

/* ---- AVX-512: sixteen probes by one gather ---- */

AVX512 INLINE unsigned gather_bits(const struct gram_bits *b, __m512i hash)
{
	const __m512i one = _mm512_set1_epi32(1);
	__m512i slot = _mm512_srl_epi32(hash, _mm_cvtsi32_si128((int)b->shift));
	__m512i word = _mm512_i32gather_epi32(slot, (const void *)b->word, 4);
	/* rotations, unlike shifts, heed only the low five bits of their count */
	__m512i first = _mm512_rolv_epi32(one, _mm512_srli_epi32(hash, FIRST_BIT));
	__m512i second = _mm512_rolv_epi32(one, _mm512_srli_epi32(hash, SECOND_BIT));
	__m512i missing = _mm512_andnot_si512(word, _mm512_or_si512(first, second));

	return _mm512_testn_epi32_mask(missing, missing);
}

/* No branch on what is found: a mispredicted one would wait for all the gathers under way. */
AVX512 INLINE void gather_all(const struct stride *s, const char *data, size_t n, uint64_t *probed,
			      bool eight, bool four, bool twice)
{
	const __m512i fold = _mm512_set1_epi64((long long)STRIDE_FOLD);
	const __m512i times8 = _mm512_set1_epi64((long long)STRIDE_MULTIPLIER_8);
	const __m512i times4 = _mm512_set1_epi32((int)STRIDE_MULTIPLIER_4);
	const __m512i low = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	const __m512i high = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
	size_t i = 0;

	for (; n - i >= 128; i += 128) {
		__m512i a = _mm512_or_si512(_mm512_loadu_si512(data + i), fold);
		__m512i b = _mm512_or_si512(_mm512_loadu_si512(data + i + 64), fold);
		uint64_t bits = 0;

		if (eight) {
			__m512i c = _mm512_mullo_epi64(a, times8), d = _mm512_mullo_epi64(b, times8);

			bits |= gather_bits(&s->eight, _mm512_permutex2var_epi32(c, high, d));
		}
		if (four)
			bits |= gather_bits(&s->four,
					    _mm512_mullo_epi32(_mm512_permutex2var_epi32(a, low, b), times4));
		if (twice)
			bits |= gather_bits(
				&s->four, _mm512_mullo_epi32(_mm512_permutex2var_epi32(a, high, b), times4));
		probed[i / STRIDE / 64] |= bits << (i / STRIDE % 64);
	}
	stride_rest(s, data, i, n, probed);
}

AVX512 static void stride_avx512(const struct stride *s, const char *data, size_t n, uint64_t *probed)
{
	const struct stride copy = *s; /* which probed cannot alias */

	if (!s->four.word)
		gather_all(&copy, data, n, probed, true, false, false);
	else if (!s->eight.word && s->four_twice)
		gather_all(&copy, data, n, probed, false, true, true);
	else if (!s->eight.word)
		gather_all(&copy, data, n, probed, false, true, false);
	else if (s->four_twice)
		gather_all(&copy, data, n, probed, true, true, true);
	else
		gather_all(&copy, data, n, probed, true, true, false);
}

/* ---- which of them ---- */

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2");
}

const struct kernel kernel_avx2 = {
	.name = "avx2",
	.usable = has_avx2,
	.stride = stride_avx2,
	.finger = finger_avx2,
	.blur = blur_nibbles,
	.cost = { .eight = 400, .four = 400, .four_twice = 1000, .group = 1000, .next_group = 900 },
};

const struct kernel kernel_avx512 = {
	.name = "avx512",
	.usable = has_avx512,
	.stride = stride_avx512,
	.finger = finger_avx512,
	.blur = blur_six_bits,
	.cost = { .eight = 260, .four = 300, .four_twice = 700, .group = 290, .next_group = 190 },
};

static int64_t span_of(stride_fn *f, const struct stride *s, const char *data)
{
	enum { SOME = 1024 };
	uint64_t probed[SOME / STRIDE / 64] = { 0 };
	int64_t from = clock_mono();

	f(s, data, SOME, probed);
	return clock_mono() - from;
}

/* Some fifty microseconds: as long as a CPU takes to wake its wide units. */
static bool faster_than_scalar(stride_fn *f)
{
	static const uint32_t nothing[8192];
	static const char data[1024];
	const struct stride s = { .eight = { .word = nothing, .shift = 19 } };
	int64_t scalar = CLOCK_NEVER, gather = CLOCK_NEVER;

	for (unsigned i = 0; i < 100; i++) {
		int64_t a = span_of(stride_scalar, &s, data), b = span_of(f, &s, data);

		scalar = a < scalar ? a : scalar;
		gather = b < gather ? b : gather;
	}
	return gather < scalar;
}

static bool pays[2];

static void try_avx2(void)
{
	pays[0] = faster_than_scalar(stride_avx2);
}

static void try_avx512(void)
{
	pays[1] = faster_than_scalar(stride_avx512);
}

bool kernel_gather_pays(const struct kernel *k)
{
	static pthread_once_t once[2] = { PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT };
	bool wide = k == &kernel_avx512;

	pthread_once(&once[wide], wide ? try_avx512 : try_avx2);
	return pays[wide];
}
#else
typedef int nothing_here;
#endif
