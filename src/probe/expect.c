/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"

enum { SHOWN_MAX = 160, LOOKED_AT_MAX = 16 * 1024, MASKED_MAX = 64 * 1024 };

/* The longer sign of two with the same beginning comes first. */
static const struct {
	const char *sign;
	enum expect_op op;
} signs[] = {
	{ "==", EXPECT_EQUAL }, { "!=", EXPECT_UNEQUAL }, { "<=", EXPECT_AT_MOST }, { ">=", EXPECT_AT_LEAST },
	{ "=", EXPECT_EQUAL },	{ "<", EXPECT_BELOW },	  { ">", EXPECT_ABOVE },
};

int expect_set(struct expect *x, enum expect_op op, const char *text, struct err *e)
{
	x->op = op;
	x->text = mem_strdup(text);
	if (op != EXPECT_MATCHES)
		return 0;
	x->regex = regex_new(text, e);
	return x->regex ? 0 : err_ctx(e, "'%s'", text);
}

void expect_clear(struct expect *x)
{
	free(x->text);
	regex_free(x->regex);
	*x = (struct expect){ 0 };
}

/* ---- reading ---- */

static void set_text(struct expect *x, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (str_starts(text, signs[i].sign)) {
			text += strlen(signs[i].sign);
			expect_set(x, signs[i].op, text + strspn(text, " "), NULL);
			return;
		}
	expect_set(x, EXPECT_EQUAL, text, NULL);
}

static char *expanded(const struct conf_node *n, const struct conf_vars *vars, struct conf_problems *p)
{
	struct err e;
	char *text = conf_expand(vars, conf_text(n), &e);

	if (!text)
		conf_problem(p, n, "%s", e.text);
	return text;
}

static void read_scalar(struct expect *x, const struct conf_node *n, const struct conf_vars *vars,
			struct conf_problems *p)
{
	AUTO_FREE char *text = NULL;

	if (conf_is_null(n)) {
		x->op = EXPECT_NULL;
		return;
	}
	text = expanded(n, vars, p);
	if (text)
		set_text(x, text);
}

static void read_exists(struct expect *x, const struct conf_node *n, const char *text,
			struct conf_problems *p)
{
	bool yes = str_eq(text, "true");

	if (!yes && !str_eq(text, "false"))
		conf_problem(p, n, "exists: '%s' is neither true nor false", text);
	x->op = yes ? EXPECT_EXISTS : EXPECT_ABSENT;
}

static void read_word(struct expect *x, const char *word, const struct conf_node *n, const char *text,
		      struct conf_problems *p)
{
	static const char *const words[] = { "equals", "matches", "exists", "count" };
	struct err e;

	if (strcmp(word, "equals") == 0) {
		expect_set(x, EXPECT_EQUAL, text, NULL);
	} else if (strcmp(word, "matches") == 0) {
		if (expect_set(x, EXPECT_MATCHES, text, &e) < 0)
			conf_problem(p, n, "matches: %s", e.text);
	} else if (strcmp(word, "exists") == 0) {
		read_exists(x, n, text, p);
	} else if (strcmp(word, "count") == 0) {
		x->counted = true;
		set_text(x, text);
	} else {
		conf_unknown(p, n, "unknown expectation", word, words, ARRAY_LEN(words));
	}
}

void expect_from_conf(struct expect *x, const struct conf_node *n, const struct conf_vars *vars,
		      struct conf_problems *p)
{
	const struct conf_node *inner;
	AUTO_FREE char *text = NULL;

	*x = (struct expect){ 0 };
	if (conf_shape(n) == CONF_SCALAR) {
		read_scalar(x, n, vars, p);
		return;
	}
	inner = conf_shape(n) == CONF_MAP && conf_count(n) == 1 ? conf_item(n, 0) : NULL;
	if (!inner || conf_shape(inner) != CONF_SCALAR) {
		conf_problem(p, n,
			     "this is no expectation (say 8022, '>= 10000', {matches: '^5\\.2'} or {exists: "
			     "true})");
		return;
	}
	text = expanded(inner, vars, p);
	if (text)
		read_word(x, conf_key(n, 0), inner, text, p);
}

/* ---- comparing ---- */

static bool whole_number(const char *s, int64_t *out)
{
	return str_int(s, INT64_MIN, INT64_MAX, out, NULL) == 0;
}

/* Below, equal, above 0 in *order; false: there is no order between them. */
static bool compare(const struct value *v, const char *text, int *order)
{
	int64_t a, b;
	double x, y;

	if (whole_number(v->text, &a) && whole_number(text, &b)) {
		*order = (a > b) - (a < b);
		return true;
	}
	if (v->shape == VALUE_NUMBER && str_double(v->text, &x, NULL) == 0 &&
	    str_double(text, &y, NULL) == 0) {
		*order = (x > y) - (x < y);
		return true;
	}
	if (!str_digit(v->text[0]) || !str_digit(text[0]))
		return false;
	*order = str_version_cmp(v->text, text);
	return true;
}

static bool equal(const struct value *v, const char *text)
{
	int order;

	if (v->shape == VALUE_NUMBER)
		return compare(v, text, &order) && order == 0;
	return v->n == strlen(text) && memcmp(v->text, text, v->n) == 0;
}

static bool ordered(enum expect_op op, int order)
{
	return op == EXPECT_BELOW     ? order < 0
	       : op == EXPECT_AT_MOST ? order <= 0
	       : op == EXPECT_ABOVE   ? order > 0
				      : order >= 0;
}

static bool holds(const struct expect *x, const struct value *v, bool *gave_up)
{
	enum regex_result r;
	int order;

	switch (x->op) {
	case EXPECT_NULL:
		return v->shape == VALUE_NULL;
	case EXPECT_ABSENT:
		return v->shape == VALUE_MISSING || v->shape == VALUE_NULL;
	case EXPECT_EXISTS:
		return v->shape != VALUE_MISSING && v->shape != VALUE_NULL;
	case EXPECT_EQUAL:
	case EXPECT_UNEQUAL:
	case EXPECT_BELOW:
	case EXPECT_AT_MOST:
	case EXPECT_ABOVE:
	case EXPECT_AT_LEAST:
	case EXPECT_MATCHES:
		break;
	}
	if (v->shape == VALUE_MISSING || v->shape == VALUE_NULL)
		return false;
	if (x->op == EXPECT_EQUAL || x->op == EXPECT_UNEQUAL)
		return equal(v, x->text) == (x->op == EXPECT_EQUAL);
	if (x->op != EXPECT_MATCHES)
		return compare(v, x->text, &order) && ordered(x->op, order);
	r = regex_match(x->regex, v->text, v->n);
	*gave_up = r == REGEX_GAVE_UP;
	return r == REGEX_YES;
}

static void say_expected(const struct expect *x, struct buf *why)
{
	static const char *const words[] = {
		[EXPECT_EQUAL] = "",
		[EXPECT_UNEQUAL] = "anything but ",
		[EXPECT_BELOW] = "< ",
		[EXPECT_AT_MOST] = "<= ",
		[EXPECT_ABOVE] = "> ",
		[EXPECT_AT_LEAST] = ">= ",
		[EXPECT_MATCHES] = "a match of ",
		[EXPECT_EXISTS] = "a value",
		[EXPECT_ABSENT] = "none",
		[EXPECT_NULL] = "null",
	};
	bool quoted = x->op == EXPECT_EQUAL || x->op == EXPECT_UNEQUAL || x->op == EXPECT_MATCHES;
	const char *mark = quoted ? "'" : "";

	buf_printf(why, ", expected %s", words[x->op]);
	if (x->text)
		buf_printf(why, "%s%s%s", mark, x->text, mark);
}

/* Masked before it is cut: half a secret would not be known as one. */
void say_quoted(struct buf *why, const char *text, size_t n)
{
	AUTO_BUF masked = BUF_INIT(MASKED_MAX);

	for (; n && str_space(*text); n--)
		text++;
	secret_mask(&masked, text, n < LOOKED_AT_MAX ? n : LOOKED_AT_MAX);
	while (masked.len && str_space(masked.data[masked.len - 1]))
		masked.data[--masked.len] = '\0';
	for (size_t i = 0; i < masked.len; i++)
		if (str_space(masked.data[i]))
			masked.data[i] = ' ';
	buf_printf(why, "'%.*s'%s", SHOWN_MAX, buf_text(&masked), masked.len > SHOWN_MAX ? "..." : "");
}

static void say_found(const struct value *v, struct buf *why)
{
	if (v->shape == VALUE_MISSING) {
		buf_str(why, "is missing");
	} else if (v->shape == VALUE_NULL) {
		buf_str(why, "is null");
	} else {
		buf_str(why, "is ");
		say_quoted(why, v->text, v->n);
	}
}

static bool met(const struct expect *x, const struct value *v, struct buf *why)
{
	bool gave_up = false;

	if (holds(x, v, &gave_up))
		return true;
	say_found(v, why);
	say_expected(x, why);
	if (gave_up)
		buf_str(why, " (the search was given up: too many ways to match)");
	return false;
}

bool expect_met(const struct expect *x, const struct value *v, struct buf *why)
{
	char count[32];
	struct value counted = { .shape = VALUE_NUMBER, .text = count };

	if (!x->counted)
		return met(x, v, why);
	if (v->shape != VALUE_GROUP) {
		say_found(v, why);
		buf_str(why, ", expected a list or map");
		return false;
	}
	counted.n = (size_t)snprintf(count, sizeof(count), "%zu", v->count);
	if (met(x, &counted, why))
		return true;
	buf_str(why, " members");
	return false;
}
