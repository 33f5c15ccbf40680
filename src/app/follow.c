/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo follow: run without a plan; one line in place of tail -F | grep. */
#include "app/command.h"
#include "app/live.h"
#include "app/sets.h"
#include "base/log.h"

static int run(const struct options *o, int argc, char **argv)
{
	AUTO(conf_problems) problems = conf_problems_new();
	AUTO(library) l = NULL;
	AUTO(plan) p = NULL;

	if (argc < 1 && !o->command) {
		log_error("follow: which log, or which command behind --?");
		return EXIT_USAGE;
	}
	l = sets_library(o, problems);
	if (l)
		p = plan_of_options(o, l, argc, argv, problems);
	if (conf_problems_count(problems))
		return sets_complain(problems);
	return live_run(p, o, l, o->command);
}

const struct command command_follow = {
	.name = "follow",
	.operands = "LOG... [-- COMMAND...]",
	.help = "the verdict on logs as they are written, without a plan",
	.accepts = OPTIONS_SETS | OPTIONS_REPORT | OPTIONS_LIVE,
	.run = run,
};
