/* SPDX-License-Identifier: Apache-2.0 */
#include "app/finish.h"

#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "base/log.h"

static int write_reports(const struct outcome *o, const struct options *opts, const struct option_report *r,
			 size_t n)
{
	struct report_style style = { .verbose = opts->verbose };
	int failed = 0;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		if (report_write(r[i].kind, o, &style, r[i].path, &e) == 0)
			continue;
		log_error("the %s report could not be written: %s", r[i].kind->name, e.text);
		failed = -1;
	}
	return failed;
}

static bool to_stdout(const struct option_report *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].path, "-") == 0)
			return true;
	return false;
}

bool finish_takes_stdout(const struct options *opts, const struct option_report *more, size_t n_more)
{
	return to_stdout(opts->reports, opts->n_reports) || to_stdout(more, n_more) ||
	       (opts->events && strcmp(opts->events, "-") == 0);
}

/* Where everything is kept: the first JSON report. */
static const char *details(const struct options *opts, const struct option_report *more, size_t n_more)
{
	for (size_t i = 0; i < opts->n_reports; i++)
		if (strcmp(opts->reports[i].kind->name, "json") == 0)
			return opts->reports[i].path;
	for (size_t i = 0; i < n_more; i++)
		if (strcmp(more[i].kind->name, "json") == 0)
			return more[i].path;
	return NULL;
}

int finish_reports(const struct outcome *o, const struct options *opts, const struct option_report *more,
		   size_t n_more)
{
	bool taken = finish_takes_stdout(opts, more, n_more);
	struct report_style style = {
		.color = options_color(opts, STDOUT_FILENO),
		.verbose = opts->verbose,
		.details = details(opts, more, n_more),
	};
	int failed = 0;
	struct err e;

	/* the verdict first: a report that cannot be written must not keep it back */
	if (!opts->quiet && !taken && report_write(report_kind_named("text"), o, &style, "-", &e) < 0) {
		log_error("%s: %s", verdict_name(o->verdict), e.text);
		failed = -1;
	}
	failed |= write_reports(o, opts, opts->reports, opts->n_reports);
	failed |= write_reports(o, opts, more, n_more);
	if (failed)
		log_error("the verdict is %s: %s", verdict_name(o->verdict), o->summary);
	return failed ? EXIT_REPORT : verdict_exit_code(o->verdict);
}
