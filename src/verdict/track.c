/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/track.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "verdict/track_impl.h"
#include "verdict/where.h"

enum {
	REASONS_MAX = 100, /* of a run; more only repeat what the first ones say */
	EARLIER_MAX = 100, /* runs */
	GAPS_MAX = 50,
};

/* ---- construction ---- */

struct track *track_new(const char *name)
{
	struct track *t = new0(struct track);

	t->name = mem_strdup(name);
	t->begin_line = 1;
	t->held_from = CLOCK_UNKNOWN;
	t->progress = -1;
	return t;
}

static void clear_goals(struct track *t)
{
	for (size_t i = 0; i < t->n_goals; i++) {
		free(t->goals[i].name);
		reason_clear(&t->goals[i].where);
	}
	t->n_goals = 0;
	for (size_t i = 0; i < t->n_sets; i++)
		t->sets[i].goal_reached = false;
}

static void clear_facts(struct track *t)
{
	for (size_t i = 0; i < t->n_facts; i++) {
		free(t->facts[i].name);
		free(t->facts[i].value);
		reason_clear(&t->facts[i].where);
	}
	t->n_facts = 0;
}

/* Forgets the present run; what is history stays. */
static void clear_run(struct track *t)
{
	track_clear_promises(t, false);
	clear_goals(t);
	track_clear_retries(t);
	outcome_reasons_free(&t->reasons);
	outcome_reasons_free(&t->warnings);
	clear_facts(t);
	reason_clear(&t->irreversible);
	for (size_t i = 0; i < t->n_met; i++) {
		t->met[i].before += t->met[i].count;
		t->met[i].count = 0;
	}
	for (size_t i = 0; i < t->n_sets; i++) {
		t->sets[i].begun = t->sets[i].stopped = false;
		t->sets[i].phase = 0;
		for (size_t p = 0; p < t->sets[i].set->n_phases; p++)
			t->sets[i].entered[p] = CLOCK_UNKNOWN;
	}
	t->failed = t->rollback = t->stopped = false;
	t->n_reasons_dropped = 0;
	t->held_from = CLOCK_UNKNOWN;
	t->progress = -1;
	mem_replace(&t->progress_text, NULL);
	mem_replace(&t->begin_time, NULL);
}

void track_free(struct track *t)
{
	if (!t)
		return;
	clear_run(t);
	track_clear_promises(t, true);
	for (size_t i = 0; i < t->n_sets; i++)
		free(t->sets[i].entered);
	for (size_t i = 0; i < t->n_earlier; i++)
		outcome_run_clear(&t->earlier[i]);
	for (size_t i = 0; i < t->n_unexplained; i++) {
		free(t->unexplained[i].text);
		free(t->unexplained[i].source);
		free(t->unexplained[i].file);
	}
	outcome_texts_free(&t->gaps);
	outcome_pairs_free(&t->candidates);
	reason_clear(&t->carried);
	free(t->sets);
	free(t->met);
	free(t->goals);
	free(t->promises);
	free(t->retries);
	free(t->facts);
	free(t->earlier);
	free(t->unexplained);
	free(t->name);
	free(t->node);
	free(t->file);
	free(t);
}

static size_t find_set(struct track *t, const struct rule_set *set)
{
	struct track_set *u;

	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].set == set)
			return i;
	u = ARRAY_ADD(t->sets, t->n_sets, t->room_sets);
	u->set = set;
	u->entered = mem_zero(set->n_phases, sizeof(*u->entered));
	for (size_t p = 0; p < set->n_phases; p++)
		u->entered[p] = CLOCK_UNKNOWN;
	return t->n_sets - 1;
}

struct track_set *track_use(struct track *t, const struct rule_set *set, size_t place)
{
	size_t at = find_set(t, set);
	struct track_set u = t->sets[at];

	if (place >= t->n_sets)
		place = t->n_sets - 1;
	for (; at > place; at--)
		t->sets[at] = t->sets[at - 1];
	for (; at < place; at++)
		t->sets[at] = t->sets[at + 1];
	t->sets[place] = u;
	return &t->sets[place];
}

void track_gap(struct track *t, const char *why)
{
	for (size_t i = 0; i < t->gaps.n; i++)
		if (strcmp(t->gaps.items[i], why) == 0)
			return;
	if (t->gaps.n < GAPS_MAX)
		outcome_text_add(&t->gaps, why);
}

/* ---- what it knows ---- */

const struct track_goal *track_goal_named(const struct track *t, const char *set, const char *name)
{
	for (size_t i = 0; i < t->n_goals; i++)
		if (strcmp(t->goals[i].name, name) == 0 && (!set || strcmp(t->goals[i].set, set) == 0))
			return &t->goals[i];
	return NULL;
}

bool track_irreversible(const struct track *t)
{
	return t->irreversible.rule || t->carried.rule;
}

const char *track_phase(const struct track *t)
{
	const char *phase = NULL;

	for (size_t i = 0; i < t->n_sets; i++) {
		const struct track_set *u = &t->sets[i];

		if (u->phase && (!phase || u->required)) {
			phase = u->set->phases[u->phase - 1];
			if (u->required)
				break;
		}
	}
	return phase;
}

/* ---- evidence ---- */

static struct outcome_reason *add_evidence(struct track *t, struct outcome_reasons *to,
					   const struct sighting *x, const char *effect)
{
	struct outcome_reason *r;

	if (to->n >= REASONS_MAX) {
		t->n_reasons_dropped++;
		return &to->items[to->n - 1];
	}
	r = outcome_reason_add(to);
	reason_fill(r, x, effect);
	r->source = mem_strdup(t->name);
	return r;
}

static bool explains(const struct rule *warning, const struct rule *failure)
{
	for (size_t i = 0; i < warning->n_explains; i++)
		if (strcmp(warning->explains[i], failure->full) == 0)
			return true;
	return false;
}

static const struct outcome_reason *last_of(const struct outcome_reasons *all, const char *rule)
{
	for (size_t i = all->n; i-- > 0;)
		if (strcmp(all->items[i].rule, rule) == 0)
			return &all->items[i];
	return NULL;
}

/* A warning that was the cause of this failure stands before it: the last one, earlier ones were got over. */
static void add_causes(struct track *t, const struct rule *failure, bool rollback)
{
	for (size_t i = 0; i < t->n_met; i++) {
		const struct rule *r = t->met[i].rule;
		const struct outcome_reason *from =
			explains(r, failure) ? last_of(&t->warnings, r->full) : NULL;
		const struct outcome_reason *told = last_of(&t->reasons, r->full);
		struct outcome_reason *to;

		if (!from || t->reasons.n >= REASONS_MAX || (told && told->line == from->line))
			continue;
		to = outcome_reason_add(&t->reasons);
		reason_copy(to, from);
		to->effect = rollback ? "rollback" : "fail";
	}
}

static void add_failure(struct track *t, const struct sighting *x, bool rollback)
{
	add_causes(t, x->rule, rollback);
	add_evidence(t, &t->reasons, x, rollback ? "rollback" : "fail");
	t->failed = true;
	t->rollback |= rollback;
}

void track_add_derived(struct track *t, const struct outcome_reason *from, bool rollback, const char *what)
{
	const struct outcome_reason *told = last_of(&t->reasons, from->rule);
	struct outcome_reason *r;

	t->failed = true;
	t->rollback |= rollback;
	if (told && told->line == from->line)
		return; /* as the cause of another failure */
	r = outcome_reason_add(&t->reasons);
	reason_copy(r, from);
	r->effect = rollback ? "rollback" : "fail";
	mem_replace(&r->say, what);
}

void track_keep_evidence(struct outcome_reason *slot, const struct track *t, const struct sighting *x)
{
	reason_clear(slot);
	reason_fill(slot, x, effect_names[x->rule->effect]);
	slot->source = mem_strdup(t->name);
}

/* ---- runs ---- */

static bool all_goals(const struct track *t)
{
	for (size_t i = 0; i < t->n_sets; i++)
		for (size_t g = 0; t->sets[i].required && g < t->sets[i].set->n_goals; g++)
			if (!track_goal_named(t, t->sets[i].set->name, t->sets[i].set->goals[g]))
				return false;
	return t->n_goals > 0;
}

static enum verdict run_verdict(const struct track *t)
{
	if (t->rollback || (t->failed && track_irreversible(t)))
		return VERDICT_ROLLBACK;
	if (t->failed)
		return VERDICT_NO_GO;
	return all_goals(t) && !track_pending(t) ? VERDICT_GO : VERDICT_UNDECIDED;
}

static const char *run_summary(const struct track *t, enum verdict v)
{
	if (t->reasons.n)
		return t->reasons.items[0].say ? t->reasons.items[0].say : t->reasons.items[0].text;
	return v == VERDICT_GO ? "reached its goals"
	       : t->stopped    ? "was stopped before it reached its goals"
			       : "ended without reaching its goals";
}

/* The present run becomes an earlier one. */
static void retire_run(struct track *t, const struct sighting *x)
{
	struct outcome_run *run;
	enum verdict v;

	track_close(t, false);
	v = run_verdict(t);
	if (v == VERDICT_GO) {
		reason_clear(&t->carried);
	} else if (t->irreversible.rule) {
		reason_clear(&t->carried);
		reason_copy(&t->carried, &t->irreversible);
	}
	if (t->n_earlier == EARLIER_MAX) {
		outcome_run_clear(&t->earlier[0]);
		memmove(t->earlier, t->earlier + 1, (EARLIER_MAX - 1) * sizeof(*t->earlier));
		t->n_earlier--;
	}
	run = ARRAY_ADD(t->earlier, t->n_earlier, t->room_earlier);
	run->verdict = v;
	run->source = mem_strdup(t->name);
	run->phase = mem_strdup(track_phase(t));
	run->summary = mem_strdup(run_summary(t, v));
	run->line = t->begin_line;
	run->end_line = x->line > t->begin_line ? x->line - 1 : t->begin_line;
	run->time = mem_strdup(t->begin_time);
	run->irreversible = track_irreversible(t);
	t->n_runs++;
	clear_run(t);
	t->begin_line = x->line;
	t->begin_time = mem_strdup(x->time_text);
}

static struct track_set *set_of(const struct track *t, const char *name)
{
	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].set->name == name || strcmp(t->sets[i].set->name, name) == 0)
			return &t->sets[i];
	return NULL;
}

/*
 * A second banner of the same start is no new start; one after the set got anywhere is.  A log may begin with
 * the end of an earlier start: what the set had reached or stopped there is not this one's.
 */
static bool anything_begun(const struct track *t)
{
	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].begun)
			return true;
	return false;
}

static bool opens_run(const struct track *t, const struct track_set *u)
{
	if (!u->begun) /* the log began in the middle of a start; a set without goals speaks for those of
			  --ready */
		return u->goal_reached || u->stopped ||
		       (!u->set->n_goals && t->n_goals && !anything_begun(t));
	return u->phase > 1 || u->goal_reached || t->failed || t->stopped;
}

static void begin(struct track *t, struct track_set *u, const struct sighting *x, struct track_change *c)
{
	if (opens_run(t, u)) {
		retire_run(t, x);
		c->new_run = true;
	}
	if (!t->begin_time)
		t->begin_time = mem_strdup(x->time_text);
	u->begun = true;
}

/* ---- one sighting ---- */

static void enter_phase(struct track_set *u, const struct sighting *x, struct track_change *c)
{
	const struct rule *r = x->rule;

	for (size_t i = 0; r->phase && i < u->set->n_phases; i++) {
		if (strcmp(u->set->phases[i], r->phase) != 0)
			continue;
		c->phase = u->phase != i + 1;
		u->phase = i + 1;
		if (u->entered[i] == CLOCK_UNKNOWN)
			u->entered[i] = x->at;
	}
}

static void reach_goal(struct track *t, struct track_set *u, const struct sighting *x, struct track_change *c)
{
	struct track_goal *g;

	if (t->stopped)
		return;
	if (!track_goal_named(t, u->set->name, x->rule->goal)) {
		g = ARRAY_ADD(t->goals, t->n_goals, t->room_goals);
		g->name = mem_strdup(x->rule->goal);
		g->set = u->set->name;
		g->at = x->at;
		g->arrival = x->arrival;
		track_keep_evidence(&g->where, t, x);
		c->goal = true;
	}
	u->goal_reached = true;
	t->held_from = x->at;
}

static bool held(const struct track *t, const struct sighting *x, int64_t settle)
{
	return t->held_from == CLOCK_UNKNOWN || x->at == CLOCK_UNKNOWN || x->at - t->held_from >= settle;
}

/* An orderly stop: what had held stands, and the stop is a warning; otherwise the goals are lost. */
static void stop(struct track *t, const struct sighting *x, int64_t settle)
{
	bool stands = t->n_goals && held(t, x, settle);

	if (t->stopped)
		return;
	t->stopped = true;
	track_close(t, false);
	if (stands) {
		add_evidence(t, &t->warnings, x, "stop");
		t->n_warnings++;
	} else {
		clear_goals(t);
	}
}

static double number(const struct sighting *x, const char *name)
{
	const struct capture *c = capture_named(x->captures, x->n_captures, name, strlen(name));
	AUTO_FREE char *digits = c ? value_integer(c->text, c->len) : NULL;
	AUTO_FREE char *text = c ? mem_strndup(c->text, c->len) : NULL;
	double v;

	return c && str_double(digits ? digits : text, &v, NULL) == 0 ? v : -1;
}

/* A sign of life only where what it says has changed. */
static void progress(struct track *t, const struct sighting *x, struct track_change *c)
{
	double done = number(x, "done"), total = number(x, "total"), percent = number(x, "percent");
	AUTO_FREE char *text = mem_strndup(x->text, x->len < 512 ? x->len : 512);
	bool numbers = done >= 0 || percent >= 0;
	AUTO_FREE char *value =
		numbers ? mem_printf("%s %g/%g %g", x->rule->full, done, total, percent) : NULL;

	c->life = value ? !str_eq(value, t->progress_text) : track_is_new(t, text, strlen(text));
	if (value)
		mem_replace(&t->progress_text, value);
	t->progress = percent >= 0 ? percent / 100 : done >= 0 && total > 0 ? done / total : -1;
}

static struct track_met *met_by(struct track *t, const struct rule *r)
{
	struct track_met *m;

	for (size_t i = 0; i < t->n_met; i++)
		if (t->met[i].rule == r)
			return &t->met[i];
	m = ARRAY_ADD(t->met, t->n_met, t->room_met);
	m->rule = r;
	return m;
}

static void note_met(struct track *t, const struct sighting *x)
{
	struct track_met *m = met_by(t, x->rule);

	m->count++;
	m->at = x->at;
	m->arrival = x->arrival;
}

static void act(struct track *t, struct track_set *u, const struct sighting *x, int64_t settle,
		struct track_change *c)
{
	switch (x->rule->effect) {
	case EFFECT_BEGIN:
		break; /* done first: it may change the run that all else counts for */
	case EFFECT_PROGRESS:
		progress(t, x, c);
		break;
	case EFFECT_GOAL:
		reach_goal(t, u, x, c);
		break;
	case EFFECT_WARN:
		add_evidence(t, &t->warnings, x, "warn");
		t->n_warnings++;
		break;
	case EFFECT_FAIL:
	case EFFECT_ROLLBACK:
		add_failure(t, x, x->rule->effect == EFFECT_ROLLBACK);
		break;
	case EFFECT_RETRY:
		track_retry(t, x);
		break;
	case EFFECT_STOP:
		u->stopped = true;
		stop(t, x, settle);
		break;
	case EFFECT_PHASE:
	case EFFECT_NOTE:
	case EFFECT_IGNORE:
		break;
	}
}

void track_meet(struct track *t, const struct sighting *x, int64_t settle, struct track_change *c)
{
	const struct rule *r = x->rule;
	struct track_set *u = set_of(t, r->set);
	size_t failures = t->reasons.n, retries = t->n_retries;

	*c = (struct track_change){ 0 };
	if (!str_eq(t->file, x->file))
		mem_replace(&t->file, x->file);
	t->records++;
	t->last_line = x->line;
	if (r->effect != EFFECT_IGNORE)
		t->n_events++;
	if (r->effect == EFFECT_BEGIN)
		begin(t, u, x, c);
	if (c->new_run)
		failures = 0;
	note_met(t, x);
	enter_phase(u, x, c);
	track_state_facts(t, x);
	if (r->irreversible && !t->irreversible.rule)
		track_keep_evidence(&t->irreversible, t, x);
	for (size_t i = 0; i < r->n_closes; i++)
		track_close_promise(t, x, r->closes[i]);
	if (r->opens)
		track_open_promise(t, x);
	track_end_retries(t, r);
	track_judge_due(t, r);
	act(t, u, x, settle, c);
	c->failed = t->reasons.n > failures;
	c->matters = rule_decides(r) || c->failed || t->n_retries != retries;
	c->fatal = c->failed && r->fatal;
}

static void replace_evidence(struct outcome_reason *r, const struct track *t, const struct sighting *x)
{
	const char *effect = r->effect;

	if (!r->rule || r->line != x->line || !str_eq(r->rule, x->rule->full))
		return;
	reason_clear(r);
	reason_fill(r, x, effect);
	r->source = mem_strdup(t->name);
}

void track_again(struct track *t, const struct sighting *x)
{
	if (t->reasons.n)
		replace_evidence(&t->reasons.items[t->reasons.n - 1], t, x);
	if (t->warnings.n)
		replace_evidence(&t->warnings.items[t->warnings.n - 1], t, x);
	if (t->n_goals)
		replace_evidence(&t->goals[t->n_goals - 1].where, t, x);
	track_state_facts(t, x);
}

void track_inherit(struct track *t, struct track *past)
{
	size_t kept = 0;

	for (size_t i = 0; i < past->n_met; i++)
		met_by(t, past->met[i].rule)->before += past->met[i].count + past->met[i].before;
	for (size_t i = 0; i < past->n_promises; i++) {
		if (past->promises[i].rule->history)
			*ARRAY_ADD(t->promises, t->n_promises, t->room_promises) = past->promises[i];
		else
			past->promises[kept++] = past->promises[i];
	}
	past->n_promises = kept;
}
