/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers (RFC 6901) and what values look like as text. */
#include "net/json.h"

#include "base/mem.h"
#include "t.h"

static json_t *parse(const char *text)
{
	struct err e;
	json_t *root = json_read(text, strlen(text), &e);

	if (!root)
		fail_msg("%s", e.text);
	return root;
}

/* The document of section 5 of the RFC. */
static const char rfc_document[] =
	"{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3,"
	" \"g|h\": 4, \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}";

TEST(the_examples_of_the_rfc_hold)
{
	static const struct {
		const char *pointer, *text;
	} cases[] = {
		{ "/foo", "[\"bar\",\"baz\"]" },
		{ "/foo/0", "bar" },
		{ "/foo/1", "baz" },
		{ "/", "0" },
		{ "/a~1b", "1" },
		{ "/c%d", "2" },
		{ "/e^f", "3" },
		{ "/g|h", "4" },
		{ "/i\\j", "5" },
		{ "/k\"l", "6" },
		{ "/ ", "7" },
		{ "/m~0n", "8" },
	};
	json_t *root = parse(rfc_document);

	assert_ptr_equal(json_at(root, ""), root);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF text = BUF_INIT(100);
		const json_t *found = json_at(root, cases[i].pointer);

		if (!found)
			fail_msg("%s leads nowhere", cases[i].pointer);
		json_text(&text, found);
		assert_string_equal(buf_text(&text), cases[i].text);
	}
	json_decref(root);
}

TEST(what_is_not_there_is_null_and_not_json_null)
{
	static const char *const nowhere[] = { "/nix",	  "/foo/2", "/foo/-",  "/foo/00",
					       "/foo/01", "/foo/x", "/foo/",   "/foo/0/x",
					       "/a~1b/c", "//",	    "/foo/-1", "/foo/4294967296" };
	json_t *root = parse(rfc_document), *nil = parse("{\"a\": null}");

	for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
		assert_null(json_at(root, nowhere[i]));
	assert_true(json_is_null(json_at(nil, "/a")));
	assert_null(json_at(nil, "/a/b"));
	assert_null(json_at(NULL, "/a"));
	json_decref(root);
	json_decref(nil);
}

TEST(only_pointers_are_pointers)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{ "", true },	  { "/", true },    { "/a/b", true },	 { "/a~0~1b", true },
		{ "a", false },	  { "/a~", false }, { "/a~2", false },	 { "#/a", false },
		{ "$.a", false }, { "~", false },   { "/~01~10", true }, { "/a~/b", false },
	};
	json_t *root = parse("{\"a~2\": 1}");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (json_is_pointer(cases[i].text) != cases[i].is)
			fail_msg("'%s'", cases[i].text);
	assert_null(json_at(root, "/a~2"));
	json_decref(root);
}

TEST(escapes_are_undone_once)
{
	json_t *root = parse("{\"~1\": \"tilde one\", \"/\": \"slash\"}");

	assert_string_equal(json_string_value(json_at(root, "/~01")), "tilde one");
	assert_string_equal(json_string_value(json_at(root, "/~1")), "slash");
	json_decref(root);
}

TEST(whole_numbers_stay_exact)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{ "9007199254740993", "9007199254740993" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "0.1", "0.1" },
		{ "1e3", "1000.0" },
		{ "true", "true" },
		{ "null", "null" },
		{ "\"\"", "" },
		{ "\"a b\"", "a b" },
		{ "{}", "{}" },
		{ "[1, {\"a\": 2}]", "[1,{\"a\":2}]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF text = BUF_INIT(100);
		json_t *root = parse(cases[i].json);

		json_text(&text, root);
		assert_string_equal(buf_text(&text), cases[i].text);
		json_decref(root);
	}
}

TEST(a_byte_order_mark_is_skipped)
{
	json_t *root = parse("\xEF\xBB\xBF{\"a\": 1}");

	assert_int_equal(json_integer_value(json_at(root, "/a")), 1);
	json_decref(root);
}

TEST(what_is_no_json_is_refused_with_its_line)
{
	static const char *const texts[] = { "",
					     "<html>",
					     "{\"a\": NaN}",
					     "{\"a\": 1}\n{\"b\": 2}",
					     "{\"a\": \"\xE9\"}",
					     "{\"a\": 99999999999999999999}" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err e = { "" };

		assert_null(json_read(texts[i], strlen(texts[i]), &e));
		assert_int_equal(strncmp(e.text, "no JSON: line ", 14), 0);
	}
}

TEST(a_nul_inside_a_string_does_not_end_it)
{
	AUTO_BUF text = BUF_INIT(100);
	json_t *root = parse("\"a\\u0000b\"");

	json_text(&text, root);
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.data, "a\0b", 3);
	json_decref(root);
}
