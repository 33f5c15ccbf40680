/* SPDX-License-Identifier: Apache-2.0 */
/* One file a command. */
#pragma once
#include "app/options.h"

/* sysexits.h, as the contract uses them; below 4 is a verdict */
enum exit_code {
	EXIT_USAGE = 64,
	EXIT_NO_LOG = 65,
	EXIT_BUG = 70,
	EXIT_REPORT = 74,
	EXIT_CONFIG = 78,
};

struct command {
	const char *name;
	const char *operands; /* for the usage line */
	const char *help;     /* one sentence */
	unsigned accepts;     /* groups of options, see options.h */
	/* Operands begin at argv[0]; what stands behind `--` is in o->command.  Returns the exit code. */
	int (*run)(const struct options *o, int argc, char **argv);
};

#define KIND(x) extern const struct command command_##x;
#include "app/kinds.def"
#undef KIND

const struct command *command_named(const char *name);
const struct command *command_at(size_t i); /* NULL past the last */
