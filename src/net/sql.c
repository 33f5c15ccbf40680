/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sql.h"

#include <string.h>

#include "base/buf.h"
#include "net/sql_driver.h"

#define NAME(x) #x,
#define ADDRESS(x) &sql_driver_##x,
const char *const sql_driver_names[] = { SQL_DRIVERS(NAME) NULL };
static const struct sql_driver *const drivers[] = { SQL_DRIVERS(ADDRESS) };

struct sql {
	const struct sql_driver *driver;
	void *run;
	sql_done_fn *done;
	void *arg;
};

static void on_done(void *arg, const struct sql_result *result)
{
	struct sql *s = arg;
	const struct sql_reply r = {
		.failure = result->failure,
		.n_columns = result->n_columns,
		.columns = result->columns,
		.values = result->n_rows ? result->values : NULL,
		.n_rows = result->n_rows,
	};
	sql_done_fn *done = s->done;
	void *done_arg = s->arg;

	free(s);
	done(done_arg, &r);
}

struct sql *sql_start(struct loop *l, const struct sql_query *q, sql_done_fn *done, void *arg)
{
	struct sql *s = new0(struct sql);

	s->driver = drivers[q->driver];
	s->done = done;
	s->arg = arg;
	s->run = s->driver->start(l, q, on_done, s);
	return s;
}

void sql_stop(struct sql *s)
{
	if (!s)
		return;
	s->driver->stop(s->run);
	free(s);
}

const char *sql_state(const struct sql *s)
{
	return s->driver->state(s->run);
}

int sql_check_conninfo(int driver, const char *conninfo, struct err *e)
{
	return drivers[driver]->check(conninfo, e);
}

bool sql_value(const struct sql_reply *r, const char *column, const char **value)
{
	for (size_t i = 0; r->values && i < r->n_columns; i++)
		if (strcmp(r->columns[i], column) == 0) {
			*value = r->values[i];
			return true;
		}
	return false;
}

/* ---- for the drivers ---- */

void sql_result_columns(struct sql_result *r, size_t n)
{
	r->n_columns = n;
	r->columns = mem_zero(n, sizeof(*r->columns));
	r->values = mem_zero(n, sizeof(*r->values));
}

void sql_result_clear(struct sql_result *r)
{
	for (size_t i = 0; i < r->n_columns; i++) {
		free(r->columns[i]);
		free(r->values[i]);
	}
	free(r->columns);
	free(r->values);
	free(r->failure);
	*r = (struct sql_result){ 0 };
}

/* Messages of databases have several lines; an indented one is libpq's advice and not needed. */
void sql_result_fail(struct sql_result *r, const char *text)
{
	AUTO_BUF line = BUF_INIT(SQL_VALUE_MAX);

	if (r->failure)
		return;
	while (*text) {
		size_t n = strcspn(text, "\r\n");

		if (n && *text != '\t')
			buf_printf(&line, "%s%.*s", line.len ? "; " : "", (int)n, text);
		text += n + strspn(text + n, "\r\n");
	}
	r->failure = buf_take(&line);
}

char *sql_copy(const char *text, size_t n)
{
	return mem_strndup(text, n < SQL_VALUE_MAX ? n : SQL_VALUE_MAX);
}
