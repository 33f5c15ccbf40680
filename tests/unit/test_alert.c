/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#include "alert/alert.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/secret.h"
#include "base/str.h"
#include "loop/spawn.h"
#include "report/report.h"

#define AUTO_OUTCOME __attribute__((cleanup(outcome_free_scope))) struct outcome *

/* ---- a scratch folder of our own ---- */

static char scratch[] = "/tmp/test_alert.XXXXXX";

static void remove_scratch(void)
{
	DIR *d = opendir(scratch);

	for (struct dirent *f; d && (f = readdir(d));)
		if (*f->d_name != '.')
			unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	rmdir(scratch);
}

static const char *folder(void)
{
	static bool made;

	if (!made) {
		assert_non_null(mkdtemp(scratch));
		atexit(remove_scratch);
	}
	made = true;
	return scratch;
}

static char *content(const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/%s", folder(), name);
	struct buf b = BUF_INIT(64 << 20);

	if (io_read_file(path, &b, NULL) < 0)
		fail_msg("%s is not there", path);
	return buf_take(&b);
}

/* ---- a plan's alerts, sent ---- */

enum { ALERTS_MAX = 8 };

struct plan {
	struct conf_problems *problems;
	struct conf_vars *vars;
	struct conf *conf;
	struct alert *alerts[ALERTS_MAX];
	size_t n;
};

static struct plan plan_of(const char *yaml)
{
	struct plan p = { .problems = conf_problems_new(), .vars = conf_vars_new(NULL) };

	conf_vars_set(p.vars, "dir", folder());
	p.conf = conf_parse("plan.yaml", yaml, strlen(yaml), p.problems);
	assert_non_null(p.conf);
	for (size_t i = 0; i < conf_count(conf_root(p.conf)); i++) {
		struct alert *a = alert_from_conf(conf_item(conf_root(p.conf), i), p.vars, p.problems);

		if (a)
			p.alerts[p.n++] = a;
	}
	return p;
}

static void plan_clear(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		alert_free(p->alerts[i]);
	conf_free(p->conf);
	conf_vars_free(p->vars);
	conf_problems_free(p->problems);
}

#define AUTO_PLAN __attribute__((cleanup(plan_clear))) struct plan

static struct outcome *an_outcome(void)
{
	struct outcome *o = outcome_new();

	o->verdict = VERDICT_ROLLBACK;
	o->summary = mem_strdup("patch `x` \033[31mfailed <!channel>");
	outcome_text_add(&o->next, "restore the database");
	return o;
}

/* The outcome after all alerts of the yaml were sent. */
static struct outcome *sent(const char *yaml)
{
	struct err e;
	AUTO(loop) l = loop_new(&e);
	struct outcome *o = an_outcome();
	AUTO_PLAN p = plan_of(yaml);

	for (size_t i = 0; i < conf_problems_count(p.problems); i++)
		print_message("# %s\n", conf_problems_text(p.problems, i));
	assert_int_equal(conf_problems_count(p.problems), 0);
	alert_send_all(p.alerts, p.n, o, l);
	return o;
}

static void expect_delivered(const char *yaml)
{
	AUTO_OUTCOME o = sent(yaml);

	assert_int_equal(o->n_alerts, 1);
	assert_null(o->alerts[0].reason);
	assert_true(o->alerts[0].delivered);
}

/* part of the reason, or all of it if it begins with '=' */
static void expect_lost(const char *yaml, const char *reason)
{
	AUTO_OUTCOME o = sent(yaml);

	assert_int_equal(o->n_alerts, 1);
	assert_false(o->alerts[0].delivered);
	assert_non_null(o->alerts[0].reason);
	if (*reason == '=')
		assert_string_equal(o->alerts[0].reason, reason + 1);
	else if (!strstr(o->alerts[0].reason, reason))
		fail_msg("'%s' is not in '%s'", reason, o->alerts[0].reason);
}

static char *document_of(const struct outcome *o)
{
	const struct report_style style = { 0 };
	struct buf b = BUF_INIT(REPORT_MAX);

	report_kind_named("json")->render(o, &style, &b);
	return buf_take(&b);
}

static size_t open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* ---- settings ---- */

TEST(each_channel_has_a_name_a_sentence_and_a_first_setting_for_the_short_form)
{
	size_t n = 0;

	for (const struct alert_kind *k; (k = alert_kind_at(n)); n++) {
		assert_true(*k->name && *k->help && k->start && k->stop && k->size);
		assert_non_null(k->keys[0].name);
		assert_ptr_equal(alert_kind_named(k->name), k);
	}
	assert_true(n >= 2);
	assert_null(alert_kind_named("pigeon"));
}

static const struct {
	const char *yaml;
	const char *problem; /* "" where there is none */
} settings[] = {
	{ "- exec: /bin/true\n", "" },
	{ "- exec: [/bin/true, a, b]\n  on: [GO, NO-GO]\n  timeout: 1m\n", "" },
	{ "- exec: { argv: [/bin/true] }\n  on: GO\n", "" },
	{ "- { webhook: 'http://127.0.0.1/x', on: [NO-GO, ROLLBACK] }\n", "" },
	{ "- webhook: { url: 'http://127.0.0.1/x', headers: { A: b }, body: chat }\n", "" },
	{ "- exec: x\n  webhook: http://127.0.0.1/\n",
	  "plan.yaml:2:3: an alert has one channel, here are 'exec' and 'webhook'" },
	{ "- on: GO\n", "plan.yaml:1:3: an alert needs a channel (see `gonogo list kinds`)" },
	{ "- webhok: http://127.0.0.1/\n", "plan.yaml:1:3: unknown key 'webhok', did you mean 'webhook'?" },
	{ "- exec: x\n  on: [NOGO]\n", "plan.yaml:2:8: unknown verdict 'NOGO', did you mean 'NO-GO'?" },
	{ "- exec: x\n  on: []\n", "plan.yaml:1:3: on: no verdict is named, so this would never be sent" },
	{ "- exec: x\n  timeout: 0\n", "plan.yaml:2:12: timeout: expected more than 0" },
	{ "- exec: []\n", "plan.yaml:1:9: argv: no program is named" },
	{ "- exec: {}\n",
	  "plan.yaml:1:9: key 'argv' is missing (program and arguments; no shell in between)" },
	{ "- webhook: [a, b]\n", "plan.yaml:1:12: webhook: expected a text, found a list" },
	{ "- webhook: { url: 'http://127.0.0.1/', bdy: chat }\n",
	  "plan.yaml:1:40: unknown key 'bdy', did you mean 'body'?" },
	{ "- webhook: ftp://127.0.0.1/\n",
	  "plan.yaml:1:12: url: '***' is no URL that begins with http:// or https://" },
	{ "- exec: '${nosuch}'\n", "nosuch" },
	{ "- just a text\n", "plan.yaml:1:3: expected a map of settings, found a text" },
};

TEST(every_mistake_in_an_alert_names_its_place)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		AUTO_PLAN p = plan_of(settings[i].yaml);
		const char *said = conf_problems_count(p.problems) ? conf_problems_text(p.problems, 0) : "";

		if (conf_problems_count(p.problems) != (*settings[i].problem != '\0') ||
		    !strstr(said, settings[i].problem) || p.n != (*settings[i].problem == '\0'))
			fail_msg("%s%zu problems: %s", settings[i].yaml, conf_problems_count(p.problems),
				 said);
		secret_forget_all();
	}
}

TEST(an_alert_is_for_the_verdicts_it_names_and_else_for_all_but_go)
{
	static const struct {
		const char *yaml;
		bool on[4];
	} cases[] = {
		{ "- exec: /bin/true\n", { false, true, true, true } },
		{ "- { exec: /bin/true, on: [GO, UNDECIDED] }\n", { true, false, false, true } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int v = VERDICT_GO; v <= VERDICT_UNDECIDED; v++) {
			struct err e;
			AUTO(loop) l = loop_new(&e);
			AUTO_OUTCOME o = an_outcome();
			AUTO_PLAN p = plan_of(cases[i].yaml);

			o->verdict = (enum verdict)v;
			alert_send_all(p.alerts, p.n, o, l);
			assert_int_equal(o->n_alerts, cases[i].on[v]);
		}
}

/* ---- exec ---- */

TEST(a_program_gets_the_document_and_the_facts)
{
	AUTO_OUTCOME o = an_outcome();
	AUTO_FREE char *expected = document_of(o);

	assert_int_equal(setenv("GONOGO_VERDICT", "of somebody else", 1), 0);
	expect_delivered("- exec: [sh, -c, 'cat >\"$1/stdin\"; env >\"$1/env\"', sh, '${dir}']\n");
	unsetenv("GONOGO_VERDICT");
	AUTO_FREE char *in = content("stdin");
	AUTO_FREE char *env = content("env");

	assert_string_equal(in, expected);
	assert_non_null(strstr(env, "GONOGO_VERDICT=ROLLBACK\n"));
	assert_null(strstr(env, "somebody else"));
	assert_non_null(strstr(env, "GONOGO_EXIT_CODE=2\n"));
	assert_non_null(strstr(env, "GONOGO_SUMMARY=patch `x` \\x1B[31mfailed <!channel>\n"));
	assert_non_null(strstr(env, "PATH="));
}

TEST(a_program_that_fails_says_why_in_its_last_line)
{
	static const char *const cases[][2] = {
		{ "- exec: [sh, -c, 'echo no; echo no mail server >&2; echo >&2; exit 3']\n",
		  "=exit code 3: no mail server" },
		{ "- exec: [sh, -c, 'exit 1']\n", "=exit code 1" },
		{ "- exec: [sh, -c, 'kill -TERM $$']\n", "=killed by signal 15" },
		{ "- exec: [sh, -c, 'printf \"\\033[31mred\" >&2; exit 1']\n", "=exit code 1: \\x1B[31mred" },
		{ "- exec: '${dir}/nosuch'\n", "nosuch: No such file or directory" },
		{ "- exec: '${dir}'\n", "Permission denied" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_lost(cases[i][0], cases[i][1]);
}

TEST(no_shell_reads_what_the_arguments_say)
{
	expect_delivered(
		"- exec: [sh, -c, 'printf %s \"$1\" >\"$2/argument\"', sh, '$(id); `id` \"x\"', '${dir}']\n");
	AUTO_FREE char *argument = content("argument");

	assert_string_equal(argument, "$(id); `id` \"x\"");
}

TEST(a_program_that_reads_nothing_and_says_too_much_is_no_trouble)
{
	expect_lost("- exec: [sh, -c, 'yes 0123456789 | head -n 300000 >&2; echo the end >&2; exit 9']\n",
		    "=exit code 9: the end");
	expect_delivered("- exec: [/bin/true]\n");
}

static bool is_running(const char *pid)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/stat", atoi(pid));
	struct buf b = BUF_INIT(4096);
	bool running = io_read_file(path, &b, NULL) == 0 && !strstr(buf_text(&b), ") Z ");

	buf_free(&b);
	return running;
}

TEST(a_program_that_hangs_is_killed_with_its_children_at_the_timeout)
{
	int64_t began = clock_mono();

	expect_lost("- exec: [sh, -c, 'trap \"\" TERM; sleep 1000 & echo $! >\"$1/child\"; sleep 1000', sh, "
		    "'${dir}']\n"
		    "  timeout: 300ms\n",
		    "=not done within 300ms");
	assert_true(clock_mono() - began < 5 * CLOCK_SECOND);
	AUTO_FREE char *child = content("child");

	for (int i = 0; i < 100 && is_running(child); i++)
		usleep(10000);
	assert_false(is_running(child));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(a_child_that_outlives_its_program_does_not_keep_us)
{
	int64_t began = clock_mono();

	expect_delivered("- exec: [sh, -c, 'sleep 5 & exit 0']\n");
	assert_true(clock_mono() - began < 4 * CLOCK_SECOND);
}

TEST(no_descriptor_and_no_child_is_left_behind)
{
	size_t before = open_descriptors();

	expect_delivered("- exec: /bin/true\n");
	expect_lost("- exec: /nonexistent\n", "No such file");
	expect_lost("- { exec: [sleep, 100], timeout: 50ms }\n", "not done");
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(a_secret_that_a_program_prints_is_masked)
{
	secret_add("canary-7f3a");
	expect_lost("- exec: [sh, -c, 'echo login canary-7f3a refused >&2; exit 1']\n",
		    "=exit code 1: login *** refused");
	secret_forget_all();
}

/* ---- several ---- */

TEST(all_are_sent_at_once_and_reported_in_the_order_of_the_plan)
{
	int64_t began = clock_mono();
	AUTO_OUTCOME o = sent("- { exec: [sleep, 100], timeout: 1s }\n"
			      "- { exec: [sleep, 100], timeout: 1s }\n"
			      "- { exec: /bin/true, on: GO }\n"
			      "- { exec: [/bin/true] }\n"
			      "- { exec: [/bin/false] }\n");
	static const char *const channels[] = { "exec", "exec#2", "exec#4", "exec#5" };
	static const bool delivered[] = { false, false, true, false };

	assert_true(clock_mono() - began < 1900 * CLOCK_MS);
	assert_int_equal(o->n_alerts, ARRAY_LEN(channels));
	for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
		assert_string_equal(o->alerts[i].channel, channels[i]);
		assert_int_equal(o->alerts[i].delivered, delivered[i]);
	}
	assert_true(o->alerts[0].seconds >= 1 && o->alerts[2].seconds < 1);
}

static void stop_loop(void *arg)
{
	loop_stop(arg, 1);
}

TEST(whoever_stops_the_loop_interrupts_what_is_under_way)
{
	struct err e;
	AUTO(loop) l = loop_new(&e);
	AUTO_OUTCOME o = an_outcome();
	AUTO_PLAN p = plan_of("- exec: [sleep, 100]\n- exec: /bin/true\n");
	struct loop_timer *timer = loop_timer_new(l, stop_loop, l);

	loop_timer_at(timer, clock_mono() + CLOCK_SECOND);
	alert_send_all(p.alerts, p.n, o, l);
	loop_timer_free(timer);
	assert_string_equal(o->alerts[0].reason, "interrupted");
	assert_true(o->alerts[1].delivered);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(the_loop_can_be_used_again_afterwards)
{
	struct err e;
	AUTO(loop) l = loop_new(&e);

	for (int i = 0; i < 2; i++) {
		AUTO_OUTCOME o = an_outcome();
		AUTO_PLAN p = plan_of("- exec: /bin/true\n");

		alert_send_all(p.alerts, p.n, o, l);
		assert_true(o->alerts[0].delivered);
	}
}

TEST(no_alert_at_all_returns_at_once)
{
	struct err e;
	AUTO(loop) l = loop_new(&e);
	AUTO_OUTCOME o = an_outcome();

	alert_send_all(NULL, 0, o, l);
	assert_int_equal(o->n_alerts, 0);
}

/* ---- webhook, against a real server ---- */

static struct {
	pid_t pid;
	int port;
} server;

static void stop_server(void)
{
	if (server.pid <= 0)
		return;
	spawn_signal(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	server.pid = 0;
}

/* Answers by path and leaves what it was sent in the scratch folder. */
static void start_server(void)
{
	static char script[] =
		"import http.server, json, sys, time\n"
		"class Handler(http.server.BaseHTTPRequestHandler):\n"
		"    def do_POST(self):\n"
		"        body = self.rfile.read(int(self.headers['Content-Length']))\n"
		"        open(sys.argv[1] + '/body', 'wb').write(body)\n"
		"        open(sys.argv[1] + '/headers', 'w').write(str(self.headers))\n"
		"        if self.path.startswith('/hang'):\n"
		"            time.sleep(5)\n"
		"        if self.path.startswith('/close'):\n"
		"            return\n"
		"        self.send_response(int(self.path[1:4]) if self.path[1:4].isdigit() else 200)\n"
		"        self.send_header('Location', '/200')\n"
		"        self.end_headers()\n"
		"        self.wfile.write(b'no_text\\x1b[31m\\nsecond line\\n')\n"
		"    def log_message(self, *args):\n"
		"        pass\n"
		"s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n"
		"print(s.server_port, flush=True)\n"
		"s.serve_forever()\n";
	static char program[] = "python3", c[] = "-c";
	AUTO_FREE char *dir = mem_strdup(folder());
	char *argv[] = { program, c, script, dir, NULL };
	char line[32] = "";
	int ends[2];
	struct err e;

	if (server.port)
		return;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const struct spawn s = { .argv = argv, .in = -1, .out = ends[1], .err = STDERR_FILENO };

	server.pid = spawn_start(&s, &e);
	close(ends[1]);
	atexit(stop_server);
	for (size_t n = 0; server.pid > 0 && n < sizeof(line) - 1 && !strchr(line, '\n'); n++)
		if (read(ends[0], line + n, 1) <= 0)
			break;
	close(ends[0]);
	server.port = atoi(line);
	if (!server.port) {
		print_message("# no python3 here: no server to post to\n");
		skip();
	}
}

/* The port where nobody listens: bound, and closed again. */
static int closed_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	AUTO_CLOSE fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static char *webhook(const char *path, const char *more)
{
	return mem_printf("- webhook: { url: 'http://127.0.0.1:%d%s'%s }\n  timeout: 2s\n", server.port, path,
			  more);
}

TEST(a_webhook_posts_the_document_as_json)
{
	start_server();
	AUTO_FREE char *yaml = webhook("/200", "");
	AUTO_OUTCOME o = an_outcome();
	AUTO_FREE char *expected = document_of(o);

	expect_delivered(yaml);
	AUTO_FREE char *body = content("body");
	AUTO_FREE char *headers = content("headers");

	assert_string_equal(body, expected);
	assert_non_null(strstr(headers, "Content-Type: application/json\n"));
}

TEST(a_url_alone_is_enough_and_any_2xx_is_delivered)
{
	start_server();
	AUTO_FREE char *yaml = mem_printf("- webhook: http://127.0.0.1:%d/202\n", server.port);

	expect_delivered(yaml);
}

TEST(headers_go_along_and_the_users_own_type_wins)
{
	start_server();
	AUTO_FREE char *yaml = webhook(
		"/200", ", headers: { Authorization: 'Bearer abc', content-type: application/x-own }");

	expect_delivered(yaml);
	AUTO_FREE char *headers = content("headers");

	assert_non_null(strstr(headers, "Authorization: Bearer abc\n"));
	assert_non_null(strstr(headers, "content-type: application/x-own\n"));
	assert_null(strstr(headers, "application/json"));
}

TEST(a_chat_gets_a_message_that_cannot_mention_or_end_its_block)
{
	start_server();
	AUTO_FREE char *yaml = webhook("/200", ", body: chat");

	expect_delivered(yaml);
	AUTO_FREE char *body = content("body");
	json_t *j = json_loads(body, 0, NULL);
	const char *text = json_string_value(json_object_get(j, "text"));

	assert_int_equal(json_object_size(j), 1);
	assert_true(str_starts(text, "```\nROLLBACK  patch 'x' \\x1B[31mfailed < !channel>\n"));
	assert_non_null(strstr(text, "1. restore the database\n"));
	assert_true(str_ends(text, "\n```"));
	json_decref(j);
}

TEST(a_webhook_that_is_refused_hangs_or_fails_is_not_delivered_and_says_why)
{
	static const char *const cases[][2] = {
		{ "/500", "=HTTP 500 Internal Server Error: no_text\\x1B[31m" },
		{ "/404", "HTTP 404" },
		{ "/302", "HTTP 302" }, /* a redirected POST would become a GET of somewhere else */
		{ "/hang", "=not done within 2s" },
		{ "/close", "" },
	};

	start_server();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *yaml = webhook(cases[i][0], "");

		expect_lost(yaml, cases[i][1]);
	}
	AUTO_FREE char *refused = mem_printf("- webhook: http://127.0.0.1:%d/\n", closed_port());

	expect_lost(refused, "refused");
}

TEST(the_url_of_a_webhook_is_never_shown)
{
	AUTO_FREE char *yaml =
		mem_printf("- webhook: http://127.0.0.1:%d/services/T0/canary-7f3a\n", closed_port());
	AUTO_OUTCOME o = sent(yaml);
	AUTO_FREE char *json = document_of(o);

	assert_non_null(o->alerts[0].reason);
	assert_null(strstr(o->alerts[0].reason, "canary"));
	assert_null(strstr(json, "canary"));
	secret_forget_all();
}
