/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ndjson.h"

#include "base/clock.h"
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

void report_event_line(struct buf *out, const struct report_event *ev)
{
	struct json_writer w = { .out = out, .sparse = true };
	char iso[CLOCK_TEXT_MAX];

	json_put_begin(&w, '{');
	json_put_word(&w, "schema", "gonogo.event/1");
	json_put_word(&w, "type", types[ev->type]);
	json_put_word(&w, "at", clock_iso(ev->at, iso));
	json_put_text(&w, "phase", ev->phase);
	json_put_text(&w, "name", ev->name);
	json_put_word(&w, "state", ev->state);
	if (ev->type == REPORT_EVENT_VERDICT) {
		json_put_word(&w, "verdict", verdict_name(ev->verdict));
		json_put_count(&w, "exit_code", (uint64_t)verdict_exit_code(ev->verdict));
	}
	if (ev->what)
		reason_json(&w, ev->what);
	json_put_end(&w, '}');
	buf_char(out, '\n');
}
