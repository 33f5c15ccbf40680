/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"
#include "loop/spawn.h"
#include "probe/answer.h"

#define KILL_AFTER (1 * CLOCK_SECOND) /* what does not heed SIGTERM for so long gets SIGKILL */

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127 }; /* what shells and env say */

struct dying;

struct exec_probe {
	struct conf_texts argv;
	bool shell;
	struct conf_pairs env;
	char *folder;
	int64_t exit, max_output;
	struct content content;
	struct conf_texts fail_on;
	const struct conf_node *facts;
	struct fact_rules fact_rules;
	struct dying *dying;	   /* the program of a try that was stopped, until it is gone */
	struct probe_try *waiting; /* for its end */
};

static const struct conf_key keys[] = {
	CONF_ROW(struct exec_probe, argv, struct conf_texts, "argv", CONF_TYPE_TEXTS, NULL,
		 "the program and its arguments; with shell, one command line", NULL, true),
	CONF_BOOL(struct exec_probe, shell, "false", "give it to /bin/sh -c"),
	CONF_PAIRS(struct exec_probe, env, "environment variables to set besides our own"),
	CONF_TEXT(struct exec_probe, folder, NULL, "where to run it; by default where we run"),
	CONF_INT(struct exec_probe, exit, "0", "the exit code that counts as success"),
	CONTENT_ROWS(struct exec_probe, content, "the output (standard output and error together)"),
	CONF_SIZE(struct exec_probe, max_output, "64k", "how much of the output is kept"),
	CONF_TEXTS(struct exec_probe, fail_on,
		   "what ends the wait with a failure: exit codes, or texts in the output"),
	CONF_NODE(struct exec_probe, facts, "facts to take out of the output: name -> {matches, as}"),
	{ 0 },
};

/* ---- reading ---- */

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct exec_probe *x = settings;
	const struct conf_node *argv = conf_get(n, "argv");

	if (argv && (!x->argv.n || !*x->argv.items[0]))
		conf_problem(p, argv, "argv: it names no program");
	else if (argv && x->shell && x->argv.n != 1)
		conf_problem(p, argv, "argv: with shell it is one text, the command line");
	else if (argv && !x->shell && conf_shape(argv) == CONF_SCALAR && strchr(x->argv.items[0], ' '))
		conf_problem(p, argv, "argv: '%s' has blanks: make it a list, or say shell: true",
			     x->argv.items[0]);
	if (x->exit < 0 || x->exit > 255)
		conf_problem(p, conf_get(n, "exit"), "exit: expected 0 to 255");
	content_check(&x->content, p);
	facts_add(&x->fact_rules, x->facts, 1U << PLACE_TEXT, vars, p);
	pairs_hide(&x->env);
}

/* ---- programs that have to go ---- */

struct dying {
	struct exec_probe *x;
	pid_t pid;
	struct loop_child *child;
	struct loop_timer *timer;
};

static void launch(struct probe_try *t);

static void free_dying(struct dying *d)
{
	loop_child_free(d->child);
	loop_timer_free(d->timer);
	free(d);
}

/* The program itself is gone; what it started goes without a second warning. */
static void on_gone(void *arg, pid_t pid, int status, bool ours)
{
	struct dying *d = arg;
	struct exec_probe *x = d->x;
	struct probe_try *next = x->waiting;

	(void)status;
	(void)ours;
	spawn_signal(pid, SIGKILL);
	free_dying(d);
	x->dying = NULL;
	x->waiting = NULL;
	if (next)
		launch(next);
}

static void on_patience_over(void *arg)
{
	struct dying *d = arg;

	spawn_signal(d->pid, SIGKILL);
}

/* Takes the watch of the child. */
static void let_die(struct exec_probe *x, struct loop *l, pid_t pid)
{
	struct dying *d = new0(struct dying);
	struct err e;

	spawn_signal(pid, SIGTERM);
	*d = (struct dying){ .x = x, .pid = pid };
	d->child = loop_child_watch(l, pid, on_gone, d, &e);
	if (!d->child) { /* nothing left to wait for */
		spawn_signal(pid, SIGKILL);
		free(d);
		return;
	}
	d->timer = loop_timer_new(l, on_patience_over, d);
	loop_timer_at(d->timer, clock_mono() + KILL_AFTER);
	x->dying = d;
}

static void clear(void *settings)
{
	struct exec_probe *x = settings;

	if (x->dying) {
		spawn_signal(x->dying->pid, SIGKILL);
		waitpid(x->dying->pid, NULL, WNOHANG);
		free_dying(x->dying);
	}
	content_clear(&x->content);
	facts_clear(&x->fact_rules);
}

/* ---- running ---- */

struct probe_try {
	struct exec_probe *x;
	struct loop *loop;
	struct loop_timer *soon;
	struct loop_child *child;
	struct loop_io *io;
	int fd; /* its output */
	pid_t pid;
	struct buf output;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static void free_try(struct probe_try *t)
{
	loop_timer_free(t->soon);
	loop_child_free(t->child);
	loop_io_free(t->io);
	if (t->fd >= 0)
		close(t->fd);
	buf_free(&t->output);
	answer_clear(&t->answer);
	free(t);
}

static void on_soon(void *arg)
{
	struct probe_try *t = arg;

	answer_send(&t->answer, t->done, t->arg);
	free_try(t);
}

static struct value look(void *seen, enum place place, const char *where)
{
	const struct probe_try *t = seen;

	(void)place;
	(void)where;
	return (struct value){ VALUE_TEXT, buf_text(&t->output), t->output.len, 0 };
}

static void say_output(const struct probe_try *t, struct buf *why)
{
	if (!t->output.len)
		return;
	buf_str(why, ", it says ");
	say_quoted(why, buf_text(&t->output), t->output.len);
}

static bool exited_well(const struct probe_try *t, int code, struct buf *why)
{
	if (code == t->x->exit)
		return true;
	buf_printf(why, "exit code %d, expected %lld", code, (long long)t->x->exit);
	say_output(t, why);
	return false;
}

static void judge_code(struct probe_try *t, int code)
{
	const char *text = buf_text(&t->output);
	const char *named = fail_on_met(&t->x->fail_on, code, text, t->output.len);
	AUTO_BUF why = BUF_INIT(REASON_MAX);

	if ((code == NOT_FOUND || code == NOT_EXECUTABLE) && code != t->x->exit) {
		buf_str(&why, code == NOT_FOUND ? "program not found" : "the program cannot be executed");
		say_output(t, &why);
		answer_set(&t->answer, PROBE_FAIL, "%s", buf_text(&why));
	} else if (named) {
		answer_set(&t->answer, PROBE_FAIL, "exit code %d; fail_on names '%s'", code, named);
	} else if (exited_well(t, code, &why) &&
		   content_met(&t->x->content, "the output", text, t->output.len, &why)) {
		answer_set(&t->answer, PROBE_PASS, "exit code %d", code);
	} else {
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
	}
}

static void judge(struct probe_try *t, int status)
{
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

	if (WIFSIGNALED(status))
		answer_set(&t->answer, PROBE_NOT_YET, "killed by SIG%s", name ? name : "?");
	else
		judge_code(t, WEXITSTATUS(status));
	facts_tell(&t->x->fact_rules, look, t, &t->answer.facts);
}

/* Reads what there is, and forgets what is beyond max_output: the program must not wait for us.  False: end.
 */
static bool drain(struct probe_try *t)
{
	enum { TURNS = 64 }; /* then others have their turn */
	char data[8192];

	for (int i = 0; i < TURNS; i++) {
		ssize_t n = read(t->fd, data, sizeof(data));

		if (n > 0)
			buf_add(&t->output, data, (size_t)n);
		else if (n == 0)
			return false;
		else if (errno != EINTR)
			return errno == EAGAIN;
	}
	return true;
}

static void on_output(void *arg, int fd, uint32_t events)
{
	struct probe_try *t = arg;

	(void)fd;
	(void)events;
	if (drain(t))
		return;
	loop_io_free(t->io);
	t->io = NULL;
}

/* Whoever it left behind may hold the pipe open for ever: what was written until now is the output. */
static void on_exit_of(void *arg, pid_t pid, int status, bool ours)
{
	struct probe_try *t = arg;

	(void)ours;
	spawn_signal(pid, SIGKILL);
	if (t->io)
		drain(t);
	judge(t, status);
	answer_send(&t->answer, t->done, t->arg);
	free_try(t);
}

/* Our environment and what env says; the texts of env are freed by free_environment(). */
static char **make_environment(const struct conf_pairs *env)
{
	size_t n = 0, room = 0;
	char **all = NULL;

	for (size_t i = 0; i < env->n; i++)
		*ARRAY_ADD(all, n, room) = mem_printf("%s=%s", env->keys[i], env->values[i]);
	for (char **e = environ; *e; e++) {
		bool replaced = false;

		for (size_t i = 0; i < env->n; i++)
			replaced |= strncmp(*e, all[i], strlen(env->keys[i]) + 1) == 0;
		if (!replaced)
			*ARRAY_ADD(all, n, room) = *e;
	}
	*ARRAY_ADD(all, n, room) = NULL;
	return all;
}

static void free_environment(const struct conf_pairs *env, char **all)
{
	for (size_t i = 0; i < env->n; i++)
		free(all[i]);
	free(all);
}

static pid_t spawn(const struct exec_probe *x, int out, struct err *e)
{
	static char sh[] = "/bin/sh", option[] = "-c";
	char **env = make_environment(&x->env);
	struct spawn s = { .env = env, .folder = x->folder, .in = -1, .out = out, .err = out };
	AUTO_FREE char **argv = mem_zero(x->argv.n + 3, sizeof(*argv));
	size_t n = 0;
	pid_t pid;
	int why;

	if (x->shell) {
		argv[n++] = sh;
		argv[n++] = option;
	}
	for (size_t i = 0; i < x->argv.n; i++)
		argv[n++] = x->argv.items[i];
	s.argv = argv;
	pid = spawn_start(&s, e);
	why = errno;
	free_environment(&x->env, env);
	errno = why;
	return pid;
}

static int start_program(struct probe_try *t, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "pipe2");
	t->fd = ends[0];
	/* the program's end is a plain one: not every program can cope with EAGAIN */
	fcntl(ends[1], F_SETFL, 0);
	t->pid = spawn(t->x, ends[1], e);
	if (t->pid < 0) {
		t->answer.result =
			errno == ENOENT || errno == EACCES || errno == ENOEXEC ? PROBE_FAIL : PROBE_NOT_YET;
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	t->child = loop_child_watch(t->loop, t->pid, on_exit_of, t, e);
	t->io = loop_io_add(t->loop, t->fd, EPOLLIN, on_output, t, e);
	return t->child && t->io ? 0 : -1;
}

static void launch(struct probe_try *t)
{
	struct err e;

	if (start_program(t, &e) == 0)
		return;
	answer_set(&t->answer, t->answer.result, "%s%s",
		   t->answer.result == PROBE_FAIL ? "program not found: " : "", e.text);
	if (t->pid > 0)
		spawn_signal(t->pid, SIGKILL);
	t->soon = loop_timer_new(t->loop, on_soon, t);
	loop_timer_at(t->soon, clock_mono());
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct exec_probe *x = settings;
	struct probe_try *t = new0(struct probe_try);

	*t = (struct probe_try){ .x = x, .loop = l, .fd = -1, .done = done, .arg = arg };
	t->output.max = (size_t)x->max_output;
	answer_init(&t->answer);
	if (x->dying)
		x->waiting = t;
	else
		launch(t);
	return t;
}

static void stop(struct probe_try *t)
{
	struct exec_probe *x = t->x;

	if (x->waiting == t)
		x->waiting = NULL;
	loop_child_free(t->child);
	if (t->child)
		let_die(x, t->loop, t->pid);
	t->child = NULL;
	free_try(t);
}

static const char *waits_for(const struct probe_try *t)
{
	return t->child ? "the program still runs" : "the program of the last try does not end";
}

const struct probe_kind probe_kind_exec = {
	.name = "exec",
	.help = "runs a program and looks at its exit code and output",
	.keys = keys,
	.size = sizeof(struct exec_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
	.waits_for = waits_for,
};
