/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict document, gonogo.verdict/1: tables of keys in the order they are written.  Lists and objects
 * are always there; a scalar that is not known is left out.
 */
#include <math.h>
#include <stddef.h>

#include "base/clock.h"
#include "report/clean.h"
#include "report/json_writer.h"
#include "report/reason.h"
#include "report/report.h"

typedef void put_fn(struct json_writer *w, const char *key, const void *at);

struct field {
	const char *key;
	put_fn *put;   /* a scalar, and what has functions of its own; nothing where it is not known */
	size_t offset; /* of what put() gets, in the struct that the table is for */
	const struct field *fields; /* of an object, or of a list's elements */
	size_t size, n;		    /* lists: of an element, and where their number is */
	size_t line;		    /* where the line is without which this says nothing; 0: it always does */
};

/* clang-format off */
#define AT(S, f, T) (offsetof(S, f) + 0 * sizeof(&((S *)0)->f == (T *)0))
#define TEXT(S, f, key)		{ key, text, AT(S, f, char *) }
#define WORD(S, f, key)		{ key, word, AT(S, f, const char *) }
#define COUNT(S, f, key)	{ key, count, AT(S, f, uint64_t) }
#define PLACE(S, f, at, key)	{ key, count, AT(S, f, uint64_t), .line = AT(S, at, uint64_t) }
#define SECONDS(S, f, key)	{ key, seconds, AT(S, f, double) }
#define FLAG(S, f, key)		{ key, flag, AT(S, f, bool) }
#define TIME(S, f, key)		{ key, wall, AT(S, f, int64_t) }
#define TEXTS(S, f, key)	{ key, texts, AT(S, f, struct outcome_texts) }
#define PAIRS(S, f, key)	{ key, pairs, AT(S, f, struct outcome_pairs) }
#define PART(key, table)	{ key, .fields = (table) }
#define LIST(S, f, count, key, table) \
	{ key, .offset = offsetof(S, f), .fields = (table), .size = sizeof(*((S *)0)->f), .n = AT(S, count, size_t) }
/* clang-format on */

static const void *member(const void *from, size_t offset)
{
	return (const char *)from + offset;
}

static void put_fields(struct json_writer *w, const struct field *f, const void *from);

static void put_list(struct json_writer *w, const struct field *f, const void *from)
{
	const char *items = *(const char *const *)member(from, f->offset);
	size_t n = *(const size_t *)member(from, f->n);

	json_put_key(w, f->key);
	json_put_begin(w, '[');
	for (size_t i = 0; i < n; i++) {
		json_put_item(w);
		json_put_begin(w, '{');
		put_fields(w, f->fields, items + i * f->size);
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
}

static void put_part(struct json_writer *w, const struct field *f, const void *from)
{
	json_put_key(w, f->key);
	json_put_begin(w, '{');
	put_fields(w, f->fields, from);
	json_put_end(w, '}');
}

static void put_fields(struct json_writer *w, const struct field *f, const void *from)
{
	for (; f->key; f++) {
		if (f->line && *(const uint64_t *)member(from, f->line) == 0)
			continue;
		if (f->size)
			put_list(w, f, from);
		else if (f->fields)
			put_part(w, f, from);
		else
			f->put(w, f->key, member(from, f->offset));
	}
}

static void text(struct json_writer *w, const char *key, const void *at)
{
	json_put_text(w, key, *(const char *const *)at);
}

static void word(struct json_writer *w, const char *key, const void *at)
{
	json_put_word(w, key, *(const char *const *)at);
}

static void count(struct json_writer *w, const char *key, const void *at)
{
	json_put_count(w, key, *(const uint64_t *)at);
}

static void seconds(struct json_writer *w, const char *key, const void *at)
{
	double s = *(const double *)at;

	if (isfinite(s) && s >= 0)
		json_put_seconds(w, key, s);
}

static void flag(struct json_writer *w, const char *key, const void *at)
{
	json_put_flag(w, key, *(const bool *)at);
}

static void wall(struct json_writer *w, const char *key, const void *at)
{
	char iso[CLOCK_TEXT_MAX];
	int64_t ns = *(const int64_t *)at;

	if (ns)
		json_put_word(w, key, clock_iso(ns, iso));
}

static void texts(struct json_writer *w, const char *key, const void *at)
{
	const struct outcome_texts *t = at;

	if (w->sparse && !t->n)
		return;
	json_put_key(w, key);
	json_put_begin(w, '[');
	for (size_t i = 0; i < t->n; i++) {
		json_put_item(w);
		clean_json(w->out, t->items[i]);
	}
	json_put_end(w, ']');
}

static void pairs(struct json_writer *w, const char *key, const void *at)
{
	const struct outcome_pairs *p = at;

	if (w->sparse && !p->n)
		return;
	json_put_key(w, key);
	json_put_begin(w, '{');
	for (size_t i = 0; i < p->n; i++)
		json_put_pair(w, p->items[i].name, p->items[i].value ? p->items[i].value : "");
	json_put_end(w, '}');
}

static void verdict(struct json_writer *w, const char *key, const void *at)
{
	json_put_word(w, key, verdict_name(*(const enum verdict *)at));
}

static void exit_code(struct json_writer *w, const char *key, const void *at)
{
	json_put_count(w, key, (uint64_t)verdict_exit_code(*(const enum verdict *)at));
}

static void schema(struct json_writer *w, const char *key, const void *at)
{
	(void)at;
	json_put_word(w, key, "gonogo.verdict/1");
}

/* clang-format off: one key a line */
static const struct field reason_fields[] = {
	WORD(struct outcome_reason, effect, "effect"),
	TEXT(struct outcome_reason, rule, "rule"),
	TEXT(struct outcome_reason, source, "source"),
	TEXT(struct outcome_reason, file, "file"),
	PLACE(struct outcome_reason, line, line, "line"),
	PLACE(struct outcome_reason, lines, line, "lines"),
	PLACE(struct outcome_reason, offset, line, "offset"),
	TEXT(struct outcome_reason, time, "time"),
	TEXT(struct outcome_reason, text, "text"),
	TEXT(struct outcome_reason, cause, "cause"),
	TEXT(struct outcome_reason, say, "say"),
	PAIRS(struct outcome_reason, facts, "facts"),
	TEXTS(struct outcome_reason, next, "next"),
	{ 0 },
};

static const struct field goal_fields[] = {
	TEXT(struct outcome_goal, name, "name"),	FLAG(struct outcome_goal, met, "met"),
	TEXT(struct outcome_goal, source, "source"),	TEXT(struct outcome_goal, file, "file"),
	PLACE(struct outcome_goal, line, line, "line"), PLACE(struct outcome_goal, lines, line, "lines"),
	TEXT(struct outcome_goal, time, "time"),	{ 0 },
};

static const struct field probe_fields[] = {
	TEXT(struct outcome_probe, name, "name"),
	WORD(struct outcome_probe, state, "state"),
	FLAG(struct outcome_probe, optional, "optional"),
	COUNT(struct outcome_probe, tries, "tries"),
	TEXT(struct outcome_probe, reason, "reason"),
	TEXT(struct outcome_probe, most_often, "most_often"),
	SECONDS(struct outcome_probe, seconds, "seconds"),
	{ 0 },
};

static const struct field phase_fields[] = {
	TEXT(struct outcome_phase, name, "name"),
	WORD(struct outcome_phase, state, "state"),
	SECONDS(struct outcome_phase, seconds, "seconds"),
	{ 0 },
};

static const struct field unexplained_fields[] = {
	COUNT(struct outcome_unexplained, count, "count"),     TEXT(struct outcome_unexplained, text, "text"),
	TEXT(struct outcome_unexplained, source, "source"),    TEXT(struct outcome_unexplained, file, "file"),
	PLACE(struct outcome_unexplained, line, line, "line"), { 0 },
};

static const struct field coverage_fields[] = {
	TEXT(struct outcome_coverage, source, "source"),
	TEXT(struct outcome_coverage, file, "file"),
	COUNT(struct outcome_coverage, bytes, "bytes"),
	COUNT(struct outcome_coverage, lines, "lines"),
	COUNT(struct outcome_coverage, cut_lines, "cut_lines"),
	COUNT(struct outcome_coverage, cut_records, "cut_records"),
	TEXTS(struct outcome_coverage, gaps, "gaps"),
	{ 0 },
};

static const struct field run_irreversible_fields[] = {
	FLAG(struct outcome_run, irreversible, "passed"),
	{ 0 },
};

static const struct field run_fields[] = {
	{ "verdict", verdict, AT(struct outcome_run, verdict, enum verdict) },
	TEXT(struct outcome_run, summary, "summary"),
	TEXT(struct outcome_run, source, "source"),
	PLACE(struct outcome_run, line, line, "line"),
	PLACE(struct outcome_run, end_line, line, "end_line"),
	TEXT(struct outcome_run, time, "time"),
	TEXT(struct outcome_run, phase, "phase"),
	PART("point_of_no_return", run_irreversible_fields),
	{ 0 },
};

static const struct field alert_fields[] = {
	TEXT(struct outcome_alert, channel, "channel"),
	FLAG(struct outcome_alert, delivered, "delivered"),
	TEXT(struct outcome_alert, reason, "reason"),
	SECONDS(struct outcome_alert, seconds, "seconds"),
	{ 0 },
};

static const struct field irreversible_fields[] = {
	FLAG(struct outcome, irreversible.passed, "passed"),
	TEXT(struct outcome, irreversible.rule, "rule"),
	TEXT(struct outcome, irreversible.source, "source"),
	TEXT(struct outcome, irreversible.file, "file"),
	PLACE(struct outcome, irreversible.line, irreversible.line, "line"),
	{ 0 },
};

static const struct field counts_fields[] = {
	COUNT(struct outcome, counts.records, "records"),
	COUNT(struct outcome, counts.events, "events"),
	COUNT(struct outcome, counts.warnings, "warnings"),
	COUNT(struct outcome, counts.unexplained_errors, "unexplained_errors"),
	{ 0 },
};

static const struct field fields[] = {
	{ "schema", schema, 0 },
	{ "verdict", verdict, AT(struct outcome, verdict, enum verdict) },
	{ "exit_code", exit_code, AT(struct outcome, verdict, enum verdict) },
	TEXT(struct outcome, summary, "summary"),
	TEXTS(struct outcome, next, "next"),
	TEXT(struct outcome, plan, "plan"),
	TEXTS(struct outcome, sets, "sets"),
	TIME(struct outcome, started, "started"),
	TIME(struct outcome, ended, "ended"),
	SECONDS(struct outcome, seconds, "seconds"),
	TEXT(struct outcome, phase, "phase"),
	PART("point_of_no_return", irreversible_fields),
	LIST(struct outcome, reasons.items, reasons.n, "reasons", reason_fields),
	LIST(struct outcome, warnings.items, warnings.n, "warnings", reason_fields),
	LIST(struct outcome, goals, n_goals, "goals", goal_fields),
	LIST(struct outcome, probes, n_probes, "probes", probe_fields),
	PAIRS(struct outcome, facts, "facts"),
	LIST(struct outcome, phases, n_phases, "phases", phase_fields),
	LIST(struct outcome, unexplained, n_unexplained, "unexplained", unexplained_fields),
	LIST(struct outcome, coverage, n_coverage, "coverage", coverage_fields),
	PART("counts", counts_fields),
	LIST(struct outcome, earlier_runs, n_earlier_runs, "earlier_runs", run_fields),
	LIST(struct outcome, alerts, n_alerts, "alerts", alert_fields),
	{ 0 },
};
/* clang-format on */

void reason_json(struct json_writer *w, const struct outcome_reason *r)
{
	put_fields(w, reason_fields, r);
}

static void render(const struct outcome *o, const struct report_style *style, struct buf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	(void)style;
	json_put_begin(&w, '{');
	put_fields(&w, fields, o);
	json_put_end(&w, '}');
	buf_char(out, '\n');
}

const struct report_kind report_kind_json = {
	.name = "json",
	.help = "the verdict document, gonogo.verdict/1: everything, for programs",
	.render = render,
};
