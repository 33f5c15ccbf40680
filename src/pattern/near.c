/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/near.h"

#include <string.h>

enum {
	NEAR_MIN = 8,	/* characters that say something */
	NEAR_AHEAD = 6, /* and so many more than what many rules share: a level, a product's name */
	COMMON = 3,	/* so many are many */
};

struct trial {
	const struct pattern *pattern;
	struct regex_trace trace;
	size_t score;
};

struct near {
	struct trial *trials;
	size_t n, room;
	struct near_miss best[NEAR_MAX];
	size_t n_best;
};

struct near *near_new(struct set *const *sets, size_t n)
{
	struct near *near = new0(struct near);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sets[i]->n_patterns; k++)
			*ARRAY_ADD(near->trials, near->n, near->room) =
				(struct trial){ .pattern = &sets[i]->patterns[k] };
	return near;
}

static void forget(struct near *n)
{
	for (size_t i = 0; i < n->n_best; i++)
		free(n->best[i].text);
	n->n_best = 0;
}

void near_free(struct near *n)
{
	if (!n)
		return;
	forget(n);
	free(n->trials);
	free(n);
}

static void try(struct trial *t, const char *text, size_t len)
{
	t->score = 0;
	if (regex_match_once(t->pattern->regex, text, len) != REGEX_NO)
		return;
	regex_trace(t->pattern->regex, text, len, &t->trace);
	t->score = t->trace.run_len;
}

/* What so many rules reach that it tells none of them. */
static size_t common_score(const struct near *n)
{
	size_t best[COMMON + 1] = { 0 };

	for (size_t i = 0; i < n->n; i++) {
		size_t score = n->trials[i].score;

		for (size_t k = 0; k <= COMMON; k++) {
			if (score <= best[k])
				continue;
			memmove(&best[k + 1], &best[k], (COMMON - k) * sizeof(best[0]));
			best[k] = score;
			break;
		}
	}
	return best[COMMON];
}

static struct trial *nearest(struct near *n, size_t least)
{
	struct trial *best = NULL;

	for (size_t i = 0; i < n->n; i++)
		if (n->trials[i].score >= least && (!best || n->trials[i].score > best->score))
			best = &n->trials[i];
	return best;
}

static void keep(struct near *n, struct trial *t)
{
	n->best[n->n_best++] = (struct near_miss){
		.pattern = t->pattern,
		.text = mem_strndup(regex_text(t->pattern->regex) + t->trace.run_at, t->trace.run_len),
		.pattern_at = t->trace.pattern_at,
		.subject_at = t->trace.subject_at,
	};
	t->score = 0;
}

size_t near_misses(struct near *n, const char *text, size_t len, const struct near_miss **list)
{
	size_t least;
	struct trial *t;

	forget(n);
	for (size_t i = 0; i < n->n; i++)
		try(&n->trials[i], text, len);
	least = common_score(n) + NEAR_AHEAD;
	if (least < NEAR_MIN)
		least = NEAR_MIN;
	while (n->n_best < NEAR_MAX && (t = nearest(n, least)))
		keep(n, t);
	*list = n->best;
	return n->n_best;
}
