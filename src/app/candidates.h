/* SPDX-License-Identifier: Apache-2.0 */
/* A log that was not recognised: which sets may be meant, by how many of their rules meet lines of it. */
#pragma once
#include "pattern/library.h"

enum { CANDIDATES_MAX = 3 };

struct candidate {
	const char *set; /* its name, which is the library's */
	size_t rules;	 /* how many different ones meet a line of the text */
};

/* Of the sets that know what success is, the best first; returns how many. */
size_t candidates_find(const struct library *l, const char *text, size_t n,
		       struct candidate best[CANDIDATES_MAX]);
