/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: one const table of moves, one pure function.  The story says what happened, this says what
 * follows. */
#pragma once

enum state {
	STATE_WAITING,	/* goals are missing, nothing failed */
	STATE_SETTLING, /* all goals are reached and have to hold */
	STATE_FAILING,	/* failed; what else fails is collected until it is quiet */
	STATE_GO,
	STATE_FAILED, /* NO-GO, or ROLLBACK if something irreversible had begun */
	STATE_UNDECIDED,
	STATE_COUNT,
};

enum input {
	INPUT_BEGIN,   /* a new run: what the earlier one did is history */
	INPUT_GOALS,   /* the last missing goal was reached */
	INPUT_LOST,    /* a goal does not hold any more */
	INPUT_FAIL,    /* a failure */
	INPUT_FATAL,   /* a failure after which there is nothing to wait for */
	INPUT_SETTLED, /* `settle` is over */
	INPUT_DEADLINE,
	INPUT_STALL,
	INPUT_DIED,  /* the server is gone */
	INPUT_END,   /* the logs end: nothing more will come */
	INPUT_BLIND, /* what would be a GO is none: not every byte was read */
	INPUT_INTERRUPTED,
	INPUT_COUNT,
};

extern const char *const state_names[STATE_COUNT];
extern const char *const input_names[INPUT_COUNT];

enum state verdict_feed(enum state s, enum input in);

static inline int state_decided(enum state s)
{
	return s >= STATE_GO;
}
