/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "loop/slice.h"
#include "loop/spawn.h"
#include "t.h"

/* Whatever a test started, it ends after this long. */
enum { GUARD_SECONDS = 20 };

struct stage {
	struct loop *l;
	struct loop_timer *guard;
	int fds; /* open before */
};

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void too_long(void *arg)
{
	loop_stop(arg, -2);
}

static void stage_open(struct stage *s)
{
	s->fds = open_fds();
	s->l = loop_new(NULL);
	assert_non_null(s->l);
	s->guard = loop_timer_new(s->l, too_long, s->l);
	loop_timer_at(s->guard, clock_mono() + GUARD_SECONDS * CLOCK_SECOND);
}

static void stage_close(struct stage *s)
{
	loop_timer_free(s->guard);
	loop_free(s->l);
	assert_int_equal(open_fds(), s->fds);
}

static void stop_now(void *arg)
{
	loop_stop(arg, 0);
}

/* One pass over what is ready: a timer in the past comes after everything that was ready before it. */
static void spin(struct stage *s)
{
	struct loop_timer *t = loop_timer_new(s->l, stop_now, s->l);

	loop_timer_at(t, clock_mono() + 5 * CLOCK_MS);
	assert_int_equal(loop_run(s->l, NULL), 0);
	loop_timer_free(t);
}

/* ---- running ---- */

TEST(what_was_passed_to_stop_is_returned_and_the_loop_can_run_again)
{
	struct stage s;

	stage_open(&s);
	loop_stop(s.l, 7);
	assert_int_equal(loop_run(s.l, NULL), 7);
	loop_later(s.l, stop_now, s.l);
	assert_int_equal(loop_run(s.l, NULL), 0);
	stage_close(&s);
}

TEST(freeing_nothing_is_fine)
{
	loop_free(NULL);
	loop_io_free(NULL);
	loop_timer_free(NULL);
	loop_child_free(NULL);
}

/* ---- timers ---- */

struct shot {
	struct loop *l;
	struct loop_timer *t;
	int64_t at, late;
	int64_t now;
	int n;
};

static void on_shot(void *arg)
{
	struct shot *s = arg;

	s->n++;
	s->now = loop_now(s->l);
	s->late = clock_mono() - s->at;
	loop_stop(s->l, 0);
}

TEST(a_timer_is_never_early_and_hardly_late)
{
	int64_t best = CLOCK_SECOND;
	struct stage s;

	stage_open(&s);
	for (int i = 0; i < 10; i++) {
		struct shot shot = { .l = s.l };
		struct loop_timer *t = loop_timer_new(s.l, on_shot, &shot);

		shot.at = clock_mono() + 3 * CLOCK_MS + 1;
		loop_timer_at(t, shot.at);
		assert_int_equal(loop_run(s.l, NULL), 0);
		assert_true(shot.late >= 0);
		assert_true(shot.now >= shot.at);
		if (shot.late < best)
			best = shot.late;
		loop_timer_free(t);
	}
	assert_true(best < 20 * CLOCK_MS); /* a loop of the default accuracy is up to 250 ms late */
	stage_close(&s);
}

TEST(a_past_point_fires_in_the_next_round)
{
	static const int64_t past[] = { 0, -5, 1, CLOCK_SECOND };
	struct stage s;

	stage_open(&s);
	for (size_t i = 0; i < ARRAY_LEN(past); i++) {
		struct shot shot = { .l = s.l };
		struct loop_timer *t = loop_timer_new(s.l, on_shot, &shot);
		int64_t before = clock_mono();

		loop_timer_at(t, past[i]);
		assert_int_equal(loop_run(s.l, NULL), 0);
		assert_int_equal(shot.n, 1);
		assert_true(clock_mono() - before < CLOCK_SECOND);
		loop_timer_free(t);
	}
	stage_close(&s);
}

TEST(a_timer_fires_once_and_its_last_setting_counts)
{
	struct shot shot = { 0 };
	struct loop_timer *t;
	struct stage s;

	stage_open(&s);
	shot.l = s.l;
	t = loop_timer_new(s.l, on_shot, &shot);
	loop_timer_at(t, 1);
	loop_timer_at(t, CLOCK_NEVER);
	spin(&s);
	assert_int_equal(shot.n, 0);
	loop_timer_at(t, clock_mono() + 3600 * CLOCK_SECOND);
	loop_timer_at(t, 1);
	assert_int_equal(loop_run(s.l, NULL), 0);
	spin(&s);
	assert_int_equal(shot.n, 1);
	loop_timer_at(t, 1);
	loop_timer_off(t);
	spin(&s);
	assert_int_equal(shot.n, 1);
	loop_timer_at(t, 1);
	loop_timer_at(t, 1);
	assert_int_equal(loop_run(s.l, NULL), 0);
	assert_int_equal(shot.n, 2);
	loop_timer_at(t, 1);
	assert_int_equal(loop_run(s.l, NULL), 0);
	assert_int_equal(shot.n, 3);
	loop_timer_free(t);
	stage_close(&s);
}

static void on_shot_free(void *arg)
{
	struct shot *s = arg;

	s->n++;
	loop_timer_free(s->t);
	s->t = NULL;
}

TEST(a_timer_may_free_itself)
{
	struct shot a = { 0 };
	struct stage s;

	stage_open(&s);
	a.t = loop_timer_new(s.l, on_shot_free, &a);
	loop_timer_at(a.t, 1);
	spin(&s);
	assert_int_equal(a.n, 1);
	assert_null(a.t);
	stage_close(&s);
}

struct pair {
	struct loop_timer *t[2];
	struct loop_io *io[2];
	int n;
};

static void on_pair_timer(void *arg)
{
	struct pair *p = arg;

	p->n++;
	for (int i = 0; i < 2; i++) {
		loop_timer_free(p->t[i]);
		p->t[i] = NULL;
	}
}

TEST(what_was_freed_is_not_called_although_it_was_due)
{
	struct pair p = { 0 };
	struct stage s;

	stage_open(&s);
	for (int i = 0; i < 2; i++) {
		p.t[i] = loop_timer_new(s.l, on_pair_timer, &p);
		loop_timer_at(p.t[i], 1);
	}
	spin(&s);
	assert_int_equal(p.n, 1);
	stage_close(&s);
}

/* ---- descriptors ---- */

static void on_pair_io(void *arg, int fd, uint32_t events)
{
	struct pair *p = arg;

	(void)fd;
	assert_true(events & EPOLLIN);
	p->n++;
	for (int i = 0; i < 2; i++) {
		loop_io_free(p->io[i]);
		p->io[i] = NULL;
	}
}

TEST(a_freed_descriptor_is_not_called_in_the_same_round)
{
	struct pair p = { 0 };
	struct stage s;
	int fds[2][2];

	stage_open(&s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe2(fds[i], O_CLOEXEC), 0);
		p.io[i] = loop_io_add(s.l, fds[i][0], EPOLLIN, on_pair_io, &p, NULL);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	}
	spin(&s);
	assert_int_equal(p.n, 1);
	for (int i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
	stage_close(&s);
}

static void count_io(void *arg, int fd, uint32_t events)
{
	(void)fd, (void)events;
	++*(int *)arg;
}

TEST(a_descriptor_that_sleeps_is_not_woken_by_a_hang_up)
{
	struct loop_io *io;
	struct stage s;
	int fds[2], n = 0;

	stage_open(&s);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	io = loop_io_add(s.l, fds[0], 0, count_io, &n, NULL);
	close(fds[1]);
	spin(&s);
	assert_int_equal(n, 0);
	loop_io_change(io, EPOLLIN);
	spin(&s);
	assert_true(n > 0);
	loop_io_change(io, 0);
	n = 0;
	spin(&s);
	assert_int_equal(n, 0);
	loop_io_free(io);
	close(fds[0]);
	stage_close(&s);
}

TEST(a_number_that_was_closed_behind_our_back_is_watched_again)
{
	struct loop_io *io;
	struct stage s;
	int fds[2], other[2], n = 0;

	stage_open(&s);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pipe2(other, O_CLOEXEC), 0);
	io = loop_io_add(s.l, fds[0], EPOLLIN, count_io, &n, NULL);
	assert_int_equal(write(other[1], "x", 1), 1);
	dup3(other[0], fds[0], O_CLOEXEC);
	loop_io_change(io, EPOLLIN | EPOLLPRI);
	spin(&s);
	assert_true(n > 0);
	loop_io_free(io);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(other[i]);
	}
	stage_close(&s);
}

TEST(a_regular_file_cannot_be_watched)
{
	struct err e = { "" };
	struct stage s;
	int fd;

	stage_open(&s);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_null(loop_io_add(s.l, fd, EPOLLIN, count_io, NULL, &e));
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(e.text, "watching a descriptor"));
	close(fd);
	stage_close(&s);
}

/* ---- later ---- */

struct order {
	struct loop *l;
	char said[64];
	struct loop_timer *t;
	int again;
};

static void say(struct order *o, char c)
{
	size_t n = strlen(o->said);

	assert_true(n + 1 < sizeof(o->said));
	o->said[n] = c;
}

static void later_b(void *arg)
{
	say(arg, 'b');
}

static void later_a(void *arg)
{
	struct order *o = arg;

	say(o, 'a');
	loop_later(o->l, later_b, o);
}

static void timer_x(void *arg)
{
	struct order *o = arg;

	loop_later(o->l, later_a, o);
	loop_later(o->l, later_a, o);
	say(o, 'x');
}

static void timer_y(void *arg)
{
	say(arg, 'y');
}

TEST(later_comes_after_the_callback_and_before_what_else_is_due)
{
	struct order o = { 0 };
	struct loop_timer *x, *y;
	struct stage s;

	stage_open(&s);
	o.l = s.l;
	x = loop_timer_new(s.l, timer_x, &o);
	y = loop_timer_new(s.l, timer_y, &o);
	loop_timer_at(x, 1);
	loop_timer_at(y, 2);
	spin(&s);
	assert_string_equal(o.said, "xaaybb");
	loop_timer_free(x);
	loop_timer_free(y);
	stage_close(&s);
}

static void forever(void *arg)
{
	struct order *o = arg;

	o->again++;
	loop_later(o->l, forever, o);
}

TEST(later_that_puts_itself_off_again_starves_nobody)
{
	struct order o = { 0 };
	struct stage s;
	int fds[2], n = 0;
	struct loop_io *io;

	stage_open(&s);
	o.l = s.l;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	io = loop_io_add(s.l, fds[0], EPOLLIN, count_io, &n, NULL);
	loop_later(s.l, forever, &o);
	spin(&s);
	assert_true(o.again > 1);
	assert_true(n > 1);
	loop_io_free(io);
	close(fds[0]);
	close(fds[1]);
	stage_close(&s);
}

/* ---- signals ---- */

static void on_signal(void *arg, int signo)
{
	struct order *o = arg;

	say(o, signo == SIGINT	  ? 'I'
	       : signo == SIGTERM ? 'T'
	       : signo == SIGHUP  ? 'H'
	       : signo == SIGQUIT ? 'Q'
				  : '?');
}

TEST(the_four_signals_arrive_and_a_broken_pipe_does_not_kill)
{
	struct order o = { 0 };
	sigset_t before, after;
	struct stage s;

	signal(SIGHUP, SIG_DFL); /* nohup ignores it, and what is ignored never arrives */
	stage_open(&s);
	pthread_sigmask(SIG_BLOCK, NULL, &before);
	assert_int_equal(loop_signals(s.l, on_signal, &o, NULL), 0);
	kill(getpid(), SIGINT);
	spin(&s);
	kill(getpid(), SIGTERM);
	spin(&s);
	kill(getpid(), SIGHUP);
	spin(&s);
	kill(getpid(), SIGQUIT);
	spin(&s);
	kill(getpid(), SIGPIPE);
	assert_string_equal(o.said, "ITHQ");
	kill(getpid(), SIGTERM); /* nobody hears it, and it must not kill us when the loop goes */
	stage_close(&s);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	for (int signo = 1; signo < SIGRTMIN; signo++)
		assert_int_equal(sigismember(&before, signo), sigismember(&after, signo));
}

TEST(under_nohup_a_hang_up_is_not_heard)
{
	struct order o = { 0 };
	struct stage s;

	stage_open(&s);
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(loop_signals(s.l, on_signal, &o, NULL), 0);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	spin(&s);
	assert_string_equal(o.said, "T");
	stage_close(&s);
	signal(SIGHUP, SIG_DFL);
}

/* ---- processes ---- */

struct death {
	struct loop *l;
	struct loop_child *c;
	pid_t pid;
	int status, n;
	bool ours;
};

static void on_death(void *arg, pid_t pid, int status, bool ours)
{
	struct death *d = arg;

	d->n++;
	d->pid = pid;
	d->status = status;
	d->ours = ours;
	loop_child_free(d->c);
	loop_stop(d->l, 0);
}

/* exec's prototype lacks a const; nobody writes to the strings. */
static char *const *args(const char *const *v)
{
	char *const *same;

	memcpy(&same, &v, sizeof(same));
	return same;
}

static pid_t run_shell(const char *script, int out)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct spawn s = { .argv = args(argv), .in = -1, .out = out, .err = out };
	struct err e = { "" };
	pid_t pid = spawn_start(&s, &e);

	assert_string_equal(e.text, "");
	assert_true(pid > 1);
	return pid;
}

static const struct {
	const char *script;
	int status;
} deaths[] = {
	{ "exit 0", W_EXITCODE(0, 0) },
	{ "exit 3", W_EXITCODE(3, 0) },
	{ "kill -KILL $$", W_EXITCODE(0, SIGKILL) },
	{ "kill -TERM $$", W_EXITCODE(0, SIGTERM) },
};

TEST(a_child_is_reaped_and_its_end_is_told)
{
	struct stage s;

	stage_open(&s);
	for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
		struct death d = { .l = s.l };
		pid_t pid = run_shell(deaths[i].script, -1);

		d.c = loop_child_watch(s.l, pid, on_death, &d, NULL);
		assert_non_null(d.c);
		assert_int_equal(loop_run(s.l, NULL), 0);
		assert_int_equal(d.n, 1);
		assert_int_equal(d.pid, pid);
		assert_true(d.ours);
		assert_int_equal(d.status, deaths[i].status);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	stage_close(&s);
}

TEST(children_are_reaped_even_where_a_parent_left_their_signal_ignored)
{
	struct death d = { 0 };
	struct stage s;

	stage_open(&s);
	signal(SIGCHLD, SIG_IGN);
	d.l = s.l;
	d.c = loop_child_watch(s.l, run_shell("exit 5", -1), on_death, &d, NULL);
	assert_int_equal(loop_run(s.l, NULL), 0);
	assert_true(d.ours);
	assert_int_equal(d.status, W_EXITCODE(5, 0));
	stage_close(&s);
}

/* The whole of what somebody writes until everybody has closed the other end. */
static void read_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	assert_int_equal(n, 0);
	close(fd);
}

TEST(a_foreign_process_is_watched_too)
{
	AUTO_BUF text = BUF_INIT(64);
	struct death d = { 0 };
	struct stage s;
	pid_t shell;
	int fds[2];
	char c;

	stage_open(&s);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	/* a grandchild, which its parent leaves behind: nobody here may wait for it */
	shell = run_shell("sleep 60 & echo $!", fds[1]);
	while (read(fds[0], &c, 1) == 1 && c != '\n')
		buf_char(&text, c);
	assert_int_equal(waitpid(shell, NULL, 0), shell);
	d.l = s.l;
	d.c = loop_child_watch(s.l, (pid_t)atoi(text.data), on_death, &d, NULL);
	assert_non_null(d.c);
	spin(&s);
	assert_int_equal(d.n, 0);
	assert_true(spawn_signal(shell, SIGTERM)); /* it still is in the group of the shell, which has gone */
	assert_int_equal(loop_run(s.l, NULL), 0);
	assert_int_equal(d.n, 1);
	assert_false(d.ours);
	assert_int_equal(d.status, 0);
	close(fds[0]);
	close(fds[1]);
	stage_close(&s);
}

TEST(a_process_that_is_not_there_is_an_error)
{
	struct err e = { "" };
	struct stage s;
	pid_t pid;

	stage_open(&s);
	pid = run_shell("exit 0", -1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_null(loop_child_watch(s.l, pid, on_death, NULL, &e));
	assert_int_equal(errno, ESRCH);
	assert_non_null(strstr(e.text, "No such process"));
	assert_false(spawn_signal(pid, 0));
	stage_close(&s);
}

TEST(a_child_that_is_no_longer_watched_is_not_told_of)
{
	struct death d = { 0 };
	struct stage s;
	pid_t pid;

	stage_open(&s);
	pid = run_shell("exit 0", -1);
	d.l = s.l;
	d.c = loop_child_watch(s.l, pid, on_death, &d, NULL);
	loop_child_free(d.c);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	spin(&s);
	assert_int_equal(d.n, 0);
	stage_close(&s);
}

/* ---- starting ---- */

static void run_and_read(const struct spawn *given, struct buf *out)
{
	struct spawn s = *given;
	struct err e = { "" };
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s.out = fds[1];
	pid = spawn_start(&s, &e);
	close(fds[1]);
	assert_string_equal(e.text, "");
	read_all(fds[0], out);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

TEST(who_asks_for_short_slices_of_time_has_them_and_children_have_what_was_given)
{
	uint64_t given = slice_of(0);
	pid_t pid;

	if (!given)
		skip();
	slice_shorten();
	slice_shorten();
	assert_in_range(slice_of(0), 1, CLOCK_MS);
	pid = run_shell("exec sleep 100", 2);
	assert_int_equal(slice_of(pid), given);
	assert_in_range(slice_of(0), 1, CLOCK_MS);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	slice_give_back();
	assert_int_equal(slice_of(0), given);
}

static uint64_t ignored_signals(const char *status)
{
	const char *at = strstr(status, "SigIgn:");

	assert_non_null(at);
	/* without the two that glibc keeps for itself, 32 and 33 */
	return strtoull(at + strlen("SigIgn:"), NULL, 16) & 0x7fffffff;
}

TEST(a_child_starts_clean)
{
	static const char *const argv[] = {
		"sh", "-c",
		"grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd | tr '\\n' ' '; cat; "
		"test $(cut -d' ' -f5 /proc/$$/stat) = $$ && echo leads",
		NULL
	};
	const uint64_t pipe = UINT64_C(1) << (SIGPIPE - 1);
	AUTO_BUF ours = BUF_INIT(1 << 16);
	AUTO_BUF out = BUF_INIT(4096);
	sigset_t set, before;
	int leak = open("/dev/null", O_RDONLY); /* as if a careless parent had left it to us */

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(io_read_file("/proc/self/status", &ours, NULL), 0);
	run_and_read(&(struct spawn){ .argv = args(argv), .in = -1, .err = -1 }, &out);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(leak);
	assert_non_null(strstr(out.data, "SigBlk:\t0000000000000000\n"));
	assert_true(ignored_signals(ours.data) & pipe);
	assert_int_equal(ignored_signals(out.data), ignored_signals(ours.data) & ~pipe);
	assert_non_null(strstr(out.data, "0 1 2 leads\n"));
}

TEST(folder_and_environment_are_as_asked)
{
	static const char *const argv[] = { "sh", "-c", "pwd; echo \"$GONOGO_T-$HOME\"", NULL };
	static const char *const env[] = { "GONOGO_T=yes", "PATH=/usr/bin:/bin", NULL };
	AUTO_BUF out = BUF_INIT(4096);

	run_and_read(
		&(struct spawn){
			.argv = args(argv), .env = args(env), .folder = "/usr", .in = -1, .err = -1 },
		&out);
	assert_string_equal(out.data, "/usr\nyes-\n");
}

TEST(descriptors_may_be_given_crosswise)
{
	static const char *const argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
	int out[2], err[2], saved[2];
	AUTO_BUF a = BUF_INIT(64);
	AUTO_BUF b = BUF_INIT(64);
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	/* the child's output is our descriptor 2 and the other way round */
	for (int i = 0; i < 2; i++)
		saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
	dup3(out[1], 2, O_CLOEXEC);
	dup3(err[1], 1, O_CLOEXEC);
	pid = spawn_start(&(struct spawn){ .argv = args(argv), .in = -1, .out = 2, .err = 1 }, NULL);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
	}
	close(out[1]);
	close(err[1]);
	read_all(out[0], &a);
	read_all(err[0], &b);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_string_equal(a.data, "out\n");
	assert_string_equal(b.data, "err\n");
}

static const struct {
	const char *program, *folder, *error;
} failures[] = {
	{ "gonogo-no-such-program", NULL, "starting gonogo-no-such-program: No such file or directory" },
	{ "/etc", NULL, "starting /etc: Permission denied" },
	{ "true", "/gonogo-no-such-folder",
	  "starting true in /gonogo-no-such-folder: No such file or directory" },
};

TEST(what_cannot_be_started_says_why)
{
	int before = open_fds();

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		const char *argv[] = { failures[i].program, NULL };
		struct spawn s = {
			.argv = args(argv), .folder = failures[i].folder, .in = -1, .out = -1, .err = -1
		};
		struct err e = { "" };

		assert_int_equal(spawn_start(&s, &e), -1);
		assert_string_equal(e.text, failures[i].error);
	}
	assert_int_equal(open_fds(), before);
}

TEST(a_signal_reaches_the_whole_group)
{
	struct death d = { 0 };
	struct stage s;
	int fds[2];
	pid_t pid;
	char c;

	stage_open(&s);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = run_shell("sleep 60 & echo x; wait", fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_true(spawn_signal(pid, 0));
	assert_true(spawn_signal(pid, SIGKILL));
	d.l = s.l;
	d.c = loop_child_watch(s.l, pid, on_death, &d, NULL);
	assert_int_equal(loop_run(s.l, NULL), 0);
	/* the sleeper held the other end, too: it is closed when both are gone */
	while (read(fds[0], &c, 1) == 1)
		;
	close(fds[0]);
	stage_close(&s);
}
