/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a log by its name.  A look takes these steps, and each of them may be repeated at any time: find
 * what is behind the name now and queue it; read on in the first of the queue; move on to the next when the
 * first is at its end, was quiet for a while and a later one has something to say.
 */
#include "source/file.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "source/follow.h"
#include "source/siblings.h"

enum {
	ROOM = GENERATION_TAIL + SOURCE_CHUNK,
	ROOM_WRITTEN = GENERATION_TAIL + (8 << 10), /* of what was written since the latest event */
};
static const int64_t GRACE = CLOCK_SECOND; /* for a writer that goes on in a rotated file */

/* ---- a file that was emptied ---- */

static bool may_be_copy(void *arg, const struct sibling *s)
{
	const struct follow *f = arg;

	return s->size >= f->gens[0]->offset && !follow_knows(f, &s->id);
}

/* What copytruncate made of the first of the queue: it begins and goes on as that one did. */
static struct generation *find_copy(struct follow *f)
{
	AUTO_SIBLINGS all = { 0 };
	struct generation *g = NULL;

	siblings_find(&all, f->target, may_be_copy, f);
	for (size_t i = all.n; i-- > 0 && !g;) {
		struct sibling *s = &all.items[i];

		if (s->fd < 0 || !generation_matches(f->gens[0], s->fd))
			continue;
		g = generation_new(s->fd, s->path, NULL);
		s->fd = -1;
	}
	if (g) {
		generation_seek(g, f->gens[0]->offset);
		g->finished = true;
	}
	return g;
}

/*
 * The bytes that were read are no longer there: the file was emptied, and perhaps written to since.  Whether
 * others were lost with them is known only if there is a copy; next best is that all was read before and
 * little has come since.
 */
static void start_over(struct follow *f)
{
	struct generation *g = f->gens[0], *copy = find_copy(f);
	bool all_read = g->at_end && g->size_seen <= g->offset;
	uint64_t size = generation_size(g), read = g->offset;
	bool cut = size >= GENERATION_HEAD && generation_begins_same(g);

	if (copy)
		source_tell_notice(&f->base, "%s was truncated; reading the rest of it from %s", g->name,
				   copy->name);
	else if (all_read && size < read && !cut)
		source_tell_notice(&f->base, "%s was truncated after its %llu bytes had been read", g->name,
				   (unsigned long long)read);
	else
		source_tell_gap(
			&f->base, "%s was %s after %llu bytes, more may have been lost; reading it anew",
			g->name, size < read ? "truncated" : "written over", (unsigned long long)read);
	if (copy)
		follow_insert(f, 0, copy);
	follow_find_between(f, f->target, copy ? 1 : 0); /* it may have been emptied twice */
	generation_seek(g, 0);
	g->size_seen = 0;
	if (f->gens[0] != copy)
		follow_begin(f);
}

/* ---- reading ---- */

static void deliver(struct follow *f, struct generation *g, const char *data, size_t n)
{
	f->spent += n ? n : SOURCE_CHUNK;
	if (g->skipped && n) {
		source_tell_notice(&f->base, "%s: skipped %llu zero bytes that nobody wrote", g->name,
				   (unsigned long long)g->skipped);
		g->skipped = 0;
	}
	if (g->deleted && !g->deleted_said && g->offset > g->size_then) {
		source_tell_notice(&f->base, "%s was deleted, but somebody goes on writing to it", g->name);
		g->deleted_said = true;
	}
	if (!n)
		return;
	f->fresh = true;
	source_tell_bytes(&f->base, data, n);
}

static void note_superseded(struct follow *f)
{
	bool later = false;

	for (size_t i = f->n; i-- > 0;) {
		struct generation *g = f->gens[i];

		if (!later)
			g->superseded_at = 0;
		else if (!g->superseded_at)
			g->superseded_at = clock_mono();
		later |= i > 0 && generation_has_more(g);
	}
}

/* At the end of the first: whether nobody will write to it any more, as far as one can tell. */
static bool may_leave(struct follow *f)
{
	struct generation *g = f->gens[0];
	int64_t due;

	if (f->n < 2)
		return false;
	if (g->finished)
		return true;
	note_superseded(f);
	if (!g->superseded_at)
		return false;
	due = (g->read_at > g->superseded_at ? g->read_at : g->superseded_at) + f->grace;
	if (f->base.draining || clock_mono() >= due)
		return true;
	hints_at(f->hints, due);
	return false;
}

/* It had more when it was seen before, while its turn had not come. */
static void check_shrunk(struct follow *f, struct generation *g)
{
	uint64_t size = g->size_seen > g->offset ? generation_size(g) : g->size_seen;

	if (size < g->size_seen)
		source_tell_gap(&f->base, "%s was truncated from %llu to %llu bytes before they were read",
				g->name, (unsigned long long)g->size_seen, (unsigned long long)size);
	g->size_seen = size;
}

static void read_failed(struct follow *f, int error)
{
	if (error != f->read_error)
		source_tell_gap(&f->base, "%s: read: %s", f->gens[0]->name, strerrordesc_np(error));
	f->read_error = error;
	if (error == ESTALE)
		follow_leave(f); /* its name may lead to it again */
}

/* One step; false when there is nothing more to do now. */
static bool read_step(struct follow *f, char *buf)
{
	struct generation *g = f->gens[0];
	const char *data;
	size_t n = 0;

	switch (generation_read(g, buf, ROOM, &data, &n)) {
	case GENERATION_BYTES:
		f->read_error = 0;
		deliver(f, g, data, n);
		return true;
	case GENERATION_CHANGED:
		start_over(f);
		return true;
	case GENERATION_FAILED:
		read_failed(f, errno);
		return false;
	case GENERATION_END:
		check_shrunk(f, g);
		if (!may_leave(f))
			return false;
		follow_leave(f);
		return f->n > 0;
	}
	return false;
}

/* How much is there now: the bound for draining what somebody may be filling without end. */
static uint64_t there(struct follow *f)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < f->n; i++)
		if (generation_has_more(f->gens[i]))
			sum += f->gens[i]->stream ? SOURCE_SLICE
						  : generation_size(f->gens[i]) - f->gens[i]->offset;
	return sum;
}

/*
 * Reads what was written to the one file that there is.  False: that was not all, or the file is not what it
 * was.
 */
static bool read_written(struct follow *f)
{
	struct generation *g = f->gens[0];
	AUTO_FREE char *buf = mem_check(malloc(ROOM_WRITTEN));
	const char *data;
	size_t n = 0;

	if (!generation_begins_same(g))
		return false;
	switch (generation_read(g, buf, ROOM_WRITTEN, &data, &n)) {
	case GENERATION_BYTES:
		f->read_error = 0;
		deliver(f, g, data, n);
		return g->at_end;
	case GENERATION_END:
		return true;
	case GENERATION_CHANGED:
	case GENERATION_FAILED:
		break;
	}
	return false;
}

/* False: the slice is spent, and there may be more. */
static bool read_on(struct follow *f)
{
	AUTO_FREE char *buf = mem_check(malloc(ROOM));
	uint64_t slice = SOURCE_SLICE;
	bool extended = false;

	if (f->n && !generation_begins_same(f->gens[0]))
		start_over(f);
	while (f->n && !f->base.freed && read_step(f, buf)) {
		if (f->spent < slice)
			continue;
		if (!f->base.draining || extended)
			return false;
		slice = f->spent + there(f) + 1; /* so that the end is seen, too */
		extended = true;
	}
	return true;
}

static bool all_delivered(struct follow *f)
{
	return f->n && f->gens[0]->at_end && !f->gens[0]->superseded_at;
}

static void look_at_all(struct follow *f)
{
	hints_poll(f->hints);
	follow_arm(f);
	if (f->first_gap)
		source_tell_gap(&f->base, "%s", f->first_gap);
	mem_replace(&f->first_gap, NULL);
	follow_find(f);
	if (!read_on(f))
		hints_at(f->hints, 0);
	follow_check_left(f);
}

/*
 * Most looks are for bytes alone.  What becomes of the name, of files that were left and of folders further
 * up is looked at when an event tells of it, before anything is decided, and once a second.
 */
static void file_look(struct source *s)
{
	struct follow *f = (struct follow *)s;
	bool written = f->why == HINT_WRITTEN && !s->draining && follow_told(f);

	f->why = HINT_NONE;
	f->spent = 0;
	if (!written || !read_written(f) || s->draining)
		look_at_all(f);
	hints_spent(f->hints, f->spent);
	if (!f->fresh || !all_delivered(f))
		return;
	f->fresh = false;
	source_tell_idle(s);
}

/* ---- life ---- */

static void on_hint(void *arg, enum hint why)
{
	struct follow *f = arg;

	f->why = why;
	source_look(&f->base);
}

static void file_free(struct source *s)
{
	struct follow *f = (struct follow *)s;

	hints_free(f->hints);
	for (size_t i = 0; i < f->n; i++)
		generation_free(f->gens[i]);
	for (size_t i = 0; i < f->n_left; i++)
		generation_free(f->left[i]);
	for (size_t i = 0; i < N_PLACES; i++)
		free(f->places[i].name);
	free(f->gens);
	free(f->left);
	free(f->path);
	free(f->target);
	free(f->old_target);
	free(f->problem);
	free(f->first_gap);
	free(f);
}

static const struct source_ops file_ops = { .look = file_look, .free = file_free };

static struct follow *follow_new(struct loop *l, const char *path, const struct source_events *ev, void *arg)
{
	struct follow *f = new0(struct follow);

	source_init(&f->base, &file_ops, ev, arg);
	f->hints = hints_new(l, on_hint, follow_event, f);
	f->path = mem_strdup(path);
	f->grace = GRACE;
	f->seen_at = clock_wall();
	for (size_t i = 0; i < N_PLACES; i++)
		f->places[i].wd = -1;
	return f;
}

/* What is there at the beginning; NULL with an empty text where nothing is. */
static struct generation *first(struct follow *f, struct err *e)
{
	struct generation *g;

	follow_arm(f);
	g = follow_open(f, e);
	if (!g)
		return NULL;
	follow_insert(f, 0, g);
	follow_watch(f, g);
	return g;
}

static struct source *ready(struct follow *f, const struct err *e, struct err *out)
{
	hints_at(f->hints, 0);
	if (!e->text[0])
		return &f->base;
	err_set(out, "%s", e->text);
	file_free(&f->base);
	return NULL;
}

struct source *source_file_new(struct loop *l, const char *path, enum source_from from,
			       const struct source_events *ev, void *arg, struct err *e)
{
	struct follow *f = follow_new(l, path, ev, arg);
	struct err why;
	struct generation *g = first(f, &why);

	if (g && from == SOURCE_FROM_END && !g->stream)
		generation_seek(g, generation_size(g));
	return ready(f, &why, e);
}

struct source *source_file_new_at(struct loop *l, const char *path, uint64_t offset,
				  const struct source_events *ev, void *arg, struct err *e)
{
	struct follow *f = follow_new(l, path, ev, arg);
	struct err why;
	struct generation *g = first(f, &why);

	if (g && !g->stream && generation_size(g) >= offset)
		generation_seek(g, offset);
	else if (g && !g->stream)
		f->first_gap = mem_printf("%s became shorter than %llu bytes; reading it anew", path,
					  (unsigned long long)offset);
	return ready(f, &why, e);
}

void source_file_set_grace(struct source *s, int64_t grace)
{
	((struct follow *)s)->grace = grace;
}
