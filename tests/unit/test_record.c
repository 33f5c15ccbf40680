/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and records: tables of what comes out, and the property that cuts between reads never matter. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "record/join.h"

/* ---- what comes out, as text: "N@offset:text|" for each line ---- */

static void note_line(void *arg, const struct line *l)
{
	buf_printf(arg, "%llu@%llu:", (unsigned long long)l->number, (unsigned long long)l->offset);
	buf_add(arg, l->text, l->len);
	buf_str(arg, l->cut ? "~|" : l->piece ? "+|" : "|");
}

static void cut_lines(const char *data, size_t n, size_t step, struct buf *out)
{
	AUTO(lines) l = lines_new(note_line, out);

	for (size_t i = 0; i < n; i += step)
		lines_feed(l, data + i, n - i < step ? n - i : step);
	lines_flush(l);
}

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *data;
	size_t n;
	const char *lines;
} cases[] = {
	{ BYTES("a\nb\n"), "1@0:a|2@2:b|" },
	{ BYTES("a\r\nb\r\n"), "1@0:a|2@3:b|" },
	{ BYTES("a\n\nb"), "1@0:a|2@2:|3@3:b|" },
	{ BYTES("10%\r20%\r30%\nx\n"), "1@0:10%|1@4:20%|1@8:30%|2@12:x|" },
	{ BYTES("\xEF\xBB\xBF"
		"a\nb\n"),
	  "1@3:a|2@5:b|" },
	{ BYTES("\0\0\0\0a\nb\n"), "1@4:a|2@6:b|" },
	{ BYTES("\xFF\xFE"
		"a\0\r\0\n\0b\0\n\0"),
	  "1@2:a|2@8:b|" },
	{ BYTES("\xFE\xFF\0a\0\n\0b"), "1@2:a|2@6:b|" },
	{ BYTES("\xFF\xFE\x3d\xd8\x00\xde\n\0"), "1@2:\xF0\x9F\x98\x80|" },
	{ BYTES("\xFF"
		"a\n"),
	  "1@0:\xFF"
	  "a|" },
	{ BYTES("\xEF"
		"a\n"),
	  "1@0:\xEF"
	  "a|" },
	{ BYTES(""), "" },
};

TEST(lines_are_cut_at_every_kind_of_end_and_know_their_place)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t step = 1; step <= cases[i].n + 1; step++) {
			AUTO_BUF out = BUF_INIT(4096);

			cut_lines(cases[i].data, cases[i].n, step, &out);
			assert_string_equal(buf_text(&out), cases[i].lines);
		}
	}
}

TEST(a_line_beyond_the_limit_is_cut_and_its_rest_follows_in_pieces)
{
	size_t n = 3 * LINE_MAX_BYTES;
	AUTO_FREE char *data = malloc(n + 3);
	AUTO_BUF out = BUF_INIT(4 * LINE_MAX_BYTES);
	size_t pieces = 0;

	memset(data, 'x', n);
	memcpy(data + n, "\nz\n", 3);
	cut_lines(data, n + 3, 7777, &out);
	for (const char *p = buf_text(&out); (p = strchr(p, '|')); p++)
		pieces++;
	assert_non_null(strstr(buf_text(&out), "x~|1@"));
	assert_non_null(strstr(buf_text(&out), "2@196609:z|"));
	assert_int_equal(pieces, 1 + 4); /* the cut line, three pieces of it, and the next line */
}

/* ---- records ---- */

struct joined {
	struct join *join;
	struct buf out, scratch;
};

static void note_record(void *arg, const struct record *r)
{
	struct joined *j = arg;

	buf_printf(&j->out, "%llu+%llu%s%s%s:", (unsigned long long)r->line, (unsigned long long)r->lines,
		   r->cut ? "~" : "", r->piece ? "+" : "", r->again ? "!" : "");
	buf_add(&j->out, r->text, r->len < 40 ? r->len : 40);
	buf_char(&j->out, '|');
}

static void take_line(void *arg, const struct line *l)
{
	struct joined *j = arg;
	struct unwrapped u;

	unwrap_line(l->text, l->len, &j->scratch, &u);
	join_line(j->join, l, &u, u.len && u.text[0] >= '0' && u.text[0] <= '9');
}

static void join_text(const char *data, size_t n, size_t step, struct joined *j)
{
	AUTO(lines) l = lines_new(take_line, j);

	j->out = (struct buf)BUF_INIT(1 << 20);
	j->scratch = (struct buf)BUF_INIT(LINE_MAX_BYTES);
	j->join = join_new(note_record, j);
	for (size_t i = 0; i < n; i += step)
		lines_feed(l, data + i, n - i < step ? n - i : step);
	lines_flush(l);
	join_end(j->join);
	join_free(j->join);
	buf_free(&j->scratch);
}

static const struct {
	const char *data, *records;
} joins[] = {
	{ "1 a\n2 b\n", "1+1:1 a|2+1:2 b|" },
	{ "1 a\n\tat x\n\tat y\n2 b\n", "1+3:1 a\n\tat x\n\tat y|4+1:2 b|" },
	{ "head\n1 a\n", "1+1:head|2+1:1 a|" },
	{ "1 a\n\n\n2 b", "1+3:1 a\n\n|4+1:2 b|" },
	{ "\x1B[31m1 red\x1B[0m\nmore\n", "1+2:1 red\nmore|" },
	{ "app_1  | 1 a\napp_1  | \tat x\n", "1+2:1 a\n\tat x|" },
	{ "Nov 21 10:00:00 host prog[12]: 1 a\nNov 21 10:00:00 host prog[12]: more\n", "1+2:1 a\nmore|" },
	{ "2026-11-21T10:00:00.1Z stdout P 1 ha\n2026-11-21T10:00:00.1Z stdout F lf\n", "1+2:1 half|" },
	{ "<165>1 2026-11-21T10:00:00.003Z host app 1 - - 1 a\n", "1+1:1 a|" },
	{ "shop_app.1.abc@node1    | 1 a\nshop_app.1.abc@node1    | \tat x\n", "1+2:1 a\n\tat x|" },
	{ "INFO   | jvm 1    | 2026/11/21 10:00:00 | 1 a\nINFO   | jvm 1    | 2026/11/21 10:00:01 | more\n",
	  "1+2:1 a\nmore|" },
	{ "> 1 a\n> \tat x\n> > 2 b\n", "1+2:1 a\n\tat x|3+1:2 b|" },
	{ "2026-11-21 10:00:00 2026-11-21 09:00:00.123 UTC [1] a\n",
	  "1+1:2026-11-21 09:00:00.123 UTC [1] a|" },
	{ "db_1 | 2026-11-21T10:00:00.123456789Z 7:M 21 Nov 2026 10:00:00.123 * a\n",
	  "1+1:7:M 21 Nov 2026 10:00:00.123 * a|" },
	{ "21.11.2026 10:00:00   7:20261121:100000.123 a\n", "1+1:  7:20261121:100000.123 a|" },
	{ "2026-11-21 10:00:00 7 [Note] a\n", "1+1:2026-11-21 10:00:00 7 [Note] a|" },
	{ "2026-11-21 10:00:00 2026-11-21 is today\n", "1+1:2026-11-21 10:00:00 2026-11-21 is today|" },
	{ "STATUS | wrapper  | 2026/11/21 10:00:00 | 1 a\n", "1+1:1 a|" },
	{ "INFO   | jvm 1 | text\n", "1+1:INFO   | jvm 1 | text|" },
};

TEST(records_are_a_first_line_and_what_belongs_to_it)
{
	for (size_t i = 0; i < sizeof(joins) / sizeof(*joins); i++) {
		struct joined j;

		join_text(joins[i].data, strlen(joins[i].data), 4096, &j);
		assert_string_equal(buf_text(&j.out), joins[i].records);
		buf_free(&j.out);
	}
}

static unsigned seed = 20261121;

static unsigned rnd(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

TEST(where_reads_are_cut_never_changes_what_comes_out)
{
	static const char *const bits[] = { "1 a",    "\n",	 "\r\n", "\r",	     "x",   "\0",
					    "\tat y", "\x1B[0m", "7",	 "\xC3\xA4", "\xFF" };

	for (int round = 0; round < 300; round++) {
		AUTO_BUF text = BUF_INIT(1 << 16);
		struct joined whole;

		for (unsigned k = rnd(60); k-- > 0;) {
			const char *bit = bits[rnd(sizeof(bits) / sizeof(*bits))];

			buf_add(&text, bit, *bit ? strlen(bit) : 1);
		}
		join_text(buf_text(&text), text.len, text.len + 1, &whole);
		for (size_t step = 1; step < 9; step++) {
			struct joined cut;

			join_text(buf_text(&text), text.len, step, &cut);
			assert_string_equal(buf_text(&cut.out), buf_text(&whole.out));
			buf_free(&cut.out);
		}
		buf_free(&whole.out);
	}
}

TEST(a_record_beyond_the_limit_is_cut_and_goes_on_as_a_piece)
{
	AUTO_BUF text = BUF_INIT(4 << 20);
	struct joined j;

	buf_str(&text, "1 a\n");
	for (int i = 0; i < 30000; i++)
		buf_str(&text, "\tat some.package.of.a.deep.stack.Trace.method(Trace.java:1)\n");
	buf_str(&text, "2 b\n");
	join_text(buf_text(&text), text.len, 65536, &j);
	assert_true(strncmp(buf_text(&j.out), "1+", 2) == 0);
	assert_non_null(strstr(buf_text(&j.out), "~:1 a"));
	assert_non_null(strstr(buf_text(&j.out), "~+:"));
	assert_non_null(strstr(buf_text(&j.out), "30002+1:2 b|"));
	buf_free(&j.out);
}

TEST(a_record_that_was_judged_early_is_judged_again_when_it_grows)
{
	struct joined j = { .out = BUF_INIT(4096), .scratch = BUF_INIT(4096) };
	AUTO(lines) l = lines_new(take_line, &j);

	j.join = join_new(note_record, &j);
	lines_feed(l, "1 a\n", 4);
	join_flush(j.join);
	join_flush(j.join);
	lines_feed(l, "more\n2 b\n", 9);
	join_end(j.join);
	assert_string_equal(buf_text(&j.out), "1+1:1 a|1+2!:1 a\nmore|3+1:2 b|");
	join_free(j.join);
	buf_free(&j.out);
	buf_free(&j.scratch);
}
