/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/node.h"

#include <string.h>

#include "base/str.h"
#include "conf/inside.h"

struct conf *node_tree_new(const char *path)
{
	struct conf *c = new0(struct conf);

	c->path = mem_strdup(path);
	return c;
}

struct conf_node *node_new(struct conf *c, enum conf_shape shape, struct place place)
{
	struct conf_node *n = new0(struct conf_node);

	n->conf = c;
	n->next_made = c->made;
	c->made = n;
	n->shape = shape;
	n->place = place;
	n->weight = 1;
	n->height = shape == CONF_SCALAR ? 0 : 1;
	return n;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	while (c->made) {
		struct conf_node *n = c->made;

		c->made = n->next_made;
		free(n->text);
		free(n->keys);
		free(n->items);
		free(n);
	}
	free(c->path);
	free(c);
}

bool node_awaits_value(const struct conf_node *map)
{
	return map->shape == CONF_MAP && map->n_keys > map->n;
}

void node_add(struct conf_node *parent, struct conf_node *child)
{
	if (parent->shape == CONF_MAP && !node_awaits_value(parent))
		*ARRAY_ADD(parent->keys, parent->n_keys, parent->keys_room) = child;
	else
		*ARRAY_ADD(parent->items, parent->n, parent->room) = child;
	parent->weight += child->weight;
	if (parent->height <= child->height)
		parent->height = child->height + 1;
}

/* ---- keys ---- */

static bool is_key(const struct conf_node *map, size_t i, struct conf_problems *p)
{
	const struct conf_node *key = map->keys[i];

	if (key->shape != CONF_SCALAR)
		conf_problem(p, key, "a key must be a text, not a %s",
			     key->shape == CONF_LIST ? "list" : "map");
	else if (!key->text[0])
		conf_problem(p, key, "a key is empty");
	else if (!key->quoted && strcmp(key->text, "<<") == 0)
		conf_problem(p, key, "YAML 1.2 has no merge key '<<'");
	else
		return true;
	return false;
}

struct seen {
	const char *key;
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int d = strcmp(x->key, y->key);

	return d ? d : (x->at > y->at) - (x->at < y->at);
}

/* Sorted, so that a map of very many keys does not take for ever. */
static void mark_repeats(const struct conf_node *map, bool *drop, struct conf_problems *p)
{
	AUTO_FREE struct seen *seen = mem_zero(map->n, sizeof(*seen));
	size_t n = 0, first = 0;

	for (size_t i = 0; i < map->n; i++)
		if (!drop[i])
			seen[n++] = (struct seen){ map->keys[i]->text, i };
	qsort(seen, n, sizeof(*seen), by_key);
	for (size_t i = 1; i < n; i++) {
		const struct conf_node *key = map->keys[seen[i].at];
		AUTO_FREE char *brief = NULL;

		if (strcmp(seen[first].key, seen[i].key) != 0) {
			first = i;
			continue;
		}
		brief = problem_brief(key->text);
		conf_problem(p, key, "key '%s' is given twice (first at line %zu)", brief,
			     map->keys[seen[first].at]->place.line);
		drop[seen[i].at] = true;
	}
}

void node_check_keys(struct conf_node *map, struct conf_problems *p)
{
	AUTO_FREE bool *drop = mem_zero(map->n, sizeof(*drop));
	size_t kept = 0;

	for (size_t i = 0; i < map->n; i++)
		drop[i] = !is_key(map, i, p);
	mark_repeats(map, drop, p);
	for (size_t i = 0; i < map->n; i++) {
		if (drop[i])
			continue;
		map->keys[kept] = map->keys[i];
		map->items[kept++] = map->items[i];
	}
	map->n = map->n_keys = kept;
}

/* ---- looking at it ---- */

const struct conf_node *conf_root(const struct conf *c)
{
	return c->root;
}

const char *conf_path(const struct conf_node *n)
{
	return n->conf->path;
}

size_t conf_line(const struct conf_node *n)
{
	return n->place.line;
}

size_t conf_column(const struct conf_node *n)
{
	return n->place.column;
}

enum conf_shape conf_shape(const struct conf_node *n)
{
	return n->shape;
}

const char *conf_text(const struct conf_node *n)
{
	return n->text ? n->text : "";
}

bool conf_is_null(const struct conf_node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	for (size_t i = 0; n->shape == CONF_SCALAR && !n->quoted && i < ARRAY_LEN(nulls); i++)
		if (strcmp(n->text, nulls[i]) == 0)
			return true;
	return false;
}

bool conf_is_quoted(const struct conf_node *n)
{
	return n->quoted;
}

size_t conf_count(const struct conf_node *n)
{
	return n->n;
}

const struct conf_node *conf_item(const struct conf_node *n, size_t i)
{
	return i < n->n ? n->items[i] : NULL;
}

const struct conf_node *conf_key_node(const struct conf_node *n, size_t i)
{
	return n->shape == CONF_MAP && i < n->n ? n->keys[i] : NULL;
}

const char *conf_key(const struct conf_node *n, size_t i)
{
	const struct conf_node *key = conf_key_node(n, i);

	return key ? key->text : NULL;
}

const struct conf_node *conf_get(const struct conf_node *n, const char *key)
{
	for (size_t i = 0; n && n->shape == CONF_MAP && i < n->n; i++)
		if (strcmp(n->keys[i]->text, key) == 0)
			return n->items[i];
	return NULL;
}
