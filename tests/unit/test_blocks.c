/* SPDX-License-Identifier: Apache-2.0 */
/* What is read without a name to follow: finished logs, packed or not, and pipes. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "loop/loop.h"
#include "loop/spawn.h"
#include "source/source.h"
#include "t.h"

enum { MANY = 64 << 20 };

/* ---- a folder of our own ---- */

struct scratch {
	char dir[64];
	int fds;
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

static void scratch_open(struct scratch *s)
{
	s->fds = open_fds();
	strcpy(s->dir, "/tmp/gonogo-blocks-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
}

static void scratch_close(struct scratch *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *f;

	assert_non_null(d);
	while ((f = readdir(d)))
		unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	assert_int_equal(rmdir(s->dir), 0);
	assert_int_equal(open_fds(), s->fds);
}

static const char *in(const struct scratch *s, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return path;
}

static const char *put(const struct scratch *s, const char *name, const char *data, size_t n)
{
	const char *path = in(s, name);
	AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, data, n, NULL), 0);
	return path;
}

/* ---- packing ---- */

struct packer {
	const char *name;
	int (*filter)(struct archive *a);
};

static const struct packer packers[] = {
	{ "gz", archive_write_add_filter_gzip },
	{ "xz", archive_write_add_filter_xz },
	{ "zst", archive_write_add_filter_zstd },
	{ "bz2", archive_write_add_filter_bzip2 },
};

static void pack(const struct packer *p, const char *data, size_t n, struct buf *out)
{
	struct archive_entry *entry = archive_entry_new();
	struct archive *a = archive_write_new();
	size_t room = n + n / 2 + 65536, used = 0;

	archive_write_set_format_raw(a);
	p->filter(a);
	archive_write_set_filter_option(a, NULL, "compression-level", "1");
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, buf_reserve(out, room), room, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, n), (la_ssize_t)n);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	out->len += used;
	archive_write_free(a);
	archive_entry_free(entry);
}

/* A log of about this size that does not compress to nothing. */
static void log_text(struct buf *out, size_t size)
{
	unsigned seed = 1;

	while (out->len < size) {
		seed = seed * 1103515245 + 12345;
		buf_printf(out, "2026-11-21 10:00:00,%03u INFO line %zu token %08x\n", seed >> 20 & 511,
			   out->len, seed);
	}
}

/* ---- reading ---- */

struct result {
	struct buf text;
	struct err err;
	ssize_t end; /* what the last call returned: 0 or -1 */
};

/* clang-format off */
#define RESULT_INIT { .text = BUF_INIT(MANY) }
/* clang-format on */

static void read_blocks(struct blocks *b, struct result *r)
{
	const char *data;

	while ((r->end = blocks_read(b, &data, &r->err)) > 0) {
		assert_true(r->end <= BLOCKS_SIZE);
		assert_true(buf_add(&r->text, data, (size_t)r->end));
	}
}

static void read_path(const char *path, struct result *r)
{
	AUTO(blocks) b = blocks_open(path, &r->err);

	if (b)
		read_blocks(b, r);
	else
		r->end = -1;
}

static void check_same(struct result *r, const char *data, size_t n)
{
	assert_string_equal(r->err.text, "");
	assert_int_equal(r->end, 0);
	assert_int_equal(r->text.len, n);
	if (n)
		assert_memory_equal(r->text.data, data, n);
	buf_free(&r->text);
}

TEST(a_plain_log_comes_as_it_is)
{
	static const size_t sizes[] = {
		0, 1, 5, 9, 10, 11, 4096, BLOCKS_SIZE - 1, BLOCKS_SIZE, BLOCKS_SIZE + 1, 1 << 20
	};
	AUTO_BUF text = BUF_INIT(MANY);
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct result r = RESULT_INIT;

		read_path(put(&s, "a.log", text.data, sizes[i]), &r);
		check_same(&r, text.data, sizes[i]);
	}
	scratch_close(&s);
}

TEST(what_it_is_packed_with_is_seen_from_its_content)
{
	static const size_t sizes[] = { 0, 1, 100, 3 << 20 };
	AUTO_BUF text = BUF_INIT(MANY);
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 3 << 20);
	for (size_t i = 0; i < ARRAY_LEN(packers) * ARRAY_LEN(sizes); i++) {
		size_t n = sizes[i / ARRAY_LEN(packers)];
		AUTO_BUF packed = BUF_INIT(MANY);
		struct result r = RESULT_INIT;

		pack(&packers[i % ARRAY_LEN(packers)], text.data, n, &packed);
		read_path(put(&s, "no-such-suffix", packed.data, packed.len), &r);
		check_same(&r, text.data, n);
	}
	scratch_close(&s);
}

TEST(archives_that_were_appended_to_each_other_are_one_log)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 400000);
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		AUTO_BUF packed = BUF_INIT(MANY);
		struct result r = RESULT_INIT;

		pack(&packers[i], text.data, 100000, &packed);
		pack(&packers[i], text.data + 100000, 1, &packed);
		pack(&packers[i], text.data + 100001, 299999, &packed);
		read_path(put(&s, "a", packed.data, packed.len), &r);
		check_same(&r, text.data, 400000);
	}
	scratch_close(&s);
}

TEST(padding_with_zeroes_is_no_damage)
{
	static const char zeroes[4096];
	AUTO_BUF packed = BUF_INIT(MANY);
	struct result r = RESULT_INIT;
	struct scratch s;

	scratch_open(&s);
	pack(&packers[0], "one\ntwo\n", 8, &packed);
	buf_add(&packed, zeroes, sizeof(zeroes));
	read_path(put(&s, "a", packed.data, packed.len), &r);
	check_same(&r, "one\ntwo\n", 8);
	scratch_close(&s);
}

static const struct {
	const char *say;
	int cut;	  /* percent that is left */
	const char *more; /* appended */
} damages[] = {
	{ "cut in the middle", 50, "" },
	{ "cut near the end", 97, "" },
	{ "something else follows", 100, "2026-11-21 this is text\n" },
};

TEST(a_damaged_archive_is_an_error_after_what_was_readable)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 2 << 20);
	for (size_t i = 0; i < ARRAY_LEN(damages) * ARRAY_LEN(packers); i++) {
		const struct packer *p = &packers[i % ARRAY_LEN(packers)];
		size_t d = i / ARRAY_LEN(packers);
		AUTO_BUF packed = BUF_INIT(MANY);
		struct result r = RESULT_INIT;

		pack(p, text.data, text.len, &packed);
		packed.len = packed.len * (size_t)damages[d].cut / 100;
		buf_str(&packed, damages[d].more);
		read_path(put(&s, "a", packed.data, packed.len), &r);
		if (r.end != -1 || !strstr(r.err.text, "/a: damaged: "))
			fail_msg("%s, %s: returned %zd, said '%s'", p->name, damages[d].say, r.end,
				 r.err.text);
		/* what is missing is less than the block of the packing, the largest here being 512 KiB */
		assert_true(r.text.len + (600 << 10) > text.len * (size_t)damages[d].cut / 100);
		assert_memory_equal(r.text.data, text.data, r.text.len);
		buf_free(&r.text);
	}
	scratch_close(&s);
}

static const struct {
	const char *data;
	size_t n;
} not_packed[] = {
	{ "BZh91 is a postcode\n", 20 },
	{ "\x1f\x8b\n", 3 },
	{ "\x1f\x8b\x08\xff looks odd\n", 14 },
	{ "070707 is what cpio begins with, and a log may, too\n", 51 },
	{ "PK\x03\x04 zip\n", 9 },
	{ "!<arch>\n", 8 },
	{ "\0\0\0\0\0\0\0\0\0\0\0\0", 12 },
	{ "\xfd\x37\x7a\x58\x5a\x01 no xz", 12 },
};

TEST(a_log_that_merely_looks_odd_is_a_log)
{
	struct scratch s;

	scratch_open(&s);
	for (size_t i = 0; i < ARRAY_LEN(not_packed); i++) {
		struct result r = RESULT_INIT;

		read_path(put(&s, "a.gz", not_packed[i].data, not_packed[i].n), &r);
		check_same(&r, not_packed[i].data, not_packed[i].n);
	}
	scratch_close(&s);
}

TEST(a_tar_in_gzip_is_read_as_bytes_not_as_an_archive)
{
	AUTO_BUF tar = BUF_INIT(MANY);
	AUTO_BUF packed = BUF_INIT(MANY);
	struct result r = RESULT_INIT;
	struct scratch s;

	scratch_open(&s);
	assert_non_null(buf_reserve(&tar, 1024));
	memset(tar.data, 0, 1024);
	tar.len = 1024;
	strcpy(tar.data, "etc/passwd");
	strcpy(tar.data + 257, "ustar");
	pack(&packers[0], tar.data, tar.len, &packed);
	read_path(put(&s, "a.tgz", packed.data, packed.len), &r);
	check_same(&r, tar.data, tar.len);
	scratch_close(&s);
}

static const struct {
	const char *path, *error;
} unreadable[] = {
	{ "/gonogo/no/such.log", "/gonogo/no/such.log: No such file or directory" },
	{ "/etc", "/etc: is a directory" },
	{ "/etc/passwd/x", "/etc/passwd/x: Not a directory" },
};

TEST(what_cannot_be_read_says_why)
{
	int fds = open_fds();

	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		struct err e = { "" };

		assert_null(blocks_open(unreadable[i].path, &e));
		assert_string_equal(e.text, unreadable[i].error);
	}
	assert_int_equal(open_fds(), fds);
	blocks_free(NULL);
}

TEST(a_growing_log_is_read_to_the_size_it_had)
{
	struct result r = RESULT_INIT;
	struct scratch s;
	const char *path;

	scratch_open(&s);
	path = put(&s, "a", "one\ntwo\nthree\n", 14);
	{
		AUTO(blocks) b = blocks_open(path, NULL);
		AUTO_CLOSE fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

		assert_int_equal(write(fd, "four\n", 5), 5);
		read_blocks(b, &r);
	}
	check_same(&r, "one\ntwo\nthree\n", 14);
	scratch_close(&s);
}

TEST(a_log_that_shrinks_while_it_is_read_is_an_error)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct result r = RESULT_INIT;
	struct scratch s;
	const char *path;

	scratch_open(&s);
	log_text(&text, 3 * BLOCKS_SIZE);
	path = put(&s, "a", text.data, 3 * BLOCKS_SIZE);
	{
		AUTO(blocks) b = blocks_open(path, NULL);

		assert_int_equal(truncate(path, 100), 0);
		read_blocks(b, &r);
	}
	assert_int_equal(r.end, -1);
	assert_non_null(strstr(r.err.text, "was truncated while it was read, 524288 bytes are missing"));
	assert_int_equal(r.text.len, BLOCKS_SIZE);
	buf_free(&r.text);
	scratch_close(&s);
}

TEST(a_log_that_shrinks_after_it_was_read_was_read_whole)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct scratch s;
	struct err e;
	const char *path, *data;

	scratch_open(&s);
	log_text(&text, BLOCKS_SIZE);
	path = put(&s, "a", text.data, BLOCKS_SIZE);
	{
		AUTO(blocks) b = blocks_open(path, NULL);
		AUTO_FREE char *block = mem_check(malloc(BLOCKS_SIZE));

		assert_int_equal(blocks_read(b, &data, &e), BLOCKS_SIZE);
		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(blocks_read(b, &data, &e), 0);
		assert_int_equal(blocks_read_at(b, BLOCKS_SIZE, block, &e), 0);
		assert_int_equal(blocks_read_at(b, BLOCKS_SIZE - 1, block, &e), -1);
		assert_non_null(strstr(e.text, "was truncated while it was read, 1 bytes are missing"));
	}
	scratch_close(&s);
}

/* All of it, a block at a time; what the last call gave. */
static ssize_t read_from(const struct blocks *b, uint64_t at, struct buf *text, struct err *e)
{
	AUTO_FREE char *block = mem_check(malloc(BLOCKS_SIZE));
	ssize_t n;

	while ((n = blocks_read_at(b, at, block, e)) > 0) {
		buf_add(text, block, (size_t)n);
		at += (uint64_t)n;
	}
	return n;
}

TEST(a_log_can_be_read_from_any_byte_whatever_was_read_before)
{
	AUTO_BUF text = BUF_INIT(MANY);
	AUTO_BUF got = BUF_INIT(MANY);
	size_t n = 2 * BLOCKS_SIZE + 100;
	struct scratch s;
	struct err e;
	const char *path;

	scratch_open(&s);
	log_text(&text, n);
	path = put(&s, "a", text.data, n);
	{
		AUTO(blocks) b = blocks_open(path, NULL);
		const char *data;

		assert_true(blocks_any_order(b));
		assert_int_equal(read_from(b, BLOCKS_SIZE, &got, &e), 0);
		assert_int_equal(got.len, n - BLOCKS_SIZE);
		assert_memory_equal(got.data, text.data + BLOCKS_SIZE, got.len);
		assert_int_equal(blocks_read(b, &data, &e), BLOCKS_SIZE);
		assert_memory_equal(data, text.data, BLOCKS_SIZE);
		assert_int_equal(read_from(b, n + BLOCKS_SIZE, &got, &e), 0);
		assert_int_equal(truncate(path, BLOCKS_SIZE), 0);
		assert_int_equal(read_from(b, BLOCKS_SIZE, &got, &e), -1);
		assert_non_null(strstr(e.text, "was truncated while it was read, 262244 bytes are missing"));
	}
	scratch_close(&s);
}

TEST(what_has_to_be_read_in_order_says_so)
{
	AUTO(blocks) endless = blocks_open("/dev/zero", NULL);

	assert_false(blocks_any_order(endless));
}

TEST(files_that_hide_their_size_are_read)
{
	static const char *const paths[] = { "/proc/self/status",
					     "/sys/kernel/mm/transparent_hugepage/enabled" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct result r = RESULT_INIT;

		if (access(paths[i], R_OK) < 0)
			continue;
		read_path(paths[i], &r);
		assert_string_equal(r.err.text, "");
		assert_int_equal(r.end, 0);
		assert_true(r.text.len > 10);
		buf_free(&r.text);
	}
}

TEST(an_endless_input_is_simply_read)
{
	AUTO(blocks) b = blocks_open("/dev/zero", NULL);
	const char *data;

	for (int i = 0; i < 8; i++)
		assert_int_equal(blocks_read(b, &data, NULL), BLOCKS_SIZE);
}

/* A child that writes these bytes and leaves. */
static pid_t writer(int fd, const char *data, size_t n)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		_exit(io_write_all(fd, data, n, NULL) == 0 ? 0 : 1);
	}
	assert_true(pid > 0);
	close(fd);
	return pid;
}

static void stdin_becomes(int fd, int *saved)
{
	*saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
}

static void stdin_again(int saved)
{
	dup2(saved, STDIN_FILENO);
	close(saved);
}

TEST(standard_input_is_a_log_packed_or_not)
{
	AUTO_BUF text = BUF_INIT(MANY);
	int before = open_fds();

	log_text(&text, 1 << 20);
	for (size_t i = 0; i <= ARRAY_LEN(packers); i++) {
		AUTO_BUF packed = BUF_INIT(MANY);
		struct result r = RESULT_INIT;
		int fds[2], saved;
		pid_t pid;

		if (i < ARRAY_LEN(packers))
			pack(&packers[i], text.data, text.len, &packed);
		else
			buf_add(&packed, text.data, text.len);
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pid = writer(fds[1], packed.data, packed.len);
		stdin_becomes(fds[0], &saved);
		read_path("-", &r);
		stdin_again(saved);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		check_same(&r, text.data, text.len);
	}
	assert_int_equal(open_fds(), before);
}

TEST(standard_input_that_is_a_file_goes_on_where_it_stands)
{
	struct result r = RESULT_INIT;
	struct scratch s;
	char head[4];
	int saved;

	scratch_open(&s);
	stdin_becomes(open(put(&s, "a", "one\ntwo\n", 8), O_RDONLY | O_CLOEXEC), &saved);
	assert_int_equal(read(STDIN_FILENO, head, 4), 4);
	read_path("-", &r);
	stdin_again(saved);
	check_same(&r, "two\n", 4);
	scratch_close(&s);
}

TEST(a_fifo_is_read_to_its_end)
{
	struct result r = RESULT_INIT;
	struct scratch s;
	char path[256];
	pid_t pid;

	scratch_open(&s);
	strcpy(path, in(&s, "fifo"));
	assert_int_equal(mkfifo(path, 0600), 0);
	pid = fork();
	if (pid == 0)
		_exit(io_write_all(open(path, O_WRONLY | O_CLOEXEC), "hello\n", 6, NULL) == 0 ? 0 : 1);
	read_path(path, &r);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	check_same(&r, "hello\n", 6);
	scratch_close(&s);
}

/* ---- pipes that are followed ---- */

struct told {
	struct loop *l;
	struct source *src;
	struct buf bytes;
	size_t largest; /* in one turn: between two of its idles or other callbacks */
	int idles, ends, gaps;
	bool free_at_first;
	bool drain_at_first;
};

static void on_bytes(void *arg, const char *data, size_t n)
{
	struct told *t = arg;

	assert_int_equal(t->ends, 0);
	assert_true(n > 0);
	buf_add(&t->bytes, data, n);
	if (t->drain_at_first)
		source_drain(t->src);
	t->drain_at_first = false;
	if (!t->free_at_first)
		return;
	source_free(t->src);
	t->src = NULL;
}

static void on_gap(void *arg, const char *why)
{
	(void)why;
	((struct told *)arg)->gaps++;
}

static void on_idle(void *arg)
{
	((struct told *)arg)->idles++;
}

static void on_end(void *arg)
{
	struct told *t = arg;

	t->ends++;
	loop_stop(t->l, 0);
}

static const struct source_events events = {
	.bytes = on_bytes, .gap = on_gap, .idle = on_idle, .end = on_end
};

static void told_open(struct told *t, int fd)
{
	struct err e = { "" };

	t->bytes = (struct buf)BUF_INIT(MANY);
	t->l = loop_new(NULL);
	t->src = source_pipe_new(t->l, "a child", fd, &events, t, &e);
	assert_string_equal(e.text, "");
	assert_non_null(t->src);
}

static void told_close(struct told *t)
{
	source_free(t->src);
	loop_free(t->l);
	buf_free(&t->bytes);
}

static void stop_now(void *arg)
{
	loop_stop(arg, 0);
}

static void run_for(struct told *t, int64_t span)
{
	struct loop_timer *timer = loop_timer_new(t->l, stop_now, t->l);

	loop_timer_at(timer, clock_mono() + span);
	assert_int_equal(loop_run(t->l, NULL), 0);
	loop_timer_free(timer);
}

TEST(a_pipe_is_delivered_to_its_end)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct told t = { 0 };
	int before = open_fds(), fds[2];
	pid_t pid;

	log_text(&text, 3 << 20);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	told_open(&t, fds[0]);
	pid = writer(fds[1], text.data, text.len);
	assert_int_equal(loop_run(t.l, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(t.ends, 1);
	assert_true(t.idles >= 1);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.bytes.len, text.len);
	assert_memory_equal(t.bytes.data, text.data, text.len);
	told_close(&t);
	assert_int_equal(open_fds(), before);
}

TEST(a_pipe_says_when_it_is_idle_and_sleeps)
{
	struct told t = { 0 };
	int before = open_fds(), fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	told_open(&t, fds[0]);
	run_for(&t, 5 * CLOCK_MS);
	assert_int_equal(t.idles, 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(write(fds[1], "half a li", 9), 9);
		run_for(&t, 5 * CLOCK_MS);
		assert_int_equal(t.idles, i);
		assert_int_equal(t.bytes.len, 9 * i);
	}
	source_look(t.src);
	assert_int_equal(t.idles, 3);
	assert_int_equal(write(fds[1], "x", 1), 1);
	source_drain(t.src);
	assert_int_equal(t.bytes.len, 28);
	close(fds[1]);
	run_for(&t, CLOCK_SECOND);
	assert_int_equal(t.ends, 1);
	source_drain(t.src); /* at its end: nothing */
	assert_int_equal(t.ends, 1);
	told_close(&t);
	assert_int_equal(open_fds(), before);
}

TEST(standard_input_from_a_file_comes_in_bounded_turns)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct told t = { 0 };
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 5 << 20);
	told_open(&t, open(put(&s, "a", text.data, text.len), O_RDONLY | O_CLOEXEC));
	source_look(t.src);
	assert_true(t.bytes.len >= 1 << 20);
	assert_true(t.bytes.len < 2 << 20);
	assert_int_equal(t.idles, 0);
	assert_int_equal(loop_run(t.l, NULL), 0);
	assert_int_equal(t.bytes.len, text.len);
	assert_memory_equal(t.bytes.data, text.data, text.len);
	assert_int_equal(t.ends, 1);
	told_close(&t);
	scratch_close(&s);
}

TEST(dev_null_ends_at_once)
{
	struct told t = { 0 };

	told_open(&t, open("/dev/null", O_RDONLY | O_CLOEXEC));
	assert_int_equal(loop_run(t.l, NULL), 0);
	assert_int_equal(t.ends, 1);
	assert_int_equal(t.bytes.len, 0);
	told_close(&t);
}

TEST(draining_takes_all_that_is_there_but_not_what_never_ends)
{
	struct told t = { 0 };

	told_open(&t, open("/dev/zero", O_RDONLY | O_CLOEXEC));
	source_drain(t.src);
	assert_true(t.bytes.len >= 1 << 20);
	told_close(&t);
}

TEST(draining_from_within_a_callback_lifts_the_bound)
{
	AUTO_BUF text = BUF_INIT(MANY);
	struct told t = { .drain_at_first = true };
	struct scratch s;

	scratch_open(&s);
	log_text(&text, 5 << 20);
	told_open(&t, open(put(&s, "a", text.data, text.len), O_RDONLY | O_CLOEXEC));
	source_look(t.src);
	assert_int_equal(t.bytes.len, text.len);
	told_close(&t);
	scratch_close(&s);
}

TEST(a_pipe_may_be_freed_from_within_its_callback)
{
	struct told t = { .free_at_first = true };
	int before = open_fds(), fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	told_open(&t, fds[0]);
	assert_int_equal(write(fds[1], "x", 1), 1);
	close(fds[1]);
	run_for(&t, 5 * CLOCK_MS);
	assert_null(t.src);
	assert_int_equal(t.bytes.len, 1);
	assert_int_equal(t.idles, 0);
	assert_int_equal(t.ends, 0);
	told_close(&t);
	assert_int_equal(open_fds(), before);
}

TEST(the_flags_of_a_given_descriptor_are_left_alone)
{
	struct told t = { 0 };
	int fds[2], flags;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	flags = fcntl(fds[0], F_GETFL);
	told_open(&t, fds[0]);
	assert_int_equal(write(fds[1], "x", 1), 1);
	run_for(&t, 5 * CLOCK_MS);
	assert_int_equal(fcntl(fds[0], F_GETFL), flags);
	close(fds[1]);
	told_close(&t);
}
