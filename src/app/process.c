/* SPDX-License-Identifier: Apache-2.0 */
#include "app/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "loop/spawn.h"

enum { LOOK_EVERY_MS = 200, PROC_FILE_MAX = 1 << 20 };

struct process {
	struct loop *loop;
	const struct plan_process *where;
	const struct process_events *ev;
	void *arg;
	pid_t child, server;
	struct loop_child *child_watch, *server_watch;
	struct loop_timer *timer;
	bool child_ended; /* with exit code 0; what is left of its group is watched */
};

static bool configured(const struct process *p)
{
	return p->where->pidfile || p->where->port || p->where->pid;
}

/* ---- /proc ---- */

static bool read_proc(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool read_proc(struct buf *out, const char *fmt, ...)
{
	va_list ap;
	AUTO_FREE char *path = NULL;

	va_start(ap, fmt);
	path = mem_vprintf(fmt, ap);
	va_end(ap);
	buf_clear(out);
	return io_read_file(path, out, NULL) == 0;
}

/* The n-th field of /proc/PID/stat (proc(5)), counted from 3 behind the name in brackets, which may hold
 * anything. */
static const char *stat_field(const struct buf *stat, int n)
{
	const char *s = strrchr(buf_text(stat), ')');

	for (int i = 2; s && i < n; i++) {
		s = strchr(s, ' ');
		s = s ? s + 1 : NULL;
	}
	return s;
}

static bool alive(pid_t pid)
{
	AUTO_BUF stat = BUF_INIT(PROC_FILE_MAX);
	const char *state;

	if (pid <= 0 || !read_proc(&stat, "/proc/%d/stat", pid))
		return false;
	state = stat_field(&stat, 3);
	return state && *state != 'Z' && *state != 'X'; /* a zombie still has its number */
}

static int64_t number_at(const char *s)
{
	AUTO_FREE char *digits = s ? mem_strndup(s, strcspn(s, " \n\t")) : NULL;
	int64_t v;

	return digits && str_int(digits, 0, INT64_MAX, &v, NULL) == 0 ? v : -1;
}

int64_t process_started(pid_t pid)
{
	AUTO_BUF stat = BUF_INIT(PROC_FILE_MAX);
	struct timespec up;
	int64_t ticks, since;

	if (!read_proc(&stat, "/proc/%d/stat", pid))
		return CLOCK_UNKNOWN;
	ticks = number_at(stat_field(&stat, 22)); /* starttime, since boot */
	if (ticks < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return CLOCK_UNKNOWN;
	since = (int64_t)up.tv_sec * CLOCK_SECOND + up.tv_nsec -
		ticks * (CLOCK_SECOND / sysconf(_SC_CLK_TCK));
	return clock_wall() - since;
}

/* The inode of the socket that listens on the port: of the lines whose state is 0A (proc(5), /proc/net/tcp).
 */
static int64_t listening_inode(const char *table, int64_t port)
{
	AUTO_BUF text = BUF_INIT(8 << 20);

	if (!read_proc(&text, "/proc/net/%s", table))
		return -1;
	for (const char *line = buf_text(&text); line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned long long inode;
		unsigned int local;
		char state[3];

		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %2s %*s %*s %*s %*s %*s %llu", &local, state,
			   &inode) == 3 &&
		    strcmp(state, "0A") == 0 && local == (unsigned)port)
			return (int64_t)inode;
	}
	return -1;
}

static bool has_socket(const char *pid, const char *socket)
{
	AUTO_FREE char *folder = mem_printf("/proc/%s/fd", pid);
	DIR *d = opendir(folder);
	bool found = false;

	for (struct dirent *e; d && !found && (e = readdir(d));) {
		char target[64];
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		found = strcmp(target, socket) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static pid_t owner_of_port(int64_t port)
{
	int64_t inode = listening_inode("tcp", port);
	AUTO_FREE char *socket = NULL;
	pid_t owner = 0;
	DIR *d;

	if (inode < 0)
		inode = listening_inode("tcp6", port);
	if (inode < 0)
		return 0;
	socket = mem_printf("socket:[%lld]", (long long)inode);
	d = opendir("/proc");
	for (struct dirent *e; d && !owner && (e = readdir(d));)
		if (str_digit(e->d_name[0]) && has_socket(e->d_name, socket))
			owner = (pid_t)number_at(e->d_name);
	if (d)
		closedir(d);
	return owner;
}

static pid_t pid_in_file(const char *path)
{
	AUTO_BUF text = BUF_INIT(4096);
	const char *s;

	if (io_read_file(path, &text, NULL) < 0)
		return 0;
	s = buf_text(&text);
	while (str_space(*s))
		s++;
	return (pid_t)number_at(s);
}

pid_t process_find(const struct plan_process *where)
{
	pid_t pid = (pid_t)where->pid;

	if (!pid && where->pidfile)
		pid = pid_in_file(where->pidfile);
	if (!pid && where->port)
		pid = owner_of_port(where->port);
	return alive(pid) ? pid : 0;
}

/* ---- watching ---- */

static char *how_it_ended(int status)
{
	if (WIFSIGNALED(status))
		return mem_printf("killed by SIG%s%s", sigabbrev_np(WTERMSIG(status)),
				  WCOREDUMP(status) ? " (core dumped)" : "");
	return mem_printf("exit code %d", WEXITSTATUS(status));
}

static void look_later(struct process *p)
{
	loop_timer_at(p->timer, clock_mono() + LOOK_EVERY_MS * CLOCK_MS);
}

static void on_server_end(void *arg, pid_t pid, int status, bool ours)
{
	struct process *p = arg;
	AUTO_FREE char *how = ours ? how_it_ended(status) : mem_printf("its process %d ended", pid);

	p->ev->died(p->arg, how);
}

static void watch_server(struct process *p, pid_t pid)
{
	struct err e;

	p->server_watch = loop_child_watch(p->loop, pid, on_server_end, p, &e);
	if (!p->server_watch) {
		look_later(p);
		return;
	}
	p->server = pid;
	log_info("the server is process %d", pid);
	p->ev->found(p->arg, pid);
}

static void look_at_group(struct process *p)
{
	if (kill(-p->child, 0) == 0 || errno == EPERM)
		look_later(p);
	else
		p->ev->died(p->arg, "all processes of the command ended");
}

void process_look(struct process *p)
{
	pid_t pid;

	if (p->child_ended && !configured(p)) {
		look_at_group(p);
		return;
	}
	if (!configured(p) || p->server)
		return;
	pid = process_find(p->where);
	if (pid)
		watch_server(p, pid);
	else
		look_later(p);
}

static void on_timer(void *arg)
{
	process_look(arg);
}

static void on_child_end(void *arg, pid_t pid, int status, bool ours)
{
	struct process *p = arg;
	AUTO_FREE char *how = how_it_ended(status);

	(void)ours;
	p->child_ended = true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		p->ev->died(p->arg, how);
	else if (configured(p))
		log_info("the command ended with exit code 0");
	else if (kill(-pid, 0) == 0 || errno == EPERM)
		look_later(p);
	else
		p->ev->finished(p->arg);
}

struct process *process_new(struct loop *l, const struct plan_process *where, const struct process_events *ev,
			    void *arg)
{
	struct process *p = new0(struct process);

	p->loop = l;
	p->where = where;
	p->ev = ev;
	p->arg = arg;
	p->timer = loop_timer_new(l, on_timer, p);
	return p;
}

void process_free(struct process *p)
{
	if (!p)
		return;
	loop_child_free(p->child_watch);
	loop_child_free(p->server_watch);
	loop_timer_free(p->timer);
	free(p);
}

pid_t process_launch(struct process *p, char *const *argv, int out, struct err *e)
{
	struct spawn s = { .argv = argv, .in = -1, .out = out, .err = out };

	p->child = spawn_start(&s, e);
	if (p->child < 0)
		return -1;
	p->child_watch = loop_child_watch(p->loop, p->child, on_child_end, p, e);
	return p->child_watch ? p->child : -1;
}
