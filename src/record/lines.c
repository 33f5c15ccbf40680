/* SPDX-License-Identifier: Apache-2.0 */
#include "record/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "record/record.h"

enum encoding { ENC_UNKNOWN, ENC_BYTES, ENC_UTF16_LE, ENC_UTF16_BE };

struct lines {
	line_fn *fn;
	void *arg;
	struct buf rest; /* the beginning of a line whose end was not seen yet */
	enum encoding enc;
	unsigned char head[3]; /* the first bytes of a file, while they may be a mark */
	size_t n_head;
	bool half;	  /* UTF-16: one byte of a unit is in head[0] */
	uint16_t high;	  /* UTF-16: a high surrogate waits for its low one */
	bool after_cr;	  /* the last byte was a CR: an LF now belongs to it */
	bool pieces;	  /* rest goes on a line that was cut */
	bool flushing;	  /* what is delivered has no line end */
	uint64_t at;	  /* offset of the next byte fed */
	uint64_t line_at; /* offset of the first byte in rest */
	uint64_t number;  /* of the line that rest begins */
	uint64_t file;	  /* how many files were left */
	uint64_t n_bytes, n_lines, n_cut;
};

struct lines *lines_new(line_fn *fn, void *arg)
{
	struct lines *l = new0(struct lines);

	l->fn = fn;
	l->arg = arg;
	l->rest.max = LINE_MAX_BYTES + 8;
	l->number = 1;
	return l;
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	buf_free(&l->rest);
	free(l);
}

static void deliver(struct lines *l, const char *text, size_t n, bool cut)
{
	struct line line = {
		.text = n ? text : "",
		.len = n,
		.offset = l->line_at,
		.number = l->number,
		.file = l->file,
		.cut = cut && !l->pieces,
		.piece = l->pieces,
		.torn = l->flushing,
	};

	if (line.cut)
		l->n_cut++;
	l->fn(l->arg, &line);
}

/* Text up to an end of line (or of a segment) at the byte before `next`. */
static void end_line(struct lines *l, const char *text, size_t n, uint64_t next, bool new_number)
{
	deliver(l, text, n, false);
	buf_clear(&l->rest);
	l->pieces = false;
	l->line_at = next;
	if (new_number) {
		l->number++;
		l->n_lines++;
	}
}

/* The rest is as long as a line may be: its beginning is delivered, its tail begins the next piece. */
static void cut_rest(struct lines *l)
{
	deliver(l, l->rest.data, l->rest.len, true);
	l->line_at += l->rest.len - LINE_OVERLAP;
	buf_drop(&l->rest, l->rest.len - LINE_OVERLAP);
	l->pieces = true;
}

static void keep_rest(struct lines *l, const char *data, size_t n)
{
	while (n) {
		size_t room = LINE_MAX_BYTES - l->rest.len;
		size_t take = n < room ? n : room;

		buf_add(&l->rest, data, take);
		data += take;
		n -= take;
		if (l->rest.len == LINE_MAX_BYTES)
			cut_rest(l);
	}
}

/* A line's last part, n bytes at data, whose end is `ends` bytes long (CRLF is two). */
static void finish_line(struct lines *l, const char *data, size_t n, bool new_number)
{
	uint64_t next = l->at;

	if (!l->rest.len && n <= LINE_MAX_BYTES) {
		end_line(l, data, n, next, new_number);
		return;
	}
	keep_rest(l, data, n);
	end_line(l, l->rest.data, l->rest.len, next, new_number);
}

/* A run of NULs at the beginning of a line is a hole that a crash or a truncation left: skipped. */
static size_t hole(struct lines *l, const char *data, size_t n)
{
	size_t k = 0;

	if (l->rest.len)
		return 0;
	while (k < n && data[k] == '\0')
		k++;
	l->line_at += k;
	return k;
}

static size_t end_of_line(const char *data, size_t n)
{
	const char *lf = memchr(data, '\n', n);
	size_t len = lf ? (size_t)(lf - data) : n;
	const char *cr = len ? memchr(data, '\r', len) : NULL;

	return cr ? (size_t)(cr - data) : len;
}

static void feed_bytes(struct lines *l, const char *data, size_t n)
{
	const char *end = data + n;

	while (data < end) {
		size_t left = (size_t)(end - data), len;

		if (l->after_cr) {
			l->after_cr = false;
			if (*data == '\n') {
				data++;
				l->at++;
				l->line_at = l->at;
				l->number++;
				l->n_lines++;
				continue;
			}
		}
		len = hole(l, data, left);
		l->at += len;
		data += len;
		left -= len;
		if (!left)
			return;
		len = end_of_line(data, left);
		if (len == left) {
			keep_rest(l, data, left);
			l->at += left;
			return;
		}
		l->at += len + 1;
		l->after_cr = data[len] == '\r';
		finish_line(l, data, len, !l->after_cr);
		data += len + 1;
	}
}

static void add_utf8(struct lines *l, uint32_t c)
{
	char out[4];
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xC0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		out[n++] = (char)(0xE0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		out[n++] = (char)(0x80 | (c & 0x3F));
	} else {
		out[n++] = (char)(0xF0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		out[n++] = (char)(0x80 | (c & 0x3F));
	}
	keep_rest(l, out, n);
}

static void feed_unit(struct lines *l, uint32_t u)
{
	if (l->after_cr) {
		l->after_cr = false;
		if (u == '\n') {
			l->line_at = l->at;
			l->number++;
			l->n_lines++;
			return;
		}
	}
	if (u == '\n' || u == '\r') {
		l->after_cr = u == '\r';
		end_line(l, buf_text(&l->rest), l->rest.len, l->at, u == '\n');
	} else if (u >= 0xD800 && u < 0xDC00) {
		l->high = (uint16_t)u;
	} else if (u >= 0xDC00 && u < 0xE000) {
		add_utf8(l, l->high ? 0x10000 + ((l->high & 0x3FFU) << 10) + (u & 0x3FF) : 0xFFFD);
		l->high = 0;
	} else if (u) {
		add_utf8(l, u);
	}
}

static void feed_utf16(struct lines *l, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)data[i];

		l->at++;
		if (!l->half) {
			l->head[0] = c;
			l->half = true;
			continue;
		}
		l->half = false;
		feed_unit(l, l->enc == ENC_UTF16_LE ? (uint32_t)(c << 8 | l->head[0])
						    : (uint32_t)(l->head[0] << 8 | c));
	}
}

static void begin(struct lines *l, enum encoding enc, size_t mark)
{
	unsigned char head[3];
	size_t n = l->n_head;

	memcpy(head, l->head, n);
	l->enc = enc;
	l->n_head = 0;
	l->at += mark;
	l->line_at = l->at;
	if (enc == ENC_BYTES)
		feed_bytes(l, (const char *)head + mark, n - mark);
	else
		feed_utf16(l, (const char *)head + mark, n - mark);
}

/* The encoding, as soon as the first bytes tell; false: more are needed. */
static bool know_encoding(struct lines *l)
{
	const unsigned char *h = l->head;

	if (h[0] == 0xFF && l->n_head == 2)
		begin(l, h[1] == 0xFE ? ENC_UTF16_LE : ENC_BYTES, h[1] == 0xFE ? 2 : 0);
	else if (h[0] == 0xFE && l->n_head == 2)
		begin(l, h[1] == 0xFF ? ENC_UTF16_BE : ENC_BYTES, h[1] == 0xFF ? 2 : 0);
	else if (h[0] == 0xEF && l->n_head == 3)
		begin(l, ENC_BYTES, h[1] == 0xBB && h[2] == 0xBF ? 3 : 0);
	else if (h[0] != 0xFF && h[0] != 0xFE && h[0] != 0xEF)
		begin(l, ENC_BYTES, 0);
	return l->enc != ENC_UNKNOWN;
}

void lines_feed(struct lines *l, const char *data, size_t n)
{
	l->n_bytes += n;
	while (l->enc == ENC_UNKNOWN && n) {
		l->head[l->n_head++] = (unsigned char)*data++;
		n--;
		know_encoding(l);
	}
	if (n && l->enc == ENC_BYTES)
		feed_bytes(l, data, n);
	else if (n)
		feed_utf16(l, data, n);
}

void lines_flush(struct lines *l)
{
	if (l->enc == ENC_UNKNOWN && l->n_head)
		begin(l, ENC_BYTES, 0);
	l->flushing = true;
	if (l->rest.len)
		end_line(l, l->rest.data, l->rest.len, l->at, true);
	l->flushing = false;
}

void lines_restart(struct lines *l)
{
	lines_flush(l);
	l->enc = ENC_UNKNOWN;
	l->half = l->after_cr = l->pieces = false;
	l->high = 0;
	l->at = l->line_at = 0;
	l->number = 1;
	l->file++;
}

void lines_skip_to(struct lines *l, uint64_t offset, uint64_t number)
{
	l->at = l->line_at = offset;
	l->number = number;
	if (offset)
		l->enc = ENC_BYTES;
}

void lines_skip(struct lines *l, uint64_t bytes, uint64_t line_ends)
{
	l->at += bytes;
	l->line_at = l->at;
	l->number += line_ends;
	l->n_bytes += bytes;
	l->n_lines += line_ends;
}

bool lines_at_start(const struct lines *l)
{
	return l->enc == ENC_BYTES && !l->rest.len && !l->after_cr && !l->pieces;
}

struct line lines_here(const struct lines *l)
{
	return (struct line){ .text = "", .offset = l->line_at, .number = l->number, .file = l->file };
}

uint64_t lines_bytes(const struct lines *l)
{
	return l->n_bytes;
}

uint64_t lines_count(const struct lines *l)
{
	return l->n_lines;
}

uint64_t lines_cut(const struct lines *l)
{
	return l->n_cut;
}
