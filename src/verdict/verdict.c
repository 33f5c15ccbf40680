/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/verdict.h"

const char *const state_names[STATE_COUNT] = {
	"waiting", "settling", "failing", "go", "failed", "undecided"
};
const char *const input_names[INPUT_COUNT] = { "begin",	   "goals", "lost", "fail", "fatal", "settled",
					       "deadline", "stall", "died", "end",  "blind", "interrupted" };

#define W STATE_WAITING
#define S STATE_SETTLING
#define F STATE_FAILING
#define GO STATE_GO
#define NO STATE_FAILED
#define UN STATE_UNDECIDED

/* clang-format off */
/*
 * A decided state is left by nothing.  A settling run has nothing to stall, and its goals were reached before the
 * deadline.  A failure is not taken back by goals: servers print their success line after a failed part as well.
 */
static const unsigned char moves[STATE_COUNT][INPUT_COUNT] = {
	/*			 begin goals lost fail fatal settled deadline stall died end blind interrupted */
	[STATE_WAITING]      = { W,    S,    W,   F,   NO,   W,      UN,      UN,   NO,  UN, W,    UN },
	[STATE_SETTLING]     = { W,    S,    W,   F,   NO,   GO,     S,       S,    NO,  GO, UN,   UN },
	[STATE_FAILING]      = { W,    F,    F,   F,   NO,   NO,     NO,      NO,   NO,  NO, F,    UN },
	[STATE_GO]           = { GO,   GO,   GO,  GO,  GO,   GO,     GO,      GO,   GO,  GO, GO,   GO },
	[STATE_FAILED]       = { NO,   NO,   NO,  NO,  NO,   NO,     NO,      NO,   NO,  NO, NO,   NO },
	[STATE_UNDECIDED]    = { UN,   UN,   UN,  UN,  UN,   UN,     UN,      UN,   UN,  UN, UN,   UN },
};
/* clang-format on */

enum state verdict_feed(enum state s, enum input in)
{
	return (enum state)moves[s][in];
}
