/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: a record and what it is taken for. */
#include <stdlib.h>
#include <string.h>

#include "verdict/track.h"

static size_t line_length(const char *s, size_t n)
{
	const char *lf = n ? memchr(s, '\n', n) : NULL;

	return lf ? (size_t)(lf - s) : n;
}

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

static bool begins(const char *s, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - s) >= n && memcmp(s, word, n) == 0;
}

static bool is_frame(const char *s, const char *end)
{
	return begins(s, end, "at ") || begins(s, end, "... ");
}

/* A line behind the frames of one exception that is not of the same trace. */
static bool begins_another(const char *s, const char *end, const char *previous)
{
	return previous && is_frame(previous, end) && s < end && *s != '\n' && *s != '\r' &&
	       !is_frame(s, end) && !begins(s, end, "Caused by:") && !begins(s, end, "Suppressed:");
}

/*
 * The innermost cause of the record's first Java stack trace: the text of its last "Caused by:", or else the
 * exception in front of the first "at".  What a program prints without a prefix joins the record before it,
 * so a further trace is another matter.  NULL where the record holds no trace.
 */
static char *innermost_cause(const char *text, size_t len)
{
	static const char word[] = "Caused by:";
	const char *end = text + len, *cause = NULL, *thrown = NULL, *previous = NULL;

	for (const char *p = text; p < end;) {
		size_t n = line_length(p, (size_t)(end - p));
		const char *s = skip_blanks(p, p + n);

		if (begins_another(s, end, previous))
			break;
		if (begins(s, p + n, word))
			cause = skip_blanks(s + sizeof(word) - 1, p + n);
		else if (!thrown && previous && previous != text && begins(s, p + n, "at ") &&
			 !begins(previous, end, "at "))
			thrown = previous;
		if (s < p + n)
			previous = s;
		p += n + 1;
	}
	if (!cause)
		cause = thrown;
	return cause ? mem_strndup(cause, line_length(cause, (size_t)(end - cause))) : NULL;
}

const char *reason_headline(const char *text, size_t len, size_t *line_len)
{
	const char *end = text + len;

	while (text < end && (*text == '\n' || *text == ' ' || *text == '\t'))
		text++;
	*line_len = line_length(text, (size_t)(end - text));
	return text;
}

void reason_fill(struct outcome_reason *r, const struct sighting *x, const char *effect)
{
	const struct rule *rule = x->rule;
	const char *head;
	size_t n;

	r->effect = effect;
	r->rule = mem_strdup(rule ? rule->full : NULL);
	r->file = mem_strdup(x->file);
	r->line = x->line;
	r->lines = x->lines;
	r->offset = x->offset;
	r->time = mem_strdup(x->time_text);
	head = reason_headline(x->text, x->len, &n);
	r->text = mem_strndup(head, n);
	r->record = mem_strndup(x->text, x->len < OUTCOME_RECORD_MAX ? x->len : OUTCOME_RECORD_MAX);
	r->cause = innermost_cause(x->text, x->len);
	if (!rule)
		return;
	r->consequence = rule->consequence;
	if (rule->say)
		r->say = rule_expand(rule->say, x->captures, x->n_captures);
	for (size_t i = 0; i < x->n_captures; i++) {
		AUTO_FREE char *value = mem_strndup(x->captures[i].text, x->captures[i].len);

		outcome_pair_set(&r->facts, x->captures[i].name, value);
	}
	for (size_t i = 0; i < rule->n_next; i++)
		outcome_text_add(&r->next, rule->next[i]);
}

void reason_copy(struct outcome_reason *to, const struct outcome_reason *from)
{
	*to = *from;
	to->rule = mem_strdup(from->rule);
	to->source = mem_strdup(from->source);
	to->file = mem_strdup(from->file);
	to->time = mem_strdup(from->time);
	to->text = mem_strdup(from->text);
	to->record = mem_strdup(from->record);
	to->cause = mem_strdup(from->cause);
	to->say = mem_strdup(from->say);
	to->facts = (struct outcome_pairs){ 0 };
	to->next = (struct outcome_texts){ 0 };
	for (size_t i = 0; i < from->facts.n; i++)
		outcome_pair_set(&to->facts, from->facts.items[i].name, from->facts.items[i].value);
	for (size_t i = 0; i < from->next.n; i++)
		outcome_text_add(&to->next, from->next.items[i]);
}

void reason_clear(struct outcome_reason *r)
{
	outcome_reason_clear(r);
	*r = (struct outcome_reason){ 0 };
}
