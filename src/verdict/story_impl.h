/* SPDX-License-Identifier: Apache-2.0 */
/* The story's own data, shared by story.c (what happens) and tell.c (what comes out). */
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
/* A log of the node that still owes this goal of this set, or NULL. */
const struct track *story_goal_missing(const struct story *s, const struct rule_set *set, const char *goal);
bool story_plan_goal_met(const struct story *s, const char *goal, const struct track_goal **where,
			 const struct track **track);
