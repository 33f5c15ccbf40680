/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo list: what there is, one line each. */
#include <string.h>

#include "alert/alert.h"
#include "app/command.h"
#include "app/data.h"
#include "app/page.h"
#include "app/schemas.h"
#include "app/sets.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/folder.h"
#include "probe/probe.h"

static int show(struct buf *out)
{
	struct err e;

	if (io_write_all(STDOUT_FILENO, buf_text(out), out->len, &e) == 0)
		return 0;
	log_error("standard output: %s", e.text);
	return EXIT_REPORT;
}

static int list_sets(const struct options *o, int argc, char **argv, struct buf *out)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = sets_library(o, p);

	(void)argc;
	(void)argv;
	if (!l)
		return sets_complain(p);
	for (size_t i = 0; i < library_count(l); i++) {
		const struct set *s = library_at(l, i);

		buf_printf(out, "%-16s %3zu rules  %s\n", s->meaning.name, s->n_patterns, s->meaning.title);
	}
	return 0;
}

static void add_definition(void *arg, const char *path)
{
	struct buf *out = arg;
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(conf) c = conf_load(path, p);
	const struct conf_node *root = c ? conf_root(c) : NULL, *with = conf_get(root, "with");
	const struct conf_node *name = conf_get(root, "probe"), *title = conf_get(root, "title");

	if (!name) {
		sets_complain(p);
		return;
	}
	buf_printf(out, "%-28s %s", conf_text(name), title ? conf_text(title) : "");
	for (size_t i = 0; with && i < conf_count(with); i++)
		buf_printf(out, "%s%s", i ? ", " : "  (with ", conf_key(with, i));
	buf_str(out, with && conf_count(with) ? ")\n" : "\n");
}

static void add_definitions(const char *folder, struct buf *out)
{
	struct err e;

	if (conf_each_file(folder, add_definition, out, &e) < 0)
		log_warn("%s", e.text);
}

static int list_probes(const struct options *o, int argc, char **argv, struct buf *out)
{
	AUTO_FREE char *installed = data_folder("probes");

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < o->probes.n; i++)
		add_definitions(o->probes.items[i], out);
	add_definitions(installed, out);
	return 0;
}

static int list_kinds(const struct options *o, int argc, char **argv, struct buf *out)
{
	(void)o;
	(void)argc;
	(void)argv;
	buf_str(out, "probes:\n");
	for (size_t i = 0; probe_kind_at(i); i++)
		buf_printf(out, "  %-10s %s\n", probe_kind_at(i)->name, probe_kind_at(i)->help);
	buf_str(out, "reports:\n");
	for (size_t i = 0; report_kind_at(i); i++)
		buf_printf(out, "  %-10s %s\n", report_kind_at(i)->name, report_kind_at(i)->help);
	buf_str(out, "alerts:\n");
	for (size_t i = 0; alert_kind_at(i); i++)
		buf_printf(out, "  %-10s %s\n", alert_kind_at(i)->name, alert_kind_at(i)->help);
	buf_str(out, "effects of rules:\n ");
	for (size_t i = 0; effect_names[i]; i++)
		buf_printf(out, " %s", effect_names[i]);
	buf_char(out, '\n');
	return 0;
}

static void phase_rules(const struct set *s, const char *phase, struct buf *out)
{
	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct rule *r = &s->patterns[i].rule;

		if (str_eq(r->phase, phase))
			buf_printf(out, "    %-9s %s%s\n", effect_names[r->effect], r->id,
				   r->irreversible ? "  (point of no return)" : "");
	}
}

static int list_phases(const struct options *o, int argc, char **argv, struct buf *out)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = NULL;
	const struct set *s;

	if (argc != 1) {
		log_error("list phases: of which set?");
		return EXIT_USAGE;
	}
	l = sets_library(o, p);
	s = l ? sets_named(l, argv[0], p) : NULL;
	if (!s)
		return sets_complain(p);
	for (size_t i = 0; i < s->meaning.n_phases; i++) {
		buf_printf(out, "%s\n", s->meaning.phases[i]);
		phase_rules(s, s->meaning.phases[i], out);
	}
	return 0;
}

/* The pages of docs/sets/: of one set, or their index. */
static int list_page(const struct options *o, int argc, char **argv, struct buf *out)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = sets_library(o, p);
	struct set *s;

	if (!l)
		return sets_complain(p);
	if (!argc) {
		page_index(l, out);
		return 0;
	}
	if (argc > 1) {
		log_error("list page: of which set?");
		return EXIT_USAGE;
	}
	s = sets_find(l, argv[0], p);
	if (!s || !set_load_rules(s, p))
		return sets_complain(p);
	page_set(l, s, out);
	return 0;
}

/* What editors complete and check files with. */
static int list_schema(const struct options *o, int argc, char **argv, struct buf *out)
{
	AUTO_FREE char *text = argc == 1 ? schema_text(argv[0]) : NULL;

	(void)o;
	if (!text) {
		log_error("list schema: of what? (plan, set or probe)");
		return EXIT_USAGE;
	}
	buf_str(out, text);
	return 0;
}

static const struct {
	const char *name;
	int (*list)(const struct options *o, int argc, char **argv, struct buf *out);
} topics[] = {
	{ "sets", list_sets },	   { "probes", list_probes }, { "kinds", list_kinds },
	{ "phases", list_phases }, { "page", list_page },     { "schema", list_schema },
};

static int run(const struct options *o, int argc, char **argv)
{
	AUTO_BUF out = BUF_INIT(8 << 20);
	const char *topic = argc ? argv[0] : "sets", *names[ARRAY_LEN(topics)], *near;

	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		int code;

		names[i] = topics[i].name;
		if (strcmp(topic, topics[i].name) != 0)
			continue;
		code = topics[i].list(o, argc - (argc > 0), argv + (argc > 0), &out);
		return code ? code : show(&out);
	}
	near = str_nearest(topic, names, ARRAY_LEN(names));
	log_error("list: there is no '%s'%s%s%s (sets, probes, kinds, phases SET, page [SET], schema WHAT)",
		  topic, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return EXIT_USAGE;
}

const struct command command_list = {
	.name = "list",
	.operands = "[sets|probes|kinds|phases SET|page [SET]|schema plan|set|probe]",
	.help = "what there is, with one line each",
	.accepts = OPTIONS_PLAN,
	.run = run,
};
