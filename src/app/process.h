/* SPDX-License-Identifier: Apache-2.0 */
/* The server's process: found by number, pidfile or listening port, or launched by us; says when it is gone.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/plan.h"
#include "loop/loop.h"

struct process;
struct process_events {
	void (*found)(void *arg, pid_t pid);
	/* how: "exit code 1", "killed by SIGKILL", "its process 4711 ended" */
	void (*died)(void *arg, const char *how);
	/* The launched command ended with exit code 0, nothing of it is left, and no other process is known.
	 */
	void (*finished)(void *arg);
};

struct process *process_new(struct loop *l, const struct plan_process *where, const struct process_events *ev,
			    void *arg);
void process_free(struct process *p);
DEFINE_AUTO(process)
/* Launches argv; its output goes to out (a descriptor, stays the caller's).  The pid, or -1. */
pid_t process_launch(struct process *p, char *const *argv, int out, struct err *e);
/* Looks for it now and, until it is found, every so often. */
void process_look(struct process *p);

/* The pid that a plan_process names right now; 0: none is there. */
pid_t process_find(const struct plan_process *where);
/* When it was started, on the wall clock; CLOCK_UNKNOWN where /proc does not tell. */
int64_t process_started(pid_t pid);
