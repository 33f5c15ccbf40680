/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came out: all that a report or an alert may say, as plain values.  The story fills it, reports render
 * it; nothing reads it back.  Every string is as the log or the user wrote it: renderers clean and mask.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict { VERDICT_GO, VERDICT_NO_GO, VERDICT_ROLLBACK, VERDICT_UNDECIDED };

const char *verdict_name(enum verdict v); /* "GO", "NO-GO", "ROLLBACK", "UNDECIDED" */
int verdict_exit_code(enum verdict v);	  /* 0 to 3 */
int verdict_from_name(const char *name);  /* -1 if it is none */

struct outcome_texts {
	char **items;
	size_t n, room;
};

struct outcome_pair {
	char *name, *value;
};

struct outcome_pairs {
	struct outcome_pair *items;
	size_t n, room;
};

/* One thing that spoke for or against: a record that met a rule, a probe, a death, a gap. */
struct outcome_reason {
	const char *effect;   /* the rule's effect, or "fail", "undecided", "warn" */
	bool consequence;     /* it stands behind those that may be its cause */
	char *rule;	      /* "alfresco/patch-failed", or one of our own: "process-died", "deadline",
				 "facts-disagree" ... */
	char *source;	      /* the log's name; NULL where it was no log */
	char *file;	      /* the file behind it; NULL where there is none */
	uint64_t line, lines; /* the record's first line (from 1; 0: no place) and how many it has */
	uint64_t offset;
	char *time;   /* by the log's own clock, ISO 8601 as far as the log states it; NULL unknown */
	char *text;   /* first line of the record */
	char *record; /* the record, at most OUTCOME_RECORD_MAX bytes; for people */
	char *cause;  /* innermost Caused by; NULL where there is none */
	char *say;    /* one sentence for people */
	struct outcome_pairs facts; /* captures */
	struct outcome_texts next;  /* what to do about it */
};

enum { OUTCOME_RECORD_MAX = 4096 };

struct outcome_reasons {
	struct outcome_reason *items;
	size_t n, room;
};

struct outcome_goal {
	char *name;
	bool met;
	char *source, *file; /* what reached it; NULL while not met */
	uint64_t line, lines;
	char *time;
	char *node; /* of several, one that still owes it; NULL: there is but one, or it is met */
};

struct outcome_probe {
	char *name;
	const char *state; /* "pass", "not-yet", "fail", "skipped" */
	bool optional;
	uint64_t tries;
	char *reason;	  /* of the last try */
	char *most_often; /* the most frequent reason, where it is another */
	double seconds;	  /* the last try took */
};

struct outcome_phase {
	char *name;
	const char *state; /* "done", "skipped", "current", "failed", "pending" */
	double seconds;	   /* by the log's clock; below 0: unknown */
};

struct outcome_unexplained {
	uint64_t count;
	char *text, *source, *file;
	uint64_t line; /* of the first */
};

struct outcome_coverage {
	char *source, *file;
	uint64_t bytes, lines;
	uint64_t cut_lines, cut_records; /* longer than the limits: read, but counted */
	struct outcome_texts gaps;	 /* what could not be read */
};

struct outcome_run {
	enum verdict verdict;
	char *source, *phase, *summary;
	uint64_t line, end_line; /* from its begin to the line before the next */
	char *time;
	bool irreversible;
};

struct outcome_alert {
	char *channel; /* kind and number: "webhook", "exec#2" */
	bool delivered;
	char *reason; /* why not */
	double seconds;
};

struct outcome {
	enum verdict verdict;
	char *summary;
	struct outcome_texts next;
	char *plan; /* NULL without one */
	struct outcome_texts sets;
	int64_t started, ended; /* wall clock, ns */
	double seconds;
	char *phase; /* NULL: none was reached */
	struct {
		bool passed;
		char *rule, *source, *file;
		uint64_t line;
	} irreversible; /* the point of no return */
	struct outcome_reasons reasons, warnings;
	struct outcome_goal *goals;
	size_t n_goals, room_goals;
	struct outcome_probe *probes;
	size_t n_probes, room_probes;
	struct outcome_pairs facts;
	struct outcome_phase *phases;
	size_t n_phases, room_phases;
	struct outcome_unexplained *unexplained;
	size_t n_unexplained, room_unexplained;
	struct outcome_coverage *coverage;
	size_t n_coverage, room_coverage;
	struct {
		uint64_t records; /* that met a rule or are errors */
		uint64_t events, warnings, unexplained_errors;
	} counts;
	struct outcome_run *earlier_runs;
	size_t n_earlier_runs, room_earlier_runs;
	struct outcome_alert *alerts;
	size_t n_alerts, room_alerts;
};

struct outcome *outcome_new(void);
void outcome_free(struct outcome *o);
static inline void outcome_free_scope(struct outcome **o)
{
	outcome_free(*o);
}

/* ---- for builders ---- */
/* Appends a zeroed element and gives its address. */
struct outcome_reason *outcome_reason_add(struct outcome_reasons *r);
void outcome_reason_clear(struct outcome_reason *r);  /* frees what is in it */
void outcome_reasons_free(struct outcome_reasons *r); /* and leaves it empty */
void outcome_texts_free(struct outcome_texts *t);
void outcome_pairs_free(struct outcome_pairs *p);
void outcome_run_clear(struct outcome_run *r);
void outcome_text_add(struct outcome_texts *t, const char *text);
void outcome_pair_set(struct outcome_pairs *p, const char *name, const char *value);
