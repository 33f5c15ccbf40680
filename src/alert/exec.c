/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program: the verdict document on its standard input, the main facts in its environment.  Nothing
 * that a log said becomes part of a command line.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alert/alert.h"
#include "base/io.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "loop/spawn.h"

enum { STDERR_KEPT = 4096, DRAIN_MAX = 64, REAP_MS = 1000 };

struct exec_alert {
	struct conf_texts argv;
};

static const struct conf_key keys[] = {
	CONF_ROW(struct exec_alert, argv, struct conf_texts, "argv", CONF_TYPE_TEXTS, NULL,
		 "program and arguments; no shell in between", NULL, true),
	{ 0 },
};

struct alert_try {
	alert_done_fn *done;
	void *arg;
	pid_t pid;	 /* 0: nothing runs (any more) */
	int err;	 /* what it writes to standard error */
	struct buf said; /* the end of it */
	struct loop_child *child;
	struct loop_io *io;
	struct loop_timer *later;
	struct err failure; /* why it could not be started */
};

static void check(const void *settings, const struct conf_node *n, struct conf_problems *p)
{
	const struct exec_alert *x = settings;

	if (!x->argv.n || !*x->argv.items[0])
		conf_problem(p, n, "argv: no program is named");
}

/* ---- what the program gets ---- */

static char *one_line(const char *s)
{
	AUTO_FREE char *masked = secret_masked(s ? s : "");

	return text_line_dup(masked, strlen(masked));
}

static bool is_ours(const char *assignment)
{
	return str_starts(assignment, "GONOGO_VERDICT=") || str_starts(assignment, "GONOGO_EXIT_CODE=") ||
	       str_starts(assignment, "GONOGO_SUMMARY=");
}

struct environment {
	char **items; /* NULL-terminated */
	size_t n, room;
};

static struct environment environment(const struct outcome *o)
{
	AUTO_FREE char *summary = one_line(o->summary);
	struct environment env = { 0 };

	for (char **e = environ; e && *e; e++)
		if (!is_ours(*e))
			*ARRAY_ADD(env.items, env.n, env.room) = mem_strdup(*e);
	*ARRAY_ADD(env.items, env.n, env.room) = mem_printf("GONOGO_VERDICT=%s", verdict_name(o->verdict));
	*ARRAY_ADD(env.items, env.n, env.room) =
		mem_printf("GONOGO_EXIT_CODE=%d", verdict_exit_code(o->verdict));
	*ARRAY_ADD(env.items, env.n, env.room) = mem_printf("GONOGO_SUMMARY=%s", summary);
	*ARRAY_ADD(env.items, env.n, env.room) = NULL;
	return env;
}

static void environment_free(struct environment *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->items[i]);
	free(env->items);
}

/* A file in memory: unlike a pipe it takes everything at once, whether it is read or not. */
static int file_with(const char *text, struct err *e)
{
	int fd = memfd_create("verdict", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "memfd_create");
	if (io_write_all(fd, text, strlen(text), e) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- what comes back ---- */

/* Keeps the end; false where there is nothing more to read at present. */
static bool read_some(struct alert_try *t)
{
	char chunk[STDERR_KEPT];
	ssize_t n = read(t->err, chunk, sizeof(chunk));

	if (n <= 0)
		return false;
	if (t->said.len + (size_t)n > STDERR_KEPT)
		buf_drop(&t->said, t->said.len + (size_t)n - STDERR_KEPT);
	return buf_add(&t->said, chunk, (size_t)n);
}

static void on_stderr(void *arg, int fd, uint32_t events)
{
	struct alert_try *t = arg;

	(void)fd;
	if (!read_some(t) && (events & EPOLLHUP)) {
		loop_io_free(t->io);
		t->io = NULL;
	}
}

/* The last line that is not empty; cuts said. */
static const char *last_line(struct buf *said)
{
	char *line;

	while (said->len && str_space(said->data[said->len - 1]))
		said->data[--said->len] = '\0';
	line = said->len ? memrchr(said->data, '\n', said->len) : NULL;
	return line ? line + 1 : buf_text(said);
}

static void on_exit_of(void *arg, pid_t pid, int status, bool ours)
{
	struct alert_try *t = arg;
	AUTO_FREE char *how = NULL;
	AUTO_FREE char *line = NULL;

	(void)pid;
	(void)ours;
	t->pid = 0;
	for (int i = 0; i < DRAIN_MAX && read_some(t); i++)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		t->done(t->arg, NULL);
		return;
	}
	line = one_line(last_line(&t->said));
	how = WIFSIGNALED(status) ? mem_printf("killed by signal %d", WTERMSIG(status))
				  : mem_printf("exit code %d", WEXITSTATUS(status));
	AUTO_FREE char *error = mem_printf("%s%s%s", how, *line ? ": " : "", line);
	t->done(t->arg, error);
}

static void on_failure(void *arg)
{
	struct alert_try *t = arg;

	t->done(t->arg, t->failure.text);
}

/* ---- start and stop ---- */

static int run(struct alert_try *t, const struct exec_alert *x, const struct outcome *o, int in, int err)
{
	AUTO_FREE char **argv = mem_zero(x->argv.n + 1, sizeof(*argv));
	struct environment env = environment(o);
	const struct spawn s = { .argv = argv, .env = env.items, .in = in, .out = -1, .err = err };
	pid_t pid;

	memcpy(argv, x->argv.items, x->argv.n * sizeof(*argv));
	pid = spawn_start(&s, &t->failure);
	environment_free(&env);
	if (pid < 0)
		return -1;
	t->pid = pid;
	return 0;
}

static int launch(struct alert_try *t, const struct exec_alert *x, const struct outcome *o, const char *body,
		  struct loop *l)
{
	struct err *e = &t->failure;
	AUTO_CLOSE in = file_with(body, e);
	int ends[2];

	if (in < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	AUTO_CLOSE err = ends[1];

	t->err = ends[0];
	io_nonblock(t->err);
	if (run(t, x, o, in, err) < 0)
		return -1;
	t->child = loop_child_watch(l, t->pid, on_exit_of, t, e);
	t->io = loop_io_add(l, t->err, EPOLLIN, on_stderr, t, e);
	return t->child && t->io ? 0 : -1;
}

static struct alert_try *start(void *settings, const struct outcome *o, const char *body, struct loop *l,
			       alert_done_fn *done, void *arg)
{
	struct alert_try *t = new0(struct alert_try);

	t->done = done;
	t->arg = arg;
	t->err = -1;
	t->said.max = STDERR_KEPT;
	if (launch(t, settings, o, body, l) == 0)
		return t;
	t->later = loop_timer_new(l, on_failure, t);
	loop_timer_at(t->later, 0);
	return t;
}

/* With everything it has started; a second is plenty for what cannot be caught. */
static void kill_group(pid_t pid)
{
	AUTO_CLOSE fd = pidfd_open(pid, 0);
	struct pollfd gone = { .fd = fd, .events = POLLIN };

	spawn_signal(pid, SIGKILL);
	if (fd >= 0)
		poll(&gone, 1, REAP_MS);
	waitpid(pid, NULL, WNOHANG);
}

static void stop(struct alert_try *t)
{
	loop_child_free(t->child);
	loop_io_free(t->io);
	loop_timer_free(t->later);
	if (t->pid)
		kill_group(t->pid);
	if (t->err >= 0)
		close(t->err);
	buf_free(&t->said);
	free(t);
}

const struct alert_kind alert_kind_exec = {
	.name = "exec",
	.help = "runs a program with the verdict on its standard input and in GONOGO_VERDICT, "
		"GONOGO_EXIT_CODE and "
		"GONOGO_SUMMARY",
	.keys = keys,
	.size = sizeof(struct exec_alert),
	.check = check,
	.start = start,
	.stop = stop,
};
