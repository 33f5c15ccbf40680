/* SPDX-License-Identifier: Apache-2.0 */
#include "source/hints.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "source/inside.h"

enum { EVENT_MAX = sizeof(struct inotify_event) + NAME_MAX + 1 };

struct use {
	int wd;
	struct hints *who;
};

/* What the followers of one loop share: made by the first, gone with the last. */
struct hub {
	struct hub *next;
	struct loop *loop;
	int fd; /* -1: no inotify */
	struct loop_io *io;
	struct loop_timer *timer;
	int64_t tick_at;
	struct hints **clients; /* NULL where one was freed while the hub was running */
	size_t n_clients, room_clients;
	size_t turn;  /* who is the first to look */
	size_t spent; /* bytes delivered in this round */
	struct use *uses;
	size_t n_uses, room_uses;
	bool running;
	bool said; /* that events are incomplete */
	char events[4096];
};

struct hints {
	struct hub *hub;
	hints_look_fn *look;
	hints_event_fn *event;
	void *arg;
	int64_t at; /* when to look; CLOCK_NEVER: when the second is over */
	enum hint why;
};

static struct hub *hubs;

static void say_once(struct hub *hub, const char *what)
{
	if (!hub->said)
		log_info("%s: %s; logs are looked at once a second", what, strerrordesc_np(errno));
	hub->said = true;
}

/* ---- events ---- */

static void drop_uses(struct hub *hub, int wd, const struct hints *who)
{
	size_t n = 0;

	for (size_t i = 0; i < hub->n_uses; i++)
		if (hub->uses[i].wd != wd || (who && hub->uses[i].who != who))
			hub->uses[n++] = hub->uses[i];
	hub->n_uses = n;
}

static void look_at(struct hints *h, int64_t at, enum hint why)
{
	if (at < h->at)
		h->at = at;
	if (why > h->why)
		h->why = why;
}

static void everybody_looks(struct hub *hub)
{
	for (size_t i = 0; i < hub->n_clients; i++)
		if (hub->clients[i])
			look_at(hub->clients[i], 0, HINT_ANY);
}

static void take_event(struct hub *hub, const struct inotify_event *ev, const char *name)
{
	if (ev->mask & IN_Q_OVERFLOW) {
		log_info("inotify: events were lost; looking at every log");
		everybody_looks(hub);
	}
	for (size_t i = 0; i < hub->n_uses; i++) {
		struct use *u = &hub->uses[i];
		enum hint what =
			u->wd == ev->wd ? u->who->event(u->who->arg, ev->wd, ev->mask, name) : HINT_NONE;

		if (what != HINT_NONE)
			look_at(u->who, 0, what);
	}
	if (ev->mask & IN_IGNORED)
		drop_uses(hub, ev->wd, NULL);
}

/* What a read leaves room for was not there: most often a single one tells all. */
static void take_events(struct hub *hub)
{
	const size_t room = sizeof(hub->events);
	ssize_t n = (ssize_t)room;

	while (hub->fd >= 0 && (size_t)n > room - EVENT_MAX && (n = read(hub->fd, hub->events, room)) > 0) {
		struct inotify_event ev;

		for (size_t at = 0; at < (size_t)n; at += sizeof(ev) + ev.len) {
			memcpy(&ev, hub->events + at, sizeof(ev));
			take_event(hub, &ev, ev.len ? hub->events + at + sizeof(ev) : "");
		}
	}
}

/* ---- turns ---- */

static void set_timer(struct hub *hub)
{
	int64_t at = hub->tick_at;

	for (size_t i = 0; i < hub->n_clients; i++)
		if (hub->clients[i] && hub->clients[i]->at < at)
			at = hub->clients[i]->at;
	loop_timer_at(hub->timer, at);
}

static void hub_free(struct hub *hub)
{
	struct hub **at = &hubs;

	while (*at != hub)
		at = &(*at)->next;
	*at = hub->next;
	loop_timer_free(hub->timer);
	loop_io_free(hub->io);
	if (hub->fd >= 0)
		close(hub->fd);
	free(hub->clients);
	free(hub->uses);
	free(hub);
}

static void forget_freed(struct hub *hub)
{
	size_t n = 0;

	for (size_t i = 0; i < hub->n_clients; i++)
		if (hub->clients[i])
			hub->clients[n++] = hub->clients[i];
	hub->n_clients = n;
	if (n == 0)
		hub_free(hub);
	else
		set_timer(hub);
}

/* Those whose time has come, until a slice is spent; who had no turn now is the first in the next round. */
static void take_turns(struct hub *hub, int64_t now)
{
	size_t n = hub->n_clients;

	hub->spent = 0;
	for (size_t i = 0; i < n && hub->spent < SOURCE_SLICE; i++) {
		struct hints *h = hub->clients[hub->turn++ % n];
		enum hint why = h ? h->why : HINT_NONE;

		if (!h || h->at > now)
			continue;
		h->at = CLOCK_NEVER;
		h->why = HINT_NONE;
		h->look(h->arg, why);
	}
}

static void run(struct hub *hub)
{
	int64_t now = clock_mono();

	hub->running = true;
	take_events(hub);
	if (now >= hub->tick_at) {
		everybody_looks(hub);
		hub->tick_at = now + CLOCK_SECOND;
	}
	take_turns(hub, now);
	hub->running = false;
	forget_freed(hub);
}

static void on_inotify(void *arg, int fd, uint32_t events)
{
	(void)fd, (void)events;
	run(arg);
}

static void on_timer(void *arg)
{
	run(arg);
}

/* ---- the hub and its clients ---- */

static void open_inotify(struct hub *hub)
{
	hub->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (hub->fd >= 0)
		hub->io = loop_io_add(hub->loop, hub->fd, EPOLLIN, on_inotify, hub, NULL);
	if (!hub->io)
		say_once(hub, "inotify");
}

static struct hub *hub_of(struct loop *l)
{
	struct hub *hub;

	for (hub = hubs; hub; hub = hub->next)
		if (hub->loop == l)
			return hub;
	hub = new0(struct hub);
	hub->next = hubs;
	hubs = hub;
	hub->loop = l;
	hub->timer = loop_timer_new(l, on_timer, hub);
	hub->tick_at = clock_mono() + CLOCK_SECOND;
	open_inotify(hub);
	return hub;
}

struct hints *hints_new(struct loop *l, hints_look_fn *look, hints_event_fn *event, void *arg)
{
	struct hints *h = new0(struct hints);
	struct hub *hub = hub_of(l);

	*h = (struct hints){ hub, look, event, arg, CLOCK_NEVER, HINT_NONE };
	*ARRAY_ADD(hub->clients, hub->n_clients, hub->room_clients) = h;
	set_timer(hub);
	return h;
}

void hints_free(struct hints *h)
{
	struct hub *hub;

	if (!h)
		return;
	hub = h->hub;
	for (size_t i = hub->n_uses; i-- > 0;)
		if (hub->uses[i].who == h)
			hints_drop(h, hub->uses[i].wd);
	for (size_t i = 0; i < hub->n_clients; i++)
		if (hub->clients[i] == h)
			hub->clients[i] = NULL;
	free(h);
	if (!hub->running)
		forget_freed(hub);
}

static bool in_use(const struct hub *hub, int wd, const struct hints *who)
{
	for (size_t i = 0; i < hub->n_uses; i++)
		if (hub->uses[i].wd == wd && (!who || hub->uses[i].who == who))
			return true;
	return false;
}

int hints_add(struct hints *h, const char *path, uint32_t mask)
{
	struct hub *hub = h->hub;
	int wd;

	if (hub->fd < 0) {
		errno = ENOSYS;
		return -1;
	}
	wd = inotify_add_watch(hub->fd, path, mask | IN_MASK_ADD);
	if (wd < 0 && (errno == ENOSPC || errno == ENOMEM))
		say_once(hub, "inotify");
	if (wd >= 0 && !in_use(hub, wd, h))
		*ARRAY_ADD(hub->uses, hub->n_uses, hub->room_uses) = (struct use){ wd, h };
	return wd;
}

void hints_drop(struct hints *h, int wd)
{
	if (wd < 0)
		return;
	drop_uses(h->hub, wd, h);
	if (!in_use(h->hub, wd, NULL))
		inotify_rm_watch(h->hub->fd, wd);
}

void hints_poll(struct hints *h)
{
	take_events(h->hub);
	if (!h->hub->running)
		set_timer(h->hub);
}

void hints_spent(struct hints *h, size_t n)
{
	h->hub->spent += n;
}

void hints_at(struct hints *h, int64_t at)
{
	look_at(h, at, HINT_ANY);
	if (!h->hub->running)
		set_timer(h->hub);
}
