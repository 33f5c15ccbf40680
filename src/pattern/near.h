/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that nearly met a record: their text is there, but their pattern fails somewhere. */
#pragma once
#include "pattern/set.h"

enum { NEAR_MAX = 3 };

struct near_miss {
	const struct pattern *pattern;
	char *text;	   /* what of the rule's own text the record has; the finder's */
	size_t pattern_at; /* where the pattern fails at last */
	size_t subject_at; /* and where the record stands then */
};

struct near;
struct near *near_new(struct set *const *sets, size_t n);
void near_free(struct near *n);
DEFINE_AUTO(near)
/* The nearest first; returns how many.  Rules that do meet the record are none.  Good until the next call. */
size_t near_misses(struct near *n, const char *text, size_t len, const struct near_miss **list);
