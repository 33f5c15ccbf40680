/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from what happens: small scripts of sightings, and the verdict they must lead to. */
#include "t.h"

#include <stdlib.h>

#include "base/clock.h"
#include "verdict/story.h"

/* ---- a little set ---- */

static char *phases[] = { (char[]){ "boot" }, (char[]){ "schema" }, (char[]){ "up" } };
static char *goals[] = { (char[]){ "up" } };
static char *restore[] = { (char[]){ "stop the server" }, (char[]){ "restore the database" } };
static const struct rule_set set = { .name = (char[]){ "s" },
				     .title = (char[]){ "" },
				     .phases = phases,
				     .n_phases = 3,
				     .restore = restore,
				     .n_restore = 2,
				     .goals = goals,
				     .n_goals = 1 };

#define T(text) ((char[]){ text })
/* clang-format off */
#define RULE(name, ...) { .set = "s", .id = T(name), .full = T("s/" name), .effect = __VA_ARGS__ }
/* clang-format on */

static struct condition after_script = { .rule = T("s/script"), .wanted = true, .within = 60 * CLOCK_SECOND };
static struct condition unless_restored = { .rule = T("s/restored"), .wanted = false, .history = true };
static struct fact_rule version_fact = { .name = T("product.version"), .from = T("v"), .type = FACT_VERSION };

static struct fact_rule joined_fact = { .name = T("members"), .from = T("v"), .type = FACT_LIST };
static struct fact_rule left_fact = { .name = T("members"), .from = T("v"), .type = FACT_UNLIST };
static char *explained[] = { T("s/rollback") };

static const struct rule rules[] = {
	RULE("begin", EFFECT_BEGIN, .phase = T("boot")),
	RULE("script", EFFECT_PHASE, .phase = T("schema"), .irreversible = true, .say = T("a script ran")),
	RULE("up", EFFECT_GOAL, .phase = T("up"), .goal = T("up")),
	RULE("fail", EFFECT_FAIL, .say = T("it failed")),
	RULE("fatal", EFFECT_FAIL, .fatal = true),
	RULE("headline", EFFECT_FAIL, .consequence = true),
	RULE("rollback", EFFECT_ROLLBACK),
	RULE("warn", EFFECT_WARN),
	RULE("hint", EFFECT_WARN, .explains = explained, .n_explains = 1, .say = T("no room for ${v}")),
	RULE("joined", EFFECT_NOTE, .facts = &joined_fact, .n_facts = 1),
	RULE("left", EFFECT_NOTE, .facts = &left_fact, .n_facts = 1),
	RULE("stop", EFFECT_STOP),
	RULE("open", EFFECT_NOTE, .opens = T("patch ${v}"), .unclosed = UNCLOSED_ROLLBACK, .due = T("s/up")),
	RULE("open-plain", EFFECT_NOTE, .opens = T("replay")),
	RULE("open-history", EFFECT_NOTE, .opens = T("restore"), .unclosed = UNCLOSED_FAIL, .history = true),
	RULE("open-last", EFFECT_NOTE, .opens = T("last words"), .unclosed = UNCLOSED_FAIL,
	     .broken = T("nothing came after ${v}")),
	RULE("close-last", EFFECT_IGNORE, .closes = (char *[]){ T("last words") }, .n_closes = 1),
	RULE("close", EFFECT_NOTE, .closes = (char *[]){ T("patch ${v}") }, .n_closes = 1),
	RULE("close-plain", EFFECT_NOTE, .closes = (char *[]){ T("replay") }, .n_closes = 1),
	RULE("restored", EFFECT_NOTE, .closes = (char *[]){ T("restore") }, .n_closes = 1),
	RULE("retry", EFFECT_RETRY, .tries = 3, .until = T("s/got-lock")),
	RULE("got-lock", EFFECT_NOTE),
	RULE("version", EFFECT_NOTE, .facts = &version_fact, .n_facts = 1),
	RULE("late", EFFECT_FAIL, .conditions = &after_script, .n_conditions = 1),
	RULE("skipped", EFFECT_WARN, .conditions = &unless_restored, .n_conditions = 1),
	RULE("progress", EFFECT_PROGRESS),
};

static const struct rule *rule(const char *id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	fail_msg("no rule %s", id);
	return NULL;
}

/* ---- scripts: words "rule@second" or "rule(value)@second", "@" alone keeps the clock ---- */

struct script {
	struct story *s;
	size_t log;
	uint64_t line;
	int64_t at;
};

static void word(struct script *x, char *w)
{
	char *at = strchr(w, '@'), *open, *value = NULL;
	struct capture c = { .name = "v" };
	struct sighting sighting;

	if (at) {
		x->at = strtoll(at + 1, NULL, 10) * CLOCK_SECOND;
		*at = '\0';
	}
	open = strchr(w, '(');
	if (open) {
		*open = '\0';
		value = open + 1;
		value[strcspn(value, ")")] = '\0';
		c.text = value;
		c.len = strlen(value);
	}
	sighting = (struct sighting){ .rule = rule(w),
				      .captures = &c,
				      .n_captures = value ? 1 : 0,
				      .text = w,
				      .len = strlen(w),
				      .file = "f",
				      .line = ++x->line,
				      .lines = 1,
				      .at = x->at,
				      .arrival = x->at };
	if (story_allows(x->s, x->log, &sighting, NULL) == REFUSED_NOT)
		story_meet(x->s, x->log, &sighting);
}

static void play(struct script *x, const char *script)
{
	char *copy = strdup(script), *rest = copy, *w;

	while ((w = strsep(&rest, " ")))
		if (*w)
			word(x, w);
	free(copy);
}

static void begin_story(struct script *x, const struct story_settings *settings)
{
	*x = (struct script){ .s = story_new(settings) };
	x->log = story_add_log(x->s, "log");
	story_use_set(x->s, x->log, &set, 0, true);
	story_coverage(x->s, x->log, "f", 100, 1, 0, 0);
}

static struct outcome *scan(const char *script)
{
	static const struct story_settings settings = { .settle = CLOCK_SECOND };
	struct script x;
	struct outcome *o;

	begin_story(&x, &settings);
	play(&x, script);
	story_end(x.s);
	o = story_tell(x.s);
	story_free(x.s);
	return o;
}

static const struct {
	const char *script, *verdict, *first; /* first: rule of reasons[0], NULL: none */
} scans[] = {
	{ "begin@1 up@2", "GO", NULL },
	{ "begin@1", "UNDECIDED", "log-ends" },
	{ "up@2", "GO", NULL },
	{ "begin@1 fail@2 up@3", "NO-GO", "s/fail" },
	{ "begin@1 up@2 fail@900", "NO-GO", "s/fail" },
	{ "begin@1 script@2 fail@3", "ROLLBACK", "s/fail" },
	{ "begin@1 rollback@3", "ROLLBACK", "s/rollback" },
	{ "begin@1 warn@2 up@3", "GO", NULL },
	/* an orderly stop */
	{ "begin@1 up@2 stop@10", "GO", NULL },
	{ "begin@1 up@2 stop@2", "UNDECIDED", "log-ends" },
	{ "begin@1 stop@2 up@3", "UNDECIDED", "log-ends" },
	{ "begin@1 up@2 stop@10 fail@11", "NO-GO", "s/fail" },
	/* what only announces a failure stands behind its cause, unless it is all there is */
	{ "begin@1 headline@2 fail@3", "NO-GO", "s/fail" },
	{ "begin@1 script@2 fail@3 headline@3", "ROLLBACK", "s/fail" },
	{ "begin@1 headline@2", "NO-GO", "s/headline" },
	/* a warning that a failure came of stands before it; of others it is none */
	{ "begin@1 hint@2 up@3", "GO", NULL },
	{ "begin@1 hint@2 rollback@3", "ROLLBACK", "s/hint" },
	{ "begin@1 hint@2 fail@3", "NO-GO", "s/fail" },
	{ "begin@1 rollback@2 hint@3", "ROLLBACK", "s/rollback" },
	{ "begin@1 hint@2 begin@3 script@4 fail@5 begin@6 rollback@7", "ROLLBACK", "s/rollback" },
	/* several starts: the last one decides */
	{ "begin@1 up@2 stop@10 begin@20 fail@21", "NO-GO", "s/fail" },
	{ "begin@1 script@2 fail@3 begin@20 script@21 up@22", "GO", NULL },
	{ "begin@1 script@2 fail@3 begin@20 fail@21", "ROLLBACK", "s/fail" },
	{ "begin@1 script@2 up@3 begin@20 fail@21", "NO-GO", "s/fail" },
	{ "begin@1 up@2 begin@20", "UNDECIDED", "log-ends" },
	{ "begin@1 begin@2 up@3", "GO", NULL },
	/* a log may begin with the end of an earlier start */
	{ "up@2 stop@10 begin@20", "UNDECIDED", "log-ends" },
	{ "stop@10 begin@20 up@21", "GO", NULL },
	{ "up@2 begin@20 fail@21", "NO-GO", "s/fail" },
	/* promises */
	{ "begin@1 open(a)@2 close(a)@3 up@4", "GO", NULL },
	{ "begin@1 open(a)@2 open(b)@2 close(a)@3 up@4", "ROLLBACK", "s/open" },
	{ "begin@1 open(a)@2", "UNDECIDED", "log-ends" },
	{ "begin@1 open-plain@2 up@3 close-plain@4", "GO", NULL },
	{ "begin@1 open-plain@2 up@3", "UNDECIDED", "log-ends" },
	{ "begin@1 open-last@2=9", "NO-GO", "s/open-last" },
	{ "begin@1 open-last@2=9 close-last@3", "UNDECIDED", "log-ends" },
	{ "begin@1 open-history@2 begin@10 up@12", "NO-GO", "s/open-history" },
	{ "begin@1 open-history@2 script@3 begin@10 up@12", "ROLLBACK", "s/open-history" },
	{ "begin@1 open-history@2 script@3 begin@10 restored@11 up@12", "GO", NULL },
	/* retries */
	{ "begin@1 retry@2 retry@3 got-lock@4 up@5", "GO", NULL },
	{ "begin@1 retry@2 retry@3 retry@4 up@5", "NO-GO", "s/retry" },
	{ "begin@1 retry@2 up@5", "UNDECIDED", "log-ends" },
	/* conditions look backward */
	{ "begin@1 late@2 up@3", "GO", NULL },
	{ "begin@1 script@2 late@3 up@4", "ROLLBACK", "s/late" },
	{ "begin@1 script@2 late@99 up@100", "GO", NULL },
};

TEST(scripts_lead_to_the_verdict_that_the_contract_wants)
{
	for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++) {
		struct outcome *o = scan(scans[i].script);
		const char *first = o->reasons.n ? o->reasons.items[0].rule : NULL;

		if (strcmp(verdict_name(o->verdict), scans[i].verdict) != 0)
			fail_msg("%s: %s, expected %s", scans[i].script, verdict_name(o->verdict),
				 scans[i].verdict);
		if (scans[i].first ? !first || strcmp(first, scans[i].first) != 0 : first != NULL)
			fail_msg("%s: first reason %s", scans[i].script, first ? first : "none");
		outcome_free(o);
	}
}

TEST(earlier_runs_are_listed_with_their_own_verdicts)
{
	struct outcome *o = scan("begin@1 up@2 stop@9 begin@20 script@21 fail@22 begin@30 script@31 up@32");

	assert_int_equal(o->n_earlier_runs, 2);
	assert_int_equal(o->earlier_runs[0].verdict, VERDICT_GO);
	assert_int_equal(o->earlier_runs[1].verdict, VERDICT_ROLLBACK);
	assert_int_equal(o->earlier_runs[1].line, 4);
	assert_int_equal(o->earlier_runs[1].end_line, 6);
	outcome_free(o);
}

TEST(a_rollback_lists_what_the_set_wants_restored)
{
	struct outcome *o = scan("begin@1 script@2 fail@3");

	assert_int_equal(o->next.n, 2);
	assert_string_equal(o->next.items[1], "restore the database");
	assert_true(o->irreversible.passed);
	assert_int_equal(o->irreversible.line, 2);
	outcome_free(o);
}

TEST(history_conditions_see_earlier_runs_only)
{
	struct outcome *o = scan("begin@1 open-history@2 restored@3 script@4 begin@10 skipped@11 up@12");

	assert_int_equal(o->verdict, VERDICT_GO);
	assert_int_equal(o->warnings.n, 0);
	outcome_free(o);
	o = scan("begin@1 skipped@2 up@3");
	assert_int_equal(o->warnings.n, 1);
	outcome_free(o);
}

TEST(a_gap_forbids_go_but_not_a_failure)
{
	static const struct story_settings settings = { .settle = CLOCK_SECOND };
	struct script x;
	struct outcome *o;

	begin_story(&x, &settings);
	play(&x, "begin@1 up@2");
	story_gap(x.s, x.log, "bytes 10 to 20 are lost");
	story_end(x.s);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_UNDECIDED);
	outcome_free(o);
	story_free(x.s);
	begin_story(&x, &settings);
	story_gap(x.s, x.log, "bytes 10 to 20 are lost");
	play(&x, "begin@1 fail@2");
	story_end(x.s);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	outcome_free(o);
	story_free(x.s);
}

TEST(without_a_goal_there_is_no_go)
{
	static const struct story_settings settings = { 0 };
	AUTO(story) s = story_new(&settings);
	struct outcome *o;

	story_add_log(s, "log");
	story_end(s);
	o = story_tell(s);
	assert_int_equal(o->verdict, VERDICT_UNDECIDED);
	outcome_free(o);
}

TEST(strict_makes_a_go_with_warnings_a_no_go)
{
	static const struct story_settings settings = { .settle = CLOCK_SECOND, .strict = true };
	struct script x;
	struct outcome *o;

	begin_story(&x, &settings);
	play(&x, "begin@1 warn@2 up@3");
	story_end(x.s);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	outcome_free(o);
	story_free(x.s);
}

/* ---- live ---- */

static const struct story_settings live = {
	.live = true, .settle = 10 * CLOCK_SECOND, .deadline = 100 * CLOCK_SECOND, .stall = 30 * CLOCK_SECOND
};

static enum state at(struct script *x, int64_t second)
{
	story_tick(x->s, second * CLOCK_SECOND);
	return story_state(x->s);
}

TEST(success_has_to_hold_for_settle)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1 up@5");
	assert_int_equal(story_next_tick(x.s), 15 * CLOCK_SECOND);
	assert_int_equal(at(&x, 14), STATE_SETTLING);
	assert_int_equal(at(&x, 15), STATE_GO);
	story_free(x.s);
}

TEST(a_failure_inside_settle_is_a_failure)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1 up@5 fail@9");
	assert_int_equal(story_state(x.s), STATE_FAILING);
	assert_int_equal(at(&x, 19), STATE_FAILED);
	story_free(x.s);
}

TEST(a_fatal_rule_ends_a_live_run_at_once)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1 fatal@5");
	assert_int_equal(story_state(x.s), STATE_FAILED);
	story_free(x.s);
}

TEST(deadline_and_stall_are_undecided)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1");
	story_seen(x.s, x.log, "a", 1, CLOCK_SECOND);
	assert_int_equal(story_next_tick(x.s), 31 * CLOCK_SECOND);
	assert_int_equal(at(&x, 31), STATE_UNDECIDED);
	story_free(x.s);
	begin_story(&x, &live);
	for (int second = 1; second < 100; second += 20) {
		char text[] = { (char)('a' + second / 20), '\0' };

		story_seen(x.s, x.log, text, 1, second * CLOCK_SECOND);
		assert_int_equal(at(&x, second), STATE_WAITING);
	}
	assert_int_equal(at(&x, 100), STATE_UNDECIDED);
	story_free(x.s);
}

TEST(equal_lines_but_for_digits_are_no_sign_of_life)
{
	struct script x;

	begin_story(&x, &live);
	for (int second = 0; second < 30; second += 10) {
		char text[] = "12:00:00 Waiting for lock";

		text[6] = (char)('0' + second / 10);
		story_seen(x.s, x.log, text, strlen(text), second * CLOCK_SECOND);
	}
	assert_int_equal(at(&x, 29), STATE_WAITING);
	assert_int_equal(at(&x, 30), STATE_UNDECIDED);
	story_free(x.s);
}

TEST(death_is_a_failure_and_rollback_after_the_point_of_no_return)
{
	struct script x;
	struct outcome *o;

	begin_story(&x, &live);
	play(&x, "begin@1 up@5");
	story_died(x.s, "killed by SIGKILL", 6 * CLOCK_SECOND);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	outcome_free(o);
	story_free(x.s);
	begin_story(&x, &live);
	play(&x, "begin@1 script@2");
	story_died(x.s, "killed by SIGKILL", 6 * CLOCK_SECOND);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_ROLLBACK);
	assert_string_equal(o->reasons.items[0].rule, "process-died");
	outcome_free(o);
	story_free(x.s);
}

TEST(facts_that_two_sources_state_must_agree)
{
	struct script x;
	struct outcome *o;

	begin_story(&x, &live);
	play(&x, "begin@1 version(5.2.7)@2");
	story_fact(x.s, "http", NULL, "product.version", "5.0.1");
	play(&x, "up@5");
	assert_int_equal(story_state(x.s),
			 STATE_WAITING); /* perhaps only an old instance that still answers */
	at(&x, 15);
	at(&x, 25);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	assert_string_equal(o->reasons.items[0].rule, "facts-disagree");
	outcome_free(o);
	story_free(x.s);
}

TEST(what_is_said_of_two_nodes_need_not_agree)
{
	struct script x;

	begin_story(&x, &live);
	story_set_node(x.s, x.log, "n1");
	play(&x, "begin@1 version(5.2.7)@2");
	story_fact(x.s, "http", "n2", "product.version", "5.0.1");
	play(&x, "up@5");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	story_fact(x.s, "sql", NULL, "product.version", "5.2.7");
	assert_int_equal(story_state(x.s), STATE_WAITING); /* of both */
	story_fact(x.s, "http", "n2", "product.version", "5.2.7");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	story_free(x.s);
}

TEST(a_later_statement_of_a_source_replaces_its_earlier_one)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1 version(5.2.7)@2");
	story_fact(x.s, "http", NULL, "product.version", "5.0.1");
	play(&x, "up@5");
	story_fact(x.s, "http", NULL, "product.version", "5.2.7");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	assert_int_equal(at(&x, 15), STATE_GO);
	story_free(x.s);
}

TEST(an_expectation_that_nobody_states_is_no_go_and_a_wrong_one_a_failure)
{
	struct script x;
	struct outcome *o;

	begin_story(&x, &live);
	story_expect(x.s, "product.version", "5.2.7");
	play(&x, "begin@1 up@2");
	assert_int_equal(at(&x, 50), STATE_UNDECIDED);
	story_free(x.s);
	begin_story(&x, &live);
	story_expect(x.s, "product.version", "5.2.7");
	play(&x, "begin@1 version(5.0.1)@2 up@3");
	at(&x, 13);
	at(&x, 23);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	assert_string_equal(o->reasons.items[0].rule, "expect");
	outcome_free(o);
	story_free(x.s);
}

static void expect_wrong_version(struct script *x, const char *words)
{
	begin_story(x, &live);
	story_expect(x->s, "product.version", "5.2.7");
	story_add_probe(x->s, "http", false);
	play(x, words);
}

TEST(a_wrong_fact_of_a_log_that_is_up_is_a_failure_at_its_line_whatever_else_is_open)
{
	struct script x;
	struct outcome *o;

	expect_wrong_version(&x, "begin@1 version(5.0.1)@2 open-plain@2 up@3");
	assert_int_equal(at(&x, 12), STATE_WAITING);
	assert_int_equal(at(&x, 13), STATE_FAILING);
	assert_int_equal(at(&x, 23), STATE_FAILED);
	o = story_tell(x.s);
	assert_int_equal(o->verdict, VERDICT_NO_GO);
	assert_string_equal(o->reasons.items[0].rule, "expect");
	assert_string_equal(o->reasons.items[0].file, "f");
	assert_int_equal(o->reasons.items[0].line, 2);
	assert_string_equal(o->reasons.items[0].text, "version");
	assert_non_null(strstr(o->reasons.items[0].say, "5.0.1"));
	outcome_free(o);
	story_free(x.s);
}

TEST(a_wrong_fact_of_a_log_that_is_not_up_yet_or_of_a_probe_may_still_become_right)
{
	struct script x;

	expect_wrong_version(&x, "begin@1 version(5.0.1)@2");
	assert_int_equal(at(&x, 25), STATE_WAITING);
	story_free(x.s);
	expect_wrong_version(&x, "begin@1 up@3");
	story_fact(x.s, "http", NULL, "product.version", "5.0.1");
	assert_int_equal(at(&x, 25), STATE_WAITING);
	story_free(x.s);
}

TEST(what_a_probe_says_before_it_passes_is_no_failure_when_time_is_up_unless_the_log_is_up)
{
	struct script x;

	expect_wrong_version(&x, "begin@1");
	story_fact(x.s, "http", NULL, "product.version", "5.0.1");
	assert_int_equal(at(&x, 1000), STATE_UNDECIDED);
	story_free(x.s);
	expect_wrong_version(&x, "begin@1 up@3");
	story_fact(x.s, "http", NULL, "product.version", "5.0.1");
	at(&x, 1000);
	assert_int_equal(at(&x, 2000), STATE_FAILED);
	story_free(x.s);
}

TEST(probes_are_goals_and_their_loss_takes_go_back)
{
	struct script x;
	size_t probe;
	struct story_probe_status pass = { .state = "pass", .progress = -1 },
				  not_yet = { .state = "not-yet", .reason = "503", .progress = -1 };

	begin_story(&x, &live);
	probe = story_add_probe(x.s, "http", false);
	play(&x, "begin@1 up@2");
	assert_int_equal(story_state(x.s), STATE_WAITING);
	story_probe(x.s, probe, &pass, 3 * CLOCK_SECOND);
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	story_probe(x.s, probe, &not_yet, 5 * CLOCK_SECOND);
	assert_int_equal(story_state(x.s), STATE_WAITING);
	story_probe(x.s, probe, &pass, 7 * CLOCK_SECOND);
	assert_int_equal(at(&x, 16), STATE_SETTLING);
	assert_int_equal(at(&x, 17), STATE_GO);
	story_free(x.s);
}

TEST(of_what_stood_in_the_log_before_only_history_counts)
{
	struct script past, x;
	struct outcome *o;

	begin_story(&past, &live);
	play(&past, "begin@1 script@2 fail@3 restored@4 open-history@5 open-plain@6 warn@7");
	begin_story(&x, &live);
	story_inherit(x.s, x.log, past.s, past.log);
	story_free(past.s);
	play(&x, "begin@20 skipped@21 up@22");
	assert_int_equal(story_state(x.s), STATE_WAITING); /* for the promise that passes into later runs */
	play(&x, "restored@23");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	assert_int_equal(at(&x, 40), STATE_GO);
	o = story_tell(x.s);
	assert_int_equal(o->warnings.n, 0); /* skipped: unless one was restored in an earlier run */
	assert_int_equal(o->n_earlier_runs, 0);
	assert_false(o->irreversible.passed);
	outcome_free(o);
	story_free(x.s);
}

TEST(the_last_warning_before_a_failure_is_its_cause)
{
	struct outcome *o = scan("begin@1 hint(a)@2 hint(b)@3 rollback@4 rollback@5");

	assert_int_equal(o->reasons.n, 3);
	assert_string_equal(o->reasons.items[0].say, "no room for b");
	assert_string_equal(o->reasons.items[0].effect, "rollback");
	assert_int_equal(o->reasons.items[0].line, 3);
	assert_string_equal(o->reasons.items[2].rule, "s/rollback");
	outcome_free(o);
}

TEST(members_join_and_leave_a_list)
{
	static const struct {
		const char *script, *expected;
		bool go;
	} cases[] = {
		{ "begin@1 joined(n1)@2 up@3", "n1", true },
		{ "begin@1 joined(n2)@2 joined(n10)@2 joined(n2)@2 up@3", "n10, n2", true },
		{ "begin@1 joined(n2)@2 joined(n10)@2 up@3", "n2,n10", true },
		{ "begin@1 joined(n2)@2 up@3", "n2, n10", false },
		{ "begin@1 joined(n2)@2 joined(n10)@2 joined(n3)@2 up@3", "n2, n10", false },
		{ "begin@1 joined(n2)@2 joined(n10)@2 up@3 joined(n3)@9", "n2, n10", false },
		{ "begin@1 joined(n2)@2 joined(n10)@2 left(n2)@2 up@3", "n2, n10", false },
		{ "begin@1 joined(n2)@2 joined(n10)@2 left(n2)@2 left(n3)@2 joined(n2)@2 up@3", "n2, n10",
		  true },
		{ "begin@1 joined(n2)@2 begin@3 fail@4 begin@5 joined(n3)@6 up@7", "n3", true },
	};
	static const struct story_settings settings = { .settle = CLOCK_SECOND };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct script x;
		struct outcome *o;

		begin_story(&x, &settings);
		story_expect(x.s, "members", cases[i].expected);
		play(&x, cases[i].script);
		story_end(x.s);
		o = story_tell(x.s);
		if ((o->verdict == VERDICT_GO) != cases[i].go)
			fail_msg("%s, expected %s: %s", cases[i].script, cases[i].expected,
				 verdict_name(o->verdict));
		outcome_free(o);
		story_free(x.s);
	}
}

TEST(each_node_owes_the_goals_of_its_logs)
{
	static const struct story_settings settings = { .settle = CLOCK_SECOND };
	struct script x, y;
	struct outcome *o;

	begin_story(&x, &settings);
	y = x;
	y.log = story_add_log(x.s, "other");
	story_use_set(x.s, y.log, &set, 0, true);
	story_set_node(x.s, x.log, "n1");
	story_set_node(x.s, y.log, "n2");
	play(&x, "begin@1 up@2");
	assert_int_equal(story_state(x.s), STATE_WAITING);
	o = story_tell(x.s);
	assert_false(o->goals[0].met);
	assert_string_equal(o->goals[0].node, "n2");
	outcome_free(o);
	play(&y, "up@4"); /* begun before we looked */
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	story_free(x.s);
}

TEST(a_goal_of_the_plan_is_owed_by_each_node_too)
{
	static const char *const names[] = { "up", "s/up" };
	static const struct story_settings settings = { .settle = CLOCK_SECOND };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct script x, y;

		begin_story(&x, &settings);
		y = x;
		y.log = story_add_log(x.s, "other");
		story_use_set(x.s, y.log, &set, 0, true);
		story_set_node(x.s, x.log, "n1");
		story_set_node(x.s, y.log, "n2");
		story_want_goal(x.s, names[i]);
		play(&x, "begin@1 up@2");
		assert_int_equal(story_state(x.s), STATE_WAITING);
		play(&y, "begin@3 up@4");
		assert_int_equal(story_state(x.s), STATE_SETTLING);
		story_free(x.s);
	}
}

TEST(interrupted_is_undecided)
{
	struct script x;

	begin_story(&x, &live);
	play(&x, "begin@1 up@2");
	story_interrupt(x.s, "interrupted by SIGTERM");
	assert_int_equal(story_state(x.s), STATE_UNDECIDED);
	story_free(x.s);
}

TEST(every_log_in_which_a_set_began_owes_its_goals)
{
	static const struct story_settings settings = { .settle = CLOCK_SECOND };
	struct script x, y;

	begin_story(&x, &settings);
	y = x;
	y.log = story_add_log(x.s, "other");
	story_use_set(x.s, y.log, &set, 0, true);
	play(&x, "begin@1 up@2");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	play(&y, "begin@1");
	assert_int_equal(story_state(x.s), STATE_WAITING);
	play(&y, "up@4");
	assert_int_equal(story_state(x.s), STATE_SETTLING);
	story_free(x.s);
}
