/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/scalar.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct reader {
	const char *s;
	size_t n, at;
};

static char peek(const struct reader *r)
{
	return r->at < r->n ? r->s[r->at] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

/* Over one line end of any kind. */
static bool take_break(struct reader *r)
{
	char c = peek(r);

	if (!is_break(c))
		return false;
	r->at++;
	if (c == '\r' && peek(r) == '\n')
		r->at++;
	return true;
}

static void take_blanks(struct reader *r)
{
	while (is_blank(peek(r)))
		r->at++;
}

/* ---- quoted and plain: line ends become a blank, or line feeds where there are empty lines ---- */

/* Over line ends and the indentation that follows; returns how many lines ended. */
static size_t take_breaks(struct reader *r)
{
	size_t lines = 0;

	while (take_break(r)) {
		lines++;
		take_blanks(r);
	}
	return lines;
}

static void add_lines(struct buf *out, size_t lines)
{
	while (lines--)
		buf_char(out, '\n');
}

/* The blanks at r, and if a line ends behind them, that end instead. */
static void fold(struct buf *out, struct reader *r)
{
	size_t start = r->at, lines;

	take_blanks(r);
	lines = r->at < r->n ? take_breaks(r) : 0;
	if (lines == 0)
		buf_add(out, r->s + start, r->at - start);
	else if (lines == 1)
		buf_char(out, ' ');
	else
		add_lines(out, lines - 1);
}

static bool at_gap(const struct reader *r)
{
	return r->at < r->n && (is_blank(peek(r)) || is_break(peek(r)));
}

/* What stands up to the next gap, or stop, as it is. */
static void take_run(struct buf *out, struct reader *r, char stop)
{
	size_t start = r->at;

	while (r->at < r->n && !at_gap(r) && r->s[r->at] != stop)
		r->at++;
	buf_add(out, r->s + start, r->at - start);
}

void scalar_plain(struct buf *out, const char *s, size_t n)
{
	struct reader r = { s, n, 0 };

	while (r.at < n) {
		take_run(out, &r, '\n');
		fold(out, &r);
	}
}

void scalar_single_quoted(struct buf *out, const char *s, size_t n)
{
	struct reader r = { s, n, 0 };

	while (r.at < n) {
		take_run(out, &r, '\'');
		if (r.at < n && s[r.at] == '\'') { /* two stand for one */
			buf_char(out, '\'');
			r.at += 2;
		}
		fold(out, &r);
	}
}

/* ---- escapes ---- */

static const struct escape {
	char letter;
	const char *means;
} escapes[] = {
	{ 'a', "\a" },		 { 'b', "\b" },	      { 't', "\t" },	   { '\t', "\t" },
	{ 'n', "\n" },		 { 'v', "\v" },	      { 'f', "\f" },	   { 'r', "\r" },
	{ 'e', "\x1B" },	 { ' ', " " },	      { '"', "\"" },	   { '/', "/" },
	{ '\\', "\\" },		 { 'N', "\xC2\x85" }, { '_', "\xC2\xA0" }, { 'L', "\xE2\x80\xA8" },
	{ 'P', "\xE2\x80\xA9" },
};

static void add_character(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
	} else if (c < 0x800) {
		buf_char(out, (char)(0xC0 | c >> 6));
		buf_char(out, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_char(out, (char)(0xE0 | c >> 12));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_char(out, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_char(out, (char)(0xF0 | c >> 18));
		buf_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_char(out, (char)(0x80 | (c & 0x3F)));
	}
}

static int hex_digit(char c)
{
	if (str_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The digits behind \x, \u or \U; r stands on that letter. */
static bool take_hex(struct reader *r, uint32_t *c)
{
	char letter = peek(r);
	int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;

	if (digits == 0)
		return false;
	r->at++;
	for (*c = 0; digits; digits--, r->at++) {
		int d = hex_digit(peek(r));

		if (d < 0)
			return false;
		*c = *c << 4 | (uint32_t)d;
	}
	return true;
}

static bool between(uint32_t c, uint32_t low, uint32_t high)
{
	return c >= low && c <= high;
}

/* JSON writes what is beyond U+FFFF as two halves. */
static bool take_second_half(struct reader *r, uint32_t *c)
{
	uint32_t second;

	if (peek(r) != '\\')
		return false;
	r->at++;
	if (!take_hex(r, &second) || !between(second, 0xDC00, 0xDFFF))
		return false;
	*c = 0x10000 + ((*c - 0xD800) << 10) + (second - 0xDC00);
	return true;
}

static const char *take_code(struct buf *out, struct reader *r)
{
	uint32_t c;

	if (peek(r) == '0')
		return "a text cannot hold a NUL character";
	if (!take_hex(r, &c))
		return "unknown escape (in single quotes a backslash is only a backslash)";
	if (c == 0)
		return "a text cannot hold a NUL character";
	if (between(c, 0xD800, 0xDBFF) && !take_second_half(r, &c))
		return "this escape is half a character";
	if (between(c, 0xD800, 0xDFFF))
		return "this escape is half a character";
	if (c > 0x10FFFF)
		return "there is no such character";
	add_character(out, c);
	return NULL;
}

/* r stands behind the backslash. */
static const char *take_escape(struct buf *out, struct reader *r)
{
	if (is_break(peek(r))) {
		add_lines(out, take_breaks(r) - 1);
		return NULL;
	}
	for (size_t i = 0; r->at < r->n && i < ARRAY_LEN(escapes); i++)
		if (escapes[i].letter == peek(r)) {
			r->at++;
			buf_str(out, escapes[i].means);
			return NULL;
		}
	return take_code(out, r);
}

const char *scalar_double_quoted(struct buf *out, const char *s, size_t n, size_t *at)
{
	struct reader r = { s, n, 0 };

	while (r.at < n) {
		const char *wrong;

		take_run(out, &r, '\\');
		if (r.at == n || s[r.at] != '\\') {
			fold(out, &r);
			continue;
		}
		*at = r.at++;
		wrong = take_escape(out, &r);
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* ---- blocks ---- */

struct block {
	bool folded;
	char chomp;   /* '-', '+', or '\0' for the usual one */
	int indented; /* how many columns its lines are, 0: as its first line */
};

static struct block take_header(struct reader *r, int parent)
{
	struct block b = { .folded = peek(r) == '>' };

	for (r->at++; r->at < r->n && !is_blank(peek(r)) && !is_break(peek(r)); r->at++) {
		if (str_digit(peek(r)))
			b.indented = (parent > 0 ? parent : 0) + (peek(r) - '0');
		else
			b.chomp = peek(r);
	}
	while (r->at < r->n && !is_break(peek(r)))
		r->at++;
	take_break(r);
	return b;
}

static int take_indentation(struct reader *r, int most)
{
	int n = 0;

	for (; n < most && peek(r) == ' '; n++)
		r->at++;
	return n;
}

/* The indentation of the first line that is not empty; of the longest empty one if the block has no other. */
static int first_indentation(struct reader r, int parent)
{
	int n, longest = parent + 1;

	for (;;) {
		n = take_indentation(&r, INT32_MAX);
		if (r.at < r.n && !is_break(peek(&r)))
			return n > parent ? n : longest;
		if (n > longest)
			longest = n;
		if (!take_break(&r))
			return longest;
	}
}

static bool at_marker(const struct reader *r, const struct block *b)
{
	const char *s = r->s + r->at;

	return b->indented == 0 && r->n - r->at >= 3 &&
	       (memcmp(s, "---", 3) == 0 || memcmp(s, "...", 3) == 0);
}

/* Over empty lines; leaves r at a line of the block, whose indentation is taken, or at the start of what
 * follows. */
static size_t take_empty_lines(struct reader *r, const struct block *b, bool *more)
{
	size_t lines = 0, start;

	for (;;) {
		start = r->at;
		*more = take_indentation(r, b->indented) == b->indented;
		if (!take_break(r))
			break;
		lines++;
	}
	*more = *more && r->at < r->n && !at_marker(r, b);
	if (!*more)
		r->at = start;
	return lines;
}

size_t scalar_block(struct buf *out, const char *s, size_t n, int parent)
{
	struct reader r = { s, n, 0 };
	struct block b = take_header(&r, parent);
	bool more, was_broken = false;
	size_t empty;

	if (b.indented == 0)
		b.indented = first_indentation(r, parent);
	empty = take_empty_lines(&r, &b, &more);
	while (more) {
		bool flush = !is_blank(peek(&r)); /* lines that are indented further are not folded */

		add_lines(out, empty);
		while (r.at < n && !is_break(peek(&r)))
			buf_char(out, s[r.at++]);
		was_broken = take_break(&r);
		empty = take_empty_lines(&r, &b, &more);
		if (!more)
			break;
		if (!b.folded || !flush || is_blank(peek(&r)))
			buf_char(out, '\n');
		else if (!empty)
			buf_char(out, ' ');
	}
	if (was_broken && b.chomp != '-')
		buf_char(out, '\n');
	if (b.chomp == '+')
		add_lines(out, empty);
	return r.at;
}
