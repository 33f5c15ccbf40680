/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "t.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/schema.h"

/* ---- a struct with one field of each type ---- */

struct sample {
	char *url;
	char *user_name;
	char *password;
	int64_t retries;
	double share;
	bool strict;
	int64_t wait;
	int64_t max_body;
	int colour;
	struct conf_texts args;
	struct conf_pairs headers;
	const struct conf_node *nested;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct conf_key keys[] = {
	CONF_TEXT(struct sample, url, "http://localhost/", "what to ask for"),
	CONF_ROW(struct sample, user_name, char *, "user-name", CONF_TYPE_TEXT, NULL, "who asks", NULL,
		 false),
	CONF_SECRET(struct sample, password, "how to prove it"),
	CONF_INT(struct sample, retries, "3", "how often to ask again"),
	CONF_NUMBER(struct sample, share, "0.5", "how much must be there"),
	CONF_BOOL(struct sample, strict, "true", "whether warnings count"),
	CONF_TIME(struct sample, wait, "5s", "how long one try may take"),
	CONF_SIZE(struct sample, max_body, "64k", "how much is read"),
	CONF_ENUM(struct sample, colour, "green", colours, "what it looks like"),
	CONF_TEXTS(struct sample, args, "what is passed on"),
	CONF_PAIRS(struct sample, headers, "what is sent along"),
	CONF_NODE(struct sample, nested, "what others look at"),
	{ 0 },
};

/* The same under the names of the fixtures. */
static const struct conf_key file_keys[] = {
	CONF_TEXT(struct sample, url, NULL, "what to ask for"),
	CONF_ROW(struct sample, user_name, char *, "user-name", CONF_TYPE_TEXT, NULL, "who asks", NULL,
		 false),
	CONF_SECRET(struct sample, password, "how to prove it"),
	CONF_INT(struct sample, retries, NULL, "how often to ask again"),
	CONF_NUMBER(struct sample, share, NULL, "how much must be there"),
	CONF_BOOL(struct sample, strict, NULL, "whether warnings count"),
	CONF_TIME(struct sample, wait, NULL, "how long one try may take"),
	CONF_ROW(struct sample, max_body, int64_t, "max-body", CONF_TYPE_SIZE, NULL, "how much is read", NULL,
		 false),
	CONF_ENUM(struct sample, colour, NULL, colours, "what it looks like"),
	CONF_TEXTS(struct sample, args, "what is passed on"),
	CONF_PAIRS(struct sample, headers, "what is sent along"),
	CONF_NODE(struct sample, nested, "what others look at"),
	{ 0 },
};

struct bound {
	char *url;
	int64_t port;
};

static const struct conf_key bound_keys[] = {
	CONF_ROW(struct bound, url, char *, "url", CONF_TYPE_TEXT, NULL, "what to ask for", NULL, true),
	CONF_ROW(struct bound, port, int64_t, "port", CONF_TYPE_INT, NULL, "where", NULL, true),
	{ 0 },
};

/* All problems, a line each. */
static char *said(struct conf_problems *p)
{
	struct buf out = BUF_INIT(1 << 20);

	for (size_t i = 0; i < conf_problems_count(p); i++) {
		buf_str(&out, conf_problems_text(p, i));
		buf_char(&out, '\n');
	}
	return buf_take(&out);
}

static struct conf *parse(const char *text, struct conf_problems *p)
{
	return conf_parse("t.yaml", text, strlen(text), p);
}

/* What is wrong with text as a map of table. */
static char *mistakes(const char *text, const struct conf_key *table, const struct conf_vars *vars)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse(text, p);
	struct sample s;

	if (c) {
		conf_fill(conf_root(c), table, &s, vars, NULL, p);
		conf_clear(table, &s);
	}
	return said(p);
}

struct row {
	const char *text;
	const char *said; /* without the last line end; "" where nothing is wrong */
};

static void check_rows(const struct row *rows, size_t n, const struct conf_key *table,
		       const struct conf_vars *vars)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *got = mistakes(rows[i].text, table, vars);
		AUTO_FREE char *wanted = mem_printf("%s%s", rows[i].said, rows[i].said[0] ? "\n" : "");

		assert_string_equal(got, wanted);
	}
}

/* ---- fixtures: one mistake a file, and what has to be said ---- */

static void enter_fixtures(void)
{
	const char *top = getenv("SRC"); /* meson says so; by hand: run it from the sources' folder */
	AUTO_FREE char *folder = mem_printf("%s/tests/bad/conf", top ? top : ".");

	assert_int_equal(chdir(folder), 0);
}

static char *mistakes_of_file(const char *name)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = conf_load(name, p);
	struct sample s;

	if (c) {
		conf_fill(conf_root(c), file_keys, &s, NULL, NULL, p);
		conf_clear(file_keys, &s);
	}
	return said(p);
}

static int is_yaml(const struct dirent *d)
{
	return str_ends(d->d_name, ".yaml");
}

TEST(every_bad_file_is_told_its_mistakes_with_their_places)
{
	AUTO_CLOSE before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **files;
	int n;

	enter_fixtures();
	n = scandir(".", &files, is_yaml, alphasort);
	assert_true(n > 30);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *got = mistakes_of_file(files[i]->d_name);
		AUTO_FREE char *stem =
			mem_strndup(files[i]->d_name, strlen(files[i]->d_name) - strlen(".yaml"));
		AUTO_FREE char *expected = mem_printf("%s.txt", stem);
		AUTO_BUF wanted = BUF_INIT(1 << 16);
		struct err e;

		assert_int_equal(io_read_file(expected, &wanted, &e), 0);
		assert_true(wanted.len > 0);
		assert_string_equal(got, buf_text(&wanted));
		free(files[i]);
	}
	free(files);
	assert_int_equal(fchdir(before), 0);
}

TEST(a_file_that_cannot_be_read_is_a_problem_too)
{
	static const struct row rows[] = {
		{ "/nowhere/plan.yaml", "/nowhere/plan.yaml:1:1: No such file or directory\n" },
		{ "/", "/:1:1: is a directory\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = mistakes_of_file(rows[i].text);

		assert_string_equal(got, rows[i].said);
	}
}

/* ---- trees ---- */

TEST(positions_are_those_an_editor_shows)
{
	static const struct {
		const char *text, *path; /* path: keys and indices */
		size_t line, column;
	} rows[] = {
		{ "a: b\n", "a", 1, 4 },
		{ "a:   b\n", "a", 1, 6 },
		{ "a:\t b\n", "a", 1, 5 },
		{ "\n# c\n\na: b\n", "a", 4, 4 },
		{ "\r\n\r\na: b\r\nc: d\r\n", "c", 4, 4 },
		{ "a: b\rc: d\r", "c", 2, 4 },
		{ "\xEF\xBB\xBF"
		  "a: b\n",
		  "a", 1, 4 },
		{ "ä: ü\n", "ä", 1, 4 },
		{ "{ ä: 'ü', b: c }\n", "b", 1, 14 },
		{ "a: \"b\"\n", "a", 1, 4 },
		{ "a: ''\n", "a", 1, 4 },
		{ "\"a\": 'b'\n'c' : d\n", "c", 2, 7 },
		{ "a: |\n  text\n", "a", 1, 4 },
		{ "a: # why > what\n  >2-\n\n  text\n", "a", 2, 3 },
		{ "a: &x |+\n  text\nb: c\n", "a", 1, 7 },
		{ "a: |\n  one\n\n  two\n\nb: c\n", "b", 6, 4 },
		{ "a: one\n  two\n\n  three\nb: c\n", "b", 5, 4 },
		{ "- a\n- - b\n  - c\n", "1", 2, 3 },
		{ "- a\n- - b\n  - c\n", "1/1", 3, 5 },
		{ "- a: b\n  c:\n    d: e\n", "0/c", 3, 5 },
		{ "- a: b\n  c:\n    d: e\n", "0/c/d", 3, 8 },
		{ "a:\n- b\n- c: d\n", "a", 2, 1 },
		{ "a:\n- b\n- c: d\n", "a/1", 3, 3 },
		{ "a: [ b, [c], {d: e} ]\n", "a", 1, 4 },
		{ "a: [ b, [c], {d: e} ]\n", "a/1", 1, 9 },
		{ "a: [ b, [c], {d: e} ]\n", "a/2", 1, 14 },
		{ "a: [ b, c: d ]\n", "a/1", 1, 9 },
		{ "{\n\t\"a\": [\n\t\t1,\n\t\t2\n\t]\n}\n", "a/1", 4, 3 },
		{ "a:\nb: c\n", "a", 1, 1 },
		{ "a:\n  - b\n  -\n  - c\n", "a/1", 3, 3 },
		{ "a:\n  -\n  # c - d\n  -\n", "a/1", 4, 3 },
		{ "a: &x\nb: *x\n", "a", 1, 1 },
		{ "a: &x b\nc:  *x\n", "c", 2, 5 },
		{ "a: &x {b: c}\nd: *x\n", "d", 1, 7 },
		{ "a: &x {b: c}\nd: *x\n", "d/b", 1, 11 },
		{ "? a\n: b\n", "a", 2, 3 },
		{ "--- # c\na: b\n...\n", "a", 2, 4 },
		{ "", "", 1, 1 },
		{ "# nothing\n", "", 1, 1 },
		{ "---\n~\n", "", 1, 1 },
		{ "\n  a: b\n", "", 2, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(conf) c = parse(rows[i].text, p);
		AUTO_FREE char *path = mem_strdup(rows[i].path);
		const struct conf_node *n;
		char *rest = path, *step;

		assert_non_null(c);
		assert_int_equal(conf_problems_count(p), 0);
		n = conf_root(c);
		while ((step = strsep(&rest, "/")) && *step) {
			n = conf_shape(n) == CONF_MAP ? conf_get(n, step)
						      : conf_item(n, (size_t)(*step - '0'));
			assert_non_null(n);
		}
		if (conf_line(n) != rows[i].line || conf_column(n) != rows[i].column)
			print_error("%s in %s\n", rows[i].path, rows[i].text);
		assert_int_equal(conf_line(n), rows[i].line);
		assert_int_equal(conf_column(n), rows[i].column);
		assert_string_equal(conf_path(n), "t.yaml");
	}
}

TEST(keys_have_places_too)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("a: 1\n\"b\" : 2\n&x c: 3\n", p);
	static const size_t columns[] = { 1, 1, 4 };

	assert_int_equal(conf_count(conf_root(c)), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(conf_line(conf_key_node(conf_root(c), i)), i + 1);
		assert_int_equal(conf_column(conf_key_node(conf_root(c), i)), columns[i]);
	}
	assert_string_equal(conf_key(conf_root(c), 1), "b");
	assert_null(conf_key(conf_root(c), 3));
	assert_null(conf_item(conf_root(c), 3));
	assert_null(conf_get(conf_root(c), "d"));
	assert_null(conf_get(conf_item(conf_root(c), 0), "a"));
}

TEST(texts_say_what_yaml_says_they_say)
{
	static const struct row rows[] = {
		{ "a: b c\n", "b c" },
		{ "a: b  c   # d\n", "b  c" },
		{ "a: http://x:80/y?z#q\n", "http://x:80/y?z#q" },
		{ "a: one\n  two\n\n\n  three\n", "one two\n\nthree" },
		{ "a: one\r\n  two\r\n\r\n  three\r\n", "one two\nthree" },
		{ "a: 'it''s'\n", "it's" },
		{ "a: 'x = '''''\n", "x = ''" },
		{ "a: 'x''''y'\n", "x''y" },
		{ "a: '\\d+ \\n'\n", "\\d+ \\n" },
		{ "a: ' one \n   two\n\n   three '\n", " one two\nthree " },
		{ "a: 'one\r\n  two\r\n\r\n  three'\r\n", "one two\nthree" },
		{ "a: \"one\r\n  two\r\n\r\n  three\"\r\n", "one two\nthree" },
		{ "a: \"\\t\\\"\\\\\\/\\x41\\u00e9\\U0001F600\\e\\_\"\n",
		  "\t\"\\/A\xC3\xA9\xF0\x9F\x98\x80\x1B\xC2\xA0" },
		{ "a: \"\\ud83d\\ude00\"\n", "\xF0\x9F\x98\x80" },
		{ "a: \"one\\n\n  two\"\n", "one\n two" },
		{ "a: \"one \\\n   two\\\n   \\ three\"\n", "one two three" },
		{ "a: \"one\\\n\n   two\"\n", "one\ntwo" },
		{ "a: |\n  one\n   two\n\n  three\n\n\nb: c\n", "one\n two\n\nthree\n" },
		{ "a: |-\n  one\n\nb: c\n", "one" },
		{ "a: |+\n  one\n\nb: c\n", "one\n\n" },
		{ "a: |\r\n  one\r\n  two\r\n", "one\ntwo\n" },
		{ "a: |2\n   one\n  two\n", " one\ntwo\n" },
		{ "a: >\n  one\n  two\n\n  three\n   four\n  five\n", "one two\nthree\n four\nfive\n" },
		{ "a: |\n  # no comment\n  b: c\n", "# no comment\nb: c\n" },
		{ "a: |\n  one", "one" },
		{ "a: |\n", "" },
		{ "a: |", "" },
		{ "a: |-\n    ", "" },
		{ "a: ''\n", "" },
		{ "{\"a\":\"b\"}", "b" },
		{ "a: &x b\n", "b" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(conf) c = parse(rows[i].text, p);

		assert_non_null(c);
		assert_string_equal(conf_text(conf_get(conf_root(c), "a")), rows[i].said);
		assert_int_equal(conf_problems_count(p), 0);
	}
}

TEST(an_indented_block_counts_from_what_is_around_it)
{
	static const struct row rows[] = {
		{ "- a:\n    b: |1\n       one\n     two\n", "  one\ntwo\n" },
		{ "- a:\n  - |2\n     one\n    two\n", " one\ntwo\n" },
		{ "- a:\n    - >\n     one\n     two\n    -\n", "one two\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(conf) c = parse(rows[i].text, p);
		const struct conf_node *a = conf_get(conf_item(conf_root(c), 0), "a");

		assert_string_equal(conf_text(conf_item(a, 0)), rows[i].said);
	}
}

TEST(only_unquoted_nothings_are_null)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("[~, null, Null, NULL, a: , '', '~', \"null\", nil, none, 0, [], {}]", p);
	const struct conf_node *root = conf_root(c);

	for (size_t i = 0; i < conf_count(root); i++)
		assert_int_equal(conf_is_null(conf_item(root, i)), i < 4);
	assert_true(conf_is_null(conf_get(conf_item(root, 4), "a")));
	assert_true(conf_is_quoted(conf_item(root, 5)));
	assert_false(conf_is_quoted(conf_item(root, 8)));
	assert_string_equal(conf_text(conf_item(root, 11)), "");
}

TEST(aliases_share_what_they_name)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("a: &x {b: [c]}\nd: *x\n&y e: *y\n", p);
	const struct conf_node *root = conf_root(c);

	assert_int_equal(conf_problems_count(p), 0);
	assert_ptr_equal(conf_get(root, "a"), conf_get(root, "d"));
	assert_string_equal(conf_text(conf_get(root, "e")), "e");
}

TEST(of_a_repeated_key_the_first_counts)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("a: 1\nb: 2\na: 3\n", p);

	assert_int_equal(conf_count(conf_root(c)), 2);
	assert_string_equal(conf_text(conf_get(conf_root(c), "a")), "1");
	assert_int_equal(conf_problems_count(p), 1);
}

TEST(sixty_four_levels_are_not_too_deep)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO_BUF text = BUF_INIT(4096);

	for (int i = 0; i < 64; i++)
		buf_char(&text, '[');
	for (int i = 0; i < 64; i++)
		buf_char(&text, ']');
	AUTO(conf) c = parse(buf_text(&text), p);
	assert_non_null(c);
}

TEST(a_file_larger_than_the_limit_is_refused)
{
	size_t n = CONF_FILE_MAX + 1;
	AUTO_FREE char *text = mem_zero(n, 1);
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = NULL;

	memset(text, ' ', n);
	c = conf_parse("t.yaml", text, n, p);
	assert_null(c);
	assert_string_equal(conf_problems_text(p, 0), "t.yaml:1:1: larger than 4 MiB");
	c = conf_parse("t.yaml", text, n - 1, p);
	assert_non_null(c);
}

TEST(nothing_is_written_to_standard_error)
{
	AUTO_CLOSE caught = memfd_create("stderr", MFD_CLOEXEC);
	AUTO_CLOSE saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	AUTO(conf_problems) p = conf_problems_new();
	static const char *const texts[] = { "a: [",	"a: \"\\q\"", "%X\n---\n", "a: 'b",
					     "a: b: c", "\t- a",      "- a\nb: c" };

	dup2(caught, STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		conf_free(parse(texts[i], p));
	dup2(saved, STDERR_FILENO);
	assert_true(conf_problems_count(p) >= ARRAY_LEN(texts));
	assert_int_equal(lseek(caught, 0, SEEK_END), 0);
}

/* ---- filling ---- */

TEST(presets_fill_what_the_file_leaves_out)
{
	struct sample s;

	memset(&s, 0xAA, sizeof(s));
	conf_fill(NULL, keys, &s, NULL, NULL, NULL);
	assert_string_equal(s.url, "http://localhost/");
	assert_null(s.user_name);
	assert_null(s.password);
	assert_int_equal(s.retries, 3);
	assert_true(s.share > 0.49 && s.share < 0.51);
	assert_true(s.strict);
	assert_int_equal(s.wait, 5 * CLOCK_SECOND);
	assert_int_equal(s.max_body, 65536);
	assert_int_equal(s.colour, 1);
	assert_int_equal(s.args.n, 0);
	assert_int_equal(s.headers.n, 0);
	assert_null(s.nested);
	conf_clear(keys, &s);
	assert_null(s.url);
}

TEST(what_the_file_says_goes_into_the_struct)
{
	static const char text[] =
		"url: 'http://x/'\nuser-name: 5.20\npassword: hunter22\nretries: -7\nshare: 0.25\n"
		"strict: false\nwait: 1h30m\nmax_body: 2M\ncolour: blue\nargs: [a, 'b c', 3]\n"
		"headers: {Accept: text/html, Age: 0}\nnested: {x: [y]}\n";
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse(text, p);
	struct sample s;

	conf_fill(conf_root(c), keys, &s, NULL, NULL, p);
	assert_int_equal(conf_problems_count(p), 0);
	assert_string_equal(s.url, "http://x/");
	assert_string_equal(s.user_name, "5.20");
	assert_string_equal(s.password, "hunter22");
	assert_int_equal(s.retries, -7);
	assert_true(s.share > 0.24 && s.share < 0.26);
	assert_false(s.strict);
	assert_int_equal(s.wait, 5400 * CLOCK_SECOND);
	assert_int_equal(s.max_body, 2 << 20);
	assert_int_equal(s.colour, 2);
	assert_int_equal(s.args.n, 3);
	assert_string_equal(s.args.items[1], "b c");
	assert_int_equal(conf_column(s.args.nodes[1]), 11);
	assert_int_equal(s.headers.n, 2);
	assert_string_equal(s.headers.keys[1], "Age");
	assert_string_equal(s.headers.values[1], "0");
	assert_int_equal(conf_line(s.headers.nodes[1]), 11);
	assert_int_equal(conf_shape(conf_get(s.nested, "x")), CONF_LIST);
	conf_clear(keys, &s);
	secret_forget_all();
}

TEST(one_text_will_do_for_a_list_of_texts)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("args: one\n", p);
	struct sample s;

	conf_fill(conf_root(c), keys, &s, NULL, NULL, p);
	assert_int_equal(s.args.n, 1);
	assert_string_equal(s.args.items[0], "one");
	assert_int_equal(conf_column(s.args.nodes[0]), 7);
	conf_clear(keys, &s);
}

TEST(a_wrong_value_leaves_its_preset)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("url: [x]\nretries: many\ncolour: pink\nargs: [a, [b], c]\n", p);
	struct sample s;

	conf_fill(conf_root(c), keys, &s, NULL, NULL, p);
	assert_int_equal(conf_problems_count(p), 4);
	assert_string_equal(s.url, "http://localhost/");
	assert_int_equal(s.retries, 3);
	assert_int_equal(s.colour, 1);
	assert_int_equal(s.args.n, 2);
	assert_string_equal(s.args.items[1], "c");
	conf_clear(keys, &s);
}

TEST(every_wrong_value_is_named_with_what_was_expected)
{
	static const struct row rows[] = {
		{ "url: x\n", "" },
		{ "zzzzzz: x\n", "t.yaml:1:1: unknown key 'zzzzzz' (known: url, user-name, password, "
				 "retries, share, strict, wait, "
				 "max_body, colour, args, headers, nested)" },
		{ "q: x\n", "t.yaml:1:1: unknown key 'q' (known: url, user-name, password, retries, share, "
			    "strict, wait, "
			    "max_body, colour, args, headers, nested)" },
		{ "'<<': x\n",
		  "t.yaml:1:1: unknown key '<<' (known: url, user-name, password, retries, share, strict, "
		  "wait, max_body, colour, args, headers, nested)" },
		{ "maxbody: 1\nWait: 1s\n", "t.yaml:1:1: unknown key 'maxbody', did you mean 'max_body'?\n"
					    "t.yaml:2:1: unknown key 'Wait', did you mean 'wait'?" },
		{ "url:\n", "t.yaml:1:1: url: expected a text, found nothing" },
		{ "url: ''\n", "" },
		{ "url: ~\n", "t.yaml:1:6: url: expected a text, found nothing" },
		{ "retries: 1.5\n", "t.yaml:1:10: retries: '1.5' is not a whole number" },
		{ "retries: '5'\n", "" },
		{ "retries: 99999999999999999999\n",
		  "t.yaml:1:10: retries: 99999999999999999999 is not between "
		  "-9223372036854775808 and 9223372036854775807" },
		{ "\n retries:\n   - 1\n", "t.yaml:3:4: retries: expected a whole number, found a list" },
		{ "share: {}\n", "t.yaml:1:8: share: expected a number, found a map" },
		{ "strict: [true]\n", "t.yaml:1:9: strict: expected true or false, found a list" },
		{ "strict: on\n",
		  "t.yaml:1:9: strict: 'on' is neither true nor false, did you mean 'true'?" },
		{ "strict: No\n",
		  "t.yaml:1:9: strict: 'No' is neither true nor false, did you mean 'false'?" },
		{ "strict: TRUE\n",
		  "t.yaml:1:9: strict: 'TRUE' is neither true nor false, did you mean 'true'?" },
		{ "strict: maybe\n", "t.yaml:1:9: strict: 'maybe' is neither true nor false" },
		{ "wait: soon\n", "t.yaml:1:7: wait: 'soon' is not a duration (say 250ms, 5s, 2m or 1h)" },
		{ "wait: 5\n", "t.yaml:1:7: wait: '5' is not a duration (say 250ms, 5s, 2m or 1h)" },
		{ "wait: 0\n", "" },
		{ "wait: {a: b}\n", "t.yaml:1:7: wait: expected a duration, found a map" },
		{ "max_body: lots\n",
		  "t.yaml:1:11: max_body: 'lots' is not a size (say 512, 64k, 1M or 2G)" },
		{ "colour: grean\n",
		  "t.yaml:1:9: colour: 'grean' is none of red, green, blue, did you mean 'green'?" },
		{ "colour: x\n", "t.yaml:1:9: colour: 'x' is none of red, green, blue" },
		{ "colour: []\n", "t.yaml:1:9: colour: expected one of red, green, blue, found a list" },
		{ "args: {a: b}\n", "t.yaml:1:7: args: expected a text or a list of texts, found a map" },
		{ "args: [a, ~, {}]\n", "t.yaml:1:11: args: expected a text, found nothing\n"
					"t.yaml:1:14: args: expected a text, found a map" },
		{ "headers: x\n", "t.yaml:1:10: headers: expected a map of texts, found a text" },
		{ "headers: {a: {}, b: }\n", "t.yaml:1:14: headers.a: expected a text, found a map\n"
					     "t.yaml:1:18: headers.b: expected a text, found nothing" },
		{ "password: [hunter22]\n", "t.yaml:1:11: password: expected a text, found a list" },
		{ "- a\n", "t.yaml:1:1: expected a map of settings, found a list" },
		{ "just text\n", "t.yaml:1:1: expected a map of settings, found a text" },
		{ "", "" },
		{ "retries: \"a\\nb\\e[31m\"\n",
		  "t.yaml:1:10: retries: 'a\\x0Ab\\x1B[31m' is not a whole number" },
		{ "retries: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg\n",
		  "t.yaml:1:10: retries: "
		  "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg...' is not a "
		  "whole number" },
	};

	check_rows(rows, ARRAY_LEN(rows), keys, NULL);
}

TEST(missing_keys_are_asked_for)
{
	static const struct row rows[] = {
		{ "", "t.yaml:1:1: key 'url' is missing (what to ask for)\nt.yaml:1:1: key 'port' is missing "
		      "(where)" },
		{ "# c\n\nport: 1\n", "t.yaml:3:1: key 'url' is missing (what to ask for)" },
		{ "\n  {port: 1}\n", "t.yaml:2:3: key 'url' is missing (what to ask for)" },
		{ "port: x\nurl: y\n", "t.yaml:1:7: port: 'x' is not a whole number" },
		{ "url: []\nport: 1\n", "t.yaml:1:6: url: expected a text, found a list" },
	};

	check_rows(rows, ARRAY_LEN(rows), bound_keys, NULL);
}

TEST(a_key_without_a_value_is_an_empty_map_to_fill_from)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("\nnested:\n", p);
	struct bound b;

	conf_fill(conf_get(conf_root(c), "nested"), bound_keys, &b, NULL, NULL, p);
	AUTO_FREE char *all = said(p);
	assert_string_equal(all, "t.yaml:2:1: key 'url' is missing (what to ask for)\n"
				 "t.yaml:2:1: key 'port' is missing (where)\n");
	conf_clear(bound_keys, &b);
}

TEST(a_list_has_a_preset_of_one_text_that_gives_way)
{
	static const struct conf_key list[] = {
		CONF_ROW(struct sample, args, struct conf_texts, "args", CONF_TYPE_TEXTS, "-v",
			 "what is passed on", NULL, false),
		{ 0 },
	};
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("args: [a, b]\n", p);
	struct sample s;

	conf_fill(NULL, list, &s, NULL, NULL, p);
	assert_int_equal(s.args.n, 1);
	assert_string_equal(s.args.items[0], "-v");
	assert_null(s.args.nodes[0]);
	conf_clear(list, &s);
	conf_fill(conf_root(c), list, &s, NULL, NULL, p);
	assert_int_equal(s.args.n, 2);
	conf_clear(list, &s);
}

TEST(keys_that_others_look_at_are_known)
{
	static const char *const skip[] = { "name", "when", NULL };
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("url: x\nport: 1\nname: n\nwhen: [1]\nwehn: 2\n", p);
	struct bound b;

	conf_fill(conf_root(c), bound_keys, &b, NULL, skip, p);
	conf_clear(bound_keys, &b);
	assert_int_equal(conf_problems_count(p), 1);
	assert_string_equal(conf_problems_text(p, 0), "t.yaml:5:1: unknown key 'wehn', did you mean 'when'?");
}

/* ---- problems ---- */

TEST(problems_come_in_the_order_of_their_places_and_once)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) b = conf_parse("b.yaml", "x: 1\n\ny: [1, 2]\n", 15, p);
	AUTO(conf) a = conf_parse("a.yaml", "x: 1\n", 5, p);
	const struct conf_node *y = conf_get(conf_root(b), "y");

	conf_problem(p, conf_item(y, 1), "third");
	conf_problem(p, conf_item(y, 0), "second");
	conf_problem(p, conf_root(b), "first");
	conf_problem(p, conf_item(y, 1), "fourth");
	conf_problem(p, conf_item(y, 0), "second");
	conf_problem(p, conf_root(a), "zeroth");
	AUTO_FREE char *all = said(p);
	assert_string_equal(all,
			    "a.yaml:1:1: zeroth\nb.yaml:1:1: first\nb.yaml:3:5: second\nb.yaml:3:8: third\n"
			    "b.yaml:3:8: fourth\n");
}

TEST(a_long_list_of_known_names_is_cut)
{
	static const char *const few[] = { "alpha", "beta" }, *const letters[] = { "a", "b" };
	const char *many[30];
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("x: 1\n", p);

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = "n";
	conf_unknown(p, conf_root(c), "unknown set", "zzzz", many, ARRAY_LEN(many));
	assert_string_equal(
		conf_problems_text(p, 0),
		"t.yaml:1:1: unknown set 'zzzz' (known: n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, "
		"n, n, n, n, n, n, n and 6 more)");
	conf_unknown(p, conf_root(c), "unknown set", "bata", few, 2);
	assert_string_equal(conf_problems_text(p, 1), "t.yaml:1:1: unknown set 'bata', did you mean 'beta'?");
	conf_unknown(p, conf_root(c), "unknown set", "none", few, 0);
	assert_string_equal(conf_problems_text(p, 2), "t.yaml:1:1: unknown set 'none'");
	conf_unknown(p, conf_root(c), "unknown set", "x", letters, 2); /* one edit away, but what is not */
	assert_string_equal(conf_problems_text(p, 3), "t.yaml:1:1: unknown set 'x' (known: a, b)");
}

TEST(a_file_of_nothing_but_mistakes_does_not_fill_the_memory)
{
	AUTO_BUF text = BUF_INIT(1 << 20);
	AUTO(conf_problems) p = conf_problems_new();

	for (int i = 0; i < 5000; i++)
		buf_str(&text, "a: 1\n");
	AUTO(conf) c = parse(buf_text(&text), p);
	assert_int_equal(conf_count(conf_root(c)), 1);
	assert_int_equal(conf_problems_count(p), 1000);
}

/* ---- variables ---- */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* A folder of its own for a test, entered; leave() removes what is named in it. */
static int enter_scratch(char *folder)
{
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	return before;
}

static void leave_scratch(const char *folder, int before, const char *const *names)
{
	for (; *names; names++)
		unlink(*names);
	assert_int_equal(fchdir(before), 0);
	assert_int_equal(rmdir(folder), 0);
	close(before);
}

TEST(variables_stand_for_their_values)
{
	static const struct {
		const char *text, *value, *error;
	} rows[] = {
		{ "plain", "plain", NULL },
		{ "${home}/logs", "/srv/app/logs", NULL },
		{ "${home}${home}", "/srv/app/srv/app", NULL },
		{ "${port}", "8081", NULL },
		{ "${base}", "${home}/x", NULL },
		{ "$${home} $ $$ ${home}", "${home} $ $$ /srv/app", NULL },
		{ "{${empty}}", "{}", NULL },
		{ "${env:GONOGO_TEST}", "from outside", NULL },
		{ "${file:one}", "line", NULL },
		{ "${file:two}", "a\nb", NULL },
		{ "${file:none}|", "|", NULL },
		{ "${file:cr}|", "a\r|", NULL },
		{ "x\n${home}\n", "x\n/srv/app\n", NULL },
		{ "${hoem}", NULL, "unknown variable '${hoem}', did you mean '${home}'?" },
		{ "${zzzzzzz}", NULL, "unknown variable '${zzzzzzz}'" },
		{ "${}", NULL, "unknown variable '${}'" },
		{ "${home", NULL, "'${' without '}' (a plain ${ is written $${)" },
		{ "${env:GONOGO_UNSET}", NULL, "the environment variable 'GONOGO_UNSET' is not set" },
		{ "${file:absent}", NULL, "absent: No such file or directory" },
		{ "${file:nul}", NULL, "nul: holds a NUL byte, so it is no text" },
	};
	static const char *const files[] = { "one", "two", "none", "cr", "nul", NULL };
	char folder[] = "/tmp/test_conf.XXXXXX";
	int before = enter_scratch(folder);
	AUTO(conf_vars) outer = conf_vars_new(NULL);
	AUTO(conf_vars) vars = conf_vars_new(outer);

	conf_vars_set(outer, "home", "/srv/app");
	conf_vars_set(outer, "port", "8080");
	conf_vars_set(vars, "port", "1");
	conf_vars_set(vars, "port", "8081");
	conf_vars_set(vars, "base", "${home}/x");
	conf_vars_set(vars, "empty", "");
	setenv("GONOGO_TEST", "from outside", 1);
	unsetenv("GONOGO_UNSET");
	write_file("one", "line\n");
	write_file("two", "a\nb\r\n");
	write_file("none", "");
	write_file("cr", "a\r");
	AUTO_CLOSE nul = open("nul", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(nul, "a\0b", 3), 3);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { "" };
		AUTO_FREE char *value = conf_expand(vars, rows[i].text, &e);

		if (rows[i].value)
			assert_string_equal(value, rows[i].value);
		else
			assert_null(value);
		assert_string_equal(e.text, rows[i].error ? rows[i].error : "");
	}
	AUTO_FREE char *as_it_is = conf_expand(NULL, "${home} $${x}", NULL);
	assert_string_equal(as_it_is, "${home} $${x}");
	assert_null(conf_vars_get(vars, "nobody"));
	leave_scratch(folder, before, files);
}

TEST(variables_work_in_every_value_and_their_mistakes_have_places)
{
	static const struct row rows[] = {
		{ "retries: ${number}\nwait: '${span}'\nstrict: ${yes}\ncolour: ${colour}\nargs: "
		  "['${colour}', x]\n"
		  "headers: {a: '${colour}'}\n",
		  "" },
		{ "wait: 1${hom}\n", "t.yaml:1:7: wait: unknown variable '${hom}', did you mean '${home}'?" },
		{ "args:\n  - ok\n  - ${zzzzzzz}\n", "t.yaml:3:5: args: unknown variable '${zzzzzzz}'" },
		{ "headers:\n  a: '${zzzzzzz}'\n", "t.yaml:2:6: headers.a: unknown variable '${zzzzzzz}'" },
		{ "url: ${env:GONOGO_UNSET}\n",
		  "t.yaml:1:6: url: the environment variable 'GONOGO_UNSET' is not set" },
		{ "url: ${file:/nowhere/x}\n", "t.yaml:1:6: url: /nowhere/x: No such file or directory" },
		{ "retries: ${home}\n", "t.yaml:1:10: retries: '${home}' is not a whole number" },
		{ "colour: ${home}\n", "t.yaml:1:9: colour: '${home}' is not one of red, green, blue" },
		{ "strict: x${home}\n", "t.yaml:1:9: strict: 'x${home}' is not true or false" },
	};
	AUTO(conf_vars) vars = conf_vars_new(NULL);

	conf_vars_set(vars, "home", "/srv/app");
	conf_vars_set(vars, "number", "5");
	conf_vars_set(vars, "span", "5s");
	conf_vars_set(vars, "yes", "true");
	conf_vars_set(vars, "colour", "red");
	unsetenv("GONOGO_UNSET");
	check_rows(rows, ARRAY_LEN(rows), keys, vars);
}

/* ---- secrets ---- */

TEST(secrets_and_what_made_them_are_registered)
{
	static const char *const files[] = { "token", NULL };
	char folder[] = "/tmp/test_conf.XXXXXX";
	int before = enter_scratch(folder);
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = parse("password: 'Bearer ${file:token}/${env:GONOGO_TEST}'\nurl: ${file:token}\n", p);
	AUTO(conf_vars) vars = conf_vars_new(NULL);
	struct sample s;

	write_file("token", "canary-in-a-file\n");
	setenv("GONOGO_TEST", "canary-in-the-environment", 1);
	conf_fill(conf_root(c), keys, &s, vars, NULL, p);
	assert_int_equal(conf_problems_count(p), 0);
	assert_string_equal(s.password, "Bearer canary-in-a-file/canary-in-the-environment");
	AUTO_FREE char *whole = secret_masked("(Bearer canary-in-a-file/canary-in-the-environment)");
	AUTO_FREE char *parts = secret_masked("canary-in-a-file, canary-in-the-environment");
	assert_string_equal(whole, "(***)");
	assert_string_equal(parts, "***, ***");
	conf_clear(keys, &s);
	secret_forget_all();
	leave_scratch(folder, before, files);
}

TEST(no_message_shows_a_secret)
{
	static const char *const files[] = { "token", NULL };
	char folder[] = "/tmp/test_conf.XXXXXX";
	int before = enter_scratch(folder);
	AUTO(conf_problems) p = conf_problems_new();
	/* said elsewhere again before and after it is known to be one, misplaced, and where something else is
	 * expected */
	AUTO(conf)
	c = parse("retries: canary-1234\npassword: canary-1234\ncolour: canary-1234\nwait: ${file:token}\n"
		  "share: ${env:GONOGO_TEST}\ncanary-1234: x\nstrict: "
		  "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxcanary-1234'\n",
		  p);
	AUTO(conf_vars) vars = conf_vars_new(NULL);
	struct sample s;

	write_file("token", "canary-in-a-file\n");
	setenv("GONOGO_TEST", "canary-in-the-environment", 1);
	conf_fill(conf_root(c), keys, &s, vars, NULL, p);
	AUTO_FREE char *all = said(p);
	assert_int_equal(conf_problems_count(p), 6);
	assert_null(strstr(all, "canary"));
	assert_non_null(strstr(all, "t.yaml:1:10: retries: '***' is not a whole number\n"));
	assert_non_null(strstr(all, "t.yaml:4:7: wait: '${file:token}' is not a duration\n"));
	conf_clear(keys, &s);
	secret_forget_all();
	leave_scratch(folder, before, files);
}

/* ---- schemas ---- */

TEST(a_table_of_keys_is_a_json_schema)
{
	static const char wanted[] =
		"{'type':'object','properties':{"
		"'url':{'type':['string','number','boolean'],'description':'what to ask "
		"for','default':'http://localhost/'},"
		"'user-name':{'type':['string','number','boolean'],'description':'who asks'},"
		"'password':{'type':['string','number','boolean'],'description':'how to prove it'},"
		"'retries':{'type':['integer','string'],'pattern':'^-?[0-9]+$|\\\\$\\\\{',"
		"'description':'how often to ask again','default':3},"
		"'share':{'type':['number','string'],'pattern':'^-?[0-9]+(\\\\.[0-9]+)?$|\\\\$\\\\{',"
		"'description':'how much must be there','default':0.5},"
		"'strict':{'type':['boolean','string'],'pattern':'^(true|false)$|\\\\$\\\\{',"
		"'description':'whether warnings count','default':true},"
		"'wait':{'type':['string','integer'],'pattern':'^(0|([0-9]+(\\\\.[0-9]+)?(ms|s|m|h|d))+)$|"
		"\\\\$\\\\{',"
		"'minimum':0,'maximum':0,'description':'how long one try may take','default':'5s'},"
		"'max_body':{'type':['string','integer'],'pattern':'^[0-9]+(\\\\.[0-9]+)?[kMG]?$|\\\\$\\\\{',"
		"'minimum':0,"
		"'description':'how much is read','default':'64k'},"
		"'colour':{'anyOf':[{'enum':['red','green','blue']},{'type':'string','pattern':'\\\\$\\\\{'}]"
		","
		"'description':'what it looks like','default':'green'},"
		"'args':{'anyOf':[{'type':['string','number','boolean']},"
		"{'type':'array','items':{'type':['string','number','boolean']}}],'description':'what is "
		"passed on'},"
		"'headers':{'type':'object','additionalProperties':{'type':['string','number','boolean']},"
		"'description':'what is sent along'},"
		"'nested':{'description':'what others look at'}},"
		"'required':[],'additionalProperties':false}";
	AUTO_FREE char *text = mem_strdup(wanted);
	json_t *schema = conf_schema(keys);

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	AUTO_FREE char *got = json_dumps(schema, JSON_COMPACT);
	assert_string_equal(got, text);
	json_decref(schema);
}

TEST(a_schema_lists_what_is_required)
{
	json_t *schema = conf_schema(bound_keys);
	AUTO_FREE char *got = json_dumps(json_object_get(schema, "required"), JSON_COMPACT);

	assert_string_equal(got, "[\"url\",\"port\"]");
	json_decref(schema);
}

/* ---- anything at all ---- */

/* Where line and column are in text, or NULL if that is outside; just behind the last character is inside. */
static const char *at_place(const char *text, size_t n, size_t line, size_t column)
{
	size_t i = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	for (; line > 1; i++) {
		if (i >= n)
			return NULL;
		if (text[i] == '\n' || (text[i] == '\r' && !(i + 1 < n && text[i + 1] == '\n')))
			line--;
	}
	for (; column > 1; column--) {
		if (i >= n || text[i] == '\n')
			return NULL;
		for (i++; i < n && ((unsigned char)text[i] & 0xC0) == 0x80; i++)
			;
	}
	return line == 1 && column == 1 ? text + i : NULL;
}

static void check_scalar(const struct conf_node *n, const char *at, size_t left)
{
	size_t word = strcspn(conf_text(n), " \n");

	assert_int_equal(text_utf8_len(conf_text(n), strlen(conf_text(n))) == 0, conf_text(n)[0] == '\0');
	if (left && *at == '*') /* an alias */
		return;
	if (conf_is_quoted(n))
		assert_true(left && strchr("'\"|>", *at));
	else
		assert_true(word <= left && memcmp(at, conf_text(n), word) == 0);
}

/* Each node must stand where it says it does. */
static void check_tree(const struct conf_node *n, const char *text, size_t len, size_t depth)
{
	const char *at = at_place(text, len, conf_line(n), conf_column(n));
	size_t left = at ? (size_t)(text + len - at) : 0;

	assert_non_null(at);
	assert_true(depth <= 65);
	if (conf_shape(n) == CONF_SCALAR)
		check_scalar(n, at, left);
	if (conf_shape(n) == CONF_LIST)
		assert_true(left && strchr("-[", *at));
	for (size_t i = 0; i < conf_count(n); i++) {
		if (conf_shape(n) == CONF_MAP)
			check_tree(conf_key_node(n, i), text, len, depth + 1);
		check_tree(conf_item(n, i), text, len, depth + 1);
	}
}

static void check_problem(const char *said_text, const char *text, size_t n)
{
	size_t line, column;
	int used = 0;

	assert_int_equal(sscanf(said_text, "t.yaml:%zu:%zu: %n", &line, &column, &used), 2);
	assert_true(used > 0 && said_text[used]);
	assert_null(strchr(said_text, '\n'));
	assert_non_null(at_place(text, n, line, column));
}

static void check_anything(const char *text, size_t n, const struct conf_vars *vars)
{
	/* of exactly this size, so that reading past its end is seen */
	AUTO_FREE char *copy = mem_check(malloc(n ? n : 1));
	AUTO(conf_problems) p = conf_problems_new();
	struct sample s;

	if (n)
		memcpy(copy, text, n);
	AUTO(conf) c = conf_parse("t.yaml", copy, n, p);
	assert_true(c || conf_problems_count(p));
	if (c) {
		check_tree(conf_root(c), copy, n, 0);
		conf_fill(conf_root(c), keys, &s, vars, NULL, p);
		conf_clear(keys, &s);
	}
	for (size_t i = 0; i < conf_problems_count(p); i++)
		check_problem(conf_problems_text(p, i), copy, n);
}

static const char whole[] = "# every kind of thing\n"
			    "url: 'http://${home}:80/it''s'\r\n"
			    "user-name: &me \"J\\u00e4ger \\\n"
			    "   und Sohn\"\n"
			    "password: hunter22\n"
			    "retries: 5   # often\n"
			    "share: 0.75\n"
			    "strict: true\n"
			    "wait: 1h30m\n"
			    "max_body: 2M\n"
			    "colour: blue\n"
			    "args:\n"
			    "  - one\n"
			    "  - |\n"
			    "    two\n"
			    "\n"
			    "     more\n"
			    "  - >-\n"
			    "    three\n"
			    "    four\n"
			    "  - *me\n"
			    "headers: { Accept: text/html, \"Host\": 'x', Age: 5 }\n"
			    "nested: &n\n"
			    "- { a: [b, c: d, [e]], ü: ${x} }\n"
			    "-\n"
			    "  ? key\n"
			    "  : value\n"
			    "  f:\n";

/* A small generator of its own: the same documents on every machine. */
static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525U + 1013904223U;
	return (*state >> 8) % below;
}

static void mutate(struct buf *text, uint32_t *state)
{
	static const char *const bits[] = { "\n",    "\r\n",  "\t",
					    " ",     "  ",    ":",
					    ": ",    "- ",    "? ",
					    "-",     "[",     "]",
					    "{",     "}",     ",",
					    "'",     "\"",    "|\n",
					    ">+\n",  "#",     " #",
					    "&a ",   "*a",    "*me",
					    "!",     "%",     "---\n",
					    "...\n", "\\",    "${",
					    "}",     "<<: ",  "\xEF\xBB\xBF",
					    "\x80",  "\xC3",  "\x1B",
					    "~",     "ä",     "\xE2\x80\xA8",
					    "url: ", "zzz: ", "\n    ",
					    "''''",  "\\\n" };
	const char *bit = bits[draw(state, ARRAY_LEN(bits))];
	size_t at = draw(state, (uint32_t)text->len + 1), cut = draw(state, 3) == 0 ? draw(state, 12) : 0;
	AUTO_FREE char *rest = NULL;
	size_t left;

	if (cut > text->len - at)
		cut = text->len - at;
	left = text->len - at - cut;
	rest = mem_strndup(text->data + at + cut, left);
	text->len = at;
	if (draw(state, 4))
		buf_str(text, bit);
	buf_add(text, rest, left);
}

TEST(no_document_makes_it_crash_or_lose_its_place)
{
	AUTO(conf_vars) vars = conf_vars_new(NULL);
	uint32_t seed = 42;

	conf_vars_set(vars, "home", "localhost");
	conf_vars_set(vars, "x", "y");
	check_anything(whole, sizeof(whole) - 1, vars);
	for (int i = 0; i < 4000; i++) {
		AUTO_BUF text = BUF_INIT(1 << 16);

		buf_add(&text, whole, sizeof(whole) - 1);
		for (uint32_t k = draw(&seed, 4) + 1; k; k--)
			mutate(&text, &seed);
		check_anything(text.data, text.len, vars);
	}
	secret_forget_all();
}

TEST(no_beginning_of_a_document_makes_it_crash)
{
	AUTO(conf_vars) vars = conf_vars_new(NULL);

	for (size_t n = 0; n < sizeof(whole); n++)
		check_anything(whole, n, vars);
	secret_forget_all();
}
