/* SPDX-License-Identifier: Apache-2.0 */
/* A set against its own samples. */
#include <string.h>

#include "base/text.h"
#include "pattern/set.h"
#include "verdict/where.h"

static enum regex_result shoot(const struct pattern *p, const char *text)
{
	return regex_match_once(p->regex, text, strlen(text));
}

static bool meets(const struct pattern *p, const char *text)
{
	return shoot(p, text) == REGEX_YES;
}

struct shot {
	const struct pattern *pattern;
	const char *text;
};

static const char *captured(const void *arg, const char *name, size_t len, size_t *n)
{
	const struct shot *s = arg;

	for (size_t i = 0; i < regex_names(s->pattern->regex); i++) {
		const char *have = regex_name(s->pattern->regex, i);
		size_t start;

		if (strlen(have) == len && memcmp(have, name, len) == 0 &&
		    regex_capture(s->pattern->regex, i, &start, n))
			return s->text + start;
	}
	return NULL;
}

static void note_name(void *arg, const char *name)
{
	struct {
		const struct pattern *p;
		bool facts;
	} *x = arg;

	for (size_t i = 0; i < regex_names(x->p->regex); i++)
		if (strcmp(regex_name(x->p->regex, i), name) == 0)
			return;
	x->facts = true;
}

/* Whether where can be judged from the record alone, and what it says. */
static bool where_refuses(const struct pattern *p, const char *text)
{
	struct {
		const struct pattern *p;
		bool facts;
	} names = { p, false };
	struct shot s = { p, text };

	if (!p->rule.where)
		return false;
	where_names(p->rule.where, note_name, &names);
	return !names.facts && !where_holds(p->rule.where, captured, &s);
}

/* An earlier rule of the set that takes the record whatever happened before. */
static const struct pattern *taken_by(const struct set *s, const struct pattern *p, const char *text)
{
	for (const struct pattern *q = s->patterns; q < p; q++)
		if (!q->rule.n_conditions && !q->rule.where && meets(q, text))
			return q;
	return NULL;
}

static void check_sample(const struct set *s, const struct pattern *p, const struct conf_node *n,
			 const char *text, struct conf_problems *problems)
{
	const struct pattern *thief;

	switch (shoot(p, text)) {
	case REGEX_GAVE_UP:
		conf_problem(problems, n,
			     "rule %s: the match limit was hit on this sample; make the pattern simpler",
			     p->rule.full);
		return;
	case REGEX_NO:
		conf_problem(problems, n, "rule %s does not meet its own sample", p->rule.full);
		return;
	case REGEX_YES:
		break;
	}
	if (where_refuses(p, text)) {
		conf_problem(problems, n, "rule %s: its where does not hold for its own sample",
			     p->rule.full);
		return;
	}
	thief = taken_by(s, p, text);
	if (thief)
		conf_problem(problems, n,
			     "rule %s never sees its own sample: %s stands before it and takes it",
			     p->rule.full, thief->rule.full);
}

bool set_check_samples(struct set *s, struct conf_problems *problems)
{
	size_t before = conf_problems_count(problems);

	if (s->state == SET_USABLE || s->state == SET_BROKEN)
		return s->state == SET_USABLE;
	if (!set_load_rules(s, problems))
		return false;
	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct pattern *p = &s->patterns[i];

		for (size_t k = 0; k < p->samples.n; k++)
			check_sample(s, p, p->samples.nodes[k], p->samples.items[k], problems);
		for (size_t k = 0; k < p->rejects.n; k++)
			if (meets(p, p->rejects.items[k]) && !where_refuses(p, p->rejects.items[k]))
				conf_problem(problems, p->rejects.nodes[k],
					     "rule %s meets what it must reject", p->rule.full);
	}
	return conf_problems_count(problems) == before;
}
