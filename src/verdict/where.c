/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum op { OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };

/* The longer spelling of two that begin alike stands first. */
static const struct {
	const char *text;
	enum op op;
} ops[] = {
	{ "<=", OP_LE }, { ">=", OP_GE }, { "==", OP_EQ }, { "!=", OP_NE },
	{ "<", OP_LT },	 { ">", OP_GT },  { "=", OP_EQ },
};

struct operand {
	char *text;
	bool name; /* to be looked up; otherwise a literal */
};

struct comparison {
	struct operand a, b;
	enum op op;
	bool or ; /* joined to the one before by `or`; otherwise by `and`, which binds tighter */
};

struct where {
	char *text;
	struct comparison *items;
	size_t n, room;
};

void where_free(struct where *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++) {
		free(w->items[i].a.text);
		free(w->items[i].b.text);
	}
	free(w->items);
	free(w->text);
	free(w);
}

const char *where_text(const struct where *w)
{
	return w->text;
}

static const char *blanks(const char *s)
{
	while (str_space(*s))
		s++;
	return s;
}

static bool name_char(char c)
{
	return str_word(c) || c == '.' || c == '-';
}

static int operand(const char **s, struct operand *o, struct err *e)
{
	const char *p = blanks(*s), *from = p;

	if (*p == '"' || *p == '\'') {
		const char *close = strchr(p + 1, *p);

		if (!close)
			return err_set(e, "the quote in %s is not closed", p);
		o->text = mem_strndup(p + 1, (size_t)(close - p - 1));
		*s = close + 1;
		return 0;
	}
	while (name_char(*p))
		p++;
	if (p == from)
		return err_set(e,
			       *p ? "expected a name, a number or a quoted text at '%s'"
				  : "expected a name, a number or a quoted text at the end%s",
			       p);
	o->text = mem_strndup(from, (size_t)(p - from));
	o->name = !str_digit(*from) && *from != '-';
	*s = p;
	return 0;
}

static int operator(const char **s, enum op *op, struct err *e)
{
	const char *p = blanks(*s);

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (!str_starts(p, ops[i].text))
			continue;
		*op = ops[i].op;
		*s = p + strlen(ops[i].text);
		return 0;
	}
	return err_set(e, "expected one of < <= > >= = != at '%s'", p);
}

static bool keyword(const char **s, const char *word)
{
	const char *p = blanks(*s);
	size_t n = strlen(word);

	if (!str_starts(p, word) || name_char(p[n]))
		return false;
	*s = p + n;
	return true;
}

static int parse(struct where *w, const char *s, struct err *e)
{
	bool or = false;

	for (;;) {
		struct comparison *c = ARRAY_ADD(w->items, w->n, w->room);

		c->or = or ;
		if (operand(&s, &c->a, e) < 0 || operator(&s, &c->op, e) < 0 || operand(&s, &c->b, e) < 0)
			return -1;
		if (!*blanks(s))
			return 0;
		or = keyword(&s, "or");
		if (! or &&!keyword(&s, "and"))
			return err_set(e, "expected 'and', 'or' or the end at '%s'", blanks(s));
	}
}

struct where *where_parse(const char *text, struct err *e)
{
	struct where *w = new0(struct where);

	w->text = mem_strdup(text);
	if (parse(w, text, e) == 0)
		return w;
	where_free(w);
	return NULL;
}

/*
 * Length of a group separator at s: comma, point, apostrophe, blank, U+00A0, U+202F, U+2019, or the question
 * mark that a program writes where its encoding has no such blank; 0: none.
 */
static size_t separator(const char *s, size_t n)
{
	if (n && *s && strchr(",.' ?", *s))
		return 1;
	if (n >= 2 && memcmp(s, "\xC2\xA0", 2) == 0)
		return 2;
	if (n >= 1 && *s == '\xA0') /* Latin-1 */
		return 1;
	if (n >= 3 && (memcmp(s, "\xE2\x80\xAF", 3) == 0 || memcmp(s, "\xE2\x80\x99", 3) == 0))
		return 3;
	return 0;
}

static size_t digits(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && str_digit(s[k]))
		k++;
	return k;
}

/* Groups of three; of two as well in front of the last, where commas part them (1,23,456 in India). */
static bool is_group(const char *at, size_t sep, size_t n, bool last)
{
	return n == 3 || (n == 2 && !last && sep == 1 && at[-1] == ',');
}

char *value_integer(const char *s, size_t n)
{
	size_t head = digits(s, n), used = head, out = head, sep = 0;
	char *text = mem_zero(n + 1, 1);

	memcpy(text, s, head);
	while (used < n && head >= 1 && head <= 3) {
		const char *parting = s + used;
		size_t len = separator(parting, n - used), group;

		/* a version or a decimal number has other points than these */
		if (!len || (sep && (len != sep || memcmp(parting, s + head, len) != 0)))
			break;
		sep = len;
		group = digits(s + used + len, n - used - len);
		if (!is_group(s + used + len, sep, group, used + len + group == n))
			break;
		memcpy(text + out, s + used + len, group);
		out += group;
		used += len + group;
	}
	if (used == n && n)
		return text;
	free(text);
	return NULL;
}

int value_cmp(const char *a, size_t n, const char *b, size_t m)
{
	AUTO_FREE char *x = value_integer(a, n), *y = NULL;

	if (x)
		y = value_integer(b, m);
	if (x && y)
		return str_version_cmp(x, y);
	free(x);
	free(y);
	x = mem_strndup(a, n);
	y = mem_strndup(b, m);
	return str_version_cmp(x, y);
}

static bool holds(enum op op, int d)
{
	switch (op) {
	case OP_LT:
		return d < 0;
	case OP_LE:
		return d <= 0;
	case OP_GT:
		return d > 0;
	case OP_GE:
		return d >= 0;
	case OP_EQ:
		return d == 0;
	case OP_NE:
		return d != 0;
	}
	return false;
}

static const char *value_of(const struct operand *o, where_value_fn *value, const void *arg, size_t *n)
{
	*n = strlen(o->text);
	return o->name ? value(arg, o->text, *n, n) : o->text;
}

static bool comparison_holds(const struct comparison *c, where_value_fn *value, const void *arg)
{
	size_t n, m;
	const char *a = value_of(&c->a, value, arg, &n), *b = value_of(&c->b, value, arg, &m);

	return a && b && holds(c->op, value_cmp(a, n, b, m));
}

bool where_holds(const struct where *w, where_value_fn *value, const void *arg)
{
	bool all = true;

	for (size_t i = 0; i < w->n; i++) {
		if (w->items[i].or) {
			if (all)
				return true;
			all = true;
		}
		all = all && comparison_holds(&w->items[i], value, arg);
	}
	return all;
}

void where_names(const struct where *w, void (*fn)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->items[i].a.name)
			fn(arg, w->items[i].a.text);
		if (w->items[i].b.name)
			fn(arg, w->items[i].b.text);
	}
}

static bool list_has(const char *list, const char *item, size_t n)
{
	while (*list) {
		size_t m = strcspn(list, ",");
		size_t end = m;

		while (end && str_space(list[end - 1]))
			end--;
		if (end == n && memcmp(list, item, n) == 0)
			return true;
		list += m;
		list += strspn(list, ", ");
	}
	return false;
}

static bool list_within(const char *a, const char *b)
{
	while (*a) {
		size_t m = strcspn(a, ",");
		size_t end = m;

		while (end && str_space(a[end - 1]))
			end--;
		if (!list_has(b, a, end))
			return false;
		a += m;
		a += strspn(a, ", ");
	}
	return true;
}

bool value_expected(const char *value, const char *expectation)
{
	const char *s = blanks(expectation);
	enum op op = OP_EQ;

	if (strchr("<>=!", *s) && *s)
		operator(&s, &op, NULL);
	s = blanks(s);
	if (strchr(s, ',') && list_within(value, s) && list_within(s, value))
		return holds(op, 0);
	return holds(op, value_cmp(value, strlen(value), s, strlen(s)));
}
