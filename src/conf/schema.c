/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <assert.h>

/* A variable may stand for any value.  (A pattern only concerns strings, minimum and maximum only numbers.)
 */
#define OR_VARIABLE "|\\$\\{"
#define NUMBER "[0-9]+(\\.[0-9]+)?"

static const struct type {
	const char *types[3];
	const char *pattern;
	bool no_negative; /* numbers */
	bool only_zero;
	bool preset_is_json; /* else its default is a string */
} types[] = {
	/* 5.2 and true are texts too if a text is wanted */
	[CONF_TYPE_TEXT] = { .types = { "string", "number", "boolean" } },
	[CONF_TYPE_SECRET] = { .types = { "string", "number", "boolean" } },
	[CONF_TYPE_INT] = { { "integer", "string" }, "^-?[0-9]+$" OR_VARIABLE, .preset_is_json = true },
	[CONF_TYPE_NUMBER] = { { "number", "string" }, "^-?" NUMBER "$" OR_VARIABLE, .preset_is_json = true },
	[CONF_TYPE_BOOL] = { { "boolean", "string" }, "^(true|false)$" OR_VARIABLE, .preset_is_json = true },
	[CONF_TYPE_TIME] = { { "string", "integer" },
			     "^(0|(" NUMBER "(ms|s|m|h|d))+)$" OR_VARIABLE,
			     .no_negative = true,
			     .only_zero = true },
	[CONF_TYPE_SIZE] = { { "string", "integer" }, "^" NUMBER "[kMG]?$" OR_VARIABLE, .no_negative = true },
	[CONF_TYPE_ENUM] = { .types = { NULL } },
	[CONF_TYPE_TEXTS] = { .types = { NULL } },
	[CONF_TYPE_PAIRS] = { .types = { NULL } },
	[CONF_TYPE_NODE] = { .types = { NULL } },
};

static void set(json_t *object, const char *key, json_t *value)
{
	int failed = json_object_set_new(object, key, value);

	/* jansson refuses what is not UTF-8, and no row of ours is */
	assert(!failed);
	(void)failed;
}

static void append(json_t *array, json_t *value)
{
	int failed = json_array_append_new(array, value);

	assert(!failed);
	(void)failed;
}

static json_t *one_value(const struct type *t)
{
	json_t *schema = json_object(), *names = json_array();

	for (size_t i = 0; i < ARRAY_LEN(t->types) && t->types[i]; i++)
		append(names, json_string(t->types[i]));
	set(schema, "type", names);
	if (t->pattern)
		set(schema, "pattern", json_string(t->pattern));
	if (t->no_negative)
		set(schema, "minimum", json_integer(0));
	if (t->only_zero)
		set(schema, "maximum", json_integer(0));
	return schema;
}

static json_t *one_of_names(const struct conf_key *k)
{
	json_t *names = json_array();

	for (const char *const *name = k->names; *name; name++)
		append(names, json_string(*name));
	return json_pack("{s: [{s: o}, {s: s, s: s}]}", "anyOf", "enum", names, "type", "string", "pattern",
			 "\\$\\{");
}

static json_t *shape_of(const struct conf_key *k)
{
	const struct type *text = &types[CONF_TYPE_TEXT];

	if (types[k->type].types[0])
		return one_value(&types[k->type]);
	if (k->type == CONF_TYPE_ENUM)
		return one_of_names(k);
	if (k->type == CONF_TYPE_TEXTS)
		return json_pack("{s: [o, {s: s, s: o}]}", "anyOf", one_value(text), "type", "array", "items",
				 one_value(text));
	if (k->type == CONF_TYPE_PAIRS)
		return json_pack("{s: s, s: o}", "type", "object", "additionalProperties", one_value(text));
	return json_object(); /* anything: its owner knows more */
}

static json_t *schema_of(const struct conf_key *k)
{
	json_t *schema = shape_of(k);

	set(schema, "description", json_string(k->help));
	if (k->preset)
		set(schema, "default",
		    types[k->type].preset_is_json ? json_loads(k->preset, JSON_DECODE_ANY, NULL)
						  : json_string(k->preset));
	return schema;
}

json_t *conf_schema(const struct conf_key *keys)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct conf_key *k = keys; k->name; k++) {
		set(properties, k->name, schema_of(k));
		if (k->required)
			append(required, json_string(k->name));
	}
	return json_pack("{s: s, s: o, s: o, s: b}", "type", "object", "properties", properties, "required",
			 required, "additionalProperties", 0);
}
