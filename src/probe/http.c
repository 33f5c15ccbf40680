/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/http.h"
#include "net/json.h"
#include "probe/answer.h"
#include "probe/json_look.h"

enum { FORM_MAX = 1024 * 1024 };

/* One request and what its answer should be; a probe is one, or several in a row that share cookies. */
struct step {
	char *url, *method, *body;
	struct conf_pairs headers, form;
	int64_t follow;
	struct conf_texts status, fail_on;
	struct content content;
	const struct conf_node *json, *reply_headers, *facts; /* later only whether they are there */
	struct claims claims;
	struct fact_rules fact_rules;
};

struct http_probe {
	struct step only; /* first: the rows of a step are also rows of this */
	char *user, *password, *ca, *cert, *key, *key_password, *proxy;
	bool insecure;
	int64_t max_body, expires_in;
	const struct conf_node *steps;
	struct step *list; /* of steps */
	size_t n;
};

/* clang-format off */
#define STEP_ROWS \
	CONF_TEXT(struct step, url, NULL, "what to ask for: an http or https URL"), \
	CONF_TEXT(struct step, method, NULL, "by default GET, or POST where there is a body or form"), \
	CONF_PAIRS(struct step, headers, "headers to send"), \
	CONF_TEXT(struct step, body, NULL, "a body to send, as it is"), \
	CONF_PAIRS(struct step, form, "fields of a form to send, encoded as a browser does it"), \
	CONF_INT(struct step, follow, "0", "how many redirects to follow; 0: a redirect is the answer"), \
	CONF_TEXTS(struct step, status, "statuses that count as an answer (200, 2xx); by default 200"), \
	CONTENT_ROWS(struct step, content, "the body"), \
	CONF_NODE(struct step, json, "JSON pointer into the body -> what is expected there"), \
	CONF_NODE(struct step, reply_headers, "header of the answer -> what is expected in it"), \
	CONF_TEXTS(struct step, fail_on, "what ends the wait with a failure: statuses (403, 4xx), or texts in the body"), \
	CONF_NODE(struct step, facts, "facts to take out of the answer: name -> {json, header or matches, as}")
/* clang-format on */

static const struct conf_key step_keys[] = { STEP_ROWS, { 0 } };

static const struct conf_key keys[] = {
	STEP_ROWS,
	CONF_NODE(struct http_probe, steps,
		  "several requests in a row that share cookies, each with keys like those above"),
	CONF_TEXT(struct http_probe, user, NULL, "for basic authentication"),
	CONF_SECRET(struct http_probe, password, "for basic authentication"),
	CONF_SIZE(struct http_probe, max_body, "1M", "the largest body that is read"),
	CONF_TEXT(struct http_probe, ca, NULL, "a file of certificates to trust instead of the system's"),
	CONF_TEXT(struct http_probe, cert, NULL, "our own certificate: a file, PEM or .p12"),
	CONF_TEXT(struct http_probe, key, NULL, "its key, where the certificate's file does not hold it"),
	CONF_SECRET(struct http_probe, key_password, "for the key"),
	CONF_BOOL(struct http_probe, insecure, "false", "accept any certificate of the server"),
	CONF_TIME(struct http_probe, expires_in, "0",
		  "how long the server's certificate must be valid from now on, at least"),
	CONF_TEXT(struct http_probe, proxy, NULL,
		  "a proxy's URL; by default none, whatever the environment says"),
	{ 0 },
};

/* ---- reading ---- */

static void check_statuses(const struct step *s, struct conf_problems *p)
{
	for (size_t i = 0; i < s->status.n; i++) {
		const char *said = s->status.items[i];
		bool number = str_digit(said[0]) && str_digit(said[1]) && str_digit(said[2]) && !said[3];

		if (said[0] < '1' || said[0] > '5' || !(number || str_eq(said + 1, "xx")))
			conf_problem(p, s->status.nodes[i], "status: '%s' is no HTTP status (say 200 or 2xx)",
				     said);
	}
}

static void check_step(struct step *s, const struct conf_node *n, const struct conf_vars *vars,
		       struct conf_problems *p)
{
	const struct conf_node *at = conf_get(n, "url");
	struct err e;

	if (!s->url)
		conf_problem(p, n, "key 'url' is missing (what to ask for: an http or https URL)");
	else if (http_check_url(s->url, &e) < 0)
		conf_problem(p, at, "url: %s", e.text);
	if (s->body && s->form.n)
		conf_problem(p, conf_get(n, "form"), "form beside body: a request has one of them");
	if (s->follow < 0 || s->follow > 20)
		conf_problem(p, conf_get(n, "follow"), "follow: expected 0 to 20 redirects");
	check_statuses(s, p);
	content_check(&s->content, p);
	claims_add(&s->claims, PLACE_JSON, s->json, vars, p);
	claims_add(&s->claims, PLACE_HEADER, s->reply_headers, vars, p);
	facts_add(&s->fact_rules, s->facts, 1U << PLACE_JSON | 1U << PLACE_HEADER | 1U << PLACE_TEXT, vars,
		  p);
	pairs_hide(&s->headers);
	pairs_hide(&s->form);
}

static void read_steps(struct http_probe *h, const struct conf_vars *vars, struct conf_problems *p)
{
	if (conf_shape(h->steps) != CONF_LIST || !conf_count(h->steps)) {
		conf_problem(p, h->steps, "steps: expected a list of requests");
		return;
	}
	h->n = conf_count(h->steps);
	h->list = mem_zero(h->n, sizeof(*h->list));
	for (size_t i = 0; i < h->n; i++) {
		const struct conf_node *n = conf_item(h->steps, i);

		conf_fill(n, step_keys, &h->list[i], vars, NULL, p);
		if (conf_shape(n) == CONF_MAP)
			check_step(&h->list[i], n, vars, p);
	}
}

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct http_probe *h = settings;

	if (!h->steps) {
		check_step(&h->only, n, vars, p);
		return;
	}
	for (const struct conf_key *k = step_keys; k->name; k++)
		if (conf_get(n, k->name))
			conf_problem(p, conf_get(n, k->name), "%s beside steps: it belongs into one of them",
				     k->name);
	read_steps(h, vars, p);
}

static void clear_step(struct step *s)
{
	content_clear(&s->content);
	claims_clear(&s->claims);
	facts_clear(&s->fact_rules);
}

static void clear(void *settings)
{
	struct http_probe *h = settings;

	clear_step(&h->only);
	for (size_t i = 0; i < h->n; i++) {
		clear_step(&h->list[i]);
		conf_clear(step_keys, &h->list[i]);
	}
	free(h->list);
}

/* ---- asking ---- */

struct probe_try {
	const struct http_probe *h;
	struct loop *loop;
	struct http_session *session;
	struct http *http;
	size_t at; /* the step */
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static const struct step *step_of(const struct probe_try *t)
{
	return t->h->n ? &t->h->list[t->at] : &t->h->only;
}

static void free_try(struct probe_try *t)
{
	http_session_free(t->session);
	answer_clear(&t->answer);
	free(t);
}

static void finish(struct probe_try *t)
{
	answer_send(&t->answer, t->done, t->arg);
	free_try(t);
}

/* What came back, for claims and facts. */
struct seen {
	const struct http_reply *reply;
	struct json_look json;
};

static struct value look(void *arg, enum place place, const char *where)
{
	struct seen *s = arg;
	const char *text;

	if (place == PLACE_JSON)
		return json_look_at(&s->json, where);
	if (place == PLACE_TEXT)
		return (struct value){ VALUE_TEXT, s->reply->body, s->reply->n_body, 0 };
	text = http_header(s->reply, where);
	return text ? (struct value){ VALUE_TEXT, text, strlen(text), 0 }
		    : (struct value){ VALUE_MISSING, "", 0, 0 };
}

static bool status_wanted(const struct step *s, int status)
{
	for (size_t i = 0; i < s->status.n; i++)
		if (code_is(s->status.items[i], status))
			return true;
	return !s->status.n && status == 200;
}

static void say_status(const struct step *s, const struct http_reply *r, struct buf *why)
{
	const char *location = http_header(r, "Location");

	buf_printf(why, "%d%s%s", r->status, *r->phrase ? " " : "", r->phrase);
	if (location && r->status / 100 == 3) {
		buf_str(why, " to ");
		say_quoted(why, location, strlen(location));
	}
	buf_str(why, ", expected ");
	for (size_t i = 0; i < s->status.n; i++)
		buf_printf(why, "%s%s", i ? " or " : "", s->status.items[i]);
	if (!s->status.n)
		buf_str(why, "200");
}

static bool valid_long_enough(const struct http_probe *h, const struct http_reply *r, struct buf *why)
{
	int64_t day = 86400 * CLOCK_SECOND;

	if (!h->expires_in || r->certificate_left >= h->expires_in)
		return true;
	buf_printf(why, "the server's certificate is valid for %lld days, expected at least %lld",
		   (long long)(r->certificate_left / day), (long long)(h->expires_in / day));
	return false;
}

static bool is_met(const struct probe_try *t, const struct http_reply *r, struct seen *seen, struct buf *why)
{
	const struct step *s = step_of(t);

	if (!status_wanted(s, r->status)) {
		say_status(s, r, why);
		return false;
	}
	return valid_long_enough(t->h, r, why) &&
	       content_met(&s->content, "the body", r->body, r->n_body, why) &&
	       (!s->json || json_look_is_json(&seen->json, why)) && claims_met(&s->claims, look, seen, why);
}

/* Why this answer ends the wait for good, or NULL. */
static const char *fatal(const struct step *s, const struct http_reply *r)
{
	if (r->failure)
		return fail_on_met(&s->fail_on, r->status, r->failure, strlen(r->failure));
	return fail_on_met(&s->fail_on, r->status, r->body, r->n_body);
}

static void judge(struct probe_try *t, const struct http_reply *r, struct seen *seen)
{
	const struct step *s = step_of(t);
	const char *named = fatal(s, r);
	AUTO_BUF why = BUF_INIT(REASON_MAX);
	AUTO_BUF place = BUF_INIT(64);

	if (t->h->n)
		buf_printf(&place, "step %zu: ", t->at + 1);
	if (r->failure)
		buf_str(&why, r->failure);
	else if (is_met(t, r, seen, &why) && !named)
		t->answer.result = PROBE_PASS;
	if (!why.len)
		buf_printf(&why, "%d%s%s", r->status, *r->phrase ? " " : "", r->phrase);
	if (named)
		answer_set(&t->answer, PROBE_FAIL, "%s%s; fail_on names '%s'", buf_text(&place),
			   buf_text(&why), named);
	else
		answer_set(&t->answer, t->answer.result, "%s%s", buf_text(&place), buf_text(&why));
	if (!r->failure)
		facts_tell(&s->fact_rules, look, seen, &t->answer.facts);
}

static void ask(struct probe_try *t);

static void on_reply(void *arg, const struct http_reply *r)
{
	struct probe_try *t = arg;
	struct seen seen = { .reply = r };

	t->http = NULL;
	t->answer.result = PROBE_NOT_YET;
	json_look_init(&seen.json, r->body, r->n_body);
	judge(t, r, &seen);
	json_look_clear(&seen.json);
	if (t->answer.result == PROBE_PASS && t->at + 1 < t->h->n) {
		t->at++;
		ask(t);
	} else {
		finish(t);
	}
}

static void encode(const struct conf_pairs *form, struct buf *out)
{
	for (size_t i = 0; i < form->n; i++) {
		buf_str(out, i ? "&" : "");
		http_escape(out, form->keys[i]);
		buf_char(out, '=');
		http_escape(out, form->values[i]);
	}
}

static void ask(struct probe_try *t)
{
	const struct http_probe *h = t->h;
	const struct step *s = step_of(t);
	AUTO_BUF form = BUF_INIT(FORM_MAX);
	struct http_request q = {
		.method = s->method,
		.url = s->url,
		.headers = &s->headers,
		.body = s->body,
		.n_body = s->body ? strlen(s->body) : 0,
		.user = h->user,
		.password = h->password,
		.session = t->session,
		.follow = s->follow,
		.max_body = h->max_body,
		.ca = h->ca,
		.cert = h->cert,
		.key = h->key,
		.key_password = h->key_password,
		.insecure = h->insecure,
		.proxy = h->proxy,
	};

	if (s->form.n) {
		encode(&s->form, &form);
		q.body = buf_text(&form);
		q.n_body = form.len;
	}
	t->http = http_start(t->loop, &q, on_reply, t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);

	*t = (struct probe_try){ .h = settings, .loop = l, .done = done, .arg = arg };
	answer_init(&t->answer);
	t->session = http_session_new();
	ask(t);
	return t;
}

static void stop(struct probe_try *t)
{
	http_stop(t->http);
	free_try(t);
}

static const char *waits_for(const struct probe_try *t)
{
	return t->http ? http_state(t->http) : NULL;
}

const struct probe_kind probe_kind_http = {
	.name = "http",
	.help = "asks a URL, or several in a row, and looks at status, headers, body and certificate",
	.keys = keys,
	.size = sizeof(struct http_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
	.waits_for = waits_for,
};
