/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program without a shell: own process group, clean signal mask, no descriptor of ours but those
 * given. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct spawn {
	char *const *argv;  /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *env;   /* NULL: ours */
	const char *folder; /* NULL: ours */
	int in, out, err;   /* descriptors, -1: /dev/null */
};

/* The pid, which leads a process group of its own, or -1. */
pid_t spawn_start(const struct spawn *s, struct err *e);
/* Signals the whole group; false where nothing is left of it. */
bool spawn_signal(pid_t pid, int signo);
