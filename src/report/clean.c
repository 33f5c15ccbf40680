/* SPDX-License-Identifier: Apache-2.0 */
#include "report/clean.h"

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

void clean_json(struct buf *out, const char *s)
{
	AUTO_FREE char *text = masked(s);

	text_json(out, text, strlen(text));
}
