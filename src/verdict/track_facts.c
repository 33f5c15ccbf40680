/* SPDX-License-Identifier: Apache-2.0 */
/* What the records of a log state as facts. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "verdict/track_impl.h"
#include "verdict/where.h"

static char *fact_value(const struct fact_rule *f, const struct capture *c)
{
	char *value = f->type == FACT_INTEGER ? value_integer(c->text, c->len) : NULL;

	return value ? value : mem_strndup(c->text, c->len);
}

/* The record that said it first stays its evidence. */
static void state_fact(struct track *t, const char *name, const char *value, const struct sighting *x)
{
	struct track_fact *f = NULL;

	for (size_t i = 0; i < t->n_facts && !f; i++)
		if (strcmp(t->facts[i].name, name) == 0)
			f = &t->facts[i];
	if (f && strcmp(f->value, value) == 0)
		return;
	if (!f) {
		f = ARRAY_ADD(t->facts, t->n_facts, t->room_facts);
		f->name = mem_strdup(name);
	}
	mem_replace(&f->value, value);
	track_keep_evidence(&f->where, t, x);
}

/* A list is one text, in order and without doubles: "a, b". */
static void change_list(struct track *t, const struct fact_rule *f, const char *item,
			const struct sighting *x)
{
	static const char between[] = ", ";
	const char *old = "";
	AUTO_BUF list = BUF_INIT(64 << 10);
	bool wanted = f->type == FACT_LIST;

	for (size_t i = 0; i < t->n_facts; i++)
		if (strcmp(t->facts[i].name, f->name) == 0)
			old = t->facts[i].value;
	while (*old || wanted) {
		size_t n = strstr(old, between) ? (size_t)(strstr(old, between) - old) : strlen(old);
		AUTO_FREE char *next = mem_strndup(old, n);
		int order = *next ? str_version_cmp(item, next) : -1;

		if (wanted && order <= 0) {
			buf_printf(&list, "%s%s", list.len ? between : "", item);
			wanted = false;
		}
		if (*next && order != 0)
			buf_printf(&list, "%s%s", list.len ? between : "", next);
		old += n;
		old += strspn(old, between);
	}
	state_fact(t, f->name, buf_text(&list), x);
}

void track_state_facts(struct track *t, const struct sighting *x)
{
	for (size_t i = 0; i < x->rule->n_facts; i++) {
		const struct fact_rule *f = &x->rule->facts[i];
		const struct capture *c = capture_named(x->captures, x->n_captures, f->from, strlen(f->from));

		if (c) {
			AUTO_FREE char *value = fact_value(f, c);

			if (f->type == FACT_LIST || f->type == FACT_UNLIST)
				change_list(t, f, value, x);
			else
				state_fact(t, f->name, value, x);
		}
	}
}
