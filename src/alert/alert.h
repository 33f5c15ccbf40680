/* SPDX-License-Identifier: Apache-2.0 */
/* Tells somebody about a verdict.  Bounded in time; an alert that cannot be delivered never changes the
 * verdict. */
#pragma once
#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "verdict/outcome.h"

struct alert_try;
/* error NULL: delivered.  Comes exactly once unless stop comes first, never from within start. */
typedef void alert_done_fn(void *arg, const char *error);

struct alert_kind {
	const char *name; /* the key in plans */
	const char *help;
	const struct conf_key *keys; /* a scalar in the plan (`webhook: URL`) fills the first row */
	size_t size;
	void (*check)(const void *settings, const struct conf_node *n,
		      struct conf_problems *p); /* may be NULL */
	/*
	 * body is the verdict document as JSON text, o the same as values; both live until stop, which comes
	 * in any case, also after done.  Never NULL: what cannot even begin is said by done.
	 */
	struct alert_try *(*start)(void *settings, const struct outcome *o, const char *body, struct loop *l,
				   alert_done_fn *done, void *arg);
	void (*stop)(struct alert_try *t);
};

#define KIND(x) extern const struct alert_kind alert_kind_##x;
#include "alert/kinds.def"
#undef KIND

const struct alert_kind *alert_kind_named(const char *name);
const struct alert_kind *alert_kind_at(size_t i);

/* An entry of a plan's alerts: a channel and the verdicts it is for (`on:`, all but GO if absent). */
struct alert;
struct alert *alert_from_conf(const struct conf_node *n, const struct conf_vars *vars,
			      struct conf_problems *p);
void alert_free(struct alert *a);
DEFINE_AUTO(alert)

/*
 * Sends those of the n alerts that are for o->verdict, all at once, each within its timeout, running l
 * itself; adds how it went to o->alerts.
 */
void alert_send_all(struct alert *const *alerts, size_t n, struct outcome *o, struct loop *l);
