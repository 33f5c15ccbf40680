/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *buf_reserve(struct buf *b, size_t n)
{
	size_t want;

	if (b->len > b->max || n > b->max - b->len)
		return NULL;
	want = b->len + n + 1;
	if (want > b->room) {
		size_t room = b->room ? b->room : 64;

		while (room < want)
			room *= 2;
		b->data = mem_check(realloc(b->data, room));
		b->room = room;
	}
	return b->data + b->len;
}

bool buf_add(struct buf *b, const char *data, size_t n)
{
	size_t fits = b->max > b->len ? b->max - b->len : 0;
	bool whole = n <= fits;

	if (whole && n && n < b->room - b->len) { /* as most */
		memcpy(b->data + b->len, data, n);
		b->len += n;
		b->data[b->len] = '\0';
		return true;
	}
	if (!whole) {
		n = fits;
		b->full = true;
	}
	if (!buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return whole;
}

bool buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool buf_char(struct buf *b, char c)
{
	if (b->len >= b->max || b->len + 1 >= b->room)
		return buf_add(b, &c, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
	return true;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	AUTO_FREE char *text = mem_vprintf(fmt, ap);

	return buf_str(b, text);
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	bool whole;

	va_start(ap, fmt);
	whole = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return whole;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->room = 0;
	b->full = false;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = b->data ? b->data : mem_strdup("");

	b->data = NULL;
	buf_free(b);
	return text;
}
