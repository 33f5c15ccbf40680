/* SPDX-License-Identifier: Apache-2.0 */
#include "app/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/begin.h"
#include "app/command.h"
#include "app/finish.h"
#include "app/news.h"
#include "app/once.h"
#include "app/process.h"
#include "app/watch.h"
#include "base/log.h"
#include "base/str.h"
#include "loop/slice.h"
#include "source/source.h"

enum {
	QUIET_MS = 5,	    /* a record whose next line does not come for this long is judged as it is */
	YOUNG_MINUTES = 10, /* a start this young was perhaps meant */
};

struct live;

struct live_log {
	struct live *live;
	struct plan_log *plan;
	struct watch *watch;
	struct source *source;
	bool ended;
};

struct live_probe {
	struct live *live;
	struct probe *probe;
	size_t number;
};

struct live {
	const struct plan *plan;
	const struct options *o;
	const struct library *library;
	struct loop *loop;
	struct story *story;
	struct news *news;
	struct live_log *logs;
	size_t n_logs;
	struct live_probe *probes;
	size_t n_probes;
	struct process *process;
	struct loop_timer *tick, *quiet, *status;
	int64_t started;
	int output; /* the launched command's output */
	bool stopping;
};

/* ---- time ---- */

static void arm(struct live *v)
{
	int64_t at = story_next_tick(v->story);

	if (state_decided(story_state(v->story))) {
		if (!v->stopping)
			loop_stop(v->loop, 0);
		v->stopping = true;
	} else if (at == CLOCK_NEVER) {
		loop_timer_off(v->tick);
	} else {
		loop_timer_at(v->tick, at);
	}
}

/* All that is written by now is read and judged. */
static void drain(struct live *v)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		if (v->logs[i].source)
			source_drain(v->logs[i].source);
		watch_quiet(v->logs[i].watch);
	}
}

static void on_tick(void *arg)
{
	struct live *v = arg;

	drain(v); /* nothing is decided by the clock while there are unread bytes */
	if (!state_decided(story_state(v->story)))
		story_tick(v->story, clock_mono());
	arm(v);
}

/* What the admin wants to know at a glance: where it is, since when, and what is still missing. */
static void show_status(struct live *v)
{
	const char *phase = story_phase(v->story);
	double progress = story_progress(v->story, NULL);
	char span[STR_SPAN_MAX], percent[16] = "";
	AUTO_FREE char *text = NULL;

	if (progress >= 0)
		snprintf(percent, sizeof(percent), "  %.0f %%", progress * 100);
	text = mem_printf("[%s] %s  phase %s%s  %zu goals and probes missing",
			  str_span(clock_mono() - v->started, span), state_names[story_state(v->story)],
			  phase ? phase : "none", percent, story_goals_missing(v->story));
	news_status(v->news, text);
}

static void on_status(void *arg)
{
	struct live *v = arg;

	show_status(v);
	loop_timer_at(v->status, clock_mono() + CLOCK_SECOND);
}

static void on_quiet(void *arg)
{
	struct live *v = arg;

	for (size_t i = 0; i < v->n_logs; i++)
		watch_quiet(v->logs[i].watch);
	arm(v);
}

/* ---- logs ---- */

static void on_bytes(void *arg, const char *data, size_t n)
{
	struct live_log *log = arg;

	watch_feed(log->watch, data, n);
	arm(log->live);
}

static void on_next_file(void *arg, const char *file)
{
	struct live_log *log = arg;

	watch_next_file(log->watch, file);
}

static void on_gap(void *arg, const char *why)
{
	struct live_log *log = arg;

	watch_gap(log->watch, why);
}

static void on_notice(void *arg, const char *what)
{
	struct live_log *log = arg;

	log_warn("%s: %s", watch_name(log->watch), what);
}

static void on_idle(void *arg)
{
	struct live_log *log = arg;

	watch_pause(log->watch);
	if (watch_waiting(log->watch))
		loop_timer_at(log->live->quiet, clock_mono() + QUIET_MS * CLOCK_MS);
}

static void on_end(void *arg)
{
	struct live_log *log = arg;
	struct live *v = log->live;

	log->ended = true;
	watch_end(log->watch);
	for (size_t i = 0; i < v->n_logs; i++)
		if (!v->logs[i].ended)
			return;
	story_end(v->story);
	arm(v);
}

static const struct source_events log_events = {
	.bytes = on_bytes,
	.next_file = on_next_file,
	.gap = on_gap,
	.notice = on_notice,
	.idle = on_idle,
	.end = on_end,
};

/* ---- where reading begins ---- */

static void hint_young(const struct live_log *log, const struct begin_place *b)
{
	struct stat st;
	int64_t age;
	char span[STR_SPAN_MAX];

	if (!b->found || stat(log->plan->file, &st) < 0)
		return;
	age = clock_wall() - (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND;
	if (age >= 0 && age < YOUNG_MINUTES * 60 * CLOCK_SECOND)
		log_warn("%s: its last start (line %llu) was written to %s ago; what is there already is not "
			 "judged "
			 "(--from begin would)",
			 log->plan->name, (unsigned long long)b->line, str_span(age, span));
}

/* Whether the start belongs to the process: not older than it, as far as both times are known. */
static bool of_process(const struct begin_place *b, pid_t pid)
{
	enum { SLACK = 2 }; /* seconds: the log rounds, and its clock may be another machine's */
	int64_t started = process_started(pid);

	if (!b->found)
		return false;
	/* a log without dates or in local time cannot be compared with our clock to the day */
	return started == CLOCK_UNKNOWN || b->at == CLOCK_UNKNOWN || b->at < 86400 * CLOCK_SECOND ||
	       b->at + (14 * 3600 + SLACK) * CLOCK_SECOND >= started;
}

static int open_at(struct live_log *log, uint64_t offset, uint64_t line, struct err *e)
{
	begin_history(log->plan, log->live->library, offset, log->live->story, watch_log(log->watch));
	watch_skip_to(log->watch, offset, line);
	log->source = source_file_new_at(log->live->loop, log->plan->file, offset, &log_events, log, e);
	return log->source ? 0 : -1;
}

static int open_begin(struct live_log *log, const struct begin_place *b, struct err *e)
{
	if (!log->plan->n_sets && b->n_sets) {
		for (size_t i = 0; i < b->n_sets; i++)
			reader_use(watch_reader(log->watch, 0), b->sets[i]);
	}
	return open_at(log, b->found ? b->offset : 0, b->found ? b->line : 1, e);
}

/* Whether something stood in the log before us that is to be looked at.  A pipe has nothing of the kind: what
 * is read of it is gone for the source. */
static bool has_past(const struct plan_log *p)
{
	struct stat st;

	return p->from != FROM_START && stat(p->file, &st) == 0 && S_ISREG(st.st_mode);
}

static int open_log(struct live_log *log, bool launching, struct err *e)
{
	struct plan_log *p = log->plan;
	pid_t pid = launching ? 0 : process_find(&log->live->plan->process);
	struct begin_place b = { 0 };
	int rc;

	if (!has_past(p)) {
		log->source =
			source_file_new(log->live->loop, p->file, SOURCE_FROM_START, &log_events, log, e);
		return log->source ? 0 : -1;
	}
	if (p->from == FROM_BEGIN || (p->from == FROM_RUN && !launching)) {
		begin_find(p, log->live->library, &b);
		if (p->from == FROM_RUN && !pid)
			hint_young(log, &b);
	} else {
		begin_end_of(p->file, &b);
	}
	if (p->from == FROM_BEGIN || (p->from == FROM_RUN && pid && of_process(&b, pid)))
		rc = open_begin(log, &b, e);
	else
		rc = open_at(log, b.size, b.lines, e);
	free(b.sets);
	return rc;
}

static int open_pipe(struct live_log *log, struct err *e)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_sys(e, "standard input");
	log->source = source_pipe_new(log->live->loop, "stdin", fd, &log_events, log, e);
	return log->source ? 0 : -1;
}

static void add_log(struct live *v, struct plan_log *plan)
{
	struct live_log *log = &v->logs[v->n_logs++];

	log->live = v;
	log->plan = plan;
	log->watch = watch_new(v->story, v->library, plan->name);
	watch_file(log->watch, plan->file);
	story_set_node(v->story, watch_log(log->watch), plan->node);
	watch_sets(log->watch, plan->sets, plan->n_sets);
}

static int open_logs(struct live *v, bool launching)
{
	struct err e;

	for (size_t i = 0; i < v->n_logs; i++) {
		struct live_log *log = &v->logs[i];
		int rc =
			strcmp(log->plan->file, "-") == 0 ? open_pipe(log, &e) : open_log(log, launching, &e);

		if (rc == 0)
			continue;
		log_error("%s: %s", log->plan->name, e.text);
		return EXIT_NO_LOG;
	}
	return 0;
}

/* ---- the process ---- */

static void end_logs(struct live *v)
{
	drain(v);
	for (size_t i = 0; i < v->n_logs; i++)
		watch_end(v->logs[i].watch);
}

static void on_found(void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
}

static void on_died(void *arg, const char *how)
{
	struct live *v = arg;

	end_logs(v);
	story_died(v->story, how, clock_mono());
	arm(v);
}

/* A command that ends well and leaves nothing behind has done its job: then the goals decide. */
static void on_finished(void *arg)
{
	struct live *v = arg;

	end_logs(v);
	if (story_goals_missing(v->story))
		story_died(v->story, "exit code 0 before its goals were reached", clock_mono());
	else
		story_end(v->story);
	arm(v);
}

static const struct process_events process_events = { .found = on_found,
						      .died = on_died,
						      .finished = on_finished };

/*
 * The command's output goes into a file of its own, not a pipe: the server outlives us, and a pipe without a
 * reader would kill it; and what it said is evidence.
 */
static int open_output(struct live *v, struct plan_log *log, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	AUTO_FREE char *path = mem_printf("%s/gonogo-command.XXXXXX", tmp && *tmp ? tmp : "/tmp");

	v->output = mkostemp(path, O_CLOEXEC | O_APPEND);
	if (v->output < 0)
		return err_sys(e, "%s", path);
	log->file = mem_strdup(path);
	return 0;
}

static int launch(struct live *v, char **argv)
{
	struct err e;

	if (process_launch(v->process, argv, v->output, &e) >= 0)
		return 0;
	log_error("%s could not be launched: %s", argv[0], e.text);
	return EXIT_USAGE;
}

/* ---- probes ---- */

static void on_probe(void *arg, struct probe *p, const struct probe_status *s)
{
	struct live_probe *x = arg;
	struct story_probe_status status = {
		.state = probe_result_name(s->state),
		.tries = s->tries,
		.reason = s->reason,
		.most_often = s->most_often,
		.wanted = probe_settings(p)->title,
		.seconds = s->seconds,
		.progress = s->progress,
	};

	for (size_t i = 0; s->facts && i < s->facts->n; i++)
		story_fact(x->live->story, probe_name(p), probe_settings(p)->node, s->facts->keys[i],
			   s->facts->values[i]);
	story_probe(x->live->story, x->number, &status, clock_mono());
	arm(x->live);
}

static void start_probes(struct live *v)
{
	v->probes = mem_zero(v->plan->n_probes, sizeof(*v->probes));
	for (size_t i = 0; i < v->plan->n_probes; i++) {
		struct probe *p = v->plan->probes[i];
		struct live_probe *x;

		if (probe_settings(p)->when == PROBE_BEFORE)
			continue;
		x = &v->probes[v->n_probes++];
		x->live = v;
		x->probe = p;
		x->number = story_add_probe(v->story, probe_name(p), probe_settings(p)->optional);
		probe_start(p, v->loop, on_probe, x);
	}
}

/* ---- the whole ---- */

static void on_signal(void *arg, int signo)
{
	struct live *v = arg;
	AUTO_FREE char *why = mem_printf("interrupted by SIG%s", sigabbrev_np(signo));

	drain(v);
	story_interrupt(v->story, why);
	arm(v);
}

static void tell_plan(struct live *v)
{
	const struct plan *p = v->plan;

	story_set_plan(v->story, p->name);
	for (size_t i = 0; i < p->goals.n; i++)
		story_want_goal(v->story, p->goals.items[i]);
	for (size_t i = 0; i < p->expect.n; i++)
		story_expect(v->story, p->expect.keys[i], p->expect.values[i]);
	for (size_t i = 0; i < p->n_stalls; i++)
		story_phase_stall(v->story, p->stalls[i].phase, p->stalls[i].stall);
}

/* What must hold before anything is started; false: it does not. */
static bool preflight(struct live *v)
{
	bool ok = true;

	for (size_t i = 0; i < v->plan->n_probes; i++) {
		struct probe *p = v->plan->probes[i];
		struct story_probe_status status;
		struct once_answer a = { 0 };
		size_t number;

		if (probe_settings(p)->when != PROBE_BEFORE)
			continue;
		if (once_ask(p, v->loop, &a) < 0)
			return false;
		status = (struct story_probe_status){ .state = a.result == PROBE_PASS ? "pass" : "fail",
						      .tries = 1,
						      .reason = a.reason,
						      .wanted = probe_settings(p)->title,
						      .seconds = a.seconds,
						      .progress = -1 };
		number = story_add_probe(v->story, probe_name(p), probe_settings(p)->optional);
		story_probe(v->story, number, &status, clock_mono());
		for (size_t k = 0; k < a.facts.n; k++)
			story_fact(v->story, probe_name(p), probe_settings(p)->node, a.facts.keys[k],
				   a.facts.values[k]);
		ok &= a.result == PROBE_PASS || probe_settings(p)->optional;
		once_answer_clear(&a);
	}
	return ok;
}

static void make_story(struct live *v)
{
	struct story_settings settings = {
		.live = true,
		.strict = v->plan->strict,
		.settle = v->plan->settle,
		.deadline = v->plan->deadline,
		.stall = v->plan->stall,
		.started_at = clock_mono(),
		.news = news_tell,
		.news_arg = v->news,
	};

	v->story = story_new(&settings);
	tell_plan(v);
}

static int prepare(struct live *v, char **argv, struct plan_log *output)
{
	struct err e;

	v->loop = loop_new(&e);
	if (!v->loop || loop_signals(v->loop, on_signal, v, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_BUG;
	}
	if (argv && open_output(v, output, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_REPORT;
	}
	slice_shorten();
	v->tick = loop_timer_new(v->loop, on_tick, v);
	v->quiet = loop_timer_new(v->loop, on_quiet, v);
	v->status = loop_timer_new(v->loop, on_status, v);
	v->process = process_new(v->loop, &v->plan->process, &process_events, v);
	v->logs = mem_zero(v->plan->n_logs + 1, sizeof(*v->logs));
	for (size_t i = 0; i < v->plan->n_logs; i++)
		add_log(v, &v->plan->logs[i]);
	if (argv)
		add_log(v, output);
	return 0;
}

static void suggest(const struct live *v)
{
	AUTO(candidates) c = candidates_new(v->library);

	for (size_t i = 0; i < v->n_logs; i++)
		watch_suggest(v->logs[i].watch, c);
}

static int tell(struct live *v, int64_t started)
{
	struct outcome *out;
	int code;

	suggest(v);
	out = story_tell(v->story);
	out->started = started;
	out->ended = clock_wall();
	out->seconds = (double)(clock_mono() - v->started) / (double)CLOCK_SECOND;
	news_settle(v->news);
	news_verdict(v->news, out);
	alert_send_all(v->plan->alerts, v->plan->n_alerts, out, v->loop);
	code = finish_reports(out, v->o, v->plan->reports, v->plan->n_reports);
	outcome_free(out);
	return code;
}

static int watch_it(struct live *v, char **argv)
{
	int64_t started = clock_wall();
	struct err e;
	int code;

	if (!preflight(v)) {
		story_end(v->story);
		return tell(v, started);
	}
	code = open_logs(v, argv != NULL);
	if (!code && argv)
		code = launch(v, argv);
	if (code)
		return code;
	process_look(v->process);
	start_probes(v);
	if (news_has_status(v->news))
		on_status(v);
	arm(v);
	if (!v->stopping && loop_run(v->loop, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_BUG;
	}
	for (size_t i = 0; i < v->n_probes; i++)
		probe_stop(v->probes[i].probe);
	drain(v);
	return tell(v, started);
}

static void clear(struct live *v)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		source_free(v->logs[i].source);
		watch_free(v->logs[i].watch);
	}
	free(v->logs);
	free(v->probes);
	process_free(v->process);
	loop_timer_free(v->tick);
	loop_timer_free(v->quiet);
	loop_timer_free(v->status);
	story_free(v->story);
	loop_free(v->loop);
	if (v->output >= 0)
		close(v->output);
}

int live_run(const struct plan *p, const struct options *o, const struct library *l, char **argv)
{
	struct plan_log output = { .name = (char[]){ "command" },
				   .from = FROM_START,
				   .sets = p->command_sets,
				   .n_sets = p->n_command_sets };
	struct live v = { .plan = p, .o = o, .library = l, .output = -1, .started = clock_mono() };
	struct err e;
	int code, lines;

	lines = o->quiet					   ? -1
		: finish_takes_stdout(o, p->reports, p->n_reports) ? STDERR_FILENO
								   : STDOUT_FILENO;
	v.news = news_new(o, lines, &e);
	if (!v.news) {
		log_error("%s", e.text);
		return EXIT_REPORT;
	}
	make_story(&v);
	code = prepare(&v, argv, &output);
	if (!code)
		code = watch_it(&v, argv);
	clear(&v);
	news_free(v.news);
	free(output.file);
	return code;
}
