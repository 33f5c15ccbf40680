/* SPDX-License-Identifier: Apache-2.0 */
#include "app/page.h"

#include <dirent.h>
#include <string.h>

#include "app/data.h"
#include "base/io.h"
#include "base/str.h"
#include "base/text.h"
#include "conf/folder.h"

enum { PROSE_MAX = 4096, QUOTE_MAX = 200 };

/* ---- Markdown ---- */

/* Text as it is: nothing in it is markup. */
static void prose(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			buf_char(out, ' ');
			continue;
		}
		if (text[i] == '<') {
			buf_str(out, "&lt;");
			continue;
		}
		if (strchr("|*_`[]\\", text[i]) && text[i])
			buf_char(out, '\\');
		buf_char(out, text[i]);
	}
}

/* A sentence of a rule: what a capture puts in stands in italics. */
static void sentence(struct buf *out, const char *text)
{
	const char *open, *close;

	while ((open = strstr(text, "${")) && (close = strchr(open, '}'))) {
		prose(out, text, (size_t)(open - text));
		buf_char(out, '*');
		prose(out, open + 2, (size_t)(close - open - 2));
		buf_char(out, '*');
		text = close + 1;
	}
	prose(out, text, strlen(text));
}

static size_t longest_run(const char *text, size_t n, char c)
{
	size_t best = 0, run = 0;

	for (size_t i = 0; i < n; i++) {
		run = text[i] == c ? run + 1 : 0;
		best = run > best ? run : best;
	}
	return best;
}

enum where_code { IN_LINE, IN_CELL };

/* Bytes of a log or a pattern, word for word; in a table a bar would end the cell. */
static void code(struct buf *out, enum where_code where, const char *text, size_t n)
{
	AUTO_FREE char *clean = text_line_dup(text, n);
	size_t len = strlen(clean), fence = longest_run(clean, len, '`') + 1;
	const char *pad = fence > 1 ? " " : "";

	for (size_t i = 0; i < fence; i++)
		buf_char(out, '`');
	buf_str(out, pad);
	for (size_t i = 0; i < len; i++)
		buf_printf(out, where == IN_CELL && clean[i] == '|' ? "\\%c" : "%c", clean[i]);
	buf_str(out, pad);
	for (size_t i = 0; i < fence; i++)
		buf_char(out, '`');
}

static void heading(struct buf *out, const char *text)
{
	buf_printf(out, "\n## %s\n\n", text);
}

/* ---- what a rule means ---- */

/* A log's line as an example of what meets the rule: the first that is not empty. */
static void example(struct buf *out, const struct pattern *p)
{
	const char *text = p->samples.n ? p->samples.items[0] : regex_text(p->regex);
	size_t n;

	text += strspn(text, "\n");
	n = strcspn(text, "\n");
	while (n > QUOTE_MAX && ((unsigned char)text[QUOTE_MAX] & 0xC0) == 0x80)
		n--; /* not within a character; the cut below goes by bytes */
	code(out, IN_CELL, text, n > QUOTE_MAX ? QUOTE_MAX : n);
	if (n > QUOTE_MAX)
		buf_str(out, " ...");
}

static void conditions(struct buf *out, const struct pattern *p)
{
	const struct conf_node *where = conf_get(p->node, "where");
	const struct rule *r = &p->rule;

	if (where) {
		buf_str(out, "; only where ");
		code(out, IN_CELL, conf_text(where), strlen(conf_text(where)));
	}
	for (size_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		char span[STR_SPAN_MAX];

		buf_printf(out, "; %s `%s`", c->wanted ? "only after" : "not after", c->rule);
		if (c->within)
			buf_printf(out, " within %s", str_span(c->within, span));
		if (c->history)
			buf_str(out, " in an earlier run");
	}
}

static void promise(struct buf *out, const struct rule *r)
{
	if (r->opens) {
		buf_str(out, "; opens \"");
		sentence(out, r->opens);
		buf_printf(out, "\", unless closed: %s", unclosed_names[r->unclosed]);
		if (r->broken) {
			buf_str(out, " (\"");
			sentence(out, r->broken);
			buf_str(out, "\")");
		}
		if (r->due)
			buf_printf(out, " at `%s`", r->due);
		if (r->history)
			buf_str(out, ", also in later runs");
	}
	for (size_t i = 0; i < r->n_closes; i++) {
		buf_str(out, "; closes \"");
		sentence(out, r->closes[i]);
		buf_char(out, '"');
	}
}

static void means(struct buf *out, const struct pattern *p)
{
	const struct rule *r = &p->rule;
	char span[STR_SPAN_MAX];

	if (r->say)
		sentence(out, r->say);
	else
		example(out, p);
	if (r->irreversible)
		buf_str(out, "; **point of no return**");
	if (r->consequence)
		buf_str(out, "; follows from another failure");
	for (size_t i = 0; i < r->n_explains; i++)
		buf_printf(out, "; the cause of `%s`, if that follows", r->explains[i]);
	if (r->fatal)
		buf_str(out, "; ends a live run at once");
	if (r->tries)
		buf_printf(out, "; at most %lld times", (long long)r->tries);
	if (r->effect == EFFECT_RETRY && r->within)
		buf_printf(out, "; for at most %s", str_span(r->within, span));
	if (r->until)
		buf_printf(out, "; until `%s`", r->until);
	promise(out, r);
	conditions(out, p);
}

static void next_steps(struct buf *out, const struct rule *r)
{
	for (size_t i = 0; i < r->n_next; i++) {
		buf_str(out, i ? "; " : "");
		sentence(out, r->next[i]);
	}
}

/* ---- tables of rules ---- */

static bool is_failure(enum effect e)
{
	return e == EFFECT_FAIL || e == EFFECT_ROLLBACK || e == EFFECT_RETRY;
}

static bool is_course(enum effect e)
{
	return !is_failure(e) && e != EFFECT_IGNORE;
}

static bool is_noise(enum effect e)
{
	return e == EFFECT_IGNORE;
}

static void course_row(struct buf *out, const struct pattern *p)
{
	const struct rule *r = &p->rule;

	buf_printf(out, "| `%s` | %s", r->id, effect_names[r->effect]);
	if (r->goal)
		buf_printf(out, " `%s`", r->goal);
	buf_printf(out, " | %s | ", r->phase ? r->phase : "");
	means(out, p);
	buf_str(out, " |\n");
}

static void failure_row(struct buf *out, const struct pattern *p)
{
	buf_printf(out, "| `%s` | %s | ", p->rule.id, effect_names[p->rule.effect]);
	means(out, p);
	buf_str(out, " | ");
	next_steps(out, &p->rule);
	buf_str(out, " |\n");
}

static void noise_row(struct buf *out, const struct pattern *p)
{
	buf_printf(out, "| `%s` | ", p->rule.id);
	sentence(out, p->rule.why);
	conditions(out, p);
	buf_str(out, " | ");
	example(out, p);
	buf_str(out, " |\n");
}

static const struct table {
	const char *title, *head;
	bool (*has)(enum effect e);
	void (*row)(struct buf *out, const struct pattern *p);
} tables[] = {
	{ "The course of a start", "| rule | effect | phase | means |\n|---|---|---|---|\n", is_course,
	  course_row },
	{ "Failures", "| rule | effect | means | what to do |\n|---|---|---|---|\n", is_failure,
	  failure_row },
	{ "Known noise", "| rule | why it means nothing | for example |\n|---|---|---|\n", is_noise,
	  noise_row },
};

static void rules(struct buf *out, const struct set *s, const struct table *t)
{
	bool any = false;

	for (size_t i = 0; i < s->n_patterns; i++) {
		if (!t->has(s->patterns[i].rule.effect))
			continue;
		if (!any) {
			heading(out, t->title);
			buf_str(out, t->head);
		}
		any = true;
		t->row(out, &s->patterns[i]);
	}
}

/* ---- facts and what to restore ---- */

static bool stated_before(const struct set *s, size_t pattern, size_t fact)
{
	const char *name = s->patterns[pattern].rule.facts[fact].name;

	for (size_t i = 0; i <= pattern; i++)
		for (size_t k = 0; (i < pattern || k < fact) && k < s->patterns[i].rule.n_facts; k++)
			if (str_eq(s->patterns[i].rule.facts[k].name, name))
				return true;
	return false;
}

static void stated_by(struct buf *out, const struct set *s, const char *fact)
{
	const char *parting = "";

	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct rule *r = &s->patterns[i].rule;

		for (size_t k = 0; k < r->n_facts; k++) {
			if (!str_eq(r->facts[k].name, fact))
				continue;
			buf_printf(out, "%s`%s`", parting, r->id);
			parting = ", ";
		}
	}
}

static void facts(struct buf *out, const struct set *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct rule *r = &s->patterns[i].rule;

		for (size_t k = 0; k < r->n_facts; k++) {
			if (stated_before(s, i, k))
				continue;
			if (!any) {
				heading(out, "Facts");
				buf_str(out, "| fact | compared as | stated by |\n|---|---|---|\n");
			}
			any = true;
			buf_printf(out, "| `%s` | %s | ", r->facts[k].name,
				   fact_type_names[r->facts[k].type]);
			stated_by(out, s, r->facts[k].name);
			buf_str(out, " |\n");
		}
	}
}

static void restore(struct buf *out, const struct set *s)
{
	if (!s->meaning.n_restore)
		return;
	heading(out, "What a ROLLBACK has to restore");
	for (size_t i = 0; i < s->meaning.n_restore; i++) {
		buf_printf(out, "%zu. ", i + 1);
		prose(out, s->meaning.restore[i], strlen(s->meaning.restore[i]));
		buf_char(out, '\n');
	}
}

/* ---- probes that go with it ---- */

struct probes {
	const struct library *library;
	const struct set *set;
	struct buf *out;
	bool any;
};

/* alfresco-solr-index goes with alfresco: of the sets whose name it begins with, the longest. */
static bool goes_with(const struct probes *p, const char *probe)
{
	const char *own = p->set->meaning.name;
	size_t best = 0, mine = strlen(own);

	for (size_t i = 0; i < library_count(p->library); i++) {
		const struct set *s = library_head(p->library, i);
		size_t n = s ? strlen(s->meaning.name) : 0;

		if (n > best && strncmp(probe, s->meaning.name, n) == 0 && (probe[n] == '-' || !probe[n]))
			best = n;
	}
	return best == mine && strncmp(probe, own, mine) == 0;
}

static void add_probe(void *arg, const char *path)
{
	struct probes *p = arg;
	AUTO(conf_problems) problems = conf_problems_new();
	AUTO(conf) c = conf_load(path, problems);
	const struct conf_node *name = c ? conf_get(conf_root(c), "probe") : NULL;
	const struct conf_node *title = c ? conf_get(conf_root(c), "title") : NULL;

	if (!name || !goes_with(p, conf_text(name)))
		return;
	if (!p->any) {
		heading(p->out, "Probes that go with it");
		buf_str(p->out, "| probe | asks whether |\n|---|---|\n");
	}
	p->any = true;
	buf_printf(p->out, "| `%s` | ", conf_text(name));
	if (title)
		prose(p->out, conf_text(title), strlen(conf_text(title)));
	buf_str(p->out, " |\n");
}

static void probes(struct buf *out, const struct library *l, const struct set *s)
{
	AUTO_FREE char *folder = data_folder("probes");
	struct probes p = { .library = l, .set = s, .out = out };

	conf_each_file(folder, add_probe, &p, NULL);
}

/* ---- sample logs: only where the sources are, they are not installed ---- */

static int is_verdict(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(d->d_name, ".expect");
}

/* "GO tomcat/started" */
static void sample_row(struct buf *out, const char *folder, const char *file)
{
	AUTO_FREE char *path = mem_printf("%s/%s", folder, file);
	AUTO_FREE char *log = mem_strndup(file, strlen(file) - strlen(".expect"));
	AUTO_BUF text = BUF_INIT(PROSE_MAX);
	const char *at, *rule;
	size_t n;

	if (io_read_file(path, &text, NULL) < 0)
		return;
	at = buf_text(&text);
	n = strcspn(at, " \n");
	rule = at + n + strspn(at + n, " ");
	buf_printf(out, "| `%s.log` | %.*s | `%.*s` |\n", log, (int)n, at, (int)strcspn(rule, "\n"), rule);
}

static int samples_of(const char *set, char **folder, struct dirent ***entries)
{
	AUTO_FREE char *all = data_folder("samples");

	*folder = mem_printf("%s/%s", all, set);
	return scandir(*folder, entries, is_verdict, alphasort);
}

static void samples(struct buf *out, const char *set)
{
	AUTO_FREE char *folder = NULL;
	struct dirent **entries;
	int n = samples_of(set, &folder, &entries);

	if (n < 0)
		return;
	if (n) {
		heading(out, "Sample logs");
		buf_printf(out, "In `samples/%s/`:\n\n| log | verdict | rule |\n|---|---|---|\n", set);
	}
	for (int i = 0; i < n; i++) {
		sample_row(out, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static int count_samples(const char *set)
{
	AUTO_FREE char *folder = NULL;
	struct dirent **entries;
	int n = samples_of(set, &folder, &entries);

	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	return n < 0 ? 0 : n;
}

/* ---- the head of a page ---- */

static void links(struct buf *out, const char *what, const struct conf_texts *names)
{
	for (size_t i = 0; i < names->n; i++)
		buf_printf(out, "%s[%s](%s.md)", i ? ", " : what, names->items[i], names->items[i]);
	if (names->n)
		buf_char(out, '\n');
}

static void used_by(struct buf *out, const struct library *l, const struct set *s)
{
	const char *parting = "- used by ";

	for (size_t i = 0; i < library_count(l); i++) {
		const struct set *u = library_head(l, i);

		for (size_t k = 0; u && k < u->uses.n; k++) {
			if (!str_eq(u->uses.items[k], s->meaning.name))
				continue;
			buf_printf(out, "%s[%s](%s.md)", parting, u->meaning.name, u->meaning.name);
			parting = ", ";
		}
	}
	if (*parting == ',')
		buf_char(out, '\n');
}

/* "- begins with `boot`, `banner`" */
static void listed(struct buf *out, const char *what, const struct set *s, bool (*is)(const struct rule *r))
{
	const char *parting = what;

	for (size_t i = 0; i < s->n_patterns; i++) {
		if (!is(&s->patterns[i].rule))
			continue;
		buf_printf(out, "%s`%s`", parting, s->patterns[i].rule.id);
		parting = ", ";
	}
	if (parting != what)
		buf_char(out, '\n');
}

static bool begins(const struct rule *r)
{
	return r->effect == EFFECT_BEGIN;
}

static bool is_irreversible(const struct rule *r)
{
	return r->irreversible;
}

static void names(struct buf *out, const char *what, char *const *items, size_t n, const char *parting)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s`%s`", i ? parting : what, items[i]);
	if (n)
		buf_char(out, '\n');
}

static void head(struct buf *out, const struct library *l, const struct set *s)
{
	const struct rule_set *m = &s->meaning;

	buf_printf(out,
		   "<!-- made by `gonogo list page %s`: change the set, then run `docs/make` -->\n\n# %s\n\n",
		   m->name, m->name);
	prose(out, m->title, strlen(m->title));
	buf_str(out, "\n\n");
	if (!s->n_detect)
		buf_str(out, "- not recognised by itself\n");
	for (size_t i = 0; i < s->n_detect; i++) {
		buf_str(out, "- recognised by ");
		code(out, IN_LINE, regex_text(s->detect[i]), strlen(regex_text(s->detect[i])));
		buf_char(out, '\n');
	}
	links(out, "- uses ", &s->uses);
	used_by(out, l, s);
	names(out, "- phases ", m->phases, m->n_phases, " → ");
	listed(out, "- begins with ", s, begins);
	names(out, "- goals ", m->goals, m->n_goals, ", ");
	listed(out, "- point of no return: ", s, is_irreversible);
}

void page_set(const struct library *l, const struct set *s, struct buf *out)
{
	head(out, l, s);
	restore(out, s);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		rules(out, s, &tables[i]);
	facts(out, s);
	probes(out, l, s);
	samples(out, s->meaning.name);
}

void page_index(const struct library *l, struct buf *out)
{
	buf_str(out, "<!-- made by `gonogo list page`: change the sets, then run `docs/make` -->\n\n"
		     "# What gonogo knows\n\n"
		     "| set | for | phases | rules | sample logs |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < library_count(l); i++) {
		const struct set *s = library_at(l, i);

		if (!s)
			continue;
		buf_printf(out, "| [%s](%s.md) | ", s->meaning.name, s->meaning.name);
		prose(out, s->meaning.title, strlen(s->meaning.title));
		buf_str(out, " | ");
		for (size_t k = 0; k < s->meaning.n_phases; k++)
			buf_printf(out, "%s%s", k ? ", " : "", s->meaning.phases[k]);
		buf_printf(out, " | %zu | %d |\n", s->n_patterns, count_samples(s->meaning.name));
	}
}
