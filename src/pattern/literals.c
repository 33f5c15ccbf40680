/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive-descent reader of PCRE2's syntax that builds no tree: what it learns of a part is a node, and
 * nodes are combined on the way up.
 */
#include "pattern/literals.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pattern/literals_impl.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	DEPTH_MAX = 40,
	NUMBER_MAX = 65535, /* of a quantifier; PCRE2's own limit */
};

/* Every option that leaves the meaning of a pattern's characters alone, or that is heeded below. */
static const uint32_t known_options =
	PCRE2_MULTILINE | PCRE2_DOTALL | PCRE2_CASELESS | PCRE2_EXTENDED | PCRE2_LITERAL | PCRE2_UNGREEDY |
	PCRE2_DUPNAMES | PCRE2_NO_AUTO_CAPTURE | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
	PCRE2_FIRSTLINE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
	PCRE2_NO_AUTO_POSSESS | PCRE2_NO_DOTSTAR_ANCHOR | PCRE2_NO_START_OPTIMIZE | PCRE2_NO_UTF_CHECK |
	PCRE2_MATCH_UNSET_BACKREF;

enum atom_kind {
	ATOM_END,     /* of the branch */
	ATOM_NOTHING, /* switched a mode */
	ATOM_WIDTHLESS,
	ATOM_POSITION, /* one byte */
	ATOM_NODE,
	ATOM_UNKNOWN, /* any text, or none */
};

struct atom {
	enum atom_kind kind;
	uint16_t position;
};

/* ---- atoms ---- */

static uint16_t position_of_byte(unsigned byte, struct mode mode)
{
	return (uint16_t)(mode.nocase && byte_is_letter(byte) ? LITERAL_NOCASE + byte_fold(byte) : byte);
}

static struct atom atom_byte(unsigned byte, struct mode mode)
{
	return (struct atom){ ATOM_POSITION, position_of_byte(byte, mode) };
}

static struct atom atom_doubt(struct pattern_reader *r)
{
	give_up(r);
	return (struct atom){ ATOM_UNKNOWN, 0 };
}

static bool skip_past(struct pattern_reader *r, char closing)
{
	const char *found = memchr(r->at, closing, (size_t)(r->end - r->at));

	if (!found) {
		give_up(r);
		return false;
	}
	r->at = found + 1;
	return true;
}

/* Behind \g or \k: {name}, <name>, 'name' or, for \g, a number. */
static struct atom reference(struct pattern_reader *r, bool plain_number)
{
	int c = peek(r);

	if (c == '{' || c == '<' || c == '\'') {
		r->at++;
		skip_past(r, c == '{' ? '}' : c == '<' ? '>' : '\'');
		return (struct atom){ ATOM_UNKNOWN, 0 };
	}
	if (!plain_number)
		return atom_doubt(r);
	if (c == '+' || c == '-')
		r->at++;
	if (digit_value(peek(r)) > 9)
		return atom_doubt(r);
	while (digit_value(peek(r)) <= 9)
		r->at++;
	return (struct atom){ ATOM_UNKNOWN, 0 };
}

/* \pL, \p{Lu}, \p{^Lu}: some byte. */
static struct atom property(struct pattern_reader *r)
{
	int c = peek(r);

	if (c == '{')
		skip_past(r, '}');
	else if (is_alnum(c))
		r->at++;
	else
		give_up(r);
	return (struct atom){ ATOM_POSITION, LITERAL_ANY };
}

static struct atom escape(struct pattern_reader *r, struct mode mode)
{
	struct byteset s;

	if (r->at == r->end)
		return atom_doubt(r);
	int c = (unsigned char)*r->at++;

	if (class_escape(c, &s))
		return (struct atom){ ATOM_POSITION, class_position(r, &s) };
	if (strchr("bBAzZGK", c) && c)
		return (struct atom){ ATOM_WIDTHLESS, 0 };
	if (c == 'p' || c == 'P')
		return property(r);
	if (c == 'g' || c == 'k')
		return reference(r, c == 'g');
	if (c == 'N')
		return peek(r) == '{' ? atom_doubt(r) : (struct atom){ ATOM_POSITION, LITERAL_ANY };
	if (c == 'C')
		return (struct atom){ ATOM_POSITION, LITERAL_ANY };
	if (c == 'R' || c == 'X')
		return (struct atom){ ATOM_UNKNOWN, 0 };
	if (c >= '1' && c <= '9') {
		/* a reference, or an octal number and further digits: any text stands for either */
		while (digit_value(peek(r)) <= 9)
			r->at++;
		return (struct atom){ ATOM_UNKNOWN, 0 };
	}
	int byte = byte_escape(r, c);

	return byte < 0 || r->doubt ? atom_doubt(r) : atom_byte((unsigned)byte, mode);
}

static void read_alternatives(struct pattern_reader *r, struct mode mode, struct node *out);

static struct atom group(struct pattern_reader *r, struct mode mode, struct node *out)
{
	read_alternatives(r, mode, out);
	if (!skip(r, ")"))
		return atom_doubt(r);
	return (struct atom){ ATOM_NODE, 0 };
}

static struct atom lookaround(struct pattern_reader *r, struct mode mode, struct node *scratch)
{
	struct atom a = group(r, mode, scratch);

	if (a.kind == ATOM_NODE)
		a.kind = ATOM_WIDTHLESS;
	return a;
}

/* Behind "(?": (?i) changes the mode of the group that it stands in, (?i:...) has a mode of its own. */
static struct atom switches(struct pattern_reader *r, struct mode *mode, struct node *out)
{
	struct mode m = *mode;
	bool on = true;

	if (skip(r, "^"))
		m = (struct mode){ 0 };
	for (;;) {
		int c = peek(r);

		if (c < 0)
			return atom_doubt(r);
		r->at++;
		if (c == ')') {
			*mode = m;
			return (struct atom){ ATOM_NOTHING, 0 };
		}
		if (c == ':')
			return group(r, m, out);
		if (c == 'i')
			m.nocase = on;
		else if (c == 'x' && peek(r) != 'x')
			m.extended = on;
		else if (c == '-' && on)
			on = false;
		else if (!strchr("msnJU", c))
			return atom_doubt(r);
	}
}

/* (?R) (?1) (?+1) (?-1) (?&name) (?P>name) (?P=name): r is behind "(?". */
static bool is_call(const struct pattern_reader *r)
{
	int c = peek(r);
	int next = r->end - r->at > 1 ? (unsigned char)r->at[1] : -1;

	if (c == '-' || c == '+')
		return digit_value(next) <= 9;
	if (c == 'P')
		return next == '>' || next == '=';
	return c == 'R' || c == '&' || digit_value(c) <= 9;
}

static bool is_call_text(const char *from, const char *to)
{
	for (; from < to; from++)
		if (!str_word(*from) && !strchr("&=>+-", *from))
			return false;
	return true;
}

/* Behind "(?". */
static struct atom special_group(struct pattern_reader *r, struct mode *mode, struct node *out)
{
	const char *from = r->at;

	if (is_call(r)) {
		if (!skip_past(r, ')') || !is_call_text(from, r->at - 1))
			return atom_doubt(r);
		return (struct atom){ ATOM_UNKNOWN, 0 };
	}
	if (skip(r, ":") || skip(r, "|") || skip(r, ">"))
		return group(r, *mode, out);
	if (skip(r, "=") || skip(r, "!") || skip(r, "*") || skip(r, "<=") || skip(r, "<!") || skip(r, "<*"))
		return lookaround(r, *mode, out);
	if (skip(r, "P<") || skip(r, "<"))
		return skip_past(r, '>') ? group(r, *mode, out) : atom_doubt(r);
	if (skip(r, "'"))
		return skip_past(r, '\'') ? group(r, *mode, out) : atom_doubt(r);
	/* conditions and callouts are doubtful there, too */
	return switches(r, mode, out);
}

static bool is_extended_blank(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What has no meaning of its own: comments, blanks under (?x), \E, \Q. */
static void skip_ignored(struct pattern_reader *r, struct mode mode)
{
	while (!r->verbatim) {
		int c = peek(r);

		if (c != '\\' && c != '(' && !mode.extended)
			return;
		if (skip(r, "\\E")) {
			r->quoted = false;
		} else if (r->quoted) {
			return;
		} else if (skip(r, "\\Q")) {
			r->quoted = true;
		} else if (skip(r, "(?#")) {
			skip_past(r, ')');
		} else if (mode.extended && is_extended_blank(c)) {
			r->at++;
		} else if (mode.extended && c == '#') {
			if (!memchr(r->at, '\n', (size_t)(r->end - r->at)))
				r->at = r->end;
			else
				skip_past(r, '\n');
		} else {
			return;
		}
	}
}

static struct atom read_atom(struct pattern_reader *r, struct mode *mode, struct node *out)
{
	skip_ignored(r, *mode);
	int c = peek(r);

	if (c < 0 || (!r->quoted && (c == '|' || c == ')')))
		return (struct atom){ ATOM_END, 0 };
	r->at++;
	if (r->quoted)
		return atom_byte((unsigned)c, *mode);
	switch (c) {
	case '\\':
		return escape(r, *mode);
	case '.':
		return (struct atom){ ATOM_POSITION, LITERAL_ANY };
	case '^':
	case '$':
		return (struct atom){ ATOM_WIDTHLESS, 0 };
	case '[':
		if (skip(r, "[:<:]]") || skip(r, "[:>:]]"))
			return (struct atom){ ATOM_WIDTHLESS, 0 };
		return (struct atom){ ATOM_POSITION, class_read(r, *mode) };
	case '(':
		if (next_is(r, "*")) /* a verb, which may change everything */
			return atom_doubt(r);
		return skip(r, "?") ? special_group(r, mode, out) : group(r, *mode, out);
	case '*':
	case '+':
	case '?':
		return atom_doubt(r); /* nothing there to repeat */
	default:
		return atom_byte((unsigned)c, *mode);
	}
}

/* ---- quantifiers ---- */

/* {2} {2,} {2,5}; what newer releases also take for one is doubtful.  False: a plain brace. */
static bool braces(struct pattern_reader *r, unsigned *min, unsigned *max)
{
	const char *open = r->at++, *digits = r->at;

	*min = read_digits(r, 10, 6);
	bool counted = r->at > digits;

	*max = *min;
	if (counted && skip(r, ",")) {
		digits = r->at;
		*max = read_digits(r, 10, 6);
		*max = r->at > digits ? *max : NUMBER_MAX;
	}
	if (counted && skip(r, "}")) {
		if (*min > NUMBER_MAX || *max > NUMBER_MAX || *min > *max)
			give_up(r);
		return true;
	}
	while (r->at < r->end && (strchr(" \t,", *r->at) || str_digit(*r->at)) && *r->at)
		r->at++;
	if (r->at > open + 1 && next_is(r, "}")) {
		give_up(r);
		return true;
	}
	r->at = open;
	*min = *max = 1;
	return false;
}

static void quantifier(struct pattern_reader *r, struct mode mode, unsigned *min, unsigned *max)
{
	*min = *max = 1;
	skip_ignored(r, mode);
	if (r->quoted || r->doubt)
		return;
	int c = peek(r);

	if (c == '{') {
		if (!braces(r, min, max))
			return;
	} else if (c == '*' || c == '+' || c == '?') {
		r->at++;
		*min = c == '+';
		*max = c == '?' ? 1 : NUMBER_MAX;
	} else {
		return;
	}
	const char *behind = r->at;

	skip_ignored(r, mode);
	if (r->quoted || (peek(r) != '?' && peek(r) != '+'))
		return;
	if (r->at > behind)
		give_up(r); /* lazy and possessive, or one quantifier more? */
	else
		r->at++;
}

/* ---- branches ---- */

static void add_string(struct pattern_reader *r, struct chain *c, const uint16_t *at, size_t *n)
{
	struct string_set one;

	if (*n == 0)
		return;
	one.n = 1;
	if (string_put(&r->pool, at, *n, &one.of[0]))
		chain_add_exact(&r->pool, c, &one);
	else
		chain_break(&r->pool, c, &set_of_nothing);
	*n = 0;
}

static void add_repeated(struct pattern_reader *r, struct chain *c, struct atom a, struct node *n,
			 unsigned min, unsigned max)
{
	struct string_set one;

	one.n = 1;
	if (a.kind == ATOM_POSITION && string_put(&r->pool, &a.position, 1, &one.of[0]))
		node_set(n, true, &one);
	else if (a.kind != ATOM_NODE)
		node_set(n, false, &set_of_nothing);
	node_repeat(&r->pool, n, min, max);
	chain_add(&r->pool, c, n);
}

static void read_branch(struct pattern_reader *r, struct mode *mode, struct node *out)
{
	struct chain c;
	struct node n;
	uint16_t plain[LITERAL_STRING_MAX];
	size_t n_plain = 0;

	chain_start(&c);
	for (;;) {
		struct atom a = read_atom(r, mode, &n);
		unsigned min, max;

		if (a.kind == ATOM_END || r->doubt)
			break;
		if (a.kind == ATOM_NOTHING)
			continue;
		quantifier(r, *mode, &min, &max);
		if (a.kind == ATOM_WIDTHLESS)
			continue;
		if (a.kind == ATOM_POSITION && min == 1 && max == 1) {
			plain[n_plain++] = a.position;
			if (n_plain == LITERAL_STRING_MAX)
				add_string(r, &c, plain, &n_plain);
			continue;
		}
		add_string(r, &c, plain, &n_plain);
		add_repeated(r, &c, a, &n, min, max);
	}
	add_string(r, &c, plain, &n_plain);
	chain_end(&r->pool, &c, out);
}

static void read_alternatives(struct pattern_reader *r, struct mode mode, struct node *out)
{
	struct node branch;

	if (++r->depth > DEPTH_MAX)
		give_up(r);
	read_branch(r, &mode, out);
	if (next_is(r, "|"))
		node_rate_exact(&r->pool, out);
	while (skip(r, "|")) {
		read_branch(r, &mode, &branch);
		node_rate_exact(&r->pool, &branch);
		node_or(&r->pool, out, &branch);
	}
	r->depth--;
}

/* ---- the outside ---- */

static bool contains(const struct pool *p, struct string a, struct string b)
{
	for (size_t i = 0; i + b.n <= a.n; i++)
		if (memcmp(&p->at[a.at + i], &p->at[b.at], b.n * sizeof(*p->at)) == 0)
			return true;
	return false;
}

/* A string that contains another of the set adds nothing. */
static bool redundant(const struct pool *p, const struct string_set *s, size_t i)
{
	for (size_t k = 0; k < s->n; k++)
		if (k != i && contains(p, s->of[i], s->of[k]) && (s->of[i].n > s->of[k].n || k < i))
			return true;
	return false;
}

static void put_need(const struct pattern_reader *r, const struct node *n)
{
	for (size_t i = 0; i < n->need.n; i++) {
		struct string s = n->need.of[i];

		if (redundant(&r->pool, &n->need, i))
			continue;
		struct literal *l = &r->out->of[r->out->n++];

		l->n = s.n;
		memcpy(l->at, &r->pool.at[s.at], s.n * sizeof(*l->at));
	}
}

void literals_of(const char *pattern, size_t n, uint32_t pcre2_options, struct literals *out)
{
	struct mode mode = { .nocase = pcre2_options & PCRE2_CASELESS,
			     .extended = pcre2_options & PCRE2_EXTENDED };

	out->n = out->n_classes = 0;
	if (n == 0 || pcre2_options & ~known_options)
		return;
	AUTO_FREE struct pattern_reader *r = mem_check(malloc(sizeof(*r)));

	r->at = pattern;
	r->end = pattern + n;
	r->out = out;
	r->doubt = false;
	r->quoted = r->verbatim = pcre2_options & PCRE2_LITERAL;
	r->depth = 0;
	r->pool.classes = out->classes;
	r->pool.used = 0;
	struct node all;

	read_alternatives(r, mode, &all);
	node_rate_exact(&r->pool, &all);
	if (!r->doubt && r->at == r->end)
		put_need(r, &all);
}
