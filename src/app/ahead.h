/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the blocks of a finished log with several threads: while one judges a block the others read and
 * decompress those behind it and look for literals in them.  Blocks are judged one at a time and in their
 * order, so that the result is that of one thread.
 */
#pragma once
#include "pattern/skim.h"
#include "source/source.h"

struct ahead {
	/* Both are called from any of the threads, but never two at a time. */
	void (*take)(void *arg, const struct skim_found *found);
	/* What is to be looked for in the blocks that come; NULL: nothing. */
	struct prefilter *(*filter)(void *arg);
	void *arg;
};

/* threads: at least 1, the calling one.  -1: reading failed, what came before was taken. */
int ahead_read(struct blocks *b, size_t threads, const struct ahead *a, struct err *e);
