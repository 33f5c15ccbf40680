/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sets.h"

#include <jansson.h>
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "base/log.h"
#include "base/str.h"

static bool is_file(const char *name)
{
	return strchr(name, '/') || str_ends(name, ".yaml");
}

int sets_complain(struct conf_problems *p)
{
	for (size_t i = 0; i < conf_problems_count(p); i++)
		log_error("%s", conf_problems_text(p, i));
	return EXIT_CONFIG;
}

static void general_problem(struct conf_problems *p, const char *text)
{
	AUTO(conf) c = conf_parse("command line", "", 0, p);

	conf_problem(p, conf_root(c), "%s", text);
}

/* Otherwise the log tells. */
static bool any_given(const struct options *o)
{
	return o->sets.n || o->ready.n || o->fail.n;
}

/* What users wrote is checked before anything is started, used or not; what is shipped, when it is used. */
static void check_own(const struct library *l, struct conf_problems *p)
{
	for (size_t i = 0; i < library_count(l); i++) {
		struct set *s = library_head(l, i);

		if (s && !s->text)
			library_make_usable(l, s, p);
	}
}

struct library *sets_library(const struct options *o, struct conf_problems *p)
{
	struct library *l = library_new();
	AUTO_FREE char *installed = data_folder("patterns");
	struct err e;

	for (size_t i = 0; i < o->patterns.n; i++)
		if (library_add_folder(l, o->patterns.items[i], p, &e) < 0)
			general_problem(p, e.text);
	if (library_add_shipped(l, installed, &e) < 0)
		log_warn("no installed pattern sets: %s", e.text);
	for (size_t i = 0; i < o->sets.n; i++)
		if (is_file(o->sets.items[i]))
			library_add_file(l, o->sets.items[i], p);
	if (!any_given(o))
		library_read(l, p); /* one of them may be recognised */
	check_own(l, p);
	if (!conf_problems_count(p))
		return l;
	library_free(l);
	return NULL;
}

struct set *sets_find(const struct library *l, const char *name, struct conf_problems *p)
{
	size_t before = conf_problems_count(p);
	struct set *s = library_find(l, name, p);
	const char *near = s ? NULL : library_nearest(l, name);

	if (!s && conf_problems_count(p) > before)
		return NULL;
	if (!s) {
		AUTO_FREE char *text =
			mem_printf("there is no set '%s'%s%s%s (gonogo list sets)", name,
				   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");

		general_problem(p, text);
	}
	return s;
}

struct set *sets_named(struct library *l, const char *name, struct conf_problems *p)
{
	struct set *s = sets_find(l, name, p);

	return s && library_make_usable(l, s, p) ? s : NULL;
}

/* A file's set goes by the name inside. */
static struct set *set_of_file(const struct library *l, const char *path)
{
	for (size_t i = 0; i < library_count(l); i++)
		if (library_head(l, i) && strcmp(library_head(l, i)->path, path) == 0)
			return library_head(l, i);
	return NULL;
}

static void add_rule(json_t *rules, const char *name, size_t i, const char *effect, const char *match)
{
	AUTO_FREE char *id = mem_printf("%s-%zu", name, i + 1);

	json_array_append_new(rules,
			      json_pack("{s:s, s:s, s:s}", "id", id, "effect", effect, "match", match));
}

/* --ready and --fail as a set like any other: JSON is YAML. */
static struct set *command_line_set(const struct options *o, struct conf_problems *p)
{
	json_t *rules = json_array(), *root = json_object();
	AUTO_FREE char *text = NULL;
	struct conf *c;

	for (size_t i = 0; i < o->fail.n; i++)
		add_rule(rules, "fail", i, "fail", o->fail.items[i]);
	for (size_t i = 0; i < o->ready.n; i++)
		add_rule(rules, "ready", i, "goal", o->ready.items[i]);
	json_object_set_new(root, "set", json_string("command-line"));
	json_object_set_new(root, "title", json_string("what --ready and --fail say"));
	json_object_set_new(root, "rules", rules);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	c = text ? conf_parse("command line", text, strlen(text), p) : NULL;
	return c ? set_from_conf(c, p) : NULL;
}

struct set **sets_given(const struct options *o, struct library *l, size_t *n, struct conf_problems *p)
{
	struct set **list = mem_zero(o->sets.n + 2, sizeof(struct set *)), *s;
	bool own = o->ready.n || o->fail.n;

	*n = 0;
	if (own && (s = command_line_set(o, p))) {
		library_add(l, s);
		list[(*n)++] = s;
	}
	for (size_t i = 0; i < o->sets.n; i++) {
		s = is_file(o->sets.items[i]) ? set_of_file(l, o->sets.items[i]) : NULL;
		s = s ? s : sets_named(l, o->sets.items[i], p);
		if (s)
			list[(*n)++] = s;
	}
	s = own && !o->sets.n ? library_find(l, "generic", p) : NULL;
	if (s && library_make_usable(l, s, p))
		list[(*n)++] = s;
	return list;
}
