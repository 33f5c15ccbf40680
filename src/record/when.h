/* SPDX-License-Identifier: Apache-2.0 */
/* The time that a log states, by layouts in the style of strptime; month names of many languages, no locale.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct when {
	int64_t at; /* ns since 1970-01-01; since midnight where there is no date */
	bool dated; /* has a date; %m and %d without a year count as none */
	bool zoned; /* has a zone, so that `at` is UTC */
	size_t len; /* of the text up to behind it */
};

/*
 * Knows %Y %y %m %d %e %b %H %I %M %S %p %z, %s (seconds or milliseconds since 1970) and %*, which stands for
 * what is in front: as little of the first line as possible, but something.  A fraction behind the seconds
 * and a zone behind the time are taken by themselves; a blank in the layout is any run of blanks.  Blanks in
 * front of s are skipped.
 */
bool when_parse(const char *layout, const char *s, size_t n, struct when *out);
/* NULL, or what is wrong with the layout. */
const char *when_check(const char *layout);

/* Makes one clock out of a log's times, also of those without a date: over midnight a day is added. */
struct when_clock {
	bool begun, dated; /* dated: the first time had a date, so that all are points in time */
	int64_t last;
};
int64_t when_clock_at(struct when_clock *c, const struct when *w);
/* "2026-11-21T10:01:12.004" with Z where the zone is known; "10:01:12.004" without a date */
const char *when_text(int64_t at, bool dated, bool zoned, char text[CLOCK_TEXT_MAX]);
