/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/follow.h"

static const int64_t WATCH_LEFT = 60 * CLOCK_SECOND; /* how long one that was let go is looked at */
enum { LEFT_MAX = 32 };

struct generation *follow_newest(const struct follow *f)
{
	return f->n ? f->gens[f->n - 1] : NULL;
}

void follow_insert(struct follow *f, size_t at, struct generation *g)
{
	(void)ARRAY_ADD(f->gens, f->n, f->room);
	memmove(&f->gens[at + 1], &f->gens[at], (f->n - 1 - at) * sizeof(*f->gens));
	f->gens[at] = g;
}

bool follow_queued(const struct follow *f, const struct identity *id)
{
	for (size_t i = 0; i < f->n; i++)
		if (generation_is(f->gens[i], id))
			return true;
	return false;
}

bool follow_knows(const struct follow *f, const struct identity *id)
{
	for (size_t i = 0; i < f->n_left; i++)
		if (generation_is(f->left[i], id))
			return true;
	return follow_queued(f, id);
}

static void forget_left(struct follow *f, size_t i)
{
	generation_free(f->left[i]);
	f->n_left--;
	memmove(&f->left[i], &f->left[i + 1], (f->n_left - i) * sizeof(*f->left));
}

void follow_begin(struct follow *f)
{
	const struct generation *g = f->gens[0];

	if (g->offset)
		source_tell_notice(&f->base, "%s is back; reading goes on at its byte %llu", g->name,
				   (unsigned long long)g->offset);
	source_tell_next_file(&f->base, g->name);
}

void follow_leave(struct follow *f)
{
	struct generation *g = f->gens[0];

	f->n--;
	memmove(f->gens, f->gens + 1, f->n * sizeof(*f->gens));
	hints_drop(f->hints, g->wd);
	g->wd = -1;
	g->left_at = clock_mono();
	g->size_then = generation_size(g);
	if (f->n_left == LEFT_MAX)
		forget_left(f, 0);
	*ARRAY_ADD(f->left, f->n_left, f->room_left) = g;
	if (f->n)
		follow_begin(f);
}

void follow_check_left(struct follow *f)
{
	int64_t now = clock_mono();

	for (size_t i = 0; i < f->n_left; i++) {
		struct generation *g = f->left[i];
		uint64_t size;

		if (g->fd < 0)
			continue;
		size = generation_size(g);
		if (size > g->size_then)
			source_tell_gap(&f->base,
					"%s grew by %llu bytes after it had been rotated away and left",
					g->name, (unsigned long long)(size - g->size_then));
		if (size <= g->size_then && now - g->left_at < WATCH_LEFT)
			continue;
		close(g->fd);
		g->fd = -1;
	}
}

bool follow_take_back(struct follow *f, struct generation *g)
{
	for (size_t i = 0; i < f->n_left; i++) {
		struct generation *old = f->left[i];

		if (!generation_is(old, &g->id) || (old->fd < 0 && !generation_matches(old, g->fd)))
			continue;
		f->n_left--;
		memmove(&f->left[i], &f->left[i + 1], (f->n_left - i) * sizeof(*f->left));
		if (old->fd >= 0)
			close(old->fd);
		old->fd = g->fd;
		g->fd = -1;
		generation_free(g);
		old->superseded_at = 0;
		follow_insert(f, f->n, old);
		return true;
	}
	return false;
}
