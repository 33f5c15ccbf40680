/* SPDX-License-Identifier: Apache-2.0 */
#include "app/plan.h"

#include <libgen.h>
#include <string.h>

#include "app/data.h"
#include "app/sets.h"
#include "base/clock.h"
#include "base/str.h"

/* ---- what a file may say ---- */

struct plan_conf {
	char *plan, *title;
	int64_t settle, deadline, stall;
	bool strict;
	struct conf_texts goals;
	struct conf_pairs expect;
	const struct conf_node *vars, *logs, *phases, *process, *probes, *reports, *alerts;
};

/* clang-format off */
const struct conf_key plan_keys[] = {
	CONF_ROW(struct plan_conf, plan, char *, "plan", CONF_TYPE_TEXT, NULL, "name of the plan", NULL, true),
	CONF_TEXT(struct plan_conf, title, NULL, "what it is for"),
	CONF_NODE(struct plan_conf, vars, "variables and their defaults, for ${name}; --var NAME=VALUE wins"),
	CONF_NODE(struct plan_conf, logs, "the logs to follow"),
	CONF_TIME(struct plan_conf, settle, "10s", "how long all goals must hold"),
	CONF_TIME(struct plan_conf, deadline, "15m", "not decided by then is UNDECIDED; 0: none"),
	CONF_TIME(struct plan_conf, stall, "5m", "nothing new for this long is UNDECIDED; 0: never"),
	CONF_NODE(struct plan_conf, phases, "phases that may be quiet for longer: name: { stall: 2h }"),
	CONF_NODE(struct plan_conf, process, "the server's process; its death ends the run at once"),
	CONF_PAIRS(struct plan_conf, expect, "facts and what they must be: '5.2.7', '>= 10000'"),
	CONF_TEXTS(struct plan_conf, goals, "goals and probes that must be reached, in place of those of the sets"),
	CONF_NODE(struct plan_conf, probes, "active checks"),
	CONF_NODE(struct plan_conf, reports, "reports to write: format: file"),
	CONF_NODE(struct plan_conf, alerts, "whom to tell about which verdicts"),
	CONF_BOOL(struct plan_conf, strict, NULL, "a GO with warnings or unexplained errors is a NO-GO"),
	{ 0 },
};

struct log_conf {
	char *name, *file, *node;
	struct conf_texts sets;
	int from;
};

const struct conf_key plan_log_keys[] = {
	CONF_TEXT(struct log_conf, name, NULL, "what evidence calls it; the file's name if not said"),
	CONF_ROW(struct log_conf, file, char *, "file", CONF_TYPE_TEXT, NULL, "its path; it may appear later", NULL, true),
	CONF_TEXT(struct log_conf, node, NULL, "the server it is of, where there are several: each has to reach the goals of its sets"),
	CONF_TEXTS(struct log_conf, sets, "the sets that explain it; none: the product is recognised"),
	CONF_ENUM(struct log_conf, from, "run", from_names, "where reading begins"),
	{ 0 },
};

const struct conf_key plan_process_keys[] = {
	CONF_TEXT(struct plan_process, pidfile, NULL, "file with its number; it may appear later"),
	CONF_INT(struct plan_process, port, NULL, "the port it listens on; whoever owns it is the server"),
	CONF_INT(struct plan_process, pid, NULL, "its number"),
	{ 0 },
};

struct phase_conf {
	int64_t stall;
};

const struct conf_key plan_phase_keys[] = {
	CONF_ROW(struct phase_conf, stall, int64_t, "stall", CONF_TYPE_TIME, NULL, "how long it may be quiet", NULL, true),
	{ 0 },
};
/* clang-format on */

struct loading {
	struct plan *plan;
	const struct options *o;
	struct library *library;
	struct conf_texts probe_folders;
	struct conf_problems *problems;
};

typedef void item_fn(struct loading *l, const struct conf_node *n);

static void each_item(struct loading *l, const struct conf_node *list, const char *key, item_fn *fn)
{
	if (!list)
		return;
	if (conf_shape(list) != CONF_LIST) {
		conf_problem(l->problems, list, "%s: expected a list", key);
		return;
	}
	for (size_t i = 0; i < conf_count(list); i++)
		fn(l, conf_item(list, i));
}

/* ---- variables ---- */

static void load_vars(struct loading *l, const struct conf_node *root)
{
	const struct conf_node *vars = conf_get(root, "vars");

	for (size_t i = 0; vars && conf_shape(vars) == CONF_MAP && i < conf_count(vars); i++) {
		struct err e;
		AUTO_FREE char *value = conf_expand(l->plan->vars, conf_text(conf_item(vars, i)), &e);

		if (value)
			conf_vars_set(l->plan->vars, conf_key(vars, i), value);
		else
			conf_problem(l->problems, conf_item(vars, i), "%s", e.text);
	}
	for (size_t i = 0; i < l->o->vars.n; i++) {
		const char *eq = strchr(l->o->vars.items[i], '=');
		AUTO_FREE char *name = mem_strndup(l->o->vars.items[i], (size_t)(eq - l->o->vars.items[i]));

		conf_vars_set(l->plan->vars, name, eq + 1);
	}
}

/* ---- logs ---- */

static char *default_name(const char *path)
{
	AUTO_FREE char *copy = mem_strdup(path);

	return mem_strdup(basename(copy));
}

static void log_sets(struct loading *l, struct plan_log *log)
{
	log->sets = mem_zero(log->set_names.n, sizeof(struct set *));
	for (size_t i = 0; i < log->set_names.n; i++) {
		const char *name = log->set_names.items[i];
		struct set *s = library_set(l->library, name);
		const char *near = s ? NULL : library_nearest(l->library, name);

		if (!s)
			conf_problem(l->problems, log->set_names.nodes[i], "there is no set '%s'%s%s%s", name,
				     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
		else if (set_check_samples(s, l->problems))
			log->sets[log->n_sets++] = s;
	}
}

static bool name_taken(const struct plan *p, const char *name)
{
	for (size_t i = 0; i + 1 < p->n_logs; i++)
		if (str_eq(p->logs[i].name, name))
			return true;
	return false;
}

static void load_log(struct loading *l, const struct conf_node *n)
{
	struct plan_log *log = ARRAY_ADD(l->plan->logs, l->plan->n_logs, l->plan->room_logs);
	struct log_conf lc = { 0 };

	conf_fill(n, plan_log_keys, &lc, l->plan->vars, NULL, l->problems);
	log->file = mem_strdup(lc.file);
	log->node = mem_strdup(lc.node);
	log->name = lc.name ? mem_strdup(lc.name) : lc.file ? default_name(lc.file) : NULL;
	log->from = l->o->from >= 0 ? l->o->from : lc.from;
	log->set_names = lc.sets;
	lc.sets = (struct conf_texts){ 0 };
	log_sets(l, log);
	if (name_taken(l->plan, log->name))
		conf_problem(l->problems, n, "another log is called '%s' already: give it a name of its own",
			     log->name);
	conf_clear(plan_log_keys, &lc);
}

/* ---- the rest ---- */

static void load_phases(struct loading *l, const struct conf_node *n)
{
	for (size_t i = 0; n && conf_shape(n) == CONF_MAP && i < conf_count(n); i++) {
		struct plan_stall *s = ARRAY_ADD(l->plan->stalls, l->plan->n_stalls, l->plan->room_stalls);
		struct phase_conf pc = { 0 };

		conf_fill(conf_item(n, i), plan_phase_keys, &pc, l->plan->vars, NULL, l->problems);
		s->phase = mem_strdup(conf_key(n, i));
		s->stall = pc.stall;
	}
	if (n && conf_shape(n) != CONF_MAP)
		conf_problem(l->problems, n, "phases: expected a map: name: { stall: 2h }");
}

static void load_process(struct loading *l, const struct conf_node *n)
{
	if (n)
		conf_fill(n, plan_process_keys, &l->plan->process, l->plan->vars, NULL, l->problems);
	if (l->o->pidfile)
		mem_replace(&l->plan->process.pidfile, l->o->pidfile);
}

static void load_probe(struct loading *l, const struct conf_node *n)
{
	struct probe *p = probe_from_conf(n, l->plan->vars, &l->probe_folders, l->problems);

	if (!p)
		return;
	for (size_t i = 0; i < l->plan->n_probes; i++)
		if (str_eq(probe_name(l->plan->probes[i]), probe_name(p)))
			conf_problem(l->problems, n,
				     "another probe is called '%s' already: give it a name of its own",
				     probe_name(p));
	*ARRAY_ADD(l->plan->probes, l->plan->n_probes, l->plan->room_probes) = p;
}

static void load_alert(struct loading *l, const struct conf_node *n)
{
	struct alert *a = alert_from_conf(n, l->plan->vars, l->problems);

	if (a)
		*ARRAY_ADD(l->plan->alerts, l->plan->n_alerts, l->plan->room_alerts) = a;
}

static void unknown_format(struct loading *l, const struct conf_node *n, const char *said)
{
	const char *names[64];
	size_t count = 0;

	while (count < ARRAY_LEN(names) && report_kind_at(count)) {
		names[count] = report_kind_at(count)->name;
		count++;
	}
	conf_unknown(l->problems, n, "unknown report format", said, names, count);
}

static void load_report(struct loading *l, const struct conf_node *n)
{
	for (size_t i = 0; conf_shape(n) == CONF_MAP && i < conf_count(n); i++) {
		const struct report_kind *k = report_kind_named(conf_key(n, i));
		struct option_report *r;
		struct err e;
		char *path;

		if (!k) {
			unknown_format(l, conf_key_node(n, i), conf_key(n, i));
			continue;
		}
		path = conf_expand(l->plan->vars, conf_text(conf_item(n, i)), &e);
		if (!path || !*path) {
			conf_problem(l->problems, conf_item(n, i), "%s: %s", k->name,
				     path ? "expected a file" : e.text);
			free(path);
			continue;
		}
		r = ARRAY_ADD(l->plan->reports, l->plan->n_reports, l->plan->room_reports);
		*r = (struct option_report){ k, path };
	}
	if (conf_shape(n) != CONF_MAP)
		conf_problem(l->problems, n,
			     "expected a report as format: file, for example json: verdict.json");
}

/* ---- budgets: what the command line says wins ---- */

static int64_t said_or(int64_t said, int64_t otherwise)
{
	return said >= 0 ? said : otherwise;
}

static void set_budgets(struct plan *p, const struct options *o, int64_t settle, int64_t deadline,
			int64_t stall)
{
	p->settle = said_or(o->settle, settle);
	p->deadline = said_or(o->deadline, deadline);
	p->stall = said_or(o->stall, stall);
}

static void check_goal_names(struct loading *l)
{
	if (!l->plan->n_logs && !l->plan->n_probes)
		conf_problem(l->problems, conf_root(l->plan->conf),
			     "the plan has neither logs nor probes: nothing in it could ever say GO");
}

static void load(struct loading *l, const struct conf_node *root)
{
	struct plan *p = l->plan;
	struct plan_conf pc = { 0 };

	load_vars(l, root);
	conf_fill(root, plan_keys, &pc, p->vars, NULL, l->problems);
	p->name = mem_strdup(pc.plan);
	p->strict = pc.strict || l->o->strict;
	set_budgets(p, l->o, pc.settle, pc.deadline, pc.stall);
	p->goals = pc.goals;
	p->expect = pc.expect;
	pc.goals = (struct conf_texts){ 0 };
	pc.expect = (struct conf_pairs){ 0 };
	each_item(l, pc.logs, "logs", load_log);
	load_phases(l, pc.phases);
	load_process(l, pc.process);
	each_item(l, pc.probes, "probes", load_probe);
	each_item(l, pc.reports, "reports", load_report);
	each_item(l, pc.alerts, "alerts", load_alert);
	check_goal_names(l);
	conf_clear(plan_keys, &pc);
}

/* The user's folders, the one beside the plan, the installed one. */
static void probe_folders(struct loading *l, const char *path)
{
	AUTO_FREE char *copy = mem_strdup(path);
	size_t n = l->o->probes.n;

	l->probe_folders.items = mem_zero(n + 2, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		l->probe_folders.items[i] = mem_strdup(l->o->probes.items[i]);
	l->probe_folders.items[n] = mem_printf("%s/probes", dirname(copy));
	l->probe_folders.items[n + 1] = data_folder("probes");
	l->probe_folders.n = n + 2;
}

struct plan *plan_load(const char *path, const struct options *o, struct library *lib,
		       struct conf_problems *problems)
{
	struct plan *p = new0(struct plan);
	struct loading l = { .plan = p, .o = o, .library = lib, .problems = problems };
	size_t before = conf_problems_count(problems);

	p->vars = conf_vars_new(NULL);
	p->conf = conf_load(path, problems);
	if (p->conf) {
		probe_folders(&l, path);
		load(&l, conf_root(p->conf));
		for (size_t i = 0; i < l.probe_folders.n; i++)
			free(l.probe_folders.items[i]);
		free(l.probe_folders.items);
	}
	if (p->conf && conf_problems_count(problems) == before)
		return p;
	plan_free(p);
	return NULL;
}

struct plan *plan_of_options(const struct options *o, struct library *lib, int n, char **logs,
			     struct conf_problems *problems)
{
	struct plan *p = new0(struct plan);

	set_budgets(p, o, 10 * CLOCK_SECOND, 900 * CLOCK_SECOND, 300 * CLOCK_SECOND);
	p->strict = o->strict;
	p->process.pidfile = mem_strdup(o->pidfile);
	p->command_sets = sets_given(o, lib, &p->n_command_sets, problems);
	for (int i = 0; i < n; i++) {
		struct plan_log *log = ARRAY_ADD(p->logs, p->n_logs, p->room_logs);

		log->file = mem_strdup(logs[i]);
		log->name = strcmp(logs[i], "-") == 0 ? mem_strdup("stdin") : mem_strdup(logs[i]);
		log->from = o->from >= 0 ? o->from : FROM_RUN;
		log->sets = sets_given(o, lib, &log->n_sets, problems);
	}
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_logs; i++) {
		free(p->logs[i].name);
		free(p->logs[i].file);
		free(p->logs[i].node);
		free(p->logs[i].sets);
		for (size_t k = 0; k < p->logs[i].set_names.n; k++)
			free(p->logs[i].set_names.items[k]);
		free(p->logs[i].set_names.items);
		free(p->logs[i].set_names.nodes);
	}
	for (size_t i = 0; i < p->n_stalls; i++)
		free(p->stalls[i].phase);
	for (size_t i = 0; i < p->n_probes; i++)
		probe_free(p->probes[i]);
	for (size_t i = 0; i < p->n_alerts; i++)
		alert_free(p->alerts[i]);
	for (size_t i = 0; i < p->n_reports; i++)
		free((char *)(uintptr_t)p->reports[i].path);
	for (size_t i = 0; i < p->goals.n; i++)
		free(p->goals.items[i]);
	for (size_t i = 0; i < p->expect.n; i++) {
		free(p->expect.keys[i]);
		free(p->expect.values[i]);
	}
	free(p->goals.items);
	free(p->goals.nodes);
	free(p->expect.keys);
	free(p->expect.values);
	free(p->expect.nodes);
	free(p->process.pidfile);
	free(p->command_sets);
	free(p->logs);
	free(p->stalls);
	free(p->probes);
	free(p->alerts);
	free(p->reports);
	conf_vars_free(p->vars);
	conf_free(p->conf);
	free(p->name);
	free(p);
}
