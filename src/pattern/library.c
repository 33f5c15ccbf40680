/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/library.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/folder.h"

struct entry {
	char *name;
	char *path;	 /* of a set that was not read yet; else NULL */
	struct set *set; /* NULL: not read yet, or it cannot be */
};

struct library {
	struct entry *entries; /* by name */
	size_t n, room;
};

struct library *library_new(void)
{
	return new0(struct library);
}

void library_free(struct library *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		set_free(l->entries[i].set);
		free(l->entries[i].name);
		free(l->entries[i].path);
	}
	free(l->entries);
	free(l);
}

/* Where the name is, or where it would go. */
static size_t place(const struct library *l, const char *name)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->entries[i].name, name) < 0)
		i++;
	return i;
}

static struct entry *entry_of(const struct library *l, const char *name)
{
	size_t i = place(l, name);

	return i < l->n && strcmp(l->entries[i].name, name) == 0 ? &l->entries[i] : NULL;
}

static struct entry *make_entry(struct library *l, const char *name)
{
	size_t i = place(l, name);

	ARRAY_ADD(l->entries, l->n, l->room);
	memmove(&l->entries[i + 1], &l->entries[i], (l->n - 1 - i) * sizeof(*l->entries));
	l->entries[i] = (struct entry){ .name = mem_strdup(name) };
	return &l->entries[i];
}

/* ---- adding ---- */

void library_add(struct library *l, struct set *take)
{
	struct entry *e = entry_of(l, take->meaning.name);

	if (!e)
		e = make_entry(l, take->meaning.name);
	mem_replace(&e->path, NULL);
	set_free(e->set);
	e->set = take;
}

struct set *library_add_file(struct library *l, const char *path, struct conf_problems *p)
{
	struct set *s = set_load(path, p);

	if (s)
		library_add(l, s);
	return s;
}

/* patterns/tomcat.yaml holds the set tomcat: so a name that an earlier folder had need not even be read. */
static void add_named(struct library *l, const char *name, const char *path, struct conf_problems *p)
{
	if (entry_of(l, name))
		return;
	if (p)
		library_add_file(l, path, p);
	else
		make_entry(l, name)->path = mem_strdup(path);
}

struct adding {
	struct library *library;
	struct conf_problems *problems; /* NULL: nothing is read */
};

static void add_path(void *arg, const char *path)
{
	struct adding *a = arg;
	const char *file = strrchr(path, '/') + 1;
	AUTO_FREE char *name = mem_strndup(file, strlen(file) - strlen(".yaml"));

	add_named(a->library, name, path, a->problems);
}

int library_add_folder(struct library *l, const char *folder, struct conf_problems *p, struct err *e)
{
	struct adding a = { l, p };

	return conf_each_file(folder, add_path, &a, e);
}

int library_add_shipped(struct library *l, const char *folder, struct err *e)
{
	struct adding a = { l, NULL };

	return conf_each_file(folder, add_path, &a, e);
}

/* ---- reading ---- */

static void read_entry(struct entry *e, struct conf_problems *p)
{
	struct set *s = e->path ? set_load_head(e->path, p) : NULL;

	if (!s)
		return;
	if (strcmp(s->meaning.name, e->name) == 0) {
		e->set = s;
		mem_replace(&e->path, NULL);
		return;
	}
	conf_problem(p, conf_get(conf_root(s->conf), "set"),
		     "set: a file of this folder holds the set it is named after: '%s'", e->name);
	set_free(s);
}

struct set *library_find(const struct library *l, const char *name, struct conf_problems *p)
{
	struct entry *e = entry_of(l, name);

	if (!e)
		return NULL;
	read_entry(e, p);
	return e->set;
}

size_t library_count(const struct library *l)
{
	return l->n;
}

struct set *library_head(const struct library *l, size_t i)
{
	return l->entries[i].set;
}

struct set *library_at(const struct library *l, size_t i)
{
	AUTO(conf_problems) p = conf_problems_new();
	struct entry *e = &l->entries[i];

	read_entry(e, p);
	if (e->set)
		set_load_rules(e->set, p);
	for (size_t k = 0; k < conf_problems_count(p); k++)
		log_error("%s", conf_problems_text(p, k));
	return e->set;
}

struct set *library_set(const struct library *l, const char *name)
{
	struct entry *e = entry_of(l, name);

	return e ? e->set : NULL;
}

const char *library_nearest(const struct library *l, const char *name)
{
	AUTO_FREE const char **names = mem_zero(l->n, sizeof(*names));

	for (size_t i = 0; i < l->n; i++)
		names[i] = l->entries[i].name;
	return str_nearest(name, names, l->n);
}

static bool uses(const struct library *l, const struct set *a, const struct set *b, size_t depth)
{
	for (size_t i = 0; i < a->uses.n && depth <= l->n; i++) {
		const struct set *u = library_set(l, a->uses.items[i]);

		if (u && (u == b || uses(l, u, b, depth + 1)))
			return true;
	}
	return false;
}

bool library_uses(const struct library *l, const struct set *a, const struct set *b)
{
	return uses(l, a, b, 0);
}

/* ---- what only the whole can tell ---- */

static void check_uses(const struct library *l, const struct set *s, struct conf_problems *p)
{
	for (size_t i = 0; i < s->uses.n; i++) {
		const char *near;

		if (entry_of(l, s->uses.items[i]))
			continue;
		near = library_nearest(l, s->uses.items[i]);
		conf_problem(p, s->uses.nodes[i], "uses: there is no set '%s'%s%s%s", s->uses.items[i],
			     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	if (library_uses(l, s, s) && s->uses.n)
		conf_problem(p, s->uses.nodes[0], "uses: the set uses itself, directly or through others");
}

static void check_reference(const struct library *l, const struct pattern *from, const char *key,
			    const char *full, struct conf_problems *p)
{
	const char *slash = strchr(full, '/');
	AUTO_FREE char *name = mem_strndup(full, (size_t)(slash - full));
	struct set *s = library_find(l, name, p);
	const struct conf_node *n = conf_get(from->node, key) ? conf_get(from->node, key) : from->node;
	AUTO_FREE const char **ids = NULL;

	if (!s) {
		conf_problem(p, n, "%s: there is no set '%s'", key, name);
		return;
	}
	if (s->state == SET_BROKEN || !set_load_rules(s, p) || set_pattern(s, slash + 1))
		return;
	ids = mem_zero(s->n_patterns, sizeof(*ids));
	for (size_t i = 0; i < s->n_patterns; i++)
		ids[i] = s->patterns[i].rule.id;
	conf_unknown(p, n, "unknown rule", slash + 1, ids, s->n_patterns);
}

static void check_references(const struct library *l, const struct pattern *q, struct conf_problems *p)
{
	for (size_t i = 0; i < q->rule.n_conditions; i++)
		check_reference(l, q, q->rule.conditions[i].wanted ? "after" : "unless",
				q->rule.conditions[i].rule, p);
	if (q->rule.due)
		check_reference(l, q, "due", q->rule.due, p);
	if (q->rule.until)
		check_reference(l, q, "until", q->rule.until, p);
	for (size_t i = 0; i < q->rule.n_explains; i++)
		check_reference(l, q, "explains", q->rule.explains[i], p);
}

/* A set whose places were forgotten was found right before. */
static void check_set(const struct library *l, const struct set *s, struct conf_problems *p)
{
	if (!s->conf)
		return;
	check_uses(l, s, p);
	for (size_t k = 0; k < s->n_patterns; k++)
		check_references(l, &s->patterns[k], p);
}

/* The places come back with the rules. */
static void check_head(const struct library *l, struct set *s, struct conf_problems *p)
{
	if (!s->text || !s->conf)
		return;
	check_uses(l, s, p);
	set_forget_places(s);
}

void library_read(const struct library *l, struct conf_problems *p)
{
	for (size_t i = 0; i < l->n; i++)
		read_entry(&l->entries[i], p);
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].set)
			check_head(l, l->entries[i].set, p);
}

void library_check(const struct library *l, struct conf_problems *p)
{
	library_read(l, p);
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].set)
			set_load_rules(l->entries[i].set, p);
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].set)
			check_set(l, l->entries[i].set, p);
}

/* ---- before a set is used ---- */

static bool used_are_usable(const struct library *l, const struct set *s, struct conf_problems *p)
{
	bool all = true;

	for (size_t i = 0; i < s->uses.n; i++) {
		struct set *u = library_find(l, s->uses.items[i], p);

		all &= u && library_make_usable(l, u, p);
	}
	return all;
}

static bool check_whole(const struct library *l, struct set *s, struct conf_problems *p)
{
	size_t before = conf_problems_count(p);
	bool good = set_load_rules(s, p);

	if (!good)
		return false;
	good = used_are_usable(l, s, p);
	check_set(l, s, p);
	set_check_samples(s, p);
	return good && conf_problems_count(p) == before;
}

bool library_make_usable(const struct library *l, struct set *s, struct conf_problems *p)
{
	if (s->state != SET_UNCHECKED)
		return s->state != SET_BROKEN; /* who comes back while it is checked goes in a circle:
						  check_uses() says so */
	s->state = SET_CHECKING;
	s->state = check_whole(l, s, p) ? SET_USABLE : SET_BROKEN;
	if (s->state == SET_BROKEN)
		set_drop_rules(s);
	set_forget_places(s);
	return s->state == SET_USABLE;
}
