/* SPDX-License-Identifier: Apache-2.0 */
/* The files beside a log that rotation may have made of it: app.log.1, app-2026-11-20.log, app.log.old ... */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "source/generation.h"

/* Whether `other` is such a name for the log `name`: digits and marks were added; not compressed. */
bool sibling_named(const char *name, const char *other);

struct sibling {
	char *path;
	int fd; /* -1: cannot be opened, for this reason */
	int error;
	struct identity id;
	uint64_t size;
	int64_t written; /* mtime, ns since 1970 */
};

struct siblings {
	struct sibling *items; /* the oldest first */
	size_t n, room;
};

typedef bool siblings_wanted_fn(void *arg, const struct sibling *s); /* fd is -1 still */

/* The regular files of that kind beside path that are wanted, opened. */
void siblings_find(struct siblings *all, const char *path, siblings_wanted_fn *wanted, void *arg);
void siblings_free(struct siblings *all); /* closes those whose fd was not taken (set to -1) */
#define AUTO_SIBLINGS __attribute__((cleanup(siblings_free))) struct siblings
