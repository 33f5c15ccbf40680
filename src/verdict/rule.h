/* SPDX-License-Identifier: Apache-2.0 */
/* What meeting a rule means.  How a rule is met (its pattern) is pattern/'s; what follows from it is the
 * story's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum effect {
	EFFECT_BEGIN,	 /* a start begins here */
	EFFECT_PROGRESS, /* done/total or percent: a sign of life when its value changes */
	EFFECT_PHASE,	 /* only moves the phase */
	EFFECT_GOAL,
	EFFECT_NOTE,
	EFFECT_WARN,
	EFFECT_FAIL,
	EFFECT_ROLLBACK,
	EFFECT_RETRY, /* failed, but only because somebody else is busy */
	EFFECT_STOP,  /* an orderly stop begins */
	EFFECT_IGNORE,
};
extern const char *const effect_names[]; /* by enum effect, NULL-terminated */

enum unclosed { UNCLOSED_UNDECIDED, UNCLOSED_FAIL, UNCLOSED_ROLLBACK };
extern const char *const unclosed_names[];

/* Looks backward: a rule was met (or was not) in this run, lately, or in earlier runs of the same log. */
struct condition {
	char *rule;	/* "set/id" */
	bool wanted;	/* after: true; unless: false */
	int64_t within; /* ns of the log's clock; 0: any time */
	bool history;	/* earlier runs, not this one */
};

enum fact_type {
	FACT_TEXT,
	FACT_INTEGER,
	FACT_VERSION,
	FACT_LIST,   /* one more of a list, as of the members of a cluster */
	FACT_UNLIST, /* one that is gone from it */
};
extern const char *const fact_type_names[];

struct fact_rule {
	char *name; /* alfresco.schema */
	char *from; /* the capture */
	enum fact_type type;
};

struct where; /* verdict/where.h */

struct rule {
	const char *set; /* name of the set it is in */
	char *id;
	char *full; /* "set/id" */
	enum effect effect;
	char *phase; /* NULL: does not move it */
	char *goal;  /* EFFECT_GOAL */
	bool fatal, irreversible;
	bool consequence; /* a failure that other records give the cause of */
	char *say;	  /* template; NULL: the record's first line speaks */
	char *why;
	struct where *where; /* NULL: always */
	struct condition *conditions;
	size_t n_conditions;
	struct fact_rule *facts;
	size_t n_facts;
	char *opens;   /* a template; NULL: none */
	char **closes; /* templates */
	size_t n_closes;
	enum unclosed unclosed;
	char *broken;	       /* template: what the report says of a promise that was not kept */
	char *due;	       /* "set/id"; NULL: judged at the end */
	bool history;	       /* the promise passes into later runs */
	int64_t tries, within; /* EFFECT_RETRY; 0: no limit */
	char *until;	       /* "set/id" */
	char **explains;       /* "set/id": failures that this warning was the cause of */
	size_t n_explains;
	char **next; /* what to do about it */
	size_t n_next;
};

/* The meaning of a set: what the story needs to know of it. */
struct rule_set {
	char *name, *title;
	char **phases;
	size_t n_phases;
	char **restore;
	size_t n_restore;
	char **goals; /* the distinct names that its rules can reach */
	size_t n_goals;
};

/* What a rule's pattern took out of a record; good as long as the record. */
struct capture {
	const char *name;
	const char *text;
	size_t len;
};

/* Whether it can only be met behind another one (after). */
bool rule_waits(const struct rule *r);
/* Whether meeting it can do more than be told: change the verdict, now or later. */
bool rule_decides(const struct rule *r);

/* The text with ${capture} replaced by what was captured (nothing where it took no part); yours. */
char *rule_expand(const char *text, const struct capture *captures, size_t n);
const struct capture *capture_named(const struct capture *captures, size_t n, const char *name,
				    size_t name_len);
