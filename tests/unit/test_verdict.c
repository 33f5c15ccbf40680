/* SPDX-License-Identifier: Apache-2.0 */
/* The table of moves: every row, and what must hold for the whole of it. */
#include "t.h"

#include "verdict/verdict.h"

#define W STATE_WAITING
#define S STATE_SETTLING
#define F STATE_FAILING
#define GO STATE_GO
#define NO STATE_FAILED
#define UN STATE_UNDECIDED

static const struct {
	enum state from;
	enum input in;
	enum state to;
} rows[] = {
	{ W, INPUT_BEGIN, W },	   { W, INPUT_GOALS, S },  { W, INPUT_LOST, W },
	{ W, INPUT_FAIL, F },	   { W, INPUT_FATAL, NO }, { W, INPUT_SETTLED, W },
	{ W, INPUT_DEADLINE, UN }, { W, INPUT_STALL, UN }, { W, INPUT_DIED, NO },
	{ W, INPUT_END, UN },	   { W, INPUT_BLIND, W },  { W, INPUT_INTERRUPTED, UN },
	{ S, INPUT_BEGIN, W },	   { S, INPUT_GOALS, S },  { S, INPUT_LOST, W },
	{ S, INPUT_FAIL, F },	   { S, INPUT_FATAL, NO }, { S, INPUT_SETTLED, GO },
	{ S, INPUT_DEADLINE, S },  { S, INPUT_STALL, S },  { S, INPUT_DIED, NO },
	{ S, INPUT_END, GO },	   { S, INPUT_BLIND, UN }, { S, INPUT_INTERRUPTED, UN },
	{ F, INPUT_BEGIN, W },	   { F, INPUT_GOALS, F },  { F, INPUT_LOST, F },
	{ F, INPUT_FAIL, F },	   { F, INPUT_FATAL, NO }, { F, INPUT_SETTLED, NO },
	{ F, INPUT_DEADLINE, NO }, { F, INPUT_STALL, NO }, { F, INPUT_DIED, NO },
	{ F, INPUT_END, NO },	   { F, INPUT_BLIND, F },  { F, INPUT_INTERRUPTED, UN },
};

TEST(every_move_of_the_table_is_the_one_that_was_meant)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(state_names[verdict_feed(rows[i].from, rows[i].in)],
				    state_names[rows[i].to]);
}

TEST(the_rows_cover_every_open_state_and_input)
{
	assert_int_equal(sizeof(rows) / sizeof(*rows), (size_t)STATE_GO * INPUT_COUNT);
}

TEST(a_decided_state_is_left_by_nothing)
{
	for (int s = STATE_GO; s < STATE_COUNT; s++)
		for (int in = 0; in < INPUT_COUNT; in++)
			assert_int_equal(verdict_feed((enum state)s, (enum input)in), s);
}

TEST(go_is_reached_only_from_settling)
{
	for (int s = 0; s < STATE_COUNT; s++)
		for (int in = 0; in < INPUT_COUNT; in++)
			if (s != STATE_GO && verdict_feed((enum state)s, (enum input)in) == STATE_GO)
				assert_int_equal(s, STATE_SETTLING);
}

TEST(death_never_leads_to_go)
{
	for (int s = 0; s < STATE_GO; s++)
		assert_int_equal(verdict_feed((enum state)s, INPUT_DIED), STATE_FAILED);
}
