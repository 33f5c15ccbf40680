/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes that stand for a byte or a class of them, and classes in brackets. */
#include <string.h>

#include "base/mem.h"
#include "pattern/literals_impl.h"

static unsigned count_bytes(const struct byteset *s, unsigned *lowest)
{
	unsigned n = 0;

	for (unsigned i = 4; i-- > 0;) {
		n += (unsigned)__builtin_popcountll(s->word[i]);
		if (s->word[i])
			*lowest = i * 64 + (unsigned)__builtin_ctzll(s->word[i]);
	}
	return n;
}

uint16_t class_position(struct pattern_reader *r, const struct byteset *s)
{
	struct literals *out = r->out;
	unsigned lowest = 0, n = count_bytes(s, &lowest);

	if (n == 1)
		return (uint16_t)lowest;
	if (n == 2 && byte_is_letter(lowest) && byteset_has(s, byte_fold(lowest)) &&
	    byte_fold(lowest) != lowest)
		return (uint16_t)(LITERAL_NOCASE + byte_fold(lowest));
	if (n == 256)
		return LITERAL_ANY;
	for (size_t i = 0; i < out->n_classes; i++)
		if (memcmp(&out->classes[i].bytes, s, sizeof(*s)) == 0)
			return (uint16_t)(LITERAL_CLASS + i);
	if (out->n_classes == LITERAL_CLASSES_MAX)
		return LITERAL_ANY;
	out->classes[out->n_classes] = byteclass_of(s);
	return (uint16_t)(LITERAL_CLASS + out->n_classes++);
}

static void add_range(struct byteset *s, unsigned from, unsigned to)
{
	for (unsigned byte = from; byte <= to; byte++)
		byteset_add(s, byte);
}

static void add_bytes(struct byteset *s, const char *bytes)
{
	for (; *bytes; bytes++)
		byteset_add(s, (unsigned char)*bytes);
}

static void unite_bytes(struct byteset *s, const struct byteset *more)
{
	for (size_t i = 0; i < 4; i++)
		s->word[i] |= more->word[i];
}

bool class_escape(int c, struct byteset *out)
{
	*out = (struct byteset){ 0 };
	switch (byte_fold((unsigned)c)) {
	case 'd':
		add_range(out, '0', '9');
		break;
	case 's':
		add_bytes(out, " \t\n\v\f\r");
		break;
	case 'w':
		add_range(out, '0', '9');
		add_range(out, 'A', 'Z');
		add_range(out, 'a', 'z');
		byteset_add(out, '_');
		break;
	case 'h':
		add_bytes(out, " \t\xa0");
		break;
	case 'v':
		add_bytes(out, "\n\v\f\r\x85");
		break;
	default:
		return false;
	}
	if (c == 'D' || c == 'S' || c == 'W' || c == 'H' || c == 'V')
		byteset_invert(out);
	return true;
}

/* After \x or \o: {digits}. */
static unsigned braced_number(struct pattern_reader *r, int base)
{
	const char *from = ++r->at;
	unsigned value = read_digits(r, base, 5);

	if (r->at == from || !skip(r, "}") || value > 0xff)
		return give_up(r);
	return value;
}

static unsigned control_character(struct pattern_reader *r)
{
	int c = peek(r);

	if (c < ' ' || c > '~')
		return give_up(r);
	r->at++;
	return (unsigned)(byte_is_letter((unsigned)c) ? c & ~0x20 : c) ^ 0x40U;
}

int byte_escape(struct pattern_reader *r, int c)
{
	static const char letters[] = "aefnrt", bytes[] = "\a\x1b\f\n\r\t";
	const char *found = c > 0 ? strchr(letters, c) : NULL;

	if (found)
		return bytes[found - letters];
	switch (c) {
	case 'x':
		return (int)(peek(r) == '{' ? braced_number(r, 16) : read_digits(r, 16, 2));
	case 'o':
		return peek(r) == '{' ? (int)braced_number(r, 8) : (int)give_up(r);
	case '0':
		return (int)read_digits(r, 8, 2);
	case 'c':
		return (int)control_character(r);
	default:
		return is_alnum(c) || c < 0 ? -1 : c;
	}
}

static const struct {
	const char *name;
	const char *bytes; /* pairs: from, to */
} posix_classes[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "ascii", "\x01\x7f" },
	{ "blank", "  \t\t" },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "  \t\r" },
	{ "upper", "AZ" },
	{ "word", "09AZ__az" },
	{ "xdigit", "09AFaf" },
};

/* Behind "[:" in a class. */
static void posix_class(struct pattern_reader *r, struct mode mode, struct byteset *out)
{
	struct byteset s = { 0 };
	bool inverse = skip(r, "^");
	size_t i = 0;

	while (i < ARRAY_LEN(posix_classes) && !next_is(r, posix_classes[i].name))
		i++;
	if (i == ARRAY_LEN(posix_classes)) {
		give_up(r);
		return;
	}
	const char *name = posix_classes[i].name;

	skip(r, name);
	if (!skip(r, ":]")) {
		give_up(r);
		return;
	}
	for (const char *p = posix_classes[i].bytes; *p; p += 2)
		add_range(&s, (unsigned char)p[0], (unsigned char)p[1]);
	if (str_eq(name, "ascii") || str_eq(name, "cntrl"))
		byteset_add(&s, 0); /* which a string cannot hold */
	if (mode.nocase && (str_eq(name, "lower") || str_eq(name, "upper"))) {
		add_range(&s, 'A', 'Z');
		add_range(&s, 'a', 'z');
	}
	if (inverse)
		byteset_invert(&s);
	unite_bytes(out, &s);
}

/* One byte of a class, or -1 where a whole set was added to it. */
static int class_member(struct pattern_reader *r, struct mode mode, struct byteset *s)
{
	struct byteset escaped;
	int c = (unsigned char)*r->at++;

	if (c == '[' && skip(r, ":")) {
		posix_class(r, mode, s);
		return -1;
	}
	if (c == '[' && (next_is(r, ".") || next_is(r, "=")))
		return (int)give_up(r);
	if (c != '\\')
		return c;
	if (r->at == r->end)
		return (int)give_up(r);
	c = (unsigned char)*r->at++;
	if (class_escape(c, &escaped)) {
		unite_bytes(s, &escaped);
		return -1;
	}
	if (c == 'b')
		return '\b';
	int byte = byte_escape(r, c);

	/* \p, \N, \1, \Q, \E and what is a mistake here */
	return byte < 0 ? (int)give_up(r) : byte;
}

/* A range whose first byte was read, if there is one. */
static void class_range(struct pattern_reader *r, struct mode mode, unsigned from, struct byteset *s)
{
	if (peek(r) != '-' || r->end - r->at < 2 || r->at[1] == ']') {
		byteset_add(s, from);
		return;
	}
	r->at++;
	int to = class_member(r, mode, s);

	if (to < 0 || (unsigned)to < from)
		give_up(r);
	else if (!r->doubt)
		add_range(s, from, (unsigned)to);
}

static void add_other_case(struct byteset *s)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		unsigned upper = c & ~0x20U;

		if (byteset_has(s, c))
			byteset_add(s, upper);
		if (byteset_has(s, upper))
			byteset_add(s, c);
	}
}

uint16_t class_read(struct pattern_reader *r, struct mode mode)
{
	struct byteset s = { 0 };
	bool inverse = skip(r, "^"), first = true;

	while (!r->doubt && (first || peek(r) != ']')) {
		if (r->at == r->end)
			return give_up(r);
		int c = class_member(r, mode, &s);

		if (c >= 0 && !r->doubt)
			class_range(r, mode, (unsigned)c, &s);
		first = false;
	}
	if (r->doubt)
		return LITERAL_ANY;
	r->at++;
	if (mode.nocase)
		add_other_case(&s);
	if (inverse)
		byteset_invert(&s);
	return class_position(r, &s);
}
