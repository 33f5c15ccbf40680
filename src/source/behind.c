/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "source/follow.h"
#include "source/siblings.h"

static const int64_t TICK = 10 * CLOCK_MS; /* what a file system's clock may be behind */

static void say_problem(struct follow *f, const char *text)
{
	if (!str_eq(f->problem, text))
		source_tell_gap(&f->base, "%s", text);
	mem_replace(&f->problem, text);
}

static bool may_be_between(void *arg, const struct sibling *s)
{
	const struct follow *f = arg;

	return (s->id.born ? s->id.born : s->written) >= f->seen_at - TICK && !follow_knows(f, &s->id);
}

static bool is_copy(const struct follow *f, int fd)
{
	for (size_t i = 0; i < f->n; i++)
		if (generation_matches(f->gens[i], fd))
			return true;
	return false;
}

static bool take_sibling(struct follow *f, struct sibling *s, size_t at)
{
	struct generation *g;

	if (s->fd < 0) {
		source_tell_gap(&f->base, "%s: %s; it may be a part of the log", s->path,
				strerrordesc_np(s->error));
		return true;
	}
	if (is_copy(f, s->fd))
		return false;
	g = generation_new(s->fd, s->path, NULL);
	s->fd = -1;
	if (!g)
		return false;
	follow_watch(f, g);
	follow_insert(f, at, g);
	return true;
}

unsigned follow_find_between(struct follow *f, const char *path, size_t at)
{
	AUTO_SIBLINGS all = { 0 };
	unsigned found = 0;

	siblings_find(&all, path, may_be_between, f);
	for (size_t i = 0; i < all.n; i++) {
		size_t before = f->n;

		found += take_sibling(f, &all.items[i], at);
		at += f->n - before;
	}
	return found;
}

/* A file that was written anew with all that we had read, and replaced it (rsync, an editor). */
static bool replaces(const struct follow *f, const struct generation *g)
{
	struct stat st;

	return f->n == 1 && f->gens[0]->offset >= GENERATION_HEAD && fstat(f->gens[0]->fd, &st) == 0 &&
	       st.st_nlink == 0 && generation_matches(f->gens[0], g->fd);
}

static void replace(struct follow *f, struct generation *g)
{
	generation_seek(g, f->gens[0]->offset);
	hints_drop(f->hints, f->gens[0]->wd);
	generation_free(f->gens[0]);
	f->gens[0] = g;
}

/* Another file is behind the name.  Returns how many arrivals that explains. */
static unsigned queue_file(struct follow *f, struct generation *g)
{
	bool first = f->n == 0 && f->n_left == 0, none = f->n == 0;
	unsigned between = 0;

	if (replaces(f, g)) {
		replace(f, g);
	} else if (!follow_take_back(f, g)) {
		follow_insert(f, f->n, g);
		if (!first || f->arrivals > 1)
			between = follow_find_between(f, f->target, f->n - 1);
	}
	follow_watch(f, follow_newest(f));
	if (none && !first && f->gens[0]->offset == 0)
		follow_begin(f);
	return f->old_target ? 1 : 1 + between; /* nobody told of arrivals where the link did not lead yet */
}

static int open_failed(const struct follow *f, const struct stat *st, int error, struct err *e)
{
	if (error == ENOENT)
		return -1;
	if (error == EACCES && st)
		return err_set(e, "%s: Permission denied (owner %u, mode %04o)", f->path, st->st_uid,
			       st->st_mode & 07777);
	return err_set(e, "%s: %s", f->path, strerrordesc_np(error));
}

static int open_path(const struct follow *f, struct err *e)
{
	struct identity id;
	struct stat st;
	int fd;

	if (identity_of_path(AT_FDCWD, f->path, true, &id, &st) < 0)
		return open_failed(f, NULL, errno, e);
	if (generation_kind(f->path, st.st_mode, e) < 0)
		return -1;
	fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? open_failed(f, &st, errno, e) : fd;
}

struct generation *follow_open(struct follow *f, struct err *e)
{
	int fd;

	e->text[0] = '\0';
	fd = open_path(f, e);
	return fd < 0 ? NULL : generation_new(fd, f->path, e);
}

static unsigned find_another(struct follow *f)
{
	struct err e;
	struct generation *g = follow_open(f, &e);

	if (!g) {
		if (e.text[0])
			say_problem(f, e.text);
		return 1;
	}
	mem_replace(&f->problem, NULL);
	if (!follow_queued(f, &g->id))
		return queue_file(f, g);
	generation_free(g); /* two have swapped names: its turn comes again when it was left */
	return 1;
}

/* On overlayfs a file that was opened before its first write stays the old one for who opened it. */
static void reopen(struct follow *f, struct generation *g)
{
	int fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct identity id;
	struct stat st;

	if (fd < 0)
		return;
	if (identity_of_fd(fd, &id, &st) < 0 || !generation_is(g, &id)) {
		close(fd);
		return;
	}
	close(g->fd);
	g->fd = fd;
	g->id = id;
	follow_watch(f, g);
}

static unsigned find_same(struct follow *f, struct generation *g, uint64_t size)
{
	mem_replace(&f->problem, NULL);
	if (!g->stream && generation_size(g) < size)
		reopen(f, g);
	return 1;
}

static unsigned find_nothing(struct follow *f, int error)
{
	AUTO_FREE char *text = mem_printf("%s: %s", f->path, strerrordesc_np(error));

	if (error != ENOENT)
		say_problem(f, text);
	return f->arrivals ? follow_find_between(f, f->target, f->n) : 0;
}

/* The link was turned: what its target had become by then comes before what it leads to now. */
static unsigned find_old_target(struct follow *f)
{
	unsigned found = follow_find_between(f, f->old_target, f->n);
	struct generation *g;
	int fd = -1;

	if (!str_eq(f->old_target, f->path))
		fd = open(f->old_target, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	g = fd < 0 ? NULL : generation_new(fd, f->old_target, NULL);
	if (!g || follow_knows(f, &g->id)) {
		generation_free(g);
		return found;
	}
	follow_insert(f, f->n, g);
	follow_watch(f, g);
	return found + 1;
}

static void note_deleted(struct generation *g)
{
	struct stat st;

	if (g->deleted || fstat(g->fd, &st) < 0 || st.st_nlink)
		return;
	g->deleted = true;
	g->size_then = (uint64_t)st.st_size;
}

/* The name came to be another file's more often than files were found: some were gone before. */
static void judge_arrivals(struct follow *f, unsigned found, bool fresh)
{
	unsigned missing = f->arrivals > found + f->early ? f->arrivals - found - f->early : 0;

	if (missing)
		source_tell_gap(&f->base, "%s: %u %s had this name and %s gone before it could be read",
				f->path, missing, missing > 1 ? "files" : "file",
				missing > 1 ? "were" : "was");
	f->early = fresh && found > f->arrivals ? found - f->arrivals : 0;
	f->arrivals = 0;
}

void follow_find(struct follow *f)
{
	struct generation *last = follow_newest(f);
	int64_t now = clock_wall();
	struct identity id;
	struct stat st;
	bool there = identity_of_path(AT_FDCWD, f->path, true, &id, &st) == 0;
	int error = errno;
	bool same = there && last && generation_is(last, &id);
	unsigned found = 0;

	if (last && !same)
		note_deleted(last);
	if (f->old_target && f->n)
		found = find_old_target(f);
	if (same)
		found += find_same(f, last, (uint64_t)st.st_size);
	else if (there)
		found += find_another(f);
	else
		found += find_nothing(f, error);
	judge_arrivals(f, found, !same);
	if (there)
		f->seen_at = now;
}
