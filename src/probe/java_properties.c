/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/java_properties.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum {
	NESTED_MAX = 16,	/* ${} within what a ${} stands for */
	REPLACED_MAX = 1000,	/* of them in one value */
	RESOLVED_MAX = 1 << 16, /* bytes of one value */
	REPLACEMENT = 0xFFFD,	/* what cannot be shown */
};

const char *const java_encoding_names[] = { "ISO-8859-1", "UTF-8", NULL };

struct property {
	char *key, *value;
	size_t line;
};

struct java_properties {
	struct property *items;
	size_t n, room;
};

void java_properties_free(struct java_properties *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].key);
		free(p->items[i].value);
	}
	free(p->items);
	free(p);
}

static struct property *find(const struct java_properties *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].key, key) == 0)
			return &p->items[i];
	return NULL;
}

/* ---- characters ---- */

/* Where reading is; lines are counted on the way. */
struct reading {
	const char *at, *end;
	size_t line;
	enum java_encoding encoding;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static void skip_blanks(struct reading *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
}

static void skip_line_end(struct reading *r)
{
	if (r->at == r->end)
		return;
	r->at += *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n' ? 2 : 1;
	r->line++;
}

static void skip_comment(struct reading *r)
{
	while (r->at < r->end && !is_line_end(*r->at))
		r->at++;
}

static void add_character(struct buf *out, uint32_t c)
{
	if (c == 0 || (c >= 0xD800 && c < 0xE000))
		c = REPLACEMENT;
	if (c < 0x80) {
		buf_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_char(out, (char)(0xC0 | c >> 6));
	} else {
		buf_char(out, (char)(c < 0x10000 ? 0xE0 | c >> 12 : 0xF0 | c >> 18));
		if (c >= 0x10000)
			buf_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
	}
	buf_char(out, (char)(0x80 | (c & 0x3F)));
}

/* The byte or UTF-8 sequence at r, which stands for itself. */
static void take_plain(struct reading *r, struct buf *out)
{
	size_t n = r->encoding == JAVA_UTF_8 ? text_utf8_len(r->at, (size_t)(r->end - r->at)) : 0;

	if (n > 1)
		buf_add(out, r->at, n);
	else if (r->encoding == JAVA_UTF_8 && *r->at & 0x80)
		add_character(out, REPLACEMENT);
	else
		add_character(out, (unsigned char)*r->at);
	r->at += n > 1 ? n : 1;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)((found - digits) % 16) : -1;
}

/* The four digits behind \u. */
static int take_hex(struct reading *r, uint32_t *c, struct err *e)
{
	*c = 0;
	for (int i = 0; i < 4; i++) {
		int digit = r->at < r->end ? hex_digit(*r->at) : -1;

		if (digit < 0)
			return err_set(e,
				       "line %zu: \\u without four hexadecimal digits; Java refuses the file",
				       r->line);
		*c = *c << 4 | (uint32_t)digit;
		r->at++;
	}
	return 0;
}

static bool low_surrogate_follows(const struct reading *r)
{
	return r->end - r->at >= 6 && memcmp(r->at, "\\u", 2) == 0 && strchr("dD", r->at[2]) &&
	       strchr("cdefCDEF", r->at[3]);
}

static int take_unicode(struct reading *r, struct buf *out, struct err *e)
{
	uint32_t c, low;

	if (take_hex(r, &c, e) < 0)
		return -1;
	if (c >= 0xD800 && c < 0xDC00 && low_surrogate_follows(r)) {
		r->at += 2;
		if (take_hex(r, &low, e) < 0)
			return -1;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	add_character(out, c);
	return 0;
}

/* Behind a backslash. */
static int take_escape(struct reading *r, struct buf *out, struct err *e)
{
	static const char names[] = "tnrf", meant[] = "\t\n\r\f";
	const char *found;

	if (r->at == r->end)
		return 0; /* Java drops it */
	if (is_line_end(*r->at)) {
		skip_line_end(r);
		skip_blanks(r);
		return 0;
	}
	if (*r->at == 'u') {
		r->at++;
		return take_unicode(r, out, e);
	}
	found = *r->at ? strchr(names, *r->at) : NULL;
	if (!found) {
		take_plain(r, out);
		return 0;
	}
	buf_char(out, meant[found - names]);
	r->at++;
	return 0;
}

/* ---- lines ---- */

static bool ends_key(char c)
{
	return c == '=' || c == ':' || is_blank(c);
}

/* Up to the end of the logical line, or of the key. */
static int take_text(struct reading *r, bool key, struct buf *out, struct err *e)
{
	while (r->at < r->end && !is_line_end(*r->at) && !(key && ends_key(*r->at))) {
		if (*r->at != '\\') {
			take_plain(r, out);
			continue;
		}
		r->at++;
		if (take_escape(r, out, e) < 0)
			return -1;
	}
	return 0;
}

static void skip_separator(struct reading *r)
{
	skip_blanks(r);
	if (r->at < r->end && (*r->at == '=' || *r->at == ':'))
		r->at++;
	skip_blanks(r);
}

static void set_property(struct java_properties *p, const char *key, const char *value, size_t line)
{
	struct property *x = find(p, key);

	if (!x) {
		x = ARRAY_ADD(p->items, p->n, p->room);
		x->key = mem_strdup(key);
	}
	mem_replace(&x->value, value);
	x->line = line;
}

static int take_property(struct java_properties *p, struct reading *r, struct err *e)
{
	size_t line = r->line, most = (size_t)(r->end - r->at) * 3;
	AUTO_BUF key = BUF_INIT(most);
	AUTO_BUF value = BUF_INIT(most);

	if (take_text(r, true, &key, e) < 0)
		return -1;
	skip_separator(r);
	if (take_text(r, false, &value, e) < 0)
		return -1;
	set_property(p, buf_text(&key), buf_text(&value), line);
	return 0;
}

static int take_line(struct java_properties *p, struct reading *r, struct err *e)
{
	skip_blanks(r);
	if (r->at < r->end && (*r->at == '#' || *r->at == '!'))
		skip_comment(r);
	else if (r->at < r->end && !is_line_end(*r->at) && take_property(p, r, e) < 0)
		return -1;
	skip_line_end(r);
	return 0;
}

struct java_properties *java_properties_parse(const char *text, size_t n, enum java_encoding encoding,
					      struct err *e)
{
	struct java_properties *p = new0(struct java_properties);
	struct reading r = { .at = text, .end = text + n, .line = 1, .encoding = encoding };

	while (r.at < r.end) {
		if (take_line(p, &r, e) == 0)
			continue;
		java_properties_free(p);
		return NULL;
	}
	return p;
}

/* ---- asking ---- */

void java_properties_preset(struct java_properties *p, const char *key, const char *value)
{
	if (!find(p, key))
		set_property(p, key, value, 0);
}

size_t java_properties_count(const struct java_properties *p)
{
	return p->n;
}

const char *java_properties_key(const struct java_properties *p, size_t i)
{
	return p->items[i].key;
}

const char *java_properties_get(const struct java_properties *p, const char *key, size_t *line)
{
	const struct property *x = find(p, key);

	if (line)
		*line = x ? x->line : 0;
	return x ? x->value : NULL;
}

struct resolving {
	const struct java_properties *p;
	struct buf out;
	int left; /* replacements, so that values made of one another end */
};

static void resolve(struct resolving *r, const char *text, int nested);

/* "${key}" at text: its length if something was put in for it, or 0. */
static size_t resolve_one(struct resolving *r, const char *text, int nested)
{
	const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
	AUTO_FREE char *key = end ? mem_strndup(text + 2, (size_t)(end - text - 2)) : NULL;
	const struct property *x = key ? find(r->p, key) : NULL;

	if (!x || nested == NESTED_MAX || r->left-- <= 0)
		return 0;
	resolve(r, x->value, nested + 1);
	return (size_t)(end - text) + 1;
}

static void resolve(struct resolving *r, const char *text, int nested)
{
	while (*text && !r->out.full) {
		size_t n = resolve_one(r, text, nested);

		if (!n)
			buf_char(&r->out, *text);
		text += n ? n : 1;
	}
}

char *java_properties_resolve(const struct java_properties *p, const char *key)
{
	const struct property *x = find(p, key);
	struct resolving r = { .p = p, .out = BUF_INIT(RESOLVED_MAX), .left = REPLACED_MAX };

	if (!x)
		return NULL;
	resolve(&r, x->value, 0);
	return buf_take(&r.out);
}
