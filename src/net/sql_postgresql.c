/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL over libpq, never waiting.  libpq resolves names on its own only where it may block, so that is
 * done for it.  The query runs in a transaction that is read-only and never committed: unlike a session's
 * settings this leaves nothing behind on a connection that a pooler in between hands to the application
 * afterwards.
 */
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/libpq.h"
#include "net/resolve.h"
#include "net/sql_driver.h"

enum { LIST_MAX = 16 * 1024, BOOLOID = 16 };

enum stage { RESOLVING, CONNECTING, OPENING, ASKING };

/* host, hostaddr and port as libpq wants them: lists of the same length */
struct hosts {
	char **names, **ports;
	size_t n, at;
	struct buf name_list, address_list, port_list;
	char *reason; /* why a name did not resolve */
};

struct run {
	struct loop *loop;
	struct loop_timer *soon;
	struct err failure; /* to load libpq */
	struct loop_io *io;
	struct resolve *resolve;
	PQconninfoOption *options;
	struct hosts hosts;
	PGconn *conn;
	enum stage stage;
	char *query;
	int64_t timeout;
	struct sql_result result;
	sql_driver_done_fn *done;
	void *arg;
};

static void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static void free_run(struct run *r)
{
	loop_timer_free(r->soon);
	loop_io_free(r->io);
	resolve_stop(r->resolve);
	if (r->options)
		PQconninfoFree(r->options);
	free_texts(r->hosts.names, r->hosts.n);
	free_texts(r->hosts.ports, r->hosts.n);
	buf_free(&r->hosts.name_list);
	buf_free(&r->hosts.address_list);
	buf_free(&r->hosts.port_list);
	free(r->hosts.reason);
	if (r->conn)
		PQfinish(r->conn);
	free(r->query);
	sql_result_clear(&r->result);
	free(r);
}

static void finish(struct run *r)
{
	r->done(r->arg, &r->result);
	free_run(r);
}

static void fail(struct run *r, const char *text)
{
	sql_result_fail(&r->result, text);
	finish(r);
}

static void on_ready(void *arg, int fd, uint32_t events);

/* The socket may be another after each step of connecting. */
static void wait_for(struct run *r, uint32_t events)
{
	struct err e;

	loop_io_free(r->io);
	r->io = loop_io_add(r->loop, PQsocket(r->conn), events, on_ready, r, &e);
	if (!r->io)
		fail(r, e.text);
}

/* ---- asking ---- */

static const char *value_text(const PGresult *res, int column)
{
	const char *text = PQgetvalue(res, 0, column);

	if (PQftype(res, column) == BOOLOID)
		return *text == 't' ? "true" : "false";
	return text;
}

static void keep_row(struct sql_result *r, const PGresult *res)
{
	sql_result_columns(r, (size_t)PQnfields(res));
	for (int i = 0; i < (int)r->n_columns; i++) {
		r->columns[i] = mem_strdup(PQfname(res, i));
		if (PQgetisnull(res, 0, i) == 0) {
			const char *text = value_text(res, i);

			r->values[i] = sql_copy(text, strlen(text));
		}
	}
}

static void keep(struct run *r, const PGresult *res)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR)
		sql_result_fail(&r->result, message ? message : PQresultErrorMessage(res));
	else if (r->stage == ASKING && status == PGRES_SINGLE_TUPLE && r->result.n_rows++ == 0)
		keep_row(&r->result, res);
	else if (r->stage == ASKING && (status == PGRES_COPY_IN || status == PGRES_COPY_OUT))
		sql_result_fail(&r->result, "COPY is no query");
}

static void send_query(struct run *r)
{
	r->stage = ASKING;
	/* with parameters, were there any: this form takes one statement only */
	if (!PQsendQueryParams(r->conn, r->query, 0, NULL, NULL, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(r->conn))
		fail(r, PQerrorMessage(r->conn));
	else
		wait_for(r, EPOLLIN | EPOLLOUT);
}

static void open_transaction(struct run *r)
{
	AUTO_FREE char *text = mem_printf("begin transaction read only; set local statement_timeout = %lld",
					  (long long)(r->timeout / CLOCK_MS));

	r->stage = OPENING;
	if (PQsetnonblocking(r->conn, 1) < 0 || !PQsendQuery(r->conn, text))
		fail(r, PQerrorMessage(r->conn));
	else
		wait_for(r, EPOLLIN | EPOLLOUT);
}

/* All of one command's results were taken. */
static void next_stage(struct run *r)
{
	if (r->stage == OPENING && !r->result.failure)
		send_query(r);
	else
		finish(r);
}

static void exchange(struct run *r)
{
	PGresult *res;
	int unsent;

	if (!PQconsumeInput(r->conn) || (unsent = PQflush(r->conn)) < 0) {
		fail(r, PQerrorMessage(r->conn));
		return;
	}
	while (!PQisBusy(r->conn)) {
		res = PQgetResult(r->conn);
		if (!res) {
			next_stage(r);
			return;
		}
		keep(r, res);
		PQclear(res);
		if (r->stage == ASKING && r->result.failure) { /* also where COPY would never end */
			finish(r);
			return;
		}
	}
	loop_io_change(r->io, unsent ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- connecting ---- */

static void on_notice(void *arg, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("postgresql: %s", text ? text : "a notice without words");
}

static void connecting(struct run *r)
{
	/* it may close the socket */
	loop_io_free(r->io);
	r->io = NULL;
	switch (PQconnectPoll(r->conn)) {
	case PGRES_POLLING_READING:
		wait_for(r, EPOLLIN);
		break;
	case PGRES_POLLING_WRITING:
		wait_for(r, EPOLLOUT);
		break;
	case PGRES_POLLING_OK:
		open_transaction(r);
		break;
	case PGRES_POLLING_FAILED:
	case PGRES_POLLING_ACTIVE:
	default:
		fail(r, PQerrorMessage(r->conn));
	}
}

static void on_ready(void *arg, int fd, uint32_t events)
{
	struct run *r = arg;

	(void)fd;
	(void)events;
	if (r->stage == CONNECTING)
		connecting(r);
	else
		exchange(r);
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static const char *replaced(const struct run *r, const PQconninfoOption *o)
{
	static const char *const keywords[] = { "host", "hostaddr", "port" };
	const struct buf *lists[] = { &r->hosts.name_list, &r->hosts.address_list, &r->hosts.port_list };

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (lists[0]->len && strcmp(o->keyword, keywords[i]) == 0)
			return buf_text(lists[i]);
	return o->val;
}

static PGconn *connect_start(const struct run *r)
{
	const char *keywords[64], *values[64];
	size_t n = 0;

	for (const PQconninfoOption *o = r->options; o->keyword && n + 2 < ARRAY_LEN(keywords); o++) {
		const char *value = replaced(r, o);

		if (!value || strcmp(o->keyword, "fallback_application_name") == 0)
			continue;
		keywords[n] = o->keyword;
		values[n++] = value;
	}
	keywords[n] = "fallback_application_name";
	values[n++] = "gonogo";
	keywords[n] = values[n] = NULL;
	return PQconnectStartParams(keywords, values, 0);
}

static void connect_now(struct run *r)
{
	r->stage = CONNECTING;
	r->conn = mem_check(connect_start(r));
	PQsetNoticeReceiver(r->conn, on_notice, NULL);
	if (PQstatus(r->conn) == CONNECTION_BAD)
		fail(r, PQerrorMessage(r->conn));
	else
		wait_for(r, EPOLLOUT);
}

/* ---- names ---- */

static void add_host(struct hosts *h, const char *name, const char *address, const char *port)
{
	const char *comma = h->name_list.len ? "," : "";

	buf_printf(&h->name_list, "%s%s", comma, name);
	buf_printf(&h->address_list, "%s%s", comma, address);
	buf_printf(&h->port_list, "%s%s", comma, port);
}

static void resolve_next(struct run *r);

static void on_resolved(void *arg, const struct addrinfo *list, const char *reason)
{
	struct run *r = arg;
	struct hosts *h = &r->hosts;
	size_t i = h->at++;

	r->resolve = NULL;
	if (!list && !h->reason)
		h->reason = mem_strdup(reason);
	for (; list; list = list->ai_next) {
		char address[NI_MAXHOST];

		if (getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) == 0)
			add_host(h, h->names[i], address, h->ports[i]);
	}
	resolve_next(r);
}

static bool is_socket_folder(const char *host)
{
	return host[0] == '/' || host[0] == '@' || host[0] == '\0';
}

static void resolve_next(struct run *r)
{
	struct hosts *h = &r->hosts;

	for (; h->at < h->n && is_socket_folder(h->names[h->at]); h->at++)
		add_host(h, h->names[h->at], "", h->ports[h->at]);
	if (h->at < h->n) {
		r->resolve = resolve_start(r->loop, h->names[h->at], NULL, on_resolved, r);
	} else if (h->n && !h->name_list.len) {
		fail(r, h->reason ? h->reason : "no host to connect to");
	} else {
		connect_now(r);
	}
}

/* The i-th of a list with commas; of a list of one, that one. */
static char *list_item(const char *list, size_t i)
{
	const char *only = strchr(list, ',') ? NULL : list;

	for (; i && !only; i--)
		list += strcspn(list, ",") + (strchr(list, ',') ? 1 : 0);
	return mem_strndup(list, strcspn(list, ","));
}

/* Only names that libpq would look up itself; what a service file says cannot be known from here. */
static void list_hosts(struct run *r)
{
	struct hosts *h = &r->hosts;
	const char *host = option(r->options, "host");
	const char *port = option(r->options, "port");
	const char *address = option(r->options, "hostaddr");

	if (!host && !option(r->options, "service"))
		host = getenv("PGHOST");
	if (!port)
		port = getenv("PGPORT");
	if (!host || !*host || (address && *address) || getenv("PGHOSTADDR"))
		return;
	for (const char *p = host; p; p = strchr(p + 1, ','))
		h->n++;
	h->names = mem_zero(h->n, sizeof(*h->names));
	h->ports = mem_zero(h->n, sizeof(*h->ports));
	for (size_t i = 0; i < h->n; i++) {
		h->names[i] = list_item(host, i);
		h->ports[i] = list_item(port ? port : "", i);
	}
}

static void on_soon(void *arg)
{
	struct run *r = arg;

	if (r->failure.text[0])
		fail(r, r->failure.text);
	else if (!r->options)
		fail(r, "conninfo cannot be read");
	else
		resolve_next(r);
}

static void *start(struct loop *l, const struct sql_query *q, sql_driver_done_fn *done, void *arg)
{
	struct run *r = new0(struct run);

	*r = (struct run){
		.loop = l, .query = mem_strdup(q->query), .timeout = q->timeout, .done = done, .arg = arg
	};
	r->hosts.name_list.max = r->hosts.address_list.max = r->hosts.port_list.max = LIST_MAX;
	if (libpq_load(&r->failure) == 0)
		r->options = PQconninfoParse(q->conninfo, NULL);
	if (r->options)
		list_hosts(r);
	/* each way may fail at once, and done must not come from in here */
	r->soon = loop_timer_new(l, on_soon, r);
	loop_timer_at(r->soon, clock_mono());
	return r;
}

static void stop(void *run)
{
	free_run(run);
}

static const char *state(const void *run)
{
	const struct run *r = run;

	return r->stage == RESOLVING	? "the name does not resolve"
	       : r->stage == CONNECTING ? "no connection"
					: "connected, but no result";
}

/* libpq's own message about a bad string would quote it, password and all. */
static int check(const char *conninfo, struct err *e)
{
	static const char *const passwords[] = { "password", "sslpassword" };
	PQconninfoOption *options;

	if (libpq_load(e) < 0)
		return -1;
	options = PQconninfoParse(conninfo, NULL);
	if (!options) {
		secret_add(conninfo);
		return err_set(e, "it is neither a connection string (host=... dbname=... user=...) nor a "
				  "postgresql:// URI");
	}
	for (size_t i = 0; i < ARRAY_LEN(passwords); i++)
		secret_add(option(options, passwords[i]));
	PQconninfoFree(options);
	return 0;
}

const struct sql_driver sql_driver_postgresql = {
	.start = start,
	.stop = stop,
	.state = state,
	.check = check,
};
