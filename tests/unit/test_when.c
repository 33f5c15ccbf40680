/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "base/mem.h"
#include "record/when.h"

static const struct {
	const char *layout, *text, *iso; /* iso NULL: does not fit */
} cases[] = {
	{ "%Y-%m-%d %H:%M:%S", "2026-11-21 10:01:12,004 INFO", "2026-11-21T10:01:12.004" },
	{ "%Y-%m-%d %H:%M:%S", " 2026-11-21 10:01:12.5 INFO", "2026-11-21T10:01:12.500" },
	{ "%Y-%m-%d %H:%M:%S", "2026-11-21 10:01:12.004 UTC [1]", "2026-11-21T10:01:12.004Z" },
	{ "%d-%b-%Y %H:%M:%S", "20-Nov-2026 23:58:31.964 INFO", "2026-11-20T23:58:31.964" },
	{ "%b %d, %Y %I:%M:%S %p", "Nov 21, 2026 12:05:49 AM a.b.C", "2026-11-21T00:05:49.000" },
	{ "%b %d, %Y %I:%M:%S %p", "Nov. 21, 2026 10:47:40 PM x", "2026-11-21T22:47:40.000" },
	{ "%H:%M:%S", "11:02:14,311  INFO", "11:02:14.311" },
	{ "[%Y-%m-%d %H:%M:%S]", "[2025-03-28 10:23:01] [info]", "2025-03-28T10:23:01.000" },
	{ "%Y-%m-%dT%H:%M:%S", "2026-11-21T10:01:12.123456789+01:00 x", "2026-11-21T09:01:12.123Z" },
	/* %* stands for what is in front, as little of it as possible */
	{ "%*:%Y%m%d:%H%M%S", " 1234:20261121:100112.004 using configuration", "2026-11-21T10:01:12.004" },
	{ "%* %d %b %Y %H:%M:%S", "1234:M 21 Nov 2026 10:01:12.004 * Ready", "2026-11-21T10:01:12.004" },
	{ "%*\"ts\":\"%Y-%m-%dT%H:%M:%S", "{\"level\":\"info\",\"ts\":\"2026-11-21T10:01:12.004Z\"}",
	  "2026-11-21T10:01:12.004Z" },
	{ "%* - %Y-%m-%d %H:%M:%S", "ERROR - 2026-11-21 10:01:12.004; x", "2026-11-21T10:01:12.004" },
	{ "%*ts=%s", "level=info ts=1795255272.004 x", "2026-11-21T10:01:12.004Z" },
	{ "%*\"time\":%s", "{\"level\":30,\"time\":1795255272004,\"msg\":\"x\"}",
	  "2026-11-21T10:01:12.004Z" },
	{ "%*:%Y%m%d", "1234:none\n5:20261121", NULL }, /* only within the first line */
	{ "%* %H:%M:%S", "10:01:12", NULL },		/* it is not empty */
	/* months and halves of the day in other languages, as Java writes them; in UTF-8 and Latin-1 */
	{ "%d-%b-%Y %H:%M:%S", "05-Mai-2026 10:01:12.004 INFORMATION [main]", "2026-05-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-M\xC3\xA4rz-2026 10:01:12.004", "2026-03-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-M\xE4r-2026 10:01:12.004", "2026-03-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-Dez.-2026 10:01:12.004", "2026-12-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-Okt-2026 10:01:12.004", "2026-10-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-f\xC3\xA9vr.-2026 10:01:12.004", "2026-02-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-juin-2026 10:01:12.004", "2026-06-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-juil.-2026 10:01:12.004", "2026-07-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-ao\xFBt-2026 10:01:12.004", "2026-08-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S",
	  "05-d\xC3\xA9"
	  "c.-2026 10:01:12.004",
	  "2026-12-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-ene-2026 10:01:12.004", "2026-01-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-dic-2026 10:01:12.004", "2026-12-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-lug-2026 10:01:12.004", "2026-07-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-out-2026 10:01:12.004", "2026-10-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-mrt.-2026 10:01:12.004", "2026-03-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-\xE5\x8D\x81\xE4\xBA\x8C\xE6\x9C\x88-2026 10:01:12.004",
	  "2026-12-05T10:01:12.004" },
	{ "%d-%b-%Y %H:%M:%S", "05-11\xE6\x9C\x88-2026 10:01:12.004", "2026-11-05T10:01:12.004" },
	{ "%b %d, %Y %I:%M:%S %p", "M\xC3\xA4rz 05, 2026 2:01:12 NACHM. a.B c", "2026-03-05T14:01:12.000" },
	{ "%b %d, %Y %I:%M:%S %p", "Nov 21, 2026 2:01:12\xE2\x80\xAFPM a.B c", "2026-11-21T14:01:12.000" },
	{ "%b %d, %Y %I:%M:%S %p", "nov 21, 2026 12:01:12 a.\xC2\xA0m. a.B c", "2026-11-21T00:01:12.000" },
	{ "%b %d, %Y %I:%M:%S %p", "\xE5\x85\xAB\xE6\x9C\x88 12, 2026 2:01:12 \xE4\xB8\x8B\xE5\x8D\x88 a.B c",
	  "2026-08-12T14:01:12.000" },
	{ "%d-%b-%Y %H:%M:%S", "05-xyz-2026 10:01:12", NULL },
	{ "%Y-%m-%d %H:%M:%S", "2026-13-21 10:01:12", NULL },
	{ "%Y-%m-%d %H:%M:%S", "2026-11-21", NULL },
	{ "%Y-%m-%d %H:%M:%S", "", NULL },
	{ "%H:%M:%S", "25:02:14", NULL },
};

TEST(layouts_read_the_times_that_products_write)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[CLOCK_TEXT_MAX] = "";
		struct when w;
		bool fits = when_parse(cases[i].layout, cases[i].text, strlen(cases[i].text), &w);

		if (fits != (cases[i].iso != NULL))
			fail_msg("'%s' by %s: %s", cases[i].text, cases[i].layout,
				 fits ? "fits" : "does not fit");
		if (fits)
			assert_string_equal(when_text(w.at, w.dated, w.zoned, text), cases[i].iso);
	}
}

static int64_t clock_of(struct when_clock *c, const char *layout, const char *text)
{
	struct when w;

	assert_true(when_parse(layout, text, strlen(text), &w));
	return when_clock_at(c, &w);
}

TEST(a_clock_without_dates_goes_on_over_midnight)
{
	struct when_clock c = { 0 };
	int64_t before = clock_of(&c, "%H:%M:%S", "23:59:58,000"),
		after = clock_of(&c, "%H:%M:%S", "00:00:03,500");

	assert_int_equal(after - before, 5500 * CLOCK_MS);
}

TEST(a_little_disorder_is_no_new_day)
{
	struct when_clock c = { 0 };
	int64_t a = clock_of(&c, "%H:%M:%S", "10:00:05,000"), b = clock_of(&c, "%H:%M:%S", "10:00:04,000");

	assert_int_equal(a - b, CLOCK_SECOND);
}

TEST(bare_times_among_dated_ones_take_the_date_before_them)
{
	struct when_clock c = { 0 };
	int64_t dated = clock_of(&c, "%Y-%m-%d %H:%M:%S", "2026-11-21 23:59:59"),
		bare = clock_of(&c, "%H:%M:%S", "00:00:01,000");

	assert_int_equal(bare - dated, 2 * CLOCK_SECOND);
}

TEST(a_layout_with_an_unknown_letter_is_refused)
{
	assert_null(when_check("%Y-%m-%d %H:%M:%S"));
	assert_non_null(when_check("%Q"));
	assert_non_null(when_check("%"));
	assert_null(when_check("%*:%Y%m%d"));
	assert_non_null(when_check("%*:%*:%Y"));
}

TEST(points_in_time_are_written_as_iso_from_the_first_to_the_last_there_can_be)
{
	static const struct {
		int64_t wall;
		const char *iso;
	} points[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_C(1795255200123999999), "2026-11-21T10:00:00.123Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854Z" },
	};
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		assert_string_equal(clock_iso(points[i].wall, text), points[i].iso);
}
