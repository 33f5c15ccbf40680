/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern set: patterns/<name>.yaml, read, checked and compiled. */
#pragma once
#include <stddef.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "pattern/regex.h"
#include "verdict/rule.h"

struct pattern {
	struct rule rule;
	struct regex *regex;
	struct conf_texts samples, rejects;
	const struct conf_node *node; /* the rule's place in its file */
};

/* Whether the set was checked with its samples and with all sets it names, and what came of it. */
enum set_state { SET_UNCHECKED, SET_CHECKING, SET_USABLE, SET_BROKEN };

/*
 * At first only its head may be there: all but the rules, enough to recognise the product.  The rules follow
 * when the set is to be used.
 */
struct set {
	struct rule_set meaning;
	char *path;
	struct regex **detect, **first, **error;
	size_t n_detect, n_first, n_error;
	struct conf_texts uses, time;
	struct pattern *patterns;
	size_t n_patterns;
	struct conf *conf; /* where things were said; NULL: no mistake can be told any more */
	char *text;	   /* the whole file while only the head was taken from it; else NULL */
	enum set_state state;
};

/* Reads and checks everything that can be checked without other sets; NULL with the mistakes in p. */
struct set *set_load(const char *path, struct conf_problems *p);
struct set *set_from_conf(struct conf *take, struct conf_problems *p);
/* The head alone where the rules stand last in the file and it has no mistake; otherwise as set_load(). */
struct set *set_load_head(const char *path, struct conf_problems *p);
/* The rules as they stood in the file when the head was read; false with the mistakes in p. */
bool set_load_rules(struct set *s, struct conf_problems *p);
/* Another one, with the rules, of a set of which only the head was read; NULL with the mistakes in p. */
struct set *set_load_copy(const struct set *head, struct conf_problems *p);
/* Drops samples and all places, which only mistakes are told by. */
void set_forget_places(struct set *s);
/* A set that cannot be used: its head stays, so that its product is still recognised. */
void set_drop_rules(struct set *s);
void set_free(struct set *s);
DEFINE_AUTO(set)
const struct pattern *set_pattern(const struct set *s, const char *id); /* NULL if there is none */

/* Every rule against its own samples and rejects; what fails goes to p.  false: something failed.  Loads the
 * rules. */
bool set_check_samples(struct set *s, struct conf_problems *p);

/* The rows that a set file consists of, for schemas and docs. */
extern const struct conf_key set_keys[], set_record_keys[], set_rule_keys[];
