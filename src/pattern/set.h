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

struct set {
	struct rule_set meaning;
	char *path;
	struct regex **detect, **first, **error;
	size_t n_detect, n_first, n_error;
	struct conf_texts uses, time;
	struct pattern *patterns;
	size_t n_patterns;
	struct conf *conf;
};

/* Reads and checks everything that can be checked without other sets; NULL with the mistakes in p. */
struct set *set_load(const char *path, struct conf_problems *p);
struct set *set_from_conf(struct conf *take, struct conf_problems *p);
void set_free(struct set *s);
DEFINE_AUTO(set)
const struct pattern *set_pattern(const struct set *s, const char *id); /* NULL if there is none */

/* Every rule against its own samples and rejects; what fails goes to p.  false: something failed. */
bool set_check_samples(const struct set *s, struct conf_problems *p);

/* The rows that a set file consists of, for schemas and docs. */
extern const struct conf_key set_keys[], set_record_keys[], set_rule_keys[];
