/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo probe: the probes of a plan, asked once. */
#include "app/command.h"
#include "app/once.h"
#include "app/with_plan.h"

static int ask(const struct plan *p, const struct options *o, const struct library *l, int argc, char **argv)
{
	(void)o;
	(void)l;
	return once_ask_all(p, PROBE_AFTER, argc, argv);
}

static int run(const struct options *o, int argc, char **argv)
{
	return with_plan(o, argc, argv, ask);
}

const struct command command_probe = {
	.name = "probe",
	.operands = "PLAN [NAME...]",
	.help = "ask the probes once and show every answer (0 pass, 1 fail, 3 not yet)",
	.accepts = OPTIONS_PLAN,
	.run = run,
};
