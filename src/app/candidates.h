/* SPDX-License-Identifier: Apache-2.0 */
/* A log that was not recognised: which sets may be meant, by how many of their rules meet lines of it. */
#pragma once
#include "pattern/library.h"

enum { CANDIDATES_MAX = 3 };

struct candidate {
	const char *set; /* its name, which is the library's */
	size_t rules;	 /* how many different ones meet a line of the text */
};

struct candidates;
/* Reads nothing before it is asked the first time; good for several logs. */
struct candidates *candidates_new(const struct library *l);
void candidates_free(struct candidates *c);
DEFINE_AUTO(candidates)
/* Of the sets that know what success is, the best first; returns how many. */
size_t candidates_find(struct candidates *c, const char *text, size_t n,
		       struct candidate best[CANDIDATES_MAX]);
