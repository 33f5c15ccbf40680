/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/library.h"

#include <dirent.h>
#include <string.h>

#include "base/str.h"

struct library {
	struct set **sets; /* by name */
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
	for (size_t i = 0; i < l->n; i++)
		set_free(l->sets[i]);
	free(l->sets);
	free(l);
}

/* Where the name is, or where it would go. */
static size_t place(const struct library *l, const char *name)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->sets[i]->meaning.name, name) < 0)
		i++;
	return i;
}

struct set *library_set(const struct library *l, const char *name)
{
	size_t i = place(l, name);

	return i < l->n && strcmp(l->sets[i]->meaning.name, name) == 0 ? l->sets[i] : NULL;
}

void library_add(struct library *l, struct set *take)
{
	size_t i = place(l, take->meaning.name);

	if (i < l->n && strcmp(l->sets[i]->meaning.name, take->meaning.name) == 0) {
		set_free(l->sets[i]);
		l->sets[i] = take;
		return;
	}
	ARRAY_ADD(l->sets, l->n, l->room);
	memmove(&l->sets[i + 1], &l->sets[i], (l->n - 1 - i) * sizeof(struct set *));
	l->sets[i] = take;
}

struct set *library_add_file(struct library *l, const char *path, struct conf_problems *p)
{
	struct set *s = set_load(path, p);

	if (s)
		library_add(l, s);
	return s;
}

static int is_yaml(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(d->d_name, ".yaml");
}

/* patterns/tomcat.yaml holds the set tomcat: so a name that an earlier folder had need not even be read. */
static bool known_file(const struct library *l, const char *file)
{
	AUTO_FREE char *name = mem_strndup(file, strlen(file) - strlen(".yaml"));

	return library_set(l, name) != NULL;
}

int library_add_folder(struct library *l, const char *folder, struct conf_problems *p, struct err *e)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_yaml, alphasort);

	if (n < 0)
		return err_sys(e, "%s", folder);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, entries[i]->d_name);

		if (!known_file(l, entries[i]->d_name))
			library_add_file(l, path, p);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

size_t library_count(const struct library *l)
{
	return l->n;
}

struct set *library_at(const struct library *l, size_t i)
{
	return l->sets[i];
}

const char *library_nearest(const struct library *l, const char *name)
{
	AUTO_FREE const char **names = mem_zero(l->n, sizeof(*names));

	for (size_t i = 0; i < l->n; i++)
		names[i] = l->sets[i]->meaning.name;
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
		const char *near = library_nearest(l, s->uses.items[i]);

		if (!library_set(l, s->uses.items[i]))
			conf_problem(p, s->uses.nodes[i], "uses: there is no set '%s'%s%s%s", s->uses.items[i],
				     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	if (library_uses(l, s, s) && s->uses.n)
		conf_problem(p, s->uses.nodes[0], "uses: the set uses itself, directly or through others");
}

static void check_reference(const struct library *l, const struct pattern *from, const char *key, const char *full,
			    struct conf_problems *p)
{
	const char *slash = strchr(full, '/');
	AUTO_FREE char *name = mem_strndup(full, (size_t)(slash - full));
	const struct set *s = library_set(l, name);
	const struct conf_node *n = conf_get(from->node, key) ? conf_get(from->node, key) : from->node;
	AUTO_FREE const char **ids = NULL;

	if (!s) {
		conf_problem(p, n, "%s: there is no set '%s'", key, name);
		return;
	}
	if (set_pattern(s, slash + 1))
		return;
	ids = mem_zero(s->n_patterns, sizeof(*ids));
	for (size_t i = 0; i < s->n_patterns; i++)
		ids[i] = s->patterns[i].rule.id;
	conf_unknown(p, n, "unknown rule", slash + 1, ids, s->n_patterns);
}

static void check_references(const struct library *l, const struct pattern *q, struct conf_problems *p)
{
	for (size_t i = 0; i < q->rule.n_conditions; i++)
		check_reference(l, q, q->rule.conditions[i].wanted ? "after" : "unless", q->rule.conditions[i].rule, p);
	if (q->rule.due)
		check_reference(l, q, "due", q->rule.due, p);
	if (q->rule.until)
		check_reference(l, q, "until", q->rule.until, p);
}

void library_check(const struct library *l, struct conf_problems *p)
{
	for (size_t i = 0; i < l->n; i++) {
		check_uses(l, l->sets[i], p);
		for (size_t k = 0; k < l->sets[i]->n_patterns; k++)
			check_references(l, &l->sets[i]->patterns[k], p);
	}
}
