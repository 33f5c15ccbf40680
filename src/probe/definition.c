/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/definition.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "probe/answer.h"

const struct conf_key probe_use_keys[] = {
	CONF_TEXT(struct use, use, NULL, "the name of a probe definition"),
	CONF_PAIRS(struct use, with, "the definition's parameters and their values"),
	{ 0 },
};

const struct conf_key probe_definition_keys[] = {
	CONF_ROW(struct definition, probe, char *, "probe", CONF_TYPE_TEXT, NULL,
		 "the name that plans use it by; the file is NAME.yaml", NULL, true),
	CONF_NODE(struct definition, with,
		  "the parameters: name -> {help, default or required, secret, example}"),
	{ 0 },
};

struct parameter {
	char *preset, *help, *example;
	bool required, secret;
};

const struct conf_key probe_parameter_keys[] = {
	CONF_ROW(struct parameter, preset, char *, "default", CONF_TYPE_TEXT, NULL,
		 "its value where a plan says none", NULL, false),
	CONF_BOOL(struct parameter, required, "false", "a plan must say it"),
	CONF_TEXT(struct parameter, help, NULL, "what it is, in one line"),
	CONF_BOOL(struct parameter, secret, "false", "its value is shown nowhere"),
	CONF_TEXT(struct parameter, example, NULL, "a value to check the definition with, and to show"),
	{ 0 },
};

/* ---- finding ---- */

static bool is_name(const char *s)
{
	size_t n = 0;

	while (str_word(s[n]) || (n && (s[n] == '-' || s[n] == '.')))
		n++;
	return n && !s[n];
}

struct names {
	char **items;
	size_t n, room;
};

static void list_folder(struct names *names, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (str_ends(entry->d_name, ".yaml"))
			*ARRAY_ADD(names->items, names->n, names->room) =
				mem_strndup(entry->d_name, strlen(entry->d_name) - strlen(".yaml"));
	if (d)
		closedir(d);
}

static void say_unknown(const struct conf_node *use, const char *name, const struct conf_texts *folders,
			struct conf_problems *p)
{
	struct names names = { 0 };

	for (size_t i = 0; i < folders->n; i++)
		list_folder(&names, folders->items[i]);
	conf_unknown(p, use, "there is no probe", name, (const char *const *)names.items, names.n);
	for (size_t i = 0; i < names.n; i++)
		free(names.items[i]);
	free(names.items);
}

struct conf *definition_find(const char *name, const struct conf_texts *folders, const struct conf_node *n,
			     struct conf_problems *p)
{
	if (!is_name(name)) {
		conf_problem(p, n, "use: '%s' is no name of a probe (letters, digits, '-', '_' and '.')",
			     name);
		return NULL;
	}
	for (size_t i = 0; i < folders->n; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s.yaml", folders->items[i], name);

		if (access(path, F_OK) == 0)
			return conf_load(path, p);
	}
	say_unknown(n, name, folders, p);
	return NULL;
}

/* The file is found by its name, so what it calls itself has to be the same. */
static void check_name(const struct definition *d, const struct conf_node *root, struct conf_problems *p)
{
	const char *slash = strrchr(conf_path(root), '/');
	const char *file = slash ? slash + 1 : conf_path(root);
	AUTO_FREE char *wanted = mem_printf("%s.yaml", d->probe);

	if (str_ends(file, ".yaml") && strcmp(file, wanted) != 0)
		conf_problem(p, conf_get(root, "probe"), "probe: '%s' belongs into the file %s, this is %s",
			     d->probe, wanted, file);
}

void definition_check(const struct definition *d, const struct conf_node *root, struct conf_problems *p)
{
	if (d->probe)
		check_name(d, root, p);
	if (d->with && conf_shape(d->with) != CONF_MAP)
		conf_problem(
			p, d->with,
			"with: expected a map: parameter -> {help, default or required, secret, example}");
}

/* ---- parameters ---- */

static const struct conf_node *parameters(const struct conf_node *definition)
{
	const struct conf_node *with = conf_get(definition, "with");

	return with && conf_shape(with) == CONF_MAP ? with : NULL;
}

static size_t n_parameters(const struct conf_node *definition)
{
	const struct conf_node *with = parameters(definition);

	return with ? conf_count(with) : 0;
}

static void set_value(struct conf_vars *v, const char *name, const struct parameter *said, const char *value)
{
	if (said->secret)
		secret_hide(value);
	conf_vars_set(v, name, value);
}

static const char *value_of(const struct conf_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->keys[i], name) == 0)
			return pairs->values[i];
	return NULL;
}

static void set_from_plan(struct conf_vars *v, const char *name, const struct conf_node *parameter,
			  const struct use *u, const struct conf_node *n, const struct conf_vars *outer,
			  struct conf_problems *p)
{
	const char *value = value_of(&u->with, name);
	struct parameter said;

	conf_fill(parameter, probe_parameter_keys, &said, outer, NULL, p);
	if (!value && said.required)
		conf_problem(p, n, "parameter '%s' of %s is missing%s%s", name, u->use, said.help ? ": " : "",
			     said.help ? said.help : "");
	set_value(v, name, &said, value ? value : said.preset ? said.preset : "");
	conf_clear(probe_parameter_keys, &said);
}

static void unknown_parameters(const struct conf_node *definition, const struct conf_pairs *with,
			       struct conf_problems *p)
{
	const struct conf_node *known = parameters(definition);
	AUTO_FREE const char **names = NULL;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < n_parameters(definition); i++)
		*ARRAY_ADD(names, n, room) = conf_key(known, i);
	for (size_t i = 0; i < with->n; i++)
		if (!known || !conf_get(known, with->keys[i]))
			conf_unknown(p, with->nodes[i], "unknown parameter", with->keys[i], names, n);
}

struct conf_vars *definition_vars(const struct conf_node *definition, const struct use *u,
				  const struct conf_node *n, const struct conf_vars *outer,
				  struct conf_problems *p)
{
	struct conf_vars *v = conf_vars_new(outer);
	const struct conf_node *known = parameters(definition);

	unknown_parameters(definition, &u->with, p);
	for (size_t i = 0; i < n_parameters(definition); i++)
		set_from_plan(v, conf_key(known, i), conf_item(known, i), u, n, outer, p);
	return v;
}

static void set_example(struct conf_vars *v, const char *name, const struct conf_node *n,
			struct conf_problems *p)
{
	struct parameter said;

	conf_fill(n, probe_parameter_keys, &said, NULL, NULL, p);
	if (!is_name(name))
		conf_problem(p, n, "'%s' is no name for a parameter (letters, digits, '-', '_' and '.')",
			     name);
	if (!said.required == !said.preset)
		conf_problem(p, n, "parameter '%s' needs either a default or required: true", name);
	else if (said.required && !said.example)
		conf_problem(p, n,
			     "parameter '%s' is required, so it needs an example to check the rest with",
			     name);
	conf_vars_set(v, name, said.example ? said.example : said.preset ? said.preset : "");
	conf_clear(probe_parameter_keys, &said);
}

struct conf_vars *definition_examples(const struct conf_node *definition, struct conf_problems *p)
{
	struct conf_vars *v = conf_vars_new(NULL);

	for (size_t i = 0; i < n_parameters(definition); i++)
		set_example(v, conf_key(parameters(definition), i), conf_item(parameters(definition), i), p);
	return v;
}
