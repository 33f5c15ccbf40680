/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds that ask a database share. */
#pragma once
#include "net/sql.h"
#include "probe/answer.h"

/* clang-format off */
#define SQL_ROWS(S) \
	CONF_ENUM(S, driver, "postgresql", sql_driver_names, "the kind of database"), \
	CONF_TEXT(S, conninfo, NULL, "where it is: a connection string or URI of PostgreSQL, or the file of SQLite; a password in it is shown nowhere"), \
	CONF_TEXT(S, query, NULL, "one statement"), \
	CONF_TIME(S, query_timeout, "5s", "how long the database may work on the query")
/* clang-format on */

/* Mistakes in what the rows above were filled with; n is the kind's map. */
void sql_check_rows(int driver, const char *conninfo, int64_t query_timeout, const struct conf_node *n,
		    struct conf_problems *p);

struct value sql_look(const struct sql_reply *r, const char *column);

struct sql_seen {
	const struct sql_reply *reply;
};
/* An answer_look_fn; seen is a struct sql_seen. */
struct value sql_look_at(void *seen, enum place place, const char *where);
