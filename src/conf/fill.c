/* SPDX-License-Identifier: Apache-2.0 */
/* From a map to a struct by a table of keys. */
#include <assert.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "conf/inside.h"

enum { MESSAGE_MAX = 4096 };

struct filling {
	const struct conf_key *keys;
	const struct conf_vars *vars;
	struct conf_problems *p;
};

/* ---- from text to a field: presets and what users write go the same way ---- */

static int set_text(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	(void)k;
	(void)e;
	mem_replace(field, text);
	return 0;
}

static int set_secret(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	secret_add(text);
	return set_text(k, text, field, e);
}

static int set_int(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	(void)k;
	return str_int(text, INT64_MIN, INT64_MAX, field, e);
}

static int set_number(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	(void)k;
	return str_double(text, field, e);
}

static int set_bool(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	/* what YAML 1.1, other tools and habit take for them */
	static const char *const otherwise[][2] = {
		{ "yes", "true" },  { "on", "true" },	  { "y", "true" },    { "1", "true" },
		{ "true", "true" }, { "no", "false" },	  { "off", "false" }, { "n", "false" },
		{ "0", "false" },   { "false", "false" },
	};
	bool *value = field;

	(void)k;
	if (str_eq(text, "true") || str_eq(text, "false")) {
		*value = text[0] == 't';
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(otherwise); i++)
		if (strcasecmp(text, otherwise[i][0]) == 0)
			return err_set(e, "'%s' is neither true nor false, did you mean '%s'?", text,
				       otherwise[i][1]);
	return err_set(e, "'%s' is neither true nor false", text);
}

static int set_time(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	(void)k;
	return str_duration(text, field, e);
}

static int set_size(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	(void)k;
	return str_size(text, field, e);
}

static size_t count_names(const char *const *names)
{
	size_t n = 0;

	while (names && names[n])
		n++;
	return n;
}

static int set_enum(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	size_t n = count_names(k->names);
	AUTO_BUF list = BUF_INIT(MESSAGE_MAX);
	const char *meant;
	int *index = field;

	for (size_t i = 0; i < n; i++)
		if (strcmp(k->names[i], text) == 0) {
			*index = (int)i;
			return 0;
		}
	problem_list(&list, k->names, n);
	meant = problem_nearest(text, k->names, n);
	if (meant)
		return err_set(e, "'%s' is none of %s, did you mean '%s'?", text, buf_text(&list), meant);
	return err_set(e, "'%s' is none of %s", text, buf_text(&list));
}

static int set_texts(const struct conf_key *k, const char *text, void *field, struct err *e)
{
	struct conf_texts *t = field;

	(void)k;
	(void)e;
	t->items = new0(char *);
	t->items[0] = mem_strdup(text);
	t->nodes = new0(const struct conf_node *);
	t->n = 1;
	return 0;
}

/* ---- what a field owns ---- */

static void clear_text(void *field)
{
	char **text = field;

	free(*text);
	*text = NULL;
}

static void clear_texts(void *field)
{
	struct conf_texts *t = field;

	for (size_t i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
	free(t->nodes);
	*t = (struct conf_texts){ 0 };
}

static void clear_pairs(void *field)
{
	struct conf_pairs *pairs = field;

	for (size_t i = 0; i < pairs->n; i++) {
		free(pairs->keys[i]);
		free(pairs->values[i]);
	}
	free(pairs->keys);
	free(pairs->values);
	free(pairs->nodes);
	*pairs = (struct conf_pairs){ 0 };
}

/* ---- from a node to a field ---- */

static void expected(const struct filling *f, const struct conf_node *n, const char *of, const char *noun)
{
	static const char *const shapes[] = {
		[CONF_SCALAR] = "a text", [CONF_LIST] = "a list", [CONF_MAP] = "a map"
	};

	conf_problem(f->p, n, "%s: expected %s, found %s", of, noun,
		     conf_is_null(n) ? "nothing" : shapes[conf_shape(n)]);
}

static bool is_text(const struct conf_node *n)
{
	return conf_shape(n) == CONF_SCALAR && !conf_is_null(n);
}

/* Its text with variables replaced (yours), or NULL with a problem. */
static char *expanded(const struct filling *f, const struct conf_node *n, const char *of, bool secret)
{
	struct err e;
	char *text = vars_expand(f->vars, conf_text(n), secret, &e);

	if (!text)
		conf_problem(f->p, n, "%s: %s", of, e.text);
	return text;
}

/* The same for what may be no text at all. */
static char *text_of(const struct filling *f, const struct conf_node *n, const char *of, const char *noun)
{
	if (is_text(n))
		return expanded(f, n, of, false);
	expected(f, n, of, noun);
	return NULL;
}

typedef void take_fn(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		     void *field);

static take_fn take_scalar, take_texts, take_pairs, take_node;

static const struct type {
	const char *noun; /* "expected ..." */
	size_t size;
	int (*set)(const struct conf_key *k, const char *text, void *field, struct err *e);
	take_fn *take;
	void (*clear)(void *field); /* NULL: owns nothing */
} types[] = {
	[CONF_TYPE_TEXT] = { "a text", sizeof(char *), set_text, take_scalar, clear_text },
	[CONF_TYPE_SECRET] = { "a text", sizeof(char *), set_secret, take_scalar, clear_text },
	[CONF_TYPE_INT] = { "a whole number", sizeof(int64_t), set_int, take_scalar, NULL },
	[CONF_TYPE_NUMBER] = { "a number", sizeof(double), set_number, take_scalar, NULL },
	[CONF_TYPE_BOOL] = { "true or false", sizeof(bool), set_bool, take_scalar, NULL },
	[CONF_TYPE_TIME] = { "a duration", sizeof(int64_t), set_time, take_scalar, NULL },
	[CONF_TYPE_SIZE] = { "a size", sizeof(int64_t), set_size, take_scalar, NULL },
	[CONF_TYPE_ENUM] = { "one of ", sizeof(int), set_enum, take_scalar, NULL },
	[CONF_TYPE_TEXTS] = { "a text or a list of texts", sizeof(struct conf_texts), set_texts, take_texts,
			      clear_texts },
	[CONF_TYPE_PAIRS] = { "a map of texts", sizeof(struct conf_pairs), NULL, take_pairs, clear_pairs },
	[CONF_TYPE_NODE] = { "", sizeof(const struct conf_node *), NULL, take_node, NULL },
};

static void *field_of(const struct conf_key *k, void *object)
{
	return (char *)object + k->offset;
}

/* What k takes, in words: yours. */
static char *noun_of(const struct conf_key *k)
{
	AUTO_BUF noun = BUF_INIT(MESSAGE_MAX);

	buf_str(&noun, types[k->type].noun);
	if (k->type == CONF_TYPE_ENUM)
		problem_list(&noun, k->names, count_names(k->names));
	return buf_take(&noun);
}

/* What a variable stands for may be a secret: then the message shows what was written. */
static void misfit(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		   const char *text, const struct err *e)
{
	AUTO_FREE char *noun = noun_of(k);
	AUTO_FREE char *brief = problem_brief(conf_text(n));

	if (strcmp(text, brief) == 0)
		conf_problem(f->p, n, "%s: %s", k->name, e->text);
	else
		conf_problem(f->p, n, "%s: '%s' is not %s", k->name, brief, noun);
}

static void take_scalar(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
			void *field)
{
	AUTO_FREE char *text = is_text(n) ? expanded(f, n, k->name, k->type == CONF_TYPE_SECRET) : NULL;
	struct err e;

	if (!is_text(n)) {
		AUTO_FREE char *noun = noun_of(k);

		expected(f, n, k->name, noun);
	} else if (text && types[k->type].set(k, text, field, &e) < 0) {
		misfit(f, k, n, text, &e);
	}
}

static void add_text(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		     const char *noun, struct conf_texts *t)
{
	char *text = text_of(f, n, k->name, noun);

	if (!text)
		return;
	t->items[t->n] = text;
	t->nodes[t->n++] = n;
}

static void take_texts(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		       void *field)
{
	bool list = conf_shape(n) == CONF_LIST;
	size_t room = list ? conf_count(n) : 1;
	struct conf_texts *t = field;

	clear_texts(t);
	t->items = mem_zero(room, sizeof(*t->items));
	t->nodes = mem_zero(room, sizeof(*t->nodes));
	if (!list)
		add_text(f, k, n, types[k->type].noun, t);
	for (size_t i = 0; list && i < room; i++)
		add_text(f, k, conf_item(n, i), "a text", t);
}

static void take_pairs(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		       void *field)
{
	struct conf_pairs *pairs = field;

	if (conf_shape(n) != CONF_MAP) {
		expected(f, n, k->name, types[k->type].noun);
		return;
	}
	pairs->keys = mem_zero(conf_count(n), sizeof(*pairs->keys));
	pairs->values = mem_zero(conf_count(n), sizeof(*pairs->values));
	pairs->nodes = mem_zero(conf_count(n), sizeof(*pairs->nodes));
	for (size_t i = 0; i < conf_count(n); i++) {
		AUTO_FREE char *brief = problem_brief(conf_key(n, i));
		AUTO_FREE char *of = mem_printf("%s.%s", k->name, brief);
		char *value = text_of(f, conf_item(n, i), of, "a text");

		if (!value)
			continue;
		pairs->keys[pairs->n] = mem_strdup(conf_key(n, i));
		pairs->nodes[pairs->n] = conf_item(n, i);
		pairs->values[pairs->n++] = value;
	}
}

static void take_node(const struct filling *f, const struct conf_key *k, const struct conf_node *n,
		      void *field)
{
	const struct conf_node **node = field;

	(void)f;
	(void)k;
	*node = n;
}

/* ---- the whole map ---- */

static void preset(const struct conf_key *keys, void *object)
{
	for (const struct conf_key *k = keys; k->name; k++) {
		void *field = field_of(k, object);
		struct err e = { "" };

		memset(field, 0, types[k->type].size);
		if (!k->preset)
			continue;
		/* a preset that does not fit its own row is a mistake of ours */
		assert(types[k->type].set);
		bool fits = types[k->type].set(k, k->preset, field, &e) == 0;
		assert(fits);
		(void)fits;
	}
}

static const struct conf_key *key_named(const struct conf_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool among(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void unknown_key(const struct filling *f, const struct conf_node *key, const char *const *skip)
{
	AUTO_FREE const char **names = NULL;
	size_t n = 0, room = 0;

	for (const struct conf_key *k = f->keys; k->name; k++)
		*ARRAY_ADD(names, n, room) = k->name;
	for (; skip && *skip; skip++)
		*ARRAY_ADD(names, n, room) = *skip;
	conf_unknown(f->p, key, "unknown key", conf_text(key), names, n);
}

static void missing_keys(const struct filling *f, const struct conf_node *n)
{
	for (const struct conf_key *k = f->keys; k->name; k++)
		if (k->required && !conf_get(n, k->name))
			conf_problem(f->p, n, "key '%s' is missing (%s)", k->name, k->help);
}

void conf_fill(const struct conf_node *n, const struct conf_key *keys, void *object,
	       const struct conf_vars *vars, const char *const *skip, struct conf_problems *p)
{
	struct filling f = { .keys = keys, .vars = vars, .p = p };

	preset(keys, object);
	if (!n)
		return;
	if (conf_shape(n) != CONF_MAP && !conf_is_null(n)) {
		conf_problem(p, n, "expected a map of settings, found %s",
			     conf_shape(n) == CONF_LIST ? "a list" : "a text");
		return;
	}
	for (size_t i = 0; conf_shape(n) == CONF_MAP && i < conf_count(n); i++) {
		const struct conf_key *k = key_named(keys, conf_key(n, i));

		if (k)
			types[k->type].take(&f, k, conf_item(n, i), field_of(k, object));
		else if (!among(skip, conf_key(n, i)))
			unknown_key(&f, conf_key_node(n, i), skip);
	}
	missing_keys(&f, n);
}

void conf_clear(const struct conf_key *keys, void *object)
{
	for (const struct conf_key *k = keys; k->name; k++)
		if (types[k->type].clear)
			types[k->type].clear(field_of(k, object));
}
