/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/libsystemd.h"

static const int taken_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct later {
	loop_later_fn *fn;
	void *arg;
};

struct loop {
	sd_event *event;
	sd_event_source
		*deferred; /* a timer, which takes its turn (sd-event's own kind would always be the first) */
	struct later *later;
	size_t n_later, room_later;
	bool running_later;
	bool stopped;
	int code;
	loop_signal_fn *on_signal;
	void *signal_arg;
	sd_event_source *signals[ARRAY_LEN(taken_signals)];
	sigset_t taken, mask_before;
};

struct loop_io {
	sd_event_source *source;
	loop_io_fn *fn;
	void *arg;
};

struct loop_timer {
	sd_event_source *source;
	int64_t at; /* CLOCK_NEVER: it is off */
	loop_timer_fn *fn;
	void *arg;
};

struct loop_child {
	sd_event_source *source;
	loop_child_fn *fn;
	void *arg;
	pid_t pid;
};

/* sd-event returns -errno; errno holds it afterwards, too. */
static int failed(struct err *e, int r, const char *what)
{
	errno = -r;
	return err_sys(e, "%s", what);
}

/* For calls that can only fail for want of memory or by a mistake of ours. */
static void must(int r)
{
	assert(r >= 0);
}

static void run_deferred(struct loop *l, int64_t priority)
{
	must(sd_event_source_set_priority(l->deferred, priority));
	must(sd_event_source_set_time(l->deferred, 0));
	must(sd_event_source_set_enabled(l->deferred, SD_EVENT_ONESHOT));
}

/* What was put off before this round runs now; what these put off themselves waits for its turn among the
 * others. */
static int run_later(sd_event_source *s, uint64_t usec, void *arg)
{
	struct loop *l = arg;
	struct later *batch = l->later;
	size_t n = l->n_later;

	(void)s, (void)usec;
	l->later = NULL;
	l->n_later = l->room_later = 0;
	l->running_later = true;
	for (size_t i = 0; i < n; i++)
		batch[i].fn(batch[i].arg);
	l->running_later = false;
	free(batch);
	if (l->n_later)
		run_deferred(l, SD_EVENT_PRIORITY_NORMAL);
	return 0;
}

static int setup(struct loop *l, struct err *e)
{
	int r;

	if (libsystemd_load(e) < 0)
		return -1;
	r = sd_event_new(&l->event);
	/* it also keeps the timer descriptor of sd-event open, so that a later timer cannot fail for want of
	 * one */
	if (r >= 0)
		r = sd_event_add_time(l->event, &l->deferred, CLOCK_MONOTONIC, UINT64_MAX, 1, run_later, l);
	if (r >= 0)
		r = sd_event_source_set_enabled(l->deferred, SD_EVENT_OFF);
	return r < 0 ? failed(e, r, "event loop") : 0;
}

struct loop *loop_new(struct err *e)
{
	struct loop *l = new0(struct loop);

	if (setup(l, e) == 0)
		return l;
	loop_free(l);
	return NULL;
}

/* Signals that came too late to be heard must not kill us when they are let through again. */
static void give_signals_back(struct loop *l)
{
	static const struct timespec at_once = { 0 };

	if (!l->on_signal)
		return;
	for (size_t i = 0; i < ARRAY_LEN(l->signals); i++)
		sd_event_source_disable_unref(l->signals[i]);
	while (sigtimedwait(&l->taken, NULL, &at_once) > 0)
		;
	pthread_sigmask(SIG_SETMASK, &l->mask_before, NULL);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->event) {
		give_signals_back(l);
		sd_event_source_disable_unref(l->deferred);
		sd_event_unref(l->event);
	}
	free(l->later);
	free(l);
}

int loop_run(struct loop *l, struct err *e)
{
	while (!l->stopped) {
		int r = sd_event_run(l->event, UINT64_MAX);

		if (r < 0)
			return failed(e, r, "event loop");
	}
	l->stopped = false;
	return l->code;
}

void loop_stop(struct loop *l, int code)
{
	l->stopped = true;
	l->code = code;
}

int64_t loop_now(struct loop *l)
{
	uint64_t usec;

	must(sd_event_now(l->event, CLOCK_MONOTONIC, &usec));
	return (int64_t)usec * 1000;
}

/* ---- descriptors ---- */

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct loop_io *io = arg;

	(void)s;
	io->fn(io->arg, fd, events);
	return 0;
}

struct loop_io *loop_io_add(struct loop *l, int fd, uint32_t events, loop_io_fn *fn, void *arg, struct err *e)
{
	struct loop_io *io = new0(struct loop_io);
	int r = sd_event_add_io(l->event, &io->source, fd, events, on_io, io);

	if (r < 0) {
		free(io);
		failed(e, r, "watching a descriptor");
		return NULL;
	}
	io->fn = fn;
	io->arg = arg;
	if (!events)
		loop_io_change(io, 0);
	return io;
}

void loop_io_change(struct loop_io *io, uint32_t events)
{
	/* epoll would report a hang-up even to somebody who asked for nothing */
	if (!events) {
		must(sd_event_source_set_enabled(io->source, SD_EVENT_OFF));
		return;
	}
	/* a library may have closed the descriptor and got the same number again: then it has to be added
	 * anew */
	if (sd_event_source_set_io_events(io->source, events) < 0) {
		sd_event_source_set_enabled(io->source, SD_EVENT_OFF);
		sd_event_source_set_io_events(io->source, events);
	}
	sd_event_source_set_enabled(io->source, SD_EVENT_ON);
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	sd_event_source_disable_unref(io->source);
	free(io);
}

/* ---- timers ---- */

static int on_time(sd_event_source *s, uint64_t usec, void *arg)
{
	struct loop_timer *t = arg;

	(void)s, (void)usec;
	t->at = CLOCK_NEVER;
	t->fn(t->arg);
	return 0;
}

struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = new0(struct loop_timer);

	t->fn = fn;
	t->arg = arg;
	/* accuracy 1 us: the default, 0, would let the loop be late by a quarter of a second */
	must(sd_event_add_time(l->event, &t->source, CLOCK_MONOTONIC, UINT64_MAX, 1, on_time, t));
	loop_timer_off(t);
	return t;
}

void loop_timer_at(struct loop_timer *t, int64_t at)
{
	/* rounded up: who is called at a point in time must not find the clock before it */
	uint64_t usec = at > 0 ? (uint64_t)(at / 1000 + (at % 1000 > 0)) : 0;

	if (at == CLOCK_NEVER) {
		loop_timer_off(t);
		return;
	}
	if (at == t->at)
		return;
	t->at = at;
	must(sd_event_source_set_time(t->source, usec));
	must(sd_event_source_set_enabled(t->source, SD_EVENT_ONESHOT));
}

void loop_timer_off(struct loop_timer *t)
{
	t->at = CLOCK_NEVER;
	must(sd_event_source_set_enabled(t->source, SD_EVENT_OFF));
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	sd_event_source_disable_unref(t->source);
	free(t);
}

/* ---- processes ---- */

static int wait_status(const siginfo_t *si)
{
	if (si->si_code == CLD_EXITED)
		return W_EXITCODE(si->si_status, 0);
	return W_EXITCODE(0, si->si_status) | (si->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static int on_pidfd(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct loop_child *c = arg;
	siginfo_t si = { 0 };
	bool ours = waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) == 0 && si.si_pid == c->pid;

	(void)s, (void)events;
	c->fn(c->arg, c->pid, ours ? wait_status(&si) : 0, ours);
	return 0;
}

struct loop_child *loop_child_watch(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct err *e)
{
	int r, fd = pidfd_open(pid, 0);
	struct loop_child *c;

	if (fd < 0) {
		err_sys(e, "process %d", (int)pid);
		return NULL;
	}
	c = new0(struct loop_child);
	c->fn = fn;
	c->arg = arg;
	c->pid = pid;
	r = sd_event_add_io(l->event, &c->source, fd, EPOLLIN, on_pidfd, c);
	if (r < 0) {
		close(fd);
		free(c);
		failed(e, r, "watching a process");
		return NULL;
	}
	must(sd_event_source_set_io_fd_own(c->source, true));
	must(sd_event_source_set_enabled(c->source, SD_EVENT_ONESHOT));
	return c;
}

void loop_child_free(struct loop_child *c)
{
	if (!c)
		return;
	sd_event_source_disable_unref(c->source);
	free(c);
}

/* ---- later ---- */

void loop_later(struct loop *l, loop_later_fn *fn, void *arg)
{
	*ARRAY_ADD(l->later, l->n_later, l->room_later) = (struct later){ fn, arg };
	if (!l->running_later && l->n_later == 1)
		run_deferred(l, SD_EVENT_PRIORITY_IMPORTANT);
}

/* ---- signals ---- */

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *arg)
{
	struct loop *l = arg;

	(void)s;
	l->on_signal(l->signal_arg, (int)si->ssi_signo);
	return 0;
}

/* Who was started by nohup stays deaf to hang-ups. */
static bool asked_to_ignore(int signo)
{
	struct sigaction now;

	return signo == SIGHUP && sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int loop_signals(struct loop *l, loop_signal_fn *fn, void *arg, struct err *e)
{
	assert(!l->on_signal);
	sigemptyset(&l->taken);
	for (size_t i = 0; i < ARRAY_LEN(taken_signals); i++)
		if (!asked_to_ignore(taken_signals[i]))
			sigaddset(&l->taken, taken_signals[i]);
	pthread_sigmask(SIG_BLOCK, &l->taken, &l->mask_before);
	signal(SIGPIPE, SIG_IGN);
	l->on_signal = fn;
	l->signal_arg = arg;
	for (size_t i = 0; i < ARRAY_LEN(taken_signals); i++) {
		int r = 0;

		if (sigismember(&l->taken, taken_signals[i]) == 1)
			r = sd_event_add_signal(l->event, &l->signals[i], taken_signals[i], on_signal, l);
		if (r < 0)
			return failed(e, r, "taking signals");
	}
	return 0;
}
