/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, as far as a verdict needs it: runs, goals, promises, facts, phases, evidence and coverage of
 * every log, probes, the process and the time.  Pure: time is passed in, nothing is read or written.  All
 * that goes in goes through the functions below; after each the state is up to date.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "verdict/outcome.h"
#include "verdict/rule.h"
#include "verdict/verdict.h"

/* A record that met a rule, or an error that met none (rule NULL).  Everything is borrowed for the call. */
struct sighting {
	const struct rule *rule;
	const struct capture *captures;
	size_t n_captures;
	const char *text;
	size_t len;
	const char *file;
	uint64_t line, lines, offset;
	int64_t at;	       /* the log's own clock; CLOCK_UNKNOWN unknown */
	const char *time_text; /* the same for people; NULL unknown */
	int64_t arrival;       /* CLOCK_MONOTONIC */
	bool piece;	       /* follows a cut: only failures may come out of it */
};

enum story_news_type {
	NEWS_RULE, /* a record met a rule */
	NEWS_RUN,
	NEWS_PHASE,
	NEWS_GOAL, /* reached, or lost; by the name "all": all of them */
	NEWS_UNEXPLAINED,
	NEWS_PROBE,
	NEWS_GAP,
	NEWS_STALL,
	NEWS_DEADLINE,
	NEWS_DIED,
	NEWS_INTERRUPTED,
};

/* Something worth a line while it runs; borrowed. */
struct story_news {
	enum story_news_type type;
	const char *phase; /* where the run is; NULL unknown */
	const char *name;  /* of the goal or probe; NULL for others */
	const char *state; /* goals: "met", "lost"; probes: as in the verdict; NULL for others */
	const struct outcome_reason *what; /* what happened, for people in say or text */
};
typedef void story_news_fn(void *arg, const struct story_news *n);

struct story_settings {
	bool live;			 /* time passes by story_tick(); otherwise finished logs are read */
	bool strict;			 /* a GO with warnings is none */
	int64_t settle, deadline, stall; /* ns; deadline and stall 0: none */
	int64_t started_at;		 /* CLOCK_MONOTONIC: the deadline counts from here */
	story_news_fn *news;		 /* may be NULL */
	void *news_arg;
};

struct story;
struct story *story_new(const struct story_settings *s);
void story_free(struct story *s);
DEFINE_AUTO(story)

/* ---- what belongs to it ---- */

void story_set_plan(struct story *s, const char *plan);
/* A log; returns its number for the calls below. */
size_t story_add_log(struct story *s, const char *name);
/*
 * The server that the log is of, where there are several (nodes of a cluster): each has to reach the goals of
 * the sets that its logs have.
 */
void story_set_node(struct story *s, size_t log, const char *node);
/* What the log is called from now on. */
void story_name_log(struct story *s, size_t log, const char *name);
/*
 * The set explains this log from now on, as the place-th that is asked (from 0).  required: its goals have to
 * be reached.  May be called again to change both.
 */
void story_use_set(struct story *s, size_t log, const struct rule_set *set, size_t place, bool required);
/* Takes the place of the sets' goals: "goal", "set/goal" or a probe's name.  place is shown if it is never
 * reached. */
void story_want_goal(struct story *s, const char *name);
void story_expect(struct story *s, const char *fact, const char *expectation);
/* A phase (of any set) that may be quiet for this long. */
void story_phase_stall(struct story *s, const char *phase, int64_t stall);
size_t story_add_probe(struct story *s, const char *name, bool optional);

/* ---- what happens: after the decision nothing of it counts any more ---- */

enum refusal { REFUSED_NOT, REFUSED_WHERE, REFUSED_AFTER, REFUSED_UNLESS, REFUSED_PIECE };
/*
 * Whether the rule's where, after and unless hold for this record now, and if not, which does not: of after
 * and unless *which is the one condition.
 */
enum refusal story_allows(const struct story *s, size_t log, const struct sighting *x,
			  const struct condition **which);
/* Whether every rule that it waits for (after) was met: only then any record can win. */
bool story_may_win(const struct story *s, size_t log, const struct rule *rule);
void story_meet(struct story *s, size_t log, const struct sighting *x);
/*
 * Before anything happens: what stood in this log before this run was read into past.  Only `in: history`
 * looks at it: the rules that were met, and the promises that pass into later runs, which move.
 */
void story_inherit(struct story *s, size_t log, struct story *past, size_t past_log);
/* The record that was met last has grown: its evidence is replaced. */
void story_meet_again(struct story *s, size_t log, const struct sighting *x);
void story_unexplained(struct story *s, size_t log, const struct sighting *x);
/*
 * A record that no progress rule met: a sign of life unless equal (but for digits) to ones before.  Not all
 * records have to be shown, but the latest of each run of bytes has.
 */
void story_seen(struct story *s, size_t log, const char *text, size_t len, int64_t arrival);
/* What could not be read or could not be judged: there is no GO any more. */
void story_gap(struct story *s, size_t log, const char *why);
/* The log was not recognised; of a set that may be meant, so many rules meet its lines.  The best first. */
void story_candidate(struct story *s, size_t log, const char *set, size_t rules);
/* How much of a log was read so far; file is where it is read from now. */
void story_coverage(struct story *s, size_t log, const char *file, uint64_t bytes, uint64_t lines,
		    uint64_t cut_lines, uint64_t cut_records);
/*
 * A statement that is no rule's: of a probe, a property file.  Replaces the source's earlier one.  What is
 * said of two nodes need not agree; node NULL: it is said of all.
 */
void story_fact(struct story *s, const char *source, const char *node, const char *name, const char *value);

struct story_probe_status {
	const char *state; /* "pass", "not-yet", "fail" */
	uint64_t tries;
	const char *reason, *most_often;
	const char *wanted;	  /* what a pass means; NULL: nobody says */
	double seconds, progress; /* progress below 0: unknown */
};
void story_probe(struct story *s, size_t probe, const struct story_probe_status *p, int64_t now);
/* The server is gone; say how ("exit code 1", "killed by SIGKILL").  All its logs must have been drained
 * before. */
void story_died(struct story *s, const char *how, int64_t now);
void story_tick(struct story *s, int64_t now);
/* When story_tick() is due next; CLOCK_NEVER if no time matters. */
int64_t story_next_tick(const struct story *s);
/* The logs end: nothing more will come. */
void story_end(struct story *s);
void story_interrupt(struct story *s, const char *why);

/* ---- what comes out ---- */

enum state story_state(const struct story *s);
const char *story_phase(const struct story *s); /* NULL: none yet */
/* 0 to 1 of what is under way, or below 0; text (may be NULL) gets who says so, borrowed until the next call
 * in. */
double story_progress(const struct story *s, const char **text);
size_t story_goals_missing(const struct story *s);
/* Whether anything says what success is: a set with goals, a probe, the plan. */
bool story_knows_success(const struct story *s);
/* How many runs of this log are over: it changes when a new one begins. */
size_t story_runs(const struct story *s, size_t log);
/* Only its goals, and as its reasons what is pending in the logs; yours. */
struct outcome *story_tell_state(const struct story *s);
/* Yours.  started, ended, alerts are the caller's to fill in. */
struct outcome *story_tell(const struct story *s);
