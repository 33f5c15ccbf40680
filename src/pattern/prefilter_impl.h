/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prefilter's own data, shared by prefilter.c (what is looked for), prefilter_build.c (which literal is
 * found in which way), prefilter_grams.c and prefilter_fingers.c (the two ways) and prefilter_scan.c.
 */
#pragma once
#include <stdatomic.h>

#include "pattern/prefilter.h"
#include "pattern/prefilter_buckets.h"

static const uint32_t none = UINT32_MAX; /* the end of a list of indexes */

enum { NEEDLE_HEADS = 4096 };

/* How a needle is found. */
enum way { WAY_EIGHT, WAY_FOUR, WAY_FINGER };

struct needle {
	struct literal literal; /* its classes are the prefilter's */
	uint32_t owners, last_owner;
	uint32_t same_hash;
	uint8_t run, run_at; /* its longest part of positions that fold to one byte each */
	uint8_t finger_at;
	bool busy; /* its grams of eight stand in the log again and again, its fingerprint less often */
	enum way way;
};

struct owner {
	uint32_t id, next;
};

/* A needle that is found by its fingerprint; of the four bytes there, the bits that it knows. */
struct fingered {
	uint32_t needle, mask, value;
};

/* A gram of a needle, and four more of its bytes, folded, that tell most of what only looks like it. */
struct gram {
	uint32_t hash;
	uint32_t needle;
	uint32_t check;
	uint8_t at, check_at, n; /* n: the needle's length */
};

/* All grams of one length: the bitmap for the kernel, and chains to tell what was met. */
struct grams {
	struct gram_bits bits;
	uint32_t *word;
	unsigned bucket_shift;
	uint32_t *first; /* of each bucket, and one more */
	struct gram *of;
	size_t n, room;
};

struct prefilter {
	atomic_size_t users;
	struct needle *needles;
	size_t n_needles, needle_room;
	struct owner *owners;
	size_t n_owners, owner_room;
	struct byteclass *classes;
	size_t n_classes, class_room;
	bool *has;
	size_t n_ids;
	size_t longest;
	uint32_t heads[NEEDLE_HEADS];

	const struct sample *sample; /* of the log, while this is built; NULL: none */
	const struct kernel *kernel;
	stride_fn *stride;
	struct kernel_cost cost;
	struct stride probes;
	struct grams eight, four;
	struct fingers *fingers; /* NULL where no needle needs them */
	uint32_t in_bucket[BUCKETS + 1];
	struct fingered *fingered; /* in the order of their buckets */
};

static inline unsigned rarity_of_four(const uint16_t *rarity)
{
	return (unsigned)rarity[0] + rarity[1] + rarity[2] + rarity[3];
}

/* ---- prefilter_path.c ---- */

/* Sets the kernel, and what it costs. */
void prefilter_choose_kernel(struct prefilter *pf);

/* ---- prefilter_grams.c ---- */

/* The place of a row of the needle's grams, so many of that length, that is met the least, and at which share
 * of all places; rarity: of each position of the literal. */
size_t grams_best_row(const struct prefilter *pf, const struct needle *nd, const uint16_t *rarity,
		      size_t gram, size_t row, double *share);
bool grams_can_fold_four(const struct prefilter *pf, const struct literal *l, size_t at);
unsigned grams_times_in_log(const struct prefilter *pf, const struct literal *l, size_t at, size_t gram);
/* Those of all needles that are found in this way; twice: those of four are probed for at every fourth byte.
 */
void grams_put(struct prefilter *pf, bool twice);
void grams_finish(struct grams *g);
void grams_free(struct grams *g);

/* ---- prefilter_fingers.c ---- */

/* The rarest positions for a fingerprint; how often they stand in the sample. */
unsigned fingers_place(const struct prefilter *pf, struct needle *nd, const uint16_t *rarity);
/* The buckets of those that are found by fingerprint, in the order of the needles. */
void fingers_plan(const struct prefilter *pf, struct bucket_plan *plan);
void fingers_finish(struct prefilter *pf, const struct bucket_plan *plan);
