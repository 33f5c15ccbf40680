/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/rule.h"

#include <string.h>

#include "base/buf.h"

const char *const effect_names[] = { "begin", "progress", "phase", "goal", "note",   "warn",
				     "fail",  "rollback", "retry", "stop", "ignore", NULL };
const char *const unclosed_names[] = { "undecided", "fail", "rollback", NULL };
const char *const fact_type_names[] = { "text", "integer", "version", "list", "unlist", NULL };

const struct capture *capture_named(const struct capture *captures, size_t n, const char *name,
				    size_t name_len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(captures[i].name) == name_len && memcmp(captures[i].name, name, name_len) == 0)
			return &captures[i];
	return NULL;
}

bool rule_waits(const struct rule *r)
{
	for (size_t i = 0; i < r->n_conditions; i++)
		if (r->conditions[i].wanted)
			return true;
	return false;
}

bool rule_decides(const struct rule *r)
{
	bool only_seen = r->effect == EFFECT_NOTE || r->effect == EFFECT_PHASE ||
			 r->effect == EFFECT_IGNORE || r->effect == EFFECT_PROGRESS;

	return !only_seen || r->opens || r->n_closes || r->n_facts || r->irreversible;
}

char *rule_expand(const char *text, const struct capture *captures, size_t n)
{
	struct buf out = BUF_INIT(64 << 10);

	for (const char *p = text; *p;) {
		const char *open = strstr(p, "${"), *close = open ? strchr(open, '}') : NULL;
		const struct capture *c;

		if (!close) {
			buf_str(&out, p);
			break;
		}
		buf_add(&out, p, (size_t)(open - p));
		c = capture_named(captures, n, open + 2, (size_t)(close - open - 2));
		if (c)
			buf_add(&out, c->text, c->len);
		p = close + 1;
	}
	return buf_take(&out);
}
