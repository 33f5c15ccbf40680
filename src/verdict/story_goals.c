/* SPDX-License-Identifier: Apache-2.0 */
/* Which goals are reached: those of the sets, of the plan, and the probes'. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "verdict/story_impl.h"

static struct track_set *set_in(const struct track *t, const struct rule_set *set)
{
	for (size_t i = 0; i < t->n_sets; i++)
		if (t->sets[i].set == set)
			return &t->sets[i];
	return NULL;
}

/*
 * Every log in which the set began owes its goals (two servers).  Where it began in none, any log of the node
 * may reach them (a log that was cut before its first line, a second log of the same server).
 */
static bool missing_on(const struct story *s, const char *node, const struct rule_set *set, const char *goal)
{
	bool begun = false, reached = false, wanted = false;

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track_set *u = set_in(s->tracks[i], set);
		bool here = track_goal_named(s->tracks[i], set->name, goal) != NULL;

		if (!str_eq(s->tracks[i]->node, node))
			continue;
		if (u && u->begun && !here)
			return true;
		begun |= u && u->begun;
		reached |= here;
		wanted |= u && u->required;
	}
	return wanted && !begun && !reached;
}

const struct track *story_goal_missing(const struct story *s, const struct rule_set *set, const char *goal)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (missing_on(s, s->tracks[i]->node, set, goal))
			return s->tracks[i];
	return NULL;
}

static bool sets_missing(const struct story *s, size_t *missing)
{
	bool any = false;

	for (size_t i = 0; i < s->n_tracks; i++) {
		for (size_t k = 0; k < s->tracks[i]->n_sets; k++) {
			const struct track_set *u = &s->tracks[i]->sets[k];

			for (size_t g = 0; u->required && g < u->set->n_goals; g++) {
				any = true;
				*missing += story_goal_missing(s, u->set, u->set->goals[g]) != NULL;
			}
		}
	}
	return any;
}

static bool can_reach(const struct track *t, const char *set, const char *goal)
{
	for (size_t i = 0; i < t->n_sets; i++) {
		const struct rule_set *u = t->sets[i].set;

		for (size_t g = 0; (!set || strcmp(u->name, set) == 0) && g < u->n_goals; g++)
			if (strcmp(u->goals[g], goal) == 0)
				return true;
	}
	return false;
}

/* Whether a node whose logs can reach the goal has not: one of several does not speak for the others. */
static bool missing_on_a_node(const struct story *s, const char *set, const char *goal)
{
	for (size_t i = 0; i < s->n_tracks; i++) {
		bool reached = !can_reach(s->tracks[i], set, goal);

		for (size_t k = 0; k < s->n_tracks && !reached; k++)
			reached = str_eq(s->tracks[k]->node, s->tracks[i]->node) &&
				  track_goal_named(s->tracks[k], set, goal);
		if (!reached)
			return true;
	}
	return false;
}

bool story_plan_goal_met(const struct story *s, const char *goal, const struct track_goal **where,
			 const struct track **track)
{
	const char *slash = strchr(goal, '/');
	AUTO_FREE char *set = slash ? mem_strndup(goal, (size_t)(slash - goal)) : NULL;

	for (size_t i = 0; i < s->n_tracks; i++) {
		const struct track_goal *g = track_goal_named(s->tracks[i], set, slash ? slash + 1 : goal);

		if (!g)
			continue;
		if (where)
			*where = g;
		if (track)
			*track = s->tracks[i];
		return !missing_on_a_node(s, set, slash ? slash + 1 : goal);
	}
	for (size_t i = 0; i < s->n_probes; i++)
		if (strcmp(s->probes[i].name, goal) == 0 && s->probes[i].passed)
			return true;
	return false;
}

/* How many goals are missing; *any: there is at least one to reach. */
static size_t missing_goals(const struct story *s, bool *any)
{
	size_t missing = 0;

	*any = s->goals.n > 0;
	for (size_t i = 0; i < s->goals.n; i++)
		missing += !story_plan_goal_met(s, s->goals.items[i], NULL, NULL);
	if (!s->goals.n)
		*any = sets_missing(s, &missing);
	for (size_t i = 0; i < s->n_probes; i++) {
		if (s->probes[i].optional)
			continue;
		*any = true;
		missing += !s->probes[i].passed;
	}
	return missing;
}

size_t story_goals_missing(const struct story *s)
{
	bool any;
	size_t missing = missing_goals(s, &any);

	return any ? missing : 1;
}

bool story_knows_success(const struct story *s)
{
	bool any;

	missing_goals(s, &any);
	return any;
}

static bool pending(const struct story *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		if (track_pending(s->tracks[i]))
			return true;
	return false;
}

bool story_goals_met(const struct story *s)
{
	bool any;

	return missing_goals(s, &any) == 0 && any && !pending(s);
}

bool story_logs_are_up(const struct story *s)
{
	size_t missing = 0;

	return sets_missing(s, &missing) && missing == 0;
}
