/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/resolve.h"
#include "pattern/regex.h"
#include "probe/answer.h"

enum { BANNER_MAX = 4096 };

struct tcp_probe {
	char *host, *expect;
	int64_t port;
	struct regex *banner; /* of expect */
};

static const struct conf_key keys[] = {
	CONF_TEXT(struct tcp_probe, host, "127.0.0.1", "a name or address"),
	CONF_ROW(struct tcp_probe, port, int64_t, "port", CONF_TYPE_INT, NULL, "the port", NULL, true),
	CONF_TEXT(struct tcp_probe, expect, NULL,
		  "a regular expression for what the server says first; without it an accepted connection is "
		  "enough"),
	{ 0 },
};

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct tcp_probe *s = settings;
	struct err e;

	(void)vars;
	if (conf_get(n, "port") && (s->port < 1 || s->port > 65535))
		conf_problem(p, conf_get(n, "port"), "port: expected 1 to 65535");
	if (!s->expect)
		return;
	s->banner = regex_new(s->expect, &e);
	if (!s->banner)
		conf_problem(p, conf_get(n, "expect"), "expect: '%s': %s", s->expect, e.text);
}

static void clear(void *settings)
{
	struct tcp_probe *s = settings;

	regex_free(s->banner);
}

struct address {
	struct sockaddr_storage name;
	socklen_t n;
};

struct probe_try {
	const struct tcp_probe *s;
	struct loop *loop;
	struct resolve *resolve;
	struct loop_io *io;
	int fd;
	bool connected;
	struct address addresses[16];
	size_t n_addresses, at;
	struct buf banner;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static void close_socket(struct probe_try *t)
{
	loop_io_free(t->io);
	t->io = NULL;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void stop(struct probe_try *t)
{
	close_socket(t);
	resolve_stop(t->resolve);
	buf_free(&t->banner);
	answer_clear(&t->answer);
	free(t);
}

static void finish(struct probe_try *t)
{
	close_socket(t);
	answer_send(&t->answer, t->done, t->arg);
	stop(t);
}

static void fail(struct probe_try *t, int error)
{
	answer_set(&t->answer, PROBE_NOT_YET, "%s port %lld: %s", t->s->host, (long long)t->s->port,
		   strerrordesc_np(error));
}

static void judge_banner(struct probe_try *t, bool ended)
{
	enum regex_result r = regex_match(t->s->banner, buf_text(&t->banner), t->banner.len);
	AUTO_BUF shown = BUF_INIT(1024);

	if (r != REGEX_YES && !ended)
		return; /* the rest may still come */
	say_quoted(&shown, buf_text(&t->banner), t->banner.len);
	if (r == REGEX_YES)
		answer_set(&t->answer, PROBE_PASS, "the server says %s", buf_text(&shown));
	else if (t->banner.len)
		answer_set(&t->answer, PROBE_NOT_YET, "the server says %s, expected a match of '%s'",
			   buf_text(&shown), t->s->expect);
	else
		answer_set(&t->answer, PROBE_NOT_YET, "the connection was closed without a word");
	finish(t);
}

static void read_banner(struct probe_try *t)
{
	char data[1024];
	ssize_t n = recv(t->fd, data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(t, errno);
		finish(t);
		return;
	}
	buf_add(&t->banner, data, (size_t)n);
	judge_banner(t, n == 0 || t->banner.full);
}

static void connect_next(struct probe_try *t);

static void connected(struct probe_try *t)
{
	t->connected = true;
	if (t->s->banner) {
		loop_io_change(t->io, EPOLLIN);
		return;
	}
	answer_set(&t->answer, PROBE_PASS, "%s port %lld accepts connections", t->s->host,
		   (long long)t->s->port);
	finish(t);
}

static void on_ready(void *arg, int fd, uint32_t events)
{
	struct probe_try *t = arg;
	socklen_t n = sizeof(int);
	int error = 0;

	(void)events;
	if (t->connected) {
		read_banner(t);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
	if (!error) {
		connected(t);
		return;
	}
	fail(t, error);
	connect_next(t);
}

static int connect_to(struct probe_try *t, const struct address *a)
{
	close_socket(t);
	t->fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return -1;
	if (connect(t->fd, (const struct sockaddr *)&a->name, a->n) < 0 && errno != EINPROGRESS)
		return -1;
	t->io = loop_io_add(t->loop, t->fd, EPOLLOUT, on_ready, t, NULL);
	return t->io ? 0 : -1;
}

/* One address after the other; the last failure is the reason. */
static void connect_next(struct probe_try *t)
{
	while (t->at < t->n_addresses) {
		if (connect_to(t, &t->addresses[t->at++]) == 0)
			return;
		fail(t, errno);
	}
	finish(t);
}

static void on_resolved(void *arg, const struct addrinfo *list, const char *reason)
{
	struct probe_try *t = arg;

	t->resolve = NULL;
	if (reason)
		answer_set(&t->answer, PROBE_NOT_YET, "%s", reason);
	for (; list && t->n_addresses < ARRAY_LEN(t->addresses); list = list->ai_next) {
		struct address *a = &t->addresses[t->n_addresses++];

		memcpy(&a->name, list->ai_addr, list->ai_addrlen);
		a->n = list->ai_addrlen;
	}
	connect_next(t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);
	const struct tcp_probe *s = settings;
	AUTO_FREE char *port = mem_printf("%lld", (long long)s->port);

	*t = (struct probe_try){
		.s = s, .loop = l, .fd = -1, .banner = BUF_INIT(BANNER_MAX), .done = done, .arg = arg
	};
	answer_init(&t->answer);
	t->resolve = resolve_start(l, s->host, port, on_resolved, t);
	return t;
}

static const char *waits_for(const struct probe_try *t)
{
	return t->resolve     ? "the name does not resolve"
	       : t->connected ? "connected, but no banner"
			      : "no connection";
}

const struct probe_kind probe_kind_tcp = {
	.name = "tcp",
	.help = "connects to a port, which by itself proves little: many servers listen long before they "
		"answer",
	.keys = keys,
	.size = sizeof(struct tcp_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
	.waits_for = waits_for,
};
