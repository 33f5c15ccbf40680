/* SPDX-License-Identifier: Apache-2.0 */
#include "app/shifts.h"

#include <string.h>

#include "base/mem.h"

enum { FEW = 64 };

/* How many begin at this place or before it: the last of them holds there. */
static size_t n_until(const struct shifts *s, uint64_t file, uint64_t offset)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct shift_place *own = &s->items[mid].own;

		if (own->file < file || (own->file == file && own->offset <= offset))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void forget_before(struct shifts *s, const struct shift_place *oldest)
{
	size_t n = n_until(s, oldest->file, oldest->offset), old = n ? n - 1 : 0;

	if (old)
		memmove(s->items, s->items + old, (s->n - old) * sizeof(*s->items));
	s->n -= old;
	s->look_at = 2 * s->n + FEW; /* so that each is moved less than once on average */
}

static bool follows(const struct shift *last, const struct shift_place *own, const struct shift_place *real)
{
	return last->own.file == own->file &&
	       own->offset - last->own.offset == real->offset - last->real.offset &&
	       own->line - last->own.line == real->line - last->real.line;
}

void shifts_note(struct shifts *s, struct shift_place own, struct shift_place real, struct shift_place oldest)
{
	if (s->n && follows(&s->items[s->n - 1], &own, &real))
		return;
	if (s->n >= s->look_at)
		forget_before(s, &oldest);
	*ARRAY_ADD(s->items, s->n, s->room) = (struct shift){ own, real };
}

struct record shifts_placed(const struct shifts *s, const struct record *r)
{
	size_t n = n_until(s, r->file, r->offset);
	struct record out = *r;

	if (n) {
		const struct shift *at = &s->items[n - 1];

		out.offset = at->real.offset + (r->offset - at->own.offset);
		out.line = at->real.line + (r->line - at->own.line);
	}
	return out;
}

void shifts_clear(struct shifts *s)
{
	free(s->items);
	*s = (struct shifts){ 0 };
}
