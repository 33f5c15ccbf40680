/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/slice.h"

/* A copy above the standard three, so that putting one in its place cannot overwrite another. */
static int lift(int fd, struct err *e)
{
	AUTO_CLOSE null = fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	int high = fcntl(fd < 0 ? null : fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return high < 0 ? err_sys(e, "descriptor for a child") : high;
}

static int fill_actions(posix_spawn_file_actions_t *actions, const char *folder, const int from[3])
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(actions, from[i], i);
	/* ours are all close-on-exec; this is for what we were given without being asked */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (r == 0 && folder)
		r = posix_spawn_file_actions_addchdir_np(actions, folder);
	return r;
}

static void fill_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, pipe;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE); /* the only one that we change; what nohup ignores stays ignored */
	posix_spawnattr_setflags(attr,
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &pipe);
	posix_spawnattr_setpgroup(attr, 0);
}

static pid_t start(const struct spawn *s, const int from[3], struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	fill_attributes(&attr);
	r = fill_actions(&actions, s->folder, from);
	slice_give_back();
	if (r == 0)
		r = posix_spawnp(&pid, s->argv[0], &actions, &attr, s->argv, s->env ? s->env : environ);
	slice_take_again();
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (r == 0)
		return pid;
	errno = r;
	return s->folder ? err_sys(e, "starting %s in %s", s->argv[0], s->folder)
			 : err_sys(e, "starting %s", s->argv[0]);
}

pid_t spawn_start(const struct spawn *s, struct err *e)
{
	AUTO_CLOSE in = lift(s->in, e);
	AUTO_CLOSE out = lift(s->out, e);
	AUTO_CLOSE err = lift(s->err, e);
	const int from[3] = { in, out, err };

	if (in < 0 || out < 0 || err < 0)
		return -1;
	/* if it were ignored (some parents leave it so), the kernel would reap our children before we could
	 * ask */
	signal(SIGCHLD, SIG_DFL);
	return start(s, from, e);
}

bool spawn_signal(pid_t pid, int signo)
{
	assert(pid > 1); /* 0 and -1 would mean ourselves and everybody */
	return kill(-pid, signo) == 0 || errno != ESRCH;
}
