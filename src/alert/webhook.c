/* SPDX-License-Identifier: Apache-2.0 */
/* Posts JSON to a URL: the verdict document, or a message as chats take it. */
#include <string.h>
#include <strings.h>

#include "alert/alert.h"
#include "base/text.h"
#include "net/http.h"
#include "report/report.h"

enum { ANSWER_MAX = 1 << 20, ANSWER_SHOWN = 200 };

enum body { BODY_VERDICT, BODY_CHAT };
static const char *const bodies[] = { "verdict", "chat", NULL };

struct webhook {
	char *url;
	struct conf_pairs headers;
	int body; /* enum body */
	char *ca, *proxy;
};

static const struct conf_key keys[] = {
	CONF_ROW(struct webhook, url, char *, "url", CONF_TYPE_SECRET, NULL, "where to post; never shown",
		 NULL, true),
	CONF_PAIRS(struct webhook, headers, "headers to send along"),
	CONF_ENUM(struct webhook, body, "verdict", bodies,
		  "verdict: the verdict document; chat: {\"text\": ...}, what Slack, Mattermost and their "
		  "kin take"),
	CONF_TEXT(struct webhook, ca, NULL, "a file of certificates to trust instead of the system's"),
	CONF_TEXT(struct webhook, proxy, NULL, "a proxy to go through"),
	{ 0 },
};

struct alert_try {
	alert_done_fn *done;
	void *arg;
	struct http *http;
};

static void check(const void *settings, const struct conf_node *n, struct conf_problems *p)
{
	const struct webhook *w = settings;
	struct err e;

	if (http_check_url(w->url, &e) < 0)
		conf_problem(p, n, "url: %s", e.text);
}

/* ---- the message ---- */

/* What a chat would take for markup or a mention: the end of the block, <!channel>, links. */
static char *tamed(const char *text)
{
	struct buf b = BUF_INIT(2 * strlen(text) + 16);

	buf_str(&b, "```\n");
	for (; *text; text++) {
		if (*text == '`')
			buf_char(&b, '\'');
		else
			buf_char(&b, *text);
		if (*text == '<')
			buf_char(&b, ' ');
	}
	buf_str(&b, "```");
	return buf_take(&b);
}

static char *chat_message(const struct outcome *o)
{
	const struct report_style style = { 0 };
	AUTO_BUF text = BUF_INIT(REPORT_MAX);
	struct buf message = BUF_INIT(REPORT_MAX);

	report_kind_named("text")->render(o, &style, &text);
	AUTO_FREE char *tame = tamed(buf_text(&text));

	buf_str(&message, "{\"text\":");
	text_json(&message, tame, strlen(tame));
	buf_char(&message, '}');
	return buf_take(&message);
}

/* ---- the request ---- */

/* The settings' headers, and what the body is unless they say it themselves.  The texts stay whose they are.
 */
static struct conf_pairs with_type(const struct conf_pairs *from)
{
	static char name[] = "Content-Type", type[] = "application/json";
	struct conf_pairs to = {
		.keys = mem_zero(from->n + 1, sizeof(*to.keys)),
		.values = mem_zero(from->n + 1, sizeof(*to.values)),
		.n = from->n,
	};
	bool typed = false;

	for (size_t i = 0; i < from->n; i++) {
		to.keys[i] = from->keys[i];
		to.values[i] = from->values[i];
		typed |= strcasecmp(from->keys[i], name) == 0;
	}
	if (!typed) {
		to.keys[to.n] = name;
		to.values[to.n++] = type;
	}
	return to;
}

/* The first line of the answer, which often says why. */
static char *first_line(const struct http_reply *r)
{
	size_t n = r->n_body < ANSWER_SHOWN ? r->n_body : ANSWER_SHOWN;
	const char *end = n ? memchr(r->body, '\n', n) : NULL;

	return text_line_dup(n ? r->body : "", end ? (size_t)(end - r->body) : n);
}

static void on_reply(void *arg, const struct http_reply *r)
{
	struct alert_try *t = arg;

	t->http = NULL;
	if (r->failure || r->status / 100 == 2) {
		t->done(t->arg, r->failure);
		return;
	}
	AUTO_FREE char *line = first_line(r);
	AUTO_FREE char *error = mem_printf("HTTP %d%s%s%s%s", r->status, *r->phrase ? " " : "", r->phrase,
					   *line ? ": " : "", line);
	t->done(t->arg, error);
}

static struct alert_try *start(void *settings, const struct outcome *o, const char *body, struct loop *l,
			       alert_done_fn *done, void *arg)
{
	const struct webhook *w = settings;
	AUTO_FREE char *message = w->body == BODY_CHAT ? chat_message(o) : mem_strdup(body);
	struct conf_pairs headers = with_type(&w->headers);
	struct alert_try *t = new0(struct alert_try);
	const struct http_request q = {
		.url = w->url,
		.headers = &headers,
		.body = message,
		.n_body = strlen(message),
		.max_body = ANSWER_MAX,
		.ca = w->ca,
		.proxy = w->proxy,
	};

	t->done = done;
	t->arg = arg;
	t->http = http_start(l, &q, on_reply, t);
	free(headers.keys);
	free(headers.values);
	return t;
}

static void stop(struct alert_try *t)
{
	http_stop(t->http);
	free(t);
}

const struct alert_kind alert_kind_webhook = {
	.name = "webhook",
	.help = "posts the verdict as JSON to a URL, or as a message to a chat",
	.keys = keys,
	.size = sizeof(struct webhook),
	.check = check,
	.start = start,
	.stop = stop,
};
