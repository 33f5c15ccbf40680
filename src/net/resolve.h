/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a host name into addresses without making the loop wait. */
#pragma once
#include <netdb.h>

#include "loop/loop.h"
#include "net/worker.h"

/* list (stream sockets, good during the call) or, where it is NULL, the reason. */
typedef void resolve_done_fn(void *arg, const struct addrinfo *list, const char *reason);

struct resolve;
/* done comes once from the loop, never from in here, unless resolve_stop() comes first.  port may be NULL. */
struct resolve *resolve_start(struct loop *l, const char *host, const char *port, resolve_done_fn *done,
			      void *arg);
void resolve_stop(struct resolve *r); /* NULL is fine */
