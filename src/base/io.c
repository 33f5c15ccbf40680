/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int io_write_all(int fd, const char *data, size_t n, struct err *e)
{
	while (n) {
		ssize_t k = write(fd, data, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, -1);
			continue;
		}
		if (k < 0)
			return err_sys(e, "write");
		data += k;
		n -= (size_t)k;
	}
	return 0;
}

static int read_rest(int fd, struct buf *out, struct err *e)
{
	char chunk[16384];

	for (;;) {
		ssize_t k = read(fd, chunk, sizeof(chunk));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "read");
		if (k == 0)
			return 0;
		if (!buf_add(out, chunk, (size_t)k))
			return err_set(e, "larger than %zu bytes", out->max);
	}
}

int io_read_file(const char *path, struct buf *out, struct err *e)
{
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, "%s: is a directory", path);
	if (read_rest(fd, out, e) < 0)
		return err_ctx(e, "%s", path);
	return 0;
}

static int write_to(const char *path, const char *data, size_t n, struct err *e)
{
	AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (io_write_all(fd, data, n, e) < 0)
		return err_ctx(e, "%s", path);
	return 0;
}

static void sync_folder(const char *path)
{
	AUTO_FREE char *copy = mem_strdup(path);
	AUTO_CLOSE fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

static int fill(int fd, const char *data, size_t n, mode_t mode, struct err *e)
{
	if (fchmod(fd, mode) < 0)
		return err_sys(e, "fchmod");
	if (io_write_all(fd, data, n, e) < 0)
		return -1;
	if (fsync(fd) < 0)
		return err_sys(e, "fsync");
	return 0;
}

static int replace(const char *path, const char *data, size_t n, mode_t mode, struct err *e)
{
	AUTO_FREE char *temp = mem_printf("%s.XXXXXX", path);
	AUTO_CLOSE fd = mkostemp(temp, O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (fill(fd, data, n, mode, e) == 0) {
		if (rename(temp, path) == 0) {
			sync_folder(path);
			return 0;
		}
		err_sys(e, "rename");
	}
	unlink(temp);
	return err_ctx(e, "%s", path);
}

int io_replace_file(const char *path, const char *data, size_t n, struct err *e)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return io_write_all(STDOUT_FILENO, data, n, e);
	/* lstat: a link to a regular file is kept as the link it is, and written through */
	if (lstat(path, &st) < 0) {
		mode_t mask = umask(0);

		umask(mask);
		return replace(path, data, n, 0666 & ~mask, e);
	}
	if (S_ISDIR(st.st_mode))
		return err_set(e, "%s: is a directory", path);
	if (S_ISLNK(st.st_mode)) {
		AUTO_FREE char *target = realpath(path, NULL);

		if (target && stat(target, &st) == 0 && S_ISREG(st.st_mode))
			return replace(target, data, n, st.st_mode & 07777, e);
	}
	if (S_ISREG(st.st_mode))
		return replace(path, data, n, st.st_mode & 07777, e);
	return write_to(path, data, n, e);
}

bool io_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}
