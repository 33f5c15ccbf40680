/* SPDX-License-Identifier: Apache-2.0 */
#include "app/schemas.h"

#include <string.h>

#include "alert/alert.h"
#include "app/plan.h"
#include "base/mem.h"
#include "conf/schema.h"
#include "pattern/set.h"
#include "probe/definition.h"
#include "probe/probe.h"
#include "report/report.h"

/* Replaces what a table says of one key: tables know of nested maps only that they are there. */
static void set_property(json_t *schema, const char *key, json_t *value)
{
	json_t *properties = json_object_get(schema, "properties"), *old = json_object_get(properties, key);
	json_t *help = old ? json_object_get(old, "description") : NULL;

	if (help)
		json_object_set(value, "description", help);
	json_object_set_new(properties, key, value);
}

static json_t *list_of(json_t *items)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *map_of(json_t *values)
{
	return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", values);
}

/* A condition is the id of a rule, a map, or a list of these. */
static json_t *condition_schema(void)
{
	json_t *one = json_pack("{s:[{s:s}, {s:s, s:[s], s:{s:{s:s}, s:{s:s}, s:{s:[s, s]}}, s:b}]}", "anyOf",
				"type", "string", "type", "object", "required", "rule", "properties", "rule",
				"type", "string", "within", "type", "string", "in", "enum", "run", "history",
				"additionalProperties", 0);
	json_t *list = list_of(json_incref(one));

	return json_pack("{s:[o, o]}", "anyOf", one, list);
}

static json_t *fact_schema(void)
{
	json_t *as = json_array();

	for (size_t i = 0; fact_type_names[i]; i++)
		json_array_append_new(as, json_string(fact_type_names[i]));
	return map_of(json_pack("{s:s, s:[s], s:{s:{s:s}, s:{s:o}}, s:b}", "type", "object", "required",
				"from", "properties", "from", "type", "string", "as", "enum", as,
				"additionalProperties", 0));
}

static json_t *set_schema(void)
{
	json_t *set = conf_schema(set_keys), *rule = conf_schema(set_rule_keys);

	set_property(rule, "after", condition_schema());
	set_property(rule, "unless", condition_schema());
	set_property(rule, "facts", fact_schema());
	set_property(set, "record", conf_schema(set_record_keys));
	set_property(set, "rules", list_of(rule));
	return set;
}

static void add_keys(json_t *schema, const struct conf_key *keys)
{
	json_t *more = conf_schema(keys);

	json_object_update(json_object_get(schema, "properties"), json_object_get(more, "properties"));
	json_decref(more);
}

static void add_kinds(json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties");

	for (size_t i = 0; probe_kind_at(i); i++) {
		json_t *kind = conf_schema(probe_kind_at(i)->keys);

		json_object_set_new(kind, "description", json_string(probe_kind_at(i)->help));
		json_object_set_new(properties, probe_kind_at(i)->name, kind);
	}
}

static json_t *probe_schema(void)
{
	json_t *schema = conf_schema(probe_definition_keys);

	set_property(schema, "with", map_of(conf_schema(probe_parameter_keys)));
	add_keys(schema, probe_common_keys);
	add_kinds(schema);
	return schema;
}

static json_t *use_schema(void)
{
	json_t *schema = conf_schema(probe_use_keys);

	add_keys(schema, probe_common_keys);
	add_kinds(schema);
	json_object_del(schema, "required"); /* `use`, or one of the kinds */
	return schema;
}

static json_t *reports_schema(void)
{
	json_t *formats = json_object();

	for (size_t i = 0; report_kind_at(i); i++)
		json_object_set_new(
			formats, report_kind_at(i)->name,
			json_pack("{s:s, s:s}", "type", "string", "description", report_kind_at(i)->help));
	return list_of(json_pack("{s:s, s:o, s:b}", "type", "object", "properties", formats,
				 "additionalProperties", 0));
}

static json_t *alerts_schema(void)
{
	json_t *channels = json_object();

	for (size_t i = 0; alert_kind_at(i); i++) {
		json_t *full = conf_schema(alert_kind_at(i)->keys);

		json_object_set_new(channels, alert_kind_at(i)->name,
				    json_pack("{s:[{s:s}, o], s:s}", "anyOf", "type", "string", full,
					      "description", alert_kind_at(i)->help));
	}
	json_object_set_new(
		channels, "on",
		list_of(json_pack("{s:[s, s, s, s]}", "enum", "GO", "NO-GO", "ROLLBACK", "UNDECIDED")));
	json_object_set_new(channels, "timeout", json_pack("{s:s}", "type", "string"));
	return list_of(json_pack("{s:s, s:o, s:b}", "type", "object", "properties", channels,
				 "additionalProperties", 0));
}

static json_t *plan_schema(void)
{
	json_t *plan = conf_schema(plan_keys);

	set_property(plan, "vars", map_of(json_object()));
	set_property(plan, "logs", list_of(conf_schema(plan_log_keys)));
	set_property(plan, "phases", map_of(conf_schema(plan_phase_keys)));
	set_property(plan, "process", conf_schema(plan_process_keys));
	set_property(plan, "probes", list_of(use_schema()));
	set_property(plan, "reports", reports_schema());
	set_property(plan, "alerts", alerts_schema());
	return plan;
}

static const struct {
	const char *name, *title;
	json_t *(*make)(void);
} schemas[] = {
	{ "plan", "A plan of gonogo", plan_schema },
	{ "probe", "A probe definition of gonogo", probe_schema },
	{ "set", "A pattern set of gonogo", set_schema },
};

json_t *schema_named(const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		json_t *body, *schema;

		if (strcmp(schemas[i].name, what) != 0)
			continue;
		body = schemas[i].make();
		schema = json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
				   "title", schemas[i].title);
		json_object_update(schema, body);
		json_decref(body);
		return schema;
	}
	return NULL;
}

char *schema_text(const char *what)
{
	json_t *schema = schema_named(what);
	AUTO_FREE char *text = schema ? json_dumps(schema, JSON_INDENT(2)) : NULL;

	json_decref(schema);
	return text ? mem_printf("%s\n", text) : NULL;
}
