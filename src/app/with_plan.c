/* SPDX-License-Identifier: Apache-2.0 */
#include "app/with_plan.h"

#include "app/command.h"
#include "app/sets.h"
#include "base/log.h"

int with_plan(const struct options *o, int argc, char **argv, with_plan_fn *fn)
{
	AUTO(conf_problems) problems = conf_problems_new();
	AUTO(library) l = NULL;
	AUTO(plan) p = NULL;

	if (argc < 1) {
		log_error("which plan?");
		return EXIT_USAGE;
	}
	l = sets_library(o, problems);
	if (l)
		p = plan_load(argv[0], o, l, problems);
	if (conf_problems_count(problems))
		return sets_complain(problems);
	return fn(p, o, l, argc - 1, argv + 1);
}
