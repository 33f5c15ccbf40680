/* SPDX-License-Identifier: Apache-2.0 */
/* Probes that plans use by name: `probes/NAME.yaml` with parameters. */
#pragma once
#include "base/mem.h"
#include "conf/conf.h"
#include "probe/probe.h"

/* What a plan's entry says instead of a kind. */
struct use {
	char *use;
	struct conf_pairs with;
};
extern const struct conf_key probe_use_keys[];

/* What a definition has beside its kind and the common keys. */
struct definition {
	char *probe;
	const struct conf_node *with;
};
extern const struct conf_key probe_definition_keys[];
/* One parameter under with. */
extern const struct conf_key probe_parameter_keys[];

/* The mistakes in d, which was filled from root, that its keys cannot express. */
void definition_check(const struct definition *d, const struct conf_node *root, struct conf_problems *p);
/* The definition of that name out of folders, searched in order; NULL with the reason in p, at n. */
struct conf *definition_find(const char *name, const struct conf_texts *folders, const struct conf_node *n,
			     struct conf_problems *p);
/* Its parameters with what the plan (entry n) says of them, in front of the plan's own variables; yours. */
struct conf_vars *definition_vars(const struct conf_node *definition, const struct use *u,
				  const struct conf_node *n, const struct conf_vars *outer,
				  struct conf_problems *p);
/* Its parameters with their defaults and examples; yours. */
struct conf_vars *definition_examples(const struct conf_node *definition, struct conf_problems *p);
