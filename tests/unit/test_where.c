/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "verdict/where.h"

static const struct {
	const char *name, *value;
} values[] = {
	{ "schema", "4113" },
	{ "original", "5025" },
	{ "grouped", "10,057" },
	{ "german", "10.057" },
	{ "french", "10\xC2\xA0"
		    "057" },
	{ "narrow", "10\xE2\x80\xAF"
		    "057" },
	{ "unencodable", "10?057" },
	{ "version", "5.2.10" },
	{ "edition", "Community" },
	{ "alfresco.schema", "8022" },
};

static const char *value(const void *arg, const char *name, size_t len, size_t *n)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (strlen(values[i].name) != len || memcmp(values[i].name, name, len) != 0)
			continue;
		*n = strlen(values[i].value);
		return values[i].value;
	}
	return NULL;
}

static const struct {
	const char *text;
	bool holds;
} cases[] = {
	{ "schema < original", true },
	{ "original < schema", false },
	{ "schema = 4113", true },
	{ "grouped = 10057", true },
	{ "german = grouped", true },
	{ "french == grouped", true },
	{ "narrow >= 10057", true },
	{ "unencodable = 10057", true },
	{ "version > 5.2.7", true },
	{ "version < 5.10", true },
	{ "edition = 'Community'", true },
	{ "edition != \"Community\"", false },
	{ "alfresco.schema >= 8000", true },
	{ "unknown = unknown", false },
	{ "unknown != 3", false },
	{ "schema = 1 or schema = 4113", true },
	{ "schema = 4113 and edition = 'x'", false },
	{ "schema = 4113 or edition = 'x' and schema = 1", true },
	{ "schema = 1 and edition = 'x' or grouped = 10057", true },
};

TEST(comparisons_hold_as_written)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { "" };
		AUTO(where) w = where_parse(cases[i].text, &e);

		if (!w || where_holds(w, value, NULL) != cases[i].holds)
			fail_msg("%s: %s", cases[i].text, w ? "decided otherwise" : e.text);
	}
}

static const struct {
	const char *text, *error;
} mistakes[] = {
	{ "", "expected a name, a number or a quoted text at the end" },
	{ "schema", "expected one of < <= > >= = != at ''" },
	{ "schema <", "expected a name, a number or a quoted text at the end" },
	{ "schema < 'x", "the quote in 'x is not closed" },
	{ "a = 1 b = 2", "expected 'and', 'or' or the end at 'b = 2'" },
};

static const struct {
	const char *text, *number; /* number NULL: none */
} numbers[] = {
	{ "8022", "8022" },
	{ "8,022", "8022" },
	{ "8.022", "8022" },
	{ "8'022", "8022" },
	{ "8\xE2\x80\x99"
	  "022",
	  "8022" },
	{ "8 022", "8022" },
	{ "8\xC2\xA0"
	  "022",
	  "8022" },
	{ "8\xE2\x80\xAF"
	  "022",
	  "8022" },
	{ "8\xA0"
	  "022",
	  "8022" }, /* Latin-1 */
	{ "1.234.567", "1234567" },
	{ "1,23,456", "123456" },
	{ "123456,789", NULL },
	{ "1,234.567", NULL }, /* a decimal number */
	{ "5.2.7", NULL },
	{ "5.2.100", NULL },
	{ "1,23", NULL },
	{ "", NULL },
	{ "x", NULL },
	{ "1,", NULL },
};

TEST(numbers_lose_the_separators_of_any_language)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char *n = value_integer(numbers[i].text, strlen(numbers[i].text));

		if (!n != !numbers[i].number || (n && strcmp(n, numbers[i].number) != 0))
			fail_msg("%s: %s", numbers[i].text, n ? n : "is no number");
		free(n);
	}
}

TEST(mistakes_say_what_was_expected)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct err e = { "" };

		assert_null(where_parse(mistakes[i].text, &e));
		assert_string_equal(e.text, mistakes[i].error);
	}
}

TEST(expectations_compare_numbers_and_versions)
{
	assert_true(value_expected("5.2.7", "5.2.7"));
	assert_false(value_expected("5.2.7", "5.2.8"));
	assert_true(value_expected("10057", ">= 10000"));
	assert_false(value_expected("9017", ">= 10000"));
	assert_true(value_expected("10,057", "10057"));
	assert_true(value_expected("x", "!= y"));
	assert_true(value_expected("a:1, b:2", "b:2, a:1"));
	assert_true(value_expected("a:1, b:2", "b:2 ,a:1"));
	assert_false(value_expected("a:1, b:2", "a:1"));
	assert_false(value_expected("a:1", "a:1, b:2"));
	assert_false(value_expected("a:1, b:2", "a:1, c:3"));
	assert_false(value_expected("a:1, b:2", "!= b:2, a:1"));
	assert_true(value_expected("10,057", "10,057"));
}
