/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "base/mem.h"
#include "base/str.h"

const char *const from_names[] = { "run", "start", "end", "begin", NULL };
static const char *const color_names[] = { "auto", "always", "never", NULL };

typedef int set_fn(struct options *o, const char *value, struct err *e);

static int add(struct option_texts *t, const char *value)
{
	*ARRAY_ADD(t->items, t->n, t->room) = value;
	return 0;
}

static int one_of(const char *const *names, const char *value, int *out, struct err *e)
{
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], value) != 0)
			continue;
		*out = i;
		return 0;
	}
	return err_set(e, "'%s' is not a choice (%s, %s, ...)", value, names[0], names[1]);
}

/* clang-format off */
#define SETTER(name, body) static int set_##name(struct options *o, const char *v, struct err *e) { (void)v; (void)e; body }
SETTER(set, return add(&o->sets, v);)
SETTER(patterns, return add(&o->patterns, v);)
SETTER(probes, return add(&o->probes, v);)
SETTER(ready, return add(&o->ready, v);)
SETTER(fail, return add(&o->fail, v);)
SETTER(suggest, o->suggest = v; return 0;)
SETTER(coverage, return add(&o->coverage, v);)
SETTER(settle, return str_duration(v, &o->settle, e);)
SETTER(deadline, return str_duration(v, &o->deadline, e);)
SETTER(stall, return str_duration(v, &o->stall, e);)
SETTER(threads, return str_int(v, 1, 64, &o->threads, e);)
SETTER(from, return one_of(from_names, v, &o->from, e);)
SETTER(color, return one_of(color_names, v, &o->color, e);)
SETTER(events, o->events = v; return 0;)
SETTER(pidfile, o->pidfile = v; return 0;)
SETTER(quiet, o->quiet = true; return 0;)
SETTER(verbose, o->verbose = true; return 0;)
SETTER(strict, o->strict = true; return 0;)
SETTER(no_prefilter, o->no_prefilter = true; return 0;)
SETTER(help, o->help = true; return 0;)
SETTER(version, o->version = true; return 0;)
SETTER(var, if (!strchr(v, '=')) return err_set(e, "expected NAME=VALUE, found '%s'", v); return add(&o->vars, v);)
#undef SETTER

static const struct row {
	const char *name;
	char letter;
	const char *value; /* NULL: takes none */
	const char *help;
	unsigned group;
	set_fn *set;
} rows[] = {
	{ "set", 's', "SET", "read the log with this set (a name or a file; repeatable)", OPTIONS_SETS, set_set },
	{ "ready", 0, "REGEX", "what success looks like (repeatable: all of them)", OPTIONS_SETS, set_ready },
	{ "fail", 0, "REGEX", "what failure looks like (repeatable)", OPTIONS_SETS, set_fail },
	{ "deadline", 0, "SPAN", "not decided by then is UNDECIDED (15m)", OPTIONS_LIVE, set_deadline },
	{ "stall", 0, "SPAN", "nothing new for this long is UNDECIDED (5m; 0: never)", OPTIONS_LIVE, set_stall },
	{ "from", 0, "WHERE", "where reading begins: run, start, end or begin (run)", OPTIONS_LIVE, set_from },
	{ "pidfile", 0, "FILE", "the server's process: its death ends the run", OPTIONS_LIVE, set_pidfile },
	{ "settle", 0, "SPAN", "how long success must hold (10s; scan: 1s of the log's clock)", OPTIONS_REPORT, set_settle },
	{ "threads", 0, "N", "read and look through the log with so many threads (1; 2 for compressed logs)", OPTIONS_THREADS, set_threads },
	{ "strict", 0, NULL, "a GO with warnings or unexplained errors is a NO-GO", OPTIONS_REPORT, set_strict },
	{ "no-prefilter", 0, NULL, "try every rule on every record (slow; to check the filter)", OPTIONS_SETS, set_no_prefilter },
	{ "events", 0, "FILE", "write each event as a line of JSON ('-': standard output)", OPTIONS_REPORT, set_events },
	{ "var", 0, "NAME=VALUE", "a variable of the plan (repeatable)", OPTIONS_PLAN, set_var },
	{ "probes", 0, "DIR", "probe definitions, searched before the installed ones", OPTIONS_PLAN, set_probes },
	{ "coverage", 0, "LOG", "say which rules never fire on this log and which errors nothing explains", OPTIONS_CHECK, set_coverage },
	{ "suggest", 0, "LOG", "print a first draft of a set, made of a log of a start that went well", OPTIONS_CHECK, set_suggest },
	{ "patterns", 0, "DIR", "pattern sets, searched before the installed ones", OPTIONS_COMMON, set_patterns },
	{ "color", 0, "WHEN", "auto, always or never", OPTIONS_COMMON, set_color },
	{ "quiet", 'q', NULL, "no report on standard output, no progress", OPTIONS_COMMON, set_quiet },
	{ "verbose", 'v', NULL, "say more", OPTIONS_COMMON, set_verbose },
	{ "help", 'h', NULL, "show this", OPTIONS_COMMON, set_help },
	{ "version", 'V', NULL, "show version and what was built in", OPTIONS_COMMON, set_version },
};
/* clang-format on */

void options_init(struct options *o)
{
	*o = (struct options){ .settle = -1, .deadline = -1, .stall = -1, .from = -1 };
}

void options_clear(struct options *o)
{
	struct option_texts *lists[] = { &o->sets, &o->patterns, &o->probes,  &o->ready,
					 &o->fail, &o->vars,	 &o->coverage };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		free(lists[i]->items);
	free(o->reports);
}

/* ---- reports: an option each ---- */

static int set_report(struct options *o, const struct report_kind *k, const char *value)
{
	*ARRAY_ADD(o->reports, o->n_reports, o->room_reports) = (struct option_report){ k, value };
	return 0;
}

/* ---- parsing ---- */

static bool taken(const struct command *c, unsigned group)
{
	return group == OPTIONS_COMMON || (c && (c->accepts & group));
}

static const struct row *row_named(const struct command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (taken(c, rows[i].group) && strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

static const struct report_kind *report_of(const struct command *c, const char *name, size_t len)
{
	AUTO_FREE char *copy = mem_strndup(name, len);

	return taken(c, OPTIONS_REPORT) ? report_kind_named(copy) : NULL;
}

static int unknown(const struct command *c, const char *name, size_t len, struct err *e)
{
	AUTO_FREE char *said = mem_strndup(name, len);
	const char *names[ARRAY_LEN(rows) + 32], *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (taken(c, rows[i].group))
			names[n++] = rows[i].name;
	for (size_t i = 0; taken(c, OPTIONS_REPORT) && report_kind_at(i) && i < 32; i++)
		names[n++] = report_kind_at(i)->name;
	near = str_nearest(said, names, n);
	return err_set(e, "unknown option --%s%s%s%s", said, near ? ", did you mean --" : "",
		       near ? near : "", near ? "?" : "");
}

struct parser {
	struct options *o;
	const struct command *c;
	int argc, at;
	char **argv;
};

static const char *value_of(struct parser *p, const char *attached)
{
	if (attached)
		return attached;
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int apply(struct parser *p, const struct row *r, const char *attached, struct err *e)
{
	const char *value = NULL;

	if (!r->value && attached)
		return err_set(e, "--%s takes no value", r->name);
	if (r->value && !(value = value_of(p, attached)))
		return err_set(e, "--%s needs a value (%s)", r->name, r->value);
	if (r->set(p->o, value, e) < 0)
		return err_ctx(e, "--%s", r->name);
	return 0;
}

static int long_option(struct parser *p, const char *arg, struct err *e)
{
	const char *eq = strchr(arg, '=');
	size_t len = eq ? (size_t)(eq - arg) : strlen(arg);
	const struct row *r = row_named(p->c, arg, len);
	const struct report_kind *k = r ? NULL : report_of(p->c, arg, len);
	const char *value;

	if (r)
		return apply(p, r, eq ? eq + 1 : NULL, e);
	if (!k)
		return unknown(p->c, arg, len, e);
	value = value_of(p, eq ? eq + 1 : NULL);
	if (!value)
		return err_set(e, "--%s needs a value (FILE)", k->name);
	return set_report(p->o, k, value);
}

static int short_options(struct parser *p, const char *arg, struct err *e)
{
	for (; *arg; arg++) {
		const struct row *r = NULL;

		for (size_t i = 0; i < ARRAY_LEN(rows) && !r; i++)
			if (rows[i].letter == *arg && taken(p->c, rows[i].group))
				r = &rows[i];
		if (!r)
			return err_set(e, "unknown option -%c", *arg);
		if (r->value)
			return apply(p, r, arg[1] ? arg + 1 : NULL, e);
		if (apply(p, r, NULL, e) < 0)
			return -1;
	}
	return 0;
}

int options_parse(struct options *o, const struct command *c, int argc, char **argv, struct err *e)
{
	struct parser p = { o, c, argc, 0, argv };
	int operands = 0;

	for (p.at = 0; p.at < argc; p.at++) {
		char *arg = argv[p.at];
		int rc = 0;

		if (strcmp(arg, "--") == 0) {
			o->command = argv + p.at + 1;
			break;
		}
		if (str_starts(arg, "--"))
			rc = long_option(&p, arg + 2, e);
		else if (arg[0] == '-' && arg[1])
			rc = short_options(&p, arg + 1, e);
		else
			argv[operands++] = arg;
		if (rc < 0)
			return -1;
	}
	return operands;
}

static void help_row(struct buf *out, char letter, const char *name, const char *value, const char *help)
{
	AUTO_FREE char *left = mem_printf("%s%s%s", name, value ? " " : "", value ? value : "");
	char shown[] = { letter ? '-' : ' ', letter ? letter : ' ', letter ? ',' : ' ', '\0' };

	buf_printf(out, "  %s --%-20s %s\n", shown, left, help);
}

void options_help(const struct command *c, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (taken(c, rows[i].group))
			help_row(out, rows[i].letter, rows[i].name, rows[i].value, rows[i].help);
	for (size_t i = 0; taken(c, OPTIONS_REPORT) && report_kind_at(i); i++)
		help_row(out, 0, report_kind_at(i)->name, "FILE", report_kind_at(i)->help);
}

bool options_color(const struct options *o, int fd)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !(off && *off) && isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}
