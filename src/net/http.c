/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/curl_loop.h"
#include "net/libcurl.h"

enum { HEAD_MAX = 256 * 1024, REASON_MAX = 1024 };

struct http_session {
	CURLSH *share;
};

struct http {
	struct curl_loop *loop;
	struct curl_transfer transfer;
	struct curl_slist *headers;
	struct loop_timer *soon; /* tells a failure to start */
	http_done_fn *done;
	void *arg;
	char error[CURL_ERROR_SIZE]; /* libcurl writes into it as long as easy lives */
	struct buf head, body, reason;
	char *phrase;
	int64_t began, timeout;
	int64_t follow, followed;
	bool plain; /* GET or HEAD without a body: stays as it is over any redirect */
	bool has_body;
	bool connected;
};

/* ---- sessions ---- */

struct http_session *http_session_new(void)
{
	struct http_session *s = new0(struct http_session);

	if (curl_loop_init(NULL) < 0)
		return s; /* each request will say why */
	s->share = mem_check(curl_share_init());
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	return s;
}

void http_session_free(struct http_session *s)
{
	if (!s)
		return;
	if (s->share)
		curl_share_cleanup(s->share);
	free(s);
}

/* ---- what arrives ---- */

static void begin_head(struct http *h, const char *line, size_t n)
{
	AUTO_FREE char *text = mem_strndup(line, n);
	const char *status = strchr(text, ' ');
	const char *phrase = status ? strchr(status + 1, ' ') : NULL;

	buf_clear(&h->head);
	buf_clear(&h->body);
	mem_replace(&h->phrase, phrase ? phrase + 1 : "");
}

static size_t on_header(char *data, size_t size, size_t n_items, void *arg)
{
	struct http *h = arg;
	size_t all = size * n_items, n = all;

	while (n && str_space(data[n - 1]))
		n--;
	if (n >= 5 && strncasecmp(data, "HTTP/", 5) == 0)
		begin_head(h, data, n);
	else if (n && (!buf_add(&h->head, data, n) || !buf_add(&h->head, "", 1)))
		return 0; /* too much: libcurl gives up */
	return all;
}

static size_t on_body(char *data, size_t size, size_t n_items, void *arg)
{
	struct http *h = arg;

	return buf_add(&h->body, data, size * n_items) ? size * n_items : CURL_WRITEFUNC_ERROR;
}

static int on_connected(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct http *h = arg;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	h->connected = true;
	return CURL_PREREQFUNC_OK;
}

/* ---- failures in words ---- */

static void say_size(struct buf *out, size_t n)
{
	static const char units[] = "kMG";
	size_t u = 0;

	if (n < 1024 || n % 1024) {
		buf_printf(out, "%zu bytes", n);
		return;
	}
	for (n /= 1024; n % 1024 == 0 && u + 2 < sizeof(units); n /= 1024)
		u++;
	buf_printf(out, "%zu%c", n, units[u]);
}

static void say_lower(struct buf *out, const char *text)
{
	char first = *text;

	if (first >= 'A' && first <= 'Z' && text[1] >= 'a')
		first = (char)(first - 'A' + 'a');
	if (first) {
		buf_char(out, first);
		buf_str(out, text + 1);
	}
}

/* What the kernel said, or else libcurl's own words. */
static void say_system(struct http *h, CURLcode rc)
{
	long number = 0;
	const char *words;

	curl_easy_getinfo(h->transfer.easy, CURLINFO_OS_ERRNO, &number);
	words = number > 0 ? strerrordesc_np((int)number) : NULL;
	if (!words || number == EAGAIN || number == EINPROGRESS)
		words = *h->error ? h->error : curl_easy_strerror(rc);
	say_lower(&h->reason, words);
}

static void say_timeout(struct http *h, CURLcode rc)
{
	char span[STR_SPAN_MAX];

	(void)rc;
	if (!h->timeout) { /* libcurl's own limit for a connection */
		buf_str(&h->reason, "timed out");
		return;
	}
	buf_printf(&h->reason, "timed out after %s", str_span(h->timeout, span));
	buf_printf(&h->reason, ": %s", http_state(h));
}

static void say_write(struct http *h, CURLcode rc)
{
	(void)rc;
	if (h->head.full) {
		buf_str(&h->reason, "the headers are larger than ");
		say_size(&h->reason, h->head.max);
	} else {
		buf_str(&h->reason, "the body is larger than ");
		say_size(&h->reason, h->body.max);
	}
}

static void say_nothing(struct http *h, CURLcode rc)
{
	(void)rc;
	buf_str(&h->reason, "the connection was closed without an answer");
}

static void say_cut(struct http *h, CURLcode rc)
{
	(void)rc;
	buf_printf(&h->reason, "the connection was closed after %zu bytes of the body", h->body.len);
}

static const struct {
	CURLcode code;
	void (*say)(struct http *h, CURLcode rc);
} sayings[] = {
	{ CURLE_COULDNT_CONNECT, say_system }, { CURLE_SEND_ERROR, say_system },
	{ CURLE_RECV_ERROR, say_system },      { CURLE_OPERATION_TIMEDOUT, say_timeout },
	{ CURLE_WRITE_ERROR, say_write },      { CURLE_GOT_NOTHING, say_nothing },
	{ CURLE_PARTIAL_FILE, say_cut },
};

static void say_failure(struct http *h, CURLcode rc)
{
	for (size_t i = 0; i < ARRAY_LEN(sayings); i++)
		if (sayings[i].code == rc) {
			sayings[i].say(h, rc);
			return;
		}
	say_lower(&h->reason, *h->error ? h->error : curl_easy_strerror(rc));
}

/* Not every server sends the phrase any more, but people know it. */
static const char *usual_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} usual[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (usual[i].status == status)
			return usual[i].phrase;
	return "";
}

const char *http_state(const struct http *h)
{
	if (h->body.len)
		return "the answer is not complete";
	if (h->head.len || h->phrase)
		return "headers came, but no body";
	return h->connected ? "connected, but no answer" : "no connection";
}

/* ---- the end ---- */

static void http_free(struct http *h)
{
	if (h->transfer.easy)
		curl_easy_cleanup(h->transfer.easy);
	if (h->headers)
		curl_slist_free_all(h->headers);
	curl_loop_put(h->loop);
	loop_timer_free(h->soon);
	buf_free(&h->head);
	buf_free(&h->body);
	buf_free(&h->reason);
	free(h->phrase);
	free(h);
}

static int64_t certificate_left(CURL *easy)
{
	static const char label[] = "Expire date:";
	struct curl_certinfo *info = NULL;

	curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info);
	if (!info || info->num_of_certs < 1)
		return INT64_MAX;
	for (const struct curl_slist *s = info->certinfo[0]; s; s = s->next)
		if (str_starts(s->data, label)) {
			time_t end = curl_getdate(s->data + sizeof(label) - 1, NULL);

			return end < 0 ? INT64_MAX : (int64_t)end * CLOCK_SECOND - clock_wall();
		}
	return INT64_MAX;
}

static void finish(struct http *h)
{
	CURL *easy = h->transfer.easy;
	char *url = NULL;
	long status = 0;
	struct http_reply r = { .failure = h->reason.len ? h->reason.data : NULL,
				.certificate_left = INT64_MAX };

	if (easy) {
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
		r.certificate_left = certificate_left(easy);
	}
	r.status = (int)status;
	r.phrase = h->phrase && *h->phrase ? h->phrase : usual_phrase(r.status);
	r.url = url ? url : "";
	r.body = buf_text(&h->body);
	r.n_body = h->body.len;
	r.headers = buf_text(&h->head); /* the NUL that follows every buf ends the list */
	if (easy)
		curl_easy_setopt(easy, CURLOPT_SHARE, NULL); /* done may free the session */
	h->done(h->arg, &r);
	http_free(h);
}

/* ---- redirects, by hand: libcurl would send our own headers along to anybody ---- */

static char *url_part(const char *url, CURLUPart part)
{
	CURLU *u = mem_check(curl_url());
	char *got = NULL, *copy;

	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, part, &got, CURLU_DEFAULT_PORT) != CURLUE_OK)
		got = NULL;
	copy = mem_strdup(got);
	curl_free(got);
	curl_url_cleanup(u);
	return copy;
}

static bool same_origin(const char *a, const char *b)
{
	static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO_FREE char *x = url_part(a, parts[i]);
		AUTO_FREE char *y = url_part(b, parts[i]);

		if (!x || !y || strcasecmp(x, y) != 0)
			return false;
	}
	return true;
}

static void forget_credentials(struct http *h)
{
	CURL *easy = h->transfer.easy;

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(easy, CURLOPT_USERNAME, NULL);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, NULL);
	curl_easy_setopt(easy, CURLOPT_SHARE, NULL);
	curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
}

/* 307 and 308 repeat the request as it was; the others ask with GET. */
static int prepare_redirect(struct http *h, const char *next, long status)
{
	CURL *easy = h->transfer.easy;
	bool repeat = status == 307 || status == 308;
	char *now = NULL;

	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &now);
	if (!same_origin(now, next)) {
		if (repeat && h->has_body)
			return -1;
		forget_credentials(h);
	}
	if (!repeat && !h->plain) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		h->plain = true;
		h->has_body = false;
	}
	curl_easy_setopt(easy, CURLOPT_URL, next);
	return 0;
}

static void set_deadline(struct http *h)
{
	int64_t left = h->began + h->timeout - clock_mono();

	if (h->timeout)
		curl_easy_setopt(h->transfer.easy, CURLOPT_TIMEOUT_MS,
				 left > CLOCK_MS ? (long)(left / CLOCK_MS) : 1L);
}

/* True where the next request is under way. */
static bool follow(struct http *h)
{
	AUTO_FREE char *next = NULL;
	char *to = NULL;
	long status = 0;
	struct err e;

	curl_easy_getinfo(h->transfer.easy, CURLINFO_REDIRECT_URL, &to);
	if (!to || !h->follow)
		return false;
	if (h->followed++ >= h->follow) {
		buf_printf(&h->reason, "more than %lld redirects", (long long)h->follow);
		return false;
	}
	next = mem_strdup(to); /* libcurl frees its own when the URL changes */
	curl_easy_getinfo(h->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
	if (prepare_redirect(h, next, status) < 0) {
		buf_str(&h->reason, "a redirect would send the body to another host");
		return false;
	}
	set_deadline(h);
	h->connected = false;
	if (curl_loop_add(h->loop, &h->transfer, &e) == 0)
		return true;
	buf_str(&h->reason, e.text);
	return false;
}

static void on_ended(void *arg, CURLcode rc)
{
	struct http *h = arg;

	if (rc != CURLE_OK)
		say_failure(h, rc);
	else if (follow(h))
		return;
	finish(h);
}

/* ---- the beginning ---- */

static void on_soon(void *arg)
{
	finish(arg);
}

static void add_headers(struct http *h, const struct conf_pairs *pairs)
{
	h->headers = curl_slist_append(h->headers, "Expect:"); /* no waiting for a 100 */
	for (size_t i = 0; pairs && i < pairs->n; i++) {
		/* libcurl's way to say that a header is there, but empty */
		AUTO_FREE char *line = *pairs->values[i]
					       ? mem_printf("%s: %s", pairs->keys[i], pairs->values[i])
					       : mem_printf("%s;", pairs->keys[i]);

		h->headers = mem_check(curl_slist_append(h->headers, line));
	}
	curl_easy_setopt(h->transfer.easy, CURLOPT_HTTPHEADER, h->headers);
}

static bool said(const char *text)
{
	return text && *text;
}

static void set_text(CURL *easy, CURLoption option, const char *text)
{
	if (said(text))
		curl_easy_setopt(easy, option, text);
}

static void set_method(struct http *h, const struct http_request *q)
{
	CURL *easy = h->transfer.easy;

	if (q->body || str_eq(q->method, "POST")) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(q->body ? q->n_body : 0));
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, q->body ? q->body : "");
	}
	if (!said(q->method))
		return;
	if (strcmp(q->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method);
}

static void set_tls(CURL *easy, const struct http_request *q)
{
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	set_text(easy, CURLOPT_SSLCERT, q->cert);
	set_text(easy, CURLOPT_SSLKEY, q->key);
	set_text(easy, CURLOPT_KEYPASSWD, q->key_password);
	if (said(q->cert) && str_ends(q->cert, ".p12"))
		curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "P12");
	if (said(q->ca)) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, q->ca);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (q->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_limits(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a stop does not wait for name resolution */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "gonogo");
}

static void set_receivers(struct http *h)
{
	CURL *easy = h->transfer.easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, h);
}

static int begin(struct http *h, struct loop *l, const struct http_request *q, struct err *e)
{
	CURL *easy;

	if (http_check_url(q->url, e) < 0)
		return -1;
	h->loop = curl_loop_get(l, e);
	if (!h->loop)
		return -1;
	easy = h->transfer.easy = mem_check(curl_easy_init());
	set_limits(easy);
	set_receivers(h);
	set_tls(easy, q);
	set_method(h, q);
	add_headers(h, q->headers);
	curl_easy_setopt(easy, CURLOPT_URL, q->url);
	curl_easy_setopt(easy, CURLOPT_PROXY, q->proxy ? q->proxy : "");
	set_text(easy, CURLOPT_USERNAME, q->user);
	set_text(easy, CURLOPT_PASSWORD, q->password);
	if (q->session) {
		curl_easy_setopt(easy, CURLOPT_SHARE, q->session->share);
		curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); /* switches the cookie engine on */
	}
	set_deadline(h);
	return curl_loop_add(h->loop, &h->transfer, e);
}

struct http *http_start(struct loop *l, const struct http_request *q, http_done_fn *done, void *arg)
{
	struct http *h = new0(struct http);
	struct err e;

	h->transfer.done = on_ended;
	h->transfer.arg = h;
	h->done = done;
	h->arg = arg;
	h->head.max = HEAD_MAX;
	h->body.max = (size_t)q->max_body;
	h->reason.max = REASON_MAX;
	h->began = clock_mono();
	h->timeout = q->timeout;
	h->follow = q->follow;
	h->has_body = q->body;
	h->plain = !q->body && (!said(q->method) || str_eq(q->method, "GET") || str_eq(q->method, "HEAD"));
	if (begin(h, l, q, &e) < 0) {
		buf_str(&h->reason, e.text);
		h->soon = loop_timer_new(l, on_soon, h);
		loop_timer_at(h->soon, clock_mono());
	}
	return h;
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	if (h->transfer.easy)
		curl_loop_remove(h->loop, &h->transfer);
	http_free(h);
}

/* ---- small things ---- */

const char *http_header(const struct http_reply *r, const char *name)
{
	size_t n = strlen(name);

	for (const char *h = r->headers; *h; h += strlen(h) + 1)
		if (strncasecmp(h, name, n) == 0 && h[n] == ':')
			return h + n + 1 + strspn(h + n + 1, " \t");
	return NULL;
}

int http_check_url(const char *url, struct err *e)
{
	AUTO_FREE char *scheme = NULL, *password = NULL;

	if (libcurl_load(e) < 0)
		return -1;
	scheme = url_part(url, CURLUPART_SCHEME);
	password = url_part(url, CURLUPART_PASSWORD);
	secret_add(password);
	if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return err_set(e, "'%s' is no URL that begins with http:// or https://",
			       password ? "***" : url);
	return 0;
}

void http_escape(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (str_word(*text) || strchr("-.~", *text))
			buf_char(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}
