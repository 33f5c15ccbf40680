/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule explains: which lines are like ones before. */
#include <string.h>

#include "base/str.h"
#include "verdict/track.h"

/* FNV-1a over what is left when digits are taken away: equal lines but for their numbers are equal. */
static uint64_t shape(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < len; i++) {
		if (str_digit(text[i]))
			continue;
		h = (h ^ (unsigned char)text[i]) * 1099511628211U;
	}
	return h;
}

bool track_is_new(struct track *t, const char *text, size_t len)
{
	uint64_t h = shape(text, len);

	for (size_t i = 0; i < TRACK_SHAPES; i++)
		if (t->shapes[i] == h)
			return false;
	t->shapes[t->next_shape++ % TRACK_SHAPES] = h;
	return true;
}

void track_unexplained(struct track *t, const struct sighting *x)
{
	size_t len;
	const char *text = reason_headline(x->text, x->len, &len);
	uint64_t h = shape(text, len);
	struct outcome_unexplained *u;

	t->records++;
	t->n_unexplained_records++;
	for (size_t i = 0; i < t->n_unexplained; i++) {
		if (t->unexplained_shapes[i] != h)
			continue;
		t->unexplained[i].count++;
		return;
	}
	if (t->n_unexplained == TRACK_UNEXPLAINED_MAX)
		return;
	t->unexplained_shapes[t->n_unexplained] = h;
	u = ARRAY_ADD(t->unexplained, t->n_unexplained, t->room_unexplained);
	u->count = 1;
	u->text = mem_strndup(text, len);
	u->source = mem_strdup(t->name);
	u->file = mem_strdup(x->file);
	u->line = x->line;
}
