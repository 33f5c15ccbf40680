/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of PCRE2's syntax, shared by literals.c (groups, alternatives, quantifiers) and literals_class.c
 * (what stands for one byte).
 */
#pragma once
#include <string.h>

#include "base/str.h"
#include "pattern/literals_node.h"

struct mode {
	bool nocase, extended;
};

struct pattern_reader {
	const char *at, *end;
	struct literals *out;
	bool doubt;    /* read something that is not known for certain */
	bool quoted;   /* between \Q and \E */
	bool verbatim; /* PCRE2_LITERAL */
	unsigned depth;
	struct pool pool;
};

static inline uint16_t give_up(struct pattern_reader *r)
{
	r->doubt = true;
	r->at = r->end;
	return LITERAL_ANY;
}

static inline bool next_is(const struct pattern_reader *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static inline bool skip(struct pattern_reader *r, const char *text)
{
	if (!next_is(r, text))
		return false;
	r->at += strlen(text);
	return true;
}

/* The next character, or -1 at the end. */
static inline int peek(const struct pattern_reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static inline bool is_alnum(int c)
{
	return c >= 0 && c < 128 && (str_alpha((char)c) || str_digit((char)c));
}

static inline int digit_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int lower = c < 0 ? c : (int)byte_fold((unsigned)c);

	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

static inline unsigned read_digits(struct pattern_reader *r, int base, unsigned most)
{
	unsigned value = 0;

	for (unsigned i = 0; i < most && digit_value(peek(r)) < base; i++)
		value = value * (unsigned)base + (unsigned)digit_value(*r->at++);
	return value;
}

/* ---- literals_class.c ---- */

/* The position of a literal that these bytes may stand at. */
uint16_t class_position(struct pattern_reader *r, const struct byteset *s);
/* \d \s \w \h \v and their opposites, as PCRE2's own tables have them in the C locale; false for other
 * letters. */
bool class_escape(int c, struct byteset *out);
/*
 * The byte that \c stands for, where it stands for one that is the same in and outside a class: r is behind
 * the c, and goes on behind what belongs to it.  -1: it is something else.
 */
int byte_escape(struct pattern_reader *r, int c);
/* Behind the opening bracket. */
uint16_t class_read(struct pattern_reader *r, struct mode mode);
