/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>

#include "base/io.h"
#include "base/mem.h"

static const struct report_kind *const kinds[] = {
#define KIND(x) &report_kind_##x,
#include "report/kinds.def"
#undef KIND
};

const struct report_kind *report_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i] : NULL;
}

const struct report_kind *report_kind_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int report_write(const struct report_kind *k, const struct outcome *o, const struct report_style *style,
		 const char *path, struct err *e)
{
	AUTO_BUF out = BUF_INIT(REPORT_MAX);

	k->render(o, style, &out);
	if (out.full) /* half a document is worse than none */
		return err_set(e, "%s: the %s report is larger than %d MiB", path, k->name, REPORT_MAX >> 20);
	return io_replace_file(path, buf_text(&out), out.len, e);
}
