/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "report/ndjson.h"
#include "report/report.h"

#define AUTO_OUTCOME __attribute__((cleanup(outcome_free_scope))) struct outcome *

/* ---- outcomes made by hand ---- */

static struct outcome *outcome_of(enum verdict v, const char *summary)
{
	struct outcome *o = outcome_new();

	o->verdict = v;
	o->summary = mem_strdup(summary);
	o->started = INT64_C(1795255200123000000);
	o->ended = INT64_C(1795255293223000000);
	o->seconds = 93.1;
	return o;
}

static struct outcome_reason *add_reason(struct outcome_reasons *to, const char *effect, const char *rule,
					 uint64_t line, const char *text)
{
	struct outcome_reason *r = outcome_reason_add(to);

	r->effect = effect;
	r->rule = mem_strdup(rule);
	r->text = mem_strdup(text);
	if (line) {
		r->source = mem_strdup("repository");
		r->file = mem_strdup("catalina.out");
		r->line = line;
		r->lines = 14;
		r->offset = 99812;
		r->time = mem_strdup("2026-11-21T10:01:12.004Z");
	}
	return r;
}

static void add_goal(struct outcome *o, const char *name, uint64_t line)
{
	struct outcome_goal *g = ARRAY_ADD(o->goals, o->n_goals, o->room_goals);

	g->name = mem_strdup(name);
	g->met = line > 0;
	if (line) {
		g->source = mem_strdup("repository");
		g->file = mem_strdup("catalina.out");
		g->line = line;
		g->lines = 1;
		g->time = mem_strdup("2026-11-21T10:01:33.000Z");
	}
}

static struct outcome_probe *add_probe(struct outcome *o, const char *name, const char *state, uint64_t tries,
				       const char *reason)
{
	struct outcome_probe *p = ARRAY_ADD(o->probes, o->n_probes, o->room_probes);

	p->name = mem_strdup(name);
	p->state = state;
	p->tries = tries;
	p->reason = mem_strdup(reason);
	p->seconds = 0.0123456;
	return p;
}

static void add_phase(struct outcome *o, const char *name, const char *state, double seconds)
{
	*ARRAY_ADD(o->phases, o->n_phases, o->room_phases) =
		(struct outcome_phase){ .name = mem_strdup(name), .state = state, .seconds = seconds };
}

static void add_unexplained(struct outcome *o, uint64_t count, uint64_t line, const char *text)
{
	*ARRAY_ADD(o->unexplained, o->n_unexplained, o->room_unexplained) =
		(struct outcome_unexplained){ .count = count,
					      .line = line,
					      .text = mem_strdup(text),
					      .source = mem_strdup("repository"),
					      .file = mem_strdup("catalina.out") };
	o->counts.unexplained_errors += count;
}

static struct outcome_coverage *add_coverage(struct outcome *o, const char *gap)
{
	struct outcome_coverage *c = ARRAY_ADD(o->coverage, o->n_coverage, o->room_coverage);

	c->source = mem_strdup("repository");
	c->file = mem_strdup("catalina.out");
	c->bytes = 99999;
	c->lines = 1300;
	if (gap)
		outcome_text_add(&c->gaps, gap);
	return c;
}

static void add_alert(struct outcome *o, const char *channel, const char *reason)
{
	*ARRAY_ADD(o->alerts, o->n_alerts, o->room_alerts) =
		(struct outcome_alert){ .channel = mem_strdup(channel),
					.delivered = !reason,
					.reason = mem_strdup(reason),
					.seconds = 0.2 };
}

static void pass_point_of_no_return(struct outcome *o)
{
	o->irreversible.passed = true;
	o->irreversible.rule = mem_strdup("alfresco/schema-script");
	o->irreversible.source = mem_strdup("repository");
	o->irreversible.file = mem_strdup("catalina.out");
	o->irreversible.line = 88;
}

static struct outcome *a_go(void)
{
	struct outcome *o = outcome_of(VERDICT_GO, "Alfresco 5.2.7 is up");

	o->plan = mem_strdup("acs-5.2");
	outcome_text_add(&o->sets, "alfresco");
	outcome_text_add(&o->sets, "tomcat");
	o->phase = mem_strdup("up");
	add_goal(o, "started", 1298);
	add_goal(o, "deployed", 1300);
	add_probe(o, "http", "pass", 3, NULL);
	add_probe(o, "patches-in-db", "pass", 1, "0 rows");
	outcome_pair_set(&o->facts, "alfresco.version.from", "5.0.4");
	outcome_pair_set(&o->facts, "alfresco.version", "5.2.7");
	outcome_pair_set(&o->facts, "alfresco.schema", "10001");
	add_phase(o, "boot", "done", 2.1004);
	add_phase(o, "schema", "done", 12.2);
	add_phase(o, "patches", "done", -1);
	add_phase(o, "up", "current", 61.6);
	add_phase(o, "never", "pending", -1);
	pass_point_of_no_return(o);
	add_coverage(o, NULL);
	o->counts.records = 1000;
	o->counts.events = 40;
	return o;
}

static struct outcome *a_rollback(void)
{
	struct outcome *o = outcome_of(
		VERDICT_ROLLBACK, "patch patch.updateDmPermissions failed after the schema had been changed");
	struct outcome_reason *r;

	o->plan = mem_strdup("acs-5.2");
	outcome_text_add(&o->sets, "alfresco");
	o->phase = mem_strdup("patches");
	pass_point_of_no_return(o);
	r = add_reason(&o->reasons, "rollback", "alfresco/patch-failed", 1204,
		       "2026-11-21 10:01:12,004 ERROR [domain.patch.AbstractPatch] [main] Patch "
		       "patch.updateDmPermissions failed");
	r->cause = mem_strdup(
		"org.postgresql.util.PSQLException: ERROR: relation \"alf_permission\" does not exist");
	r->say = mem_strdup("patch patch.updateDmPermissions failed");
	r->record =
		mem_strdup("2026-11-21 10:01:12,004 ERROR [domain.patch.AbstractPatch] [main] Patch failed\n"
			   "\tat org.alfresco.repo.admin.patch.AbstractPatch.apply(AbstractPatch.java:437)\n"
			   "Caused by: org.postgresql.util.PSQLException: no\n");
	outcome_pair_set(&r->facts, "patch", "patch.updateDmPermissions");
	outcome_text_add(&r->next, "look at the database's own log for this minute");
	outcome_text_add(&r->next, "restore the database");
	add_reason(&o->reasons, "fail", "tomcat/context-failed", 1310, "Context [/alfresco] startup failed");
	outcome_text_add(&o->next, "stop the server");
	outcome_text_add(&o->next, "restore the database");
	outcome_text_add(&o->next, "restore the content store");
	outcome_text_add(&o->next, "delete the search index");
	add_goal(o, "started", 0);
	add_probe(o, "http", "fail", 3, "503 Service Unavailable")->most_often =
		mem_strdup("connection refused");
	add_reason(&o->warnings, "warn", "alfresco/slow-query", 700, "WARN slow query");
	add_unexplained(o, 1, 17, "ERROR [web.site] once");
	add_unexplained(o, 3, 19, "ERROR [cache] three times");
	add_phase(o, "schema", "done", 12.2);
	add_phase(o, "patches", "failed", 3);
	add_coverage(o, NULL);
	add_alert(o, "webhook", "HTTP 500");
	add_alert(o, "exec", NULL);
	return o;
}

static struct outcome *a_no_go(void)
{
	struct outcome *o = outcome_of(VERDICT_NO_GO, "the server's process ended before it was up");
	struct outcome_reason *r = add_reason(&o->reasons, "fail", "process-died", 0, NULL);

	outcome_text_add(&o->sets, "tomcat");
	r->say = mem_strdup("process 4711 ended with exit code 1 after 2.3s");
	outcome_text_add(&o->next, "mend what the cause names and start again; nothing has to be restored");
	for (uint64_t i = 0; i < 4; i++)
		add_reason(&o->reasons, "fail", "java/no-memory", 10 + i,
			   "java.lang.OutOfMemoryError: Java heap space");
	add_goal(o, "started", 0);
	add_goal(o, "deployed", 0);
	o->seconds = 2.3;
	return o;
}

static struct outcome *an_undecided(void)
{
	struct outcome *o = outcome_of(VERDICT_UNDECIDED, "part of the log could not be read");
	struct outcome_run *run = ARRAY_ADD(o->earlier_runs, o->n_earlier_runs, o->room_earlier_runs);

	outcome_text_add(&o->sets, "keycloak");
	o->phase = mem_strdup("schema");
	add_reason(&o->reasons, "undecided", "gap", 0, NULL)->source = mem_strdup("repository");
	outcome_text_add(&o->next, "have a person look at the log round the gap");
	add_goal(o, "started", 0);
	add_coverage(o, "400 bytes from offset 1200 were lost when the file was rotated");
	run->verdict = VERDICT_NO_GO;
	run->source = mem_strdup("repository");
	run->summary = mem_strdup("the database was not there");
	run->line = 1;
	run->end_line = 400;
	run->time = mem_strdup("2026-11-20T09:00:00Z");
	run->phase = mem_strdup("boot");
	return o;
}

static struct outcome *(*const examples[])(void) = { a_go, a_rollback, a_no_go, an_undecided };

/* Every string of an outcome is s, and every list has one element. */
static struct outcome *an_outcome_full_of(const char *s, enum verdict v)
{
	struct outcome *o = outcome_of(v, s);
	struct outcome_reason *r;
	struct outcome_run *run = ARRAY_ADD(o->earlier_runs, o->n_earlier_runs, o->room_earlier_runs);

	outcome_text_add(&o->next, s);
	o->plan = mem_strdup(s);
	outcome_text_add(&o->sets, s);
	o->phase = mem_strdup(s);
	o->irreversible.passed = true;
	o->irreversible.rule = mem_strdup(s);
	o->irreversible.source = mem_strdup(s);
	o->irreversible.file = mem_strdup(s);
	for (int i = 0; i < 2; i++) {
		r = add_reason(i ? &o->warnings : &o->reasons, i ? "warn" : "fail", s, 1, s);
		mem_replace(&r->source, s);
		mem_replace(&r->file, s);
		mem_replace(&r->time, s);
		r->record = mem_strdup(s);
		r->cause = mem_strdup(s);
		r->say = mem_strdup(s);
		outcome_pair_set(&r->facts, s, s);
		outcome_text_add(&r->next, s);
		add_goal(o, s, (uint64_t)i);
	}
	mem_replace(&o->goals[1].source, s);
	mem_replace(&o->goals[1].file, s);
	mem_replace(&o->goals[1].time, s);
	add_probe(o, s, "fail", 1, s)->most_often = mem_strdup(s);
	outcome_pair_set(&o->facts, s, s);
	add_phase(o, s, "current", 1);
	add_unexplained(o, 1, 1, s);
	mem_replace(&o->unexplained[0].source, s);
	mem_replace(&o->unexplained[0].file, s);
	mem_replace(&add_coverage(o, s)->source, s);
	mem_replace(&o->coverage[0].file, s);
	run->verdict = VERDICT_GO;
	run->source = mem_strdup(s);
	run->phase = mem_strdup(s);
	run->summary = mem_strdup(s);
	run->time = mem_strdup(s);
	add_alert(o, s, s);
	return o;
}

static const struct report_style plain;

static char *rendered(const char *kind, const struct outcome *o, struct report_style style)
{
	struct buf out = BUF_INIT(REPORT_MAX);

	report_kind_named(kind)->render(o, &style, &out);
	assert_false(out.full);
	return buf_take(&out);
}

/* ---- programs that know the formats better than we do ---- */

static char folder[] = "/tmp/test_report.XXXXXX";

static void remove_scratch(void)
{
	DIR *d = opendir(folder);

	for (struct dirent *f; d && (f = readdir(d));)
		if (*f->d_name != '.')
			unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	rmdir(folder);
}

static char *scratch(const char *name, const char *text)
{
	static bool made;
	char *path;

	if (!made) {
		assert_non_null(mkdtemp(folder));
		atexit(remove_scratch);
	}
	made = true;
	path = mem_printf("%s/%s", folder, name);
	assert_int_equal(io_replace_file(path, text, strlen(text), NULL), 0);
	return path;
}

/* The exit code, or 127 where there is no such program. */
static int run(const char *const argv[])
{
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		return 127;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Where meson (or a person) runs us from: the build folder, the sources' folder. */
static char *schema(const char *name)
{
	static const char *const folders[] = { "schemas", "../schemas", "../../schemas" };
	const char *here = strstr(__FILE__, "tests/unit/");
	AUTO_FREE char *beside = mem_printf("%.*sschemas", here ? (int)(here - __FILE__) : 0, __FILE__);

	for (size_t i = 0; i <= ARRAY_LEN(folders); i++) {
		char *path = mem_printf("%s/%s", i ? folders[i - 1] : beside, name);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	fail_msg("%s is not to be found", name);
	return NULL;
}

/* Of the documents in text, one after another, as many as n_bad do not meet the schema. */
static void expect_invalid(const char *schema_name, const char *text, int n_bad)
{
	static const char script[] = "import json, sys\n"
				     "try:\n"
				     "    from jsonschema import Draft202012Validator as V\n"
				     "except ImportError:\n"
				     "    sys.exit(127)\n"
				     "schema = json.load(open(sys.argv[1]))\n"
				     "V.check_schema(schema)\n"
				     "rest, bad = open(sys.argv[2], encoding='utf-8').read().lstrip(), 0\n"
				     "while rest:\n"
				     "    document, end = json.JSONDecoder().raw_decode(rest)\n"
				     "    errors = list(V(schema).iter_errors(document))\n"
				     "    for e in errors if sys.argv[3] == '0' else []:\n"
				     "        print('#', e.json_path, e.message[:300], file=sys.stderr)\n"
				     "    rest, bad = rest[end:].lstrip(), bad + bool(errors)\n"
				     "sys.exit(bad)\n";
	AUTO_FREE char *schema_path = schema(schema_name);
	AUTO_FREE char *path = scratch("document", text);
	AUTO_FREE char *expected = mem_printf("%d", n_bad);
	const char *const argv[] = { "python3", "-c", script, schema_path, path, expected, NULL };
	int code = run(argv);

	if (code == 127) {
		print_message("# no python3 with jsonschema here: not validated\n");
		skip();
	}
	assert_int_equal(code, n_bad);
}

static void expect_xml(const char *text)
{
	AUTO_FREE char *path = scratch("junit.xml", text);
	const char *const argv[] = { "xmllint", "--huge", "--noout", path, NULL };
	int code = run(argv);

	if (code == 127) {
		print_message("# no xmllint here: not checked\n");
		skip();
	}
	assert_int_equal(code, 0);
}

/* ---- the registry ---- */

TEST(each_format_has_a_name_and_a_sentence_and_is_found_by_its_name)
{
	size_t n = 0;

	for (const struct report_kind *k; (k = report_kind_at(n)); n++) {
		assert_true(*k->name && *k->help && k->render);
		assert_ptr_equal(report_kind_named(k->name), k);
	}
	assert_true(n >= 3);
	assert_null(report_kind_named("nosuch"));
}

/* ---- JSON ---- */

TEST(the_documents_of_all_verdicts_meet_the_published_schema)
{
	AUTO_BUF all = BUF_INIT(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		AUTO_OUTCOME o = examples[i]();

		report_kind_named("json")->render(o, &plain, &all);
	}
	expect_invalid("verdict.schema.json", buf_text(&all), 0);
}

TEST(the_schema_refuses_what_we_do_not_write)
{
	static const char *const changes[][2] = {
		{ "\"exit_code\": 2", "\"exit_code\": 0" },
		{ "\"state\": \"fail\"", "\"state\": \"maybe\"" },
		{ "\"met\": false", "\"met\": false, \"x\": 1" },
		{ "\"schema\": \"gonogo.verdict/1\",", "" },
		{ "\"seconds\": 93.1", "\"seconds\": -1" },
		{ "\"lines\": 14,", "" },
	};
	AUTO_OUTCOME o = a_rollback();
	AUTO_FREE char *text = rendered("json", o, plain);
	AUTO_BUF all = BUF_INIT(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		char *at = strstr(text, changes[i][0]);

		assert_non_null(at);
		buf_printf(&all, "%.*s%s%s", (int)(at - text), text, changes[i][1],
			   at + strlen(changes[i][0]));
	}
	expect_invalid("verdict.schema.json", buf_text(&all), ARRAY_LEN(changes));
}

TEST(an_outcome_that_knows_nothing_is_still_a_valid_document)
{
	AUTO_OUTCOME o = outcome_of(VERDICT_UNDECIDED, "");
	AUTO_FREE char *text = rendered("json", o, plain);

	expect_invalid("verdict.schema.json", text, 0);
}

TEST(keys_come_in_the_order_of_the_contract)
{
	static const char *const order[] = { "schema",	"verdict",	"exit_code",   "summary",
					     "next",	"plan",		"sets",	       "started",
					     "ended",	"seconds",	"phase",       "point_of_no_return",
					     "reasons", "warnings",	"goals",       "probes",
					     "facts",	"phases",	"unexplained", "coverage",
					     "counts",	"earlier_runs", "alerts" };
	static const char *const of_reason[] = { "effect", "rule",   "source", "file", "line",
						 "lines",  "offset", "time",   "text", "cause",
						 "say",	   "facts",  "next" };
	AUTO_OUTCOME o = a_rollback();
	AUTO_FREE char *text = rendered("json", o, plain);
	json_t *j = json_loads(text, 0, NULL), *value;
	const char *key;
	size_t i = 0;

	json_object_foreach(j, key, value) assert_string_equal(key, order[i++]);
	assert_int_equal(i, ARRAY_LEN(order));
	i = 0;
	json_object_foreach(json_array_get(json_object_get(j, "reasons"), 0), key, value)
		assert_string_equal(key, of_reason[i++]);
	assert_int_equal(i, ARRAY_LEN(of_reason));
	json_decref(j);
}

TEST(what_is_not_known_is_left_out)
{
	AUTO_OUTCOME o = a_no_go();
	AUTO_FREE char *text = rendered("json", o, plain);
	json_t *j = json_loads(text, 0, NULL);
	json_t *died = json_array_get(json_object_get(j, "reasons"), 0);

	assert_null(json_object_get(j, "plan"));
	assert_null(json_object_get(j, "phase"));
	assert_null(json_object_get(died, "line"));
	assert_null(json_object_get(died, "offset"));
	assert_null(json_object_get(died, "source"));
	assert_int_equal(json_object_size(json_object_get(j, "point_of_no_return")), 1);
	assert_int_equal(json_array_size(json_object_get(died, "next")), 0);
	json_decref(j);
}

TEST(seconds_have_at_most_three_decimals_and_are_left_out_where_unknown)
{
	static const struct {
		double seconds;
		const char *said; /* NULL: left out */
	} cases[] = {
		{ 93.1, "93.1" },  { 0.0123456, "0.012" },	 { 12, "12.0" },
		{ 1.9996, "2.0" }, { 144000.001, "144000.001" }, { 0, "0.0" },
		{ -1, NULL },	   { (double)INFINITY, NULL },	 { (double)NAN, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_OUTCOME o = outcome_of(VERDICT_GO, "x");

		o->seconds = cases[i].seconds;
		AUTO_FREE char *text = rendered("json", o, plain);
		AUTO_FREE char *said = mem_printf("\"seconds\": %s,\n", cases[i].said ? cases[i].said : "");

		assert_true(cases[i].said ? strstr(text, said) != NULL : !strstr(text, "\"seconds\""));
	}
}

/* ---- text ---- */

static void expect_text(struct outcome *(*make)(void), struct report_style style, const char *golden)
{
	AUTO_OUTCOME o = make();
	AUTO_FREE char *text = rendered("text", o, style);

	assert_string_equal(text, golden);
}

TEST(a_go_is_one_line_and_its_facts)
{
	expect_text(a_go, plain,
		    "GO  Alfresco 5.2.7 is up\n"
		    "\n"
		    "Goals        started   catalina.out:1298  2026-11-21T10:01:33.000Z\n"
		    "             deployed  catalina.out:1300  2026-11-21T10:01:33.000Z\n"
		    "Probes       http: pass after 3 tries\n"
		    "             patches-in-db: pass: 0 rows\n"
		    "\n"
		    "Facts        alfresco.version.from = 5.0.4\n"
		    "             alfresco.version = 5.2.7\n"
		    "             alfresco.schema = 10001\n"
		    "Phases       boot 2.1s, schema 12.2s, patches, up 1m1s\n"
		    "             past the point of no return (catalina.out:88,\n"
		    "             alfresco/schema-script)\n");
}

TEST(a_rollback_says_what_failed_where_and_what_to_restore)
{
	expect_text(a_rollback, (struct report_style){ .details = "verdict.json" },
		    "ROLLBACK  patch patch.updateDmPermissions failed after the schema had been\n"
		    "          changed\n"
		    "\n"
		    "Cause        alfresco/patch-failed  catalina.out:1204  2026-11-21T10:01:12.004Z\n"
		    "             patch patch.updateDmPermissions failed\n"
		    "             | 2026-11-21 10:01:12,004 ERROR [domain.patch.AbstractPatch] [main]\n"
		    "             | Patch patch.updateDmPermissions failed\n"
		    "             caused by: org.postgresql.util.PSQLException: ERROR: relation\n"
		    "             \"alf_permission\" does not exist\n"
		    "             -> look at the database's own log for this minute\n"
		    "Then         tomcat/context-failed  catalina.out:1310  Context [/alfresco] st...\n"
		    "\n"
		    "Phase        patches 3s, after schema 12.2s\n"
		    "             past the point of no return (catalina.out:88,\n"
		    "             alfresco/schema-script)\n"
		    "\n"
		    "Do now       1. stop the server\n"
		    "             2. restore the database\n"
		    "             3. restore the content store\n"
		    "             4. delete the search index\n"
		    "\n"
		    "Not reached  started\n"
		    "Probes       http: fail after 3 tries: 503 Service Unavailable; most often:\n"
		    "             connection refused\n"
		    "Warnings     catalina.out:700  WARN slow query\n"
		    "Unexplained  3x  catalina.out:19  ERROR [cache] three times\n"
		    "             1x  catalina.out:17  ERROR [web.site] once\n"
		    "\n"
		    "Alerts       webhook: not delivered: HTTP 500\n"
		    "Report       verdict.json\n");
}

TEST(a_no_go_says_that_nothing_has_to_be_restored)
{
	expect_text(a_no_go, plain,
		    "NO-GO  the server's process ended before it was up\n"
		    "\n"
		    "Cause        process-died\n"
		    "             process 4711 ended with exit code 1 after 2.3s\n"
		    "Then         java/no-memory  catalina.out:10  java.lang.OutOfMemoryError: Jav...\n"
		    "             java/no-memory  catalina.out:11  java.lang.OutOfMemoryError: Jav...\n"
		    "             and 2 more\n"
		    "\n"
		    "Phase        none reached\n"
		    "             nothing irreversible had begun\n"
		    "\n"
		    "Do now       1. mend what the cause names and start again; nothing has to be\n"
		    "                restored\n"
		    "\n"
		    "Not reached  started, deployed\n"
		    "\n"
		    "Report       --verbose shows all reasons, --json FILE keeps everything\n");
}

TEST(undecided_says_what_is_missing)
{
	expect_text(an_undecided, plain,
		    "UNDECIDED  part of the log could not be read\n"
		    "\n"
		    "Cause        gap  repository\n"
		    "\n"
		    "Phase        schema\n"
		    "             the point of no return was not seen\n"
		    "\n"
		    "Do now       1. have a person look at the log round the gap\n"
		    "\n"
		    "Not reached  started\n"
		    "Not read     repository: 400 bytes from offset 1200 were lost when the file was\n"
		    "             rotated\n"
		    "\n"
		    "Earlier      1 start, the last one NO-GO: the database was not there\n"
		    "Report       --verbose shows all reasons, --json FILE keeps everything\n");
}

TEST(verbose_shows_every_reason_with_its_record)
{
	expect_text(a_rollback, (struct report_style){ .verbose = true },
		    "ROLLBACK  patch patch.updateDmPermissions failed after the schema had been\n"
		    "          changed\n"
		    "\n"
		    "Cause        alfresco/patch-failed  catalina.out:1204  2026-11-21T10:01:12.004Z\n"
		    "             patch patch.updateDmPermissions failed\n"
		    "             | 2026-11-21 10:01:12,004 ERROR [domain.patch.AbstractPatch] [main] Patch "
		    "failed\n"
		    "             | at "
		    "org.alfresco.repo.admin.patch.AbstractPatch.apply(AbstractPatch.java:437)\n"
		    "             | Caused by: org.postgresql.util.PSQLException: no\n"
		    "             caused by: org.postgresql.util.PSQLException: ERROR: relation\n"
		    "             \"alf_permission\" does not exist\n"
		    "             patch = patch.updateDmPermissions\n"
		    "             -> look at the database's own log for this minute\n"
		    "Then         tomcat/context-failed  catalina.out:1310  2026-11-21T10:01:12.004Z\n"
		    "             | Context [/alfresco] startup failed\n"
		    "\n"
		    "Phase        patches 3s, after schema 12.2s\n"
		    "             past the point of no return (catalina.out:88,\n"
		    "             alfresco/schema-script)\n"
		    "\n"
		    "Do now       1. stop the server\n"
		    "             2. restore the database\n"
		    "             3. restore the content store\n"
		    "             4. delete the search index\n"
		    "\n"
		    "Not reached  started\n"
		    "Probes       http: fail after 3 tries: 503 Service Unavailable; most often:\n"
		    "             connection refused\n"
		    "Warnings     catalina.out:700  WARN slow query\n"
		    "Unexplained  3x  catalina.out:19  ERROR [cache] three times\n"
		    "             1x  catalina.out:17  ERROR [web.site] once\n"
		    "Read         repository: 1300 lines, 99999 bytes, 0 cut\n"
		    "\n"
		    "Alerts       webhook: not delivered: HTTP 500\n");
}

TEST(phases_that_were_not_entered_are_not_told_as_history)
{
	AUTO_OUTCOME o = an_undecided();

	add_phase(o, "boot", "skipped", -1);
	add_phase(o, "schema", "current", 2);
	add_phase(o, "up", "pending", -1);
	AUTO_FREE char *text = rendered("text", o, plain);

	assert_non_null(strstr(text, "\nPhase        schema 2s\n"));
}

TEST(a_warning_that_repeats_is_shown_once_and_counted)
{
	AUTO_OUTCOME o = a_rollback();

	add_reason(&o->warnings, "warn", "alfresco/slow-query", 701, "WARN slow again");
	add_reason(&o->warnings, "warn", "alfresco/other", 702, "WARN another thing");
	AUTO_FREE char *text = rendered("text", o, plain);
	AUTO_FREE char *verbose = rendered("text", o, (struct report_style){ .verbose = true });

	assert_non_null(strstr(text, "\nWarnings     catalina.out:700  WARN slow query\n"
				     "             catalina.out:702  WARN another thing\n"
				     "             and 1 more\n"));
	assert_non_null(strstr(verbose, "WARN slow again"));
}

TEST(the_place_to_open_first_has_its_whole_path_and_the_others_their_name)
{
	AUTO_OUTCOME o = a_rollback();

	mem_replace(&o->reasons.items[0].file, "/opt/tomcat/logs/catalina.out");
	mem_replace(&o->reasons.items[1].file, "/opt/tomcat/logs/catalina.out");
	mem_replace(&o->irreversible.file, "/opt/tomcat/logs/catalina.out");
	AUTO_FREE char *text = rendered("text", o, plain);

	assert_non_null(strstr(text, "  /opt/tomcat/logs/catalina.out:1204  "));
	assert_non_null(strstr(text, "  catalina.out:1310  "));
	assert_non_null(strstr(text, "(catalina.out:88,"));
}

TEST(what_the_headline_says_is_not_said_again)
{
	AUTO_OUTCOME o = outcome_of(VERDICT_UNDECIDED, "the log is empty");

	add_reason(&o->reasons, "undecided", "log-ends", 0, "the log is empty");
	AUTO_FREE char *text = rendered("text", o, plain);

	assert_ptr_equal(strstr(text, "the log is empty"), text + strlen("UNDECIDED  "));
	assert_null(strstr(text + strlen("UNDECIDED  ") + 1, "the log is empty"));
}

/* ---- hostile text ---- */

/* One of each kind of trouble; none of these bytes may reach a terminal as they are. */
static const char *const hostile[] = {
	"\033[31mred\033[0m \033]0;title\a",
	"carriage\rreturn\nnew line\ttab\vvertical\x7f",
	"C1 \xC2\x9B"
	"31m \xC2\x85 \xC2\x90",
	"bidi \xE2\x80\xAE"
	"txet \xE2\x81\xA6 \xEF\xBB\xBF \xE2\x80\x8B",
	"invalid \xFF\xFE \xC0\x80 \xED\xA0\x80 \xE2\x82 \xF5\x80\x80\x80 \x80",
	"]]> <![CDATA[ </system-out> &amp; <x a=\"b\" c='d'> \xEF\xBF\xBE \xEF\xBF\xBF",
	"::error::owned ##vso[task.complete] \\u0000 \\\" %s%n%d",
	"",
	" ",
	"\xF0\x9F\x98\x80 \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E \xC3\xA4\xC3\xB6",
};

/* Newlines aside: they are the report's own layout. */
static void expect_nothing_hidden(const char *text)
{
	AUTO_FREE char *copy = mem_strdup(text);

	for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
		while (*line == '\t') /* the layout of XML */
			line++;
		AUTO_FREE char *clean = text_line_dup(line, strlen(line));

		assert_string_equal(line, clean);
	}
}

TEST(no_report_lets_hostile_text_through)
{
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		for (int v = VERDICT_GO; v <= VERDICT_UNDECIDED; v++) {
			AUTO_OUTCOME o = an_outcome_full_of(hostile[i], (enum verdict)v);
			AUTO_FREE char *text = rendered("text", o, (struct report_style){ .verbose = true });
			AUTO_FREE char *json = rendered("json", o, plain);
			AUTO_FREE char *junit = rendered("junit", o, plain);
			json_t *j = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

			expect_nothing_hidden(text);
			expect_nothing_hidden(json);
			assert_non_null(j);
			json_decref(j);
			assert_int_equal(strncmp(text, verdict_name((enum verdict)v),
						 strlen(verdict_name((enum verdict)v))),
					 0);
			assert_null(strstr(junit, "]]>"));
			assert_null(strchr(junit, '\033'));
		}
}

TEST(junit_of_hostile_text_is_well_formed)
{
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		AUTO_OUTCOME o = an_outcome_full_of(hostile[i], VERDICT_ROLLBACK);
		AUTO_FREE char *junit = rendered("junit", o, plain);

		expect_xml(junit);
	}
}

TEST(json_of_hostile_text_meets_the_schema_and_loses_no_character)
{
	AUTO_BUF all = BUF_INIT(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		AUTO_OUTCOME o = an_outcome_full_of(hostile[i], VERDICT_NO_GO);
		AUTO_FREE char *json = rendered("json", o, plain);
		AUTO_FREE char *expected = text_utf8_dup(hostile[i], strlen(hostile[i]));
		json_t *j = json_loads(json, 0, NULL);

		assert_string_equal(json_string_value(json_object_get(j, "summary")), expected);
		json_decref(j);
		buf_str(&all, json);
	}
	expect_invalid("verdict.schema.json", buf_text(&all), 0);
}

TEST(a_megabyte_in_every_string_gives_reports_of_a_bearable_size)
{
	static const char *const bytes[] = { "x", "\xFF", "\xE6\x97\xA5", "\033", "<", " y" };

	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		struct buf word = BUF_INIT(1 << 20);

		while (word.len + strlen(bytes[i]) <= word.max)
			buf_str(&word, bytes[i]);
		AUTO_FREE char *megabyte = buf_take(&word);
		AUTO_OUTCOME o = an_outcome_full_of(megabyte, VERDICT_ROLLBACK);
		AUTO_FREE char *text = rendered("text", o, plain);
		AUTO_FREE char *junit = rendered("junit", o, plain);

		assert_true(strlen(text) < 20000);
		assert_true(strlen(junit) < 3000000);
		expect_xml(junit);
		AUTO_FREE char *json = rendered("json", o, plain);
		json_t *j = json_loads(json, 0, NULL);

		assert_true(strlen(json) < 3000000);
		assert_non_null(j);
		assert_non_null(strstr(json_string_value(json_object_get(j, "summary")), " more bytes]"));
		json_decref(j);
	}
}

TEST(lines_but_places_keep_to_eighty_columns)
{
	struct buf word = BUF_INIT(4000);

	while (word.len < word.max)
		buf_str(&word, "words and w\xC3\xB6rter ");
	AUTO_FREE char *words = buf_take(&word);
	AUTO_OUTCOME o = an_outcome_full_of("x", VERDICT_UNDECIDED);

	mem_replace(&o->summary, words);
	mem_replace(&o->next.items[0], words);
	mem_replace(&o->reasons.items[0].text, words);
	mem_replace(&o->reasons.items[0].cause, words);
	mem_replace(&o->unexplained[0].text, words);
	AUTO_FREE char *text = rendered("text", o, plain);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		size_t columns = 0;

		for (const char *c = line; *c; c++)
			columns += ((unsigned char)*c & 0xC0) != 0x80;
		assert_true(columns <= 80);
	}
}

TEST(colour_adds_nothing_but_colour)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		AUTO_OUTCOME o = examples[i]();
		AUTO_FREE char *bare = rendered("text", o, plain);
		AUTO_FREE char *painted = rendered("text", o, (struct report_style){ .color = true });
		char *to = painted;

		assert_true(strchr(painted, '\033') && !strchr(bare, '\033'));
		for (const char *from = painted; *from; from++) {
			if (*from == '\033')
				from = strchr(from, 'm');
			else
				*to++ = *from;
		}
		*to = '\0';
		assert_string_equal(painted, bare);
	}
}

TEST(the_same_outcome_gives_the_same_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		for (size_t k = 0; report_kind_at(k); k++) {
			AUTO_OUTCOME a = examples[i]();
			AUTO_OUTCOME b = examples[i]();
			AUTO_FREE char *first = rendered(report_kind_at(k)->name, a, plain);
			AUTO_FREE char *second = rendered(report_kind_at(k)->name, b, plain);

			assert_string_equal(first, second);
		}
}

/* ---- secrets ---- */

TEST(a_secret_is_masked_in_every_format_however_the_format_would_escape_it)
{
	static const char *const secrets[] = { "canary-7f3a", "ca\"na<ry&\\7f3a", "c\xC3\xA4n\xC3\xA4ry",
					       "ca\xFFnary" };

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		AUTO_FREE char *said = mem_printf("before %s after", secrets[i]);
		AUTO_OUTCOME o = an_outcome_full_of(said, VERDICT_ROLLBACK);

		secret_add(secrets[i]);
		for (size_t k = 0; report_kind_at(k); k++) {
			AUTO_FREE char *text = rendered(report_kind_at(k)->name, o,
							(struct report_style){ .verbose = true });

			assert_non_null(strstr(text, "before *** after"));
			assert_null(strstr(text, "7f3a"));
			assert_null(strstr(text, "n\xC3\xA4ry"));
			assert_null(strstr(text, "nary"));
		}
		secret_forget_all();
	}
}

TEST(a_secret_that_is_a_word_of_the_format_does_not_break_it)
{
	AUTO_OUTCOME o = an_outcome_full_of("reasons verdict 2026 testcase", VERDICT_GO);
	const struct report_event end = { .type = REPORT_EVENT_VERDICT,
					  .at = INT64_C(1795255200123000000),
					  .verdict = VERDICT_GO,
					  .what = &o->reasons.items[0] };
	AUTO_BUF event = BUF_INIT(1 << 20);

	secret_add("reasons");
	secret_add("verdict");
	secret_add("2026");
	secret_add("testcase");
	AUTO_FREE char *json = rendered("json", o, plain);
	AUTO_FREE char *junit = rendered("junit", o, plain);

	report_event_line(&event, &end);
	secret_forget_all();
	assert_non_null(strstr(json, "\"summary\": \"*** *** *** ***\""));
	assert_non_null(strstr(buf_text(&event), "\"text\":\"*** *** *** ***\""));
	expect_invalid("verdict.schema.json", json, 0);
	expect_invalid("events.schema.json", buf_text(&event), 0);
	expect_xml(junit);
}

/* ---- JUnit ---- */

static size_t number_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

TEST(junit_counts_what_it_holds_and_agrees_with_the_verdict)
{
	static const struct {
		struct outcome *(*make)(void);
		size_t tests, failures, errors;
	} cases[] = {
		{ a_go, 5, 0, 0 }, { a_rollback, 5, 5, 0 }, { a_no_go, 8, 8, 0 }, { an_undecided, 3, 0, 3 }
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_OUTCOME o = cases[i].make();
		AUTO_FREE char *text = rendered("junit", o, plain);
		AUTO_FREE char *counts =
			mem_printf("tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\"",
				   cases[i].tests, cases[i].failures, cases[i].errors);

		assert_int_equal(number_of(text, counts), 2);
		assert_int_equal(number_of(text, "<testcase "), cases[i].tests);
		assert_int_equal(number_of(text, "<failure "), cases[i].failures);
		assert_int_equal(number_of(text, "<error "), cases[i].errors);
		expect_xml(text);
	}
}

TEST(junit_of_a_go_has_no_failure_even_with_a_goal_that_was_not_asked_for_and_a_failed_optional_probe)
{
	AUTO_OUTCOME o = a_go();

	add_goal(o, "not-in-the-plan", 0);
	add_probe(o, "extra", "fail", 2, "404")->optional = true;
	AUTO_FREE char *text = rendered("junit", o, plain);

	assert_int_equal(number_of(text, "failures=\"0\" errors=\"0\" skipped=\"2\""), 2);
	assert_int_equal(number_of(text, "<skipped message="), 2);
}

TEST(junit_never_says_less_than_the_verdict)
{
	AUTO_OUTCOME o = outcome_of(VERDICT_UNDECIDED, "interrupted");
	AUTO_FREE char *text = rendered("junit", o, plain);

	assert_non_null(strstr(text, "<error message=\"interrupted\""));
	assert_non_null(strstr(text, "tests=\"1\" failures=\"0\" errors=\"1\""));
}

TEST(junit_names_the_rule_and_the_place_and_numbers_repeats)
{
	AUTO_OUTCOME o = a_no_go();
	AUTO_FREE char *text = rendered("junit", o, plain);

	assert_non_null(strstr(
		text, "<testcase name=\"java/no-memory\" classname=\"upgrade.tomcat.start\" time=\"0.000\" "
		      "file=\"catalina.out\" line=\"10\">"));
	assert_non_null(strstr(text, "<testcase name=\"java/no-memory #4\""));
}

TEST(junit_of_thousands_of_reasons_stays_readable_and_says_what_it_left_out)
{
	AUTO_OUTCOME o = a_no_go();

	for (uint64_t i = 0; i < 3000; i++)
		add_reason(&o->reasons, "fail", "x/y", i, "text");
	AUTO_FREE char *text = rendered("junit", o, plain);

	assert_true(number_of(text, "<testcase ") < 600);
	assert_non_null(strstr(text, "2505 more reasons"));
}

/* ---- the stream of events ---- */

TEST(each_type_of_event_is_one_line_that_meets_the_published_schema)
{
	AUTO_OUTCOME o = an_outcome_full_of("a\nb", VERDICT_ROLLBACK);
	AUTO_BUF out = BUF_INIT(1 << 20);
	size_t n = 0;

	for (int t = REPORT_EVENT_RUN; t <= REPORT_EVENT_VERDICT; t++, n += 2) {
		struct report_event ev = { .type = (enum report_event_type)t,
					   .at = INT64_C(1795255200123000000),
					   .phase = "patches",
					   .what = &o->reasons.items[0] };

		if (t == REPORT_EVENT_GOAL || t == REPORT_EVENT_PROBE) {
			ev.name = "started";
			ev.state = t == REPORT_EVENT_GOAL ? "met" : "not-yet";
		}
		ev.verdict = VERDICT_NO_GO;
		report_event_line(&out, &ev);
		if (t != REPORT_EVENT_RULE)
			ev.what = NULL;
		report_event_line(&out, &ev);
	}
	assert_int_equal(number_of(buf_text(&out), "\n"), n);
	expect_invalid("events.schema.json", buf_text(&out), 0);
}

TEST(an_event_carries_its_place_and_leaves_out_what_it_has_not)
{
	AUTO_OUTCOME o = outcome_of(VERDICT_GO, "");
	AUTO_BUF out = BUF_INIT(1 << 20);
	struct outcome_reason *r =
		add_reason(&o->reasons, "goal", "tomcat/started", 12, "Server startup in [1] ms");
	const struct report_event goal = { .type = REPORT_EVENT_GOAL,
					   .at = INT64_C(1795255200123000000),
					   .name = "started",
					   .state = "met",
					   .what = r };
	const struct report_event end = { .type = REPORT_EVENT_VERDICT,
					  .at = INT64_C(1795255200123000000),
					  .verdict = VERDICT_UNDECIDED };

	report_event_line(&out, &goal);
	report_event_line(&out, &end);
	assert_string_equal(
		buf_text(&out),
		"{\"schema\":\"gonogo.event/1\",\"type\":\"goal\",\"at\":\"2026-11-21T10:00:00.123Z\","
		"\"name\":\"started\",\"state\":\"met\",\"effect\":\"goal\",\"rule\":\"tomcat/started\","
		"\"source\":\"repository\",\"file\":\"catalina.out\",\"line\":12,\"lines\":14,\"offset\":"
		"99812,"
		"\"time\":\"2026-11-21T10:01:12.004Z\",\"text\":\"Server startup in [1] ms\"}\n"
		"{\"schema\":\"gonogo.event/1\",\"type\":\"verdict\",\"at\":\"2026-11-21T10:00:00.123Z\","
		"\"verdict\":\"UNDECIDED\",\"exit_code\":3}\n");
}

/* ---- files ---- */

static char *content(const char *path)
{
	struct buf b = BUF_INIT(1 << 20);

	assert_int_equal(io_read_file(path, &b, NULL), 0);
	return buf_take(&b);
}

TEST(a_report_replaces_its_file_and_nothing_is_left_beside_it)
{
	AUTO_OUTCOME o = a_go();
	AUTO_FREE char *path =
		scratch("verdict.txt", "an older and much longer text that must be gone afterwards");
	AUTO_FREE char *expected = rendered("text", o, plain);
	struct err e;

	assert_int_equal(report_write(report_kind_named("text"), o, &plain, path, &e), 0);
	AUTO_FREE char *text = content(path);

	assert_string_equal(text, expected);
}

static void render_too_much(const struct outcome *o, const struct report_style *style, struct buf *out)
{
	char block[4096];

	(void)o;
	(void)style;
	memset(block, 'x', sizeof(block));
	while (buf_add(out, block, sizeof(block)))
		;
}

TEST(half_a_report_is_never_written)
{
	static const struct report_kind endless = { .name = "endless",
						    .help = "too long",
						    .render = render_too_much };
	AUTO_OUTCOME o = a_go();
	AUTO_FREE char *path = scratch("old", "old");
	struct err e;

	assert_int_equal(report_write(&endless, o, NULL, path, &e), -1);
	assert_non_null(strstr(e.text, "the endless report is larger than 64 MiB"));
	AUTO_FREE char *text = content(path);
	assert_string_equal(text, "old");
}

TEST(a_report_that_cannot_be_written_says_why)
{
	static const char *const cases[][2] = {
		{ "/nonexistent/verdict.json", "No such file or directory" },
		{ "/", "is a directory" },
		{ "/dev/full", "No space left on device" },
	};
	AUTO_OUTCOME o = a_go();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e;

		assert_int_equal(report_write(report_kind_named("json"), o, &plain, cases[i][0], &e), -1);
		assert_non_null(strstr(e.text, cases[i][0]));
		assert_non_null(strstr(e.text, cases[i][1]));
	}
}
