/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Skims a block of whole records for those that may matter: one pass of the prefilter finds the literals, and
 * borders of records are looked for only round them.  What no literal occurs in is never cut into lines.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern/prefilter.h"

struct skim_hit {
	uint32_t id; /* whose literal */
	size_t at;   /* where it begins */
};

struct skim_hits {
	struct skim_hit *items;
	size_t n, room;
	uint64_t in_vain; /* places that were looked at, see prefilter_in_vain() */
};

/* Where the literals stand, in the order of their places; of each id one a line.  hits is emptied first, its
 * memory is the caller's. */
void skim_find(struct prefilter_scratch *s, const char *data, size_t n, struct skim_hits *hits);

/* What was found in a block ahead of its reading, by another thread. */
struct skim_found {
	const struct prefilter *filter; /* looked for with this one; NULL: nothing was looked for */
	const char *data;
	size_t n;
	bool fits; /* skim_fits(); only then is what follows known */
	struct skim_hits hits;
	uint32_t *ends; /* how many lines end before each SKIM_STEP bytes of the block */
	size_t room;
};
enum { SKIM_STEP = 4096 };
/* Looks the block through for what the scratch's filter looks for. */
void skim_ahead(struct skim_found *f, const struct prefilter *filter, struct prefilter_scratch *s);
void skim_found_end(struct skim_found *f);
/* The hits of a part of the block, n bytes at data; false: it was not looked through with this filter. */
bool skim_take(const struct skim_found *f, const struct prefilter *filter, const char *data, size_t n,
	       struct skim_hits *hits);

/* Whether a record begins with this line (n bytes at line, without its end). */
typedef bool skim_first_fn(void *arg, const char *line, size_t n);

/* A block of whole records: n bytes that begin with a record's first line and end behind a line end. */
struct skim_block {
	const char *data;
	size_t n;
	skim_first_fn *first;
	void *arg;
};

/* The record round the place `at`; a record is known to begin at `low`, which is not behind it. */
size_t skim_record_start(const struct skim_block *b, size_t low, size_t at);
size_t skim_record_end(const struct skim_block *b, size_t at);
/* The first line of the block that begins a record, the last one; n: none does. */
size_t skim_first_record(const struct skim_block *b);
size_t skim_last_record(const struct skim_block *b);

/* Whether the bytes can be skimmed at all: no escape sequences, no NULs, no line as long as LINE_MAX_BYTES.
 */
bool skim_fits(const char *data, size_t n);
uint64_t skim_count_lines(const char *data, size_t n);
/* The same of bytes that may have been looked through ahead; f may be NULL. */
bool skim_found_fits(const struct skim_found *f, const char *data, size_t n);
uint64_t skim_found_lines(const struct skim_found *f, const char *data, size_t n);
