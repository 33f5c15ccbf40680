/* SPDX-License-Identifier: Apache-2.0 */
/* Following a log by its name, whatever happens to the file behind it. */
#include "source/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "source/generation.h"
#include "source/siblings.h"
#include "t.h"

/* ---- where there is no inotify ---- */

static bool no_inotify, no_watches, no_folder_watches;
static unsigned n_add_watch;

int inotify_init1(int flags)
{
	if (!no_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	n_add_watch++;
	if (!no_watches && !(no_folder_watches && (mask & IN_ONLYDIR)))
		return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
	errno = ENOSPC;
	return -1;
}

/* ---- a folder, a loop, and what was told ---- */

struct stage {
	int fds;
	char dir[64];
	struct loop *l;
	struct source *src;
	struct buf story; /* the bytes as they came, and in between <file x>, <gap>, <notice> */
	char said[1024];  /* the text of the last gap or notice */
	int idles, gaps, notices;
	size_t want; /* stops the loop when the story is that long */
	bool free_at_bytes, drain_at_bytes;
	bool within; /* a callback */
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

static void on_bytes(void *arg, const char *data, size_t n)
{
	struct stage *s = arg;

	assert_true(n > 0);
	assert_false(s->within);
	s->within = true;
	assert_true(buf_add(&s->story, data, n));
	if (s->drain_at_bytes)
		source_drain(s->src);
	s->drain_at_bytes = false;
	s->within = false;
	if (s->want && s->story.len >= s->want)
		loop_stop(s->l, 0);
	if (!s->free_at_bytes)
		return;
	source_free(s->src);
	s->src = NULL;
}

static void on_next_file(void *arg, const char *file)
{
	buf_printf(&((struct stage *)arg)->story, "<file %s>", strrchr(file, '/') + 1);
}

static void on_gap(void *arg, const char *why)
{
	struct stage *s = arg;

	s->gaps++;
	snprintf(s->said, sizeof(s->said), "%s", why);
	buf_str(&s->story, "<gap>");
}

static void on_notice(void *arg, const char *what)
{
	struct stage *s = arg;

	s->notices++;
	snprintf(s->said, sizeof(s->said), "%s", what);
	buf_str(&s->story, "<notice>");
}

static void on_idle(void *arg)
{
	((struct stage *)arg)->idles++;
}

static const struct source_events events = {
	.bytes = on_bytes, .next_file = on_next_file, .gap = on_gap, .notice = on_notice, .idle = on_idle
};

static void stage_open(struct stage *s)
{
	*s = (struct stage){ .fds = open_fds(), .story = BUF_INIT(256 << 20) };
	strcpy(s->dir, "/tmp/gonogo-file-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(chmod(s->dir, 0755), 0);
	s->l = loop_new(NULL);
	assert_non_null(s->l);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void stage_close(struct stage *s)
{
	source_free(s->src);
	loop_free(s->l);
	buf_free(&s->story);
	assert_int_equal(nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(open_fds(), s->fds);
}

/* Two at a time may be in use. */
static const char *in(const struct stage *s, const char *name)
{
	static char path[2][512];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", s->dir, name);
	return path[turn];
}

static void put_n(const struct stage *s, const char *name, int flags, const char *data, size_t n)
{
	AUTO_CLOSE fd = open(in(s, name), O_WRONLY | O_CLOEXEC | flags, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, data, n, NULL), 0);
}

/* Appends; made if it is not there. */
static void put(const struct stage *s, const char *name, const char *text)
{
	put_n(s, name, O_CREAT | O_APPEND, text, strlen(text));
}

/* Must not be there yet. */
static void make(const struct stage *s, const char *name, const char *text)
{
	put_n(s, name, O_CREAT | O_EXCL, text, strlen(text));
}

static void move(const struct stage *s, const char *from, const char *to)
{
	assert_int_equal(rename(in(s, from), in(s, to)), 0);
}

static void drop(const struct stage *s, const char *name)
{
	assert_int_equal(unlink(in(s, name)), 0);
}

static void copy(const struct stage *s, const char *from, const char *to)
{
	AUTO_BUF text = BUF_INIT(64 << 20);

	assert_int_equal(io_read_file(in(s, from), &text, NULL), 0);
	put_n(s, to, O_CREAT | O_TRUNC, text.data, text.len);
}

static void cut(const struct stage *s, const char *name, off_t size)
{
	assert_int_equal(truncate(in(s, name), size), 0);
}

static void follow(struct stage *s, const char *name, enum source_from from)
{
	struct err e = { "" };

	s->src = source_file_new(s->l, in(s, name), from, &events, s, &e);
	assert_string_equal(e.text, "");
	assert_non_null(s->src);
	source_file_set_grace(s->src, 0);
}

static void look(struct stage *s)
{
	source_look(s->src);
}

#define assert_story(s, text) assert_string_equal(buf_text(&(s)->story), text)

static void too_long(void *arg)
{
	loop_stop(arg, 1);
}

/* Runs the loop until the story is that long; false: it was not within the span. */
static bool run_until(struct stage *s, size_t len, int64_t span)
{
	struct loop_timer *t = loop_timer_new(s->l, too_long, s->l);
	int code = 0;

	s->want = len;
	loop_timer_at(t, clock_mono() + span);
	if (s->story.len < len)
		code = loop_run(s->l, NULL);
	loop_timer_free(t);
	s->want = 0;
	return code == 0;
}

/* What is woken by inotify comes long before the timer would have looked. */
static const int64_t WELL_BEFORE_THE_TICK = 600 * CLOCK_MS;

struct rounds {
	struct loop *l;
	struct loop_timer *timer;
	int left;
};

static void next_round(void *arg)
{
	struct rounds *r = arg;

	if (r->left--)
		loop_timer_at(r->timer, 0);
	else
		loop_stop(r->l, 0);
}

/* Until what is told by now was heard, however slow the machine is: no turn is taken twice before others had
 * theirs. */
static void hear(struct stage *s)
{
	struct rounds r = { .l = s->l, .left = 8 };

	r.timer = loop_timer_new(s->l, next_round, &r);
	loop_timer_at(r.timer, 0);
	assert_int_equal(loop_run(s->l, NULL), 0);
	loop_timer_free(r.timer);
}

static void settle(struct stage *s)
{
	run_until(s, SIZE_MAX, 2 * CLOCK_MS);
}

/* ---- growing ---- */

TEST(what_is_appended_is_delivered_once)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\ntwo\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	look(&s);
	assert_story(&s, "one\ntwo\n");
	put(&s, "app.log", "three\nhalf a l");
	look(&s);
	put(&s, "app.log", "ine\nunfinished");
	look(&s);
	look(&s);
	assert_story(&s, "one\ntwo\nthree\nhalf a line\nunfinished");
	assert_int_equal(s.idles, 3);
	stage_close(&s);
}

TEST(nothing_is_told_before_the_constructor_has_returned)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	assert_story(&s, "");
	assert_true(run_until(&s, 4, CLOCK_SECOND));
	assert_story(&s, "one\n");
	stage_close(&s);
}

TEST(from_the_end_only_what_is_new_counts)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "old\n");
	follow(&s, "app.log", SOURCE_FROM_END);
	put(&s, "app.log", "new\n");
	look(&s);
	assert_story(&s, "new\n");
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "whole\n");
	look(&s);
	assert_story(&s, "new\n<file app.log>whole\n");
	stage_close(&s);
}

TEST(reading_begins_at_a_given_byte)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\ntwo\nthree\n");
	s.src = source_file_new_at(s.l, in(&s, "app.log"), 4, &events, &s, NULL);
	look(&s);
	assert_story(&s, "two\nthree\n");
	cut(&s, "app.log", 0);
	put(&s, "app.log", "anew\n");
	look(&s);
	assert_story(&s, "two\nthree\n<notice><file app.log>anew\n");
	stage_close(&s);
}

TEST(a_file_that_became_shorter_than_the_given_byte_is_a_gap)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	s.src = source_file_new_at(s.l, in(&s, "app.log"), 100, &events, &s, NULL);
	look(&s);
	look(&s);
	assert_story(&s, "<gap>one\n");
	stage_close(&s);
}

TEST(a_write_is_delivered_by_inotify_not_by_the_timer)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	for (size_t i = 1; i <= 20; i++) {
		put(&s, "app.log", "line\n");
		assert_true(run_until(&s, 5 * i, WELL_BEFORE_THE_TICK));
	}
	assert_int_equal(s.idles, 20);
	stage_close(&s);
}

TEST(what_is_written_is_read_without_asking_for_the_name_each_time)
{
	struct stage s;
	unsigned before;

	stage_open(&s);
	put(&s, "app.log", "");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	before = n_add_watch;
	for (size_t i = 1; i <= 100; i++) {
		put(&s, "app.log", "line\n");
		assert_true(run_until(&s, 5 * i, WELL_BEFORE_THE_TICK));
	}
	assert_in_range(n_add_watch - before, 0, 50); /* the timer may have looked meanwhile */
	stage_close(&s);
}

TEST(where_nobody_tells_of_the_name_it_is_asked_for_at_each_write)
{
	struct stage s;

	no_folder_watches = true;
	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	move(&s, "app.log", "app.log.1");
	hear(&s);
	make(&s, "app.log", "b1\n");
	put(&s, "app.log.1", "a2\n");
	assert_true(run_until(&s, strlen("a1\na2\n<file app.log>b1\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\na2\n<file app.log>b1\n");
	stage_close(&s);
	no_folder_watches = false;
}

static void follow_behind_two_links(struct stage *s)
{
	assert_int_equal(mkdir(in(s, "real"), 0755), 0);
	make(s, "real/app.log", "a1\n");
	assert_int_equal(symlink("real/app.log", in(s, "second")), 0);
	assert_int_equal(symlink("second", in(s, "first")), 0);
	follow(s, "first", SOURCE_FROM_START);
	settle(s);
}

/* The folder of the file itself is not watched: only the first link's and the one it leads to are. */
TEST(behind_two_links_the_name_is_asked_for_at_each_write)
{
	struct stage s;

	stage_open(&s);
	follow_behind_two_links(&s);
	move(&s, "real/app.log", "real/app.log.1");
	make(&s, "real/app.log", "b1\n");
	put(&s, "real/app.log.1", "a2\n");
	assert_true(run_until(&s, strlen("a1\na2\n<file first>b1\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\na2\n<file first>b1\n");
	stage_close(&s);
}

/* A folder that is not watched itself. */
TEST(a_folder_further_up_that_is_exchanged_is_noticed_while_the_old_log_is_written_to)
{
	static const char end[] = "<file app.log>b1\nb2\n";
	AUTO_BUF told = BUF_INIT(1 << 20);
	int64_t until = clock_mono() + 10 * CLOCK_SECOND;
	struct stage s;

	stage_open(&s);
	assert_int_equal(mkdir(in(&s, "up"), 0755), 0);
	assert_int_equal(mkdir(in(&s, "up/logs"), 0755), 0);
	make(&s, "up/logs/app.log", "");
	follow(&s, "up/logs/app.log", SOURCE_FROM_START);
	settle(&s);
	move(&s, "up", "old");
	assert_int_equal(mkdir(in(&s, "up"), 0755), 0);
	assert_int_equal(mkdir(in(&s, "up/logs"), 0755), 0);
	make(&s, "up/logs/app.log", "b1\n");
	while (!strstr(buf_text(&s.story), "<file") && clock_mono() < until) {
		put(&s, "old/logs/app.log", "a\n");
		buf_str(&told, "a\n");
		hear(&s);
	}
	put(&s, "up/logs/app.log", "b2\n");
	buf_str(&told, end);
	assert_true(run_until(&s, told.len, WELL_BEFORE_THE_TICK));
	assert_story(&s, buf_text(&told));
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(a_drain_asked_for_while_a_line_is_delivered_looks_at_the_name_too)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	n_add_watch = 0;
	put(&s, "app.log", "one\n");
	s.drain_at_bytes = true;
	hear(&s);
	assert_story(&s, "one\n");
	assert_true(n_add_watch > 0);
	stage_close(&s);
}

TEST(a_turn_is_bounded_and_draining_is_not)
{
	AUTO_BUF text = BUF_INIT(64 << 20);
	struct stage s;

	stage_open(&s);
	while (text.len < 5 << 20)
		buf_printf(&text, "line %zu of a log\n", text.len);
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	assert_true(s.story.len >= 1 << 20 && s.story.len < 2 << 20);
	assert_int_equal(s.idles, 0);
	source_drain(s.src);
	assert_int_equal(s.story.len, text.len);
	assert_memory_equal(s.story.data, text.data, text.len);
	assert_int_equal(s.idles, 1);
	stage_close(&s);
}

TEST(the_rest_of_a_large_file_comes_by_itself_in_further_turns)
{
	AUTO_BUF text = BUF_INIT(64 << 20);
	struct stage s;

	stage_open(&s);
	while (text.len < 5 << 20)
		buf_printf(&text, "line %zu of a log\n", text.len);
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	assert_true(run_until(&s, text.len, WELL_BEFORE_THE_TICK));
	assert_memory_equal(s.story.data, text.data, text.len);
	stage_close(&s);
}

TEST(a_drain_asked_for_from_within_a_callback_is_done)
{
	AUTO_BUF text = BUF_INIT(64 << 20);
	struct stage s;

	stage_open(&s);
	while (text.len < 3 << 20)
		buf_str(&text, "0123456789abcde\n");
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	s.drain_at_bytes = true;
	look(&s);
	assert_int_equal(s.story.len, text.len);
	stage_close(&s);
}

TEST(a_source_may_be_freed_from_within_its_callback)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	s.free_at_bytes = true;
	settle(&s);
	assert_null(s.src);
	assert_story(&s, "one\n");
	assert_int_equal(s.idles, 0);
	put(&s, "app.log", "two\n");
	settle(&s);
	assert_story(&s, "one\n");
	source_free(NULL);
	stage_close(&s);
}

TEST(two_sources_of_one_loop_go_their_own_ways)
{
	struct stage s;
	struct source *first;

	stage_open(&s);
	put(&s, "a.log", "");
	put(&s, "b.log", "");
	follow(&s, "a.log", SOURCE_FROM_START);
	first = s.src;
	follow(&s, "b.log", SOURCE_FROM_START);
	settle(&s);
	put(&s, "a.log", "a\n");
	assert_true(run_until(&s, 2, WELL_BEFORE_THE_TICK));
	put(&s, "b.log", "b\n");
	assert_true(run_until(&s, 4, WELL_BEFORE_THE_TICK));
	source_free(first); /* the folder that both watch is still watched for the other */
	move(&s, "b.log", "b.log.1");
	make(&s, "b.log", "c\n");
	assert_true(run_until(&s, 18, WELL_BEFORE_THE_TICK));
	assert_story(&s, "a\nb\n<file b.log>c\n");
	stage_close(&s);
}

TEST(many_followers_share_one_inotify)
{
	struct source *all[50];
	struct stage s;
	int before;

	stage_open(&s);
	before = open_fds();
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%zu.log", i);
		put(&s, name, "x");
		all[i] = source_file_new(s.l, in(&s, name), SOURCE_FROM_START, &events, &s, NULL);
	}
	assert_int_equal(open_fds(), before + (int)ARRAY_LEN(all) + 1);
	assert_true(run_until(&s, ARRAY_LEN(all), WELL_BEFORE_THE_TICK));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		source_free(all[i]);
	stage_close(&s);
}

/* ---- appearing ---- */

TEST(a_file_may_come_later_and_is_read_whole)
{
	static const enum source_from froms[] = { SOURCE_FROM_START, SOURCE_FROM_END };

	for (size_t i = 0; i < ARRAY_LEN(froms); i++) {
		struct stage s;

		stage_open(&s);
		follow(&s, "app.log", froms[i]);
		look(&s);
		settle(&s);
		make(&s, "app.log", "first\n");
		assert_true(run_until(&s, 6, WELL_BEFORE_THE_TICK));
		assert_story(&s, "first\n");
		stage_close(&s);
	}
}

TEST(its_folders_may_come_later_too)
{
	struct stage s;

	stage_open(&s);
	follow(&s, "a/b/app.log", SOURCE_FROM_END);
	settle(&s);
	assert_int_equal(mkdir(in(&s, "a"), 0755), 0);
	settle(&s);
	assert_int_equal(mkdir(in(&s, "a/b"), 0755), 0);
	settle(&s);
	make(&s, "a/b/app.log", "first\n");
	assert_true(run_until(&s, 6, WELL_BEFORE_THE_TICK));
	assert_story(&s, "first\n");
	stage_close(&s);
}

TEST(a_file_that_came_and_was_rotated_before_anybody_looked_is_read)
{
	struct stage s;

	stage_open(&s);
	follow(&s, "app.log", SOURCE_FROM_END);
	look(&s);
	make(&s, "app.log", "first\n");
	move(&s, "app.log", "app.log.1");
	look(&s);
	assert_story(&s, "first\n");
	make(&s, "app.log", "second\n");
	look(&s);
	assert_story(&s, "first\n<file app.log>second\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

/* ---- rotating ---- */

TEST(the_old_file_is_read_to_its_end_while_its_writer_goes_on)
{
	struct stage s;
	int old;

	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	source_file_set_grace(s.src, 3600 * CLOCK_SECOND);
	look(&s);
	old = open(in(&s, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	put(&s, "app.log", "a2\n");
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b1\n");
	look(&s);
	assert_int_equal(write(old, "a3\n", 3), 3);
	look(&s);
	look(&s);
	assert_story(&s, "a1\na2\na3\n");
	assert_int_equal(s.idles, 1); /* b1 is there, too */
	source_file_set_grace(s.src, 0);
	look(&s);
	assert_story(&s, "a1\na2\na3\n<file app.log>b1\n");
	assert_int_equal(s.idles, 2);
	close(old);
	stage_close(&s);
}

TEST(an_old_file_is_not_left_while_the_new_one_is_empty)
{
	struct stage s;
	int old;

	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	old = open(in(&s, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "");
	look(&s);
	assert_int_equal(write(old, "a2\n", 3), 3); /* nobody told the server that its log was rotated */
	assert_true(run_until(&s, 6, CLOCK_SECOND));
	put(&s, "app.log", "b1\n");
	look(&s);
	assert_story(&s, "a1\na2\n<file app.log>b1\n");
	assert_int_equal(s.gaps, 0);
	close(old);
	stage_close(&s);
}

TEST(the_grace_ends_by_itself)
{
	struct stage s;
	int old;

	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	source_file_set_grace(s.src, 30 * CLOCK_MS);
	settle(&s);
	old = open(in(&s, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b1\n");
	for (int i = 0; i < 5; i++) {
		settle(&s);
		assert_int_equal(write(old, "a2\n", 3), 3);
	}
	assert_true(run_until(&s, 3 + 15 + 14 + 3, WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\na2\na2\na2\na2\na2\n<file app.log>b1\n");
	assert_int_equal(s.gaps, 0);
	close(old);
	stage_close(&s);
}

TEST(draining_does_not_wait_for_the_grace)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	source_file_set_grace(s.src, 3600 * CLOCK_SECOND);
	look(&s);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b1\n");
	source_drain(s.src);
	assert_story(&s, "a1\n<file app.log>b1\n");
	assert_int_equal(s.idles, 2);
	stage_close(&s);
}

TEST(what_comes_into_a_file_after_it_was_left_is_a_gap)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b1\n");
	look(&s);
	put(&s, "app.log.1", "late\n");
	look(&s);
	put(&s, "app.log.1", "later\n");
	look(&s);
	assert_story(&s, "a1\n<file app.log>b1\n<gap>");
	assert_non_null(strstr(s.said, "app.log grew by 5 bytes after it had been rotated away"));
	stage_close(&s);
}

/* Names that a rotation may give to a log. */
static const struct {
	const char *name, *other;
	bool is;
} names[] = {
	{ "app.log", "app.log.1", true },
	{ "app.log", "app.log.10", true },
	{ "app.log", "app.log-20261120", true },
	{ "app.log", "app.log.2026-11-20", true },
	{ "app.log", "app.log.2026-11-20T10:00", true },
	{ "app.log", "app.log.old", true },
	{ "app.log", "app.log~", true },
	{ "app.log", "app-2026-11-20.log", true },
	{ "app.log", "app.2026-11-20.0.log", true },
	{ "app.log", "app.1.log", true },
	{ "catalina.out", "catalina.out.2026-11-20", true },
	{ "server", "server.1", true },
	{ "app.log", "app.log", false },
	{ "app.log", "app.log.1.gz", false },
	{ "app.log", "app-audit.log", false },
	{ "app.log", "app.log.lck", false },
	{ "app.log", "app.log.", false },
	{ "app.log", "app1.log", false },
	{ "app.log", "apps.log", false },
	{ "node1.log", "node2.log", false },
	{ "catalina.out", "catalina.2026-11-20.log", false },
	{ ".log", "1.log", false },
};

TEST(a_rotated_name_is_recognised)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sibling_named(names[i].name, names[i].other) != names[i].is)
			fail_msg("%s for %s", names[i].other, names[i].name);
}

TEST(generations_between_two_looks_are_found_whatever_they_are_called)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char expected[128];
		struct stage s;

		if (!names[i].is)
			continue;
		stage_open(&s);
		make(&s, names[i].name, "a\n");
		follow(&s, names[i].name, SOURCE_FROM_START);
		look(&s);
		put(&s, names[i].name, "A\n");
		move(&s, names[i].name, "moved away");
		make(&s, names[i].name, "b\n");
		move(&s, names[i].name, names[i].other);
		make(&s, names[i].name, "c\n");
		look(&s);
		snprintf(expected, sizeof(expected), "a\nA\n<file %s>b\n<file %s>c\n", names[i].other,
			 names[i].name);
		assert_story(&s, expected);
		stage_close(&s);
	}
}

TEST(three_rotations_between_two_looks_come_in_their_order)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	for (int i = 0; i < 3; i++) {
		char text[8] = { (char)('b' + i), '\n' };

		if (i > 1)
			move(&s, "app.log.2", "app.log.3");
		if (i > 0)
			move(&s, "app.log.1", "app.log.2");
		move(&s, "app.log", "app.log.1");
		make(&s, "app.log", text);
	}
	look(&s);
	assert_story(&s, "a\n<file app.log.2>b\n<file app.log.1>c\n<file app.log>d\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(a_generation_that_was_gone_before_anybody_looked_is_a_gap)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	drop(&s, "app.log");
	make(&s, "app.log", "b\n");
	drop(&s, "app.log");
	make(&s, "app.log", "c\n");
	look(&s);
	look(&s);
	assert_story(&s, "a\n<gap><file app.log>c\n");
	assert_non_null(strstr(s.said, "1 file had this name and was gone before it could be read"));
	stage_close(&s);
}

TEST(older_archives_and_other_logs_are_not_taken_for_a_generation)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log.1", "yesterday\n");
	make(&s, "app-2026-11-20.log", "the day before\n");
	usleep(30000); /* the clock that stamps files is coarse */
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	make(&s, "app-audit.log", "another log\n");
	move(&s, "app.log.1", "app.log.2");
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b\n");
	look(&s);
	assert_story(&s, "a\n<file app.log>b\n");
	stage_close(&s);
}

TEST(a_file_that_was_packed_before_it_was_read_is_read_by_its_descriptor)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	put(&s, "app.log", "unread\n");
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log.1.gz", "packed");
	drop(&s, "app.log.1");
	make(&s, "app.log", "b\n");
	look(&s);
	assert_story(&s, "a\nunread\n<file app.log>b\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(a_deleted_and_recreated_file_is_another_even_if_the_number_is_the_same)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	for (int i = 0; i < 20; i++) {
		drop(&s, "app.log");
		make(&s, "app.log", "a\n"); /* the same bytes */
		look(&s);
		look(&s);
	}
	assert_int_equal(s.story.len, 2 + 20 * (strlen("<file app.log>") + 2));
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(files_that_swap_their_names_are_read_once_each)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a1\n");
	make(&s, "other", "b1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	for (int i = 2; i < 5; i++) {
		char text[16];

		assert_int_equal(
			renameat2(AT_FDCWD, in(&s, "app.log"), AT_FDCWD, in(&s, "other"), RENAME_EXCHANGE),
			0);
		look(&s);
		snprintf(text, sizeof(text), "%c%d\n", i % 2 ? 'a' : 'b', i);
		put(&s, "app.log", text);
		look(&s);
	}
	assert_story(&s, "a1\n<file app.log>b1\nb2\n<notice><file app.log>a3\n<notice><file app.log>b4\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(a_name_that_is_moved_away_and_back_changes_nothing)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a1\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	move(&s, "app.log", "elsewhere");
	look(&s);
	put(&s, "elsewhere", "a2\n");
	look(&s);
	move(&s, "elsewhere", "app.log");
	look(&s);
	move(&s, "app.log", "elsewhere");
	move(&s, "elsewhere", "app.log");
	put(&s, "app.log", "a3\n");
	look(&s);
	assert_story(&s, "a1\na2\na3\n");
	stage_close(&s);
}

TEST(a_file_that_replaces_the_log_with_all_its_bytes_goes_on_where_it_was)
{
	AUTO_BUF text = BUF_INIT(1 << 20);
	struct stage s;
	size_t n;

	stage_open(&s);
	while (text.len < 10000)
		buf_printf(&text, "line %zu\n", text.len);
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	n = text.len;
	buf_str(&text, "more\n");
	put_n(&s, ".app.log.tmp", O_CREAT, text.data, text.len);
	move(&s, ".app.log.tmp", "app.log");
	look(&s);
	assert_int_equal(s.story.len, n + 5);
	assert_memory_equal(s.story.data, text.data, text.len);
	stage_close(&s);
}

/* ---- truncating ---- */

TEST(an_ordinary_copytruncate_is_a_notice)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\ntwo\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	cut(&s, "app.log", 0);
	look(&s);
	assert_story(&s, "one\ntwo\n<notice><file app.log>");
	assert_non_null(strstr(s.said, "was truncated after its 8 bytes had been read"));
	put(&s, "app.log", "three\n");
	look(&s);
	look(&s);
	assert_story(&s, "one\ntwo\n<notice><file app.log>three\n");
	stage_close(&s);
}

/* How a log of "one\ntwo\n" may be truncated behind our back. */
static const struct {
	const char *say;
	const char *unread; /* written after the last look and before the truncation */
	const char *copied; /* to this name, before the truncation */
	const char *after;  /* written after the truncation */
	const char *story;  /* after "one\ntwo\n" */
} truncations[] = {
	{ "smaller again", "", NULL, "3\n", "<notice><file app.log>3\n" },
	{ "the same size", "", NULL, "six\nten\n", "<gap><file app.log>six\nten\n" },
	{ "beyond the old size", "", NULL, "three\nfour\nfive\n", "<gap><file app.log>three\nfour\nfive\n" },
	{ "with a copy", "", "app.log.1", "3\n", "<notice><file app.log>3\n" },
	{ "with a copy, beyond the old size", "", "app.log.1", "three\nfour\nfive\n",
	  "<notice><file app.log>three\nfour\nfive\n" },
	{ "the rest is in a copy", "unread\n", "app.log-20261120", "3\n",
	  "<notice>unread\n<file app.log>3\n" },
	{ "the rest is in a copy, same size", "unread\n", "app.log.1", "seven\neight 9\n",
	  "<notice>unread\n<file app.log>seven\neight 9\n" },
	{ "a copy of something else", "", "other.1", "three\nfour\nfive\n",
	  "<gap><file app.log>three\nfour\nfive\n" },
};

TEST(a_truncated_file_is_read_anew_and_what_may_be_lost_is_said)
{
	for (size_t i = 0; i < ARRAY_LEN(truncations); i++) {
		char expected[256];
		struct stage s;

		stage_open(&s);
		put(&s, "app.log", "one\ntwo\n");
		follow(&s, "app.log", SOURCE_FROM_START);
		source_file_set_grace(s.src, 3600 * CLOCK_SECOND); /* nobody will add to a copy */
		look(&s);
		put(&s, "app.log", truncations[i].unread);
		if (truncations[i].copied)
			copy(&s, "app.log", truncations[i].copied);
		cut(&s, "app.log", 0);
		put(&s, "app.log", truncations[i].after);
		look(&s);
		look(&s);
		snprintf(expected, sizeof(expected), "one\ntwo\n%s", truncations[i].story);
		if (strcmp(buf_text(&s.story), expected) != 0)
			fail_msg("%s: '%s' instead of '%s'", truncations[i].say, s.story.data, expected);
		stage_close(&s);
	}
}

TEST(truncated_twice_between_two_looks_the_copies_come_in_order)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	put(&s, "app.log", "unread\n");
	copy(&s, "app.log", "app.log.2");
	cut(&s, "app.log", 0);
	put(&s, "app.log", "in between\n");
	copy(&s, "app.log", "app.log.1");
	cut(&s, "app.log", 0);
	put(&s, "app.log", "now\n");
	look(&s);
	assert_story(&s, "one\n<notice>unread\n<file app.log.1>in between\n<file app.log>now\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(truncated_before_the_end_was_reached_is_a_gap)
{
	AUTO_BUF text = BUF_INIT(64 << 20);
	struct stage s;
	size_t n;

	stage_open(&s);
	while (text.len < 3 << 20)
		buf_str(&text, "0123456789abcde\n");
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s); /* a slice of it */
	n = s.story.len;
	assert_true(n < text.len);
	cut(&s, "app.log", 0);
	put(&s, "app.log", "new\n");
	look(&s);
	assert_string_equal(s.story.data + n, "<gap><file app.log>new\n");
	stage_close(&s);
}

TEST(a_log_whose_tail_was_cut_off_is_a_gap_not_a_fresh_start)
{
	AUTO_BUF text = BUF_INIT(1 << 20);
	struct stage s;

	stage_open(&s);
	while (text.len < 20000)
		buf_printf(&text, "line %zu\n", text.len);
	put_n(&s, "app.log", O_CREAT, text.data, text.len);
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	cut(&s, "app.log", 10000);
	look(&s);
	assert_int_equal(s.gaps, 1); /* else its old lines would count as new ones */
	stage_close(&s);
}

/* A log of this many bytes, of which those from `from` on differ. */
static void write_alike(struct stage *s, size_t n, size_t from, size_t to)
{
	AUTO_BUF text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < n; i++)
		buf_char(&text, i % 16 == 15 ? '\n' : i >= from && i < to ? 'b' : 'a');
	put_n(s, "app.log", O_CREAT | O_TRUNC, text.data, text.len);
}

/* A file that was written anew, and is no shorter than it was. */
static const struct {
	const char *say;
	size_t size, from, to; /* another size, and where it is different */
} rewritten[] = {
	{ "begins differently and ends alike", 16384, 0, 16 },
	{ "begins alike and ends differently", 16384, 16000, 16384 },
	{ "begins differently and is longer", 20000, 0, 16 },
	{ "begins alike, is longer and different where the old one ended", 20000, 16370, 16380 },
};

TEST(a_file_that_was_written_anew_is_told_from_one_that_grew)
{
	for (size_t i = 0; i < ARRAY_LEN(rewritten); i++) {
		struct stage s;

		stage_open(&s);
		write_alike(&s, 16384, 0, 0);
		follow(&s, "app.log", SOURCE_FROM_START);
		look(&s);
		write_alike(&s, rewritten[i].size, rewritten[i].from, rewritten[i].to);
		look(&s);
		look(&s);
		if (s.gaps != 1 || s.story.len != 16384 + strlen("<gap><file app.log>") + rewritten[i].size)
			fail_msg("%s", rewritten[i].say);
		stage_close(&s);
	}
}

TEST(a_file_that_was_written_anew_is_told_by_its_head_where_the_bytes_before_the_end_are_the_same)
{
	char tail[GENERATION_TAIL + 1];
	struct stage s;

	memset(tail, '.', sizeof(tail) - 1);
	tail[sizeof(tail) - 1] = '\0';
	stage_open(&s);
	put(&s, "app.log", "one\n");
	put(&s, "app.log", tail);
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	assert_int_equal(s.story.len, 4 + strlen(tail));
	buf_clear(&s.story);
	cut(&s, "app.log", 0);
	put(&s, "app.log", "two\n");
	put(&s, "app.log", tail);
	put(&s, "app.log", "new\n");
	assert_true(
		run_until(&s, strlen("<gap><file app.log>two\nnew\n") + strlen(tail), WELL_BEFORE_THE_TICK));
	assert_int_equal(strncmp(s.story.data, "<gap><file app.log>two\n....", 27), 0);
	stage_close(&s);
}

TEST(a_copy_that_somebody_made_is_not_taken_for_a_generation)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	put(&s, "app.log", "A\n");
	copy(&s, "app.log", "app.log-20261120");
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b\n");
	look(&s);
	assert_story(&s, "a\nA\n<file app.log>b\n");
	stage_close(&s);
}

TEST(a_waiting_file_that_is_truncated_before_its_turn_is_a_gap)
{
	struct stage s;

	stage_open(&s);
	put(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	source_file_set_grace(s.src, 3600 * CLOCK_SECOND);
	look(&s);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "unread\n");
	look(&s);
	cut(&s, "app.log", 0);
	put(&s, "app.log", "b\n");
	source_drain(s.src);
	assert_story(&s, "a\n<file app.log>b\n<gap>");
	assert_non_null(strstr(s.said, "was truncated from 7 to 2 bytes before they were read"));
	stage_close(&s);
}

/* ---- zeroes ---- */

TEST(the_hole_that_a_writer_without_append_leaves_is_skipped)
{
	static const off_t sizes[] = { 5000, 100000, (off_t)8 << 30 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct stage s;
		int fd;

		stage_open(&s);
		put(&s, "app.log", "one\n");
		fd = open(in(&s, "app.log"), O_WRONLY | O_CLOEXEC);
		follow(&s, "app.log", SOURCE_FROM_START);
		look(&s);
		cut(&s, "app.log", 0);
		look(&s);
		assert_int_equal(pwrite(fd, "two\n", 4, sizes[i]), 4);
		source_drain(s.src);
		assert_int_equal(pwrite(fd, "three\n", 6, sizes[i] + 4), 6);
		source_drain(s.src);
		source_drain(s.src);
		assert_story(&s, "one\n<notice><file app.log><notice>two\nthree\n");
		assert_non_null(strstr(s.said, "zero bytes that nobody wrote"));
		close(fd);
		stage_close(&s);
	}
}

TEST(a_hole_in_the_middle_is_skipped_and_nothing_else)
{
	struct stage s;
	int fd;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	fd = open(in(&s, "app.log"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "two\n", 4, 1000003), 4);
	assert_int_equal(pwrite(fd, "three\n", 6, 50000003), 6);
	follow(&s, "app.log", SOURCE_FROM_START);
	source_drain(s.src);
	assert_story(&s, "one\n<notice>two\n<notice>three\n");
	assert_int_equal(s.gaps, 0);
	close(fd);
	stage_close(&s);
}

TEST(space_that_was_set_aside_is_filled_from_its_beginning)
{
	static const char zeroes[1 << 16];

	for (int written = 0; written < 2; written++) {
		struct stage s;
		int fd;

		stage_open(&s);
		put(&s, "app.log", "one\n");
		fd = open(in(&s, "app.log"), O_WRONLY | O_CLOEXEC);
		if (written)
			assert_int_equal(pwrite(fd, zeroes, sizeof(zeroes), 4), sizeof(zeroes));
		else
			assert_int_equal(ftruncate(fd, 1 << 20), 0);
		follow(&s, "app.log", SOURCE_FROM_START);
		look(&s);
		assert_story(&s, "one\n");
		assert_int_equal(pwrite(fd, "two\n", 4, 4), 4);
		look(&s);
		assert_int_equal(pwrite(fd, "three\n", 6, 8), 6);
		look(&s);
		assert_story(&s, "one\ntwo\nthree\n");
		close(fd);
		stage_close(&s);
	}
}

TEST(space_that_was_set_aside_is_filled_from_its_beginning_when_events_tell_of_it)
{
	static const char zeroes[60000];
	struct stage s;
	int fd;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	fd = open(in(&s, "app.log"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, zeroes, sizeof(zeroes), 4), sizeof(zeroes));
	follow(&s, "app.log", SOURCE_FROM_START);
	hear(&s);
	assert_story(&s, "one\n");
	assert_int_equal(pwrite(fd, "two\n", 4, 4), 4);
	hear(&s);
	assert_int_equal(s.story.len, strlen("one\ntwo\n"));
	assert_int_equal(pwrite(fd, "three\n", 6, 8), 6);
	hear(&s);
	assert_story(&s, "one\ntwo\nthree\n");
	close(fd);
	stage_close(&s);
}

TEST(zeroes_that_somebody_wrote_are_text)
{
	static const char text[] = "a\0b\n\0\0\0c\n";
	static const char utf16[] = "o\0k\0\n"; /* and one more, which ends the array */
	AUTO_BUF many = BUF_INIT(1 << 20);
	struct stage s;

	stage_open(&s);
	for (int i = 0; i < 200000; i++)
		buf_char(&many, i % 100000 ? '\0' : 'x');
	buf_str(&many, "end\n");
	put_n(&s, "app.log", O_CREAT, text, sizeof(text) - 1);
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	assert_int_equal(s.story.len, sizeof(text) - 1);
	put_n(&s, "app.log", O_APPEND, many.data, many.len);
	look(&s);
	assert_int_equal(s.story.len, sizeof(text) - 1 + many.len);
	assert_memory_equal(s.story.data + sizeof(text) - 1, many.data, many.len);
	put_n(&s, "app.log", O_APPEND, utf16, sizeof(utf16));
	look(&s);
	assert_int_equal(s.story.len, sizeof(text) - 1 + many.len + sizeof(utf16));
	assert_int_equal(s.notices + s.gaps, 0);
	stage_close(&s);
}

/* ---- links and folders ---- */

TEST(a_link_that_is_turned_to_another_file_is_followed)
{
	struct stage s;

	stage_open(&s);
	assert_int_equal(mkdir(in(&s, "1"), 0755), 0);
	assert_int_equal(mkdir(in(&s, "2"), 0755), 0);
	make(&s, "1/app.log", "a1\n");
	assert_int_equal(symlink("1/app.log", in(&s, "current")), 0);
	follow(&s, "current", SOURCE_FROM_START);
	settle(&s);
	put(&s, "1/app.log", "a2\n");
	make(&s, "2/app.log", "b1\n");
	assert_int_equal(symlink("2/app.log", in(&s, "new")), 0);
	move(&s, "new", "current");
	assert_true(run_until(&s, strlen("a1\na2\n<file current>b1\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\na2\n<file current>b1\n");
	assert_int_equal(symlink("2/app.log", in(&s, "new")), 0); /* the same again */
	move(&s, "new", "current");
	settle(&s);
	assert_int_equal(s.gaps + s.notices, 0);
	stage_close(&s);
}

TEST(what_a_link_leads_to_may_rotate_in_its_own_folder)
{
	struct stage s;

	stage_open(&s);
	assert_int_equal(mkdir(in(&s, "data"), 0755), 0);
	make(&s, "data/app.log", "a\n");
	assert_int_equal(symlink("data/app.log", in(&s, "app.log")), 0);
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	move(&s, "data/app.log", "data/app.log.1");
	settle(&s);
	make(&s, "data/app.log", "b\n"); /* only the folder of the target can tell */
	assert_true(run_until(&s, strlen("a\n<file app.log>b\n"), WELL_BEFORE_THE_TICK));
	put(&s, "data/app.log", "B\n");
	move(&s, "data/app.log.1", "data/app.log.3");
	move(&s, "data/app.log", "data/app.log.2");
	make(&s, "data/app.log", "c\n");
	move(&s, "data/app.log", "data/app.log.1");
	make(&s, "data/app.log", "d\n");
	look(&s);
	assert_story(&s, "a\n<file app.log>b\nB\n<file app.log.1>c\n<file app.log>d\n");
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

TEST(a_file_behind_two_links_that_is_deleted_and_made_again_is_noticed_at_once)
{
	struct stage s;

	stage_open(&s);
	follow_behind_two_links(&s);
	drop(&s, "real/app.log");
	make(&s, "real/app.log", "b1\n");
	assert_true(run_until(&s, strlen("a1\n<file first>b1\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\n<file first>b1\n");
	stage_close(&s);
}

TEST(a_link_that_leads_nowhere_yet_is_waited_for)
{
	struct stage s;

	stage_open(&s);
	assert_int_equal(symlink("later/app.log", in(&s, "app.log")), 0);
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	assert_int_equal(mkdir(in(&s, "later"), 0755), 0);
	settle(&s);
	make(&s, "later/app.log", "a\n");
	assert_true(run_until(&s, 2, WELL_BEFORE_THE_TICK));
	stage_close(&s);
}

TEST(a_folder_that_is_renamed_and_made_again_is_watched_again)
{
	struct stage s;

	stage_open(&s);
	assert_int_equal(mkdir(in(&s, "logs"), 0755), 0);
	make(&s, "logs/app.log", "a1\n");
	follow(&s, "logs/app.log", SOURCE_FROM_START);
	settle(&s);
	move(&s, "logs", "logs.old");
	settle(&s);
	put(&s, "logs.old/app.log", "a2\n");
	assert_true(run_until(&s, 6, WELL_BEFORE_THE_TICK));
	assert_int_equal(mkdir(in(&s, "logs"), 0755), 0);
	settle(&s);
	make(&s, "logs/app.log", "b1\n");
	assert_true(run_until(&s, strlen("a1\na2\n<file app.log>b1\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a1\na2\n<file app.log>b1\n");
	move(&s, "logs/app.log", "logs/app.log.1");
	make(&s, "logs/app.log", "c1\n");
	assert_true(
		run_until(&s, strlen("a1\na2\n<file app.log>b1\n<file app.log>c1\n"), WELL_BEFORE_THE_TICK));
	assert_int_equal(s.gaps, 0);
	stage_close(&s);
}

/* ---- what cannot be read ---- */

/* Root may read anything; be nobody for a while. */
static void be_nobody(bool nobody)
{
	static bool root;

	if (nobody)
		root = geteuid() == 0;
	if (root)
		assert_int_equal(seteuid(nobody ? 65534 : 0), 0);
}

TEST(a_rotated_log_that_may_not_be_read_is_a_gap_said_once_and_retried)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	move(&s, "app.log", "app.log.1");
	make(&s, "app.log", "b\n");
	assert_int_equal(chmod(in(&s, "app.log"), 0), 0);
	be_nobody(true);
	for (int i = 0; i < 3; i++)
		look(&s);
	be_nobody(false);
	assert_story(&s, "a\n<gap>");
	assert_non_null(strstr(s.said, "app.log: Permission denied (owner "));
	assert_non_null(strstr(s.said, ", mode 0000)"));
	assert_int_equal(chmod(in(&s, "app.log"), 0644), 0);
	look(&s);
	assert_story(&s, "a\n<gap><file app.log>b\n");
	stage_close(&s);
}

TEST(a_log_that_may_not_be_read_at_the_start_is_an_error)
{
	struct err e = { "" };
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	assert_int_equal(chmod(in(&s, "app.log"), 0), 0);
	be_nobody(true);
	assert_null(source_file_new(s.l, in(&s, "app.log"), SOURCE_FROM_START, &events, &s, &e));
	be_nobody(false);
	assert_non_null(strstr(e.text, "/app.log: Permission denied"));
	stage_close(&s);
}

TEST(a_writer_that_goes_on_in_a_deleted_file_is_read_and_named)
{
	struct stage s;
	int fd;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	fd = open(in(&s, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "b\n", 2), 2);
	drop(&s, "app.log");
	settle(&s);
	assert_story(&s, "a\nb\n"); /* deleting alone is nothing to speak of */
	for (int i = 0; i < 2; i++)
		assert_int_equal(write(fd, "c\n", 2), 2);
	assert_true(run_until(&s, strlen("a\nb\n<notice>c\nc\n"), WELL_BEFORE_THE_TICK));
	assert_story(&s, "a\nb\n<notice>c\nc\n");
	assert_non_null(strstr(s.said, "was deleted, but somebody goes on writing to it"));
	close(fd);
	stage_close(&s);
}

TEST(directories_sockets_and_devices_are_an_error)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct err e = { "" };
	struct stage s;
	int fd;

	stage_open(&s);
	assert_null(source_file_new(s.l, s.dir, SOURCE_FROM_START, &events, &s, &e));
	assert_non_null(strstr(e.text, ": is a directory, not a log"));
	assert_null(source_file_new(s.l, "/dev/zero", SOURCE_FROM_START, &events, &s, &e));
	assert_string_equal(e.text, "/dev/zero: is a device, not a log");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", in(&s, "sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_null(source_file_new(s.l, at.sun_path, SOURCE_FROM_START, &events, &s, &e));
	assert_non_null(strstr(e.text, "/sock: is a socket, not a log"));
	close(fd);
	stage_close(&s);
}

TEST(a_directory_that_takes_the_name_later_is_a_gap)
{
	struct stage s;

	stage_open(&s);
	make(&s, "app.log", "a\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	move(&s, "app.log", "app.log.1");
	assert_int_equal(mkdir(in(&s, "app.log"), 0755), 0);
	look(&s);
	look(&s);
	put(&s, "app.log.1", "b\n");
	look(&s);
	assert_story(&s, "a\n<gap>b\n");
	stage_close(&s);
}

TEST(a_fifo_is_read_and_opening_it_never_waits)
{
	struct stage s;
	int fd;

	stage_open(&s);
	assert_int_equal(mkfifo(in(&s, "fifo"), 0600), 0);
	follow(&s, "fifo", SOURCE_FROM_START);
	settle(&s);
	for (size_t i = 1; i <= 3; i++) {
		fd = open(in(&s, "fifo"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "line\n", 5), 5);
		assert_true(run_until(&s, 5 * i, WELL_BEFORE_THE_TICK));
		close(fd);
	}
	assert_story(&s, "line\nline\nline\n");
	stage_close(&s);
}

TEST(a_file_of_proc_that_claims_to_be_empty_is_read)
{
	struct stage s;
	size_t n;

	stage_open(&s);
	s.src = source_file_new(s.l, "/proc/self/cmdline", SOURCE_FROM_START, &events, &s, NULL);
	assert_non_null(s.src);
	look(&s);
	n = s.story.len;
	assert_true(n > 0);
	look(&s);
	assert_int_equal(s.story.len, n);
	stage_close(&s);
}

/* ---- without inotify ---- */

TEST(without_inotify_the_timer_looks)
{
	struct stage s;

	for (int i = 0; i < 2; i++) {
		no_inotify = i == 0;
		no_watches = i == 1;
		stage_open(&s);
		put(&s, "app.log", "one\n");
		follow(&s, "app.log", SOURCE_FROM_START);
		assert_true(run_until(&s, 4, WELL_BEFORE_THE_TICK));
		put(&s, "app.log", "two\n");
		assert_true(run_until(&s, 8, 3 * CLOCK_SECOND));
		move(&s, "app.log", "app.log.2");
		make(&s, "app.log", "three\n");
		move(&s, "app.log", "app.log.1");
		make(&s, "app.log", "four\n");
		look(&s);
		assert_story(&s, "one\ntwo\n<file app.log.1>three\n<file app.log>four\n");
		stage_close(&s);
	}
	no_inotify = no_watches = false;
}

TEST(it_is_said_once_that_there_is_no_inotify)
{
	AUTO_BUF text = BUF_INIT(4096);
	struct stage s;
	int saved, fd;

	stage_open(&s);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	fd = open(in(&s, "stderr"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	log_set_level(LOG_INFO);
	no_watches = true;
	follow(&s, "app.log", SOURCE_FROM_START);
	look(&s);
	look(&s);
	no_watches = false;
	log_set_level(LOG_WARN);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(io_read_file(in(&s, "stderr"), &text, NULL), 0);
	assert_string_equal(text.data,
			    "gonogo: inotify: No space left on device; logs are looked at once a second\n");
	stage_close(&s);
}

TEST(a_queue_that_overflows_loses_nothing)
{
	struct stage s;
	AUTO_BUF limit = BUF_INIT(64);
	int64_t max = 16384;

	stage_open(&s);
	put(&s, "app.log", "one\n");
	follow(&s, "app.log", SOURCE_FROM_START);
	settle(&s);
	if (io_read_file("/proc/sys/fs/inotify/max_queued_events", &limit, NULL) == 0) {
		buf_str(&limit, "");
		limit.data[strcspn(limit.data, "\n")] = '\0';
		assert_int_equal(str_int(limit.data, 1, INT32_MAX, &max, NULL), 0);
	}
	if (max > 100000)
		skip();
	for (int64_t i = 0; i < max / 2 + 10; i++) {
		put(&s, "x", "");
		drop(&s, "x");
	}
	put(&s, "app.log", "two\n");
	assert_true(run_until(&s, 8, WELL_BEFORE_THE_TICK));
	assert_story(&s, "one\ntwo\n");
	put(&s, "app.log", "three\n");
	assert_true(run_until(&s, 14, WELL_BEFORE_THE_TICK));
	stage_close(&s);
}

/* ---- anything, at random ---- */

enum { GENERATIONS = 4096, KEPT = 6 };

struct writer {
	struct stage s;
	unsigned seed;
	bool linked;
	char name[32];		/* of the file itself */
	int names;		/* how many the link has led to */
	int current;		/* number of the present generation: a file, or a file begun anew */
	int lines[GENERATIONS]; /* written to each */
	int slots[KEPT + 1];	/* which generation is called name.1, name.2 ...; -1: none */
	bool seen[GENERATIONS]; /* was behind the name in a look, or will be read from a copy */
	bool lost[GENERATIONS]; /* gone before anybody saw it */
	bool vanished;		/* something was lost: a gap is due */
	bool relinked;		/* since the last look */
	bool unfinished;	/* the last line lacks its end */
	int since_look;
	char history[1 << 16];
};

static unsigned dice(struct writer *w, unsigned n)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 8) % n;
}

__attribute__((format(printf, 2, 3))) static void note(struct writer *w, const char *fmt, ...)
{
	size_t n = strlen(w->history);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->history + n, sizeof(w->history) - n, fmt, ap);
	va_end(ap);
}

static void write_lines(struct writer *w, unsigned n)
{
	AUTO_BUF text = BUF_INIT(1 << 20);

	for (unsigned i = 0; i < n; i++) {
		buf_printf(&text, w->unfinished ? "\n[%d.%d" : "[%d.%d", w->current, w->lines[w->current]++);
		w->unfinished = false;
		buf_str(&text, dice(w, 4) ? "]" : " with some text, so that lengths differ]");
		if (i + 1 < n || dice(w, 5))
			buf_char(&text, '\n');
		else
			w->unfinished = true;
	}
	put_n(&w->s, w->name, O_APPEND, text.data, text.len);
	note(w, "append %u; ", n);
}

static const char *numbered(const struct writer *w, int i)
{
	static char name[2][64];
	static int turn;

	turn = !turn;
	snprintf(name[turn], sizeof(name[turn]), "%s.%d", w->name, i);
	return name[turn];
}

static void lose(struct writer *w, int generation)
{
	if (generation < 0 || w->seen[generation])
		return;
	w->lost[generation] = true;
	w->vanished = true;
}

static void next_generation(struct writer *w)
{
	w->current++;
	assert_true(w->current < GENERATIONS);
	w->unfinished = false;
	w->since_look++;
}

static void look_or_drain(struct writer *w)
{
	switch (dice(w, 8)) {
	case 0:
		source_drain(w->s.src);
		break;
	case 1:
	case 2:
	case 3:
		hear(&w->s);
		break;
	default:
		look(&w->s);
	}
	w->seen[w->current] = true;
	for (int i = 1; i <= KEPT; i++)
		if (w->slots[i] >= 0)
			w->seen[w->slots[i]] = true;
	w->since_look = 0;
	w->relinked = false;
	note(w, "look; ");
}

static void shift(struct writer *w)
{
	if (w->slots[KEPT] >= 0) {
		drop(&w->s, numbered(w, KEPT));
		lose(w, w->slots[KEPT]);
	}
	for (int i = KEPT; i > 1; i--) {
		w->slots[i] = w->slots[i - 1];
		if (w->slots[i] >= 0)
			move(&w->s, numbered(w, i - 1), numbered(w, i));
	}
	w->slots[1] = w->current;
}

static void rotate(struct writer *w)
{
	shift(w);
	move(&w->s, w->name, numbered(w, 1));
	next_generation(w);
	make(&w->s, w->name, "");
	note(w, "rotate to %d; ", w->current);
}

static void copytruncate(struct writer *w)
{
	bool kept = dice(w, 2) && w->lines[w->current]; /* an empty copy looks like a generation of its own */

	if (w->since_look && !kept)
		look_or_drain(w);
	look_or_drain(w);
	if (kept) {
		if (dice(w, 2))
			write_lines(w, 3);
		shift(w);
		copy(&w->s, w->name, numbered(w, 1));
	}
	cut(&w->s, w->name, 0);
	next_generation(w);
	note(w, "copytruncate%s to %d; ", kept ? " with copy" : "", w->current);
	look_or_drain(w); /* else a second one would find no trace of this one */
}

static void recreate(struct writer *w)
{
	if (w->relinked) /* where nobody watches yet, nobody can know what was lost */
		look_or_drain(w);
	drop(&w->s, w->name);
	lose(w, w->current);
	next_generation(w);
	make(&w->s, w->name, "");
	note(w, "recreate as %d; ", w->current);
}

static void relink(struct writer *w)
{
	if (!w->linked)
		return;
	for (int i = 0; i <= KEPT; i++) {
		if (w->relinked) /* nobody knew that the link led there */
			lose(w, i ? w->slots[i] : w->current);
		w->slots[i] = -1;
	}
	w->relinked = true;
	next_generation(w);
	snprintf(w->name, sizeof(w->name), "app-%d.log", ++w->names);
	make(&w->s, w->name, "");
	assert_int_equal(symlink(w->name, in(&w->s, "new")), 0);
	move(&w->s, "new", "current");
	note(w, "relink to %s with %d; ", w->name, w->current);
}

static void append_some(struct writer *w)
{
	write_lines(w, 1 + dice(w, 20));
}

static void (*const actions[])(struct writer *w) = {
	append_some, append_some, append_some,	look_or_drain, look_or_drain,
	rotate,	     rotate,	  copytruncate, recreate,      relink,
};

/* cmocka cuts what is long. */
__attribute__((noreturn, format(printf, 2, 3))) static void broken(const struct writer *w, const char *fmt,
								   ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; last said: %s\n%s\n", w->s.said, w->history);
	fail();
	abort();
}

/* Each line of each generation, in order, once; lines of lost generations may be missing. */
static void check(struct writer *w)
{
	const char *at = w->s.story.data;
	int generation = -1, line = 0, g, l;

	while (at && (at = strchr(at, '['))) {
		assert_int_equal(sscanf(at, "[%d.%d", &g, &l), 2);
		while (g != generation) {
			if (generation >= 0 && line != w->lines[generation])
				broken(w, "%d lines of generation %d instead of %d", line, generation,
				       w->lines[generation]);
			if (++generation > w->current)
				broken(w, "generation %d out of order", g);
			line = w->lost[generation] && g != generation ? w->lines[generation] : 0;
		}
		if (l != line++)
			broken(w, "line %d of generation %d instead of %d", l, g, line - 1);
		at++;
	}
	for (; generation <= w->current; generation++, line = 0)
		if (generation >= 0 && line != w->lines[generation] && !w->lost[generation])
			broken(w, "%d lines of generation %d instead of %d", line, generation,
			       w->lines[generation]);
	if (w->vanished != (w->s.gaps > 0))
		broken(w, "%d gaps", w->s.gaps);
}

static void play(unsigned seed)
{
	struct writer *w = new0(struct writer);

	w->seed = seed;
	w->linked = seed % 3 == 0;
	stage_open(&w->s);
	for (int i = 0; i <= KEPT; i++)
		w->slots[i] = -1;
	strcpy(w->name, w->linked ? "app-0.log" : "app.log");
	make(&w->s, w->name, "");
	if (w->linked)
		assert_int_equal(symlink(w->name, in(&w->s, "current")), 0);
	follow(&w->s, w->linked ? "current" : w->name, dice(w, 2) ? SOURCE_FROM_START : SOURCE_FROM_END);
	w->seen[0] = true;
	note(w, "seed %u; ", seed);
	for (int i = 0; i < 60; i++)
		actions[dice(w, ARRAY_LEN(actions))](w);
	look_or_drain(w);
	source_drain(w->s.src);
	check(w);
	stage_close(&w->s);
	free(w);
}

TEST(whatever_happens_each_line_comes_once_or_a_gap_is_said)
{
	const char *given = getenv("GONOGO_SEED"), *rounds = getenv("GONOGO_ROUNDS");
	int64_t first = 1, n = 150;

	if (given)
		assert_int_equal(str_int(given, 0, INT32_MAX, &first, NULL), 0);
	if (rounds)
		assert_int_equal(str_int(rounds, 1, INT32_MAX, &n, NULL), 0);
	for (int64_t i = 0; i < n; i++)
		play((unsigned)(first + i));
}
