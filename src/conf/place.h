/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a text an offset is, as editors count: lines and characters from 1; a tab is one character. */
#pragma once
#include <stddef.h>

struct place {
	size_t line, column;
};

/* Remembers the last answer: asked in rising order, a whole text costs one walk. */
struct places {
	const char *text;
	size_t n;
	size_t at; /* the offset that now belongs to */
	struct place now;
};

void places_init(struct places *s, const char *text, size_t n);
/* Line ends are \n, \r\n and \r; a byte order mark at the beginning is no character. */
struct place place_of(struct places *s, size_t offset);
