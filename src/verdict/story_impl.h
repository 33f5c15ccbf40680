/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story's own data, shared by story.c (what happens), story_goals.c and story_facts.c (what is known of
 * either), and tell.c (what comes out).
 */
#pragma once
#include "verdict/story.h"
#include "verdict/track.h"

struct story_probe {
	char *name, *wanted;
	bool optional, passed;
	struct outcome_probe last;
};

struct story_fact {
	char *source, *node, *name, *value; /* node NULL: whichever there is */
};

struct story_stall {
	char *phase;
	int64_t stall;
};

struct story {
	struct story_settings set;
	char *plan;
	struct track **tracks;
	size_t n_tracks, room_tracks;
	struct story_probe *probes;
	size_t n_probes, room_probes;
	struct outcome_texts goals; /* of the plan; none: the sets' goals */
	struct outcome_pairs expectations;
	struct story_fact *facts; /* of probes and property files */
	size_t n_facts, room_facts;
	struct story_stall *stalls;
	size_t n_stalls, room_stalls;

	enum state state;
	struct outcome_reasons reasons; /* that no log stands for: probes, death, facts, time */
	bool failed;			/* one of them is a failure */
	int64_t now;			/* the latest time that was passed in */
	int64_t settle_at, disagree_at; /* CLOCK_NEVER: not under way */
	int64_t last_life;
	char *progress_source;
	double progress;
};

/* "REASON (wanted: what a pass means)", as far as both are known; yours. */
char *story_probe_words(const struct story_probe *p);

/* from: the record that it was taken from, where there is one. */
void story_add_failure(struct story *s, const char *rule, const char *say, const struct outcome_reason *from);

/* ---- story_goals.c ---- */

/* A log of the node that still owes this goal of this set, or NULL. */
const struct track *story_goal_missing(const struct story *s, const struct rule_set *set, const char *goal);
bool story_plan_goal_met(const struct story *s, const char *goal, const struct track_goal **where,
			 const struct track **track);
/* All there are, of plan, sets and probes, and no promise is open. */
bool story_goals_met(const struct story *s);
/* All goals of the sets are reached, whatever promises and probes are open. */
bool story_logs_are_up(const struct story *s);

/* ---- story_facts.c ---- */

enum whose { OF_LOGS, OF_ALL };
/* How many facts disagree or are not as expected; with say each becomes a failure. */
size_t story_wrong_facts(struct story *s, enum whose whose, bool say);
/* Is there an expectation of a fact that nobody has stated?  name: of the first one. */
bool story_unstated_expectation(const struct story *s, const char **name);
