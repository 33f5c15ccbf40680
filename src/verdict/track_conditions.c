/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a rule may speak now: its conditions on what was met before, and on what it caught. */
#include <string.h>

#include "base/clock.h"
#include "verdict/track.h"
#include "verdict/where.h"

static struct track_met *met_named(const struct track *t, const char *full)
{
	for (size_t i = 0; i < t->n_met; i++)
		if (strcmp(t->met[i].rule->full, full) == 0)
			return &t->met[i];
	return NULL;
}

static bool within(const struct track_met *m, const struct sighting *x, int64_t span)
{
	if (!span)
		return true;
	if (m->at != CLOCK_UNKNOWN && x->at != CLOCK_UNKNOWN)
		return x->at - m->at <= span;
	return x->arrival - m->arrival <= span;
}

static bool condition_holds(const struct track *t, const struct condition *c, const struct sighting *x)
{
	const struct track_met *m = met_named(t, c->rule);
	bool met = m && (c->history ? m->before > 0 : m->count > 0 && within(m, x, c->within));

	return met == c->wanted;
}

struct lookup {
	const struct track *t;
	const struct sighting *x;
};

static const char *value_named(const void *arg, const char *name, size_t len, size_t *n)
{
	const struct lookup *l = arg;
	const struct capture *c = capture_named(l->x->captures, l->x->n_captures, name, len);

	if (c) {
		*n = c->len;
		return c->text;
	}
	for (size_t i = 0; i < l->t->n_facts; i++) {
		const struct track_fact *p = &l->t->facts[i];

		if (strlen(p->name) == len && memcmp(p->name, name, len) == 0) {
			*n = strlen(p->value);
			return p->value;
		}
	}
	return NULL;
}

enum refusal track_allows(const struct track *t, const struct sighting *x, const struct condition **which)
{
	const struct rule *r = x->rule;
	struct lookup l = { t, x };

	if (x->piece && r->effect != EFFECT_FAIL && r->effect != EFFECT_ROLLBACK)
		return REFUSED_PIECE;
	if (r->where && !where_holds(r->where, value_named, &l))
		return REFUSED_WHERE;
	for (size_t i = 0; i < r->n_conditions; i++) {
		if (condition_holds(t, &r->conditions[i], x))
			continue;
		if (which)
			*which = &r->conditions[i];
		return r->conditions[i].wanted ? REFUSED_AFTER : REFUSED_UNLESS;
	}
	return REFUSED_NOT;
}

bool track_may_win(const struct track *t, const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_conditions; i++) {
		const struct condition *c = &rule->conditions[i];
		const struct track_met *m = c->wanted ? met_named(t, c->rule) : NULL;

		if (c->wanted && (!m || (c->history ? m->before : m->count) == 0))
			return false;
	}
	return true;
}
