/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One name looks like one endless log, whatever happens to the file behind it.  A source delivers raw bytes
 * in order and says where bytes may be missing; it knows nothing of lines.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "loop/loop.h"

/* Where reading begins (contract, section 5). */
enum source_from {
	SOURCE_FROM_START, /* the whole file */
	SOURCE_FROM_END,   /* what is written from now on; a file that appears later is read whole */
};

struct source_events {
	/* Bytes of the log, in order, in slices of any size. */
	void (*bytes)(void *arg, const char *data, size_t n);
	/*
	 * The file behind the name was changed for another or begun anew (rename, truncation): what comes
	 * next is the first byte of `file`; a record or line that was unfinished may go on there.
	 */
	void (*next_file)(void *arg, const char *file);
	/* Bytes may be lost, or cannot be read; said once for each reason. */
	void (*gap)(void *arg, const char *why);
	/* Something the operator should know, no loss ("the writer logs into a deleted file"). */
	void (*notice)(void *arg, const char *what);
	/* All that is there now was delivered; comes after each run of bytes that ends so. */
	void (*idle)(void *arg);
	/* There will never be more (a child's output was closed, standard input ended); files never end. */
	void (*end)(void *arg);
};

struct source;

/* Follows a file by path; it need not exist yet.  Directories and sockets are an error. */
struct source *source_file_new(struct loop *l, const char *path, enum source_from from,
			       const struct source_events *ev, void *arg, struct err *e);
/* Begins at this byte of the file that is there now (found by whoever looked for the last begin). */
struct source *source_file_new_at(struct loop *l, const char *path, uint64_t offset,
				  const struct source_events *ev, void *arg, struct err *e);
/* Reads a pipe (standard input, a child's output) to its end; fd becomes the source's. */
struct source *source_pipe_new(struct loop *l, const char *name, int fd, const struct source_events *ev,
			       void *arg, struct err *e);
void source_free(struct source *s);
DEFINE_AUTO(source)

/* Compares what is known with what is there and delivers what is new; idempotent, also called by inotify and
 * timers. */
void source_look(struct source *s);
/*
 * Delivers all that is there now, without the usual bound per turn: when the server died or the verdict is
 * due. A later idle or bytes may still come for as long as somebody writes.
 */
void source_drain(struct source *s);

/* ---- finished logs, without a loop ---- */

/* Blocks of a finished log: a plain file, .gz .xz .zst .bz2 as they are, or "-" for standard input. */
struct blocks;
enum { BLOCKS_SIZE = 256 << 10 };
struct blocks *blocks_open(const char *path, struct err *e);
void blocks_free(struct blocks *b);
DEFINE_AUTO(blocks)
/*
 * The next bytes, good until the next call; 0 at the end; -1 with the reason in e (also a damaged archive:
 * what came before was delivered).  Only ever what is there when it is reached: a file that grows meanwhile
 * is read to the size it had when it was opened.
 */
ssize_t blocks_read(struct blocks *b, const char **data, struct err *e);
bool blocks_packed(const struct blocks *b); /* it has to be decompressed */
/* A regular file: who opens it again reads the same, and takes nothing away from who reads here. */
bool blocks_regular(const struct blocks *b);
/* A plain regular file: its bytes may be read by any thread and in any order. */
bool blocks_any_order(const struct blocks *b);
/* From the byte `offset` of the log on, into memory of BLOCKS_SIZE; less than that: reading on behind it says
 * whether it is the end (0) or an error (-1). */
ssize_t blocks_read_at(const struct blocks *b, uint64_t offset, char *block, struct err *e);
