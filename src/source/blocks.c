/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain files by pread(), pipes by read(), gzip by zlib, what else is compressed through libarchive's
 * filters.  Which it is, the first bytes say, not the name; and never more than a filter: a log that happens
 * to look like a tar or cpio archive stays a log.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/gunzip.h"
#include "source/libarchive.h"
#include "source/source.h"

struct blocks {
	char *name;
	int fd;
	bool own_fd;
	bool regular;
	bool bounded; /* a regular file: read from `start` to the `end` that it had when it was opened */
	uint64_t start, end; /* both 0 where it is not */
	uint64_t at;	     /* bytes that were read */
	char *buf;
	size_t kept;		 /* bytes at buf that were read to see what this is, and not delivered yet */
	struct gunzip *gunzip;	 /* NULL: no gzip */
	struct archive *archive; /* NULL: plain, or gzip */
	bool nothing;		 /* in it */
	uint64_t fed;		 /* bytes given to it */
	size_t last_fed;	 /* the latest of them, still at buf */
	struct err why;		 /* what went wrong while feeding it */
};

/* ---- the bytes as they are ---- */

static int wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, -1);
}

static ssize_t read_some(const struct blocks *b, char *buf, size_t room, uint64_t at, struct err *e)
{
	ssize_t n;

	do {
		n = b->bounded ? pread(b->fd, buf, room, (off_t)at) : read(b->fd, buf, room);
	} while (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(b->fd) >= 0)));
	return n < 0 ? err_sys(e, "%s", b->name) : n;
}

/* Nothing was there: the file may have become shorter before all of it was read.  One that only claims a size
 * (in /sys) is at its end. */
static ssize_t ended(const struct blocks *b, uint64_t at, struct err *e)
{
	struct stat st;

	if (b->bounded && at < b->end && fstat(b->fd, &st) == 0 && (uint64_t)st.st_size < b->end)
		return err_set(e, "%s: was truncated while it was read, %llu bytes are missing", b->name,
			       (unsigned long long)(b->end - at));
	return 0;
}

/* Bytes of the file from `at` on. */
static ssize_t read_raw(const struct blocks *b, char *buf, size_t room, uint64_t at, struct err *e)
{
	ssize_t n = 0;

	if (b->bounded && at >= b->end)
		room = 0;
	else if (b->bounded && room > b->end - at)
		room = (size_t)(b->end - at);
	if (room)
		n = read_some(b, buf, room, at, e);
	return n ? n : ended(b, at, e);
}

/* Reads behind what is kept in buf. */
static ssize_t fill(struct blocks *b, struct err *e)
{
	ssize_t n = read_raw(b, b->buf + b->kept, BLOCKS_SIZE - b->kept, b->start + b->at, e);

	b->at += n > 0 ? (uint64_t)n : 0;
	return n;
}

/* The next raw bytes at buf: first those that were kept. */
static ssize_t next_raw(struct blocks *b, struct err *e)
{
	ssize_t n = (ssize_t)b->kept;

	b->kept = 0;
	return n ? n : fill(b, e);
}

/* ---- what it is ---- */

enum { MAGIC_MAX = 10 };

static bool is_gzip(const unsigned char *p)
{
	return memcmp(p, "\x1f\x8b\x08", 3) == 0 && (p[3] & 0xe0) == 0;
}

static bool is_xz(const unsigned char *p)
{
	return memcmp(p, "\xfd\x37\x7a\x58\x5a\0", 6) == 0;
}

/* A frame, or one to be skipped, as parallel packers put in front. */
static bool is_zstd(const unsigned char *p)
{
	return memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0);
}

/* "BZh9" alone could be text: the first block's mark (pi) or the end's (its square root) must follow. */
static bool is_bzip2(const unsigned char *p)
{
	return memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
	       (memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
		memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static const struct packing {
	bool (*is)(const unsigned char *p);
	int (*support)(struct archive *a); /* NULL: gzip */
} packings[] = {
	{ is_gzip, NULL },
	{ is_xz, archive_read_support_filter_xz },
	{ is_zstd, archive_read_support_filter_zstd },
	{ is_bzip2, archive_read_support_filter_bzip2 },
};

static const struct packing *recognise(const struct blocks *b)
{
	unsigned char head[MAGIC_MAX] = { 0 };

	memcpy(head, b->buf, b->kept < MAGIC_MAX ? b->kept : MAGIC_MAX);
	for (size_t i = 0; i < ARRAY_LEN(packings); i++)
		if (packings[i].is(head))
			return &packings[i];
	return NULL;
}

/* ---- compressed ---- */

static ssize_t feed(struct archive *a, void *arg, const void **data)
{
	struct blocks *b = arg;
	ssize_t n = next_raw(b, &b->why);

	(void)a;
	if (n < 0)
		return ARCHIVE_FATAL;
	*data = b->buf;
	b->fed += (uint64_t)n;
	b->last_fed = (size_t)n;
	return n;
}

static int packed_failed(struct blocks *b, struct err *e)
{
	const char *text = archive_error_string(b->archive);

	if (b->why.text[0]) {
		*e = b->why;
		return -1;
	}
	return err_set(e, "%s: damaged: %s", b->name, text ? text : "cannot be decompressed");
}

static int open_packed(struct blocks *b, const struct packing *packing, struct err *e)
{
	struct archive_entry *entry;
	int r;

	if (libarchive_load(e) < 0)
		return err_ctx(e, "%s: cannot be decompressed", b->name);
	b->archive = mem_check(archive_read_new());
	archive_read_support_format_raw(b->archive);
	archive_read_support_format_empty(b->archive);
	packing->support(b->archive);
	r = archive_read_open(b->archive, b, NULL, feed, NULL);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(b->archive, &entry);
	b->nothing = r == ARCHIVE_EOF;
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return packed_failed(b, e);
	/* a filter that does not want it would leave us with the compressed bytes as if they were the log */
	if (archive_filter_count(b->archive) < 2)
		return err_set(e, "%s: compressed in a way that is not understood", b->name);
	return 0;
}

/* Zeroes behind the end are padding; anything else is more of the log, which could not be read. */
static ssize_t check_rest(struct blocks *b, struct err *e)
{
	size_t unread = (size_t)(b->fed - (uint64_t)archive_filter_bytes(b->archive, -1));
	const char *rest = b->buf + b->last_fed - unread;
	ssize_t n = (ssize_t)unread;

	do {
		for (ssize_t i = 0; i < n; i++)
			if (rest[i])
				return err_set(
					e, "%s: damaged: more follows after the end of the compressed data",
					b->name);
		rest = b->buf;
		n = next_raw(b, e);
	} while (n > 0);
	return n;
}

static ssize_t next_unpacked(struct blocks *b, const char **data, struct err *e)
{
	const void *at = NULL;
	la_int64_t offset;
	size_t n = 0;
	int r = ARCHIVE_EOF;

	while (!b->nothing && n == 0 &&
	       (r = archive_read_data_block(b->archive, &at, &n, &offset)) == ARCHIVE_OK)
		;
	if (r == ARCHIVE_EOF)
		return check_rest(b, e);
	if (r != ARCHIVE_OK)
		return packed_failed(b, e);
	*data = at;
	return (ssize_t)n;
}

static ssize_t next_gunzipped(struct blocks *b, const char **data, struct err *e)
{
	struct err why;
	ssize_t n;

	for (;;) {
		n = gunzip_next(b->gunzip, data, &why);
		if (n < 0)
			return err_set(e, "%s: damaged: %s", b->name, why.text);
		if (n > 0 || !gunzip_hungry(b->gunzip))
			return n;
		n = next_raw(b, e);
		if (n < 0)
			return n;
		gunzip_give(b->gunzip, b->buf, (size_t)n);
	}
}

/* ---- opening ---- */

static int open_file(struct blocks *b, const char *path, struct err *e)
{
	off_t at;
	struct stat st;

	b->own_fd = strcmp(path, "-") != 0;
	b->fd = b->own_fd ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		return err_sys(e, "%s", b->name);
	if (S_ISDIR(st.st_mode))
		return err_set(e, "%s: is a directory", b->name);
	at = lseek(b->fd, 0, SEEK_CUR);
	b->regular = S_ISREG(st.st_mode);
	/* the files of /proc say 0 and have content all the same */
	if (b->regular && st.st_size > 0 && at >= 0) {
		b->bounded = true;
		b->start = (uint64_t)at;
		b->end = (uint64_t)st.st_size;
		posix_fadvise(b->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

static int setup(struct blocks *b, const char *path, struct err *e)
{
	const struct packing *packing;
	ssize_t n = 1;

	if (open_file(b, path, e) < 0)
		return -1;
	while (b->kept < MAGIC_MAX && (n = fill(b, e)) > 0)
		b->kept += (size_t)n;
	if (n < 0)
		return -1;
	packing = recognise(b);
	if (packing && !packing->support) {
		b->gunzip = gunzip_new();
		return 0;
	}
	return packing ? open_packed(b, packing, e) : 0;
}

struct blocks *blocks_open(const char *path, struct err *e)
{
	struct blocks *b = new0(struct blocks);

	b->fd = -1;
	b->name = mem_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	b->buf = mem_check(malloc(BLOCKS_SIZE));
	if (setup(b, path, e) == 0)
		return b;
	blocks_free(b);
	return NULL;
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	if (b->archive)
		archive_read_free(b->archive);
	gunzip_free(b->gunzip);
	if (b->own_fd && b->fd >= 0)
		close(b->fd);
	free(b->buf);
	free(b->name);
	free(b);
}

bool blocks_packed(const struct blocks *b)
{
	return b->archive || b->gunzip;
}

bool blocks_regular(const struct blocks *b)
{
	return b->regular;
}

bool blocks_any_order(const struct blocks *b)
{
	return b->bounded && !blocks_packed(b);
}

ssize_t blocks_read_at(const struct blocks *b, uint64_t offset, char *block, struct err *e)
{
	size_t have = 0;
	ssize_t n = 1;

	while (n > 0 && have < BLOCKS_SIZE) {
		n = read_raw(b, block + have, BLOCKS_SIZE - have, b->start + offset + have, e);
		have += n > 0 ? (size_t)n : 0;
	}
	return have ? (ssize_t)have : n;
}

ssize_t blocks_read(struct blocks *b, const char **data, struct err *e)
{
	if (b->gunzip)
		return next_gunzipped(b, data, e);
	if (b->archive)
		return next_unpacked(b, data, e);
	*data = b->buf;
	return next_raw(b, e);
}
