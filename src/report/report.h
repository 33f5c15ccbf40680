/* SPDX-License-Identifier: Apache-2.0 */
/* One renderer a format: outcome to bytes.  A report cannot change a verdict. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "verdict/outcome.h"

struct report_style {
	bool color;
	bool verbose;	     /* all reasons in full instead of the first cause */
	const char *details; /* path of a report that holds everything, for those that do not; NULL: there is
				none */
};

struct report_kind {
	const char *name; /* also the option: --json FILE */
	const char *help; /* one sentence */
	/* Appends the report; every string in it is masked and cleaned (report/clean.h). */
	void (*render)(const struct outcome *o, const struct report_style *style, struct buf *out);
};

#define KIND(x) extern const struct report_kind report_kind_##x;
#include "report/kinds.def"
#undef KIND

const struct report_kind *report_kind_named(const char *name); /* NULL if there is none */
const struct report_kind *report_kind_at(size_t i);	       /* NULL past the last */

enum { REPORT_MAX = 64 << 20 };
/* Renders and writes to path ("-" is standard output), atomically where path is a file. */
int report_write(const struct report_kind *k, const struct outcome *o, const struct report_style *style,
		 const char *path, struct err *e);
