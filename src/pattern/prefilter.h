/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the literals of many patterns in a block of bytes, in one pass that costs about as much as counting
 * its lines.
 *
 * Long literals are found by a probe every eight bytes: the hash of what stands there into a bitmap of all
 * the grams (runs of eight or four bytes) that a literal has at any alignment.  Short ones, and those made of
 * classes, are found by fingerprints: four consecutive positions, each a class of bytes, in buckets of
 * several literals.  What either reports is compared in full, so all paths through the CPU's instruction sets
 * report the same.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "pattern/literals.h"

struct prefilter;
struct prefilter_scratch;

enum prefilter_path {
	PREFILTER_BEST,
	PREFILTER_SCALAR,
	PREFILTER_NEON,
	PREFILTER_AVX2,
	PREFILTER_AVX512,
	PREFILTER_PATHS
};

/*
 * For what is built from now on, in place of what suits the CPU best; false where the CPU cannot do it.  The
 * variable GONOGO_PREFILTER (scalar, neon, avx2, avx512) does the same.
 */
bool prefilter_force(enum prefilter_path path);
const char *prefilter_path_name(enum prefilter_path path);

/* new, then add for each pattern (ids are small numbers of the caller's), then build, then scan. */
struct prefilter *prefilter_new(void);
/* Once for prefilter_new() and once for each prefilter_share(): the last one frees it. */
void prefilter_free(struct prefilter *pf);
DEFINE_AUTO(prefilter)
void prefilter_add(struct prefilter *pf, uint32_t id, const struct literals *l);
void prefilter_build(struct prefilter *pf);
/*
 * Finds the same as pf, and looks for it where this block of a log has little that looks like it: worth its
 * milliseconds where prefilter_in_vain() grows fast.
 */
struct prefilter *prefilter_for(const struct prefilter *pf, const char *log, size_t n);
/* For another thread, once it is built; from then on nothing changes it. */
struct prefilter *prefilter_share(struct prefilter *pf);
/* Does id have literals?  If not, its pattern must be tried everywhere. */
bool prefilter_has(const struct prefilter *pf, uint32_t id);
/*
 * The longest literal.  A literal that lies across the border of two blocks is found if the second begins
 * with the last prefilter_longest() - 1 bytes of the first (or, as logs have it, at a place that no literal
 * crosses).
 */
size_t prefilter_longest(const struct prefilter *pf);
/* For people: which path, how many literals go which way. */
void prefilter_describe(const struct prefilter *pf, struct buf *out);

/* What one thread needs for scanning; a built prefilter may be shared by many. */
struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *pf);
void prefilter_scratch_free(struct prefilter_scratch *s);
DEFINE_AUTO(prefilter_scratch)

/* How many places were looked at closer and had nothing, in all scans with it. */
uint64_t prefilter_in_vain(const struct prefilter_scratch *s);

/* A literal of id is at data[start, end).  Returns the offset from which id is of interest again: start says
 * always. */
typedef size_t prefilter_hit_fn(void *arg, uint32_t id, size_t start, size_t end);

/* Calls hit for each occurrence, by ascending start; the offsets that hit returns are forgotten at the end.
 */
void prefilter_scan(struct prefilter_scratch *s, const char *data, size_t n, prefilter_hit_fn *hit,
		    void *arg);
