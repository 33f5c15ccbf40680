/* SPDX-License-Identifier: Apache-2.0 */
/* A log without a name: a child's output, standard input. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "source/inside.h"

struct pipe_source {
	struct source base;
	struct loop *loop;
	char *name;
	int fd;		    /* -1 once it has ended */
	struct loop_io *io; /* a pipe, a terminal, a socket */
	struct loop_timer
		*go; /* or else a regular file: always ready, so it takes its turn by a timer in the past */
	bool fresh;  /* bytes were delivered since the last idle */
};

/*
 * Whether read() would return at once.  O_NONBLOCK instead would belong to everybody who shares the
 * description: on standard input also to the shell that started us.
 */
static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void stop_watching(struct pipe_source *p)
{
	loop_io_free(p->io);
	loop_timer_free(p->go);
	p->io = NULL;
	p->go = NULL;
	if (p->fd > STDERR_FILENO) /* else the next file that is opened would become our standard input */
		close(p->fd);
	p->fd = -1;
}

static void idle(struct pipe_source *p)
{
	if (p->fresh)
		source_tell_idle(&p->base);
	p->fresh = false;
}

/* Nothing more will come, be it that all is read or that it cannot be read. */
static void finish(struct pipe_source *p, ssize_t result)
{
	if (result < 0)
		source_tell_gap(&p->base, "%s: read: %s", p->name, strerrordesc_np(errno));
	stop_watching(p);
	idle(p);
	source_tell_end(&p->base);
}

/* False when there is nothing more to be read now. */
static bool read_chunk(struct pipe_source *p, char *buf, size_t *total)
{
	ssize_t n;

	if (!readable(p->fd)) {
		idle(p);
		return false;
	}
	n = read(p->fd, buf, SOURCE_CHUNK);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n <= 0) {
		finish(p, n);
		return false;
	}
	p->fresh = true;
	*total += (size_t)n;
	source_tell_bytes(&p->base, buf, (size_t)n);
	return !p->base.freed;
}

/* How much is there now: the bound for draining what somebody may be filling without end. */
static size_t there(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

static void pipe_look(struct source *s)
{
	struct pipe_source *p = (struct pipe_source *)s;
	AUTO_FREE char *buf = mem_check(malloc(SOURCE_CHUNK));
	size_t total = 0, slice = SOURCE_SLICE;
	bool extended = false;

	while (p->fd >= 0 && read_chunk(p, buf, &total)) {
		if (total < slice)
			continue;
		if (!s->draining || extended)
			break;
		slice = total + there(p->fd) + 1; /* so that the end is seen, too */
		extended = true;
	}
	if (p->go)
		loop_timer_at(p->go, 0);
}

static void on_readable(void *arg, int fd, uint32_t events)
{
	(void)fd, (void)events;
	source_look(arg);
}

static void on_turn(void *arg)
{
	source_look(arg);
}

static void pipe_free(struct source *s)
{
	struct pipe_source *p = (struct pipe_source *)s;

	stop_watching(p);
	free(p->name);
	free(p);
}

static const struct source_ops pipe_ops = { .look = pipe_look, .free = pipe_free };

static int watch(struct pipe_source *p, struct err *e)
{
	p->io = loop_io_add(p->loop, p->fd, EPOLLIN, on_readable, p, NULL);
	if (p->io)
		return 0;
	if (errno != EPERM)
		return err_sys(e, "%s", p->name);
	/* epoll refuses what never makes anybody wait */
	p->go = loop_timer_new(p->loop, on_turn, p);
	loop_timer_at(p->go, 0);
	return 0;
}

struct source *source_pipe_new(struct loop *l, const char *name, int fd, const struct source_events *ev,
			       void *arg, struct err *e)
{
	struct pipe_source *p = new0(struct pipe_source);

	source_init(&p->base, &pipe_ops, ev, arg);
	p->loop = l;
	p->name = mem_strdup(name);
	p->fd = fd;
	if (watch(p, e) == 0)
		return &p->base;
	pipe_free(&p->base);
	return NULL;
}
