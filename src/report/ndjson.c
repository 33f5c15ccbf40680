/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ndjson.h"

#include "base/clock.h"
#include "base/mem.h"
#include "report/clean.h"
#include "report/reason.h"

static const char *const types[] = {
	[REPORT_EVENT_RUN] = "run",
	[REPORT_EVENT_RULE] = "event",
	[REPORT_EVENT_UNEXPLAINED] = "unexplained",
	[REPORT_EVENT_PHASE] = "phase",
	[REPORT_EVENT_GOAL] = "goal",
	[REPORT_EVENT_PROBE] = "probe",
	[REPORT_EVENT_STALL] = "stall",
	[REPORT_EVENT_DEADLINE] = "deadline",
	[REPORT_EVENT_DIED] = "died",
	[REPORT_EVENT_GAP] = "gap",
	[REPORT_EVENT_INTERRUPTED] = "interrupted",
	[REPORT_EVENT_VERDICT] = "verdict",
};

static void set_text(json_t *j, const char *key, const char *s)
{
	AUTO_FREE char *clean = s ? clean_utf8(s) : NULL;

	if (clean)
		json_object_set_new(j, key, json_string(clean));
}

/* A stream has many lines: what is empty is not worth its key. */
static void add_what(json_t *j, const struct outcome_reason *what)
{
	json_t *reason = reason_json(what);

	if (!what->facts.n)
		json_object_del(reason, "facts");
	if (!what->next.n)
		json_object_del(reason, "next");
	json_object_update(j, reason);
	json_decref(reason);
}

void report_event_line(struct buf *out, const struct report_event *ev)
{
	char iso[CLOCK_TEXT_MAX];
	json_t *j = mem_check(json_object());

	set_text(j, "schema", "gonogo.event/1");
	set_text(j, "type", types[ev->type]);
	set_text(j, "at", clock_iso(ev->at, iso));
	set_text(j, "phase", ev->phase);
	set_text(j, "name", ev->name);
	set_text(j, "state", ev->state);
	if (ev->type == REPORT_EVENT_VERDICT) {
		set_text(j, "verdict", verdict_name(ev->verdict));
		json_object_set_new(j, "exit_code", json_integer(verdict_exit_code(ev->verdict)));
	}
	if (ev->what)
		add_what(j, ev->what);
	clean_json(out, j, JSON_COMPACT);
	buf_char(out, '\n');
	json_decref(j);
}
