/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Active checks.  A kind knows how to ask once; the schedule (when, how often, how long) is the same for all.
 * A try has a result of three: pass, not yet, fail.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "loop/loop.h"

enum probe_result { PROBE_PASS, PROBE_NOT_YET, PROBE_FAIL };
const char *probe_result_name(enum probe_result r); /* "pass", "not-yet", "fail" */

/* What one try answered; all of it is only good during the call. */
struct probe_answer {
	enum probe_result result;
	const char *reason;		/* one line: what was found, what was expected */
	const struct conf_pairs *facts; /* name -> value; NULL: none */
	double progress;		/* done/total of an index, 0 to 1; below 0: unknown */
};

struct probe_try; /* one running try of a kind */
typedef void probe_done_fn(void *arg, const struct probe_answer *a);

struct probe_kind {
	const char *name; /* the key in plans and definitions */
	const char *help; /* one sentence */
	const struct conf_key *keys;
	size_t size; /* of the settings that keys fill */
	/*
	 * Reads what the keys cannot express (maps of expectations, patterns) into the settings and says what
	 * is wrong with them (no assertion at all, contradictions); n is the kind's map, and is not looked at
	 * afterwards.
	 */
	void (*check)(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		      struct conf_problems *p);
	/* Releases what check() or start() keep in the settings beyond the keys, also where check found
	 * fault. */
	void (*clear)(void *settings);
	/*
	 * Begins one try; done is called exactly once, from the loop, never from within start, unless stop
	 * comes first. The schedule calls stop when try_timeout is over or the probe is no longer wanted;
	 * after it done never comes.
	 */
	struct probe_try *(*start)(void *settings, struct loop *l, probe_done_fn *done, void *arg);
	void (*stop)(struct probe_try *t);
	/* How far it has come, for the reason of a timeout: "connected, but no answer"; may be NULL. */
	const char *(*waits_for)(const struct probe_try *t);
};

#define KIND(x) extern const struct probe_kind probe_kind_##x;
#include "probe/kinds.def"
#undef KIND

const struct probe_kind *probe_kind_named(const char *name); /* NULL if there is none */
const struct probe_kind *probe_kind_at(size_t i);	     /* NULL past the last */

/* The schedule and the rest that every probe has. */
struct probe_common {
	char *name;
	char *node;
	char *title;
	int when; /* enum probe_when */
	bool optional;
	int64_t delay, every, try_timeout, give_up_after, hold;
};
enum probe_when { PROBE_AFTER, PROBE_BEFORE };
extern const struct conf_key probe_common_keys[];

/* A probe of a plan, ready to be asked. */
struct probe;
/*
 * n is an entry of a plan's probes: either `use: NAME` with `with: {...}` (a definition out of folders,
 * searched in order) or one of the kinds as a key; both with the common keys.  NULL with the reasons in p.
 */
struct probe *probe_from_conf(const struct conf_node *n, const struct conf_vars *vars,
			      const struct conf_texts *folders, struct conf_problems *p);
/* Checks a definition file by itself (gonogo check): every mistake to p. */
void probe_check_definition(const struct conf *c, struct conf_problems *p);
void probe_free(struct probe *p);
DEFINE_AUTO(probe)
const char *probe_name(const struct probe *p);
const struct probe_common *probe_settings(const struct probe *p);
const struct probe_kind *probe_kind_of(const struct probe *p);

/* Comes after every try and on every change of state. */
struct probe_status {
	/* of the whole: pass has held; fail is for good, a try's own or because give_up_after is over */
	enum probe_result state;
	uint64_t tries;
	const char *reason;		/* of the last try */
	const char *most_often;		/* the most frequent reason so far */
	double seconds;			/* the last try took */
	double progress;		/* below 0: unknown */
	const struct conf_pairs *facts; /* of the last try; NULL: none */
};
typedef void probe_status_fn(void *arg, struct probe *p, const struct probe_status *s);

/*
 * Begins to ask: first after delay, then every `every` (never two tries at once, never sooner than `every`
 * after the last began).  A probe that passes goes on being asked until it is stopped, so that a later
 * failure is seen.
 */
void probe_start(struct probe *p, struct loop *l, probe_status_fn *fn, void *arg);
/* One try only, as fast as it answers; for `gonogo probe`. */
void probe_ask_once(struct probe *p, struct loop *l, probe_status_fn *fn, void *arg);
void probe_stop(struct probe *p);
