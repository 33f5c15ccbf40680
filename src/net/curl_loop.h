/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's transfers on our loop: one multi handle a loop, there as long as somebody holds it. */
#pragma once
#include "base/err.h"
#include "loop/loop.h"
#include "net/libcurl.h"

/* Before anything else of libcurl but its URLs; done by curl_loop_get(). */
int curl_loop_init(struct err *e);

struct curl_loop;
/* Counted: each get needs a put.  NULL with the reason in e. */
struct curl_loop *curl_loop_get(struct loop *l, struct err *e);
void curl_loop_put(struct curl_loop *c); /* NULL is fine */

/* From the loop, once a transfer; it is no longer ours then and may be added anew, cleaned up, or left. */
typedef void curl_loop_done_fn(void *arg, CURLcode result);

struct curl_transfer {
	CURL *easy; /* its CURLOPT_PRIVATE is ours */
	curl_loop_done_fn *done;
	void *arg;
};

/* t must stay where it is until done or curl_loop_remove(). */
int curl_loop_add(struct curl_loop *c, struct curl_transfer *t, struct err *e);
/* Not from within libcurl's own callbacks. */
void curl_loop_remove(struct curl_loop *c, struct curl_transfer *t);
