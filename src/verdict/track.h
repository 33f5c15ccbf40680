/* SPDX-License-Identifier: Apache-2.0 */
/* One log's part of the story: its present run, and what is left of the runs before. */
#pragma once
#include "verdict/story.h"

struct track_set {
	const struct rule_set *set;
	bool required, begun;
	size_t phase;		    /* index + 1 of the phase it is in; 0: none yet */
	int64_t *entered;	    /* log clock, by phase; CLOCK_UNKNOWN: not entered */
	bool goal_reached, stopped; /* by a rule of this set */
};

struct track_met {
	const struct rule *rule;
	uint64_t count, before; /* in this run, in earlier ones */
	int64_t at, arrival;	/* the last time */
};

struct track_goal {
	char *name;
	const char *set;
	struct outcome_reason where;
	int64_t at, arrival;
};

struct track_promise {
	char *key;
	char *broken; /* NULL: the key speaks */
	const struct rule *rule;
	struct outcome_reason where;
	uint64_t opened; /* how often: more than once is a retry */
};

struct track_retry {
	const struct rule *rule;
	struct outcome_reason where; /* the last time */
	uint64_t tries;
	int64_t at, arrival; /* the first time */
};

struct track_fact {
	char *name, *value;
	struct outcome_reason where; /* what said so first */
};

enum { TRACK_SHAPES = 16, TRACK_UNEXPLAINED_MAX = 50 /* groups */ };

struct track {
	char *name, *file;
	char *node; /* the server it is of; NULL: the only one */
	struct track_set *sets;
	size_t n_sets, room_sets;

	/* this run */
	uint64_t begin_line;
	char *begin_time;
	struct track_met *met;
	size_t n_met, room_met;
	struct track_goal *goals;
	size_t n_goals, room_goals;
	struct track_promise *promises;
	size_t n_promises, room_promises;
	struct track_retry *retries;
	size_t n_retries, room_retries;
	struct outcome_reasons reasons, warnings;
	uint64_t n_reasons_dropped;
	bool failed, rollback; /* a reason is in reasons; one of them is a rollback */
	bool stopped;
	int64_t held_from;		    /* log clock of the last goal or of the last promise closed */
	struct outcome_reason irreversible; /* rule NULL: not passed */
	struct track_fact *facts;	    /* what this log states */
	size_t n_facts, room_facts;
	char *progress_text;
	double progress;
	uint64_t n_events, n_warnings;

	/* all runs */
	struct outcome_reason
		carried; /* point of no return that an earlier run passed and did not make good */
	struct outcome_run *earlier;
	size_t n_earlier, room_earlier, n_runs; /* the list is bounded, the count is not */
	struct outcome_unexplained *unexplained;
	uint64_t unexplained_shapes[TRACK_UNEXPLAINED_MAX]; /* equal ones are one group */
	size_t n_unexplained, room_unexplained;
	uint64_t n_unexplained_records;
	struct outcome_texts gaps;
	struct outcome_pairs candidates; /* sets that may be meant, and how many rules of each speak for it */
	uint64_t bytes, lines, cut_lines, cut_records, records;
	uint64_t shapes[TRACK_SHAPES]; /* hashes of the latest kinds of lines */
	size_t next_shape;
	uint64_t last_line; /* of the last sighting */
};

/* What a sighting did to the track, for the story to act on. */
struct track_change {
	bool new_run, fatal, failed, life, goal, phase;
	bool matters;			    /* the verdict may be another one now */
	const struct outcome_reason *event; /* the evidence, good until the next change */
};

struct track *track_new(const char *name);
void track_free(struct track *t);
struct track_set *track_use(struct track *t, const struct rule_set *set, size_t place);
/* which (may be NULL): gets the condition that does not hold, or NULL. */
enum refusal track_allows(const struct track *t, const struct sighting *x, const struct condition **which);
bool track_may_win(const struct track *t, const struct rule *rule);
void track_meet(struct track *t, const struct sighting *x, int64_t settle, struct track_change *c);
void track_again(struct track *t, const struct sighting *x);
/* What past has met counts as earlier runs; its promises that pass into later runs move. */
void track_inherit(struct track *t, struct track *past);
void track_unexplained(struct track *t, const struct sighting *x);
/* Said once for each reason. */
void track_gap(struct track *t, const char *why);
/* true: nothing like it was among the latest lines */
bool track_is_new(struct track *t, const char *text, size_t len);
/* Retries whose `within` is over become failures; true if one did. */
bool track_time(struct track *t, int64_t now);
/* The run is over: open promises become what their unclosed says; those that pass into later runs only
 * for_good. */
void track_close(struct track *t, bool for_good);
const char *track_phase(const struct track *t);
const struct track_goal *track_goal_named(const struct track *t, const char *set, const char *name);
bool track_pending(const struct track *t); /* a promise or a retry is open */
bool track_irreversible(const struct track *t);

/* Fills a zeroed reason out of a sighting. */
void reason_fill(struct outcome_reason *r, const struct sighting *x, const char *effect);
/* The first line that is not empty. */
const char *reason_headline(const char *text, size_t len, size_t *line_len);
void reason_copy(struct outcome_reason *to, const struct outcome_reason *from);
void reason_clear(struct outcome_reason *r);
