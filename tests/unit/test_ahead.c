/* SPDX-License-Identifier: Apache-2.0 */
/* A log read by several threads: the same blocks in the same order, whatever it is read from. */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "app/ahead.h"
#include "base/buf.h"
#include "base/io.h"
#include "t.h"

enum { MANY = 64 << 20, BLOCKS = 31, REST = 12345 }; /* more blocks than eight threads read ahead */

struct log {
	char dir[64], path[128];
	struct buf text;
};

static void log_open(struct log *l, const char *name)
{
	strcpy(l->dir, "/tmp/gonogo-ahead-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	snprintf(l->path, sizeof(l->path), "%s/%s", l->dir, name);
	l->text = (struct buf)BUF_INIT(MANY);
	for (unsigned seed = 1; l->text.len < BLOCKS * BLOCKS_SIZE + REST;) {
		seed = seed * 1103515245 + 12345;
		buf_printf(&l->text, "2026-11-21 10:00:00,%03u INFO line %zu token %08x\n", seed >> 20 & 511,
			   l->text.len, seed);
	}
}

static void log_close(struct log *l)
{
	buf_free(&l->text);
	unlink(l->path);
	assert_int_equal(rmdir(l->dir), 0);
}

static void put_plain(const struct log *l)
{
	AUTO_CLOSE fd = open(l->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, l->text.data, l->text.len, NULL), 0);
}

/* What is given on is gathered; in the middle of it the others get their chance. */
struct taking {
	struct buf got;
	atomic_int inside;
	const char *shrink; /* cut off in the first call; NULL: nothing is */
};

static void take(void *arg, const struct skim_found *found)
{
	struct taking *t = arg;

	assert_int_equal(atomic_fetch_add(&t->inside, 1), 0);
	if (t->shrink)
		assert_int_equal(truncate(t->shrink, BLOCKS_SIZE / 2), 0);
	t->shrink = NULL;
	buf_add(&t->got, found->data, found->n);
	sched_yield();
	atomic_fetch_sub(&t->inside, 1);
}

static struct prefilter *no_filter(void *arg)
{
	(void)arg;
	return NULL;
}

static int read_with(const char *path, size_t threads, struct taking *t, struct err *e)
{
	AUTO(blocks) b = blocks_open(path, e);
	struct ahead a = { .take = take, .filter = no_filter, .arg = t };

	assert_non_null(b);
	return ahead_read(b, threads, &a, e);
}

static const size_t numbers[] = { 1, 2, 3, 8 };

static void check_all(const struct log *l)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct taking t = { .got = BUF_INIT(MANY) };
		struct err e;

		assert_int_equal(read_with(l->path, numbers[i], &t, &e), 0);
		assert_int_equal(t.got.len, l->text.len);
		assert_memory_equal(t.got.data, l->text.data, l->text.len);
		buf_free(&t.got);
	}
}

TEST(a_file_comes_whole_and_in_order_with_any_number_of_threads)
{
	struct log l;

	log_open(&l, "plain.log");
	put_plain(&l);
	check_all(&l);
	l.text.len = BLOCKS * BLOCKS_SIZE; /* it ends where a block does */
	put_plain(&l);
	check_all(&l);
	l.text.len = 0;
	put_plain(&l);
	check_all(&l);
	log_close(&l);
}

TEST(an_archive_comes_whole_and_in_order_with_any_number_of_threads)
{
	struct log l;
	gzFile z;

	log_open(&l, "packed.log.gz");
	z = gzopen(l.path, "wb1");
	assert_int_equal(gzwrite(z, l.text.data, (unsigned)l.text.len), (int)l.text.len);
	assert_int_equal(gzclose(z), Z_OK);
	check_all(&l);
	log_close(&l);
}

/* It gives what it likes at a time, now and then little. */
TEST(a_pipe_comes_whole_and_in_order_with_any_number_of_threads)
{
	struct log l;

	log_open(&l, "pipe");
	assert_int_equal(mkfifo(l.path, 0600), 0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct taking t = { .got = BUF_INIT(MANY) };
		struct err e;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int fd = open(l.path, O_WRONLY | O_CLOEXEC);

			_exit(io_write_all(fd, l.text.data, l.text.len, NULL) == 0 ? 0 : 1);
		}
		assert_int_equal(read_with(l.path, numbers[i], &t, &e), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(t.got.len, l.text.len);
		assert_memory_equal(t.got.data, l.text.data, l.text.len);
		buf_free(&t.got);
	}
	log_close(&l);
}

TEST(a_file_that_shrinks_is_an_error_behind_what_was_there)
{
	struct log l;

	log_open(&l, "plain.log");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct taking t = { .got = BUF_INIT(MANY), .shrink = l.path };
		struct err e;

		put_plain(&l);
		assert_int_equal(read_with(l.path, numbers[i], &t, &e), -1);
		assert_non_null(strstr(e.text, "was truncated while it was read"));
		assert_true(t.got.len >= BLOCKS_SIZE && t.got.len < l.text.len);
		assert_memory_equal(t.got.data, l.text.data, t.got.len);
		buf_free(&t.got);
	}
	log_close(&l);
}
