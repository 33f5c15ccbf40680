/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static bool continues(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Decodes one sequence; 0 where it is none (overlong forms, surrogates and beyond U+10FFFF are none). */
static size_t decode(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80		     ? 1
		     : c >= 0xF0 && c < 0xF5 ? 4
		     : c >= 0xE0 && c < 0xF0 ? 3
		     : c >= 0xC2 && c < 0xE0 ? 2
					     : 0;

	if (len == 0 || len > n)
		return 0;
	*cp = len == 1 ? c : c & (0xFFU >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (!continues(s[i]))
			return 0;
		*cp = *cp << 6 | ((unsigned char)s[i] & 0x3FU);
	}
	if (*cp < least[len] || (*cp >= 0xD800 && *cp < 0xE000) || *cp > 0x10FFFF)
		return 0;
	return len;
}

size_t text_utf8_len(const char *s, size_t n)
{
	uint32_t cp;

	return n ? decode(s, n, &cp) : 0;
}

typedef bool keep_fn(uint32_t cp);
typedef void put_fn(struct buf *out, const char *s, size_t len, uint32_t cp);

/* Walks the characters: kept ones through put, bytes that are no UTF-8 and characters not kept as escapes. */
static void walk(struct buf *out, const char *s, size_t n, keep_fn *keep, put_fn *put)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t len = decode(s + i, n - i, &cp);

		if (len == 0)
			buf_printf(out, "\\x%02X", (unsigned char)s[i]);
		else if (keep(cp))
			put(out, s + i, len, cp);
		else
			buf_printf(out, cp < 0x100 ? "\\x%02X" : "\\u%04X", cp);
		i += len ? len : 1;
	}
}

static void put_plain(struct buf *out, const char *s, size_t len, uint32_t cp)
{
	(void)cp;
	buf_add(out, s, len);
}

static bool keep_all(uint32_t cp)
{
	(void)cp;
	return true;
}

/* What would move the cursor, colour the screen or turn the direction of reading. */
static bool keep_visible(uint32_t cp)
{
	bool control = (cp < 0x20 && cp != '\t') || (cp >= 0x7F && cp < 0xA0);
	bool turning = (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
		       (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || cp == 0x061C;

	return !control && !turning;
}

static void put_visible(struct buf *out, const char *s, size_t len, uint32_t cp)
{
	if (cp == '\t')
		buf_char(out, ' ');
	else
		buf_add(out, s, len);
}

static bool keep_xml(uint32_t cp)
{
	return (cp >= 0x20 && cp != 0x7F && cp < 0xFFFE) || cp == '\t' || cp == '\n' || cp >= 0x10000;
}

static void put_xml(struct buf *out, const char *s, size_t len, uint32_t cp)
{
	switch (cp) {
	case '<':
		buf_str(out, "&lt;");
		break;
	case '>':
		buf_str(out, "&gt;");
		break;
	case '&':
		buf_str(out, "&amp;");
		break;
	case '"':
		buf_str(out, "&quot;");
		break;
	default:
		buf_add(out, s, len);
	}
}

static void put_json(struct buf *out, const char *s, size_t len, uint32_t cp)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *at = len == 1 ? memchr(named, *s, sizeof(named) - 1) : NULL;

	if (len == 0)
		buf_printf(out, "\\\\x%02X", (unsigned char)*s);
	else if (at)
		buf_printf(out, "\\%c", names[at - named]);
	else if (cp < 0x20)
		buf_printf(out, "\\u%04X", cp);
	else if (!keep_visible(cp))
		buf_printf(out, "\\u%04x", cp);
	else
		buf_add(out, s, len);
}

void text_utf8(struct buf *out, const char *s, size_t n)
{
	size_t ascii = 0;

	while (ascii < n && (unsigned char)s[ascii] < 0x80) /* most of any log */
		ascii++;
	buf_add(out, s, ascii);
	walk(out, s + ascii, n - ascii, keep_all, put_plain);
}

void text_line(struct buf *out, const char *s, size_t n)
{
	walk(out, s, n, keep_visible, put_visible);
}

void text_json(struct buf *out, const char *s, size_t n)
{
	size_t plain = 0, len;

	buf_char(out, '"');
	for (size_t i = 0; i < n; i += len) {
		uint32_t cp;

		len = 1;
		if (s[i] >= 0x20 && s[i] < 0x7F && s[i] != '"' && s[i] != '\\')
			continue;
		buf_add(out, s + plain, i - plain);
		len = decode(s + i, n - i, &cp);
		put_json(out, s + i, len, cp);
		len += len == 0;
		plain = i + len;
	}
	buf_add(out, s + plain, n - plain);
	buf_char(out, '"');
}

void text_xml(struct buf *out, const char *s, size_t n)
{
	walk(out, s, n, keep_xml, put_xml);
}

static char *dup_with(void (*fn)(struct buf *, const char *, size_t), const char *s, size_t n)
{
	struct buf b = BUF_INIT(n * 6 + 1); /* the longest escape of one byte is \uNNNN */

	fn(&b, s, n);
	return buf_take(&b);
}

char *text_utf8_dup(const char *s, size_t n)
{
	return dup_with(text_utf8, s, n);
}

char *text_line_dup(const char *s, size_t n)
{
	return dup_with(text_line, s, n);
}
