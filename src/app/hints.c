/* SPDX-License-Identifier: Apache-2.0 */
#include "app/hints.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "record/when.h"

enum { DEPTH_MAX = 8, QUOTE_MAX = 60 };

static void hint(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void hint(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	buf_str(out, "  hint: ");
	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	buf_char(out, '\n');
}

/* ---- of the set and those it uses ---- */

typedef bool in_set_fn(const struct set *s, const char *text, size_t n);

static bool in_any(const struct library *l, const struct set *s, in_set_fn *fn, const char *text, size_t n,
		   int depth)
{
	bool found = fn(s, text, n);

	for (size_t i = 0; i < s->uses.n && !found && depth < DEPTH_MAX; i++) {
		const struct set *u = library_set(l, s->uses.items[i]);

		found = u && in_any(l, u, fn, text, n, depth + 1);
	}
	return found;
}

static bool has_first(const struct set *s, const char *text, size_t n)
{
	(void)text;
	(void)n;
	return s->n_first > 0;
}

static bool any_meets(struct regex *const *list, size_t n_list, const char *text, size_t n)
{
	for (size_t i = 0; i < n_list; i++)
		if (regex_match_once(list[i], text, n) == REGEX_YES)
			return true;
	return false;
}

static bool begins_record(const struct set *s, const char *text, size_t n)
{
	return any_meets(s->first, s->n_first, text, n);
}

static bool reads_time(const struct set *s, const char *text, size_t n)
{
	struct when w;

	for (size_t i = 0; i < s->time.n; i++)
		if (when_parse(s->time.items[i], text, n, &w))
			return true;
	return false;
}

static bool detects(const struct set *s, const char *text, size_t n)
{
	return any_meets(s->detect, s->n_detect, text, n);
}

/* ---- the whole ---- */

static bool has_effect(const struct set *s, enum effect effect)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		if (s->patterns[i].rule.effect == effect)
			return true;
	return false;
}

static bool detects_a_sample(const struct set *s)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		for (size_t k = 0; k < s->patterns[i].samples.n; k++) {
			const char *text = s->patterns[i].samples.items[k];

			if (detects(s, text, strcspn(text, "\n")))
				return true;
		}
	return false;
}

static bool has_todo(const struct set *s)
{
	bool left = strstr(s->meaning.title, "TODO") != NULL;

	for (size_t i = 0; i < s->meaning.n_restore; i++)
		left |= strstr(s->meaning.restore[i], "TODO") != NULL;
	for (size_t i = 0; i < s->n_patterns; i++)
		left |= s->patterns[i].rule.why && strstr(s->patterns[i].rule.why, "TODO");
	return left;
}

static void about_the_whole(const struct library *l, const struct set *s, struct buf *out)
{
	if (!s->meaning.n_goals)
		hint(out, "no rule has effect: goal, so this set can never say GO");
	if (s->meaning.n_goals && !has_effect(s, EFFECT_BEGIN))
		hint(out,
		     "no rule has effect: begin, so a log of several starts counts as one, and yesterday's "
		     "success as today's");
	if (!has_effect(s, EFFECT_FAIL) && !has_effect(s, EFFECT_ROLLBACK))
		hint(out, "no rule has effect: fail, so this set can never say NO-GO");
	if (has_todo(s))
		hint(out, "a TODO of the draft is left");
	if (!in_any(l, s, has_first, "", 0, 0))
		hint(out, "record.first is missing: every line that is not indented begins a record");
	if (!s->n_detect)
		hint(out, "detect is missing: the product is read with this set only by --set %s",
		     s->meaning.name);
	else if (!detects_a_sample(s))
		hint(out, "detect meets none of the samples: would it recognise a log of these lines?");
}

/* ---- a rule's samples and advice ---- */

/* A sample may begin with a line that the layouts do not know (a crash, a banner): it is told once a rule. */
static void about_sample(const struct library *l, const struct set *s, const struct pattern *p,
			 const char *text, struct buf *out)
{
	size_t n = strcspn(text, "\n");
	AUTO_FREE char *quote = text_line_dup(text, n < QUOTE_MAX ? n : QUOTE_MAX);

	if (in_any(l, s, has_first, "", 0, 0) && !in_any(l, s, begins_record, text, n, 0))
		hint(out, "%s: no record begins with its sample's first line (record.first): '%s'",
		     p->rule.full, quote);
	else if (str_digit(text[0]) && !in_any(l, s, reads_time, text, n, 0))
		hint(out, "%s: no layout in record.time reads the time of its sample '%s'", p->rule.full,
		     quote);
}

/* [stop it, then start again] are two texts in YAML. */
static bool is_rest(const char *text)
{
	static const char *const words[] = { "or ", "then ", "and ", "but ", "otherwise " };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(text, words[i]))
			return true;
	return false;
}

static void about_advice(const struct pattern *p, struct buf *out)
{
	for (size_t i = 1; i < p->rule.n_next; i++)
		if (is_rest(p->rule.next[i]))
			hint(out,
			     "%s: next: '%s' seems to belong to the advice before it: quote a text that "
			     "holds a comma",
			     p->rule.full, p->rule.next[i]);
}

void hints_for(const struct library *l, const struct set *s, struct buf *out)
{
	about_the_whole(l, s, out);
	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct pattern *p = &s->patterns[i];

		for (size_t k = 0; k < p->samples.n; k++)
			about_sample(l, s, p, p->samples.items[k], out);
		about_advice(p, out);
	}
}
