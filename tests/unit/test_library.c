/* SPDX-License-Identifier: Apache-2.0 */
/* The library: shipped sets are read as far as they are needed, and a set with mistakes is never used
 * silently. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "pattern/reader.h"

/* ---- a folder of sets ---- */

struct file {
	const char *name, *text;
};

static const struct file files[] = {
	{ "app", "set: app\ndetect: 'app\\.Main'\nuses: [base]\nrules:\n"
		 "  - { id: up, match: 'app\\.Main up', effect: goal, after: base/up, samples: ['app.Main "
		 "up'] }\n" },
	{ "base", "set: base\ndetect: 'base\\.Server'\nrecord: { first: ['^\\d\\d '] }\nrules:\n"
		  "  - { id: up, match: 'base\\.Server up', effect: note }\n" },
	{ "typo", "set: typo\ndetect: 'typo\\.Main'\nrecord: { first: ['^\\d\\d '] }\nrules:\n  - { id: up, "
		  "match: up, effect: gaol }\n" },
	{ "onto", "set: onto\ndetect: 'onto\\.Main'\nrecord: { first: ['^\\d\\d '] }\nuses: [typo]\nrules:\n "
		  " - { id: up, match: up, effect: goal }\n" },
	{ "lies", "set: lies\nrules:\n  - { id: up, match: up, effect: goal, samples: [down] }\n" },
	{ "refers", "set: refers\nrules:\n  - { id: up, match: up, effect: goal, after: base/down }\n" },
	{ "ring", "set: ring\nuses: [round]\nrules:\n  - { id: up, match: up, effect: goal }\n" },
	{ "round", "set: round\nuses: [ring]\nrules:\n  - { id: up, match: up, effect: goal }\n" },
	{ "alias", "set: other\nrules:\n  - { id: up, match: up, effect: goal }\n" },
};

static char folder[] = "/tmp/test_library.XXXXXX";

static char *path_of(const char *name)
{
	return mem_printf("%s/%s.yaml", folder, name);
}

static void remove_file(const char *name)
{
	AUTO_FREE char *path = path_of(name);

	unlink(path);
}

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = path_of(name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void remove_folder(void)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		remove_file(files[i].name);
	rmdir(folder);
}

static struct library *shipped(void)
{
	static bool made;
	struct library *l = library_new();
	struct err e;

	if (!made) {
		made = true;
		assert_non_null(mkdtemp(folder));
		atexit(remove_folder);
		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			write_file(files[i].name, files[i].text);
	}
	assert_int_equal(library_add_shipped(l, folder, &e), 0);
	return l;
}

/* ---- what is read when ---- */

TEST(a_shipped_set_is_not_read_before_somebody_asks_for_it)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = shipped();

	assert_int_equal(library_count(l), ARRAY_LEN(files));
	assert_null(library_set(l, "base"));
	assert_non_null(library_find(l, "base", p));
	assert_ptr_equal(library_set(l, "base"), library_find(l, "base", p));
	assert_null(library_set(l, "app"));
	assert_null(library_find(l, "nothere", p));
	assert_int_equal(conf_problems_count(p), 0);
}

TEST(the_rules_come_when_a_set_is_used_and_so_do_those_of_the_sets_it_uses)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = shipped();
	struct set *app = library_find(l, "app", p), *base;
	struct regex *const *detect = app->detect;

	assert_int_equal(app->n_detect, 1);
	assert_int_equal(app->n_patterns, 0);
	assert_true(library_make_usable(l, app, p));
	base = library_set(l, "base");
	assert_int_equal(app->n_patterns, 1);
	assert_string_equal(app->meaning.goals[0], "up");
	assert_string_equal(app->patterns[0].rule.set, "app");
	assert_int_equal(base->n_patterns, 1);
	assert_int_equal(base->state, SET_USABLE);
	assert_ptr_equal(app->detect, detect); /* another log's reader may look for it at this moment */
	assert_null(app->conf);
	assert_null(app->text);
}

TEST(what_the_file_said_when_it_was_read_counts_not_what_it_says_later)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = shipped();
	struct set *s = library_find(l, "base", p);

	write_file("base", "set: base\nrules: 7\n");
	assert_true(library_make_usable(l, s, p));
	assert_string_equal(s->patterns[0].rule.id, "up");
	write_file("base", files[1].text);
}

static const struct {
	const char *text;
	bool head_alone;
} layouts[] = {
	{ "set: base\nrules:\n  - { id: a, match: b, effect: note }\n", true },
	{ "set: base\n# rules: are below\nrules:\n- id: a\n  match: b\n  effect: note\n# the end\n\n", true },
	{ "set: base\r\nrules:\r\n  - { id: a, match: b, effect: note }\r\n", true },
	/* something of the head may stand behind the rules, or the rules are no block of their own */
	{ "set: base\nrules:\n  - { id: a, match: b, effect: note }\nphases: [up]\n", false },
	{ "rules:\n  - { id: a, match: b, effect: note }\nset: base\n", false },
	{ "{\"set\": \"base\",\n\"rules\": [{\"id\": \"a\", \"match\": \"b\", \"effect\": \"note\"}]}\n",
	  false },
	{ "{ set: base,\nrules: [{ id: a, match: b, effect: note }]\n}\n", false },
};

TEST(the_head_is_read_alone_only_where_the_rules_stand_last)
{
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(library) l = shipped();
		struct set *s;

		write_file("base", layouts[i].text);
		s = library_find(l, "base", p);
		if (!s)
			fail_msg("%zu: %s", i, conf_problems_text(p, 0));
		assert_int_equal(s->text != NULL, layouts[i].head_alone);
		assert_int_equal(s->n_patterns, layouts[i].head_alone ? 0 : 1);
		assert_true(library_make_usable(l, s, p));
		assert_int_equal(s->n_patterns, 1);
	}
	write_file("base", files[1].text);
}

/* ---- mistakes ---- */

static const struct {
	const char *set, *problem;
} broken[] = {
	{ "typo", "typo.yaml:5:34: effect: 'gaol' is none of" },
	{ "onto", "typo.yaml:5:34: effect: 'gaol' is none of" },
	{ "lies", "lies.yaml:3:50: rule lies/up does not meet its own sample" },
	{ "refers", "refers.yaml:3:47: unknown rule 'down'" },
	{ "ring", "uses: the set uses itself, directly or through others" },
};

TEST(a_set_with_a_mistake_in_itself_or_in_what_it_needs_is_not_usable)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		AUTO(conf_problems) p = conf_problems_new();
		AUTO(conf_problems) again = conf_problems_new();
		AUTO(library) l = shipped();
		struct set *s = library_find(l, broken[i].set, p);

		assert_non_null(s);
		assert_false(library_make_usable(l, s, p));
		assert_true(conf_problems_count(p) > 0);
		if (!strstr(conf_problems_text(p, 0), broken[i].problem))
			fail_msg("%s: %s", broken[i].set, conf_problems_text(p, 0));
		assert_false(library_make_usable(l, s, again));
		assert_int_equal(conf_problems_count(again), 0);
	}
}

TEST(a_shipped_set_goes_by_the_name_of_its_file)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = shipped();

	assert_null(library_find(l, "alias", p));
	assert_non_null(strstr(conf_problems_text(p, 0), "alias.yaml:1:6: set: "));
}

/* ---- a set that turns out to be broken when its product is recognised ---- */

static bool allows(void *arg, const struct reader_match *m)
{
	(void)arg;
	(void)m;
	return true;
}

static void met(void *arg, const struct reader_match *m)
{
	buf_printf(arg, "%s ", m->rule->full);
}

static void unmet(void *arg, struct reader *reader, const struct record *r, bool error)
{
	(void)arg;
	(void)reader;
	(void)r;
	(void)error;
}

static void gave_up(void *arg, const struct rule *rule, const struct record *r)
{
	buf_printf(arg, "%s:%s@%llu? ", effect_names[rule->effect], rule->full, (unsigned long long)r->line);
}

static void recognised(void *arg, struct set *set)
{
	buf_printf(arg, "(%s) ", set->meaning.name);
}

static void unusable(void *arg, const struct set *set)
{
	buf_printf(arg, "!%s ", set->meaning.name);
}

static const struct reader_events with_event = { allows, met, unmet, gave_up, recognised, unusable };
static const struct reader_events without_event = { allows, met, unmet, gave_up, recognised, NULL };

static void read_text(const char *text, const struct reader_events *ev, struct buf *out)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = shipped();
	AUTO(reader) r = reader_new(l, ev, out);

	remove_file("alias"); /* a mistake that would show at once */
	library_read(l, p);
	write_file("alias", files[ARRAY_LEN(files) - 1].text);
	reader_recognise(r, NULL);
	reader_feed(r, text, strlen(text));
	reader_end(r);
}

static const struct {
	const struct reader_events *events;
	const char *text, *out;
} told[] = {
	{ &with_event, "10 base.Server up\n10 app.Main up\n", "(base) base/up (app) app/up " },
	{ &with_event, "10 base.Server up\n10 typo.Main up\n", "(base) base/up !typo (typo) " },
	{ &with_event, "10 base.Server up\n10 onto.Main up\n", "(base) base/up !onto (onto) " },
	{ &without_event, "10 base.Server up\n10 typo.Main up\n", "(base) base/up fail:typo/*@2? (typo) " },
};

TEST(a_recognised_set_that_cannot_be_used_is_told)
{
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		AUTO_BUF out = BUF_INIT(4096);

		read_text(told[i].text, told[i].events, &out);
		if (strcmp(buf_text(&out), told[i].out) != 0)
			fail_msg("%zu: %s instead of %s", i, buf_text(&out), told[i].out);
	}
}
