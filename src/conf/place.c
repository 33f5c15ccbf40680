/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/place.h"

#include <stdbool.h>
#include <string.h>

static const char bom[] = "\xEF\xBB\xBF";

static void rewind_to_start(struct places *s)
{
	s->at = s->n >= 3 && memcmp(s->text, bom, 3) == 0 ? 3 : 0;
	s->now = (struct place){ 1, 1 };
}

void places_init(struct places *s, const char *text, size_t n)
{
	s->text = text;
	s->n = n;
	rewind_to_start(s);
}

static bool ends_line(const struct places *s, size_t at)
{
	return s->text[at] == '\n' || (s->text[at] == '\r' && !(at + 1 < s->n && s->text[at + 1] == '\n'));
}

static bool continues_character(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

struct place place_of(struct places *s, size_t offset)
{
	if (offset < s->at)
		rewind_to_start(s);
	for (; s->at < offset && s->at < s->n; s->at++) {
		if (ends_line(s, s->at))
			s->now = (struct place){ s->now.line + 1, 1 };
		else if (s->at + 1 == s->n || !continues_character(s->text[s->at + 1]))
			s->now.column++;
	}
	return s->now;
}
