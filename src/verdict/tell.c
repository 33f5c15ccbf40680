/* SPDX-License-Identifier: Apache-2.0 */
/* The story as an outcome: what a report may say. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "verdict/story_impl.h"

enum { WORDS_MAX = 4096 };

/* ---- evidence ---- */

static void add_copy(struct outcome_reasons *to, const struct outcome_reason *from)
{
	reason_copy(outcome_reason_add(to), from);
}

static struct outcome_reason *add_open(struct outcome *o, const struct outcome_reason *from, const char *rule,
				       const char *say)
{
	struct outcome_reason *r = outcome_reason_add(&o->reasons);

	if (from)
		reason_copy(r, from);
	r->effect = "undecided";
	mem_replace(&r->rule, rule);
	mem_replace(&r->say, say);
	if (!r->text)
		r->text = mem_strdup(say);
	return r;
}

/*
 * Whether a happened before b, as far as both times can be compared; at the same moment the one that names
 * its cause (a container says in one log that something failed, and in another why).
 */
static bool comes_before(const struct outcome_reason *a, const struct outcome_reason *b)
{
	enum { DATED = 19 }; /* 2026-11-21T10:00:00 */
	int d;

	if (!a->time || !b->time || strlen(a->time) < DATED || strlen(b->time) < DATED)
		return false;
	d = strcmp(a->time, b->time);
	return d < 0 || (d == 0 && a->cause && !b->cause);
}

/* The next failure of this log that is (is not) a consequence; where it has no more, its end. */
static size_t next_failure(const struct outcome_reasons *r, size_t from, bool consequence)
{
	while (from < r->n && r->items[from].consequence != consequence)
		from++;
	return from;
}

/* The log whose next failure stands first; each log's own order stays as it is. */
static size_t first_of(const struct story *s, const size_t *next)
{
	size_t best = s->n_tracks;

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct outcome_reasons *r = &s->tracks[i]->reasons;

		if (next[i] < r->n &&
		    (best == s->n_tracks ||
		     comes_before(&r->items[next[i]], &s->tracks[best]->reasons.items[next[best]])))
			best = i;
	}
	return best;
}

static void tell_logged_failures(const struct story *s, bool consequence, struct outcome *o)
{
	AUTO_FREE size_t *next = mem_zero(s->n_tracks, sizeof(*next));
	size_t i;

	for (i = 0; i < s->n_tracks; i++)
		next[i] = next_failure(&s->tracks[i]->reasons, 0, consequence);
	while ((i = first_of(s, next)) < s->n_tracks) {
		const struct outcome_reasons *r = &s->tracks[i]->reasons;

		add_copy(&o->reasons, &r->items[next[i]]);
		next[i] = next_failure(r, next[i] + 1, consequence);
	}
}

/* What a record only announces ("did not start") stands behind what other records say of its cause. */
static void tell_failures(const struct story *s, struct outcome *o)
{
	tell_logged_failures(s, false, o);
	tell_logged_failures(s, true, o);
	for (size_t i = 0; i < s->reasons.n; i++)
		add_copy(&o->reasons, &s->reasons.items[i]);
}

static void tell_pending(const struct track *t, struct outcome *o)
{
	for (size_t i = 0; i < t->n_promises; i++) {
		const struct track_promise *p = &t->promises[i];
		AUTO_FREE char *say =
			p->where.say ? mem_printf("%s; %s is not reported done", p->where.say, p->key)
				     : mem_printf("%s was begun and is not reported done", p->key);

		add_open(o, &p->where, p->rule->full, say);
	}
	for (size_t i = 0; i < t->n_retries; i++) {
		const struct track_retry *r = &t->retries[i];
		AUTO_FREE char *say =
			mem_printf("still waiting after %llu tries: %s", (unsigned long long)r->tries,
				   r->where.say ? r->where.say : r->where.text);

		add_open(o, &r->where, r->rule->full, say);
	}
	for (size_t i = 0; i < t->gaps.n; i++) {
		AUTO_FREE char *say = mem_printf("%s: %s", t->name, t->gaps.items[i]);

		add_open(o, NULL, "gap", say);
	}
}

static void tell_missing_goals(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < o->n_goals; i++) {
		const struct outcome_goal *g = &o->goals[i];
		AUTO_FREE char *say = mem_printf("goal %s was not reached%s%s", g->name,
						 g->node ? " on " : "", g->node ? g->node : "");

		if (!o->goals[i].met)
			add_open(o, NULL, "goal-missing", say);
	}
	for (size_t i = 0; i < s->n_probes; i++) {
		const struct story_probe *p = &s->probes[i];
		AUTO_FREE char *words = story_probe_words(p);
		AUTO_FREE char *say = mem_printf("probe %s is %s: %s", p->name, p->last.state, words);

		if (!p->optional && !p->passed)
			add_open(o, NULL, "probe-missing", say);
	}
}

/* The log was not recognised: which sets may be meant. */
static void tell_candidates(const struct track *t, struct outcome *o)
{
	AUTO_BUF names = BUF_INIT(WORDS_MAX);
	AUTO_FREE char *say = NULL;
	struct outcome_reason *r;

	for (size_t i = 0; i < t->candidates.n; i++)
		buf_printf(&names, "%s%s (%s of its rules)", i ? ", " : "", t->candidates.items[i].name,
			   t->candidates.items[i].value);
	if (!names.len)
		return;
	say = mem_printf("%s was not recognised; rules that meet lines of it are those of %s", t->name,
			 buf_text(&names));
	r = add_open(o, NULL, "not-recognised", say);
	r->source = mem_strdup(t->name);
	for (size_t i = 0; i < t->candidates.n; i++)
		outcome_pair_set(&r->facts, t->candidates.items[i].name, t->candidates.items[i].value);
}

/* What a person has to look at: why it ended, then what was open. */
static void tell_doubts(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->reasons.n; i++)
		add_copy(&o->reasons, &s->reasons.items[i]);
	for (size_t i = 0; i < s->n_tracks; i++)
		for (size_t k = 0; k < s->tracks[i]->reasons.n; k++)
			add_copy(&o->reasons, &s->tracks[i]->reasons.items[k]);
	for (size_t i = 0; i < s->n_tracks; i++)
		tell_pending(s->tracks[i], o);
	for (size_t i = 0; i < s->n_tracks; i++)
		tell_candidates(s->tracks[i], o);
	tell_missing_goals(s, o);
}

static void tell_warnings(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track *t = s->tracks[i];

		for (size_t k = 0; k < t->warnings.n; k++)
			add_copy(&o->warnings, &t->warnings.items[k]);
		if (t->cut_lines || t->cut_records) {
			AUTO_FREE char *say = mem_printf(
				"%s: %llu lines and %llu records are longer than the limits and were cut",
				t->name, (unsigned long long)t->cut_lines,
				(unsigned long long)t->cut_records);
			struct outcome_reason *r = outcome_reason_add(&o->warnings);

			r->effect = "warn";
			r->rule = mem_strdup("cut");
			r->source = mem_strdup(t->name);
			r->text = mem_strdup(say);
			r->say = mem_strdup(say);
		}
	}
}

/* ---- goals ---- */

static struct outcome_goal *add_goal(struct outcome *o, const char *name)
{
	struct outcome_goal *g;

	for (size_t i = 0; i < o->n_goals; i++)
		if (strcmp(o->goals[i].name, name) == 0)
			return NULL;
	g = ARRAY_ADD(o->goals, o->n_goals, o->room_goals);
	g->name = mem_strdup(name);
	return g;
}

static void goal_place(struct outcome_goal *g, const struct track_goal *from)
{
	g->source = mem_strdup(from->where.source);
	g->file = mem_strdup(from->where.file);
	g->line = from->where.line;
	g->lines = from->where.lines;
	g->time = mem_strdup(from->where.time);
}

static void tell_set_goal(const struct story *s, const struct rule_set *set, const char *name,
			  struct outcome *o)
{
	AUTO_FREE char *full = mem_printf("%s/%s", set->name, name);
	struct outcome_goal *g = add_goal(o, full);
	const struct track *missing;

	if (!g)
		return;
	missing = story_goal_missing(s, set, name);
	g->met = !missing;
	g->node = missing ? mem_strdup(missing->node) : NULL;
	for (size_t i = 0; i < s->n_tracks && g->met; i++) {
		const struct track_goal *from = track_goal_named(s->tracks[i], set->name, name);

		if (from) {
			goal_place(g, from);
			break;
		}
	}
}

static void tell_plan_goal(const struct story *s, const char *name, struct outcome *o)
{
	const struct track_goal *from = NULL;
	struct outcome_goal *g = add_goal(o, name);

	if (!g)
		return;
	g->met = story_plan_goal_met(s, name, &from, NULL);
	if (from && g->met)
		goal_place(g, from);
}

static void tell_goals(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->goals.n; i++)
		tell_plan_goal(s, s->goals.items[i], o);
	for (size_t i = 0; i < s->n_tracks && !s->goals.n; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const struct track_set *u = &s->tracks[i]->sets[k];

			for (size_t n = 0; u->required && n < u->set->n_goals; n++)
				tell_set_goal(s, u->set, u->set->goals[n], o);
		}
	}
}

/* ---- sets, phases, coverage, probes ---- */

static void tell_sets(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const char *name = s->tracks[i]->sets[k].set->name;
			bool there = false;

			for (size_t n = 0; n < o->sets.n; n++)
				there |= strcmp(o->sets.items[n], name) == 0;
			if (!there)
				outcome_text_add(&o->sets, name);
		}
	}
}

/* The set whose phases are shown: the first whose goals count and that got anywhere, else the first that did.
 */
static const struct track_set *leading_set(const struct story *s)
{
	const struct track_set *lead = NULL;

	for (size_t i = 0; i < s->n_tracks; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const struct track_set *u = &s->tracks[i]->sets[k];

			if (u->phase && (!lead || (u->required && !lead->required)))
				lead = u;
		}
	}
	return lead;
}

static const char *phase_state(const struct track_set *u, size_t i, enum verdict v)
{
	if (i + 1 > u->phase)
		return u->entered[i] == CLOCK_UNKNOWN ? "pending" : "done";
	if (i + 1 == u->phase)
		return v == VERDICT_GO ? "done" : v == VERDICT_UNDECIDED ? "current" : "failed";
	return u->entered[i] == CLOCK_UNKNOWN ? "skipped" : "done";
}

static double phase_seconds(const struct track_set *u, size_t i)
{
	int64_t next = INT64_MAX;

	for (size_t k = 0; k < u->set->n_phases; k++)
		if (k != i && u->entered[k] != CLOCK_UNKNOWN && u->entered[k] >= u->entered[i] &&
		    u->entered[k] < next && (k > i || u->entered[k] > u->entered[i]))
			next = u->entered[k];
	if (u->entered[i] == CLOCK_UNKNOWN || next == INT64_MAX)
		return -1;
	return (double)(next - u->entered[i]) / (double)CLOCK_SECOND;
}

static void tell_phases(const struct story *s, struct outcome *o)
{
	const struct track_set *u = leading_set(s);

	if (!u)
		return;
	o->phase = mem_strdup(u->set->phases[u->phase - 1]);
	for (size_t i = 0; i < u->set->n_phases; i++) {
		struct outcome_phase *p = ARRAY_ADD(o->phases, o->n_phases, o->room_phases);

		p->name = mem_strdup(u->set->phases[i]);
		p->state = phase_state(u, i, o->verdict);
		p->seconds = phase_seconds(u, i);
	}
}

static void tell_unexplained(const struct track *t, struct outcome *o)
{
	for (size_t i = 0; i < t->n_unexplained; i++) {
		struct outcome_unexplained *u =
			ARRAY_ADD(o->unexplained, o->n_unexplained, o->room_unexplained);

		*u = t->unexplained[i];
		u->text = mem_strdup(u->text);
		u->source = mem_strdup(u->source);
		u->file = mem_strdup(u->file);
	}
}

static void tell_earlier(const struct track *t, struct outcome *o)
{
	for (size_t i = 0; i < t->n_earlier; i++) {
		struct outcome_run *r = ARRAY_ADD(o->earlier_runs, o->n_earlier_runs, o->room_earlier_runs);

		*r = t->earlier[i];
		r->source = mem_strdup(r->source);
		r->phase = mem_strdup(r->phase);
		r->summary = mem_strdup(r->summary);
		r->time = mem_strdup(r->time);
	}
}

static void tell_logs(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track *t = s->tracks[i];
		struct outcome_coverage *c = ARRAY_ADD(o->coverage, o->n_coverage, o->room_coverage);

		c->source = mem_strdup(t->name);
		c->file = mem_strdup(t->file);
		c->bytes = t->bytes;
		c->lines = t->lines;
		c->cut_lines = t->cut_lines;
		c->cut_records = t->cut_records;
		for (size_t k = 0; k < t->gaps.n; k++)
			outcome_text_add(&c->gaps, t->gaps.items[k]);
		o->counts.records += t->records;
		o->counts.events += t->n_events;
		o->counts.warnings += t->n_warnings;
		o->counts.unexplained_errors += t->n_unexplained_records;
		tell_unexplained(t, o);
		tell_earlier(t, o);
	}
}

static void tell_probes(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_probes; i++) {
		struct outcome_probe *p = ARRAY_ADD(o->probes, o->n_probes, o->room_probes);

		*p = s->probes[i].last;
		p->name = mem_strdup(s->probes[i].name);
		p->optional = s->probes[i].optional;
		p->reason = mem_strdup(p->reason);
		p->most_often = mem_strdup(p->most_often);
	}
}

static void tell_facts(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_facts; i++)
		outcome_pair_set(&o->facts, s->facts[i].name, s->facts[i].value);
	for (size_t i = 0; i < s->n_tracks; i++)
		for (size_t k = 0; k < s->tracks[i]->n_facts; k++)
			outcome_pair_set(&o->facts, s->tracks[i]->facts[k].name,
					 s->tracks[i]->facts[k].value);
}

static void tell_irreversible(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track *t = s->tracks[i];
		const struct outcome_reason *r = t->irreversible.rule ? &t->irreversible : &t->carried;

		if (!r->rule)
			continue;
		o->irreversible.passed = true;
		o->irreversible.rule = mem_strdup(r->rule);
		o->irreversible.source = mem_strdup(r->source);
		o->irreversible.file = mem_strdup(r->file);
		o->irreversible.line = r->line;
		return;
	}
}

/* ---- the verdict in words ---- */

static bool needs_restore(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->rollback || track_irreversible(s->tracks[i]))
			return true;
	return false;
}

static enum verdict verdict_of(const struct story *s)
{
	if (s->state == STATE_GO)
		return VERDICT_GO;
	if (s->state == STATE_FAILED)
		return needs_restore(s) ? VERDICT_ROLLBACK : VERDICT_NO_GO;
	return VERDICT_UNDECIDED;
}

static const char *words(const struct outcome_reason *r)
{
	return r->say ? r->say : r->text;
}

/* What the leading set says of its goal. */
static char *go_summary(const struct story *s)
{
	const struct track_set *lead = leading_set(s);

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track *t = s->tracks[i];

		for (size_t k = 0; k < t->n_goals; k++)
			if (t->goals[k].where.say && (!lead || strcmp(t->goals[k].set, lead->set->name) == 0))
				return mem_strdup(t->goals[k].where.say);
	}
	return mem_strdup("all goals were reached and held");
}

static const struct outcome_reason *irreversible_reason(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->irreversible.rule)
			return &s->tracks[i]->irreversible;
	return NULL;
}

static char *summary(const struct story *s, const struct outcome *o)
{
	const struct outcome_reason *first = o->reasons.n ? &o->reasons.items[0] : NULL,
				    *from = irreversible_reason(s);

	if (o->verdict == VERDICT_GO)
		return go_summary(s);
	if (!first)
		return mem_strdup("nothing was decided");
	if (o->verdict == VERDICT_ROLLBACK && o->irreversible.passed)
		return mem_printf("%s (after the point of no return: %s)", words(first),
				  from ? words(from) : "passed by an earlier run in the same log");
	return mem_strdup(words(first));
}

static void restore_list(const struct story *s, struct outcome *o)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const struct rule_set *set = s->tracks[i]->sets[k].set;

			for (size_t n = 0; n < set->n_restore; n++)
				outcome_text_add(&o->next, set->restore[n]);
			if (set->n_restore)
				return;
		}
	}
	outcome_text_add(&o->next, "stop the server");
	outcome_text_add(&o->next, "restore what was backed up before the upgrade, the database first");
}

/* Where another set, or fewer of them, might decide. */
static void advise_sets(const struct track *t, struct outcome *o)
{
	AUTO_BUF names = BUF_INIT(WORDS_MAX);
	size_t n = 0;

	for (size_t i = 0; i < t->candidates.n; i++) {
		AUTO_FREE char *text = mem_printf("if it is the log of %s, say so: --set %s",
						  t->candidates.items[i].name, t->candidates.items[i].name);

		outcome_text_add(&o->next, text);
	}
	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].required && t->sets[i].set->n_goals)
			buf_printf(&names, "%s%s", n++ ? " and " : "", t->sets[i].set->name);
	if (n > 1) {
		AUTO_FREE char *text =
			mem_printf("%s is judged by all goals of %s; if it is the log of one of "
				   "them only, say so: --set NAME",
				   t->name, buf_text(&names));

		outcome_text_add(&o->next, text);
	}
}

static void advice(const struct story *s, struct outcome *o)
{
	switch (o->verdict) {
	case VERDICT_GO:
		break;
	case VERDICT_ROLLBACK:
		restore_list(s, o);
		break;
	case VERDICT_NO_GO:
		for (size_t i = 0; o->reasons.n && i < o->reasons.items[0].next.n; i++)
			outcome_text_add(&o->next, o->reasons.items[0].next.items[i]);
		if (!o->next.n)
			outcome_text_add(&o->next, "mend the cause and start again");
		outcome_text_add(&o->next, "nothing irreversible had begun: nothing has to be restored");
		break;
	case VERDICT_UNDECIDED:
		for (size_t i = 0; i < s->n_tracks; i++)
			advise_sets(s->tracks[i], o);
		if (s->n_tracks && !story_knows_success(s))
			outcome_text_add(&o->next,
					 "say what success looks like (--ready REGEX), or write a set: "
					 "gonogo check --suggest LOG drafts one");
		outcome_text_add(&o->next,
				 "look at the server and at the evidence below before going on or back");
		break;
	}
}

static void be_strict(const struct story *s, struct outcome *o)
{
	struct outcome_reason *r;

	if (o->verdict != VERDICT_GO || !s->set.strict || (!o->warnings.n && !o->counts.unexplained_errors))
		return;
	o->verdict = VERDICT_NO_GO;
	r = outcome_reason_add(&o->reasons);
	r->effect = "fail";
	r->rule = mem_strdup("strict");
	r->text = mem_printf(
		"the goals were reached, but with %zu warnings and %llu unexplained errors (--strict)",
		o->warnings.n, (unsigned long long)o->counts.unexplained_errors);
	r->say = mem_strdup(r->text);
}

struct outcome *story_tell_state(const struct story *s)
{
	struct outcome *o = outcome_new();

	tell_goals(s, o);
	for (size_t i = 0; i < s->n_tracks; i++)
		tell_pending(s->tracks[i], o);
	return o;
}

struct outcome *story_tell(const struct story *s)
{
	struct outcome *o = outcome_new();

	o->verdict = verdict_of(s);
	o->plan = mem_strdup(s->plan);
	tell_sets(s, o);
	tell_goals(s, o);
	tell_warnings(s, o);
	tell_logs(s, o);
	if (o->verdict == VERDICT_UNDECIDED)
		tell_doubts(s, o);
	else if (o->verdict != VERDICT_GO)
		tell_failures(s, o);
	be_strict(s, o);
	tell_phases(s, o);
	tell_probes(s, o);
	tell_facts(s, o);
	tell_irreversible(s, o);
	o->summary = summary(s, o);
	advice(s, o);
	return o;
}
