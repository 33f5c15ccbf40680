/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolve.h"

#include <string.h>

#include "base/mem.h"

struct job {
	char *host, *port;
	int rc;
	struct addrinfo *list;
};

struct resolve {
	struct worker *worker;
	resolve_done_fn *done;
	void *arg;
};

static void run(void *arg)
{
	const struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct job *j = arg;

	j->rc = getaddrinfo(j->host, j->port, &want, &j->list);
}

static void free_job(void *arg)
{
	struct job *j = arg;

	if (j->list)
		freeaddrinfo(j->list);
	free(j->host);
	free(j->port);
	free(j);
}

static const struct worker_task task = { run, free_job };

static void on_done(void *arg, void *job, const char *failure)
{
	struct resolve *r = arg;
	const struct job *j = job;
	AUTO_FREE char *reason = NULL;

	if (failure)
		reason = mem_strdup(failure);
	else if (j->rc)
		reason = mem_printf("the name '%s' does not resolve: %s", j->host, gai_strerror(j->rc));
	r->done(r->arg, reason ? NULL : j->list, reason);
	free(r);
}

struct resolve *resolve_start(struct loop *l, const char *host, const char *port, resolve_done_fn *done,
			      void *arg)
{
	struct resolve *r = new0(struct resolve);
	struct job *j = new0(struct job);

	j->host = mem_strdup(host);
	j->port = mem_strdup(port);
	r->done = done;
	r->arg = arg;
	r->worker = worker_start(l, &task, j, on_done, r);
	return r;
}

void resolve_stop(struct resolve *r)
{
	if (!r)
		return;
	worker_stop(r->worker);
	free(r);
}
