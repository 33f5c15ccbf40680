/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request on the loop: a fresh connection, no silent second try, no more of the answer than wanted,
 * and every failure in one line of words.  Credentials and cookies stay with the host they were meant for.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "loop/loop.h"

/* The cookies that several requests share, as a browser's window does. */
struct http_session;
struct http_session *http_session_new(void);
void http_session_free(struct http_session *s); /* after the requests that use it */
DEFINE_AUTO(http_session)

/* An empty text is as good as NULL, but for url, body and headers. */
struct http_request {
	const char *method;		  /* NULL: GET, with a body POST */
	const char *url;		  /* http or https */
	const struct conf_pairs *headers; /* NULL: none of our own */
	const char *body;		  /* NULL: none */
	size_t n_body;
	const char *user, *password;  /* basic authentication; NULL: none */
	struct http_session *session; /* NULL: no cookies */
	int64_t follow;	  /* so many redirects, and their last answer counts; 0: a redirect is the answer */
	int64_t max_body; /* bytes; more is a failure */
	int64_t timeout;  /* ns for everything together; 0: the caller stops it */
	const char *ca;	  /* a file of certificates to trust instead of the system's; NULL: the system's */
	const char *cert, *key, *key_password; /* files of ours, PEM or .p12; NULL: none */
	bool insecure;			       /* any certificate of the server will do */
	const char *proxy;		       /* NULL: none, whatever the environment says */
};

struct http_reply {
	const char *failure; /* why there is no answer worth looking at, in one line; NULL: there is one */
	int status;	     /* 0: not even a status came */
	const char *phrase;  /* what stands beside the status, or what usually does; "" unknown */
	const char *url;     /* where the answer came from, after redirects */
	const char *body;
	size_t n_body;
	int64_t certificate_left; /* ns until the server's certificate expires; INT64_MAX: there is none */
	const char *headers;	  /* NUL-separated "Name: value", ended by an empty one; see http_header() */
};

/* All of r is good until done returns; the request is gone then and must not be stopped. */
typedef void http_done_fn(void *arg, const struct http_reply *r);

struct http;
/* Copies what q names.  done comes once from the loop, never from in here, unless http_stop() comes first. */
struct http *http_start(struct loop *l, const struct http_request *q, http_done_fn *done, void *arg);
void http_stop(struct http *h); /* NULL is fine */
/* What it has got so far, for whoever loses patience: "connected, no answer yet". */
const char *http_state(const struct http *h);

/* The first header of that name in any case of letters, or NULL. */
const char *http_header(const struct http_reply *r, const char *name);
/* A well-formed http or https URL?  A password inside it is registered as a secret. */
int http_check_url(const char *url, struct err *e);
/* Appends text as it stands in a form or query. */
void http_escape(struct buf *out, const char *text);
