/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that take a plan have in common. */
#pragma once
#include "app/plan.h"

typedef int with_plan_fn(const struct plan *p, const struct options *o, const struct library *l, int argc,
			 char **argv);
/* Loads sets and the plan argv[0] and calls fn with the operands behind it; mistakes are shown, none is left
 * out. */
int with_plan(const struct options *o, int argc, char **argv, with_plan_fn *fn);
