/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/literals_node.h"

#include <string.h>

enum {
	CROSS_MAX = 32,	  /* strings that a product of sets may have */
	SPREAD_MAX = 8,	  /* strings that x? or x{1,3} may become */
	SPREAD_TIMES = 3, /* and how far apart its numbers may be */
};

/* ---- strings and sets of them ---- */

const struct string_set set_of_nothing = { .n = 1 };

/* Sets are large and mostly empty: no more is copied than there is. */
static void set_copy(struct string_set *to, const struct string_set *from)
{
	to->n = from->n;
	memcpy(to->of, from->of, from->n * sizeof(*to->of));
}

static bool has_empty(const struct string_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].n == 0)
			return true;
	return false;
}

static bool same_string(const struct pool *p, struct string a, struct string b)
{
	return a.n == b.n && memcmp(&p->at[a.at], &p->at[b.at], a.n * sizeof(*p->at)) == 0;
}

static bool set_has(const struct pool *p, const struct string_set *s, struct string x)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_string(p, s->of[i], x))
			return true;
	return false;
}

/* Adds what s does not have yet; false, and s as it was, where that would be too much. */
static bool set_unite(const struct pool *p, struct string_set *s, const struct string_set *more)
{
	size_t before = s->n;

	for (size_t i = 0; i < more->n; i++) {
		if (set_has(p, s, more->of[i]))
			continue;
		if (s->n == SET_MAX) {
			s->n = before;
			return false;
		}
		s->of[s->n++] = more->of[i];
	}
	return true;
}

bool string_put(struct pool *p, const uint16_t *at, size_t n, struct string *out)
{
	if (n > POOL_MAX - p->used)
		return false;
	memcpy(&p->at[p->used], at, n * sizeof(*at));
	*out = (struct string){ (uint16_t)p->used, (uint16_t)n };
	p->used += n;
	return true;
}

static bool join_strings(struct pool *p, struct string a, struct string b, struct string *out)
{
	uint16_t joined[LITERAL_STRING_MAX];

	if (a.n == 0 || b.n == 0) {
		*out = a.n ? a : b;
		return true;
	}
	if (a.n + b.n > LITERAL_STRING_MAX)
		return false;
	memcpy(joined, &p->at[a.at], a.n * sizeof(*joined));
	memcpy(joined + a.n, &p->at[b.at], b.n * sizeof(*joined));
	return string_put(p, joined, (size_t)a.n + b.n, out);
}

/* Each of a followed by each of b; false where that would be too much. */
static bool set_cross(struct pool *p, const struct string_set *a, const struct string_set *b,
		      struct string_set *out)
{
	struct string_set product;

	product.n = 0;
	if (a->n * b->n > CROSS_MAX)
		return false;
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (!join_strings(p, a->of[i], b->of[k], &product.of[product.n++]))
				return false;
	set_copy(out, &product);
	return true;
}

/* ---- what must be there ---- */

/* The part of a string that is the best literal, and what looking for it costs. */
static struct string rarest_part(const struct pool *p, struct string s, uint64_t *cost)
{
	size_t n = s.n, at = literal_rarest_part(p->classes, &p->at[s.at], &n, cost);

	return (struct string){ (uint16_t)(s.at + at), (uint16_t)n };
}

/* The strings of s are a set that every match of n contains one of: is that better than what is known? */
static void offer(const struct pool *p, struct node *n, const struct string_set *s)
{
	struct string_set need;
	uint64_t cost = 0, more;

	need.n = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct string part = rarest_part(p, s->of[i], &more);

		if (part.n == 0)
			return;
		if (set_has(p, &need, part))
			continue;
		need.of[need.n++] = part;
		cost += more;
		if (cost >= (n->need.n ? n->cost : LITERAL_COST_TOO_HIGH))
			return;
	}
	set_copy(&n->need, &need);
	n->cost = cost;
}

static void take_need(struct node *n, const struct node *part)
{
	if (part->need.n && (!n->need.n || part->cost < n->cost)) {
		set_copy(&n->need, &part->need);
		n->cost = part->cost;
	}
}

/* ---- nodes ---- */

static void node_copy(struct node *to, const struct node *from)
{
	to->exact = from->exact;
	to->cost = from->cost;
	set_copy(&to->first, &from->first);
	set_copy(&to->last, &from->last);
	set_copy(&to->need, &from->need);
}

void node_set(struct node *n, bool exact, const struct string_set *s)
{
	n->exact = exact;
	n->cost = 0;
	n->need.n = 0;
	set_copy(&n->first, s);
	set_copy(&n->last, s);
}

void chain_start(struct chain *c)
{
	node_set(&c->node, true, &set_of_nothing);
	set_copy(&c->run, &set_of_nothing);
	set_copy(&c->tail, &set_of_nothing);
}

static void chain_offer(const struct pool *p, struct chain *c)
{
	offer(p, &c->node, &c->run);
	if (c->run.n > 1)
		offer(p, &c->node, &c->tail);
}

/* What comes next does not follow the run directly, or would make it too large. */
void chain_break(const struct pool *p, struct chain *c, const struct string_set *run)
{
	chain_offer(p, c);
	if (c->node.exact)
		set_copy(&c->node.first, &c->run);
	c->node.exact = false;
	set_copy(&c->run, run);
	set_copy(&c->tail, run->n == 1 ? run : &set_of_nothing);
}

void chain_add_exact(struct pool *p, struct chain *c, const struct string_set *s)
{
	if (s->n > 1)
		chain_offer(p, c);
	if (!set_cross(p, &c->run, s, &c->run)) {
		chain_break(p, c, s);
		return;
	}
	if (s->n > 1) {
		set_copy(&c->tail, &set_of_nothing);
	} else if (c->run.n == 1) {
		set_copy(&c->tail, &c->run);
	} else if (!set_cross(p, &c->tail, s, &c->tail)) {
		offer(p, &c->node, &c->tail);
		set_copy(&c->tail, s);
	}
}

void chain_add(struct pool *p, struct chain *c, const struct node *n)
{
	struct string_set product;

	take_need(&c->node, n);
	if (n->exact) {
		chain_add_exact(p, c, &n->first);
		return;
	}
	if (set_cross(p, &c->run, &n->first, &product)) {
		if (n->first.n > 1)
			chain_offer(p, c);
		set_copy(&c->run, &product);
	} else {
		offer(p, &c->node, &n->first);
	}
	chain_break(p, c, &n->last);
}

void chain_end(const struct pool *p, struct chain *c, struct node *out)
{
	/* an exact one is rated where it stands alone: most are but a part of something longer */
	if (!c->node.exact || c->run.n > 1)
		chain_offer(p, c);
	set_copy(&c->node.last, &c->run);
	if (c->node.exact)
		set_copy(&c->node.first, &c->run);
	node_copy(out, &c->node);
}

/* Knowing that something may be there or not is knowing nothing. */
static void unite_ends(const struct pool *p, struct string_set *s, const struct string_set *more)
{
	if (has_empty(s) || has_empty(more) || !set_unite(p, s, more))
		set_copy(s, &set_of_nothing);
}

void node_rate_exact(const struct pool *p, struct node *n)
{
	if (n->exact)
		offer(p, n, &n->first);
}

void node_or(const struct pool *p, struct node *a, const struct node *b)
{
	if (!a->need.n || !b->need.n || !set_unite(p, &a->need, &b->need))
		a->need.n = 0;
	a->cost += b->cost;
	if (a->exact && b->exact && set_unite(p, &a->first, &b->first)) {
		set_copy(&a->last, &a->first);
		return;
	}
	a->exact = false;
	unite_ends(p, &a->first, &b->first);
	unite_ends(p, &a->last, &b->last);
}

/* As many times n as is known to be there, until it gets too long (what is empty stays so); true: all of
 * them. */
static bool node_power(struct pool *p, const struct node *n, unsigned times, struct string_set *out)
{
	bool whole = true;

	set_copy(out, &n->first);
	for (unsigned i = 1; i < times && i < LITERAL_STRING_MAX && whole; i++)
		whole = set_cross(p, out, &n->first, out);
	return whole;
}

/* An exact n from min to max times, as long as that is a handful of strings. */
static bool node_spread(struct pool *p, const struct node *n, unsigned min, unsigned max,
			struct string_set *out)
{
	struct string_set power;
	bool whole = true;

	if (max - min > SPREAD_TIMES || n->first.n * (max - min) >= SPREAD_MAX)
		return false;
	if (min > 0)
		whole = node_power(p, n, min, &power);
	else
		set_copy(&power, &set_of_nothing);
	set_copy(out, &power);
	for (unsigned i = min; i < max && whole; i++)
		whole = set_cross(p, &power, &n->first, &power) && set_unite(p, out, &power);
	return whole;
}

/* Turns n into n from min to max times. */
void node_repeat(struct pool *p, struct node *n, unsigned min, unsigned max)
{
	struct string_set s;

	if (min == 1 && max == 1)
		return;
	if (max == 0) {
		node_set(n, true, &set_of_nothing);
		return;
	}
	if (!n->exact) {
		if (min == 0)
			node_set(n, false, &set_of_nothing);
		return;
	}
	bool exact = min == max ? node_power(p, n, min, &s) : node_spread(p, n, min, max, &s);

	if (!exact && min == 0)
		set_copy(&s, &set_of_nothing);
	else if (!exact)
		node_power(p, n, min, &s);
	struct string_set need;
	uint64_t cost = n->cost;

	set_copy(&need, &n->need);
	node_set(n, exact, &s);
	if (min == 0)
		return;
	set_copy(&n->need, &need);
	n->cost = cost;
	offer(p, n, &s);
}
