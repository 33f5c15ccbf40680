/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, one loop: thin glue over sd-event.  Callbacks never wait.  A handle (struct loop_io,
 * loop_timer, loop_child) is freed by its owner at any time, also from within its own callback; after that it
 * is never called.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct loop;
struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);
DEFINE_AUTO(loop)
/* Runs until loop_stop(); returns what was passed to it, or -1 with the reason in e. */
int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l, int code);
/* CLOCK_MONOTONIC ns at the start of this round */
int64_t loop_now(struct loop *l);

struct loop_io;
typedef void loop_io_fn(void *arg, int fd, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP ... */
/* fd stays the caller's and must be removed before it is closed.  Regular files cannot be watched. */
struct loop_io *loop_io_add(struct loop *l, int fd, uint32_t events, loop_io_fn *fn, void *arg,
			    struct err *e);
void loop_io_change(struct loop_io *io, uint32_t events); /* 0: sleeps */
void loop_io_free(struct loop_io *io);

struct loop_timer;
typedef void loop_timer_fn(void *arg);
struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn *fn, void *arg);
/* Once at this point of CLOCK_MONOTONIC (a past one: in the next round); replaces an earlier setting. */
void loop_timer_at(struct loop_timer *t, int64_t at);
void loop_timer_off(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

struct loop_child;
/* A process ended: status as of waitpid (0 where it is not our child and cannot be known). */
typedef void loop_child_fn(void *arg, pid_t pid, int status, bool ours);
/* Watches any process by pidfd; a child of ours is reaped.  ESRCH in e: there is no such process. */
struct loop_child *loop_child_watch(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct err *e);
void loop_child_free(struct loop_child *c);

/* Runs in this round after the present callback has returned. */
typedef void loop_later_fn(void *arg);
void loop_later(struct loop *l, loop_later_fn *fn, void *arg);

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT arrive here instead of killing us; SIGPIPE is ignored. */
typedef void loop_signal_fn(void *arg, int signo);
int loop_signals(struct loop *l, loop_signal_fn *fn, void *arg, struct err *e);
