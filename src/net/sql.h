/* SPDX-License-Identifier: Apache-2.0 */
/* One query on a fresh connection that cannot change anything: read-only, timed, one statement. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "loop/loop.h"

extern const char *const sql_driver_names[]; /* NULL-terminated; an index of it says which driver */

struct sql_query {
	int driver;
	const char *conninfo; /* of postgresql: a connection string or URI; of sqlite: the file */
	const char *query;
	int64_t timeout; /* ns that the server may work on the query */
};

/* The first row, and how many there were; all of it is good until done returns. */
struct sql_reply {
	const char *failure; /* one line; NULL: the query ran */
	size_t n_columns;
	char **columns;
	char **values; /* NULL where SQL says so; booleans are "true" and "false".  NULL without a row */
	size_t n_rows;
};

typedef void sql_done_fn(void *arg, const struct sql_reply *r);

struct sql;
/* Copies what q names.  done comes once from the loop, never from in here, unless sql_stop() comes first. */
struct sql *sql_start(struct loop *l, const struct sql_query *q, sql_done_fn *done, void *arg);
void sql_stop(struct sql *s); /* NULL is fine */
/* What it waits for: "no connection", "connected, but no result". */
const char *sql_state(const struct sql *s);
/* Can this driver read conninfo?  A password in it becomes a secret; the reason never repeats any of it. */
int sql_check_conninfo(int driver, const char *conninfo, struct err *e);
/* The value in the first row, in *value (NULL: SQL's NULL); false: there is no such column, or no row. */
bool sql_value(const struct sql_reply *r, const char *column, const char **value);
