/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index that catches up: how much of a total is done.  The traps: a counter that says "0 remaining"
 * because it never reached the server it counts from, and one that says nothing at all.  Neither is a
 * finished index.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/http.h"
#include "net/json.h"
#include "probe/answer.h"
#include "probe/json_look.h"
#include "probe/sql_look.h"

struct index_probe {
	char *url, *user, *password, *ca, *cert, *key, *key_password, *done, *total, *remaining;
	struct conf_pairs headers;
	bool insecure;
	int64_t max_body, stall;
	int driver;
	char *conninfo, *query;
	int64_t query_timeout;
	const struct conf_node *json, *columns, *facts;
	struct claims claims;
	struct fact_rules fact_rules;
	/* from try to try */
	int64_t changed_at; /* 0: nothing was known yet */
	double last;
};

static const struct conf_key keys[] = {
	CONF_TEXT(struct index_probe, url, NULL, "where JSON with the numbers is: an http or https URL"),
	CONF_PAIRS(struct index_probe, headers, "headers to send"),
	CONF_TEXT(struct index_probe, user, NULL, "for basic authentication"),
	CONF_SECRET(struct index_probe, password, "for basic authentication"),
	CONF_TEXT(struct index_probe, ca, NULL, "a file of certificates to trust instead of the system's"),
	CONF_TEXT(struct index_probe, cert, NULL, "our own certificate: a file, PEM or .p12"),
	CONF_TEXT(struct index_probe, key, NULL, "its key, where the certificate's file does not hold it"),
	CONF_SECRET(struct index_probe, key_password, "for the key"),
	CONF_BOOL(struct index_probe, insecure, "false", "accept any certificate of the server"),
	CONF_SIZE(struct index_probe, max_body, "1M", "the largest body that is read"),
	SQL_ROWS(struct index_probe),
	CONF_TEXT(struct index_probe, done, NULL, "how far it is: a JSON pointer, or a column of the query"),
	CONF_TEXT(struct index_probe, total, NULL, "how far it has to get; unknown as long as it is 0"),
	CONF_TEXT(struct index_probe, remaining, NULL,
		  "how much is left, beside done and total or in their place"),
	CONF_NODE(struct index_probe, json, "JSON pointer -> what else is expected"),
	CONF_NODE(struct index_probe, columns, "column -> what else is expected"),
	CONF_TIME(struct index_probe, stall, "5m", "it fails when nothing has moved for so long; 0: never"),
	CONF_NODE(struct index_probe, facts,
		  "facts to take out of the answer: name -> {json, header or column, as}"),
	{ 0 },
};

/* ---- reading ---- */

static void check_source(struct index_probe *x, const struct conf_node *n, struct conf_problems *p)
{
	struct err e;

	if (x->url && http_check_url(x->url, &e) < 0)
		conf_problem(p, conf_get(n, "url"), "url: %s", e.text);
	if (x->url && x->query)
		conf_problem(p, conf_get(n, "query"), "query beside url: the numbers come from one of them");
	else if (!x->url && !x->query)
		conf_problem(p, n, "where the numbers come from is missing: say url, or conninfo and query");
	else if (x->query)
		sql_check_rows(x->driver, x->conninfo, x->query_timeout, n, p);
}

static void check_numbers(const struct index_probe *x, const struct conf_node *n, struct conf_problems *p)
{
	static const char *const names[] = { "done", "total", "remaining" };
	const char *const said[] = { x->done, x->total, x->remaining };

	if (!x->done != !x->total)
		conf_problem(p, n, "done and total belong together");
	else if (!x->done && !x->remaining)
		conf_problem(p, n, "which numbers to look at is missing: say done and total, or remaining");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (x->url && said[i] && !json_is_pointer(said[i]))
			conf_problem(p, conf_get(n, names[i]),
				     "%s: '%s' is no JSON pointer (say /data/count)", names[i], said[i]);
}

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct index_probe *x = settings;
	unsigned places = x->url ? 1U << PLACE_JSON | 1U << PLACE_HEADER : 1U << PLACE_COLUMN;

	check_source(x, n, p);
	check_numbers(x, n, p);
	if (x->json && !x->url)
		conf_problem(p, x->json, "json: only a url answers in JSON");
	if (x->columns && x->url)
		conf_problem(p, x->columns, "columns: only a query has columns");
	claims_add(&x->claims, PLACE_JSON, x->json, vars, p);
	claims_add(&x->claims, PLACE_COLUMN, x->columns, vars, p);
	facts_add(&x->fact_rules, x->facts, places, vars, p);
	pairs_hide(&x->headers);
}

static void clear(void *settings)
{
	struct index_probe *x = settings;

	claims_clear(&x->claims);
	facts_clear(&x->fact_rules);
}

/* ---- judging ---- */

struct probe_try {
	struct index_probe *x;
	struct http *http;
	struct sql *sql;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

/* What the numbers are taken from, whatever it came from. */
struct seen {
	const struct http_reply *http;
	struct json_look json;
	const struct sql_reply *sql;
};

static struct value look(void *arg, enum place place, const char *where)
{
	struct seen *s = arg;
	const char *header;

	if (place == PLACE_COLUMN)
		return sql_look(s->sql, where);
	if (place == PLACE_JSON)
		return json_look_at(&s->json, where);
	header = http_header(s->http, where);
	return header ? (struct value){ VALUE_TEXT, header, strlen(header), 0 }
		      : (struct value){ VALUE_MISSING, "", 0, 0 };
}

/* "0 s" and "12 Seconds" are numbers too; "N/A", -1 and NaN are not: nothing is known then. */
static bool number(const struct value *v, double *out)
{
	AUTO_FREE char *digits = NULL;

	if (v->shape != VALUE_NUMBER && v->shape != VALUE_TEXT)
		return false;
	digits = mem_strndup(v->text, strcspn(v->text, " "));
	return str_double(digits, out, NULL) == 0 && *out >= 0;
}

struct numbers {
	double done, total, remaining;
};

static bool read_number(const struct index_probe *x, struct seen *seen, const char *where, double *out,
			struct buf *why)
{
	struct value v;

	if (!where)
		return true;
	v = look(seen, x->url ? PLACE_JSON : PLACE_COLUMN, where);
	if (number(&v, out))
		return true;
	buf_printf(why, "%s is unknown", where);
	if (v.shape == VALUE_TEXT || v.shape == VALUE_NUMBER) {
		buf_str(why, ": ");
		say_quoted(why, v.text, v.n);
	}
	return false;
}

/* A total of 0 is what a counter shows before it has seen what it counts. */
static bool read_numbers(const struct index_probe *x, struct seen *seen, struct numbers *n, struct buf *why)
{
	if (!read_number(x, seen, x->total, &n->total, why) ||
	    !read_number(x, seen, x->done, &n->done, why) ||
	    !read_number(x, seen, x->remaining, &n->remaining, why))
		return false;
	if (x->total && n->total <= 0) {
		buf_printf(why, "%s is 0: nothing is known of what there is to index", x->total);
		return false;
	}
	return true;
}

static void say_numbers(const struct index_probe *x, const struct numbers *n, struct buf *out)
{
	if (x->total)
		buf_printf(out, "%.0f of %.0f", n->done, n->total);
	if (x->remaining)
		buf_printf(out, "%s%.0f remaining", x->total ? ", " : "", n->remaining);
}

/* A total that grows is no progress: done counts, and what remains where there is nothing else. */
static bool stalled(struct index_probe *x, const struct numbers *n)
{
	double now = x->done ? n->done : n->remaining;
	int64_t at = clock_mono();

	if (!x->changed_at || now < x->last || now > x->last) {
		x->changed_at = at;
		x->last = now;
	}
	return x->stall && at - x->changed_at >= x->stall;
}

static void judge_numbers(struct probe_try *t, struct seen *seen)
{
	struct index_probe *x = t->x;
	struct numbers n = { 0 };
	char span[STR_SPAN_MAX];
	AUTO_BUF why = BUF_INIT(REASON_MAX);
	bool reached;

	if (!read_numbers(x, seen, &n, &why)) {
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
		return;
	}
	say_numbers(x, &n, &why);
	if (x->total)
		t->answer.progress = n.done < n.total ? n.done / n.total : 1;
	reached = n.done >= n.total && n.remaining <= 0;
	if (stalled(x, &n) && !reached) {
		answer_set(&t->answer, PROBE_FAIL, "no progress for %s: %s", str_span(x->stall, span),
			   buf_text(&why));
	} else if (!reached) {
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
	} else {
		buf_str(&why, ", but ");
		if (claims_met(&x->claims, look, seen, &why)) {
			buf_clear(&why);
			say_numbers(x, &n, &why);
			t->answer.result = PROBE_PASS;
		}
		answer_set(&t->answer, t->answer.result, "%s", buf_text(&why));
	}
}

static void finish(struct probe_try *t, struct seen *seen)
{
	facts_tell(&t->x->fact_rules, look, seen, &t->answer.facts);
	json_look_clear(&seen->json);
	answer_send(&t->answer, t->done, t->arg);
	answer_clear(&t->answer);
	free(t);
}

static void on_reply(void *arg, const struct http_reply *r)
{
	struct probe_try *t = arg;
	struct seen seen = { .http = r };
	AUTO_BUF why = BUF_INIT(REASON_MAX);

	json_look_init(&seen.json, r->body, r->n_body);
	if (r->failure)
		answer_set(&t->answer, PROBE_NOT_YET, "%s", r->failure);
	else if (r->status != 200)
		answer_set(&t->answer, PROBE_NOT_YET, "%d%s%s, expected 200", r->status,
			   *r->phrase ? " " : "", r->phrase);
	else if (!json_look_is_json(&seen.json, &why))
		answer_set(&t->answer, PROBE_NOT_YET, "%s", buf_text(&why));
	else
		judge_numbers(t, &seen);
	finish(t, &seen);
}

static void on_rows(void *arg, const struct sql_reply *r)
{
	struct probe_try *t = arg;
	struct seen seen = { .sql = r };

	if (r->failure)
		answer_set(&t->answer, PROBE_NOT_YET, "%s", r->failure);
	else if (r->n_rows != 1)
		answer_set(&t->answer, PROBE_NOT_YET, "%zu rows, expected one", r->n_rows);
	else
		judge_numbers(t, &seen);
	finish(t, &seen);
}

/* ---- asking ---- */

static void ask_http(struct probe_try *t, struct loop *l)
{
	const struct index_probe *x = t->x;
	const struct http_request q = {
		.url = x->url,
		.headers = &x->headers,
		.user = x->user,
		.password = x->password,
		.max_body = x->max_body,
		.ca = x->ca,
		.cert = x->cert,
		.key = x->key,
		.key_password = x->key_password,
		.insecure = x->insecure,
	};

	t->http = http_start(l, &q, on_reply, t);
}

static void ask_sql(struct probe_try *t, struct loop *l)
{
	const struct index_probe *x = t->x;
	const struct sql_query q = {
		.driver = x->driver,
		.conninfo = x->conninfo,
		.query = x->query,
		.timeout = x->query_timeout,
	};

	t->sql = sql_start(l, &q, on_rows, t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);

	*t = (struct probe_try){ .x = settings, .done = done, .arg = arg };
	answer_init(&t->answer);
	if (t->x->url)
		ask_http(t, l);
	else
		ask_sql(t, l);
	return t;
}

static void stop(struct probe_try *t)
{
	http_stop(t->http);
	sql_stop(t->sql);
	answer_clear(&t->answer);
	free(t);
}

static const char *waits_for(const struct probe_try *t)
{
	return t->http ? http_state(t->http) : sql_state(t->sql);
}

const struct probe_kind probe_kind_index = {
	.name = "index",
	.help = "waits until as much is done as there is in total, from JSON or SQL, and fails when nothing "
		"moves any more",
	.keys = keys,
	.size = sizeof(struct index_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
	.waits_for = waits_for,
};
