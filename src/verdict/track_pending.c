/* SPDX-License-Identifier: Apache-2.0 */
/* What was begun in a log and is not over: promises and retries. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "verdict/track_impl.h"

enum { PROMISES_MAX = 10000 };

/* ---- promises ---- */

static void clear_promise(struct track_promise *p)
{
	free(p->key);
	free(p->broken);
	reason_clear(&p->where);
}

void track_clear_promises(struct track *t, bool history_too)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_promises; i++) {
		struct track_promise *p = &t->promises[i];

		if (p->rule->history && !history_too) {
			t->promises[kept++] = *p;
			continue;
		}
		clear_promise(p);
	}
	t->n_promises = kept;
}

static void judge_promise(struct track *t, size_t i)
{
	struct track_promise *p = &t->promises[i];
	AUTO_FREE char *what = NULL;

	if (p->rule->unclosed == UNCLOSED_UNDECIDED)
		return;
	if (p->broken)
		what = mem_strdup(p->broken);
	else if (p->opened > 1)
		what = mem_printf("%s was begun %llu times and never reported done", p->key,
				  (unsigned long long)p->opened);
	else
		what = mem_printf("%s was begun and never reported done", p->key);
	track_add_derived(t, &p->where, p->rule->unclosed == UNCLOSED_ROLLBACK, what);
	clear_promise(p);
	memmove(p, p + 1, (t->n_promises - i - 1) * sizeof(*p));
	t->n_promises--;
}

void track_open_promise(struct track *t, const struct sighting *x)
{
	AUTO_FREE char *key = rule_expand(x->rule->opens, x->captures, x->n_captures);
	struct track_promise *p;

	for (size_t i = 0; i < t->n_promises; i++) {
		if (strcmp(t->promises[i].key, key) != 0)
			continue;
		t->promises[i].opened++;
		return;
	}
	if (t->n_promises >= PROMISES_MAX) {
		track_gap(t, "too many things were begun and not reported done to keep count of");
		return;
	}
	p = ARRAY_ADD(t->promises, t->n_promises, t->room_promises);
	p->key = mem_strdup(key);
	p->broken = x->rule->broken ? rule_expand(x->rule->broken, x->captures, x->n_captures) : NULL;
	p->rule = x->rule;
	p->opened = 1;
	track_keep_evidence(&p->where, t, x);
}

void track_close_promise(struct track *t, const struct sighting *x, const char *closes)
{
	AUTO_FREE char *key = rule_expand(closes, x->captures, x->n_captures);

	for (size_t i = 0; i < t->n_promises; i++) {
		struct track_promise *p = &t->promises[i];

		if (strcmp(p->key, key) != 0)
			continue;
		clear_promise(p);
		memmove(p, p + 1, (t->n_promises - i - 1) * sizeof(*p));
		t->n_promises--;
		t->held_from = x->at;
		return;
	}
}

void track_judge_due(struct track *t, const struct rule *met)
{
	for (size_t i = t->n_promises; i-- > 0;)
		if (str_eq(t->promises[i].rule->due, met->full))
			judge_promise(t, i);
}

void track_close(struct track *t, bool for_good)
{
	for (size_t i = t->n_promises; i-- > 0;) {
		const struct rule *r = t->promises[i].rule;

		if (!r->due && (for_good || !r->history))
			judge_promise(t, i);
	}
}

/* ---- retries ---- */

void track_clear_retries(struct track *t)
{
	for (size_t i = 0; i < t->n_retries; i++)
		reason_clear(&t->retries[i].where);
	t->n_retries = 0;
}

static void fail_retry(struct track *t, size_t i)
{
	struct track_retry *r = &t->retries[i];
	AUTO_FREE char *what = mem_printf("still failing after %llu tries: %s", (unsigned long long)r->tries,
					  r->where.say ? r->where.say : r->where.text);

	track_add_derived(t, &r->where, false, what);
	reason_clear(&r->where);
	memmove(r, r + 1, (t->n_retries - i - 1) * sizeof(*r));
	t->n_retries--;
}

static bool retry_is_over(const struct track_retry *r, int64_t at, int64_t arrival)
{
	if (r->rule->tries && r->tries >= (uint64_t)r->rule->tries)
		return true;
	if (!r->rule->within)
		return false;
	return at != CLOCK_UNKNOWN && r->at != CLOCK_UNKNOWN ? at - r->at > r->rule->within
							     : arrival - r->arrival > r->rule->within;
}

void track_retry(struct track *t, const struct sighting *x)
{
	struct track_retry *r = NULL;

	for (size_t i = 0; i < t->n_retries; i++)
		if (t->retries[i].rule == x->rule)
			r = &t->retries[i];
	if (!r) {
		r = ARRAY_ADD(t->retries, t->n_retries, t->room_retries);
		r->rule = x->rule;
		r->at = x->at;
		r->arrival = x->arrival;
	}
	r->tries++;
	track_keep_evidence(&r->where, t, x);
	if (retry_is_over(r, x->at, x->arrival))
		fail_retry(t, (size_t)(r - t->retries));
}

void track_end_retries(struct track *t, const struct rule *met)
{
	for (size_t i = t->n_retries; i-- > 0;) {
		if (!str_eq(t->retries[i].rule->until, met->full))
			continue;
		reason_clear(&t->retries[i].where);
		memmove(&t->retries[i], &t->retries[i + 1], (t->n_retries - i - 1) * sizeof(*t->retries));
		t->n_retries--;
	}
}

bool track_time(struct track *t, int64_t now)
{
	size_t before = t->n_retries;

	for (size_t i = t->n_retries; i-- > 0;)
		if (retry_is_over(&t->retries[i], CLOCK_UNKNOWN, now))
			fail_retry(t, i);
	return t->n_retries != before;
}

bool track_pending(const struct track *t)
{
	return t->n_promises || t->n_retries;
}
