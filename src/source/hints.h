/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look again: inotify, where there is any, and once a second anyway.  All followed files of a loop
 * share one inotify instance and one timer.  An event only says that a file may have grown, or that anything
 * may have changed; who looks, finds out what.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct hints; /* one follower's share */

enum hint {
	HINT_NONE,
	HINT_WRITTEN, /* the file that is read may have grown; nothing else was told */
	HINT_ANY,     /* anything may have changed */
};
/* why: not HINT_NONE. */
typedef void hints_look_fn(void *arg, enum hint why);
/* An event of a watch of yours: what to look at soon.  Nothing may be added, dropped or freed from within. */
typedef enum hint hints_event_fn(void *arg, int wd, uint32_t mask, const char *name);

struct hints *hints_new(struct loop *l, hints_look_fn *look, hints_event_fn *event, void *arg);
void hints_free(struct hints *h); /* also from within look */

/* The watch of this inode, the same number for as long as it is the same inode; or -1 with errno. */
int hints_add(struct hints *h, const char *path, uint32_t mask);
void hints_drop(struct hints *h, int wd); /* -1: none */
/* Takes in what events there are; looks come later. */
void hints_poll(struct hints *h);
/* Said from within look: so many bytes were delivered.  So one follower cannot take all the time there is. */
void hints_spent(struct hints *h, size_t n);
/* Look at this point of CLOCK_MONOTONIC at the latest; 0: in the next round. */
void hints_at(struct hints *h, int64_t at);
