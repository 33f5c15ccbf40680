/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of the prefilter, by instruction set: each turns a chunk of bytes into places worth a
 * closer look. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pattern/prefilter_rarity.h"

enum {
	STRIDE = 8,	    /* bytes from one probe to the next */
	FINGER_WIDTH = 4,   /* positions of a fingerprint */
	FINGER_BUCKETS = 8, /* in a group: one bit each */
	FINGER_GROUPS_MAX = 4,
	CHUNK = 8192, /* bytes that a kernel is given at a time: they stay in the first-level cache */
};

#define STRIDE_FOLD UINT64_C(0x2020202020202020)
#define STRIDE_MULTIPLIER_8 UINT64_C(0x9e3779b97f4a7c15)
#define STRIDE_MULTIPLIER_4 UINT32_C(0x9e3779b1)

/* A Bloom filter that asks for two bits of one word: the word by the hash's top bits, the two by those below.
 */
struct gram_bits {
	const uint32_t *word;
	unsigned shift;
};

enum { FIRST_BIT = 14, SECOND_BIT = 9 };

struct stride {
	struct gram_bits eight; /* word is NULL where there are none */
	struct gram_bits four;
	bool four_twice; /* probed at every fourth byte, not at every eighth */
};

/* One word a group. */
typedef uint32_t finger_words __attribute__((vector_size(FINGER_GROUPS_MAX * 4)));

struct fingers {
	size_t n_groups;
	/* for each byte and group, four masks of the buckets that may have it: bits 0 to 7 at the first
	 * position, and so on */
	finger_words of_byte[256];
	/* the same as the vector kernels want it, one position after the other; other bytes may share an
	 * entry */
	_Alignas(64) uint8_t six_bits[FINGER_GROUPS_MAX][FINGER_WIDTH][64];
	_Alignas(64) uint8_t low_nibble[FINGER_GROUPS_MAX][FINGER_WIDTH][16];
	_Alignas(64) uint8_t high_nibble[FINGER_GROUPS_MAX][FINGER_WIDTH][16];
};

static inline uint32_t stride_hash8(uint64_t folded)
{
	return (uint32_t)(folded * STRIDE_MULTIPLIER_8 >> 32);
}

static inline uint32_t stride_hash4(uint32_t folded)
{
	return folded * STRIDE_MULTIPLIER_4;
}

static inline uint32_t gram_bit(const struct gram_bits *b, uint32_t hash)
{
	uint32_t word = b->word[hash >> b->shift];

	return word >> (hash >> FIRST_BIT & 31) & word >> (hash >> SECOND_BIT & 31) & 1;
}

/* Letters alike in either case, NUL and control bytes like digits and signs; the index of six_bits. */
static inline unsigned finger_six_bits(unsigned byte)
{
	return (byte & 0x1f) | (byte >> 1 & 0x20);
}

/* In bits 0 to 7, the buckets that a window of these four bytes belongs to. */
static inline finger_words finger_window(finger_words a, finger_words b, finger_words c, finger_words d)
{
	return a & b >> 8 & c >> 16 & d >> 24;
}

static inline bool finger_any(finger_words w)
{
	uint64_t half[2];

	memcpy(half, &w, sizeof(half));
	return half[0] | half[1];
}

/* What a kernel has to say about a chunk: a bit for each place that is worth a closer look. */
struct chunk_bits {
	uint64_t probed[CHUNK / STRIDE / 64]; /* bit k: the probe at k * STRIDE */
	uint64_t fingered[CHUNK / 64];
};

/*
 * stride fills n / STRIDE bits of probed; n is a multiple of STRIDE.  finger fills n bits of fingered;
 * readable (at least n) bytes may be looked at.  The rest of a chunk's bits is cleared beforehand.
 */
typedef void stride_fn(const struct stride *s, const char *data, size_t n, uint64_t *probed);
typedef void finger_fn(const struct fingers *f, const char *data, size_t n, size_t readable,
		       uint64_t *fingered);

/* The same, from a given offset (a multiple of 64) on: what a vector loop leaves over. */
void stride_rest(const struct stride *s, const char *data, size_t from, size_t n, uint64_t *probed);
void finger_rest(const struct fingers *f, const char *data, size_t from, size_t n, size_t readable,
		 uint64_t *fingered);

stride_fn stride_scalar;

/* By nibbles: any that has the low half of one and the high half of another. */
void blur_nibbles(const struct byteset *has, struct byteset *taken);

/* What a chunk costs, in hundredths of a nanosecond for 64 bytes: only how they compare matters. */
struct kernel_cost {
	unsigned eight, four, four_twice; /* a probe of the stride kernel */
	unsigned group, next_group;	  /* of the finger kernel */
};

struct kernel {
	const char *name;
	bool (*usable)(void);
	stride_fn *stride;
	finger_fn *finger;
	/* Which bytes the finger kernel takes for those that a position of a bucket has. */
	void (*blur)(const struct byteset *has, struct byteset *taken);
	struct kernel_cost cost;
};

#if defined(__x86_64__)
extern const struct kernel kernel_avx2, kernel_avx512;
/* Whether a gather beats the scalar loop here: some CPUs have it in name only.  Measured once. */
bool kernel_gather_pays(const struct kernel *k);
#elif defined(__aarch64__)
extern const struct kernel kernel_neon;
#endif
extern const struct kernel kernel_scalar;
