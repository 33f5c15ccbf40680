/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "verdict/story_impl.h"

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

/* ---- reasons that are no record ---- */

static void add_reason(struct story *s, const char *effect, const char *rule, const char *text)
{
	struct outcome_reason *r = outcome_reason_add(&s->reasons);

	r->effect = effect;
	r->rule = mem_strdup(rule);
	r->text = mem_strdup(text);
	r->say = mem_strdup(text);
}

void story_add_failure(struct story *s, const char *rule, const char *say, const struct outcome_reason *from)
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

/* ---- the state ---- */

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

	if (story_wrong_facts(s, whose, false) == 0) {
		s->disagree_at = CLOCK_NEVER;
		return !story_unstated_expectation(s, &name);
	}
	if (s->disagree_at == CLOCK_NEVER)
		s->disagree_at = s->now + s->set.settle;
	if (s->set.live && s->now >= s->disagree_at) {
		story_wrong_facts(s, whose, true);
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
	met = story_goals_met(s);
	if (met || story_logs_are_up(s))
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

			story_add_failure(s, "probe-failed", why, NULL);
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
	story_wrong_facts(s, OF_ALL, true);
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
	story_wrong_facts(s, OF_ALL, true);
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
