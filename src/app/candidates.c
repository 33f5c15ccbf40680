/* SPDX-License-Identifier: Apache-2.0 */
#include "app/candidates.h"

#include "app/sets.h"
#include "pattern/ask.h"
#include "record/lines.h"
#include "record/record.h"
#include "record/unwrap.h"

struct search {
	struct set **sets, **copies; /* copies: those of them that are ours */
	size_t n, n_copies;
	struct ask *ask;
	struct buf scratch;	    /* a cleaned line */
	const struct pattern **met; /* each once */
	size_t n_met, room;
};

/* What any program may print (an error) tells less of a product than its own course. */
static bool is_course(const struct pattern *p)
{
	return p->rule.effect <= EFFECT_GOAL || p->rule.effect == EFFECT_STOP;
}

static bool is_failure(const struct pattern *p)
{
	return p->rule.effect == EFFECT_FAIL || p->rule.effect == EFFECT_ROLLBACK;
}

static bool was_met(const struct search *s, const struct pattern *p)
{
	for (size_t i = 0; i < s->n_met; i++)
		if (s->met[i] == p)
			return true;
	return false;
}

static void try_line(void *arg, const struct line *l)
{
	struct search *s = arg;
	const struct pattern *p;
	struct unwrapped c;

	unwrap_line(l->text, l->len, &s->scratch, &c);
	ask_about(s->ask, c.text, c.len);
	while ((p = ask_next(s->ask)))
		if ((is_course(p) || is_failure(p)) && !was_met(s, p) &&
		    regex_match(p->regex, c.text, c.len) == REGEX_YES)
			*ARRAY_ADD(s->met, s->n_met, s->room) = p;
}

static void try_lines(struct search *s, const char *text, size_t n)
{
	AUTO(lines) l = lines_new(try_line, s);

	lines_feed(l, text, n);
	lines_flush(l);
}

static void add(struct candidate best[CANDIDATES_MAX], size_t *n, struct candidate c)
{
	size_t i = *n < CANDIDATES_MAX ? (*n)++ : CANDIDATES_MAX;

	for (; i > 0 && best[i - 1].rules < c.rules; i--)
		if (i < CANDIDATES_MAX)
			best[i] = best[i - 1];
	if (i < CANDIDATES_MAX)
		best[i] = c;
}

static size_t rank(const struct search *s, const struct library *l, bool (*counts)(const struct pattern *p),
		   struct candidate best[CANDIDATES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct rule_set *meaning = &s->sets[i]->meaning;
		struct candidate c = { .set = library_set(l, meaning->name)->meaning.name };

		for (size_t k = 0; k < s->n_met; k++)
			c.rules += counts(s->met[k]) && s->met[k]->rule.set == meaning->name;
		if (c.rules)
			add(best, &n, c);
	}
	return n;
}

/*
 * Of most sets the library has only the head.  Their rules are here for this one question, and without what
 * only mistakes are told by: of all sets together that is many megabytes.
 */
static struct set *whole(struct search *s, struct set *head, struct conf_problems *p)
{
	struct set *copy;

	if (!head || !head->text)
		return head;
	copy = set_load_copy(head, p);
	if (copy) {
		set_forget_places(copy);
		s->copies[s->n_copies++] = copy;
	}
	return copy;
}

static void take_sets(struct search *s, const struct library *l)
{
	AUTO(conf_problems) p = conf_problems_new();

	s->sets = mem_zero(library_count(l), sizeof(struct set *));
	s->copies = mem_zero(library_count(l), sizeof(struct set *));
	for (size_t i = 0; i < library_count(l); i++) {
		struct set *set = whole(s, library_head(l, i), p);

		if (set && set->meaning.n_goals)
			s->sets[s->n++] = set;
	}
	sets_complain(p);
}

static void free_sets(struct search *s)
{
	for (size_t i = 0; i < s->n_copies; i++)
		set_free(s->copies[i]);
	free(s->copies);
	free(s->sets);
}

size_t candidates_find(const struct library *l, const char *text, size_t n,
		       struct candidate best[CANDIDATES_MAX])
{
	struct search s = { .scratch = BUF_INIT(LINE_MAX_BYTES) };

	take_sets(&s, l);
	s.ask = ask_new(s.sets, s.n, NULL);
	try_lines(&s, text, n);
	n = rank(&s, l, is_course, best);
	if (!n)
		n = rank(&s, l, is_failure, best);
	ask_free(s.ask);
	buf_free(&s.scratch);
	free(s.met);
	free_sets(&s);
	return n;
}
