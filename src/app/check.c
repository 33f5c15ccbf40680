/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo check: plans, sets and probe definitions, every mistake; and how well sets cover a log. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "app/draft.h"
#include "app/hints.h"
#include "app/plan.h"
#include "app/sets.h"
#include "app/watch.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "conf/folder.h"
#include "pattern/ask.h"
#include "source/source.h"

struct checking {
	const struct options *o;
	struct library *library;
	struct conf_problems *problems;
	struct buf out;
	bool asked_for;	   /* the files were named, by who wrote them perhaps */
	struct set **sets; /* of the files that were checked */
	size_t n_sets, room_sets;
};

/* ---- files ---- */

static void count_samples(struct checking *c, const struct set *s, const char *path)
{
	size_t without = 0, samples = 0;

	for (size_t i = 0; i < s->n_patterns; i++) {
		samples += s->patterns[i].samples.n;
		without += s->patterns[i].samples.n == 0;
	}
	buf_printf(&c->out, "%s: set %s, %zu rules, %zu samples", path, s->meaning.name, s->n_patterns,
		   samples);
	if (without)
		buf_printf(&c->out, ", %zu rules without a sample", without);
	buf_char(&c->out, '\n');
}

/* One such pattern costs 24 to 48 ns a record, and all other records have to be cut into lines for it. */
static void say_costly(struct checking *c, const char *what, const struct regex *r, const char *when)
{
	if (ask_is_costly(r))
		buf_printf(&c->out,
			   "  costly: %s has no fixed text of its own: %sit is tried on every record, and no "
			   "block can be skipped\n",
			   what, when);
}

static void count_costly(struct checking *c, const struct set *s)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		say_costly(c, s->patterns[i].rule.full, s->patterns[i].regex,
			   rule_waits(&s->patterns[i].rule) ? "once what it waits for was met, " : "");
	for (size_t i = 0; i < s->n_error; i++)
		say_costly(c, "record.error", s->error[i], "");
	for (size_t i = 0; i < s->n_detect; i++)
		say_costly(c, "detect", s->detect[i], "");
}

static void check_set(struct checking *c, const char *path)
{
	struct set *s = library_add_file(c->library, path, c->problems);

	if (!s)
		return;
	set_check_samples(s, c->problems);
	library_check(c->library, c->problems);
	count_samples(c, s, path);
	count_costly(c, s);
	if (c->asked_for)
		hints_for(c->library, s, &c->out);
	*ARRAY_ADD(c->sets, c->n_sets, c->room_sets) = s;
}

static void check_probe(struct checking *c, const struct conf *conf, const char *path)
{
	probe_check_definition(conf, c->problems);
	buf_printf(&c->out, "%s: probe definition\n", path);
}

static void check_plan(struct checking *c, const char *path)
{
	AUTO(plan) p = plan_load(path, c->o, c->library, c->problems);

	if (p)
		buf_printf(&c->out, "%s: plan %s, %zu logs, %zu probes, %zu alerts\n", path, p->name,
			   p->n_logs, p->n_probes, p->n_alerts);
}

static void check_file(struct checking *c, const char *path)
{
	AUTO(conf) conf = conf_load(path, c->problems);
	const struct conf_node *root = conf ? conf_root(conf) : NULL;

	if (!conf)
		return;
	if (conf_get(root, "set"))
		check_set(c, path);
	else if (conf_get(root, "plan"))
		check_plan(c, path);
	else if (conf_get(root, "probe"))
		check_probe(c, conf, path);
	else
		conf_problem(c->problems, root,
			     "is neither a plan (plan: NAME) nor a set (set: NAME) nor a probe "
			     "definition (probe: NAME)");
}

static void check_each(void *arg, const char *path)
{
	check_file(arg, path);
}

/* All that is shipped. */
static void check_installed(struct checking *c)
{
	AUTO_FREE char *patterns = data_folder("patterns");
	AUTO_FREE char *probes = data_folder("probes");
	struct err e;

	if (conf_each_file(patterns, check_each, c, &e) < 0 || conf_each_file(probes, check_each, c, &e) < 0)
		log_warn("%s", e.text);
}

/* ---- coverage of logs ---- */

struct fired {
	const struct rule *rule;
	uint64_t count;
};

struct unexplained {
	char *text, *file;
	uint64_t line, count; /* line: of the first */
};

struct coverage {
	struct fired *fired;
	size_t n, room;
	const struct set **sets; /* that read any of the logs */
	size_t n_sets, room_sets;
	struct unexplained *errors;
	size_t n_errors, room_errors;
	const char *file;
};

static void count_fired(struct coverage *c, const struct rule *winner)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->fired[i].rule != winner)
			continue;
		c->fired[i].count++;
		return;
	}
	*ARRAY_ADD(c->fired, c->n, c->room) = (struct fired){ winner, 1 };
}

/* Errors that are equal but for their digits are one. */
static bool alike(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (str_digit(*a))
			a++;
		while (str_digit(*b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
	}
}

static void count_error(struct coverage *c, const struct record *r)
{
	const char *lf = memchr(r->text, '\n', r->len);
	AUTO_FREE char *text = mem_strndup(r->text, lf ? (size_t)(lf - r->text) : r->len);

	for (size_t i = 0; i < c->n_errors; i++) {
		if (!alike(c->errors[i].text, text))
			continue;
		c->errors[i].count++;
		return;
	}
	*ARRAY_ADD(c->errors, c->n_errors, c->room_errors) = (struct unexplained){
		.text = mem_strdup(text), .file = mem_strdup(c->file), .line = r->line, .count = 1
	};
}

static void on_record(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
		      bool error)
{
	struct coverage *c = arg;

	(void)w;
	if (winner)
		count_fired(c, winner);
	else if (error)
		count_error(c, r);
}

static uint64_t times_fired(const struct coverage *c, const struct rule *r)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->fired[i].rule == r)
			return c->fired[i].count;
	return 0;
}

static void note_set(struct coverage *c, const struct set *s)
{
	for (size_t i = 0; i < c->n_sets; i++)
		if (c->sets[i] == s)
			return;
	*ARRAY_ADD(c->sets, c->n_sets, c->room_sets) = s;
}

static void show_set(struct checking *c, const struct coverage *cov, const struct set *s)
{
	for (size_t i = 0; i < s->n_patterns; i++) {
		uint64_t n = times_fired(cov, &s->patterns[i].rule);

		if (n)
			buf_printf(&c->out, "%8llu  %s\n", (unsigned long long)n, s->patterns[i].rule.full);
		else
			buf_printf(&c->out, "   never  %s\n", s->patterns[i].rule.full);
	}
}

static void show_coverage(struct checking *c, const struct coverage *cov)
{
	for (size_t i = 0; i < cov->n_sets; i++)
		show_set(c, cov, cov->sets[i]);
	for (size_t i = 0; i < cov->n_errors; i++) {
		const struct unexplained *u = &cov->errors[i];

		buf_printf(&c->out, "%8llu  unexplained, %s:%llu: ", (unsigned long long)u->count, u->file,
			   (unsigned long long)u->line);
		text_line(&c->out, u->text, strlen(u->text));
		buf_char(&c->out, '\n');
	}
}

static int cover(struct checking *c, struct coverage *cov, const char *path)
{
	struct story_settings settings = { .settle = CLOCK_SECOND };
	AUTO(story) story = story_new(&settings);
	AUTO(watch) w = watch_new(story, c->library, path);
	struct err e;
	AUTO(blocks) b = blocks_open(path, &e);
	struct outcome *o;
	const char *data;
	ssize_t n;

	if (!b) {
		log_error("%s", e.text);
		return EXIT_NO_LOG;
	}
	cov->file = path;
	watch_sets(w, c->sets, c->n_sets); /* none: the log is recognised */
	watch_on_record(w, on_record, cov);
	while ((n = blocks_read(b, &data, &e)) > 0)
		watch_feed(w, data, (size_t)n);
	if (n < 0)
		watch_gap(w, e.text);
	watch_end(w);
	story_end(story);
	o = story_tell(story);
	buf_printf(&c->out, "%s: %s\n", path, verdict_name(o->verdict));
	outcome_free(o);
	for (size_t i = 0; i < watch_readers(w); i++)
		for (size_t k = 0; k < reader_sets(watch_reader(w, i)); k++)
			note_set(cov, reader_set(watch_reader(w, i), k));
	return 0;
}

static int cover_all(struct checking *c)
{
	struct coverage cov = { 0 };
	int code = 0;

	for (size_t i = 0; i < c->o->coverage.n && !code; i++)
		code = cover(c, &cov, c->o->coverage.items[i]);
	show_coverage(c, &cov);
	for (size_t i = 0; i < cov.n_errors; i++) {
		free(cov.errors[i].text);
		free(cov.errors[i].file);
	}
	free(cov.errors);
	free(cov.fired);
	free(cov.sets);
	return code;
}

static int suggest(struct checking *c)
{
	struct err e;

	if (draft_set(c->library, c->o->suggest, &c->out, &e) == 0)
		return 0;
	log_error("%s", e.text);
	return EXIT_NO_LOG;
}

static int check_all(struct checking *c, int argc, char **argv)
{
	if (c->o->suggest)
		return suggest(c);
	c->asked_for = argc > 0;
	for (int i = 0; i < argc; i++)
		check_file(c, argv[i]);
	if (!argc && !c->o->coverage.n)
		check_installed(c);
	if (conf_problems_count(c->problems))
		return sets_complain(c->problems);
	return c->o->coverage.n ? cover_all(c) : 0;
}

static int run(const struct options *o, int argc, char **argv)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = sets_library(o, p);
	struct checking c = { .o = o, .library = l, .problems = p, .out = BUF_INIT(16 << 20) };
	int code = l ? check_all(&c, argc, argv) : sets_complain(p);

	if (!o->quiet)
		io_write_all(STDOUT_FILENO, buf_text(&c.out), c.out.len, NULL);
	buf_free(&c.out);
	free(c.sets);
	return code;
}

const struct command command_check = {
	.name = "check",
	.operands = "[FILE...]",
	.help = "plans, sets and probe definitions: every mistake, every rule against its own samples",
	.accepts = OPTIONS_PLAN | OPTIONS_CHECK,
	.run = run,
};
