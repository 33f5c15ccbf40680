/* SPDX-License-Identifier: Apache-2.0 */
/* Looking is done in a thread: a share whose server is gone can hold up a stat() for ever. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/worker.h"
#include "probe/answer.h"

enum file_state { PRESENT, ABSENT };
static const char *const states[] = { "present", "absent", NULL };

struct file_probe {
	char *path, *folder, *newer_than, *mode;
	int state;
	int64_t min_size, max_size, max_read, min_free;
	struct content content;
	struct conf_texts fail_on;
	const struct conf_node *facts;
	struct fact_rules fact_rules;
	bool by_age; /* newer_than is a duration */
	int64_t age;
	int64_t permissions; /* of mode; below 0: any */
	bool read;	     /* the content matters */
	bool limited;	     /* max_size was said */
};

static const struct conf_key keys[] = {
	CONF_ROW(struct file_probe, path, char *, "path", CONF_TYPE_TEXT, NULL,
		 "the file or folder; with *, ? or [] the one of several that was changed last", NULL, true),
	CONF_TEXT(struct file_probe, folder, NULL,
		  "the folder that path is looked for in; it must be there, also for what should be absent"),
	CONF_ENUM(struct file_probe, state, "present", states, "whether it should be there"),
	CONF_TEXT(struct file_probe, newer_than, NULL,
		  "a duration (changed within it), or a path (changed after that file)"),
	CONF_SIZE(struct file_probe, min_size, "0", "the least size"),
	CONF_SIZE(struct file_probe, max_size, "0", "the largest size"),
	CONF_SIZE(struct file_probe, min_free, "0", "how much room its file system must have at least"),
	CONF_TEXT(struct file_probe, mode, NULL, "its permissions in octal digits (0640)"),
	CONTENT_ROWS(struct file_probe, content, "the content"),
	CONF_SIZE(struct file_probe, max_read, "1M", "how much of the content is read"),
	CONF_TEXTS(struct file_probe, fail_on, "texts in the content that end the wait with a failure"),
	CONF_NODE(struct file_probe, facts, "facts to take out of the content: name -> {matches, as}"),
	{ 0 },
};

/* ---- reading ---- */

static int64_t octal(const char *s)
{
	int64_t v = 0;

	if (!*s || strlen(s) > 5 || s[strspn(s, "01234567")])
		return -1;
	for (; *s; s++)
		v = v * 8 + (*s - '0');
	return v <= 07777 ? v : -1;
}

static void check_absent(const struct conf_node *n, struct conf_problems *p)
{
	static const char *const others[] = { "newer_than", "min_size", "max_size", "min_free",
					      "mode",	    "contains", "matches",  "facts" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (conf_get(n, others[i]))
			conf_problem(p, conf_get(n, others[i]), "%s: what is absent has none", others[i]);
}

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct file_probe *f = settings;

	f->permissions = f->mode ? octal(f->mode) : -1;
	if (f->mode && f->permissions < 0)
		conf_problem(p, conf_get(n, "mode"), "mode: '%s' are no permissions (say 0640)", f->mode);
	f->by_age = f->newer_than && str_duration(f->newer_than, &f->age, NULL) == 0;
	f->limited = conf_get(n, "max_size");
	if (f->limited && f->max_size < f->min_size)
		conf_problem(p, conf_get(n, "max_size"), "max_size: is below min_size");
	if (f->state == ABSENT)
		check_absent(n, p);
	content_check(&f->content, p);
	facts_add(&f->fact_rules, f->facts, 1U << PLACE_TEXT, vars, p);
	f->read = !content_is_empty(&f->content) || f->fact_rules.n || f->fail_on.n;
}

static void clear(void *settings)
{
	struct file_probe *f = settings;

	content_clear(&f->content);
	facts_clear(&f->fact_rules);
}

/* ---- looking, in the thread ---- */

struct job {
	char *path, *folder, *other; /* other: newer than this */
	bool read, measure;
	struct stat st, other_st;
	struct statvfs room;
	int error, folder_error, other_error, read_error, room_error; /* errno */
	struct buf text;
};

static int read_some(int fd, struct buf *out)
{
	char data[16 * 1024];
	ssize_t n;

	while (!out->full) {
		n = read(fd, data, sizeof(data));
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			buf_add(out, data, (size_t)n);
	}
	return 0;
}

static int64_t changed_at(const struct stat *st)
{
	return st->st_mtim.tv_sec * CLOCK_SECOND + st->st_mtim.tv_nsec;
}

static int stat_error(const char *path, struct stat *st)
{
	return stat(path, st) < 0 ? errno : 0;
}

/* Of the files that the pattern path means the one that was changed last takes its place. */
static void find_newest(struct job *j)
{
	glob_t found = { 0 };
	struct stat st;

	if (glob(j->path, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			if (stat(found.gl_pathv[i], &st) < 0 ||
			    (j->error == 0 && changed_at(&st) <= changed_at(&j->st)))
				continue;
			mem_replace(&j->path, found.gl_pathv[i]);
			j->st = st;
			j->error = 0;
		}
	globfree(&found);
}

static void find_file(struct job *j)
{
	struct stat st;

	j->folder_error = j->folder ? stat_error(j->folder, &st) : 0;
	if (j->folder && j->folder_error == 0 && !S_ISDIR(st.st_mode))
		j->folder_error = ENOTDIR;
	j->error = stat_error(j->path, &j->st);
	if (j->error == ENOENT && strpbrk(j->path, "*?["))
		find_newest(j);
}

static void run(void *arg)
{
	struct job *j = arg;

	find_file(j);
	if (j->measure)
		j->room_error = statvfs(j->path, &j->room) < 0 ? errno : 0;
	if (j->other)
		j->other_error = stat_error(j->other, &j->other_st);
	if (!j->read || j->error || !S_ISREG(j->st.st_mode))
		return;
	AUTO_CLOSE fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	j->read_error = fd < 0 ? errno : read_some(fd, &j->text);
}

static void free_job(void *arg)
{
	struct job *j = arg;

	free(j->path);
	free(j->folder);
	free(j->other);
	buf_free(&j->text);
	free(j);
}

static const struct worker_task task = { run, free_job };

/* ---- judging ---- */

struct probe_try {
	const struct file_probe *f;
	struct worker *worker;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static bool folder_there(const struct file_probe *f, const struct job *j, struct buf *why)
{
	if (j->folder_error == 0)
		return true;
	buf_printf(why, "%s: %s", f->folder, strerrordesc_np(j->folder_error));
	return false;
}

static bool present(const struct file_probe *f, const struct job *j, struct buf *why)
{
	if (j->error == 0 || f->state == ABSENT)
		return true;
	buf_printf(why, "%s: %s", j->path, strerrordesc_np(j->error));
	return false;
}

static bool absent(const struct file_probe *f, const struct job *j, struct buf *why)
{
	if (f->state == PRESENT || j->error == ENOENT || j->error == ENOTDIR)
		return true;
	buf_printf(why, "%s %s", j->path, j->error ? strerrordesc_np(j->error) : "is there");
	return false;
}

static bool newer(const struct file_probe *f, const struct job *j, struct buf *why)
{
	char age[STR_SPAN_MAX], most[STR_SPAN_MAX];
	int64_t past = clock_wall() - changed_at(&j->st);

	if (!f->newer_than || (f->by_age && past <= f->age))
		return true;
	if (f->by_age) {
		buf_printf(why, "%s was changed %s ago, expected at most %s", j->path, str_span(past, age),
			   str_span(f->age, most));
		return false;
	}
	if (j->other_error == 0 && changed_at(&j->st) > changed_at(&j->other_st))
		return true;
	if (j->other_error)
		buf_printf(why, "%s: %s", f->newer_than, strerrordesc_np(j->other_error));
	else
		buf_printf(why, "%s is not newer than %s", j->path, f->newer_than);
	return false;
}

static bool size_met(const struct file_probe *f, const struct job *j, struct buf *why)
{
	long long size = j->st.st_size;

	if (size < f->min_size)
		buf_printf(why, "%s has %lld bytes, expected at least %lld", j->path, size,
			   (long long)f->min_size);
	else if (f->limited && size > f->max_size)
		buf_printf(why, "%s has %lld bytes, expected at most %lld", j->path, size,
			   (long long)f->max_size);
	else
		return true;
	return false;
}

static void say_size(struct buf *why, double bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	for (; bytes >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		bytes /= 1024;
	buf_printf(why, "%.*f %s", i ? 1 : 0, bytes, units[i]);
}

static bool room_met(const struct file_probe *f, const struct job *j, struct buf *why)
{
	double room = (double)j->room.f_bavail * (double)j->room.f_frsize;

	if (!f->min_free || (j->room_error == 0 && room >= (double)f->min_free))
		return true;
	buf_printf(why, "%s: ", j->path);
	if (j->room_error) {
		buf_str(why, strerrordesc_np(j->room_error));
		return false;
	}
	say_size(why, room);
	buf_str(why, " are free, expected at least ");
	say_size(why, (double)f->min_free);
	return false;
}

static bool mode_met(const struct file_probe *f, const struct job *j, struct buf *why)
{
	unsigned mode = j->st.st_mode & 07777;

	if (f->permissions < 0 || mode == (unsigned)f->permissions)
		return true;
	buf_printf(why, "%s has the permissions %04o, expected %04o", j->path, mode,
		   (unsigned)f->permissions);
	return false;
}

static bool text_met(const struct file_probe *f, const struct job *j, struct buf *why)
{
	if (!f->read)
		return true;
	if (j->read_error || !S_ISREG(j->st.st_mode)) {
		buf_printf(why, "%s: %s", j->path,
			   j->read_error ? strerrordesc_np(j->read_error) : "is no regular file");
		return false;
	}
	return content_met(&f->content, "the content", buf_text(&j->text), j->text.len, why);
}

typedef bool met_fn(const struct file_probe *f, const struct job *j, struct buf *why);

static bool all_met(const struct file_probe *f, const struct job *j, struct buf *why)
{
	static met_fn *const of_any[] = { folder_there, present, absent };
	static met_fn *const of_present[] = { newer, size_met, room_met, mode_met, text_met };

	for (size_t i = 0; i < ARRAY_LEN(of_any); i++)
		if (!of_any[i](f, j, why))
			return false;
	for (size_t i = 0; f->state == PRESENT && i < ARRAY_LEN(of_present); i++)
		if (!of_present[i](f, j, why))
			return false;
	return true;
}

static struct value look(void *seen, enum place place, const char *where)
{
	const struct job *j = seen;

	(void)place;
	(void)where;
	return (struct value){ VALUE_TEXT, buf_text(&j->text), j->text.len, 0 };
}

static void free_try(struct probe_try *t)
{
	answer_clear(&t->answer);
	free(t);
}

static void on_looked(void *arg, void *job, const char *failure)
{
	struct probe_try *t = arg;
	struct job *j = job;
	const char *named = fail_on_met(&t->f->fail_on, -1, buf_text(&j->text), j->text.len);
	AUTO_BUF why = BUF_INIT(REASON_MAX);

	if (failure)
		answer_set(&t->answer, PROBE_NOT_YET, "%s", failure);
	else if (named)
		answer_set(&t->answer, PROBE_FAIL, "the content contains '%s'", named);
	else if (all_met(t->f, j, &why))
		answer_set(&t->answer, PROBE_PASS, "%s is %s", j->path,
			   t->f->state == ABSENT ? "absent" : "as expected");
	else
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
	facts_tell(&t->f->fact_rules, look, j, &t->answer.facts);
	answer_send(&t->answer, t->done, t->arg);
	free_try(t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);
	const struct file_probe *f = settings;
	struct job *j = new0(struct job);

	j->path = f->folder ? mem_printf("%s/%s", f->folder, f->path) : mem_strdup(f->path);
	j->folder = mem_strdup(f->folder);
	j->measure = f->min_free > 0;
	j->other = f->newer_than && !f->by_age ? mem_strdup(f->newer_than) : NULL;
	j->read = f->read;
	j->text.max = (size_t)f->max_read;
	*t = (struct probe_try){ .f = f, .done = done, .arg = arg };
	answer_init(&t->answer);
	t->worker = worker_start(l, &task, j, on_looked, t);
	return t;
}

static void stop(struct probe_try *t)
{
	worker_stop(t->worker);
	free_try(t);
}

const struct probe_kind probe_kind_file = {
	.name = "file",
	.help = "looks at a file: there or not, age, size, permissions, content, and room for more",
	.keys = keys,
	.size = sizeof(struct file_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
};
