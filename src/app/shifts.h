/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lines of one container stand in the file that it shares with others: its reader counts only its
 * own bytes and lines.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct shift_place {
	uint64_t file, offset, line;
};

struct shifts {
	struct shift {
		struct shift_place own, real; /* of the same byte; from here on both go the same way */
	} * items;
	size_t n, room;
	size_t look_at; /* when there are so many, the old ones are looked for */
};

/*
 * What stands at own by the reader's count stands at real in the file.  Nobody will ask for a place before
 * oldest (its line does not count), by the reader's count.
 */
void shifts_note(struct shifts *s, struct shift_place own, struct shift_place real,
		 struct shift_place oldest);
/* The record with its place in the file; as it is where no place was noted. */
struct record shifts_placed(const struct shifts *s, const struct record *r);
void shifts_clear(struct shifts *s);
