/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "verdict/story_impl.h"
#include "verdict/where.h"

/* ---- construction ---- */

struct story *story_new(const struct story_settings *settings)
{
	struct story *s = new0(struct story);

	s->set = *settings;
	s->now = s->last_life = settings->started_at;
	s->settle_at = s->disagree_at = CLOCK_NEVER;
	s->progress = -1;
	return s;
}

static void free_probe(struct story_probe *p)
{
	free(p->name);
	free(p->wanted);
	free(p->last.reason);
	free(p->last.most_often);
}

void story_free(struct story *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_tracks; i++)
		track_free(s->tracks[i]);
	for (size_t i = 0; i < s->n_probes; i++)
		free_probe(&s->probes[i]);
	for (size_t i = 0; i < s->n_facts; i++) {
		free(s->facts[i].source);
		free(s->facts[i].node);
		free(s->facts[i].name);
		free(s->facts[i].value);
	}
	for (size_t i = 0; i < s->n_stalls; i++)
		free(s->stalls[i].phase);
	outcome_texts_free(&s->goals);
	outcome_pairs_free(&s->expectations);
	outcome_reasons_free(&s->reasons);
	free(s->progress_source);
	free(s->tracks);
	free(s->probes);
	free(s->facts);
	free(s->stalls);
	free(s->plan);
	free(s);
}

void story_set_plan(struct story *s, const char *plan)
{
	mem_replace(&s->plan, plan);
}

size_t story_add_log(struct story *s, const char *name)
{
	*ARRAY_ADD(s->tracks, s->n_tracks, s->room_tracks) = track_new(name);
	return s->n_tracks - 1;
}

void story_set_node(struct story *s, size_t log, const char *node)
{
	mem_replace(&s->tracks[log]->node, node);
}

void story_name_log(struct story *s, size_t log, const char *name)
{
	mem_replace(&s->tracks[log]->name, name);
}

void story_want_goal(struct story *s, const char *name)
{
	outcome_text_add(&s->goals, name);
}

void story_expect(struct story *s, const char *fact, const char *expectation)
{
	outcome_pair_set(&s->expectations, fact, expectation);
}

void story_phase_stall(struct story *s, const char *phase, int64_t stall)
{
	struct story_stall *x = ARRAY_ADD(s->stalls, s->n_stalls, s->room_stalls);

	x->phase = mem_strdup(phase);
	x->stall = stall;
}

size_t story_add_probe(struct story *s, const char *name, bool optional)
{
	struct story_probe *p = ARRAY_ADD(s->probes, s->n_probes, s->room_probes);

	p->name = mem_strdup(name);
	p->optional = optional;
	p->last.state = "skipped";
	p->last.seconds = -1;
	return s->n_probes - 1;
}

/* ---- news ---- */

const char *story_phase(const struct story *s)
{
	const char *phase = NULL;

	for (size_t i = 0; i < s->n_tracks && !phase; i++)
		phase = track_phase(s->tracks[i]);
	return phase;
}

static void tell_news(struct story *s, struct story_news n)
{
	n.phase = story_phase(s);
	if (s->set.news)
		s->set.news(s->set.news_arg, &n);
}

/* What no record says. */
static void tell_text(struct story *s, struct story_news n, const char *effect, const char *text)
{
	AUTO_FREE char *say = mem_strdup(text);
	struct outcome_reason what = { .effect = effect, .say = say };

	n.what = &what;
	tell_news(s, n);
}

/* ---- goals ---- */

static struct track_set *set_in(const struct track *t, const struct rule_set *set)
{
	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].set == set)
			return &t->sets[i];
	return NULL;
}

/*
 * Every log in which the set began owes its goals (two servers).  Where it began in none, any log of the node
 * may reach them (a log that was cut before its first line, a second log of the same server).
 */
static bool missing_on(const struct story *s, const char *node, const struct rule_set *set, const char *goal)
{
	bool begun = false, reached = false, wanted = false;

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track_set *u = set_in(s->tracks[i], set);
		bool here = track_goal_named(s->tracks[i], set->name, goal) != NULL;

		if (!str_eq(s->tracks[i]->node, node))
			continue;
		if (u && u->begun && !here)
			return true;
		begun |= u && u->begun;
		reached |= here;
		wanted |= u && u->required;
	}
	return wanted && !begun && !reached;
}

const struct track *story_goal_missing(const struct story *s, const struct rule_set *set, const char *goal)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (missing_on(s, s->tracks[i]->node, set, goal))
			return s->tracks[i];
	return NULL;
}

static bool sets_missing(const struct story *s, size_t *missing)
{
	bool any = false;

	for (size_t i = 0; i < s->n_tracks; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const struct track_set *u = &s->tracks[i]->sets[k];

			for (size_t g = 0; u->required && g < u->set->n_goals; g++) {
				any = true;
				*missing += story_goal_missing(s, u->set, u->set->goals[g]) != NULL;
			}
		}
	}
	return any;
}

static bool can_reach(const struct track *t, const char *set, const char *goal)
{
	for (size_t i = 0; i < t->n_sets; i++) {
		const struct rule_set *u = t->sets[i].set;

		for (size_t g = 0; (!set || strcmp(u->name, set) == 0) && g < u->n_goals; g++)
			if (strcmp(u->goals[g], goal) == 0)
				return true;
	}
	return false;
}

/* Whether a node whose logs can reach the goal has not: one of several does not speak for the others. */
static bool missing_on_a_node(const struct story *s, const char *set, const char *goal)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		bool reached = !can_reach(s->tracks[i], set, goal);

		for (size_t k = 0; k < s->n_tracks && !reached; k++)
			reached = str_eq(s->tracks[k]->node, s->tracks[i]->node) &&
				  track_goal_named(s->tracks[k], set, goal);
		if (!reached)
			return true;
	}
	return false;
}

bool story_plan_goal_met(const struct story *s, const char *goal, const struct track_goal **where,
			 const struct track **track)
{
	const char *slash = strchr(goal, '/');
	AUTO_FREE char *set = slash ? mem_strndup(goal, (size_t)(slash - goal)) : NULL;

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track_goal *g = track_goal_named(s->tracks[i], set, slash ? slash + 1 : goal);

		if (!g)
			continue;
		if (where)
			*where = g;
		if (track)
			*track = s->tracks[i];
		return !missing_on_a_node(s, set, slash ? slash + 1 : goal);
	}
	for (size_t i = 0; i < s->n_probes; i++)
		if (strcmp(s->probes[i].name, goal) == 0 && s->probes[i].passed)
			return true;
	return false;
}

/* How many goals are missing; *any: there is at least one to reach. */
static size_t missing_goals(const struct story *s, bool *any)
{
	size_t missing = 0;

	*any = s->goals.n > 0;
	for (size_t i = 0; i < s->goals.n; i++)
		missing += !story_plan_goal_met(s, s->goals.items[i], NULL, NULL);
	if (!s->goals.n)
		*any = sets_missing(s, &missing);
	for (size_t i = 0; i < s->n_probes; i++) {
		if (s->probes[i].optional)
			continue;
		*any = true;
		missing += !s->probes[i].passed;
	}
	return missing;
}

size_t story_goals_missing(const struct story *s)
{
	bool any;
	size_t missing = missing_goals(s, &any);

	return any ? missing : 1;
}

bool story_knows_success(const struct story *s)
{
	bool any;

	missing_goals(s, &any);
	return any;
}

static bool pending(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (track_pending(s->tracks[i]))
			return true;
	return false;
}

static bool goals_met(const struct story *s)
{
	bool any;

	return missing_goals(s, &any) == 0 && any && !pending(s);
}

/* All goals of the sets are reached, whatever promises and probes are open. */
static bool logs_are_up(const struct story *s)
{
	size_t missing = 0;

	return sets_missing(s, &missing) && missing == 0;
}

static bool has_gaps(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->gaps.n)
			return true;
	return false;
}

static bool failed(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->failed)
			return true;
	return s->failed;
}

/* ---- reasons that are no record ---- */

static void add_reason(struct story *s, const char *effect, const char *rule, const char *text)
{
	struct outcome_reason *r = outcome_reason_add(&s->reasons);

	r->effect = effect;
	r->rule = mem_strdup(rule);
	r->text = mem_strdup(text);
	r->say = mem_strdup(text);
}

/* from: the record that it was taken from, where there is one. */
static void add_failure(struct story *s, const char *rule, const char *say, const struct outcome_reason *from)
{
	struct outcome_reason *r;

	for (size_t i = 0; i < s->reasons.n; i++)
		if (str_eq(s->reasons.items[i].rule, rule) && str_eq(s->reasons.items[i].say, say))
			return;
	if (from) {
		r = outcome_reason_add(&s->reasons);
		reason_copy(r, from);
		r->effect = "fail";
		mem_replace(&r->rule, rule);
		mem_replace(&r->say, say);
	} else {
		add_reason(s, "fail", rule, say);
	}
	s->failed = true;
	tell_news(s, (struct story_news){ .type = NEWS_RULE, .what = &s->reasons.items[s->reasons.n - 1] });
}

/* ---- facts ---- */

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
	if (logs_are_up(s))
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

		add_failure(j->s, "facts-disagree", text, NULL);
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

		add_failure(j->s, "expect", text, c->where);
	}
}

enum whose { OF_LOGS, OF_ALL };

/* How many facts disagree or are not as expected; with say each becomes a failure. */
static size_t wrong_facts(struct story *s, enum whose whose, bool say)
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

static bool unstated_expectation(const struct story *s, const char **name)
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

/* ---- the state ---- */

static void feed(struct story *s, enum input in)
{
	enum state before = s->state;

	s->state = verdict_feed(s->state, in);
	if (s->state == before)
		return;
	s->settle_at = CLOCK_NEVER;
	if (s->state == STATE_SETTLING || s->state == STATE_FAILING)
		s->settle_at = s->now + s->set.settle;
	if (s->state == STATE_SETTLING)
		tell_text(s, (struct story_news){ .type = NEWS_GOAL, .name = "all", .state = "met" }, "goal",
			  "all goals are reached; now they have to hold");
	else if (before == STATE_SETTLING && s->state == STATE_WAITING)
		tell_text(s, (struct story_news){ .type = NEWS_GOAL, .name = "all", .state = "lost" }, "note",
			  "a goal was lost again");
}

/* Facts may disagree for a moment (an old instance still answers): only what stays so is a failure. */
static bool facts_agree(struct story *s, enum whose whose)
{
	const char *name;

	if (wrong_facts(s, whose, false) == 0) {
		s->disagree_at = CLOCK_NEVER;
		return !unstated_expectation(s, &name);
	}
	if (s->disagree_at == CLOCK_NEVER)
		s->disagree_at = s->now + s->set.settle;
	if (s->set.live && s->now >= s->disagree_at) {
		wrong_facts(s, whose, true);
		feed(s, INPUT_FAIL);
	}
	return false;
}

/* Brings the state up to date with what is known. */
static void advance(struct story *s)
{
	bool met;

	if (state_decided(s->state))
		return;
	if (failed(s)) {
		feed(s, INPUT_FAIL);
		return;
	}
	/* a log that says it is up has said its facts: what is wrong in them no probe makes good */
	met = goals_met(s);
	if (met || logs_are_up(s))
		met &= facts_agree(s, met ? OF_ALL : OF_LOGS);
	if (met && s->state == STATE_WAITING)
		feed(s, INPUT_GOALS);
	else if (!met && s->state == STATE_SETTLING)
		feed(s, INPUT_LOST);
}

enum state story_state(const struct story *s)
{
	return s->state;
}

static void passed(struct story *s, int64_t now)
{
	if (now > s->now)
		s->now = now;
}

static void lives(struct story *s, int64_t at)
{
	if (at > s->last_life)
		s->last_life = at;
}

/* ---- logs ---- */

void story_use_set(struct story *s, size_t log, const struct rule_set *set, size_t place, bool required)
{
	track_use(s->tracks[log], set, place)->required = required;
	advance(s);
}

enum refusal story_allows(const struct story *s, size_t log, const struct sighting *x,
			  const struct condition **which)
{
	return track_allows(s->tracks[log], x, which);
}

bool story_may_win(const struct story *s, size_t log, const struct rule *rule)
{
	return track_may_win(s->tracks[log], rule);
}

static const struct outcome_reason *event_of(struct outcome_reason *slot, const struct track *t,
					     const struct sighting *x)
{
	reason_fill(slot, x, effect_names[x->rule->effect]);
	slot->source = mem_strdup(t->name);
	return slot;
}

static bool worth_a_line(const struct sighting *x, const struct track_change *c)
{
	return x->rule->effect != EFFECT_IGNORE && (x->rule->effect != EFFECT_PROGRESS || c->life);
}

static enum story_news_type news_type(const struct track_change *c)
{
	return c->new_run ? NEWS_RUN : c->goal ? NEWS_GOAL : c->phase ? NEWS_PHASE : NEWS_RULE;
}

void story_meet(struct story *s, size_t log, const struct sighting *x)
{
	struct track *t = s->tracks[log];
	struct outcome_reason event = { 0 };
	struct track_change c;

	if (state_decided(s->state))
		return;
	passed(s, x->arrival);
	track_meet(t, x, s->set.settle, &c);
	if (c.life)
		lives(s, x->arrival);
	if (x->rule->effect == EFFECT_PROGRESS) {
		mem_replace(&s->progress_source, t->progress_text);
		s->progress = t->progress;
	}
	if (s->set.news && worth_a_line(x, &c)) {
		tell_news(s, (struct story_news){ .type = news_type(&c),
						  .name = c.goal ? x->rule->goal : NULL,
						  .state = c.goal ? "met" : NULL,
						  .what = event_of(&event, t, x) });
		reason_clear(&event);
	}
	if (c.new_run)
		feed(s, INPUT_BEGIN);
	if (c.fatal && s->set.live)
		feed(s, INPUT_FATAL);
	if (c.matters)
		advance(s);
}

void story_inherit(struct story *s, size_t log, struct story *past, size_t past_log)
{
	track_inherit(s->tracks[log], past->tracks[past_log]);
}

void story_meet_again(struct story *s, size_t log, const struct sighting *x)
{
	if (state_decided(s->state))
		return;
	track_again(s->tracks[log], x);
	advance(s);
}

void story_unexplained(struct story *s, size_t log, const struct sighting *x)
{
	if (state_decided(s->state))
		return;
	passed(s, x->arrival);
	track_unexplained(s->tracks[log], x);
	if (s->set.news) {
		struct outcome_reason event = { 0 };

		reason_fill(&event, x, "unexplained");
		event.source = mem_strdup(s->tracks[log]->name);
		tell_news(s, (struct story_news){ .type = NEWS_UNEXPLAINED, .what = &event });
		reason_clear(&event);
	}
}

void story_seen(struct story *s, size_t log, const char *text, size_t len, int64_t arrival)
{
	if (s->set.live && track_is_new(s->tracks[log], text, len))
		lives(s, arrival);
}

void story_gap(struct story *s, size_t log, const char *why)
{
	track_gap(s->tracks[log], why);
	tell_text(s, (struct story_news){ .type = NEWS_GAP }, "undecided", why);
}

void story_candidate(struct story *s, size_t log, const char *set, size_t rules)
{
	AUTO_FREE char *count = mem_printf("%zu", rules);

	outcome_pair_set(&s->tracks[log]->candidates, set, count);
}

void story_coverage(struct story *s, size_t log, const char *file, uint64_t bytes, uint64_t lines,
		    uint64_t cut_lines, uint64_t cut_records)
{
	struct track *t = s->tracks[log];

	if (!str_eq(t->file, file))
		mem_replace(&t->file, file);
	t->bytes = bytes;
	t->lines = lines;
	t->cut_lines = cut_lines;
	t->cut_records = cut_records;
}

/* ---- the rest of the world ---- */

void story_fact(struct story *s, const char *source, const char *node, const char *name, const char *value)
{
	struct story_fact *f = NULL;

	if (state_decided(s->state))
		return;
	for (size_t i = 0; i < s->n_facts; i++)
		if (strcmp(s->facts[i].source, source) == 0 && strcmp(s->facts[i].name, name) == 0)
			f = &s->facts[i];
	if (!f) {
		f = ARRAY_ADD(s->facts, s->n_facts, s->room_facts);
		f->source = mem_strdup(source);
		f->node = mem_strdup(node);
		f->name = mem_strdup(name);
	}
	mem_replace(&f->value, value);
	advance(s);
}

char *story_probe_words(const struct story_probe *p)
{
	const char *reason = p->last.reason && *p->last.reason ? p->last.reason : p->last.state;

	return p->wanted ? mem_printf("%s (wanted: %s)", reason, p->wanted) : mem_strdup(reason);
}

void story_probe(struct story *s, size_t probe, const struct story_probe_status *p, int64_t now)
{
	struct story_probe *x = &s->probes[probe];
	bool changed = !str_eq(x->last.state, p->state),
	     moved = p->progress >= 0 && p->progress != s->progress;

	if (state_decided(s->state))
		return;
	passed(s, now);
	x->passed = strcmp(p->state, "pass") == 0;
	x->last.state = p->state;
	x->last.tries = p->tries;
	x->last.seconds = p->seconds;
	mem_replace(&x->wanted, p->wanted);
	mem_replace(&x->last.reason, p->reason);
	mem_replace(&x->last.most_often, p->most_often);
	if (p->progress >= 0) {
		mem_replace(&s->progress_source, x->name);
		s->progress = p->progress;
	}
	if (changed || moved)
		lives(s, now);
	if (changed) {
		AUTO_FREE char *text =
			mem_printf("%s: %s%s%s", x->name, p->state, p->reason && *p->reason ? ": " : "",
				   p->reason ? p->reason : "");

		tell_text(s, (struct story_news){ .type = NEWS_PROBE, .name = x->name, .state = p->state },
			  "note", text);
		if (strcmp(p->state, "fail") == 0 && !x->optional) {
			AUTO_FREE char *words = story_probe_words(x);
			AUTO_FREE char *why = mem_printf("probe %s: %s", x->name, words);

			add_failure(s, "probe-failed", why, NULL);
		}
	}
	advance(s);
}

static void close_tracks(struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		track_close(s->tracks[i], true);
	advance(s);
}

void story_died(struct story *s, const char *how, int64_t now)
{
	AUTO_FREE char *text = mem_printf("the server is gone: %s", how);

	if (state_decided(s->state))
		return;
	passed(s, now);
	close_tracks(s);
	tell_text(s, (struct story_news){ .type = NEWS_DIED }, "fail", text);
	add_reason(s, "fail", "process-died", text);
	feed(s, INPUT_DIED);
}

/* ---- time ---- */

static int64_t stall_span(const struct story *s)
{
	int64_t span = s->set.stall;

	for (size_t i = 0; i < s->n_tracks; i++)
		for (size_t k = 0; k < s->n_stalls; k++)
			if (str_eq(track_phase(s->tracks[i]), s->stalls[k].phase) &&
			    s->stalls[k].stall > span)
				span = s->stalls[k].stall;
	return s->set.stall ? span : 0;
}

static int64_t stall_at(const struct story *s)
{
	int64_t span = stall_span(s);

	return span && s->state != STATE_SETTLING ? s->last_life + span : CLOCK_NEVER;
}

static int64_t deadline_at(const struct story *s)
{
	return s->set.deadline && s->state != STATE_SETTLING ? s->set.started_at + s->set.deadline
							     : CLOCK_NEVER;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool retries_wait(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->n_retries)
			return true;
	return false;
}

int64_t story_next_tick(const struct story *s)
{
	int64_t at;

	if (state_decided(s->state) || !s->set.live)
		return CLOCK_NEVER;
	at = earlier(s->settle_at, earlier(s->disagree_at, earlier(stall_at(s), deadline_at(s))));
	if (retries_wait(s))
		at = earlier(at, s->now + CLOCK_SECOND);
	return at;
}

static void settled(struct story *s)
{
	if (s->state == STATE_SETTLING && has_gaps(s)) {
		add_reason(s, "undecided", "gap",
			   "the goals were reached, but not every byte of this run could be read");
		feed(s, INPUT_BLIND);
	} else {
		feed(s, INPUT_SETTLED);
	}
}

static void time_is_up(struct story *s, enum input in, const char *rule, const char *text)
{
	close_tracks(s);
	wrong_facts(s, OF_ALL, true);
	advance(s);
	if (state_decided(s->state) || s->state == STATE_SETTLING)
		return;
	add_reason(s, "undecided", rule, text);
	tell_text(s, (struct story_news){ .type = in == INPUT_STALL ? NEWS_STALL : NEWS_DEADLINE },
		  "undecided", text);
	feed(s, in);
}

void story_tick(struct story *s, int64_t now)
{
	char span[STR_SPAN_MAX];

	passed(s, now);
	for (size_t i = 0; i < s->n_tracks; i++)
		track_time(s->tracks[i], now);
	advance(s);
	if (s->settle_at <= s->now)
		settled(s);
	if (stall_at(s) <= s->now && !state_decided(s->state)) {
		AUTO_FREE char *text = mem_printf("nothing new for %s", str_span(stall_span(s), span));

		time_is_up(s, INPUT_STALL, "stall", text);
	}
	if (deadline_at(s) <= s->now && !state_decided(s->state)) {
		AUTO_FREE char *text =
			mem_printf("not decided within the deadline of %s", str_span(s->set.deadline, span));

		time_is_up(s, INPUT_DEADLINE, "deadline", text);
	}
}

static bool nothing_read(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->bytes)
			return false;
	return s->n_tracks > 0;
}

static bool any_stopped(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (s->tracks[i]->stopped)
			return true;
	return false;
}

static const char *why_undecided(const struct story *s)
{
	if (nothing_read(s))
		return "the log is empty";
	if (!story_knows_success(s))
		return "nothing in this log says what success is (no set with a goal was recognised; see "
		       "--set and --ready)";
	if (any_stopped(s))
		return "the server was stopped before it had reached and held its goals";
	return "the log ends before anything is decided";
}

void story_end(struct story *s)
{
	if (state_decided(s->state))
		return;
	close_tracks(s);
	wrong_facts(s, OF_ALL, true);
	advance(s);
	if (s->state == STATE_SETTLING && has_gaps(s)) {
		settled(s);
		return;
	}
	if (s->state == STATE_WAITING)
		add_reason(s, "undecided", "log-ends", why_undecided(s));
	feed(s, INPUT_END);
}

void story_interrupt(struct story *s, const char *why)
{
	if (state_decided(s->state))
		return;
	add_reason(s, "undecided", "interrupted", why);
	tell_text(s, (struct story_news){ .type = NEWS_INTERRUPTED }, "undecided", why);
	feed(s, INPUT_INTERRUPTED);
}

size_t story_runs(const struct story *s, size_t log)
{
	return s->tracks[log]->n_runs;
}

double story_progress(const struct story *s, const char **text)
{
	if (text)
		*text = s->progress_source;
	return s->progress;
}
