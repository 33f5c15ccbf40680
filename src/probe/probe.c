/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "probe/definition.h"
#include "probe/schedule.h"

struct probe {
	const struct probe_kind *kind;
	void *settings;
	struct probe_common common;
	struct schedule *schedule;
	probe_status_fn *fn;
	void *arg;
};

/* ---- the kinds ---- */

static const struct probe_kind *const kinds[] = {
#define KIND(x) &probe_kind_##x,
#include "probe/kinds.def"
#undef KIND
	NULL,
};

const struct probe_kind *probe_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i] : NULL;
}

const struct probe_kind *probe_kind_named(const char *name)
{
	for (size_t i = 0; kinds[i]; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

const char *probe_result_name(enum probe_result r)
{
	static const char *const names[] = { "pass", "not-yet", "fail" };

	return names[r];
}

static const char *const whens[] = { "after", "before", NULL };

const struct conf_key probe_common_keys[] = {
	CONF_TEXT(struct probe_common, name, NULL,
		  "what it is called; by default after its definition or kind"),
	CONF_TEXT(struct probe_common, node, NULL,
		  "the server that it asks, where there are several, as its logs name it"),
	CONF_TEXT(struct probe_common, title, NULL, "what a pass means, in one line"),
	CONF_ENUM(struct probe_common, when, "after", whens,
		  "after the start of the server, or before it (preflight)"),
	CONF_BOOL(struct probe_common, optional, "false",
		  "it is asked and reported, but GO does not wait for it"),
	CONF_TIME(struct probe_common, delay, "0", "how long to wait before the first try"),
	CONF_TIME(struct probe_common, every, "2s", "from the beginning of one try to the next"),
	CONF_TIME(struct probe_common, try_timeout, "5s", "how long one try may take"),
	CONF_TIME(struct probe_common, give_up_after, "0",
		  "it fails when it has not passed for so long; 0: never"),
	CONF_TIME(struct probe_common, hold, "0", "how long it must pass without a break before it counts"),
	{ 0 },
};

/* ---- from a plan ---- */

/* What stands in one map beside the kind: it is read at once, so that an unknown key is told once. */
struct entry {
	struct probe_common common;
	struct use use;
};

struct whole_definition {
	struct probe_common common;
	struct definition own;
};

enum { ROWS_MAX = 32 };

static void add_rows(struct conf_key rows[ROWS_MAX], const struct conf_key *more, size_t offset)
{
	size_t n = 0;

	while (rows[n].name)
		n++;
	for (; more->name && n + 1 < ROWS_MAX; more++) {
		rows[n] = *more;
		rows[n++].offset += offset;
	}
	rows[n] = (struct conf_key){ 0 };
}

static void entry_rows(struct conf_key rows[ROWS_MAX])
{
	rows[0] = (struct conf_key){ 0 };
	add_rows(rows, probe_use_keys, offsetof(struct entry, use));
	add_rows(rows, probe_common_keys, offsetof(struct entry, common));
}

static void definition_rows(struct conf_key rows[ROWS_MAX])
{
	rows[0] = (struct conf_key){ 0 };
	add_rows(rows, probe_definition_keys, offsetof(struct whole_definition, own));
	add_rows(rows, probe_common_keys, offsetof(struct whole_definition, common));
}

/* The kinds' names, for conf_fill()'s skip. */
static const char *const *kind_names(void)
{
	static const char *names[ARRAY_LEN(kinds)];

	for (size_t i = 0; kinds[i]; i++)
		names[i] = kinds[i]->name;
	return names;
}

/* The one kind that the map names; NULL with a problem where it is none or several. */
static const struct probe_kind *kind_said(const struct conf_node *n, const char *otherwise,
					  struct conf_problems *p)
{
	const struct probe_kind *found = NULL;
	AUTO_BUF list = BUF_INIT(1024);

	for (size_t i = 0; kinds[i]; i++) {
		const struct conf_node *said = conf_get(n, kinds[i]->name);

		if (said && found) {
			conf_problem(p, said, "%s beside %s: a probe is of one kind", kinds[i]->name,
				     found->name);
			return NULL;
		}
		if (said)
			found = kinds[i];
	}
	if (found)
		return found;
	for (size_t i = 0; kinds[i]; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", kinds[i]->name);
	conf_problem(p, n, "it does not say what to ask: expected %s%s", otherwise, buf_text(&list));
	return NULL;
}

static void check_common(const struct probe_common *c, const struct conf_node *n, struct conf_problems *p)
{
	const struct conf_node *every = conf_get(n, "every");
	const struct conf_node *timeout = conf_get(n, "try_timeout");

	if (c->every < CLOCK_MS)
		conf_problem(p, every ? every : n, "every: it would be asked without a pause");
	if (c->try_timeout < CLOCK_MS)
		conf_problem(p, timeout ? timeout : n, "try_timeout: no try could ever answer");
}

static void fill_settings(struct probe *pr, const struct conf_node *n, const struct conf_vars *vars,
			  struct conf_problems *p)
{
	const struct conf_node *map = conf_get(n, pr->kind->name);

	pr->settings = mem_zero(1, pr->kind->size);
	conf_fill(map, pr->kind->keys, pr->settings, vars, NULL, p);
	if (conf_shape(map) == CONF_MAP && pr->kind->check)
		pr->kind->check(pr->settings, map, vars, p);
}

static void from_kind(struct probe *pr, const struct conf_node *n, const struct conf_vars *vars,
		      struct conf_problems *p)
{
	const struct conf_node *with = conf_get(n, "with");

	if (with)
		conf_problem(p, with, "with: only what is used by name has parameters");
	pr->kind = kind_said(n, "use, or one of ", p);
	if (pr->kind)
		fill_settings(pr, n, vars, p);
}

static void check_definition(const struct conf_node *root, const struct conf_vars *vars,
			     struct conf_problems *p)
{
	struct whole_definition d;
	struct conf_key rows[ROWS_MAX];

	definition_rows(rows);
	conf_fill(root, rows, &d, vars, kind_names(), p);
	definition_check(&d.own, root, p);
	check_common(&d.common, root, p);
	conf_clear(rows, &d);
}

static void kind_beside_use(const struct conf_node *n, struct conf_problems *p)
{
	for (size_t i = 0; kinds[i]; i++) {
		const struct conf_node *said = conf_get(n, kinds[i]->name);

		if (said)
			conf_problem(p, said, "%s beside use: the definition says what to ask",
				     kinds[i]->name);
	}
}

/* What the definition says of the common keys becomes the presets of what the plan says. */
static void fill_over(struct entry *en, const struct conf_node *n, const struct conf_vars *vars,
		      const struct conf_node *root, const struct conf_vars *inner, struct conf_problems *p)
{
	struct conf_key rows[ROWS_MAX];
	char *presets[ROWS_MAX] = { NULL };

	entry_rows(rows);
	conf_clear(rows, en);
	for (size_t i = 0; rows[i].name; i++) {
		const struct conf_node *said = conf_get(root, rows[i].name);

		if (!said || conf_shape(said) != CONF_SCALAR)
			continue;
		presets[i] = conf_expand(inner, conf_text(said), NULL);
		rows[i].preset = presets[i];
	}
	conf_fill(n, rows, en, vars, kind_names(), p);
	for (size_t i = 0; i < ROWS_MAX; i++)
		free(presets[i]);
}

static void from_definition(struct probe *pr, struct entry *en, const struct conf_node *n,
			    const struct conf *c, const struct conf_vars *vars, struct conf_problems *p)
{
	const struct conf_node *root = conf_root(c);
	size_t before = conf_problems_count(p);
	AUTO(conf_vars) inner = definition_vars(root, &en->use, n, vars, p);

	check_definition(root, inner, p);
	pr->kind = kind_said(root, "one of ", p);
	if (!pr->kind || conf_problems_count(p) > before)
		return;
	fill_over(en, n, vars, root, inner, p);
	fill_settings(pr, root, inner, p);
	if (!en->common.name)
		en->common.name = mem_strdup(en->use.use);
}

static void from_use(struct probe *pr, struct entry *en, const struct conf_node *n,
		     const struct conf_vars *vars, const struct conf_texts *folders, struct conf_problems *p)
{
	AUTO(conf) c = en->use.use ? definition_find(en->use.use, folders, conf_get(n, "use"), p) : NULL;

	kind_beside_use(n, p);
	if (c)
		from_definition(pr, en, n, c, vars, p);
}

static void fill_probe(struct probe *pr, const struct conf_node *n, const struct conf_vars *vars,
		       const struct conf_texts *folders, struct conf_problems *p)
{
	struct conf_key rows[ROWS_MAX];
	struct entry en;

	entry_rows(rows);
	conf_fill(n, rows, &en, vars, kind_names(), p);
	if (conf_get(n, "use"))
		from_use(pr, &en, n, vars, folders, p);
	else
		from_kind(pr, n, vars, p);
	pr->common = en.common;
	conf_clear(probe_use_keys, &en.use);
}

struct probe *probe_from_conf(const struct conf_node *n, const struct conf_vars *vars,
			      const struct conf_texts *folders, struct conf_problems *p)
{
	size_t before = conf_problems_count(p);
	struct probe *pr = new0(struct probe);

	if (conf_shape(n) != CONF_MAP)
		conf_problem(p, n, "expected a probe: a map with use, or with one of the kinds");
	else
		fill_probe(pr, n, vars, folders, p);
	if (conf_problems_count(p) == before)
		check_common(&pr->common, n, p);
	if (conf_problems_count(p) > before) {
		probe_free(pr);
		return NULL;
	}
	if (!pr->common.name)
		pr->common.name = mem_strdup(pr->kind->name);
	pr->schedule = schedule_new(&pr->common, pr->kind, pr->settings);
	return pr;
}

/* ---- a definition by itself ---- */

void probe_check_definition(const struct conf *c, struct conf_problems *p)
{
	const struct conf_node *root = conf_root(c);
	AUTO(conf_vars) vars = definition_examples(root, p);
	struct probe *pr = new0(struct probe);

	check_definition(root, vars, p);
	pr->kind = kind_said(root, "one of ", p);
	if (pr->kind)
		fill_settings(pr, root, vars, p);
	probe_free(pr);
}

/* ---- the probe ---- */

void probe_free(struct probe *p)
{
	if (!p)
		return;
	schedule_free(p->schedule);
	if (p->kind && p->settings) {
		if (p->kind->clear)
			p->kind->clear(p->settings);
		conf_clear(p->kind->keys, p->settings);
		free(p->settings);
	}
	conf_clear(probe_common_keys, &p->common);
	free(p);
}

const char *probe_name(const struct probe *p)
{
	return p->common.name;
}

const struct probe_common *probe_settings(const struct probe *p)
{
	return &p->common;
}

const struct probe_kind *probe_kind_of(const struct probe *p)
{
	return p->kind;
}

static void on_status(void *arg, const struct probe_status *s)
{
	struct probe *p = arg;

	p->fn(p->arg, p, s);
}

static void begin(struct probe *p, struct loop *l, bool once, probe_status_fn *fn, void *arg)
{
	p->fn = fn;
	p->arg = arg;
	schedule_start(p->schedule, l, once, on_status, p);
}

void probe_start(struct probe *p, struct loop *l, probe_status_fn *fn, void *arg)
{
	begin(p, l, false, fn, arg);
}

void probe_ask_once(struct probe *p, struct loop *l, probe_status_fn *fn, void *arg)
{
	begin(p, l, true, fn, arg);
}

void probe_stop(struct probe *p)
{
	schedule_stop(p->schedule);
}
