/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/str.h"
#include "source/follow.h"

static const uint32_t FILE_EVENTS = IN_MODIFY | IN_ATTRIB;
static const uint32_t FOLDER_EVENTS =
	IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

enum hint follow_event(void *arg, int wd, uint32_t mask, const char *name)
{
	struct follow *f = arg;
	bool written = false, any;

	for (size_t i = 0; i < f->n; i++) {
		if (f->gens[i]->wd != wd)
			continue;
		written = true;
		if (mask & IN_IGNORED)
			f->gens[i]->wd = -1;
	}
	any = written && mask != IN_MODIFY;
	for (struct place *p = f->places; p < f->places + N_PLACES; p++) {
		bool named = p->wd == wd && str_eq(p->name, name);

		if (p->wd != wd)
			continue;
		any |= named || (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED));
		if (named && p->leaf && (mask & (IN_CREATE | IN_MOVED_TO)))
			f->arrivals++;
		if (mask & IN_IGNORED)
			p->wd = -1;
	}
	return any ? HINT_ANY : written ? HINT_WRITTEN : HINT_NONE;
}

static bool place_told(const struct place *p)
{
	return p->wd >= 0 && p->leaf;
}

bool follow_told(const struct follow *f)
{
	bool link = !str_eq(f->target, f->path);

	return f->n == 1 && !f->linked_on && !f->gens[0]->stream && f->gens[0]->wd >= 0 &&
	       place_told(&f->places[PLACE_PATH]) && (!link || place_told(&f->places[PLACE_TARGET]));
}

static void forsake_place(struct follow *f, struct place *p)
{
	const struct place *other = p == f->places ? p + 1 : f->places;

	if (p->wd != other->wd)
		hints_drop(f->hints, p->wd);
	p->wd = -1;
}

/* Makes "a/b/c" the folder "a/b" and the name "c". */
static const char *split(char *path, const char **name)
{
	char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (!slash)
		return ".";
	if (slash == path)
		return "/";
	*slash = '\0';
	return path;
}

/* Watches the folder of path, or the nearest one that there is on the way to it. */
static void arm_place(struct follow *f, struct place *p, const char *path)
{
	AUTO_FREE char *at = mem_strdup(path);
	const char *name, *folder = split(at, &name);
	bool leaf = true;
	int wd;

	while ((wd = hints_add(f->hints, folder, FOLDER_EVENTS)) < 0 && errno == ENOENT && folder == at) {
		folder = split(at, &name);
		leaf = false;
	}
	if (wd != p->wd) {
		forsake_place(f, p);
		p->wd = wd;
		if (!leaf)
			hints_at(f->hints, 0); /* what was made on the way meanwhile was not told */
	}
	p->leaf = leaf;
	mem_replace(&p->name, name);
}

/* What path links to, seen from where we are; NULL if it is no link. */
static char *link_target(const char *path)
{
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n <= 0)
		return NULL;
	target[n] = '\0';
	if (target[0] == '/' || !slash)
		return mem_strdup(target);
	return mem_printf("%.*s%s", (int)(slash - path) + 1, path, target);
}

void follow_arm(struct follow *f)
{
	AUTO_FREE char *target = link_target(f->path);
	AUTO_FREE char *next = target ? link_target(target) : NULL;

	f->linked_on = next != NULL;
	arm_place(f, &f->places[PLACE_PATH], f->path);
	if (target)
		arm_place(f, &f->places[PLACE_TARGET], target);
	else
		forsake_place(f, &f->places[PLACE_TARGET]);
	mem_replace(&f->old_target, NULL);
	if (!str_eq(f->target, target ? target : f->path)) {
		f->old_target = f->target;
		f->target = mem_strdup(target ? target : f->path);
	}
}

void follow_watch(struct follow *f, struct generation *g)
{
	char self[64];
	int wd;

	/* by its descriptor, because the name may be another's by now */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", g->fd);
	wd = hints_add(f->hints, self, FILE_EVENTS);
	if (wd != g->wd)
		hints_drop(f->hints, g->wd);
	g->wd = wd;
}
