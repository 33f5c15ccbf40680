/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a part of a pattern, without its text: a node.  Nodes are combined to those of longer
 * parts.
 * Strings are runs of positions in one pool; a set of strings is a small array of references into it.
 */
#pragma once
#include <stdbool.h>

#include "pattern/literals.h"

enum {
	SET_MAX = LITERALS_MAX,
	POOL_MAX = 16384, /* positions of all of them */
};

/* The positions of all strings, and the classes among them. */
struct pool {
	const struct byteclass *classes;
	size_t used;
	uint16_t at[POOL_MAX];
};

struct string {
	uint16_t at, n;
};

struct string_set {
	size_t n;
	struct string of[SET_MAX];
};

struct node {
	bool exact;		 /* first is all that it can match */
	struct string_set first; /* each match begins with one of these */
	struct string_set last;	 /* each match ends with one of these */
	struct string_set need;	 /* each match contains one of these; none: nothing known */
	uint64_t cost;		 /* of need */
};

/* What stood so far in a concatenation. */
struct chain {
	struct node node;
	struct string_set run;	/* it ends with one of these */
	struct string_set tail; /* the part of run's end that has no alternatives: one string */
};

/* False where the pool is full. */
bool string_put(struct pool *p, const uint16_t *at, size_t n, struct string *out);
extern const struct string_set set_of_nothing; /* the empty string */

/* exact: s is all that it can match; otherwise each match begins and ends with one of s. */
void node_set(struct node *n, bool exact, const struct string_set *s);
/* Exact ones are not rated as they grow, most being but a part of something longer: this does it. */
void node_rate_exact(const struct pool *p, struct node *n);
/* Turns a into: a or b.  An exact one has to be rated before. */
void node_or(const struct pool *p, struct node *a, const struct node *b);
/* Turns n into n from min to max times. */
void node_repeat(struct pool *p, struct node *n, unsigned min, unsigned max);

void chain_start(struct chain *c);
void chain_add(struct pool *p, struct chain *c, const struct node *n);
/* The same for a node that is exact and not rated. */
void chain_add_exact(struct pool *p, struct chain *c, const struct string_set *s);
/* What comes next, and ends with one of run, does not follow directly what stood so far, or would make it too
 * large. */
void chain_break(const struct pool *p, struct chain *c, const struct string_set *run);
void chain_end(const struct pool *p, struct chain *c, struct node *out);
