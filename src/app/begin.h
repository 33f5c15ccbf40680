/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a file that is there already a run begins. */
#pragma once
#include "app/plan.h"
#include "verdict/story.h"

struct begin_place {
	bool found;	       /* a start was found */
	uint64_t offset, line; /* its first record */
	int64_t at;	       /* its time; CLOCK_UNKNOWN */
	uint64_t size, lines;  /* of the file: offset and number of the line that would be written next */
	struct set **sets;     /* recognised or given; yours (free the list) */
	size_t n_sets;
};

/* Reads the whole file as scan would.  An absent file is no start and no error. */
void begin_find(const struct plan_log *log, const struct library *l, struct begin_place *out);
/* What earlier runs, before byte end, left behind for `in: history`: into log number of the story. */
void begin_history(const struct plan_log *log, const struct library *l, uint64_t end, struct story *s,
		   size_t number);
/* Size and lines only. */
void begin_end_of(const char *path, struct begin_place *out);
