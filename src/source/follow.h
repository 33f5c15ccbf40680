/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of following a file share: place.c is told when to look, behind.c finds what is behind the
 * name, queue.c keeps the files in their order, file.c reads them.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/generation.h"
#include "source/hints.h"
#include "source/inside.h"

/* A folder where a name is waited for. */
struct place {
	int wd;
	char *name;
	bool leaf; /* the name of the log itself, not of a folder on the way to it */
};

enum { PLACE_PATH, PLACE_TARGET, N_PLACES };

struct follow {
	struct source base;
	struct hints *hints;
	char *path;
	char *target;	  /* where the file itself is: path, or what it links to */
	char *old_target; /* until this look, if it was another */
	bool linked_on;	  /* the target is a link, too: where that leads to, no folder is watched */
	struct place places[N_PLACES];
	struct generation **gens; /* the first is read; the last is, or was, behind the name */
	size_t n, room;
	struct generation **left; /* read and let go, the latest last */
	size_t n_left, room_left;
	int64_t grace;
	int64_t seen_at;   /* wall clock: when something was last known to be behind the name */
	unsigned arrivals; /* files that came to have the name since the last look, by inotify */
	unsigned early;	   /* of these, found by the last look before their event was there */
	char *problem;	   /* why what is behind the name cannot be opened; said once */
	int read_error;	   /* said once */
	char *first_gap;   /* to be said in the first look */
	size_t spent;	   /* bytes delivered in this look */
	bool fresh;	   /* bytes were delivered since the last idle */
	enum hint why;	   /* what this look is for */
};

/* ---- place.c ---- */

/* Watches the folders where the name may come to be another's; asking again changes nothing. */
void follow_arm(struct follow *f);
/* Watches a file itself, whatever its name is by now. */
void follow_watch(struct follow *f, struct generation *g);
enum hint follow_event(void *arg, int wd, uint32_t mask, const char *name);
/* Whether one file is read, and events tell of what is written to it and of what becomes of its name. */
bool follow_told(const struct follow *f);

/* ---- queue.c ---- */

struct generation *follow_newest(const struct follow *f); /* NULL: none */
void follow_insert(struct follow *f, size_t at, struct generation *g);
bool follow_queued(const struct follow *f, const struct identity *id);
bool follow_knows(const struct follow *f, const struct identity *id); /* is or was queued */
/* Says that reading goes on in the first of the queue. */
void follow_begin(struct follow *f);
/*
 * The first is done with and the next begun.  It stays known: its name may come back, and what a late writer
 * puts into it must not go unseen.
 */
void follow_leave(struct follow *f);
/* Queues again what was left, for good: it takes over g's descriptor and frees it.  False: g was never there.
 */
bool follow_take_back(struct follow *f, struct generation *g);
void follow_check_left(struct follow *f);

/* ---- behind.c ---- */

/* What the name leads to, opened; NULL with an empty text where there is nothing. */
struct generation *follow_open(struct follow *f, struct err *e);
/* Queues what is behind the name if it is another file now, and what was there in between. */
void follow_find(struct follow *f);
/* Queues before `at` the files beside path that had its name since the last look and no longer have it. */
unsigned follow_find_between(struct follow *f, const char *path, size_t at);
