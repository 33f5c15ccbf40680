/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs what can only block (name resolution, SQLite, a file on a dead network share) in a thread of its own.
 * The loop never waits for it: a job that hangs is left to itself and cleans up when, if ever, it comes back.
 */
#pragma once
#include "base/mem.h"
#include "loop/loop.h"

struct worker;

struct worker_task {
	void (*run)(void *job);	     /* in the thread: touches nothing but the job */
	void (*free_job)(void *job); /* in either thread, after both are through with it */
};

/* failure: why the job was not run at all (too many earlier ones still hang), or NULL. */
typedef void worker_done_fn(void *arg, void *job, const char *failure);

/*
 * Takes job.  done comes once from the loop, never from within this call; the job lives until done returns
 * and the worker is gone then.
 */
struct worker *worker_start(struct loop *l, const struct worker_task *task, void *job, worker_done_fn *done,
			    void *arg);
/* Lets go of it before its end; done never comes.  NULL is fine. */
void worker_stop(struct worker *w);
