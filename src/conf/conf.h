/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML files of users (plans, sets, probe definitions) as trees whose every value knows its path:line:col,
 * and tables of keys that turn such a tree into a C struct.  Mistakes are collected, not thrown: a file shows
 * all of its mistakes in one go.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* ---- the mistakes ---- */

struct conf_problems;
struct conf_problems *conf_problems_new(void);
void conf_problems_free(struct conf_problems *p);
DEFINE_AUTO(conf_problems)
size_t conf_problems_count(const struct conf_problems *p);
/*
 * "path:line:col: what is wrong" in one line of text, secrets masked; in the order of path, line and column,
 * the same never twice, at most 1000.  Lives as long as p and until the next one is added.
 */
const char *conf_problems_text(struct conf_problems *p, size_t i);

/* ---- a file as a tree ---- */

enum conf_shape { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf;
struct conf_node; /* borrowed; lives as long as its conf */

/*
 * Reads and parses one YAML 1.2 document; NULL if it cannot be read or is no YAML (the reason is in p).
 * Mistakes that leave the rest readable are in p too, and there is a tree: a repeated key (the first one
 * counts), a key that is no text, a tag, a second document.  At most CONF_FILE_MAX bytes, 64 levels and
 * 262144 values.
 */
enum { CONF_FILE_MAX = 4 << 20 };
struct conf *conf_load(const char *path, struct conf_problems *p);
struct conf *conf_parse(const char *path, const char *text, size_t n, struct conf_problems *p);
void conf_free(struct conf *c);
DEFINE_AUTO(conf)

const struct conf_node *conf_root(const struct conf *c); /* an empty file is an empty map */
const char *conf_path(const struct conf_node *n);
/*
 * From 1, in characters; a tab is one.  Quoted texts are where their quote is, block texts where their | or >
 * is, maps without braces where their first key is, a value that is missing where its key is.  A text that an
 * alias stands for is where the alias is, a list or map is where it was written.
 */
size_t conf_line(const struct conf_node *n);
size_t conf_column(const struct conf_node *n);
enum conf_shape conf_shape(const struct conf_node *n);
const char *conf_text(const struct conf_node *n); /* of a scalar as written, without quotes; "" of others */
bool conf_is_null(const struct conf_node *n);	  /* an empty value, ~ or null, unquoted */
bool conf_is_quoted(const struct conf_node *n);	  /* or a block text */
size_t conf_count(const struct conf_node *n);	  /* items of a list, entries of a map */
const struct conf_node *conf_item(const struct conf_node *n, size_t i); /* of a list; of a map: the value */
const char *conf_key(const struct conf_node *n, size_t i);		/* of a map */
const struct conf_node *conf_key_node(const struct conf_node *n, size_t i);
/* The value of key, or NULL if it is absent or n is no map. */
const struct conf_node *conf_get(const struct conf_node *n, const char *key);

/* Adds "path:line:col: text" for this place. */
void conf_problem(struct conf_problems *p, const struct conf_node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "what 'said', did you mean 'x'?" where one of names is near, else "what 'said' (known: x, y, z)". */
void conf_unknown(struct conf_problems *p, const struct conf_node *n, const char *what, const char *said,
		  const char *const *names, size_t n_names);

/* ---- variables ---- */

/*
 * ${name} is looked up here, ${env:NAME} in the environment, ${file:PATH} is a file's content without its
 * last line end; $${ is a plain ${.
 */
struct conf_vars;
/* What is unknown here is asked of outer, which may be NULL and is borrowed. */
struct conf_vars *conf_vars_new(const struct conf_vars *outer);
void conf_vars_free(struct conf_vars *v);
DEFINE_AUTO(conf_vars)
void conf_vars_set(struct conf_vars *v, const char *name, const char *value);
const char *conf_vars_get(const struct conf_vars *v, const char *name); /* NULL if unknown */
/*
 * Returns text with its variables replaced (yours), or NULL with the reason in e.  What a variable stands for
 * is not looked through again.  vars NULL: text as it is.
 */
char *conf_expand(const struct conf_vars *vars, const char *text, struct err *e);

/* ---- tables of keys ---- */

enum conf_type {
	CONF_TYPE_TEXT,	  /* char * */
	CONF_TYPE_SECRET, /* char *; secret_add() is told of it, and of what ${env:} and ${file:} put in */
	CONF_TYPE_INT,	  /* int64_t */
	CONF_TYPE_NUMBER, /* double */
	CONF_TYPE_BOOL,	  /* bool */
	CONF_TYPE_TIME,	  /* int64_t, ns, written as a duration */
	CONF_TYPE_SIZE,	  /* int64_t, bytes, written as a size */
	CONF_TYPE_ENUM,	  /* int: the index in names */
	CONF_TYPE_TEXTS,  /* struct conf_texts: a list, or one text */
	CONF_TYPE_PAIRS,  /* struct conf_pairs: a map of texts */
	CONF_TYPE_NODE,	  /* const struct conf_node *, looked at by its owner; NULL if absent */
};

struct conf_texts {
	char **items;
	const struct conf_node **nodes; /* where each was said */
	size_t n;
};

struct conf_pairs {
	char **keys;
	char **values;
	const struct conf_node **nodes; /* the values' places */
	size_t n;
};

/* One setting: parsing, --help, gonogo list, the JSON Schemas and the docs read these rows. */
struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;
	const char *preset;	  /* default as text, parsed by the same code; NULL: zero */
	const char *help;	  /* a sentence without a full stop */
	const char *const *names; /* CONF_TYPE_ENUM: NULL-terminated */
	bool required;
};

/* clang-format off */
#define CONF_AT(S, field, T) (offsetof(S, field) + 0 * sizeof(&((S *)0)->field == (T *)0))
#define CONF_TEXT(S, f, preset, help)	{ #f, CONF_TYPE_TEXT, CONF_AT(S, f, char *), preset, help, NULL, false }
#define CONF_SECRET(S, f, help)		{ #f, CONF_TYPE_SECRET, CONF_AT(S, f, char *), NULL, help, NULL, false }
#define CONF_INT(S, f, preset, help)	{ #f, CONF_TYPE_INT, CONF_AT(S, f, int64_t), preset, help, NULL, false }
#define CONF_NUMBER(S, f, preset, help)	{ #f, CONF_TYPE_NUMBER, CONF_AT(S, f, double), preset, help, NULL, false }
#define CONF_BOOL(S, f, preset, help)	{ #f, CONF_TYPE_BOOL, CONF_AT(S, f, bool), preset, help, NULL, false }
#define CONF_TIME(S, f, preset, help)	{ #f, CONF_TYPE_TIME, CONF_AT(S, f, int64_t), preset, help, NULL, false }
#define CONF_SIZE(S, f, preset, help)	{ #f, CONF_TYPE_SIZE, CONF_AT(S, f, int64_t), preset, help, NULL, false }
#define CONF_ENUM(S, f, preset, table, help) { #f, CONF_TYPE_ENUM, CONF_AT(S, f, int), preset, help, table, false }
#define CONF_TEXTS(S, f, help)		{ #f, CONF_TYPE_TEXTS, CONF_AT(S, f, struct conf_texts), NULL, help, NULL, false }
#define CONF_PAIRS(S, f, help)		{ #f, CONF_TYPE_PAIRS, CONF_AT(S, f, struct conf_pairs), NULL, help, NULL, false }
#define CONF_NODE(S, f, help)		{ #f, CONF_TYPE_NODE, CONF_AT(S, f, const struct conf_node *), NULL, help, NULL, false }
/* A row whose key is spelled otherwise than its field, or is required. */
#define CONF_ROW(S, f, T, key, type, preset, help, table, must) { key, type, CONF_AT(S, f, T), preset, help, table, must }
/* clang-format on */

/*
 * Fills *object from the map n by the table keys (ended by a row without name): presets first, then what n
 * says.  What the fields held before is overwritten, not freed.  Unknown keys, wrong types, unknown variables
 * and missing required keys become problems, and the field keeps its preset; presets have no variables.
 * skip (may be NULL, NULL-terminated) names keys that others look at.  n NULL: presets only; n without a
 * value: an empty map.  Texts in the struct are its own, nodes are the tree's.
 */
void conf_fill(const struct conf_node *n, const struct conf_key *keys, void *object,
	       const struct conf_vars *vars, const char *const *skip, struct conf_problems *p);
/* Frees what conf_fill() made in *object; the object itself is the caller's. */
void conf_clear(const struct conf_key *keys, void *object);
