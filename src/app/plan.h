/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: which logs, sets, probes, goals, budgets, reports, alerts; read from one YAML file. */
#pragma once
#include "alert/alert.h"
#include "app/options.h"
#include "conf/conf.h"
#include "pattern/library.h"
#include "probe/probe.h"

struct plan_log {
	char *name, *file, *node; /* node: the server it is of; NULL: the only one */
	int from;		  /* enum from */
	struct set **sets;
	size_t n_sets;
	struct conf_texts set_names;
};

struct plan_stall {
	char *phase;
	int64_t stall;
};

struct plan_process {
	char *pidfile;
	int64_t port, pid; /* 0: not said */
};

struct plan {
	char *name;
	int64_t settle, deadline, stall;
	bool strict;
	struct plan_log *logs;
	size_t n_logs, room_logs;
	struct set **command_sets; /* that read a launched command's output; none: recognise */
	size_t n_command_sets;
	struct plan_stall *stalls;
	size_t n_stalls, room_stalls;
	struct plan_process process;
	struct conf_texts goals;
	struct conf_pairs expect;
	struct probe **probes;
	size_t n_probes, room_probes;
	struct alert **alerts;
	size_t n_alerts, room_alerts;
	struct option_report *reports;
	size_t n_reports, room_reports;
	struct conf *conf;
	struct conf_vars *vars;
};

/* Options of the command line win over what the file says.  NULL with all mistakes in p. */
struct plan *plan_load(const char *path, const struct options *o, struct library *l, struct conf_problems *p);
void plan_free(struct plan *p);
DEFINE_AUTO(plan)
/* What gonogo follow does without a file: the logs of the command line. */
struct plan *plan_of_options(const struct options *o, struct library *l, int n, char **logs,
			     struct conf_problems *p);

extern const struct conf_key plan_keys[], plan_log_keys[], plan_process_keys[], plan_phase_keys[];
