/* SPDX-License-Identifier: Apache-2.0 */
/* From the story to what users get: the reports and the exit code. */
#pragma once
#include "app/options.h"
#include "verdict/outcome.h"

/* Whether one of these reports, or the event stream, goes to standard output: then nothing else does. */
bool finish_takes_stdout(const struct options *opts, const struct option_report *more, size_t n_more);
/*
 * Writes the reports of the command line (and further ones), the text to standard output unless --quiet or
 * another report goes there.  Returns the exit code: the verdict's, or EXIT_REPORT where a report could not
 * be written.
 */
int finish_reports(const struct outcome *o, const struct options *opts, const struct option_report *more,
		   size_t n_more);
