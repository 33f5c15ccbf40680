/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of the files that stood behind a log's name, and how far it was read.  While it is held open its inode
 * cannot be given to another file; what it began with and what came right before the offset tell whether it
 * still is the log that was read, or was emptied and written anew.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

enum { GENERATION_HEAD = 4096, GENERATION_TAIL = 256 };

struct identity {
	uint64_t device, inode;
	int64_t born; /* ns since 1970; 0: the file system does not say */
};

/* follow: of what a link leads to.  -1 with errno. */
int identity_of_path(int folder, const char *path, bool follow, struct identity *id, struct stat *st);
int identity_of_fd(int fd, struct identity *id, struct stat *st);

struct generation {
	char *name;
	struct identity id;
	uint64_t offset;
	int64_t read_at;       /* when it last gave bytes, CLOCK_MONOTONIC */
	int64_t superseded_at; /* since when a later one has bytes, too; 0: none has */
	int64_t left_at;       /* when it was let go */
	uint64_t size_then;    /* when it was let go, or deleted */
	uint64_t size_seen;    /* the largest size that was seen while its turn had not come */
	uint64_t skipped;      /* bytes of a hole, not told yet */
	size_t n_head, n_tail;
	int fd;	       /* -1: let go; only remembered */
	int wd;	       /* of its hints; -1 */
	bool stream;   /* a FIFO: no offsets, nothing to go back to */
	bool finished; /* nobody will write to it any more (a copy) */
	bool at_end;   /* as of the last read: there was less than was asked for */
	bool deleted, deleted_said;
	bool behind_hole; /* zeroes that follow belong to it */
	char head[GENERATION_HEAD], tail[GENERATION_TAIL];
};

/* Only a regular file or a FIFO can be a log.  Asked before opening: with a device that may do things. */
int generation_kind(const char *name, mode_t mode, struct err *e);
/* Takes fd; what is no log is an error. */
struct generation *generation_new(int fd, const char *name, struct err *e);
void generation_free(struct generation *g);
/* Goes on at this offset, whatever was read before. */
void generation_seek(struct generation *g, uint64_t offset);
uint64_t generation_size(const struct generation *g); /* of a stream: 0 */
/* Also remembers what it saw. */
bool generation_has_more(struct generation *g);

/* Whether this is its file: by birth, too, unless it is held open and its number cannot be another's. */
bool generation_is(const struct generation *g, const struct identity *id);
/* Whether the file at fd begins and, at g's offset, goes on as g did. */
bool generation_matches(const struct generation *g, int fd);
/* Whether it still begins as it did, as far as there is anything left of it. */
bool generation_begins_same(const struct generation *g);

enum generation_read {
	GENERATION_BYTES,
	GENERATION_END,
	GENERATION_CHANGED, /* what was read is no longer what the file holds */
	GENERATION_FAILED,  /* errno */
};
/*
 * buf: room bytes, more than GENERATION_TAIL; on GENERATION_BYTES *data within it are the next (none where a
 * hole was skipped), and the offset is behind them.
 */
enum generation_read generation_read(struct generation *g, char *buf, size_t room, const char **data,
				     size_t *n);
