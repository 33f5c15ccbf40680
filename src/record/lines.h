/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a stream of bytes into lines: LF, CRLF, a lone CR (progress updates), UTF-8 or UTF-16 by its byte
 * order mark. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct line {
	const char *text; /* without its end; good during the call */
	size_t len;
	uint64_t offset; /* of its first byte on disk */
	uint64_t number; /* from 1; segments between lone CRs share the number of their line */
	uint64_t file;	 /* counts the files behind the log from 0 */
	bool cut;	 /* longer than LINE_MAX_BYTES: this is its beginning */
	bool piece;	 /* a later part of a line that was cut */
	bool torn;	 /* the file ended within it */
};

typedef void line_fn(void *arg, const struct line *l);

struct lines;
struct lines *lines_new(line_fn *fn, void *arg);
void lines_free(struct lines *l);
DEFINE_AUTO(lines)
/* fn is called from within, for each line that is complete. */
void lines_feed(struct lines *l, const char *data, size_t n);
/* What is there of a last line without an end is a line. */
void lines_flush(struct lines *l);
/* The next byte fed is the first of another file (after a flush); numbers and offsets begin again. */
void lines_restart(struct lines *l);
/* The next byte fed is the one at this offset, on the line of this number. */
void lines_skip_to(struct lines *l, uint64_t offset, uint64_t number);
/* This many bytes with so many line ends are not looked at; only at the beginning of a line. */
void lines_skip(struct lines *l, uint64_t bytes, uint64_t line_ends);
/* The next byte fed is the first of a line, of a file that is read as bytes. */
bool lines_at_start(const struct lines *l);
/* Where that byte is, or where the line under way began: a line without text. */
struct line lines_here(const struct lines *l);
uint64_t lines_bytes(const struct lines *l); /* fed so far, of all files */
uint64_t lines_count(const struct lines *l);
uint64_t lines_cut(const struct lines *l);
