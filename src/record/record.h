/* SPDX-License-Identifier: Apache-2.0 */
/* A record: a first line and what belongs to it (stack trace, SQL block), cleaned for matching. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINE_MAX_BYTES = 64 << 10, /* a longer line is cut; the rest follows as pieces */
	LINE_OVERLAP =
		1
		<< 10, /* what a piece repeats of the one before, so that a message across the cut is seen */
	RECORD_MAX_BYTES = 1 << 20, /* a longer record is cut; the rest follows as pieces */
};

struct record {
	const char *text; /* lines joined by \n, no \n at the end; colours, prefixes and NULs removed */
	size_t len;
	const char
		*outer; /* the prefix that was removed from the first line (it may hold a time); NULL: none */
	size_t outer_len;
	uint64_t offset; /* of the first line in its file, in bytes as they are on disk */
	uint64_t line;	 /* from 1 */
	uint64_t lines;
	uint64_t file; /* which file behind the log it begins in, from 0 */
	bool cut;      /* longer than a limit */
	bool piece;    /* what follows a cut: only failures count */
	bool again;    /* delivered before, while it was shorter: lines came late */
};
