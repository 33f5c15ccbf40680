/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
	const char *name;
	int exit_code;
} verdicts[] = {
	[VERDICT_GO] = { "GO", 0 },
	[VERDICT_NO_GO] = { "NO-GO", 1 },
	[VERDICT_ROLLBACK] = { "ROLLBACK", 2 },
	[VERDICT_UNDECIDED] = { "UNDECIDED", 3 },
};

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

int verdict_exit_code(enum verdict v)
{
	return verdicts[v].exit_code;
}

int verdict_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (strcmp(verdicts[i].name, name) == 0)
			return (int)i;
	return -1;
}

struct outcome *outcome_new(void)
{
	struct outcome *o = new0(struct outcome);

	o->verdict = VERDICT_UNDECIDED;
	return o;
}

struct outcome_reason *outcome_reason_add(struct outcome_reasons *r)
{
	return ARRAY_ADD(r->items, r->n, r->room);
}

void outcome_text_add(struct outcome_texts *t, const char *text)
{
	*ARRAY_ADD(t->items, t->n, t->room) = mem_strdup(text);
}

void outcome_pair_set(struct outcome_pairs *p, const char *name, const char *value)
{
	struct outcome_pair *pair = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].name, name) == 0)
			pair = &p->items[i];
	if (!pair) {
		pair = ARRAY_ADD(p->items, p->n, p->room);
		pair->name = mem_strdup(name);
	}
	mem_replace(&pair->value, value);
}

void outcome_texts_free(struct outcome_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
	*t = (struct outcome_texts){ 0 };
}

void outcome_pairs_free(struct outcome_pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].value);
	}
	free(p->items);
	*p = (struct outcome_pairs){ 0 };
}

void outcome_reason_clear(struct outcome_reason *r)
{
	free(r->rule);
	free(r->source);
	free(r->file);
	free(r->time);
	free(r->text);
	free(r->record);
	free(r->cause);
	free(r->say);
	outcome_pairs_free(&r->facts);
	outcome_texts_free(&r->next);
}

void outcome_reasons_free(struct outcome_reasons *r)
{
	for (size_t i = 0; i < r->n; i++)
		outcome_reason_clear(&r->items[i]);
	free(r->items);
	*r = (struct outcome_reasons){ 0 };
}

void outcome_run_clear(struct outcome_run *r)
{
	free(r->source);
	free(r->phase);
	free(r->summary);
	free(r->time);
}

static void free_goals(struct outcome *o)
{
	for (size_t i = 0; i < o->n_goals; i++) {
		free(o->goals[i].name);
		free(o->goals[i].source);
		free(o->goals[i].file);
		free(o->goals[i].time);
		free(o->goals[i].node);
	}
	free(o->goals);
}

static void free_probes(struct outcome *o)
{
	for (size_t i = 0; i < o->n_probes; i++) {
		free(o->probes[i].name);
		free(o->probes[i].reason);
		free(o->probes[i].most_often);
	}
	free(o->probes);
}

static void free_logs(struct outcome *o)
{
	for (size_t i = 0; i < o->n_phases; i++)
		free(o->phases[i].name);
	free(o->phases);
	for (size_t i = 0; i < o->n_unexplained; i++) {
		free(o->unexplained[i].text);
		free(o->unexplained[i].source);
		free(o->unexplained[i].file);
	}
	free(o->unexplained);
	for (size_t i = 0; i < o->n_coverage; i++) {
		free(o->coverage[i].source);
		free(o->coverage[i].file);
		outcome_texts_free(&o->coverage[i].gaps);
	}
	free(o->coverage);
	for (size_t i = 0; i < o->n_earlier_runs; i++)
		outcome_run_clear(&o->earlier_runs[i]);
	free(o->earlier_runs);
}

void outcome_free(struct outcome *o)
{
	if (!o)
		return;
	free(o->summary);
	outcome_texts_free(&o->next);
	free(o->plan);
	outcome_texts_free(&o->sets);
	free(o->phase);
	free(o->irreversible.rule);
	free(o->irreversible.source);
	free(o->irreversible.file);
	outcome_reasons_free(&o->reasons);
	outcome_reasons_free(&o->warnings);
	free_goals(o);
	free_probes(o);
	outcome_pairs_free(&o->facts);
	free_logs(o);
	for (size_t i = 0; i < o->n_alerts; i++) {
		free(o->alerts[i].channel);
		free(o->alerts[i].reason);
	}
	free(o->alerts);
	free(o);
}
