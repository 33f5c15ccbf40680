/* SPDX-License-Identifier: Apache-2.0 */
#include "report/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

/* Where to cut s so that no UTF-8 sequence is split. */
static size_t cut_at(const char *s, size_t max)
{
	size_t at = max;

	for (int i = 0; i < 3 && at && ((unsigned char)s[at] & 0xC0) == 0x80; i++)
		at--;
	return at;
}

static char *masked(const char *s)
{
	char *text = secret_masked(s);
	size_t n = strlen(text), at;

	if (n <= CLEAN_MAX)
		return text;
	AUTO_FREE char *whole = text;

	at = cut_at(whole, CLEAN_MAX);
	return mem_printf("%.*s [%zu more bytes]", (int)at, whole, n - at);
}

char *clean_utf8(const char *s)
{
	AUTO_FREE char *text = masked(s);

	return text_utf8_dup(text, strlen(text));
}

char *clean_line(const char *s)
{
	AUTO_FREE char *text = masked(s);

	return text_line_dup(text, strlen(text));
}

void clean_xml(struct buf *out, const char *s)
{
	AUTO_FREE char *text = masked(s);

	text_xml(out, text, strlen(text));
}

/* s is one valid UTF-8 sequence. */
static uint32_t codepoint(const char *s, size_t len)
{
	uint32_t cp = (unsigned char)s[0];

	if (len > 1)
		cp &= 0xFFU >> (len + 1);
	for (size_t i = 1; i < len; i++)
		cp = cp << 6 | ((unsigned char)s[i] & 0x3FU);
	return cp;
}

/* base/text knows what is not to be seen on a terminal: whatever it would not leave as it is. */
static bool is_hidden(struct buf *scratch, const char *s, size_t len)
{
	buf_clear(scratch);
	text_line(scratch, s, len);
	return scratch->len != len || memcmp(scratch->data, s, len) != 0;
}

/* jansson hands over whole characters only, and has escaped those below 0x20 inside strings itself. */
static int put_chunk(const char *s, size_t n, void *arg)
{
	struct buf *out = arg;
	AUTO_BUF scratch = BUF_INIT(64);
	size_t plain = 0, len;

	for (size_t i = 0; i < n; i += len) {
		len = 1;
		if ((unsigned char)s[i] < 0x7F)
			continue;
		len = text_utf8_len(s + i, n - i);
		if (len == 0)
			len = 1;
		if (!is_hidden(&scratch, s + i, len))
			continue;
		buf_add(out, s + plain, i - plain);
		buf_printf(out, "\\u%04x", codepoint(s + i, len));
		plain = i + len;
	}
	return buf_add(out, s + plain, n - plain) ? 0 : -1;
}

void clean_json(struct buf *out, const json_t *j, size_t flags)
{
	/* 15 digits: what was rounded to three decimals comes out as that */
	if (json_dump_callback(j, put_chunk, out, flags | JSON_REAL_PRECISION(15)) < 0)
		out->full = true;
}
