/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo run: a plan, from the preflight to the verdict. */
#include "app/command.h"
#include "app/live.h"
#include "app/with_plan.h"
#include "base/log.h"

static int run_plan(const struct plan *p, const struct options *o, const struct library *l, int argc,
		    char **argv)
{
	if (argc > 0) {
		log_error("run takes one plan; what is '%s'? (a command stands behind --)", argv[0]);
		return EXIT_USAGE;
	}
	return live_run(p, o, l, o->command);
}

static int run(const struct options *o, int argc, char **argv)
{
	return with_plan(o, argc, argv, run_plan);
}

const struct command command_run = {
	.name = "run",
	.operands = "PLAN [-- COMMAND...]",
	.help = "launch COMMAND if given, follow the logs, ask the probes, give the verdict",
	.accepts = OPTIONS_REPORT | OPTIONS_LIVE | OPTIONS_PLAN,
	.run = run,
};
