/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and the reader: what is recognised, which rule wins, and that a limit is never "no". */
#include "t.h"

#include <stdlib.h>

#include "base/buf.h"
#include "pattern/reader.h"

/* ---- a library out of text ---- */

static const char *const sets[] = {
	"set: base\n"
	"detect: 'base\\.Server'\n"
	"record: { first: ['^\\d\\d:\\d\\d '], time: ['%H:%M:%S'], error: ['\\bERROR\\b'] }\n"
	"rules:\n"
	"  - { id: up, match: 'base\\.Server up', effect: goal }\n"
	"  - { id: thrown, match: '^\\s+at \\S+', effect: note }\n",

	"set: app\n"
	"detect: ['app\\.Main']\n"
	"uses: [base]\n"
	"phases: [boot, up]\n"
	"rules:\n"
	"  - { id: boot, match: 'app\\.Main boot', effect: begin, phase: boot }\n"
	"  - { id: picky, match: 'app\\.Main up', effect: fail, where: 'n > 5' , samples: [] }\n"
	"  - { id: up, match: 'app\\.Main up', effect: goal, phase: up }\n"
	"  - { id: deep, match: 'Caused by: (?<why>.*)$', effect: fail }\n"
	"  - { id: slow, match: '^(a+)+$', effect: fail }\n",

	"set: generic\n"
	"rules:\n"
	"  - { id: panic, match: '^panic: ', effect: fail }\n",
};

static struct library *make_library(void)
{
	AUTO(conf_problems) p = conf_problems_new();
	struct library *l = library_new();

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		struct conf *c = conf_parse("test.yaml", sets[i], strlen(sets[i]), p);
		struct set *s = c ? set_from_conf(c, p) : NULL;

		if (s)
			library_add(l, s);
	}
	library_check(l, p);
	if (conf_problems_count(p))
		fail_msg("%s", conf_problems_text(p, 0));
	return l;
}

/* ---- what comes out, as text ---- */

static bool allows(void *arg, const struct reader_match *m)
{
	(void)arg;
	return !m->rule->where; /* no story here: conditions never hold */
}

static void met(void *arg, const struct reader_match *m)
{
	buf_printf(arg, "%llu:%s%s ", (unsigned long long)m->record->line, m->rule->full,
		   m->record->again ? "!" : "");
	for (size_t i = 0; i < m->n_captures; i++)
		buf_printf(arg, "%s=%.*s ", m->captures[i].name, (int)m->captures[i].len,
			   m->captures[i].text);
}

static void unmet(void *arg, struct reader *reader, const struct record *r, bool error)
{
	(void)reader;
	buf_printf(arg, "%llu:%s ", (unsigned long long)r->line, error ? "error" : "-");
}

static void gave_up(void *arg, const struct rule *rule, const struct record *r)
{
	buf_printf(arg, "%llu:%s? ", (unsigned long long)r->line, rule->full);
}

static void recognised(void *arg, struct set *set)
{
	buf_printf(arg, "(%s) ", set->meaning.name);
}

static const struct reader_events events = { allows, met, unmet, gave_up, recognised };

static void read_text(const char *text, size_t step, const char *given, struct buf *out)
{
	AUTO(library) l = make_library();
	AUTO(reader) r = reader_new(l, &events, out);
	size_t n = strlen(text);

	if (given)
		reader_use(r, library_set(l, given));
	else
		reader_recognise(r, library_set(l, "generic"));
	for (size_t i = 0; i < n; i += step)
		reader_feed(r, text + i, n - i < step ? n - i : step);
	reader_end(r);
}

static const struct {
	const char *given, *text, *out;
} cases[] = {
	{ NULL, "10:00 app.Main boot\n10:01 app.Main up\n", "(app) 1:app/boot 2:app/up " },
	/* what is used is asked after its user, and not recognised on its own place */
	{ NULL, "10:00 base.Server x\n10:01 app.Main up\n10:02 base.Server up\n",
	  "(base) 1:- (app) 2:app/up 3:base/up " },
	/* a stack trace belongs to its record, and a mention in it recognises nothing */
	{ NULL, "10:00 app.Main x\n  at base.Server.up(X)\nCaused by: disk\n10:01 y\n",
	  "(app) 1:app/deep why=disk 4:- " },
	{ "base", "10:00 ERROR x\n10:01 y\n", "1:error 2:- " },
	{ "base", "10:00 z\n  at a.b\n", "1:base/thrown " },
	/* nothing claims it: the fallback reads it */
	{ NULL, "starting\npanic: no disk\n", "(generic) 1:- 2:generic/panic " },
	{ NULL, "", "(generic) " },
};

TEST(the_first_rule_that_meets_a_record_wins_it)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_BUF out = BUF_INIT(4096);

		read_text(cases[i].text, 4096, cases[i].given, &out);
		assert_string_equal(buf_text(&out), cases[i].out);
	}
}

TEST(cuts_between_reads_change_nothing)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_BUF whole = BUF_INIT(4096);

		read_text(cases[i].text, 4096, cases[i].given, &whole);
		for (size_t step = 1; step < 12; step++) {
			AUTO_BUF cut = BUF_INIT(4096);

			read_text(cases[i].text, step, cases[i].given, &cut);
			assert_string_equal(buf_text(&cut), buf_text(&whole));
		}
	}
}

TEST(a_limit_that_is_hit_is_said_and_is_not_no)
{
	AUTO_BUF out = BUF_INIT(4096);
	AUTO_BUF text = BUF_INIT(4096);

	for (int i = 0; i < 60; i++)
		buf_char(&text, 'a');
	buf_str(&text, "b\n");
	read_text(buf_text(&text), 4096, "app", &out);
	assert_non_null(strstr(buf_text(&out), "1:app/slow? "));
}

TEST(a_record_that_is_judged_while_quiet_is_judged_again_when_it_grows)
{
	AUTO_BUF out = BUF_INIT(4096);
	AUTO(library) l = make_library();
	AUTO(reader) r = reader_new(l, &events, &out);

	reader_use(r, library_set(l, "app"));
	reader_feed(r, "10:00 app.Main x\n", 17);
	reader_quiet(r);
	reader_feed(r, "Caused by: disk\n10:01 y\n", 24);
	reader_end(r);
	assert_string_equal(buf_text(&out), "1:- 1:app/deep! why=disk 3:- ");
}

static void feed(struct reader *r, const char *text)
{
	reader_feed(r, text, strlen(text));
}

TEST(in_a_pause_only_what_decides_nothing_is_told)
{
	AUTO_BUF out = BUF_INIT(4096);
	AUTO(library) l = make_library();
	AUTO(reader) r = reader_new(l, &events, &out);

	reader_use(r, library_set(l, "app"));
	feed(r, "10:00 a\n  at once\n");
	reader_pause(r);
	assert_string_equal(buf_text(&out), "1:base/thrown ");
	assert_false(reader_waiting(r));
	feed(r, "10:01 a\nCaused by: disk\n");
	reader_pause(r);
	assert_string_equal(buf_text(&out), "1:base/thrown ");
	assert_true(reader_waiting(r)); /* the rest of the trace may stand in the next write */
	feed(r, "  at the bottom\n");
	reader_end(r);
	assert_string_equal(buf_text(&out), "1:base/thrown 3:app/deep why=disk ");
}

TEST(what_was_told_in_a_pause_is_judged_again_when_it_grows)
{
	AUTO_BUF out = BUF_INIT(4096);
	AUTO(library) l = make_library();
	AUTO(reader) r = reader_new(l, &events, &out);

	reader_use(r, library_set(l, "app"));
	feed(r, "10:00 a\n  at once\n");
	reader_pause(r);
	feed(r, "Caused by: disk\n");
	reader_end(r);
	assert_string_equal(buf_text(&out), "1:base/thrown 1:app/deep! why=disk ");
}

/* ---- how far back places may still be asked for ---- */

struct floor {
	uint64_t file, offset;
	size_t n_told;
};

static void check_floor(struct floor *f, const struct record *r)
{
	assert_true(r->file > f->file || (r->file == f->file && r->offset >= f->offset));
	f->n_told++;
}

static void met_above(void *arg, const struct reader_match *m)
{
	check_floor(arg, m->record);
}

static void unmet_above(void *arg, struct reader *reader, const struct record *r, bool error)
{
	(void)reader;
	(void)error;
	check_floor(arg, r);
}

static void recognised_above(void *arg, struct set *set)
{
	(void)arg;
	(void)set;
}

static const struct reader_events above = {
	.allows = allows, .met = met_above, .unmet = unmet_above, .recognised = recognised_above
};

/* Three files of this text, byte by byte. */
static void read_files(struct reader *r, struct floor *f, const char *text)
{
	for (size_t file = 0; file < 3; file++) {
		for (size_t i = 0; text[i]; i++) {
			reader_feed(r, text + i, 1);
			if (i % 7 == 0)
				reader_quiet(r);
			reader_oldest(r, &f->file, &f->offset);
		}
		reader_end_file(r);
		reader_oldest(r, &f->file, &f->offset);
		assert_true(file - f->file <= 1); /* it does move on */
		reader_next_file(r);
		reader_oldest(r, &f->file, &f->offset);
	}
	reader_end(r);
}

TEST(no_record_begins_before_what_was_called_the_oldest)
{
	AUTO(library) l = make_library();
	struct floor f = { 0 };
	AUTO(reader) r = reader_new(l, &above, &f);

	reader_recognise(r, library_set(l, "generic"));
	read_files(r, &f,
		   "nobody knows this\n10:00 one\n\tat a.b\n10:01 app.Main boot\n"
		   "10:02 two\n\tat c.d\nCaused by: x\n10:03 to");
	assert_true(f.n_told >= 18);
}

TEST(a_line_that_two_files_share_is_the_oldest_until_it_is_whole)
{
	AUTO(library) l = make_library();
	struct floor f = { 0 };
	AUTO(reader) r = reader_new(l, &above, &f);

	reader_use(r, library_set(l, "app"));
	read_files(r, &f, "10:03 to");
	assert_int_equal(f.n_told, 3);
}

TEST(bytes_that_are_no_utf8_hide_nothing)
{
	AUTO_BUF out = BUF_INIT(4096);

	read_text("10:00 \xFC\xE4 app.Main up \x80\n", 4096, "app", &out);
	assert_string_equal(buf_text(&out), "1:app/up ");
}

/* ---- mistakes in set files ---- */

static const struct {
	const char *text, *problem;
} mistakes[] = {
	{ "set: x\nrules:\n  - { id: a, match: '(', effect: note }\n",
	  "t.yaml:3:21: match: missing closing parenthesis (at character 2 of the pattern)" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: goall }\n",
	  "t.yaml:3:32: effect: 'goall' is none of begin, progress, phase, goal, note, warn, fail, rollback, "
	  "retry, stop, "
	  "ignore, did you mean 'goal'?" },
	{ "set: x\nphases: [boot]\nrules:\n  - { id: a, match: b, effect: note, phase: boto }\n",
	  "t.yaml:4:45: unknown phase 'boto', did you mean 'boot'?" },
	{ "set: x\nrules:\n  - { id: a, match: '(?<v>.)', effect: note, say: '${w}' }\n",
	  "t.yaml:3:51: unknown capture 'w' (known: v)" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note }\n  - { id: a, match: c, effect: note }\n",
	  "t.yaml:4:11: id: rule 'a' is there already" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: ignore }\n",
	  "t.yaml:3:5: why: a rule that ignores must say why" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note, where: 'x <' }\n",
	  "t.yaml:3:45: where: expected a name, a number or a quoted text at the end" },
	{ "set: x\nrecord: { time: ['%Q'] }\n",
	  "t.yaml:2:18: time: '%Q' knows only %Y %y %m %d %e %b %H %I %M %S %p %z %s %* %%" },
	{ "set: x\ntitel: y\n", "t.yaml:2:1: unknown key 'titel', did you mean 'title'?" },
	{ "set: x\nuses: [nothere]\n", "t.yaml:2:8: uses: there is no set 'nothere'" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note, after: c }\n",
	  "t.yaml:3:45: unknown rule 'c' (known: a)" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note, samples: [c] }\n",
	  "t.yaml:3:48: rule x/a does not meet its own sample" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note, rejects: [abc] }\n",
	  "t.yaml:3:48: rule x/a meets what it must reject" },
	{ "set: x\nrules:\n  - { id: a, match: b, effect: note }\n  - { id: c, match: bb, effect: note, "
	  "samples: [bb] }\n",
	  "t.yaml:4:49: rule x/c never sees its own sample: x/a stands before it and takes it" },
};

TEST(every_mistake_in_a_set_names_its_place_and_what_was_expected)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(library) l = library_new();
		struct conf *c = conf_parse("t.yaml", mistakes[i].text, strlen(mistakes[i].text), p);
		struct set *s = c ? set_from_conf(c, p) : NULL;

		if (s) {
			library_add(l, s);
			library_check(l, p);
			set_check_samples(s, p);
		}
		assert_true(conf_problems_count(p) > 0);
		assert_string_equal(conf_problems_text(p, 0), mistakes[i].problem);
	}
}

TEST(all_mistakes_of_a_file_come_at_once)
{
	static const char text[] =
		"set: x\ntitel: y\nrules:\n  - { id: a, match: '(', effect: notee }\n  - { match: b }\n";
	AUTO(conf_problems) p = conf_problems_new();
	struct conf *c = conf_parse("t.yaml", text, sizeof(text) - 1, p);

	assert_null(set_from_conf(c, p));
	assert_int_equal(conf_problems_count(p), 5); /* titel, (, notee, no id, no effect */
}
