/* SPDX-License-Identifier: Apache-2.0 */
#include "app/candidates.h"

#include "app/sets.h"
#include "pattern/ask.h"
#include "record/lines.h"
#include "record/record.h"
#include "record/unwrap.h"

struct candidates {
	const struct library *library;
	struct set **sets, **copies; /* copies: those of them that are ours */
	size_t n, n_copies;
	struct ask *ask;	    /* NULL: nothing was read yet */
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

static bool was_met(const struct candidates *c, const struct pattern *p)
{
	for (size_t i = 0; i < c->n_met; i++)
		if (c->met[i] == p)
			return true;
	return false;
}

static void try_line(void *arg, const struct line *l)
{
	struct candidates *c = arg;
	const struct pattern *p;
	struct unwrapped u;

	unwrap_line(l->text, l->len, &c->scratch, &u);
	ask_about(c->ask, u.text, u.len);
	while ((p = ask_next(c->ask)))
		if ((is_course(p) || is_failure(p)) && !was_met(c, p) &&
		    regex_match(p->regex, u.text, u.len) == REGEX_YES)
			*ARRAY_ADD(c->met, c->n_met, c->room) = p;
}

static void try_lines(struct candidates *c, const char *text, size_t n)
{
	AUTO(lines) l = lines_new(try_line, c);

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

static size_t rank(const struct candidates *c, bool (*counts)(const struct pattern *p),
		   struct candidate best[CANDIDATES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct rule_set *meaning = &c->sets[i]->meaning;
		struct candidate one = { .set = library_set(c->library, meaning->name)->meaning.name };

		for (size_t k = 0; k < c->n_met; k++)
			one.rules += counts(c->met[k]) && c->met[k]->rule.set == meaning->name;
		if (one.rules)
			add(best, &n, one);
	}
	return n;
}

/* Of most sets the library has only the head: with their rules they are ours, as long as we are needed. */
static struct set *whole(struct candidates *c, struct set *head, struct conf_problems *p)
{
	struct set *copy;

	if (!head || !head->text)
		return head;
	copy = set_load_copy(head, p);
	if (copy) {
		set_forget_places(copy); /* of all sets together that is many megabytes */
		c->copies[c->n_copies++] = copy;
	}
	return copy;
}

static void read_sets(struct candidates *c)
{
	AUTO(conf_problems) p = conf_problems_new();

	c->sets = mem_zero(library_count(c->library), sizeof(struct set *));
	c->copies = mem_zero(library_count(c->library), sizeof(struct set *));
	for (size_t i = 0; i < library_count(c->library); i++) {
		struct set *set = whole(c, library_head(c->library, i), p);

		if (set && set->meaning.n_goals)
			c->sets[c->n++] = set;
	}
	sets_complain(p);
	c->ask = ask_new(c->sets, c->n, NULL);
}

struct candidates *candidates_new(const struct library *l)
{
	struct candidates *c = new0(struct candidates);

	c->library = l;
	c->scratch.max = LINE_MAX_BYTES;
	return c;
}

void candidates_free(struct candidates *c)
{
	if (!c)
		return;
	ask_free(c->ask);
	for (size_t i = 0; i < c->n_copies; i++)
		set_free(c->copies[i]);
	free(c->copies);
	free(c->sets);
	free(c->met);
	buf_free(&c->scratch);
	free(c);
}

size_t candidates_find(struct candidates *c, const char *text, size_t n,
		       struct candidate best[CANDIDATES_MAX])
{
	if (!c->ask)
		read_sets(c);
	c->n_met = 0;
	try_lines(c, text, n);
	n = rank(c, is_course, best);
	return n ? n : rank(c, is_failure, best);
}
