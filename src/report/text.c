/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the admin at two in the morning: the verdict, what failed first and where, what to do now, and only
 * then the rest.  Plain ASCII of our own, 80 columns, and no meaning that only a colour carries.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "report/clean.h"
#include "report/report.h"

enum {
	WIDTH = 80,
	INDENT = 13,
	ONE_LINE_MAX = 400,
	RECORD_LINES = 20,
	JOINED_MAX = 4096,
	NAME_MAX_WIDTH = 24
};

/* How many lines a text may take; PLACE is one line of any length, to be copied or clicked on. */
enum { PLACE = 0, SHORT = 2, QUOTE = 3 };

/* What is being written: the label waits until there is something to stand beside it. */
struct page {
	struct buf *out;
	const struct report_style *style;
	const char *label, *paint;
	size_t indent;
	bool apart; /* an empty line first */
};

/* ---- lines ---- */

static void begin_line(struct page *p)
{
	const char *label = p->label ? p->label : "";
	bool painted = p->style->color && *label;

	if (p->apart)
		buf_char(p->out, '\n');
	buf_printf(p->out, "%s%s%s", painted ? p->paint : "", label, painted ? "\033[0m" : "");
	buf_printf(p->out, "%*s", (int)(p->indent - strlen(label)), "");
	p->label = NULL;
	p->apart = false;
}

/* An estimate that is right for Latin, Greek, Cyrillic and for CJK: the terminal alone knows. */
static size_t columns(const char *s)
{
	return (unsigned char)*s >= 0xE3 ? 2 : 1;
}

/* How many bytes of s go into width columns. */
static size_t fitting(const char *s, size_t width)
{
	size_t used = 0, i = 0;

	while (s[i]) {
		used += columns(s + i);
		if (used > width)
			break;
		i += text_utf8_len(s + i, strnlen(s + i, 4));
	}
	return i;
}

/* Where to break a line that could take n bytes: behind a word if there is one. */
static size_t breaking(const char *s, size_t n)
{
	size_t i = n;

	while (s[n] && i && s[i] != ' ')
		i--;
	return i ? i : n;
}

static size_t without_blanks(const char *s, size_t n)
{
	while (n && s[n - 1] == ' ')
		n--;
	return n;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* The gutter of a quote ("| ") stands before each of its lines, any other (a bullet) before the first. */
static void wrapped(struct page *p, const char *gutter, const char *text, size_t max_lines)
{
	size_t width = max_lines == PLACE ? ONE_LINE_MAX : WIDTH - p->indent - strlen(gutter);
	size_t line = 0;
	bool last;

	text = skip_blanks(text);
	do {
		size_t n = fitting(text, width);
		last = ++line >= max_lines;
		bool cut = last && text[n];

		n = cut ? fitting(text, width - 3) : breaking(text, n);
		begin_line(p);
		buf_printf(p->out, "%*s", (int)strlen(gutter), line == 1 || *gutter == '|' ? gutter : "");
		buf_add(p->out, text, without_blanks(text, n));
		buf_str(p->out, cut ? "...\n" : "\n");
		text = skip_blanks(text + n);
	} while (*text && !last);
}

/* The only way onto the page: the log's words are masked and cleaned here together with ours. */
__attribute__((format(printf, 4, 5))) static void say(struct page *p, const char *gutter, size_t max_lines,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO_FREE char *raw = mem_vprintf(fmt, ap);
	va_end(ap);
	AUTO_FREE char *clean = clean_line(raw);

	wrapped(p, gutter, clean, max_lines);
}

/* What a list shows of its n: all if asked to, else the first few. */
static size_t shown(const struct page *p, size_t n, size_t few)
{
	return p->style->verbose || n < few ? n : few;
}

static void say_rest(struct page *p, size_t rest)
{
	if (rest)
		say(p, "", 1, "and %zu more", rest);
}

/* ---- words ---- */

static const char *span(double seconds, char text[STR_SPAN_MAX])
{
	return str_span(seconds > 0 ? (int64_t)(fmin(seconds, 1e9) * 1e9) : 0, text);
}

static bool is_said(const char *s)
{
	return s && *s;
}

/* Appends s, parted from what is already there. */
static void join(struct buf *b, const char *parting, const char *s)
{
	if (!is_said(s))
		return;
	if (b->len)
		buf_str(b, parting);
	buf_str(b, s);
}

/* file:line, or source:line, or "" */
static char *place(const char *file, const char *source, uint64_t line)
{
	const char *name = file ? file : source;

	if (!name)
		return mem_strdup("");
	return line ? mem_printf("%s:%llu", name, (unsigned long long)line) : mem_strdup(name);
}

/* The same without folders, for all but what one wants to open first. */
static char *short_place(const char *file, const char *source, uint64_t line)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	return place(slash ? slash + 1 : file, source, line);
}

/* "what  place  time", of those that are known */
static void say_place(struct page *p, const char *what, const char *place, const char *time)
{
	AUTO_BUF b = BUF_INIT(JOINED_MAX);

	join(&b, "  ", what);
	join(&b, "  ", place);
	join(&b, "  ", time);
	say(p, "", PLACE, "%s", buf_text(&b));
}

/* ---- why ---- */

static void say_record(struct page *p, const char *record)
{
	AUTO_FREE char *lines = mem_strdup(record);
	char *rest = lines;

	for (size_t n = 0; is_said(rest) && n < RECORD_LINES; n++)
		say(p, "| ", PLACE, "%s", strsep(&rest, "\n"));
	if (is_said(rest))
		say(p, "| ", 1, "...");
}

static bool is_planned(const struct outcome *o, const char *step)
{
	for (size_t i = 0; i < o->next.n; i++)
		if (str_eq(o->next.items[i], step))
			return true;
	return false;
}

static void say_reason_place(struct page *p, const struct outcome_reason *r)
{
	AUTO_FREE char *at = place(r->file, r->source, r->line);

	say_place(p, is_said(r->rule) ? r->rule : r->effect, at, r->time);
}

/* What followed from the first cause: one line each. */
static void say_consequence(struct page *p, const struct outcome_reason *r)
{
	AUTO_FREE char *at = short_place(r->file, r->source, r->line);
	AUTO_BUF b = BUF_INIT(REPORT_MAX);

	join(&b, "  ", r->rule);
	join(&b, "  ", at);
	join(&b, "  ", is_said(r->say) ? r->say : r->text);
	say(p, "", 1, "%s", buf_text(&b));
}

static void say_reason(struct page *p, const struct outcome *o, const struct outcome_reason *r)
{
	say_reason_place(p, r);
	if (is_said(r->say) && !str_eq(r->say, o->summary))
		say(p, "", QUOTE, "%s", r->say);
	if (p->style->verbose && is_said(r->record))
		say_record(p, r->record);
	else if (is_said(r->text) && !str_eq(r->text, o->summary))
		say(p, r->line ? "| " : "", QUOTE, "%s", r->text);
	if (is_said(r->cause))
		say(p, "", QUOTE, "caused by: %s", r->cause);
	for (size_t i = 0; p->style->verbose && i < r->facts.n; i++)
		say(p, "", SHORT, "%s = %s", r->facts.items[i].name, r->facts.items[i].value);
	for (size_t i = 0; i < r->next.n; i++)
		if (!is_planned(o, r->next.items[i]))
			say(p, "-> ", QUOTE, "%s", r->next.items[i]);
}

static void reasons(struct page *p, const struct outcome *o)
{
	const struct outcome_reasons *r = &o->reasons;
	size_t n = shown(p, r->n, 3);

	for (size_t i = 0; i < n; i++) {
		if (i == 1)
			p->label = "Then";
		if (i == 0 || p->style->verbose)
			say_reason(p, o, &r->items[i]);
		else
			say_consequence(p, &r->items[i]);
	}
	say_rest(p, r->n - n);
}

static void say_irreversible(struct page *p, const struct outcome *o)
{
	AUTO_FREE char *at = short_place(o->irreversible.file, o->irreversible.source, o->irreversible.line);
	AUTO_BUF b = BUF_INIT(JOINED_MAX);

	join(&b, ", ", at);
	join(&b, ", ", o->irreversible.rule);
	if (!o->irreversible.passed)
		say(p, "", 1, "%s",
		    o->verdict == VERDICT_NO_GO ? "nothing irreversible had begun"
						: "the point of no return was not seen");
	else if (b.len)
		say(p, "", SHORT, "past the point of no return (%s)", buf_text(&b));
	else
		say(p, "", 1, "past the point of no return");
}

static bool was_entered(const struct outcome_phase *f)
{
	return !str_eq(f->state, "pending") && !str_eq(f->state, "skipped");
}

static void join_phase(struct buf *b, const char *parting, const struct outcome_phase *f)
{
	char text[STR_SPAN_MAX];

	join(b, parting, f->name);
	if (f->seconds >= 0)
		buf_printf(b, " %s", span(f->seconds, text));
}

/* "patches 3s, after boot 2.1s, schema 12.2s" */
static void phase(struct page *p, const struct outcome *o)
{
	AUTO_BUF now = BUF_INIT(JOINED_MAX);
	AUTO_BUF before = BUF_INIT(JOINED_MAX);

	for (size_t i = 0; i < o->n_phases; i++)
		if (str_eq(o->phases[i].name, o->phase))
			join_phase(&now, "", &o->phases[i]);
		else if (was_entered(&o->phases[i]))
			join_phase(&before, ", ", &o->phases[i]);
	if (!now.len)
		buf_str(&now, is_said(o->phase) ? o->phase : "none reached");
	join(&now, ", after ", buf_text(&before));
	say(p, "", SHORT, "%s", buf_text(&now));
	say_irreversible(p, o);
}

static void next_steps(struct page *p, const struct outcome *o)
{
	for (size_t i = 0; i < o->next.n; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%zu. ", i + 1);
		say(p, number, QUOTE, "%s", o->next.items[i]);
	}
}

/* ---- what was asked for ---- */

static void goals_met(struct page *p, const struct outcome *o)
{
	size_t width = 0;

	for (size_t i = 0; i < o->n_goals; i++)
		if (strlen(o->goals[i].name) > width && strlen(o->goals[i].name) <= NAME_MAX_WIDTH)
			width = strlen(o->goals[i].name);
	for (size_t i = 0; i < o->n_goals; i++) {
		const struct outcome_goal *g = &o->goals[i];
		AUTO_FREE char *at = place(g->file, g->source, g->line);
		AUTO_FREE char *name = mem_printf("%-*s", (int)(*at ? width : 0), g->name);

		if (g->met)
			say_place(p, name, at, g->time);
	}
}

static void goals_not_met(struct page *p, const struct outcome *o)
{
	AUTO_BUF names = BUF_INIT(JOINED_MAX);

	for (size_t i = 0; i < o->n_goals; i++)
		if (!o->goals[i].met)
			join(&names, ", ", o->goals[i].name);
	if (names.len)
		say(p, "", QUOTE, "%s", buf_text(&names));
}

static void say_probe(struct page *p, const struct outcome_probe *probe)
{
	AUTO_BUF b = BUF_INIT(JOINED_MAX);

	buf_printf(&b, "%s: %s", probe->name, probe->state);
	if (probe->tries > 1)
		buf_printf(&b, " after %llu tries", (unsigned long long)probe->tries);
	if (probe->optional)
		buf_str(&b, " (optional)");
	join(&b, ": ", probe->reason);
	if (!str_eq(probe->most_often, probe->reason))
		join(&b, "; most often: ", probe->most_often);
	say(p, "", QUOTE, "%s", buf_text(&b));
}

static void probes(struct page *p, const struct outcome *o)
{
	for (size_t i = 0; i < o->n_probes; i++)
		say_probe(p, &o->probes[i]);
}

static void probes_not_passed(struct page *p, const struct outcome *o)
{
	size_t failed = 0, n = 0;

	for (size_t i = 0; i < o->n_probes; i++) {
		if (str_eq(o->probes[i].state, "pass") || str_eq(o->probes[i].state, "skipped"))
			continue;
		failed++;
		if (n == shown(p, failed, 3))
			continue;
		say_probe(p, &o->probes[i]);
		n++;
	}
	say_rest(p, failed - n);
}

/* ---- what else is known ---- */

static void facts(struct page *p, const struct outcome *o)
{
	size_t n = shown(p, o->facts.n, 8);

	for (size_t i = 0; i < n; i++)
		say(p, "", SHORT, "%s = %s", o->facts.items[i].name, o->facts.items[i].value);
	say_rest(p, o->facts.n - n);
}

static void phases(struct page *p, const struct outcome *o)
{
	AUTO_BUF b = BUF_INIT(JOINED_MAX);

	for (size_t i = 0; i < o->n_phases; i++)
		if (was_entered(&o->phases[i]))
			join_phase(&b, ", ", &o->phases[i]);
	if (b.len)
		say(p, "", QUOTE, "%s", buf_text(&b));
	if (o->irreversible.passed)
		say_irreversible(p, o);
}

static void say_warning(struct page *p, const struct outcome_reason *w)
{
	AUTO_FREE char *at = short_place(w->file, w->source, w->line);
	AUTO_BUF b = BUF_INIT(REPORT_MAX);

	join(&b, "  ", at);
	join(&b, "  ", is_said(w->say) ? w->say : is_said(w->text) ? w->text : w->rule);
	say(p, "", SHORT, "%s", buf_text(&b));
}

static bool is_repeated(const struct outcome_reasons *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(r->items[k].rule, r->items[i].rule))
			return true;
	return false;
}

static void warnings(struct page *p, const struct outcome *o)
{
	const struct outcome_reasons *w = &o->warnings;
	size_t n = 0;

	for (size_t i = 0; i < w->n && n < shown(p, w->n, 2); i++)
		if (p->style->verbose || !is_repeated(w, i)) {
			say_warning(p, &w->items[i]);
			n++;
		}
	say_rest(p, w->n - n);
}

static bool comes_before(const struct outcome_unexplained *a, const struct outcome_unexplained *b)
{
	return a->count != b->count ? a->count > b->count : a < b;
}

/* The most frequent of those that come behind last; NULL: the very first. */
static const struct outcome_unexplained *next_frequent(const struct outcome *o,
						       const struct outcome_unexplained *last)
{
	const struct outcome_unexplained *best = NULL;

	for (size_t i = 0; i < o->n_unexplained; i++) {
		const struct outcome_unexplained *u = &o->unexplained[i];

		if ((!last || comes_before(last, u)) && (!best || comes_before(u, best)))
			best = u;
	}
	return best;
}

static void unexplained(struct page *p, const struct outcome *o)
{
	size_t most = shown(p, o->n_unexplained, 3);
	const struct outcome_unexplained *u = next_frequent(o, NULL);

	for (size_t i = 0; u && i < most; i++, u = next_frequent(o, u)) {
		AUTO_FREE char *at = short_place(u->file, u->source, u->line);

		say(p, "", SHORT, "%llux  %s  %s", (unsigned long long)u->count, at, u->text ? u->text : "");
	}
	say_rest(p, o->n_unexplained - most);
}

static void gaps(struct page *p, const struct outcome *o)
{
	size_t all = 0, n = 0;

	for (size_t i = 0; i < o->n_coverage; i++)
		for (size_t k = 0; k < o->coverage[i].gaps.n; k++) {
			if (n == shown(p, ++all, 3))
				continue;
			say(p, "", SHORT, "%s: %s", o->coverage[i].source, o->coverage[i].gaps.items[k]);
			n++;
		}
	say_rest(p, all - n);
}

static void coverage(struct page *p, const struct outcome *o)
{
	for (size_t i = 0; p->style->verbose && i < o->n_coverage; i++) {
		const struct outcome_coverage *c = &o->coverage[i];
		unsigned long long cut = c->cut_lines + c->cut_records;

		say(p, "", SHORT, "%s: %llu lines, %llu bytes, %llu cut", c->source,
		    (unsigned long long)c->lines, (unsigned long long)c->bytes, cut);
	}
}

static void earlier_runs(struct page *p, const struct outcome *o)
{
	size_t n = o->n_earlier_runs;
	const struct outcome_run *last = n ? &o->earlier_runs[n - 1] : NULL;

	if (last)
		say(p, "", SHORT, "%zu %s, the last one %s%s%s", n, n > 1 ? "starts" : "start",
		    verdict_name(last->verdict), is_said(last->summary) ? ": " : "",
		    is_said(last->summary) ? last->summary : "");
}

static void alerts_lost(struct page *p, const struct outcome *o)
{
	for (size_t i = 0; i < o->n_alerts; i++)
		if (!o->alerts[i].delivered)
			say(p, "", SHORT, "%s: not delivered: %s", o->alerts[i].channel,
			    is_said(o->alerts[i].reason) ? o->alerts[i].reason : "no reason known");
}

static void details(struct page *p, const struct outcome *o)
{
	if (p->style->details)
		say(p, "", PLACE, "%s", p->style->details);
	else if (o->verdict != VERDICT_GO && !p->style->verbose)
		say(p, "", 1, "--verbose shows all reasons, --json FILE keeps everything");
}

/* ---- the page ---- */

struct section {
	const char *label;
	void (*print)(struct page *p, const struct outcome *o);
	bool apart;
};

/* clang-format off */
static const struct section good[] = {
	{ "Goals", goals_met, true },
	{ "Probes", probes },
	{ "Facts", facts, true },
	{ "Phases", phases },
	{ "Warnings", warnings, true },
	{ "Unexplained", unexplained },
	{ "Earlier", earlier_runs, true },
	{ "Read", coverage },
	{ "Alerts", alerts_lost },
	{ "Report", details },
	{ 0 },
};

static const struct section bad[] = {
	{ "Cause", reasons, true },
	{ "Phase", phase, true },
	{ "Do now", next_steps, true },
	{ "Not reached", goals_not_met, true },
	{ "Probes", probes_not_passed },
	{ "Warnings", warnings },
	{ "Unexplained", unexplained },
	{ "Not read", gaps },
	{ "Read", coverage },
	{ "Earlier", earlier_runs, true },
	{ "Alerts", alerts_lost },
	{ "Report", details },
	{ 0 },
};
/* clang-format on */

static void headline(struct page *p, const struct outcome *o)
{
	static const char *const paint[] = {
		[VERDICT_GO] = "\033[1;32m",
		[VERDICT_NO_GO] = "\033[1;31m",
		[VERDICT_ROLLBACK] = "\033[1;7;31m",
		[VERDICT_UNDECIDED] = "\033[1;33m",
	};

	p->label = verdict_name(o->verdict);
	p->paint = paint[o->verdict];
	p->indent = strlen(p->label) + 2;
	say(p, "", QUOTE, "%s", o->summary ? o->summary : "");
}

static void render(const struct outcome *o, const struct report_style *style, struct buf *out)
{
	struct page p = { .out = out, .style = style };

	headline(&p, o);
	p.paint = "\033[1m";
	p.indent = INDENT;
	for (const struct section *s = o->verdict == VERDICT_GO ? good : bad; s->print; s++) {
		p.label = s->label;
		p.apart |= s->apart;
		s->print(&p, o);
	}
}

const struct report_kind report_kind_text = {
	.name = "text",
	.help = "for people: the verdict, the first cause and what to do now",
	.render = render,
};
