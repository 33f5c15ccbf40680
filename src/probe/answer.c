/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "net/http.h"
#include "net/json.h"

static const char *const place_names[] = { "json", "header", "column", "key", "matches" };

/* ---- claims ---- */

static void check_where(enum place place, const char *where, const struct conf_node *n,
			struct conf_problems *p)
{
	if (place == PLACE_JSON && !json_is_pointer(where))
		conf_problem(p, n, "'%s' is no JSON pointer (say /data/version)", where);
}

void claims_add(struct claims *c, enum place place, const struct conf_node *map, const struct conf_vars *vars,
		struct conf_problems *p)
{
	if (map && conf_shape(map) != CONF_MAP)
		conf_problem(p, map, "expected a map: where to look, and what should be there");
	for (size_t i = 0; map && conf_shape(map) == CONF_MAP && i < conf_count(map); i++) {
		struct claim *claim = ARRAY_ADD(c->items, c->n, c->room);
		struct err e;

		claim->place = place;
		claim->where = conf_expand(vars, conf_key(map, i), &e);
		if (claim->where)
			check_where(place, claim->where, conf_key_node(map, i), p);
		else
			conf_problem(p, conf_key_node(map, i), "%s", e.text);
		expect_from_conf(&claim->expect, conf_item(map, i), vars, p);
	}
}

void claims_clear(struct claims *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].where);
		expect_clear(&c->items[i].expect);
	}
	free(c->items);
	*c = (struct claims){ 0 };
}

bool claims_met(const struct claims *c, answer_look_fn *look, void *seen, struct buf *why)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct claim *claim = &c->items[i];
		struct value v = look(seen, claim->place, claim->where);
		size_t before = why->len;

		buf_printf(why, "%s ", claim->where);
		if (!expect_met(&claim->expect, &v, why))
			return false;
		why->len = before; /* nothing to say about what holds */
	}
	return true;
}

/* ---- facts ---- */

enum fact_as { AS_TEXT, AS_INTEGER, AS_VERSION };
static const char *const as_names[] = { "text", "integer", "version", NULL };

struct fact_settings {
	char *json, *header, *column, *key, *matches;
	int as;
};

const struct conf_key fact_keys[] = {
	CONF_TEXT(struct fact_settings, json, NULL, "a JSON pointer into the answer"),
	CONF_TEXT(struct fact_settings, header, NULL, "the name of a header of the answer"),
	CONF_TEXT(struct fact_settings, column, NULL, "the name of a column of the first row"),
	CONF_TEXT(struct fact_settings, key, NULL, "a key of the property file"),
	CONF_TEXT(struct fact_settings, matches, NULL,
		  "a regular expression; its only named group is the value"),
	CONF_ENUM(struct fact_settings, as, "text", as_names,
		  "how the value is kept: as it is, as a number without group separators, or its leading "
		  "version number"),
	{ 0 },
};

static void fact_set(struct fact_rule *rule, const struct fact_settings *s, enum place place,
		     const struct conf_node *n, struct conf_problems *p)
{
	const char *const wheres[] = { s->json, s->header, s->column, s->key, s->matches };
	struct err e;

	rule->place = place;
	rule->where = mem_strdup(wheres[place]);
	rule->as = s->as;
	check_where(place, rule->where, n, p);
	if (place != PLACE_TEXT)
		return;
	rule->regex = regex_new(rule->where, &e);
	if (!rule->regex)
		conf_problem(p, n, "matches: '%s': %s", rule->where, e.text);
	else if (regex_names(rule->regex) != 1)
		conf_problem(
			p, n,
			"matches: expected one named group, which is the value: 'version (?<value>[0-9.]+)'");
}

static void fact_add(struct fact_rule *rule, const struct conf_node *n, unsigned places,
		     const struct conf_vars *vars, struct conf_problems *p)
{
	struct fact_settings s = { 0 };
	AUTO_BUF allowed = BUF_INIT(64);
	size_t n_said = 0;

	conf_fill(n, fact_keys, &s, vars, NULL, p);
	for (enum place i = 0; i < PLACE_COUNT; i++) {
		const struct conf_node *said = conf_get(n, place_names[i]);

		if (places & 1U << i)
			buf_printf(&allowed, "%s%s", allowed.len ? ", " : "", place_names[i]);
		if (!said)
			continue;
		if (!(places & 1U << i))
			conf_problem(p, said, "this kind of probe has no %s to take a fact from",
				     place_names[i]);
		else if (n_said++ == 0)
			fact_set(rule, &s, i, said, p);
	}
	if (n_said != 1)
		conf_problem(p, n, "a fact is taken from exactly one of: %s", buf_text(&allowed));
	conf_clear(fact_keys, &s);
}

void facts_add(struct fact_rules *f, const struct conf_node *map, unsigned places,
	       const struct conf_vars *vars, struct conf_problems *p)
{
	if (map && conf_shape(map) != CONF_MAP)
		conf_problem(p, map, "expected a map: the fact's name, and where it is taken from");
	for (size_t i = 0; map && conf_shape(map) == CONF_MAP && i < conf_count(map); i++) {
		const struct conf_node *n = conf_item(map, i);
		struct fact_rule *rule = ARRAY_ADD(f->items, f->n, f->room);
		struct err e;

		rule->name = conf_expand(vars, conf_key(map, i), &e);
		if (!rule->name)
			conf_problem(p, conf_key_node(map, i), "%s", e.text);
		if (conf_shape(n) == CONF_MAP)
			fact_add(rule, n, places, vars, p);
		else
			conf_problem(p, n, "expected a map (say {json: /data/version, as: version})");
	}
}

void facts_clear(struct fact_rules *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].where);
		regex_free(f->items[i].regex);
	}
	free(f->items);
	*f = (struct fact_rules){ 0 };
}

/* A blank, comma, point, apostrophe or no-break space between groups of three digits: its length, or 0. */
static size_t separator(const char *s)
{
	static const char *const known[] = { ",",   ".", " ", "'", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x99",
					     "\xA0" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);

		if (strncmp(s, known[i], n) == 0 && strspn(s + n, "0123456789") == 3)
			return n;
	}
	return 0;
}

/* "10,057" and "10.057" are ten thousand and fifty-seven in some locale; NULL: there is no number. */
static char *as_integer(const char *text)
{
	const char *s = text + strcspn(text, "0123456789");
	struct buf out = BUF_INIT(64);
	size_t skip;

	/* the sign of a number, not the hyphen of r135134-14 */
	if (s > text && s[-1] == '-' && (s == text + 1 || !str_word(s[-2])))
		buf_char(&out, '-');
	for (; str_digit(*s); s += skip) {
		size_t n = strspn(s, "0123456789");

		buf_add(&out, s, n);
		s += n;
		skip = n <= 3 ? separator(s) : 0;
		if (!skip)
			break;
	}
	if (out.len && str_digit(out.data[out.len - 1]))
		return buf_take(&out);
	buf_free(&out);
	return NULL;
}

static char *as_version(const char *s)
{
	const char *end;

	s += strcspn(s, "0123456789");
	end = s + strspn(s, "0123456789.");
	while (end > s && end[-1] == '.')
		end--;
	return end > s ? mem_strndup(s, (size_t)(end - s)) : NULL;
}

static char *convert(const char *text, size_t n, int as)
{
	enum { FACT_MAX = 1024 };

	if (as == AS_INTEGER)
		return as_integer(text);
	if (as == AS_VERSION)
		return as_version(text);
	return text_utf8_dup(text, n < FACT_MAX ? n : FACT_MAX);
}

static void pair_add(struct conf_pairs *pairs, const char *key, char *taken)
{
	size_t n = pairs->n++;

	pairs->keys = mem_check(reallocarray(pairs->keys, n + 1, sizeof(char *)));
	pairs->values = mem_check(reallocarray(pairs->values, n + 1, sizeof(char *)));
	pairs->keys[n] = mem_strdup(key);
	pairs->values[n] = taken;
}

static char *fact_value(const struct fact_rule *rule, const struct value *v)
{
	size_t start, n;

	if (v->shape == VALUE_MISSING || v->shape == VALUE_NULL)
		return NULL;
	if (!rule->regex)
		return convert(v->text, v->n, rule->as);
	if (regex_match(rule->regex, v->text, v->n) != REGEX_YES ||
	    !regex_capture(rule->regex, 0, &start, &n))
		return NULL;
	AUTO_FREE char *captured = mem_strndup(v->text + start, n);

	return convert(captured, n, rule->as);
}

void facts_tell(const struct fact_rules *f, answer_look_fn *look, void *seen, struct conf_pairs *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct fact_rule *rule = &f->items[i];
		struct value v = look(seen, rule->place, rule->where);
		char *text = fact_value(rule, &v);

		if (text)
			pair_add(out, rule->name, text);
	}
}

void pairs_clear(struct conf_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		free(pairs->keys[i]);
		free(pairs->values[i]);
	}
	free(pairs->keys);
	free(pairs->values);
	*pairs = (struct conf_pairs){ 0 };
}

void secret_hide(const char *value)
{
	AUTO_BUF escaped = BUF_INIT(strlen(value) * 3);

	secret_add(value);
	http_escape(&escaped, value);
	secret_add(buf_text(&escaped));
}

void pairs_hide(const struct conf_pairs *pairs)
{
	static const char *const tells[] = {
		"auth", "pass", "secret", "token", "cookie", "key", "credential"
	};

	for (size_t i = 0; i < pairs->n; i++)
		for (size_t j = 0; j < ARRAY_LEN(tells); j++)
			if (strcasestr(pairs->keys[i], tells[j]))
				secret_hide(pairs->values[i]);
}

/* ---- text ---- */

bool content_is_empty(const struct content *c)
{
	return !c->contains.n && !c->not_contains.n && !c->matches.n;
}

void content_check(struct content *c, struct conf_problems *p)
{
	c->regexes = mem_zero(c->matches.n, sizeof(struct regex *));
	for (size_t i = 0; i < c->matches.n; i++) {
		struct err e;

		c->regexes[i] = regex_new(c->matches.items[i], &e);
		if (!c->regexes[i])
			conf_problem(p, c->matches.nodes[i], "matches: '%s': %s", c->matches.items[i],
				     e.text);
	}
}

void content_clear(struct content *c)
{
	for (size_t i = 0; c->regexes && i < c->matches.n; i++)
		regex_free(c->regexes[i]);
	free(c->regexes);
	c->regexes = NULL;
}

static bool has(const char *text, size_t n, const char *wanted)
{
	return memmem(text, n, wanted, strlen(wanted)) != NULL;
}

/* How the text begins helps to see what it is: an error page, a login form. */
static bool lacks(struct buf *why, const char *what, const char *verb, const char *wanted, const char *text,
		  size_t n)
{
	buf_printf(why, "%s %s '%s' (it ", what, verb, wanted);
	if (n) {
		buf_str(why, "begins ");
		say_quoted(why, text, n);
	} else {
		buf_str(why, "is empty");
	}
	buf_char(why, ')');
	return false;
}

bool content_met(const struct content *c, const char *what, const char *text, size_t n, struct buf *why)
{
	for (size_t i = 0; i < c->contains.n; i++)
		if (!has(text, n, c->contains.items[i]))
			return lacks(why, what, "does not contain", c->contains.items[i], text, n);
	for (size_t i = 0; i < c->not_contains.n; i++)
		if (has(text, n, c->not_contains.items[i])) {
			buf_printf(why, "%s contains '%s'", what, c->not_contains.items[i]);
			return false;
		}
	for (size_t i = 0; i < c->matches.n; i++) {
		enum regex_result r = regex_match(c->regexes[i], text, n);

		if (r != REGEX_YES)
			return lacks(why, what,
				     r == REGEX_NO ? "does not match" : "is too hard to match with",
				     c->matches.items[i], text, n);
	}
	return true;
}

/* 4xx */
static bool is_class(const char *said)
{
	return str_digit(said[0]) && str_eq(said + 1, "xx");
}

bool code_is(const char *said, int code)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", code);
	if (is_class(said))
		return strlen(digits) == 3 && digits[0] == said[0];
	return strcmp(said, digits) == 0;
}

static bool is_code(const char *said)
{
	return is_class(said) || (*said && !said[strspn(said, "0123456789")]);
}

const char *fail_on_met(const struct conf_texts *fail_on, int code, const char *text, size_t n)
{
	for (size_t i = 0; i < fail_on->n; i++) {
		const char *said = fail_on->items[i];

		if (is_code(said) ? code_is(said, code) : has(text, n, said))
			return said;
	}
	return NULL;
}

/* ---- the answer ---- */

void answer_init(struct answer *a)
{
	*a = (struct answer){ .result = PROBE_NOT_YET, .reason = BUF_INIT(REASON_MAX), .progress = -1 };
}

void answer_clear(struct answer *a)
{
	buf_free(&a->reason);
	pairs_clear(&a->facts);
}

void answer_set(struct answer *a, enum probe_result result, const char *fmt, ...)
{
	va_list ap;

	a->result = result;
	va_start(ap, fmt);
	buf_clear(&a->reason);
	buf_vprintf(&a->reason, fmt, ap);
	va_end(ap);
}

void answer_send(const struct answer *a, probe_done_fn *done, void *arg)
{
	const struct probe_answer sent = {
		.result = a->result,
		.reason = buf_text(&a->reason),
		.facts = a->facts.n ? &a->facts : NULL,
		.progress = a->progress,
	};

	done(arg, &sent);
}
