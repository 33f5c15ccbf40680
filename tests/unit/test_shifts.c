/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "app/shifts.h"

enum { LINE = 10, OTHERS = 7, HELD = 100 };

/* A container's i-th line, where every second line of the file is of another one. */
static struct shift_place own_of(uint64_t i)
{
	return (struct shift_place){ 0, i * LINE, i + 1 };
}

static struct shift_place real_of(uint64_t i)
{
	return (struct shift_place){ 0, i * (LINE + OTHERS), 2 * i + 1 };
}

static void check_place(const struct shifts *s, uint64_t i)
{
	struct shift_place own = own_of(i), real = real_of(i);
	struct record r = { .file = own.file, .offset = own.offset, .line = own.line };
	struct record at = shifts_placed(s, &r);

	assert_int_equal(at.offset, real.offset);
	assert_int_equal(at.line, real.line);
}

TEST(places_that_may_be_asked_for_stay_exact_and_the_others_are_forgotten)
{
	struct shifts s = { 0 };

	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t oldest = i > HELD ? i - HELD : 0;

		shifts_note(&s, own_of(i), real_of(i), own_of(oldest));
		check_place(&s, oldest);
		check_place(&s, (oldest + i) / 2);
		check_place(&s, i);
		assert_true(s.n <= 4 * HELD);
	}
	shifts_clear(&s);
}

TEST(what_follows_on_is_the_same_place)
{
	struct shifts s = { 0 };

	for (uint64_t i = 0; i < 1000; i++)
		shifts_note(&s, (struct shift_place){ 0, i * LINE, i + 1 },
			    (struct shift_place){ 0, 500 + i * LINE, 40 + i }, (struct shift_place){ 0 });
	assert_int_equal(s.n, 1);
	shifts_clear(&s);
}

TEST(a_file_before_is_not_forgotten_while_its_last_record_is_open)
{
	struct shifts s = { 0 };
	const struct shift_place open = { 3, 900, 31 };
	struct record r = { .file = 3, .offset = 900, .line = 31 };
	struct record at;

	shifts_note(&s, open, (struct shift_place){ 3, 5000, 200 }, open);
	for (uint64_t i = 0; i < 1000; i++) {
		struct shift_place own = own_of(i), real = real_of(i);

		own.file = real.file = 4;
		shifts_note(&s, own, real, open);
	}
	at = shifts_placed(&s, &r);
	assert_int_equal(at.offset, 5000);
	assert_int_equal(at.line, 200);
	shifts_clear(&s);
}

TEST(where_nothing_was_noted_a_place_is_as_it_is)
{
	struct shifts s = { 0 };
	struct record r = { .offset = 77, .line = 5 };
	struct record at = shifts_placed(&s, &r);

	assert_int_equal(at.offset, 77);
	assert_int_equal(at.line, 5);
}
