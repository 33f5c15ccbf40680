/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sql.h"

#include <string.h>

#include "base/str.h"
#include "probe/answer.h"
#include "probe/sql_look.h"

struct sql_probe {
	int driver;
	char *conninfo, *query;
	int64_t query_timeout;
	char *equals, *at_least, *at_most, *matches, *rows;
	struct conf_texts fail_on;
	const struct conf_node *columns, *facts;
	struct expect expects[4]; /* of the only value */
	size_t n_expects;
	struct expect row_count;
	struct claims claims;
	struct fact_rules fact_rules;
};

static const struct conf_key keys[] = {
	SQL_ROWS(struct sql_probe),
	CONF_TEXT(struct sql_probe, equals, NULL, "the only row's first value is this"),
	CONF_TEXT(struct sql_probe, at_least, NULL, "the only row's first value is this or more"),
	CONF_TEXT(struct sql_probe, at_most, NULL, "the only row's first value is this or less"),
	CONF_TEXT(struct sql_probe, matches, NULL,
		  "the only row's first value matches this regular expression"),
	CONF_TEXT(struct sql_probe, rows, NULL, "so many rows come back (0, '>= 1')"),
	CONF_NODE(struct sql_probe, columns, "column of the only row -> what is expected there"),
	CONF_TEXTS(struct sql_probe, fail_on,
		   "texts in the database's message that end the wait with a failure"),
	CONF_NODE(struct sql_probe, facts, "facts to take out of the first row: name -> {column, as}"),
	{ 0 },
};

/* ---- reading ---- */

static void add_expect(struct sql_probe *s, enum expect_op op, const char *key, const char *text,
		       const struct conf_node *n, struct conf_problems *p)
{
	struct err e;

	if (text && expect_set(&s->expects[s->n_expects++], op, text, &e) < 0)
		conf_problem(p, conf_get(n, key), "%s: %s", key, e.text);
}

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct sql_probe *s = settings;

	sql_check_rows(s->driver, s->conninfo, s->query_timeout, n, p);
	add_expect(s, EXPECT_EQUAL, "equals", s->equals, n, p);
	add_expect(s, EXPECT_AT_LEAST, "at_least", s->at_least, n, p);
	add_expect(s, EXPECT_AT_MOST, "at_most", s->at_most, n, p);
	add_expect(s, EXPECT_MATCHES, "matches", s->matches, n, p);
	if (s->rows)
		expect_from_conf(&s->row_count, conf_get(n, "rows"), vars, p);
	claims_add(&s->claims, PLACE_COLUMN, s->columns, vars, p);
	facts_add(&s->fact_rules, s->facts, 1U << PLACE_COLUMN, vars, p);
	if (!s->n_expects && !s->rows && !s->claims.n)
		conf_problem(p, n,
			     "nothing is expected of the answer: say equals, at_least, at_most, matches, "
			     "rows or columns");
}

static void clear(void *settings)
{
	struct sql_probe *s = settings;

	for (size_t i = 0; i < s->n_expects; i++)
		expect_clear(&s->expects[i]);
	expect_clear(&s->row_count);
	claims_clear(&s->claims);
	facts_clear(&s->fact_rules);
}

/* ---- asking ---- */

struct probe_try {
	const struct sql_probe *s;
	struct sql *sql;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static bool only_row_met(const struct sql_probe *s, const struct sql_reply *r, struct buf *why)
{
	struct value v;

	if (!s->n_expects && !s->claims.n)
		return true;
	if (r->n_rows != 1 || !r->n_columns) {
		buf_printf(why, "%zu rows, expected one", r->n_rows);
		return false;
	}
	v = sql_look(r, r->columns[0]);
	for (size_t i = 0; i < s->n_expects; i++) {
		size_t before = why->len;

		buf_printf(why, "%s ", r->columns[0]);
		if (!expect_met(&s->expects[i], &v, why))
			return false;
		why->len = before;
	}
	return true;
}

static bool row_count_met(const struct sql_probe *s, const struct sql_reply *r, struct buf *why)
{
	AUTO_FREE char *count = mem_printf("%zu", r->n_rows);
	const struct value v = { VALUE_NUMBER, count, strlen(count), 0 };
	size_t before = why->len;

	if (!s->rows)
		return true;
	buf_str(why, "the number of rows ");
	if (expect_met(&s->row_count, &v, why)) {
		why->len = before;
		return true;
	}
	if (r->values && r->values[0]) {
		buf_str(why, "; the first is ");
		say_quoted(why, r->values[0], strlen(r->values[0]));
	}
	return false;
}

static void say_met(const struct sql_reply *r, struct buf *out)
{
	if (r->n_rows == 1 && r->n_columns && r->values[0]) {
		buf_printf(out, "%s is ", r->columns[0]);
		say_quoted(out, r->values[0], strlen(r->values[0]));
	} else {
		buf_printf(out, "%zu row%s", r->n_rows, r->n_rows == 1 ? "" : "s");
	}
}

static void on_reply(void *arg, const struct sql_reply *r)
{
	struct probe_try *t = arg;
	const struct sql_probe *s = t->s;
	struct sql_seen seen = { .reply = r };
	AUTO_BUF why = BUF_INIT(REASON_MAX);
	const char *named = r->failure ? fail_on_met(&s->fail_on, -1, r->failure, strlen(r->failure)) : NULL;

	t->sql = NULL;
	if (named) {
		answer_set(&t->answer, PROBE_FAIL, "%s; fail_on names '%s'", r->failure, named);
	} else if (r->failure) {
		answer_set(&t->answer, PROBE_NOT_YET, "%s", r->failure);
	} else if (row_count_met(s, r, &why) && only_row_met(s, r, &why) &&
		   claims_met(&s->claims, sql_look_at, &seen, &why)) {
		say_met(r, &why);
		answer_set(&t->answer, PROBE_PASS, "%s", buf_text(&why));
	} else {
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
	}
	facts_tell(&s->fact_rules, sql_look_at, &seen, &t->answer.facts);
	answer_send(&t->answer, t->done, t->arg);
	answer_clear(&t->answer);
	free(t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);
	const struct sql_probe *s = settings;
	const struct sql_query q = {
		.driver = s->driver,
		.conninfo = s->conninfo,
		.query = s->query,
		.timeout = s->query_timeout,
	};

	*t = (struct probe_try){ .s = s, .done = done, .arg = arg };
	answer_init(&t->answer);
	t->sql = sql_start(l, &q, on_reply, t);
	return t;
}

static void stop(struct probe_try *t)
{
	sql_stop(t->sql);
	answer_clear(&t->answer);
	free(t);
}

static const char *waits_for(const struct probe_try *t)
{
	return sql_state(t->sql);
}

const struct probe_kind probe_kind_sql = {
	.name = "sql",
	.help = "asks a database one question, in a read-only transaction on a fresh connection",
	.keys = keys,
	.size = sizeof(struct sql_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
	.waits_for = waits_for,
};
