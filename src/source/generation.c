/* SPDX-License-Identifier: Apache-2.0 */
#include "source/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* Fewer zeroes at the end of a file are text (UTF-16 ends with one); more are space that was set aside. */
enum { ZEROES_MIN = 64 };

/* ---- identity ---- */

static int ask(int folder, const char *path, int flags, struct identity *id, struct stat *st)
{
	struct statx x;

	if (statx(folder, path, flags, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return -1;
	id->device = makedev(x.stx_dev_major, x.stx_dev_minor);
	id->inode = x.stx_ino;
	id->born = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec * CLOCK_SECOND + x.stx_btime.tv_nsec : 0;
	*st = (struct stat){ .st_mode = x.stx_mode,
			     .st_size = (off_t)x.stx_size,
			     .st_nlink = x.stx_nlink,
			     .st_uid = x.stx_uid,
			     .st_mtim = { x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec } };
	return 0;
}

int identity_of_path(int folder, const char *path, bool follow, struct identity *id, struct stat *st)
{
	return ask(folder, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, id, st);
}

int identity_of_fd(int fd, struct identity *id, struct stat *st)
{
	return ask(fd, "", AT_EMPTY_PATH, id, st);
}

/* ---- life ---- */

int generation_kind(const char *name, mode_t mode, struct err *e)
{
	if (S_ISREG(mode) || S_ISFIFO(mode))
		return 0;
	return err_set(e, "%s: is a %s, not a log", name,
		       S_ISDIR(mode)	? "directory"
		       : S_ISSOCK(mode) ? "socket"
					: "device");
}

static int identify(struct generation *g, struct err *e)
{
	struct stat st;

	if (identity_of_fd(g->fd, &g->id, &st) < 0)
		return err_sys(e, "%s", g->name);
	g->stream = S_ISFIFO(st.st_mode);
	return generation_kind(g->name, st.st_mode, e);
}

struct generation *generation_new(int fd, const char *name, struct err *e)
{
	struct generation *g = new0(struct generation);

	g->name = mem_strdup(name);
	g->fd = fd;
	g->wd = -1;
	g->read_at = clock_mono();
	if (identify(g, e) == 0)
		return g;
	generation_free(g);
	return NULL;
}

void generation_free(struct generation *g)
{
	if (!g)
		return;
	if (g->fd >= 0)
		close(g->fd);
	free(g->name);
	free(g);
}

bool generation_is(const struct generation *g, const struct identity *id)
{
	return g->id.device == id->device && g->id.inode == id->inode &&
	       (g->fd >= 0 || g->id.born == id->born);
}

uint64_t generation_size(const struct generation *g)
{
	struct stat st;

	return !g->stream && fstat(g->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

bool generation_has_more(struct generation *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	uint64_t size;

	if (g->stream)
		return poll(&p, 1, 0) > 0 && (p.revents & POLLIN);
	size = generation_size(g);
	if (size > g->size_seen)
		g->size_seen = size;
	return size > g->offset;
}

/* ---- what it looked like ---- */

/* As much as there is of n bytes. */
static size_t read_at(int fd, char *buf, size_t n, uint64_t offset)
{
	size_t have = 0;

	while (have < n) {
		ssize_t k = pread(fd, buf + have, n - have, (off_t)(offset + have));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		have += (size_t)k;
	}
	return have;
}

static bool holds(int fd, const char *text, size_t n, uint64_t offset)
{
	char now[GENERATION_HEAD];

	return read_at(fd, now, n, offset) == n && memcmp(now, text, n) == 0;
}

void generation_seek(struct generation *g, uint64_t offset)
{
	size_t head = offset < GENERATION_HEAD ? (size_t)offset : GENERATION_HEAD;
	size_t tail = offset < GENERATION_TAIL ? (size_t)offset : GENERATION_TAIL;

	g->offset = offset;
	g->n_head = read_at(g->fd, g->head, head, 0);
	g->n_tail = read_at(g->fd, g->tail, tail, offset - tail);
	g->behind_hole = false;
	g->at_end = false;
}

bool generation_matches(const struct generation *g, int fd)
{
	return g->offset && holds(fd, g->head, g->n_head, 0) &&
	       holds(fd, g->tail, g->n_tail, g->offset - g->n_tail);
}

bool generation_begins_same(const struct generation *g)
{
	/* the compiler would fill an array with zeroes first, at each event */
	AUTO_FREE char *now = g->stream ? NULL : mem_check(malloc(GENERATION_HEAD));
	size_t n;

	if (g->stream)
		return true;
	n = read_at(g->fd, now, g->n_head, 0);
	return memcmp(now, g->head, n) == 0;
}

/* Puts what was read behind the offset. */
static void advance(struct generation *g, const char *data, size_t n)
{
	size_t head = GENERATION_HEAD - g->n_head < n ? GENERATION_HEAD - g->n_head : n;
	size_t keep = n < GENERATION_TAIL ? GENERATION_TAIL - n : 0;

	if (g->offset == g->n_head) {
		memcpy(g->head + g->n_head, data, head);
		g->n_head += head;
	}
	if (keep > g->n_tail)
		keep = g->n_tail;
	memmove(g->tail, g->tail + g->n_tail - keep, keep);
	g->n_tail = keep;
	if (n > GENERATION_TAIL)
		data += n - GENERATION_TAIL;
	n = n < GENERATION_TAIL ? n : GENERATION_TAIL;
	memcpy(g->tail + g->n_tail, data, n);
	g->n_tail += n;
}

/* ---- zeroes that nobody wrote ---- */

static size_t zeroes_before(const char *data, size_t n)
{
	size_t at = n;

	while (at && data[at - 1] == '\0')
		at--;
	return n - at;
}

static size_t zeroes_from(const char *data, size_t n)
{
	size_t at = 0;

	while (at < n && data[at] == '\0')
		at++;
	return at;
}

/*
 * Goes on where there is data behind the hole at this offset.  False: it reaches to the end, and must not be
 * skipped: a file that was given its size beforehand is filled from there.
 */
static bool skip_hole(struct generation *g, uint64_t hole)
{
	off_t data = lseek(g->fd, (off_t)hole, SEEK_DATA);
	uint64_t from = g->offset;

	if (data < 0 || (uint64_t)data <= from)
		return false;
	generation_seek(g, (uint64_t)data);
	g->behind_hole = true;
	g->skipped += (uint64_t)data - from;
	return true;
}

enum zeroes {
	ZEROES_NONE,	/* the first *n bytes are the text */
	ZEROES_SKIPPED, /* the offset is behind them now */
	ZEROES_LAST,	/* nothing but zeroes up to the end */
};

/* What to do about the zeroes among these bytes at the offset; last: the file ends with them. */
static enum zeroes judge_zeroes(struct generation *g, const char *data, size_t *n, bool last)
{
	size_t leading = g->behind_hole ? zeroes_from(data, *n) : 0, trailing;
	off_t hole;

	if (leading == *n && last)
		return ZEROES_LAST;
	if (leading) {
		generation_seek(g, g->offset + leading);
		g->behind_hole = leading == *n;
		g->skipped += leading;
		return ZEROES_SKIPPED;
	}
	g->behind_hole = false;
	if (!memchr(data, '\0', *n))
		return ZEROES_NONE;
	hole = lseek(g->fd, (off_t)g->offset, SEEK_HOLE);
	if (hole >= 0 && (uint64_t)hole < g->offset + *n) {
		*n = (size_t)((uint64_t)hole - g->offset);
		*n -= zeroes_before(data, *n);
		if (*n)
			return ZEROES_NONE;
		return skip_hole(g, (uint64_t)hole) ? ZEROES_SKIPPED : ZEROES_LAST;
	}
	/* whether those behind text reach to the end is seen when they come first, with all the room */
	trailing = zeroes_before(data, *n);
	if (trailing >= ZEROES_MIN && (last || trailing < *n))
		*n -= trailing;
	return *n ? ZEROES_NONE : ZEROES_LAST;
}

/* ---- reading ---- */

static enum generation_read read_stream(struct generation *g, char *buf, size_t room, size_t *n)
{
	ssize_t k;

	do {
		k = read(g->fd, buf, room);
	} while (k < 0 && errno == EINTR);
	g->at_end = k == 0 || (k < 0 && errno == EAGAIN);
	if (k < 0 && !g->at_end)
		return GENERATION_FAILED;
	*n = k > 0 ? (size_t)k : 0;
	return k > 0 ? GENERATION_BYTES : GENERATION_END;
}

/*
 * One call reads what is new together with the bytes that were the last before: so both are of one moment,
 * and a file that was emptied and grew beyond the offset again is not taken for one that merely grew.
 */
static enum generation_read read_file(struct generation *g, char *buf, size_t room, const char **data,
				      size_t *n)
{
	ssize_t k;
	size_t fresh;
	bool last;

	do {
		k = pread(g->fd, buf, room, (off_t)(g->offset - g->n_tail));
	} while (k < 0 && errno == EINTR);
	if (k < 0)
		return GENERATION_FAILED;
	if ((size_t)k < g->n_tail || memcmp(buf, g->tail, g->n_tail) != 0)
		return GENERATION_CHANGED;
	*data = buf + g->n_tail;
	*n = fresh = (size_t)k - g->n_tail;
	last = (size_t)k < room;
	g->at_end = false;
	if (*n == 0)
		return GENERATION_END;
	switch (judge_zeroes(g, *data, n, last)) {
	case ZEROES_SKIPPED:
		*n = 0;
		break;
	case ZEROES_LAST:
		return GENERATION_END;
	case ZEROES_NONE:
		g->at_end = last && *n == fresh;
		break;
	}
	return GENERATION_BYTES;
}

enum generation_read generation_read(struct generation *g, char *buf, size_t room, const char **data,
				     size_t *n)
{
	enum generation_read r;

	*data = buf;
	r = g->stream ? read_stream(g, buf, room, n) : read_file(g, buf, room, data, n);
	if (r == GENERATION_END)
		g->at_end = true;
	if (r != GENERATION_BYTES || *n == 0)
		return r;
	g->read_at = clock_mono();
	advance(g, *data, *n);
	g->offset += *n;
	return r;
}
