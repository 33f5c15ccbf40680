/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite can only block, so it runs in a thread; a deadline inside the query ends it there. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/libsqlite3.h"
#include "net/sql_driver.h"
#include "net/worker.h"

enum {
	STEPS_BETWEEN_LOOKS = 10000, /* of SQLite's virtual machine: well below a millisecond */
	BUSY_MS = 250,
};

struct job {
	char *path, *query;
	int64_t timeout, deadline;
	struct sql_result result;
};

struct run {
	struct worker *worker;
	sql_driver_done_fn *done;
	void *arg;
};

static int is_late(void *arg)
{
	const struct job *j = arg;

	return clock_mono() > j->deadline;
}

static void fail(struct job *j, sqlite3 *db, int rc)
{
	AUTO_FREE char *text = NULL;
	char span[STR_SPAN_MAX];

	if (rc == SQLITE_INTERRUPT)
		text = mem_printf("the query took longer than %s", str_span(j->timeout, span));
	else
		text = mem_strdup(db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	sql_result_fail(&j->result, text);
}

static void keep_row(struct sql_result *r, sqlite3_stmt *s)
{
	for (int i = 0; i < (int)r->n_columns; i++) {
		const char *text = (const char *)sqlite3_column_text(s, i);

		if (text)
			r->values[i] = sql_copy(text, (size_t)sqlite3_column_bytes(s, i));
	}
}

static int fetch(struct job *j, sqlite3_stmt *s)
{
	struct sql_result *r = &j->result;
	int rc;

	sql_result_columns(r, (size_t)sqlite3_column_count(s));
	for (int i = 0; i < (int)r->n_columns; i++)
		r->columns[i] = mem_strdup(sqlite3_column_name(s, i));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		if (r->n_rows++ == 0)
			keep_row(r, s);
	return rc;
}

static void query(struct job *j, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	const char *rest = "";
	int rc = sqlite3_prepare_v2(db, j->query, -1, &s, &rest);

	if (rc != SQLITE_OK)
		fail(j, db, rc);
	else if (rest[strspn(rest, " \t\r\n;")])
		sql_result_fail(&j->result, "the query has more than one statement");
	else if (!s || !sqlite3_stmt_readonly(s))
		sql_result_fail(&j->result, "the query would change something");
	else if ((rc = fetch(j, s)) != SQLITE_DONE)
		fail(j, db, rc);
	sqlite3_finalize(s);
}

static void run_job(void *arg)
{
	struct job *j = arg;
	sqlite3 *db = NULL;
	struct err e;
	int rc;

	if (libsqlite3_load(&e) < 0) {
		sql_result_fail(&j->result, e.text);
		return;
	}
	rc = sqlite3_open_v2(j->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	j->deadline = clock_mono() + j->timeout;
	if (rc != SQLITE_OK) {
		fail(j, db, rc);
	} else {
		sqlite3_busy_timeout(db, BUSY_MS);
		sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, is_late, j);
		query(j, db);
	}
	sqlite3_close(db);
}

static void free_job(void *arg)
{
	struct job *j = arg;

	free(j->path);
	free(j->query);
	sql_result_clear(&j->result);
	free(j);
}

static const struct worker_task task = { run_job, free_job };

static void on_done(void *arg, void *job, const char *failure)
{
	struct run *r = arg;
	struct job *j = job;

	if (failure)
		sql_result_fail(&j->result, failure);
	r->done(r->arg, &j->result);
	free(r);
}

static void *start(struct loop *l, const struct sql_query *q, sql_driver_done_fn *done, void *arg)
{
	struct run *r = new0(struct run);
	struct job *j = new0(struct job);

	*r = (struct run){ .done = done, .arg = arg };
	*j = (struct job){ .path = mem_strdup(q->conninfo),
			   .query = mem_strdup(q->query),
			   .timeout = q->timeout };
	r->worker = worker_start(l, &task, j, on_done, r);
	return r;
}

static void stop(void *run)
{
	struct run *r = run;

	worker_stop(r->worker);
	free(r);
}

static const char *state(const void *run)
{
	(void)run;
	return "no result";
}

static int check(const char *conninfo, struct err *e)
{
	return *conninfo ? 0 : err_set(e, "it names no file");
}

const struct sql_driver sql_driver_sqlite = {
	.start = start,
	.stop = stop,
	.state = state,
	.check = check,
};
