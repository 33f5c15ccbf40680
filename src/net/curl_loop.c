/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl_loop.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/mem.h"

struct curl_loop {
	struct curl_loop *next;
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	int holders;
};

static struct curl_loop *all;

static void tell_ended(struct curl_loop *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left))) {
		struct curl_transfer *t = NULL;
		CURLcode result = m->data.result;
		CURL *easy = m->easy_handle;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(c->multi, easy); /* m is gone with it */
		t->done(t->arg, result);
	}
}

static void act(struct curl_loop *c, curl_socket_t fd, int what)
{
	int running;

	c->holders++; /* the last transfer may end and let go of us in here */
	curl_multi_socket_action(c->multi, fd, what, &running);
	tell_ended(c);
	curl_loop_put(c);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(void *arg, int fd, uint32_t events)
{
	int what = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	act(arg, fd, what);
}

static int socket_fn(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct curl_loop *c = arg;
	struct loop_io *io = assigned;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_io_free(io);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (io) {
		loop_io_change(io, events);
		return 0;
	}
	io = loop_io_add(c->loop, fd, events, on_socket, c, NULL);
	if (io)
		curl_multi_assign(c->multi, fd, io);
	return io ? 0 : -1;
}

static int timer_fn(CURLM *multi, long ms, void *arg)
{
	struct curl_loop *c = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_off(c->timer);
	else
		loop_timer_at(c->timer, clock_mono() + ms * CLOCK_MS);
	return 0;
}

int curl_loop_init(struct err *e)
{
	static bool done;
	CURLcode rc;

	if (done)
		return 0;
	if (libcurl_load(e) < 0)
		return -1;
	rc = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (rc != CURLE_OK)
		return err_set(e, "libcurl: %s", curl_easy_strerror(rc));
	done = true;
	return 0;
}

static struct curl_loop *make(struct loop *l)
{
	struct curl_loop *c = new0(struct curl_loop);

	c->loop = l;
	c->multi = mem_check(curl_multi_init());
	c->timer = loop_timer_new(l, on_timer, c);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_fn);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_fn);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	c->next = all;
	all = c;
	return c;
}

struct curl_loop *curl_loop_get(struct loop *l, struct err *e)
{
	struct curl_loop *c = all;

	if (curl_loop_init(e) < 0)
		return NULL;
	while (c && c->loop != l)
		c = c->next;
	if (!c)
		c = make(l);
	c->holders++;
	return c;
}

void curl_loop_put(struct curl_loop *c)
{
	struct curl_loop **at = &all;

	if (!c || --c->holders > 0)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	curl_multi_cleanup(c->multi); /* may still turn off the timer */
	loop_timer_free(c->timer);
	free(c);
}

int curl_loop_add(struct curl_loop *c, struct curl_transfer *t, struct err *e)
{
	CURLMcode rc;

	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	rc = curl_multi_add_handle(c->multi, t->easy);
	return rc == CURLM_OK ? 0 : err_set(e, "libcurl: %s", curl_multi_strerror(rc));
}

void curl_loop_remove(struct curl_loop *c, struct curl_transfer *t)
{
	curl_multi_remove_handle(c->multi, t->easy);
}
