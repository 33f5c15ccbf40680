/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers that docker compose mixes into one stream ("db-1  | text"): each is a log of its own.  What
 * is no such stream passes through in the blocks in which it came.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Stream 0 is the log itself: what names no container, and the first container that shows. */
typedef void streams_fn(void *arg, size_t stream, const char *data, size_t n);

struct streams;
struct streams *streams_new(streams_fn *out, void *arg);
void streams_free(struct streams *s);
DEFINE_AUTO(streams)

void streams_feed(struct streams *s, const char *data, size_t n);
/* Hands out the beginning of a line, too. */
void streams_flush(struct streams *s);
bool streams_waiting(const struct streams *s); /* there is such a beginning */
/* What comes next stands at this place of the file; another file is at 0 and 1. */
void streams_skip_to(struct streams *s, uint64_t offset, uint64_t line);
/* Where in the file is what is being handed out. */
uint64_t streams_offset(const struct streams *s);
uint64_t streams_line(const struct streams *s);
bool streams_split(const struct streams *s); /* more than one was seen */
/* How many there are, and their names; that of stream 0 may be NULL. */
size_t streams_count(const struct streams *s);
const char *streams_name(const struct streams *s, size_t i);
