/* SPDX-License-Identifier: Apache-2.0 */
/* The tree behind conf.h: how its nodes are made, put together and freed. */
#pragma once
#include "conf/conf.h"
#include "conf/place.h"

struct conf_node {
	const struct conf *conf;
	struct conf_node *next_made;
	struct place place;
	enum conf_shape shape;
	bool quoted;
	char *text;		 /* NULL but for a scalar */
	struct conf_node **keys; /* NULL but for a map */
	struct conf_node **items;
	size_t n_keys, keys_room;
	size_t n, room;
	size_t weight; /* itself and all below it, shared ones counted each time */
	size_t height; /* levels of lists and maps, itself included */
};

struct conf {
	char *path;
	struct conf_node *root;
	struct conf_node *made; /* all nodes, the last one first */
};

struct conf *node_tree_new(const char *path);
struct conf_node *node_new(struct conf *c, enum conf_shape shape, struct place place);
/* child becomes the next item; of a map, by turns the next key and its value. */
void node_add(struct conf_node *parent, struct conf_node *child);
/* Whether what node_add() of a map gets next is a value. */
bool node_awaits_value(const struct conf_node *map);
/* Drops entries whose key is no text or was there before; each is a problem. */
void node_check_keys(struct conf_node *map, struct conf_problems *p);
