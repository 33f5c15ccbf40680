/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/ask.h"

#include <string.h>

struct ask {
	const struct pattern **patterns;
	size_t n_patterns;
	struct regex **errors;
	size_t n_errors;
	struct detect {
		struct set *set;
		struct regex *regex;
	} * detects; /* of sets that are not active; several in a row may be of one set */
	size_t n_detects;
	struct prefilter *filter;
	struct prefilter_scratch *scratch;
	uint32_t *always; /* the ids of whose needs nothing is known */
	size_t n_always;
	uint32_t *waiting; /* as always, but their rules wait for others */
	size_t n_waiting;
	bool *candidate; /* by id: a literal of it occurs in the record asked about */
	uint32_t *hits;	 /* the candidates; in order as soon as the first rule is asked for */
	size_t n_hits, n_ids, next;
	bool in_order, can_skim;
	uint64_t in_vain, bearable; /* looks, since the filter was tuned to the log; how many it may be */
};

/* As long as it takes to tune it; the longer, the better it is already. */
enum { BEARABLE = 1 << 17, BEARABLE_GROWS = 16 };

static bool no_prefilter;

void ask_without_prefilter(void)
{
	no_prefilter = true;
}

/* ---- building: ids are those of the patterns, then of the errors, then of what recognises other sets ----
 */

static bool may_be_line_end(const struct literals *l, unsigned position)
{
	struct byteset b = literal_bytes(l->classes, position);

	return byteset_has(&b, '\n') || byteset_has(&b, '\r');
}

/* The longest run of positions that are no line end; false: there is none. */
static bool within_a_line(const struct literals *l, struct literal *one)
{
	size_t best = 0, longest = 0, from = 0;

	for (size_t i = 0; i <= one->n; i++) {
		if (i < one->n && !may_be_line_end(l, one->at[i]))
			continue;
		if (i - from > longest) {
			best = from;
			longest = i - from;
		}
		from = i + 1;
	}
	memmove(one->at, one->at + best, longest * sizeof(one->at[0]));
	one->n = (uint16_t)longest;
	return longest > 0;
}

/* In a raw block a line end may be two bytes, and prefixes may stand behind it: no literal may reach across.
 */
static void prepare(struct literals *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!within_a_line(l, &l->of[i]))
			l->n = 0;
}

static void needs(const struct regex *r, struct literals *out)
{
	literals_of(regex_text(r), strlen(regex_text(r)), regex_options(), out);
	prepare(out);
}

bool ask_is_costly(const struct regex *r)
{
	struct literals l;

	needs(r, &l);
	return l.n == 0;
}

static void add(struct ask *a, uint32_t id, const struct regex *r)
{
	struct literals l;

	needs(r, &l);
	a->can_skim &= l.n > 0;
	if (l.n)
		prefilter_add(a->filter, id, &l);
	else
		a->always[a->n_always++] = id;
}

static void add_pattern(struct ask *a, uint32_t id, const struct pattern *p)
{
	if (rule_waits(&p->rule) && ask_is_costly(p->regex))
		a->waiting[a->n_waiting++] = id;
	else
		add(a, id, p->regex);
}

static size_t n_detect(const struct library *l, size_t i)
{
	return library_head(l, i) ? library_head(l, i)->n_detect : 0;
}

static size_t count_ids(struct set *const *sets, size_t n, const struct library *recognise)
{
	size_t ids = 0;

	for (size_t i = 0; i < n; i++)
		ids += sets[i]->n_patterns + sets[i]->n_error;
	for (size_t i = 0; recognise && i < library_count(recognise); i++)
		ids += n_detect(recognise, i);
	return ids;
}

static bool is_among(struct set *const *sets, size_t n, const struct set *s)
{
	for (size_t i = 0; i < n; i++)
		if (sets[i] == s)
			return true;
	return false;
}

static void add_detect(struct ask *a, struct set *s, struct regex *r, uint32_t id)
{
	a->detects[a->n_detects++] = (struct detect){ s, r };
	add(a, id, r);
}

/* What is active already need not be recognised: its name stands in every other line. */
static void add_detects(struct ask *a, const struct library *l, struct set *const *sets, size_t n, size_t id)
{
	for (size_t i = 0; l && i < library_count(l); i++)
		for (size_t k = 0; k < n_detect(l, i) && !is_among(sets, n, library_head(l, i)); k++)
			add_detect(a, library_head(l, i), library_head(l, i)->detect[k], (uint32_t)id++);
}

struct ask *ask_new(struct set *const *sets, size_t n, const struct library *recognise)
{
	struct ask *a = new0(struct ask);
	size_t max = count_ids(sets, n, recognise), id = 0;

	a->always = mem_zero(max, sizeof(uint32_t));
	a->hits = mem_zero(max, sizeof(uint32_t));
	a->waiting = mem_zero(max, sizeof(uint32_t));
	a->candidate = mem_zero(max, sizeof(bool));
	a->patterns = mem_zero(max, sizeof(struct pattern *));
	a->errors = mem_zero(max, sizeof(struct regex *));
	a->detects = mem_zero(max, sizeof(*a->detects));
	a->n_ids = max;
	a->can_skim = !no_prefilter;
	a->filter = prefilter_new();
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sets[i]->n_patterns; k++) {
			a->patterns[a->n_patterns++] = &sets[i]->patterns[k];
			add_pattern(a, (uint32_t)id++, &sets[i]->patterns[k]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sets[i]->n_error; k++) {
			a->errors[a->n_errors++] = sets[i]->error[k];
			add(a, (uint32_t)id++, sets[i]->error[k]);
		}
	}
	add_detects(a, recognise, sets, n, id);
	prefilter_build(a->filter);
	a->scratch = prefilter_scratch_new(a->filter);
	a->bearable = BEARABLE;
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
	free(a->detects);
	free(a->always);
	free(a->hits);
	free(a->waiting);
	free(a->candidate);
	free(a);
}

/* ---- asking ---- */

void ask_begin(struct ask *a)
{
	for (size_t i = 0; i < a->n_hits; i++)
		a->candidate[a->hits[i]] = false;
	a->n_hits = a->next = 0;
	a->in_order = false;
	for (size_t i = 0; i < a->n_always; i++)
		ask_hit(a, a->always[i]);
}

void ask_hit(struct ask *a, uint32_t id)
{
	if (a->candidate[id])
		return;
	a->candidate[id] = true;
	a->hits[a->n_hits++] = id;
}

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	(void)start;
	(void)end;
	ask_hit(arg, id);
	return SIZE_MAX;
}

void ask_about(struct ask *a, const char *text, size_t len)
{
	ask_begin(a);
	if (no_prefilter)
		for (size_t id = 0; id < a->n_ids; id++)
			ask_hit(a, (uint32_t)id);
	else
		prefilter_scan(a->scratch, text, len, on_hit, a);
}

bool ask_may_recognise(const struct ask *a)
{
	for (size_t i = 0; i < a->n_hits; i++)
		if (a->hits[i] >= a->n_patterns + a->n_errors)
			return true;
	return false;
}

/* By insertion: there are few, and they are nearly in order. */
static void put_in_order(struct ask *a)
{
	for (size_t i = 1; i < a->n_hits; i++) {
		uint32_t id = a->hits[i];
		size_t k = i;

		for (; k > 0 && a->hits[k - 1] > id; k--)
			a->hits[k] = a->hits[k - 1];
		a->hits[k] = id;
	}
	a->in_order = true;
}

const struct pattern *ask_next(struct ask *a)
{
	if (!a->in_order)
		put_in_order(a);
	if (a->next == a->n_hits || a->hits[a->next] >= a->n_patterns)
		return NULL;
	return a->patterns[a->hits[a->next++]];
}

bool ask_is_error(const struct ask *a, const char *text, size_t len)
{
	for (size_t i = 0; i < a->n_hits; i++) {
		size_t id = a->hits[i];

		if (id >= a->n_patterns && id < a->n_patterns + a->n_errors &&
		    regex_match(a->errors[id - a->n_patterns], text, len) == REGEX_YES)
			return true;
	}
	return false;
}

struct set *ask_claim(struct ask *a, const char *line, size_t len, size_t *from)
{
	size_t first = a->n_patterns + a->n_errors;

	if (*from == 0) {
		ask_about(a, line, len);
		put_in_order(a);
	}
	while (*from < a->n_hits) {
		size_t id = a->hits[(*from)++];

		if (id >= first && id < first + a->n_detects &&
		    regex_match(a->detects[id - first].regex, line, len) == REGEX_YES)
			return a->detects[id - first].set;
	}
	return NULL;
}

size_t ask_waiting(const struct ask *a)
{
	return a->n_waiting;
}

const struct pattern *ask_waiting_pattern(const struct ask *a, size_t i, uint32_t *id)
{
	*id = a->waiting[i];
	return a->patterns[*id];
}

bool ask_can_skim(const struct ask *a)
{
	return a->can_skim;
}

void ask_tune(struct ask *a, uint64_t in_vain, const char *data, size_t n)
{
	struct prefilter *tuned;

	a->in_vain += in_vain;
	if (a->in_vain < a->bearable)
		return;
	tuned = prefilter_for(a->filter, data, n);
	prefilter_scratch_free(a->scratch);
	prefilter_free(a->filter);
	a->filter = tuned;
	a->scratch = prefilter_scratch_new(tuned);
	a->in_vain = 0;
	a->bearable *= BEARABLE_GROWS;
}

struct prefilter *ask_filter(const struct ask *a)
{
	return a->filter;
}

struct prefilter_scratch *ask_scratch(const struct ask *a)
{
	return a->scratch;
}
