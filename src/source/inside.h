/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of sources share: who is told, and freeing or draining from within a callback. */
#pragma once
#include "source/source.h"

struct source_ops {
	/* Delivers what is there, at most SOURCE_SLICE unless draining; comes back by itself for the rest. */
	void (*look)(struct source *s);
	void (*free)(struct source *s);
};

/* The first member of each kind's own struct. */
struct source {
	const struct source_ops *ops;
	struct source_events ev;
	void *arg;
	bool busy;     /* a look is under way */
	bool freed;    /* from within it: nothing more is told, and it goes when the look is over */
	bool draining; /* no bounds, no patience */
};

enum { SOURCE_SLICE = 1 << 20, SOURCE_CHUNK = 64 << 10 };

void source_init(struct source *s, const struct source_ops *ops, const struct source_events *ev, void *arg);

void source_tell_bytes(struct source *s, const char *data, size_t n);
void source_tell_next_file(struct source *s, const char *file);
void source_tell_gap(struct source *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void source_tell_notice(struct source *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void source_tell_idle(struct source *s);
void source_tell_end(struct source *s);
