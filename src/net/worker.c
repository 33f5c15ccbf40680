/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/err.h"

enum {
	THREADS_MAX = 32,	 /* jobs that hang must not add up for ever */
	STACK_SIZE = 512 * 1024, /* name service modules are not small */
};

static atomic_int threads;

/* What both threads hold; the last one to let go frees it. */
struct shared {
	const struct worker_task *task;
	void *job;
	int out;
	atomic_int holders;
};

struct worker {
	struct shared *shared;
	struct loop_io *io;
	int in;
	struct loop_timer *soon; /* tells a failure to start */
	struct err failure;
	worker_done_fn *done;
	void *arg;
};

static void let_go(struct shared *s)
{
	if (atomic_fetch_sub(&s->holders, 1) > 1)
		return;
	s->task->free_job(s->job);
	free(s);
}

/* The end of the pipe is the message: its other end is closed when the job is done. */
static void *thread_main(void *arg)
{
	struct shared *s = arg;

	s->task->run(s->job);
	close(s->out);
	let_go(s);
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

static void close_worker(struct worker *w)
{
	loop_io_free(w->io);
	loop_timer_free(w->soon);
	if (w->in >= 0)
		close(w->in);
	let_go(w->shared);
	free(w);
}

static void on_end(void *arg, int fd, uint32_t events)
{
	struct worker *w = arg;

	(void)fd;
	(void)events;
	w->done(w->arg, w->shared->job, NULL);
	close_worker(w);
}

static void on_soon(void *arg)
{
	struct worker *w = arg;

	w->done(w->arg, w->shared->job, w->failure.text);
	close_worker(w);
}

static int start_thread(struct shared *s, struct err *e)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* the thread inherits the mask: signals are the loop's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc ? err_set(e, "no thread could be started: %s", strerrordesc_np(rc)) : 0;
}

static int launch(struct worker *w, struct loop *l)
{
	struct err *e = &w->failure;
	int ends[2];

	if (atomic_load(&threads) >= THREADS_MAX)
		return err_set(e, "%d earlier attempts still hang", THREADS_MAX);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe2");
	w->in = ends[0];
	w->shared->out = ends[1];
	w->io = loop_io_add(l, w->in, EPOLLIN, on_end, w, e);
	if (w->io) {
		atomic_fetch_add(&threads, 1);
		atomic_fetch_add(&w->shared->holders, 1);
		if (start_thread(w->shared, e) == 0)
			return 0;
		atomic_fetch_sub(&w->shared->holders, 1);
		atomic_fetch_sub(&threads, 1);
	}
	close(w->shared->out);
	return -1;
}

struct worker *worker_start(struct loop *l, const struct worker_task *task, void *job, worker_done_fn *done,
			    void *arg)
{
	struct worker *w = new0(struct worker);

	*w = (struct worker){ .shared = new0(struct shared), .in = -1, .done = done, .arg = arg };
	w->shared->task = task;
	w->shared->job = job;
	atomic_init(&w->shared->holders, 1);
	if (launch(w, l) < 0) {
		loop_io_free(w->io);
		w->io = NULL;
		w->soon = loop_timer_new(l, on_soon, w);
		loop_timer_at(w->soon, clock_mono());
	}
	return w;
}

void worker_stop(struct worker *w)
{
	if (w)
		close_worker(w);
}
