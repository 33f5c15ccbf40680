/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options, each in the groups of commands that take it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/report.h"

enum option_group {
	OPTIONS_COMMON = 1, /* all commands */
	OPTIONS_SETS = 2,   /* which sets read the log */
	OPTIONS_REPORT = 4, /* what comes out */
	OPTIONS_LIVE = 8,   /* time and process */
	OPTIONS_PLAN = 16,  /* variables */
	OPTIONS_CHECK = 32,
	OPTIONS_THREADS = 64,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum from { FROM_RUN, FROM_START, FROM_END, FROM_BEGIN };
extern const char *const from_names[]; /* by enum from, NULL-terminated */

struct option_texts {
	const char **items;
	size_t n, room;
};

struct option_report {
	const struct report_kind *kind;
	const char *path;
};

struct options {
	struct option_texts sets, patterns, probes, ready, fail, vars, coverage;
	const char *suggest;
	struct option_report *reports;
	size_t n_reports, room_reports;
	int64_t settle, deadline, stall; /* ns; below 0: not said */
	int64_t threads;		 /* 0: not said */
	int from;			 /* enum from; below 0: not said */
	const char *events, *pidfile;
	int color; /* enum color */
	bool quiet, verbose, strict, no_prefilter, help, version;
	char **command; /* behind `--`, NULL-terminated; NULL: none */
};

struct command;
void options_init(struct options *o);
void options_clear(struct options *o);
/*
 * Takes the options out of argv (they may stand between operands); what stays are the operands, their number
 * is returned.  -1: a mistake, in e.
 */
int options_parse(struct options *o, const struct command *c, int argc, char **argv, struct err *e);
/* The rows of the groups, two columns. */
void options_help(const struct command *c, struct buf *out);
bool options_color(const struct options *o, int fd);
