/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what logs and probes say of the facts agrees, and is as expected. */
#include <stdlib.h>
#include <string.h>

#include "verdict/story_impl.h"
#include "verdict/where.h"

/* Who says what of a fact. */
struct claim {
	const char *source, *node, *name, *value; /* node NULL: of whichever there is */
	const struct outcome_reason *where;	  /* the record of a log; NULL: it was no log */
};

typedef void claim_fn(void *arg, const struct claim *c);

static void each_claim_of_logs(const struct story *s, claim_fn *fn, void *arg)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track *t = s->tracks[i];

		for (size_t k = 0; k < t->n_facts; k++) {
			const struct track_fact *f = &t->facts[k];

			fn(arg, &(struct claim){ t->name, t->node, f->name, f->value, &f->where });
		}
	}
}

/* What a probe that has not passed says is how things are so far: a schema that is about to be upgraded. */
static bool only_so_far(const struct story *s, const char *source)
{
	if (story_logs_are_up(s))
		return false;
	for (size_t i = 0; i < s->n_probes; i++)
		if (!s->probes[i].passed && strcmp(s->probes[i].name, source) == 0)
			return true;
	return false;
}

static void each_claim(const struct story *s, claim_fn *fn, void *arg)
{
	each_claim_of_logs(s, fn, arg);
	for (size_t i = 0; i < s->n_facts; i++) {
		const struct story_fact *f = &s->facts[i];

		if (only_so_far(s, f->source))
			continue;
		fn(arg, &(struct claim){ f->source, f->node, f->name, f->value, NULL });
	}
}

struct judged {
	struct story *s;   /* NULL: only count */
	struct claim with; /* what claims are compared with; of an expectation name and value */
	size_t wrong;
	bool stated;
};

static bool of_one_node(const struct claim *a, const struct claim *b)
{
	return !a->node || !b->node || strcmp(a->node, b->node) == 0;
}

static void compare_claim(void *arg, const struct claim *c)
{
	struct judged *j = arg;

	if (strcmp(c->name, j->with.name) != 0 || strcmp(c->source, j->with.source) <= 0 ||
	    !of_one_node(c, &j->with) ||
	    value_cmp(c->value, strlen(c->value), j->with.value, strlen(j->with.value)) == 0)
		return;
	j->wrong++;
	if (j->s) {
		AUTO_FREE char *text = mem_printf("%s is %s according to %s, but %s according to %s", c->name,
						  j->with.value, j->with.source, c->value, c->source);

		story_add_failure(j->s, "facts-disagree", text, NULL);
	}
}

struct pairs {
	const struct story *s;
	struct judged j;
};

static void compare_with_all(void *arg, const struct claim *c)
{
	struct pairs *p = arg;

	p->j.with = *c;
	each_claim(p->s, compare_claim, &p->j);
}

static void expect_claim(void *arg, const struct claim *c)
{
	struct judged *j = arg;
	const char *meaning = c->where ? c->where->say : NULL;

	if (strcmp(c->name, j->with.name) != 0)
		return;
	j->stated = true;
	if (value_expected(c->value, j->with.value))
		return;
	j->wrong++;
	if (j->s) {
		AUTO_FREE char *text =
			mem_printf("%s is %s according to %s, expected %s%s%s", c->name, c->value, c->source,
				   j->with.value, meaning ? ": " : "", meaning ? meaning : "");

		story_add_failure(j->s, "expect", text, c->where);
	}
}

size_t story_wrong_facts(struct story *s, enum whose whose, bool say)
{
	struct pairs p = { .s = s, .j = { .s = say ? s : NULL } };
	size_t wrong = 0;

	if (whose == OF_ALL) {
		each_claim(s, compare_with_all, &p);
		wrong = p.j.wrong;
	}
	for (size_t i = 0; i < s->expectations.n; i++) {
		const struct outcome_pair *x = &s->expectations.items[i];
		struct judged j = { .s = say ? s : NULL, .with = { .name = x->name, .value = x->value } };

		if (whose == OF_ALL)
			each_claim(s, expect_claim, &j);
		else
			each_claim_of_logs(s, expect_claim, &j);
		wrong += j.wrong;
	}
	return wrong;
}

bool story_unstated_expectation(const struct story *s, const char **name)
{
	for (size_t i = 0; i < s->expectations.n; i++) {
		const struct outcome_pair *x = &s->expectations.items[i];
		struct judged j = { .with = { .name = x->name, .value = x->value } };

		each_claim(s, expect_claim, &j);
		*name = x->name;
		if (!j.stated)
			return true;
	}
	return false;
}
