/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/schedule.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"

enum { REASONS_MAX = 32, SHOWN_MAX = 600 };

struct said {
	char *reason;
	uint64_t times;
};

struct schedule {
	const struct probe_common *common;
	const struct probe_kind *kind;
	void *settings;
	struct loop *loop;
	struct loop_timer *timer;
	struct probe_try *running;
	schedule_fn *fn;
	void *arg;
	bool once;
	int64_t next_at;       /* of the next try */
	int64_t began_at;      /* the last try */
	int64_t waiting_since; /* for a pass; 0: it has passed */
	int64_t passing_since; /* 0: the last try did not pass */
	struct probe_status status;
	char *reason; /* what status points to */
	struct said said[REASONS_MAX];
	size_t n_said;
};

struct schedule *schedule_new(const struct probe_common *common, const struct probe_kind *kind,
			      void *settings)
{
	struct schedule *s = new0(struct schedule);

	s->common = common;
	s->kind = kind;
	s->settings = settings;
	return s;
}

void schedule_stop(struct schedule *s)
{
	if (s->running)
		s->kind->stop(s->running);
	s->running = NULL;
	loop_timer_free(s->timer);
	s->timer = NULL;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	schedule_stop(s);
	for (size_t i = 0; i < s->n_said; i++)
		free(s->said[i].reason);
	free(s->reason);
	free(s);
}

/* ---- reasons ---- */

/* One line, without secrets, not longer than people read. */
static char *cleaned(const char *reason)
{
	AUTO_FREE char *masked = secret_masked(reason);
	char *line = text_line_dup(masked, strlen(masked));
	size_t n = strlen(line);

	if (n <= SHOWN_MAX)
		return line;
	for (n = SHOWN_MAX; n && ((unsigned char)line[n] & 0xC0) == 0x80; n--)
		;
	line[n] = '\0';
	return line;
}

/* Where all places are taken, the new reason gets that of the rarest. */
static void count_reason(struct schedule *s, const char *reason)
{
	struct said *rarest = s->said;

	for (size_t i = 0; i < s->n_said; i++) {
		if (strcmp(s->said[i].reason, reason) == 0) {
			s->said[i].times++;
			return;
		}
		if (s->said[i].times < rarest->times)
			rarest = &s->said[i];
	}
	if (s->n_said < REASONS_MAX)
		rarest = &s->said[s->n_said++];
	mem_replace(&rarest->reason, reason);
	rarest->times = 1;
}

static const char *most_often(const struct schedule *s)
{
	const struct said *most = s->said;

	for (size_t i = 1; i < s->n_said; i++)
		if (s->said[i].times > most->times)
			most = &s->said[i];
	return s->n_said ? most->reason : s->reason;
}

/* ---- the state of the whole ---- */

static int64_t give_up_at(const struct schedule *s)
{
	int64_t at;

	if (s->once || !s->common->give_up_after || !s->waiting_since ||
	    __builtin_add_overflow(s->waiting_since, s->common->give_up_after, &at))
		return CLOCK_NEVER;
	return at;
}

static void arrange_next(struct schedule *s)
{
	int64_t wake = s->running ? s->began_at + s->common->try_timeout : s->next_at;
	int64_t end = give_up_at(s);

	if (s->status.state == PROBE_FAIL || (s->once && s->status.tries))
		loop_timer_off(s->timer);
	else
		loop_timer_at(s->timer, wake < end ? wake : end);
}

/* The last thing of each turn: fn may free the schedule. */
static void tell(struct schedule *s)
{
	s->status.reason = s->reason;
	s->status.most_often = most_often(s);
	arrange_next(s);
	s->fn(s->arg, &s->status);
}

static void passed(struct schedule *s, int64_t now)
{
	int64_t hold = s->once ? 0 : s->common->hold;
	char got[STR_SPAN_MAX], want[STR_SPAN_MAX];

	if (!s->passing_since)
		s->passing_since = now;
	if (now - s->passing_since >= hold) {
		s->status.state = PROBE_PASS;
		s->waiting_since = 0;
		return;
	}
	AUTO_FREE char *held = mem_printf("%s; has held for %s of %s", s->reason,
					  str_span(now - s->passing_since, got), str_span(hold, want));
	mem_replace(&s->reason, held);
	s->status.state = PROBE_NOT_YET;
}

static void did_not_pass(struct schedule *s, enum probe_result result, int64_t now)
{
	count_reason(s, s->reason);
	s->passing_since = 0;
	if (!s->waiting_since)
		s->waiting_since = now;
	s->status.state = result;
}

static void ended(struct schedule *s, const struct probe_answer *a)
{
	int64_t now = clock_mono();

	s->running = NULL;
	s->next_at = s->began_at + s->common->every;
	s->status.tries++;
	s->status.seconds = (double)(now - s->began_at) / 1e9;
	s->status.progress = a->progress;
	s->status.facts = a->facts;
	free(s->reason);
	s->reason = cleaned(a->reason);
	if (a->result == PROBE_PASS)
		passed(s, now);
	else
		did_not_pass(s, a->result, now);
	tell(s);
}

static void on_answer(void *arg, const struct probe_answer *a)
{
	ended(arg, a);
}

/* ---- time ---- */

static void time_out(struct schedule *s)
{
	const char *waits_for = s->kind->waits_for ? s->kind->waits_for(s->running) : NULL;
	char span[STR_SPAN_MAX];
	AUTO_FREE char *reason = mem_printf("timed out after %s%s%s", str_span(s->common->try_timeout, span),
					    waits_for ? ": " : "", waits_for ? waits_for : "");
	const struct probe_answer a = { .result = PROBE_NOT_YET, .reason = reason, .progress = -1 };

	s->kind->stop(s->running);
	ended(s, &a);
}

static void give_up(struct schedule *s)
{
	char span[STR_SPAN_MAX];
	AUTO_FREE char *reason = mem_printf("gave up after %s: %s", str_span(s->common->give_up_after, span),
					    s->reason ? s->reason : "no answer yet");

	if (s->running)
		s->kind->stop(s->running);
	s->running = NULL;
	mem_replace(&s->reason, reason);
	s->status.state = PROBE_FAIL;
	s->status.facts = NULL;
	tell(s);
}

static void begin_try(struct schedule *s)
{
	s->began_at = clock_mono();
	s->running = s->kind->start(s->settings, s->loop, on_answer, s);
	arrange_next(s);
}

static void on_time(void *arg)
{
	struct schedule *s = arg;
	int64_t now = clock_mono();

	if (now >= give_up_at(s))
		give_up(s);
	else if (!s->running)
		begin_try(s);
	else if (now >= s->began_at + s->common->try_timeout)
		time_out(s);
	else
		arrange_next(s);
}

void schedule_start(struct schedule *s, struct loop *l, bool once, schedule_fn *fn, void *arg)
{
	int64_t now = clock_mono();

	schedule_stop(s);
	s->loop = l;
	s->once = once;
	s->fn = fn;
	s->arg = arg;
	s->status = (struct probe_status){ .state = PROBE_NOT_YET, .progress = -1 };
	s->passing_since = 0;
	s->next_at = s->waiting_since = once ? now : now + s->common->delay;
	s->timer = loop_timer_new(l, on_time, s);
	arrange_next(s);
}
