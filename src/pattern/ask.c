/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/ask.h"

#include <string.h>

struct ask {
	const struct pattern **patterns;
	size_t n_patterns;
	struct regex **errors;
	size_t n_errors;
	struct prefilter *filter;
	struct prefilter_scratch *scratch;
	bool *always;	    /* by id: nothing is known of what the pattern needs */
	bool *candidate;    /* by id: a literal of it occurs in the record asked about */
	size_t n_ids, next;
	bool can_skim;
};

static bool no_prefilter;

void ask_without_prefilter(void)
{
	no_prefilter = true;
}

/* ---- building: ids are those of the patterns, then of the errors, then of what recognises other sets ---- */

/*
 * In a raw block a line end may be two bytes, and prefixes may stand behind it: of a literal that holds one, only the
 * longest part without counts.
 */
static void cut_at_line_ends(struct literal *l)
{
	size_t best = 0, best_len = 0;

	for (size_t i = 0, from = 0; i <= l->n; i++) {
		bool end = i == l->n || l->at[i] == '\n' || l->at[i] == '\r' || l->at[i] >= LITERAL_ANY;

		if (!end)
			continue;
		if (i - from > best_len) {
			best = from;
			best_len = i - from;
		}
		from = i + 1;
	}
	memmove(l->at, l->at + best, best_len * sizeof(l->at[0]));
	l->n = (uint16_t)best_len;
}

static bool holds_line_end(const struct literals *l, const struct literal *one)
{
	for (size_t i = 0; i < one->n; i++) {
		struct byteset b = literal_bytes(l->classes, one->at[i]);

		if (byteset_has(&b, '\n') || byteset_has(&b, '\r'))
			return true;
	}
	return false;
}

static void prepare(struct literals *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!holds_line_end(l, &l->of[i]))
			continue;
		cut_at_line_ends(&l->of[i]);
		if (l->of[i].n == 0 || holds_line_end(l, &l->of[i]))
			l->n = 0;
	}
}

static void add(struct ask *a, uint32_t id, const struct regex *r)
{
	struct literals l;

	literals_of(regex_text(r), strlen(regex_text(r)), regex_options(), &l);
	prepare(&l);
	a->always[id] = l.n == 0;
	a->can_skim &= l.n > 0;
	if (l.n)
		prefilter_add(a->filter, id, &l);
}

static size_t count_ids(struct set *const *sets, size_t n, const struct library *recognise)
{
	size_t ids = 0;

	for (size_t i = 0; i < n; i++)
		ids += sets[i]->n_patterns + sets[i]->n_error;
	for (size_t i = 0; recognise && i < library_count(recognise); i++)
		ids += library_at(recognise, i)->n_detect;
	return ids;
}

static void add_detects(struct ask *a, const struct library *l, size_t id)
{
	for (size_t i = 0; l && i < library_count(l); i++)
		for (size_t k = 0; k < library_at(l, i)->n_detect; k++)
			add(a, (uint32_t)id++, library_at(l, i)->detect[k]);
}

struct ask *ask_new(struct set *const *sets, size_t n, const struct library *recognise)
{
	struct ask *a = new0(struct ask);
	size_t max = count_ids(sets, n, recognise), id = 0;

	a->always = mem_zero(max, sizeof(bool));
	a->candidate = mem_zero(max, sizeof(bool));
	a->patterns = mem_zero(max, sizeof(struct pattern *));
	a->errors = mem_zero(max, sizeof(struct regex *));
	a->n_ids = max;
	a->can_skim = !no_prefilter;
	a->filter = prefilter_new();
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sets[i]->n_patterns; k++) {
			a->patterns[a->n_patterns++] = &sets[i]->patterns[k];
			add(a, (uint32_t)id++, sets[i]->patterns[k].regex);
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sets[i]->n_error; k++) {
			a->errors[a->n_errors++] = sets[i]->error[k];
			add(a, (uint32_t)id++, sets[i]->error[k]);
		}
	}
	add_detects(a, recognise, id);
	prefilter_build(a->filter);
	a->scratch = prefilter_scratch_new(a->filter);
	return a;
}

void ask_free(struct ask *a)
{
	if (!a)
		return;
	prefilter_scratch_free(a->scratch);
	prefilter_free(a->filter);
	free(a->patterns);
	free(a->errors);
	free(a->always);
	free(a->candidate);
	free(a);
}

/* ---- asking ---- */

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	struct ask *a = arg;

	(void)start;
	(void)end;
	a->candidate[id] = true;
	return SIZE_MAX;
}

void ask_about(struct ask *a, const char *text, size_t len)
{
	memcpy(a->candidate, a->always, a->n_ids * sizeof(bool));
	a->next = 0;
	if (no_prefilter)
		memset(a->candidate, true, a->n_ids * sizeof(bool));
	else
		prefilter_scan(a->scratch, text, len, on_hit, a);
}

const struct pattern *ask_next(struct ask *a)
{
	while (a->next < a->n_patterns) {
		size_t id = a->next++;

		if (a->candidate[id])
			return a->patterns[id];
	}
	return NULL;
}

bool ask_is_error(const struct ask *a, const char *text, size_t len)
{
	for (size_t i = 0; i < a->n_errors; i++)
		if (a->candidate[a->n_patterns + i] && regex_match(a->errors[i], text, len) == REGEX_YES)
			return true;
	return false;
}

bool ask_can_skim(const struct ask *a)
{
	return a->can_skim;
}

struct prefilter_scratch *ask_scratch(const struct ask *a)
{
	return a->scratch;
}
