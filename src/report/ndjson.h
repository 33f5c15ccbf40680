/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of --events: what happens, when it happens, one JSON object a line (schema gonogo.event/1). */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "verdict/outcome.h"

enum report_event_type {
	REPORT_EVENT_RUN,	  /* a start of the server begins */
	REPORT_EVENT_RULE,	  /* a record met a rule */
	REPORT_EVENT_UNEXPLAINED, /* an error that no rule explains */
	REPORT_EVENT_PHASE,	  /* a phase was entered */
	REPORT_EVENT_GOAL,	  /* a goal was reached, or lost again */
	REPORT_EVENT_PROBE,	  /* a probe answered otherwise than before */
	REPORT_EVENT_STALL,	  /* no sign of life for too long */
	REPORT_EVENT_DEADLINE,	  /* the time is up */
	REPORT_EVENT_DIED,	  /* the server's process is gone */
	REPORT_EVENT_GAP,	  /* bytes that could not be read */
	REPORT_EVENT_INTERRUPTED, /* somebody stopped us */
	REPORT_EVENT_VERDICT,	  /* the last line of each stream */
};

struct report_event {
	enum report_event_type type;
	int64_t at;	      /* wall clock, ns */
	const char *phase;    /* where the start is; NULL: nowhere yet */
	const char *name;     /* of the goal or the probe; NULL for others */
	const char *state;    /* goals: "met", "lost"; probes: as in the verdict; NULL for others */
	enum verdict verdict; /* of REPORT_EVENT_VERDICT only */
	const struct outcome_reason *what; /* place, rule, facts; a sentence in say; NULL: nothing to add */
};

/* Appends the line. */
void report_event_line(struct buf *out, const struct report_event *ev);
