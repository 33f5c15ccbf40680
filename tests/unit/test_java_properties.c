/* SPDX-License-Identifier: Apache-2.0 */
/* .properties files, line by line as java.util.Properties reads them. */
#include "probe/java_properties.h"

#include "base/buf.h"
#include "t.h"

static struct java_properties *parse(const char *text, enum java_encoding encoding)
{
	struct err e;
	struct java_properties *p = java_properties_parse(text, strlen(text), encoding, &e);

	if (!p)
		fail_msg("%s", e.text);
	return p;
}

TEST(a_line_is_a_key_and_a_value)
{
	static const struct {
		const char *text, *key, *value; /* value NULL: there is none */
	} cases[] = {
		{ "dir.root=/srv/data", "dir.root", "/srv/data" },
		{ "dir.root:/srv/data", "dir.root", "/srv/data" },
		{ "dir.root /srv/data", "dir.root", "/srv/data" },
		{ "dir.root\t=\t/srv/data", "dir.root", "/srv/data" },
		{ "  dir.root  =  /srv/data", "dir.root", "/srv/data" },
		{ "dir.root \f/srv/data", "dir.root", "/srv/data" },
		{ "a==b", "a", "=b" },
		{ "a = : b", "a", ": b" },
		{ "a  :  = b", "a", "= b" },
		{ "a=b=c:d", "a", "b=c:d" },
		{ "db.url=jdbc:postgresql://db/x?a=b", "db.url", "jdbc:postgresql://db/x?a=b" },
		{ "a=b  ", "a", "b  " },
		{ "a", "a", "" },
		{ "a=", "a", "" },
		{ "a=\nb=c", "a", "" },
		{ "=b", "", "b" },
		{ "# a=b", "a", NULL },
		{ "  ! a=b", "a", NULL },
		{ "# a \\\nb=c", "b", "c" },
		{ "\n \t \na=b", "a", "b" },
		{ "a=b # no comment", "a", "b # no comment" },
		{ "a=1\na=2\n", "a", "2" },
		{ "a=1\ra=2\r\nb=3", "a", "2" },
		{ "a=1\r\nb=3", "b", "3" },
		{ "A=1\na=2", "A", "1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(java_properties) p = parse(cases[i].text, JAVA_LATIN_1);
		const char *value = java_properties_get(p, cases[i].key, NULL);

		if (!value != !cases[i].value || (value && strcmp(value, cases[i].value) != 0))
			fail_msg("%s\ngot:    %s\nwanted: %s", cases[i].text, value ? value : "none",
				 cases[i].value ? cases[i].value : "none");
	}
}

TEST(a_backslash_continues_a_line_or_takes_the_meaning_from_what_follows)
{
	static const struct {
		const char *text, *key, *value;
	} cases[] = {
		{ "a=1,\\\n  2,\\\r\n\t3", "a", "1,2,3" },
		{ "a\\\n b=1", "ab", "1" },
		{ "a=1\\\\\nb=2", "a", "1\\" },
		{ "a=1\\\\\\\nb=2", "a", "1\\b=2" },
		{ "a=1\\\n# no comment", "a", "1# no comment" },
		{ "a=1\\\n\nb=2", "b", "2" },
		{ "a=1\\", "a", "1" },
		{ "a=C:\\\\data\\\\x", "a", "C:\\data\\x" },
		{ "a=C:\\data", "a", "C:data" },
		{ "a=\\t\\n\\r\\f\\b\\z", "a", "\t\n\r\fbz" },
		{ "a\\ b\\=c\\:d=1", "a b=c:d", "1" },
		{ "a=\\ b", "a", " b" },
		{ "\\#a=b", "#a", "b" },
		{ "\\u0061=\\u00e9\\u20AC", "a", "\xC3\xA9\xE2\x82\xAC" },
		{ "a=\\uD83D\\uDE00", "a", "\xF0\x9F\x98\x80" },
		{ "a=\\uD83Dx\\u0000", "a", "\xEF\xBF\xBDx\xEF\xBF\xBD" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(java_properties) p = parse(cases[i].text, JAVA_LATIN_1);
		const char *value = java_properties_get(p, cases[i].key, NULL);

		if (!value || strcmp(value, cases[i].value) != 0)
			fail_msg("%s\ngot:    %s\nwanted: %s", cases[i].text, value ? value : "none",
				 cases[i].value);
	}
}

TEST(bytes_are_read_in_the_encoding_that_is_said)
{
	AUTO(java_properties) latin = parse("a=\xE9t\xE9", JAVA_LATIN_1);
	AUTO(java_properties) utf = parse("a=\xC3\xA9t\xC3\xA9\xE9", JAVA_UTF_8);
	AUTO(java_properties) mistaken = parse("a=\xC3\xA9", JAVA_LATIN_1);

	assert_string_equal(java_properties_get(latin, "a", NULL), "\xC3\xA9t\xC3\xA9");
	assert_string_equal(java_properties_get(utf, "a", NULL), "\xC3\xA9t\xC3\xA9\xEF\xBF\xBD");
	assert_string_equal(java_properties_get(mistaken, "a", NULL), "\xC3\x83\xC2\xA9");
}

TEST(what_java_refuses_is_refused_with_its_line)
{
	static const char *const texts[] = { "a=1\n\nb=\\u12", "a=1\nb=2\\\n\\u12G4",
					     "a=1\\\r\n2\nb\\uxyzw=1" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err e;

		assert_null(java_properties_parse(texts[i], strlen(texts[i]), JAVA_LATIN_1, &e));
		assert_string_equal(e.text,
				    "line 3: \\u without four hexadecimal digits; Java refuses the file");
	}
}

TEST(a_property_knows_the_line_it_begins_in)
{
	AUTO(java_properties) p = parse("# x\na=1,\\\n2\r\n\r\nb=3\na=4", JAVA_LATIN_1);
	size_t line;

	java_properties_get(p, "b", &line);
	assert_int_equal(line, 5);
	java_properties_get(p, "a", &line);
	assert_int_equal(line, 6);
	java_properties_preset(p, "c", "5");
	assert_string_equal(java_properties_get(p, "c", &line), "5");
	assert_int_equal(line, 0);
	java_properties_preset(p, "a", "5");
	assert_string_equal(java_properties_get(p, "a", NULL), "4");
	assert_int_equal(java_properties_count(p), 3);
	assert_string_equal(java_properties_key(p, 1), "b");
}

TEST(a_value_may_be_made_of_others)
{
	AUTO(java_properties)
	p = parse("root=/srv\nstore=${root}/content\nlog=${store}/${nix}/${\n"
		  "self=a${self}\none=${two}\ntwo=${one}\ntwice=${root}${root}",
		  JAVA_LATIN_1);
	static const char *const wanted[][2] = { { "store", "/srv/content" },
						 { "log", "/srv/content/${nix}/${" },
						 { "twice", "/srv/srv" } };

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		AUTO_FREE char *value = java_properties_resolve(p, wanted[i][0]);

		assert_string_equal(value, wanted[i][1]);
	}
	AUTO_FREE char *self = java_properties_resolve(p, "self");
	AUTO_FREE char *one = java_properties_resolve(p, "one");

	assert_non_null(strstr(self, "${self}"));
	assert_non_null(strstr(one, "${"));
	assert_null(java_properties_resolve(p, "nix"));
}

TEST(values_that_multiply_one_another_end)
{
	AUTO_BUF text = BUF_INIT(1 << 16);

	for (int i = 0; i < 15; i++) {
		buf_printf(&text, "k%d=", i);
		for (int k = 0; k < 10; k++)
			buf_printf(&text, "${k%d}", i + 1);
		buf_char(&text, '\n');
	}
	buf_str(&text, "k15=\n");
	AUTO(java_properties) p = parse(buf_text(&text), JAVA_LATIN_1);
	AUTO_FREE char *value = java_properties_resolve(p, "k0");

	assert_non_null(value);
}
