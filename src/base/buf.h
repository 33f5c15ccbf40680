/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes that says beforehand how large it may get. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* always followed by a NUL once something was added; NULL before */
	size_t len;
	size_t room;
	size_t max;
	bool full; /* something did not fit and was cut */
};

/* clang-format off */
#define BUF_INIT(limit) { .max = (limit) }
/* clang-format on */

/* Each adds what fits and returns false where something was cut. */
bool buf_add(struct buf *b, const char *data, size_t n);
bool buf_str(struct buf *b, const char *s);
bool buf_char(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Room for n more bytes at data + len, or NULL if that is beyond max; after filling, add to len. */
char *buf_reserve(struct buf *b, size_t n);
void buf_drop(struct buf *b, size_t n); /* forgets the first n bytes */
void buf_clear(struct buf *b);		/* empty, memory kept */
void buf_free(struct buf *b);
const char *buf_text(const struct buf *b); /* "" while empty; good until the next change */
char *buf_take(struct buf *b);		   /* the text as a string of the caller's; b is empty again */

#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf
