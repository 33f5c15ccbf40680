/* SPDX-License-Identifier: Apache-2.0 */
/* What a database driver has to offer; only for sql.c and the drivers. */
#pragma once
#include "net/sql.h"

enum { SQL_VALUE_MAX = 64 * 1024 };

/* What a driver gathers: a reply that owns its strings. */
struct sql_result {
	char *failure;
	size_t n_columns;
	char **columns, **values;
	size_t n_rows;
};

void sql_result_clear(struct sql_result *r);
/* Remembers what failed as one line; the first failure stands. */
void sql_result_fail(struct sql_result *r, const char *text);
/* Room for so many columns; called once, before names and values are put there. */
void sql_result_columns(struct sql_result *r, size_t n);
/* A copy without what is beyond SQL_VALUE_MAX. */
char *sql_copy(const char *text, size_t n);

typedef void sql_driver_done_fn(void *arg, const struct sql_result *r);

struct sql_driver {
	/* Like sql_start(): done comes from the loop, and what start returned is gone after it. */
	void *(*start)(struct loop *l, const struct sql_query *q, sql_driver_done_fn *done, void *arg);
	void (*stop)(void *run);
	const char *(*state)(const void *run);
	int (*check)(const char *conninfo, struct err *e);
};

/* All there are: each is sql_driver_NAME in a file of its own. */
#define SQL_DRIVERS(X) X(postgresql) X(sqlite)

#define SQL_DRIVER(x) extern const struct sql_driver sql_driver_##x;
SQL_DRIVERS(SQL_DRIVER)
#undef SQL_DRIVER
