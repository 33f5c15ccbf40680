/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Skims a block of whole records for those that may matter: one pass of the prefilter, borders of records are
 * looked for only round a hit.  What no literal occurs in is never cut into lines.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern/prefilter.h"

/* Whether a record begins with this line (n bytes at line, without its end). */
typedef bool skim_first_fn(void *arg, const char *line, size_t n);

struct skim_part {
	size_t start, end; /* a record, with its last line end */
};

struct skim_parts {
	struct skim_part *items;
	size_t n, room;
};

/*
 * data begins with a record's first line and ends behind a line end.  The records in which a literal occurs,
 * in their order; parts is emptied first, its memory is the caller's.
 */
void skim_block(struct prefilter_scratch *s, const char *data, size_t n, skim_first_fn *first, void *arg,
		struct skim_parts *parts);

/* Whether the bytes can be skimmed at all: no escape sequences, no NULs, no line as long as LINE_MAX_BYTES.
 */
bool skim_fits(const char *data, size_t n);
uint64_t skim_count_lines(const char *data, size_t n);
/* The first line of data that begins a record; n: none does. */
size_t skim_first_record(const char *data, size_t n, skim_first_fn *first, void *arg);
/* The last one; n: none does. */
size_t skim_last_record(const char *data, size_t n, skim_first_fn *first, void *arg);
