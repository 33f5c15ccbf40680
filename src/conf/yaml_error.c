/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml_error.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

struct source {
	const char *text;
	size_t n;
};

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static size_t line_start(const struct source *s, size_t at)
{
	while (at && !is_break(s->text[at - 1]))
		at--;
	return at;
}

static size_t indentation_end(const struct source *s, size_t at)
{
	while (at < s->n && (s->text[at] == ' ' || s->text[at] == '\t'))
		at++;
	return at;
}

/* Whether a tab helps to indent the line of offset at; then *at is its place. */
static bool find_tab(const struct source *s, size_t *at)
{
	size_t start = line_start(s, *at), end = indentation_end(s, start);
	const char *tab = end > start ? memchr(s->text + start, '\t', end - start) : NULL;

	if (tab)
		*at = (size_t)(tab - s->text);
	return tab;
}

static bool is_tab(const struct source *s, struct yaml_error *e)
{
	return find_tab(s, &e->start);
}

/* An unquoted text of several lines, the last of which has a key in it. */
static bool is_tab_before_key(const struct source *s, struct yaml_error *e)
{
	size_t at = e->end > e->start ? e->end - 1 : e->start;

	if (!find_tab(s, &at))
		return false;
	e->start = at;
	return true;
}

static bool move_to_key(const struct source *s, struct yaml_error *e)
{
	if (e->end > e->start)
		e->start = indentation_end(s, line_start(s, e->end - 1));
	return true;
}

static bool move_to_quote(const struct source *s, struct yaml_error *e)
{
	if (e->start && (s->text[e->start - 1] == '"' || s->text[e->start - 1] == '\''))
		e->start--;
	return true;
}

static bool is_variable(const struct source *s, struct yaml_error *e)
{
	if (!e->start || e->start >= s->n || s->text[e->start] != '{' || s->text[e->start - 1] != '$')
		return false;
	e->start--;
	return true;
}

static bool anyway(const struct source *s, struct yaml_error *e)
{
	(void)s;
	(void)e;
	return true;
}

/* The first row that holds is taken. */
static const struct rewording {
	const char *part; /* of the parser's message */
	bool (*holds)(const struct source *s, struct yaml_error *e);
	const char *say;
} rewordings[] = {
	{ "tab", is_tab, "a tab cannot indent; use blanks" },
	{ "cannot start with blank", is_tab, "a tab cannot indent; use blanks" },
	{ "invalid multiline plain key", is_tab_before_key, "a tab cannot indent; use blanks" },
	{ "invalid multiline plain key", move_to_key,
	  "this line continues the text above it and yet has a key: check its indentation, or the blank "
	  "behind a ':'" },
	{ "invalid nested block mapping on the same line", anyway,
	  "': ' within a text; put the text in quotes" },
	{ "missing comma in flow", is_variable, "'${...}' must be in quotes within [ ] and { }" },
	{ "could not find expected ':'", anyway, "expected 'key: value'" },
	{ "invalid escape", anyway, "unknown escape (in single quotes a backslash is only a backslash)" },
	{ "invalid UTF8 escape", anyway, "this escape is half a character" },
	{ "without closing quote", move_to_quote, "this quote is never closed" },
};

void yaml_error_reword(struct yaml_error *e, const char *text, size_t n)
{
	struct source s = { text, n };

	if (e->start > n)
		e->start = n;
	if (e->end > n)
		e->end = n;
	for (size_t i = 0; i < ARRAY_LEN(rewordings); i++) {
		const struct rewording *r = &rewordings[i];

		if (strstr(e->message, r->part) && r->holds(&s, e)) {
			e->message = r->say;
			return;
		}
	}
}
