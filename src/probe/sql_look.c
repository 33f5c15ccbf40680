/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/sql_look.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

void sql_check_rows(int driver, const char *conninfo, int64_t query_timeout, const struct conf_node *n,
		    struct conf_problems *p)
{
	static const char *const needed[] = { "conninfo", "query" };
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!conf_get(n, needed[i]))
			conf_problem(p, n, "key '%s' is missing", needed[i]);
	if (conninfo && sql_check_conninfo(driver, conninfo, &e) < 0)
		conf_problem(p, conf_get(n, "conninfo"), "conninfo: %s", e.text);
	if (query_timeout < CLOCK_MS)
		conf_problem(p, conf_get(n, "query_timeout"), "query_timeout: no query could ever answer");
}

struct value sql_look(const struct sql_reply *r, const char *column)
{
	struct value v = { VALUE_MISSING, "", 0, 0 };
	const char *text;
	double number;

	if (!sql_value(r, column, &text))
		return v;
	if (!text) {
		v.shape = VALUE_NULL;
		return v;
	}
	v.shape = str_double(text, &number, NULL) == 0 ? VALUE_NUMBER : VALUE_TEXT;
	v.text = text;
	v.n = strlen(text);
	return v;
}

struct value sql_look_at(void *seen, enum place place, const char *where)
{
	const struct sql_seen *s = seen;

	(void)place; /* there are only columns */
	return sql_look(s->reply, where);
}
