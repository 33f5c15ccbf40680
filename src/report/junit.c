/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML: the subset that Jenkins, GitLab and their kin agree on.  The first case is the verdict itself,
 * so that a pipeline that counts cases cannot come to another result than one that looks at the exit code.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/clean.h"
#include "report/report.h"

/* Consumers refuse files of some 30 MB; the first cases are the ones that matter. */
enum { CASES_MAX = 500 };

enum result { PASSED, FAILED, UNKNOWN, SKIPPED };

struct testcase {
	const char *group; /* the last part of classname */
	char *name;	   /* owned */
	enum result result;
	double seconds;
	const char *file;
	uint64_t line;
	const char *message;		     /* why it is not passed */
	const struct outcome_reason *reason; /* more words; may be NULL */
	const struct outcome_texts *next;    /* may be NULL */
};

struct suite {
	const struct outcome *o;
	const char *server;
	struct testcase *cases;
	size_t n, room, n_of[4];
	size_t left_out;
};

/* ---- which cases there are ---- */

/* What something that spoke against the start is called, so that the counts say what the verdict says. */
static enum result against(const struct outcome *o)
{
	static const enum result results[] = {
		[VERDICT_GO] = SKIPPED,
		[VERDICT_NO_GO] = FAILED,
		[VERDICT_ROLLBACK] = FAILED,
		[VERDICT_UNDECIDED] = UNKNOWN,
	};

	return results[o->verdict];
}

static struct testcase *add(struct suite *s, const char *group, char *name, enum result result)
{
	struct testcase *c = ARRAY_ADD(s->cases, s->n, s->room);

	c->group = group;
	c->name = name;
	c->result = result;
	s->n_of[result]++;
	return c;
}

static void add_verdict(struct suite *s)
{
	const struct outcome *o = s->o;
	struct testcase *c =
		add(s, "verdict", mem_strdup("verdict"), o->verdict == VERDICT_GO ? PASSED : against(o));

	c->seconds = o->seconds;
	c->message = o->summary;
	c->next = &o->next;
}

/* Of cases with one name readers keep the first only, so repeats are numbered. */
static char *numbered(const struct outcome_reasons *r, size_t i)
{
	const char *rule = r->items[i].rule ? r->items[i].rule : "reason";
	size_t before = 0;

	for (size_t k = 0; k < i; k++)
		before += str_eq(r->items[k].rule, r->items[i].rule);
	return before ? mem_printf("%s #%zu", rule, before + 1) : mem_strdup(rule);
}

static void add_reasons(struct suite *s)
{
	const struct outcome_reasons *r = &s->o->reasons;
	size_t shown = r->n < CASES_MAX ? r->n : CASES_MAX;

	for (size_t i = 0; i < shown; i++) {
		const struct outcome_reason *x = &r->items[i];
		bool open = str_eq(x->effect, "undecided") && s->o->verdict != VERDICT_GO;
		struct testcase *c = add(s, s->o->phase ? s->o->phase : "start", numbered(r, i),
					 open ? UNKNOWN : against(s->o));

		c->file = x->file;
		c->line = x->line;
		c->message = x->say ? x->say : x->text ? x->text : x->rule;
		c->reason = x;
		c->next = &x->next;
	}
	s->left_out = r->n - shown;
}

static void add_goals(struct suite *s)
{
	for (size_t i = 0; i < s->o->n_goals; i++) {
		const struct outcome_goal *g = &s->o->goals[i];
		struct testcase *c = add(s, "goals", mem_strdup(g->name), g->met ? PASSED : against(s->o));

		c->file = g->file;
		c->line = g->line;
		c->message = "not reached";
	}
}

static enum result probe_result(const struct outcome *o, const struct outcome_probe *p)
{
	if (str_eq(p->state, "pass"))
		return PASSED;
	return p->optional || str_eq(p->state, "skipped") ? SKIPPED : against(o);
}

static void add_probes(struct suite *s)
{
	for (size_t i = 0; i < s->o->n_probes; i++) {
		const struct outcome_probe *p = &s->o->probes[i];
		struct testcase *c = add(s, "probes", mem_strdup(p->name), probe_result(s->o, p));

		c->seconds = p->seconds;
		c->message = p->reason ? p->reason : p->state;
	}
}

static void suite_free(struct suite *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->cases[i].name);
	free(s->cases);
}

/* ---- XML ---- */

static void put(struct buf *out, const char *s)
{
	clean_xml(out, s ? s : "");
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, " %s=\"", name);
	put(out, value);
	buf_char(out, '"');
}

static void put_seconds(struct buf *out, double seconds)
{
	buf_printf(out, " time=\"%.3f\"", isfinite(seconds) && seconds > 0 ? seconds : 0);
}

static void put_line(struct buf *out, const char *before, const char *s)
{
	if (!s || !*s)
		return;
	buf_str(out, before);
	put(out, s);
	buf_char(out, '\n');
}

static void put_next(struct buf *out, const struct outcome_texts *next)
{
	for (size_t i = 0; next && i < next->n; i++)
		put_line(out, "next: ", next->items[i]);
}

static void put_result(struct buf *out, const struct testcase *c)
{
	static const char *const elements[] = {
		[FAILED] = "failure", [UNKNOWN] = "error", [SKIPPED] = "skipped"
	};
	const struct outcome_reason *r = c->reason;
	const char *element = elements[c->result];

	if (c->result == PASSED)
		return;
	buf_printf(out, "\t\t\t<%s", element);
	attribute(out, "message", c->message);
	if (c->result == SKIPPED) { /* the common schema allows it neither a type nor a text */
		buf_str(out, "/>\n");
		return;
	}
	attribute(out, "type", r && r->effect ? r->effect : c->group);
	buf_char(out, '>');
	put_line(out, "", r && r->text ? r->text : c->message);
	put_line(out, "caused by: ", r ? r->cause : NULL);
	put_next(out, c->next);
	buf_printf(out, "</%s>\n", element);
}

static void put_place(struct buf *out, const struct outcome_reason *r)
{
	const char *name = r->file ? r->file : r->source;

	if (!name)
		return;
	put(out, name);
	if (r->line)
		buf_printf(out, ":%llu", (unsigned long long)r->line);
	buf_str(out, ": ");
}

static void put_case(struct buf *out, const struct suite *s, const struct testcase *c)
{
	const struct outcome_reason *r = c->reason;

	buf_str(out, "\t\t<testcase");
	attribute(out, "name", c->name);
	buf_str(out, " classname=\"upgrade.");
	put(out, s->server);
	buf_char(out, '.');
	put(out, c->group);
	buf_char(out, '"');
	put_seconds(out, c->seconds);
	attribute(out, "file", c->file);
	if (c->file && c->line)
		buf_printf(out, " line=\"%llu\"", (unsigned long long)c->line);
	buf_str(out, ">\n");
	put_result(out, c);
	if (r && r->record) {
		buf_str(out, "\t\t\t<system-out>");
		put_place(out, r);
		put(out, r->record);
		buf_str(out, "</system-out>\n");
	}
	buf_str(out, "\t\t</testcase>\n");
}

static void put_facts(struct buf *out, const struct outcome_pairs *facts)
{
	if (!facts->n)
		return;
	buf_str(out, "\t\t<properties>\n");
	for (size_t i = 0; i < facts->n; i++) {
		buf_str(out, "\t\t\t<property");
		attribute(out, "name", facts->items[i].name);
		attribute(out, "value", facts->items[i].value ? facts->items[i].value : "");
		buf_str(out, "/>\n");
	}
	buf_str(out, "\t\t</properties>\n");
}

static void put_warnings(struct buf *out, const struct suite *s)
{
	const struct outcome_reasons *w = &s->o->warnings;
	size_t shown = w->n < CASES_MAX ? w->n : CASES_MAX;

	if (!shown && !s->left_out)
		return;
	buf_str(out, "\t\t<system-out>");
	for (size_t i = 0; i < shown; i++) {
		const struct outcome_reason *r = &w->items[i];

		buf_str(out, "warning: ");
		put_place(out, r);
		put(out, r->say ? r->say : r->text ? r->text : r->rule);
		buf_char(out, '\n');
	}
	if (w->n > shown)
		buf_printf(out, "%zu more warnings\n", w->n - shown);
	if (s->left_out)
		buf_printf(out, "%zu more reasons\n", s->left_out);
	buf_str(out, "</system-out>\n");
}

static void put_counts(struct buf *out, const struct suite *s)
{
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", s->n,
		   s->n_of[FAILED], s->n_of[UNKNOWN], s->n_of[SKIPPED]);
	put_seconds(out, s->o->seconds);
}

/* The common schema wants it without fractions and without a zone. */
static void put_timestamp(struct buf *out, int64_t started)
{
	char iso[CLOCK_TEXT_MAX];

	if (started)
		buf_printf(out, " timestamp=\"%.19s\"", clock_iso(started, iso));
}

static void put_suite(struct buf *out, const struct suite *s)
{
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gonogo\"");
	put_counts(out, s);
	buf_str(out, ">\n\t<testsuite name=\"upgrade.");
	put(out, s->server);
	buf_char(out, '"');
	put_counts(out, s);
	put_timestamp(out, s->o->started);
	buf_str(out, ">\n");
	put_facts(out, &s->o->facts);
	for (size_t i = 0; i < s->n; i++)
		put_case(out, s, &s->cases[i]);
	put_warnings(out, s);
	buf_str(out, "\t</testsuite>\n</testsuites>\n");
}

static void render(const struct outcome *o, const struct report_style *style, struct buf *out)
{
	struct suite s = { .o = o, .server = o->plan ? o->plan : o->sets.n ? o->sets.items[0] : "server" };

	(void)style;
	add_verdict(&s);
	add_reasons(&s);
	add_goals(&s);
	add_probes(&s);
	put_suite(out, &s);
	suite_free(&s);
}

const struct report_kind report_kind_junit = {
	.name = "junit",
	.help = "JUnit XML for Jenkins, GitLab and other pipelines",
	.render = render,
};
