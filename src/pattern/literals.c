/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive-descent reader that builds no tree: what it learns of a part is a node, and nodes are combined
 * on the way up.  Strings are runs of positions in one pool; a set of strings is a small array of references
 * into it.
 */
#include "pattern/literals.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	SET_MAX = LITERALS_MAX,
	CROSS_MAX = 32,		      /* strings that a product of sets may have */
	SPREAD_MAX = 8,		      /* strings that x? or x{1,3} may become */
	SPREAD_TIMES = 3,	      /* and how far apart its numbers may be */
	STRING_MAX = 2 * LITERAL_MAX, /* positions of one string */
	POOL_MAX = 16384,	      /* positions of all of them */
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

/* The positions of all strings, and the classes among them. */
struct pool {
	const struct byteclass *classes;
	size_t used;
	uint16_t at[POOL_MAX];
};

struct string {
	uint16_t at, n;
};

struct string_set {
	size_t n;
	struct string of[SET_MAX];
};

struct node {
	bool exact;		 /* first is all that it can match */
	struct string_set first; /* each match begins with one of these */
	struct string_set last;	 /* each match ends with one of these */
	struct string_set need;	 /* each match contains one of these; none: nothing known */
	uint64_t cost;		 /* of need */
};

/* What stood so far in a concatenation. */
struct chain {
	struct node node;
	struct string_set run;	/* it ends with one of these */
	struct string_set tail; /* the part of run's end that has no alternatives: one string */
};

struct mode {
	bool nocase, extended;
};

struct pattern_reader {
	const char *at, *end;
	struct literals *out;
	bool doubt;    /* read something that is not known for certain */
	bool quoted;   /* between \Q and \E */
	bool verbatim; /* PCRE2_LITERAL */
	unsigned depth;
	struct pool pool;
};

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

/* ---- strings and sets of them ---- */

static const struct string_set set_of_nothing = { .n = 1 }; /* the empty string */

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

static bool put_string(struct pool *p, const uint16_t *at, size_t n, struct string *out)
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
	uint16_t joined[STRING_MAX];

	if (a.n == 0 || b.n == 0) {
		*out = a.n ? a : b;
		return true;
	}
	if (a.n + b.n > STRING_MAX)
		return false;
	memcpy(joined, &p->at[a.at], a.n * sizeof(*joined));
	memcpy(joined + a.n, &p->at[b.at], b.n * sizeof(*joined));
	return put_string(p, joined, (size_t)a.n + b.n, out);
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

/* ---- how good a literal is ---- */

/* The sums below are microseconds per GiB of log: a hit costs half of one, and there are 2^(30 - bits)
 * hits. */
enum {
	BITS_OF_A_GIB = 30,
	HITS_PER_US = 2,
	STOPS_PER_US = 20,
	COST_LONG = 20,	   /* 15 bytes and more: one probe every eight bytes, shared with all others */
	COST_MEDIUM = 600, /* 11 and more, 7 and more */
	COST_SHORTISH = 800,
	COST_CLASSES = 1500,	  /* has to be looked for at every byte */
	COST_TOO_HIGH = 20000000, /* what a pattern costs without: every line has to be cut out for it */

	RARITY_TOO_LOW = 4, /* of a position at the end of a literal; in eighths of a bit, as these: */
	RARITY_NEXT_BYTE = 3 * RARITY_BIT,
	RARITY_NEXT_CLASS = 1 * RARITY_BIT,
	DIGITS_OF_A_YEAR = 4,

	RARITY_OF_PAIRS = 3 * RARITY_BIT, /* which they are less rare than their bytes say */
};

/* What it costs that the filter stops at grams that common words have, too; for at least 15 hashable
 * positions. */
static uint64_t cost_of_grams(const uint16_t *rarity, size_t n)
{
	uint64_t share;

	rarity_window(rarity, n, 8, 8, &share);
	return share / (RARITY_ALL >> BITS_OF_A_GIB) / 8 /
	       STOPS_PER_US; /* of each eight places one is probed */
}

/* The longest part that can be hashed: each position folds to one byte. */
static size_t longest_hashable(const struct byteclass *classes, const uint16_t *at, size_t n, size_t *from)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < n; i++) {
		run = literal_folded(classes, at[i]) < 0 ? 0 : run + 1;
		if (run > longest) {
			longest = run;
			*from = i + 1 - run;
		}
	}
	return longest;
}

static uint64_t cost_of(const struct byteclass *classes, const uint16_t *at, const uint16_t *rarity, size_t n,
			unsigned bits)
{
	uint64_t hits = bits < BITS_OF_A_GIB ? UINT64_C(1) << (BITS_OF_A_GIB - bits) : 0;
	size_t from = 0, hashable = longest_hashable(classes, at, n, &from);
	uint64_t search = hashable >= 15   ? COST_LONG + cost_of_grams(rarity + from, hashable)
			  : hashable >= 11 ? COST_MEDIUM
			  : hashable >= 7  ? COST_SHORTISH
					   : COST_CLASSES;

	return hits / HITS_PER_US + search;
}

static bool is_digits(const struct byteclass *classes, unsigned position)
{
	struct byteset b = literal_bytes(classes, position);

	return !(b.word[0] & ~(UINT64_C(0x3ff) << '0')) && !b.word[1] && !b.word[2] && !b.word[3];
}

static bool is_separator(unsigned position)
{
	return position < 0x80 && strchr("-:/., ", (int)position) && position;
}

/* Behind the run of digits and separators at i, if it has three groups of digits, none longer than a year: a
 * date or a time, which each line of a log begins with. */
static size_t behind_time(const struct byteclass *classes, const uint16_t *at, size_t n, size_t i)
{
	size_t groups = 0, digits = 0, last = i;

	if (i > 0 && !is_separator(at[i - 1])) /* klog's E0102 15:04:05 */
		return 0;
	for (; i < n; i++) {
		bool digit = is_digits(classes, at[i]);

		if (!digit && (!digits || !is_separator(at[i])))
			break;
		groups += digit && !digits;
		digits = digit ? digits + 1 : 0;
		if (digits > DIGITS_OF_A_YEAR)
			return 0;
		last = digit ? i + 1 : last;
	}
	return groups >= 3 ? last : 0;
}

static void weigh_times(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *weight)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = is_digits(classes, at[i]) ? behind_time(classes, at, n, i) : 0;

		for (; i < end; i++)
			weight[i] = 0;
	}
}

/* What each position adds: text is not random, and behind the rarest byte, or a word's first few, others tell
 * little. */
static void weigh(const struct byteclass *classes, const uint16_t *at, size_t n, const uint16_t *rarity,
		  const enum rarity_word *word, uint16_t *weight)
{
	static const uint16_t head[] = { 0, [RARITY_FREQUENT] = 24, [RARITY_EVERYDAY] = 12 };
	static const uint16_t rest[] = { 0, [RARITY_FREQUENT] = 4, [RARITY_EVERYDAY] = 2 };
	enum { HEAD = 4 };
	size_t in_word = 0, in_number = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned most = at[i] < LITERAL_ANY ? RARITY_NEXT_BYTE : RARITY_NEXT_CLASS;

		weight[i] = rarity[i] < most ? rarity[i] : (uint16_t)most;
		in_word = word[i] == RARITY_NO_WORD ? 0 : in_word + 1;
		if (in_word)
			weight[i] = in_word <= HEAD ? head[word[i]] : rest[word[i]];
		in_number = is_digits(classes, at[i]) ? in_number + 1 : 0;
		if (in_number > DIGITS_OF_A_YEAR)
			weight[i] = RARITY_TOO_LOW;
	}
	weigh_times(classes, at, n, weight);
}

/* Where, between first and n, the LITERAL_MAX positions begin that weigh the most. */
static size_t heaviest(const uint16_t *weight, size_t first, size_t n, unsigned *most)
{
	size_t best = first;
	unsigned sum = 0;

	*most = 0;
	for (size_t i = first; i < n; i++) {
		sum += weight[i];
		if (i >= first + LITERAL_MAX)
			sum -= weight[i - LITERAL_MAX];
		if (sum > *most) {
			*most = sum;
			best = i >= first + LITERAL_MAX ? i + 1 - LITERAL_MAX : first;
		}
	}
	return best;
}

/* The rarest part of a string that fits a literal, and what looking for it costs. */
static size_t literal_rarest_part(const struct byteclass *classes, const uint16_t *at, size_t *length,
				  uint64_t *cost)
{
	uint16_t rarity[STRING_MAX], weight[STRING_MAX];
	enum rarity_word word[STRING_MAX];
	size_t first = 0, n = *length;
	unsigned sum, peak = 0;

	literal_rarity(classes, at, n, rarity, word);
	weigh(classes, at, n, rarity, word, weight);
	while (n > first && word[n - 1] == RARITY_NO_WORD && weight[n - 1] < RARITY_TOO_LOW)
		n--;
	while (first < n && word[first] == RARITY_NO_WORD && weight[first] < RARITY_TOO_LOW)
		first++;
	size_t best = heaviest(weight, first, n, &sum);

	n = n - best > LITERAL_MAX ? LITERAL_MAX : n - best;
	for (size_t i = best; i < best + n; i++)
		if (weight[i] && rarity[i] > weight[i] && (unsigned)(rarity[i] - weight[i]) > peak)
			peak = (unsigned)(rarity[i] - weight[i]);
	if (n < 4) /* pairs and triples are met everywhere */
		peak = peak > RARITY_OF_PAIRS ? peak - RARITY_OF_PAIRS : 0;
	*cost = cost_of(classes, at + best, rarity + best, n, (sum + peak) / RARITY_BIT);
	*length = n;
	return best;
}

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
		if (cost >= (n->need.n ? n->cost : COST_TOO_HIGH))
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

static void node_set(struct node *n, bool exact, const struct string_set *s)
{
	n->exact = exact;
	n->cost = 0;
	n->need.n = 0;
	set_copy(&n->first, s);
	set_copy(&n->last, s);
}

static void chain_start(struct chain *c)
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
static void chain_break(const struct pool *p, struct chain *c, const struct string_set *run)
{
	chain_offer(p, c);
	if (c->node.exact)
		set_copy(&c->node.first, &c->run);
	c->node.exact = false;
	set_copy(&c->run, run);
	set_copy(&c->tail, run->n == 1 ? run : &set_of_nothing);
}

static void chain_add_exact(struct pool *p, struct chain *c, const struct string_set *s)
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

static void chain_add(struct pool *p, struct chain *c, const struct node *n)
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

static void chain_end(const struct pool *p, struct chain *c, struct node *out)
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

static void rate_exact(const struct pool *p, struct node *n)
{
	if (n->exact)
		offer(p, n, &n->first);
}

static void node_or(const struct pool *p, struct node *a, const struct node *b)
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
	for (unsigned i = 1; i < times && i < STRING_MAX && whole; i++)
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
static void node_repeat(struct pool *p, struct node *n, unsigned min, unsigned max)
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

/* ---- characters and classes ---- */

static uint16_t give_up(struct pattern_reader *r)
{
	r->doubt = true;
	r->at = r->end;
	return LITERAL_ANY;
}

static bool next_is(const struct pattern_reader *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static bool skip(struct pattern_reader *r, const char *text)
{
	if (!next_is(r, text))
		return false;
	r->at += strlen(text);
	return true;
}

/* The next character, or -1 at the end. */
static int peek(const struct pattern_reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static bool is_letter(unsigned c)
{
	return c < 128 && str_alpha((char)c);
}

static bool is_alnum(int c)
{
	return c >= 0 && c < 128 && (str_alpha((char)c) || str_digit((char)c));
}

static uint16_t position_of_byte(unsigned byte, struct mode mode)
{
	return (uint16_t)(mode.nocase && is_letter(byte) ? LITERAL_NOCASE + byte_fold(byte) : byte);
}

static unsigned count_bytes(const struct byteset *s, unsigned *lowest)
{
	unsigned n = 0;

	for (unsigned i = 4; i-- > 0;) {
		n += (unsigned)__builtin_popcountll(s->word[i]);
		if (s->word[i])
			*lowest = i * 64 + (unsigned)__builtin_ctzll(s->word[i]);
	}
	return n;
}

static uint16_t position_of_set(struct pattern_reader *r, const struct byteset *s)
{
	struct literals *out = r->out;
	unsigned lowest = 0, n = count_bytes(s, &lowest);

	if (n == 1)
		return (uint16_t)lowest;
	if (n == 2 && is_letter(lowest) && byteset_has(s, byte_fold(lowest)) && byte_fold(lowest) != lowest)
		return (uint16_t)(LITERAL_NOCASE + byte_fold(lowest));
	if (n == 256)
		return LITERAL_ANY;
	for (size_t i = 0; i < out->n_classes; i++)
		if (memcmp(&out->classes[i].bytes, s, sizeof(*s)) == 0)
			return (uint16_t)(LITERAL_CLASS + i);
	if (out->n_classes == LITERAL_CLASSES_MAX)
		return LITERAL_ANY;
	out->classes[out->n_classes] = byteclass_of(s);
	return (uint16_t)(LITERAL_CLASS + out->n_classes++);
}

static void add_range(struct byteset *s, unsigned from, unsigned to)
{
	for (unsigned byte = from; byte <= to; byte++)
		byteset_add(s, byte);
}

static void add_bytes(struct byteset *s, const char *bytes)
{
	for (; *bytes; bytes++)
		byteset_add(s, (unsigned char)*bytes);
}

static void unite_bytes(struct byteset *s, const struct byteset *more)
{
	for (size_t i = 0; i < 4; i++)
		s->word[i] |= more->word[i];
}

static void invert(struct byteset *s)
{
	for (size_t i = 0; i < 4; i++)
		s->word[i] = ~s->word[i];
}

/* \d \s \w \h \v and their opposites, as PCRE2's own tables have them in the C locale; false for other
 * letters. */
static bool class_escape(int c, struct byteset *out)
{
	*out = (struct byteset){ 0 };
	switch (byte_fold((unsigned)c)) {
	case 'd':
		add_range(out, '0', '9');
		break;
	case 's':
		add_bytes(out, " \t\n\v\f\r");
		break;
	case 'w':
		add_range(out, '0', '9');
		add_range(out, 'A', 'Z');
		add_range(out, 'a', 'z');
		byteset_add(out, '_');
		break;
	case 'h':
		add_bytes(out, " \t\xa0");
		break;
	case 'v':
		add_bytes(out, "\n\v\f\r\x85");
		break;
	default:
		return false;
	}
	if (c == 'D' || c == 'S' || c == 'W' || c == 'H' || c == 'V')
		invert(out);
	return true;
}

static int digit_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int lower = c < 0 ? c : (int)byte_fold((unsigned)c);

	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

static unsigned read_digits(struct pattern_reader *r, int base, unsigned most)
{
	unsigned value = 0;

	for (unsigned i = 0; i < most && digit_value(peek(r)) < base; i++)
		value = value * (unsigned)base + (unsigned)digit_value(*r->at++);
	return value;
}

/* After \x or \o: {digits}. */
static unsigned braced_number(struct pattern_reader *r, int base)
{
	const char *from = ++r->at;
	unsigned value = read_digits(r, base, 5);

	if (r->at == from || !skip(r, "}") || value > 0xff)
		return give_up(r);
	return value;
}

static unsigned control_character(struct pattern_reader *r)
{
	int c = peek(r);

	if (c < ' ' || c > '~')
		return give_up(r);
	r->at++;
	return (unsigned)(is_letter((unsigned)c) ? c & ~0x20 : c) ^ 0x40U;
}

/*
 * The byte that \c stands for, where it stands for one that is the same in and outside a class: r is behind
 * the c, and goes on behind what belongs to it.  -1: it is something else.
 */
static int byte_escape(struct pattern_reader *r, int c)
{
	static const char letters[] = "aefnrt", bytes[] = "\a\x1b\f\n\r\t";
	const char *found = c > 0 ? strchr(letters, c) : NULL;

	if (found)
		return bytes[found - letters];
	switch (c) {
	case 'x':
		return (int)(peek(r) == '{' ? braced_number(r, 16) : read_digits(r, 16, 2));
	case 'o':
		return peek(r) == '{' ? (int)braced_number(r, 8) : (int)give_up(r);
	case '0':
		return (int)read_digits(r, 8, 2);
	case 'c':
		return (int)control_character(r);
	default:
		return is_alnum(c) || c < 0 ? -1 : c;
	}
}

static const struct {
	const char *name;
	const char *bytes; /* pairs: from, to */
} posix_classes[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "ascii", "\x01\x7f" },
	{ "blank", "  \t\t" },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "  \t\r" },
	{ "upper", "AZ" },
	{ "word", "09AZ__az" },
	{ "xdigit", "09AFaf" },
};

/* Behind "[:" in a class. */
static void posix_class(struct pattern_reader *r, struct mode mode, struct byteset *out)
{
	struct byteset s = { 0 };
	bool inverse = skip(r, "^");
	size_t i = 0;

	while (i < ARRAY_LEN(posix_classes) && !next_is(r, posix_classes[i].name))
		i++;
	if (i == ARRAY_LEN(posix_classes)) {
		give_up(r);
		return;
	}
	const char *name = posix_classes[i].name;

	skip(r, name);
	if (!skip(r, ":]")) {
		give_up(r);
		return;
	}
	for (const char *p = posix_classes[i].bytes; *p; p += 2)
		add_range(&s, (unsigned char)p[0], (unsigned char)p[1]);
	if (str_eq(name, "ascii") || str_eq(name, "cntrl"))
		byteset_add(&s, 0); /* which a string cannot hold */
	if (mode.nocase && (str_eq(name, "lower") || str_eq(name, "upper"))) {
		add_range(&s, 'A', 'Z');
		add_range(&s, 'a', 'z');
	}
	if (inverse)
		invert(&s);
	unite_bytes(out, &s);
}

/* One byte of a class, or -1 where a whole set was added to it. */
static int class_member(struct pattern_reader *r, struct mode mode, struct byteset *s)
{
	struct byteset escaped;
	int c = (unsigned char)*r->at++;

	if (c == '[' && skip(r, ":")) {
		posix_class(r, mode, s);
		return -1;
	}
	if (c == '[' && (next_is(r, ".") || next_is(r, "=")))
		return (int)give_up(r);
	if (c != '\\')
		return c;
	if (r->at == r->end)
		return (int)give_up(r);
	c = (unsigned char)*r->at++;
	if (class_escape(c, &escaped)) {
		unite_bytes(s, &escaped);
		return -1;
	}
	if (c == 'b')
		return '\b';
	int byte = byte_escape(r, c);

	/* \p, \N, \1, \Q, \E and what is a mistake here */
	return byte < 0 ? (int)give_up(r) : byte;
}

/* A range whose first byte was read, if there is one. */
static void class_range(struct pattern_reader *r, struct mode mode, unsigned from, struct byteset *s)
{
	if (peek(r) != '-' || r->end - r->at < 2 || r->at[1] == ']') {
		byteset_add(s, from);
		return;
	}
	r->at++;
	int to = class_member(r, mode, s);

	if (to < 0 || (unsigned)to < from)
		give_up(r);
	else if (!r->doubt)
		add_range(s, from, (unsigned)to);
}

static void add_other_case(struct byteset *s)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		unsigned upper = c & ~0x20U;

		if (byteset_has(s, c))
			byteset_add(s, upper);
		if (byteset_has(s, upper))
			byteset_add(s, c);
	}
}

/* Behind the opening bracket. */
static uint16_t read_class(struct pattern_reader *r, struct mode mode)
{
	struct byteset s = { 0 };
	bool inverse = skip(r, "^"), first = true;

	while (!r->doubt && (first || peek(r) != ']')) {
		if (r->at == r->end)
			return give_up(r);
		int c = class_member(r, mode, &s);

		if (c >= 0 && !r->doubt)
			class_range(r, mode, (unsigned)c, &s);
		first = false;
	}
	if (r->doubt)
		return LITERAL_ANY;
	r->at++;
	if (mode.nocase)
		add_other_case(&s);
	if (inverse)
		invert(&s);
	return position_of_set(r, &s);
}

/* ---- atoms ---- */

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
		return (struct atom){ ATOM_POSITION, position_of_set(r, &s) };
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
		return (struct atom){ ATOM_POSITION, read_class(r, *mode) };
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
	if (put_string(&r->pool, at, *n, &one.of[0]))
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
	if (a.kind == ATOM_POSITION && put_string(&r->pool, &a.position, 1, &one.of[0]))
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
	uint16_t plain[STRING_MAX];
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
			if (n_plain == STRING_MAX)
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
		rate_exact(&r->pool, out);
	while (skip(r, "|")) {
		read_branch(r, &mode, &branch);
		rate_exact(&r->pool, &branch);
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
	rate_exact(&r->pool, &all);
	if (!r->doubt && r->at == r->end)
		put_need(r, &all);
}

struct byteclass byteclass_of(const struct byteset *bytes)
{
	struct byteclass c = { .bytes = *bytes, .rarity = (uint16_t)rarity_of_set(bytes), .folded = -1 };
	int folded = -1;

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byteset_has(bytes, byte))
			continue;
		if (folded >= 0 && folded != (int)byte_fold(byte))
			return c;
		folded = (int)byte_fold(byte);
	}
	c.folded = (int16_t)folded;
	return c;
}

struct byteset literal_bytes(const struct byteclass *classes, unsigned position)
{
	struct byteset s = { 0 };

	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].bytes;
	if (position == LITERAL_ANY) {
		invert(&s);
	} else {
		byteset_add(&s, position & 0xff);
		if (position >= LITERAL_NOCASE)
			byteset_add(&s, position & 0xff & ~0x20U);
	}
	return s;
}

int literal_folded(const struct byteclass *classes, unsigned position)
{
	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].folded;
	return position == LITERAL_ANY ? -1 : (int)byte_fold(position & 0xff);
}

static unsigned position_rarity(const struct byteclass *classes, unsigned position)
{
	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].rarity;
	if (position == LITERAL_ANY)
		return 0;
	return rarity_of_byte(position & 0xff);
}

/* Which positions are part of a well-known word; n is at most STRING_MAX. */
static void find_words(const struct byteclass *classes, const uint16_t *at, size_t n, enum rarity_word *word)
{
	uint32_t four = 0;
	size_t run = 0;

	for (size_t i = 0; i < n; i++) {
		int folded = literal_folded(classes, at[i]);

		word[i] = RARITY_NO_WORD;
		run = folded < 0 ? 0 : run + 1;
		four = four >> 8 | (uint32_t)folded << 24;
		enum rarity_word met = run < 4 ? RARITY_NO_WORD : rarity_word(four);

		for (size_t k = i - 3; met != RARITY_NO_WORD && k <= i; k++)
			word[k] = met > word[k] ? met : word[k];
	}
}

/* Any digit, or what separates two: each line of a log begins with a date or a time. */
static bool in_number(const struct byteclass *classes, const uint16_t *at, size_t n, size_t i)
{
	if (is_separator(at[i]))
		return i > 0 && i + 1 < n && is_digits(classes, at[i - 1]) && is_digits(classes, at[i + 1]);
	return at[i] >= LITERAL_CLASS && is_digits(classes, at[i]);
}

void literal_rarity(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *rarity,
		    enum rarity_word *word)
{
	/* so that a gram of eight is as rare as such words are: one in 16384 bytes, one in 256 */
	static const uint16_t most[] = { UINT16_MAX, [RARITY_FREQUENT] = 14, [RARITY_EVERYDAY] = 8 };
	enum rarity_word own[STRING_MAX];

	rarity_prepare();
	word = word ? word : own;
	find_words(classes, at, n, word);
	for (size_t i = 0; i < n; i++) {
		unsigned bits = position_rarity(classes, at[i]);

		rarity[i] = bits < most[word[i]] ? (uint16_t)bits : most[word[i]];
		if (in_number(classes, at, n, i) && rarity[i] > RARITY_BIT)
			rarity[i] = RARITY_BIT;
	}
}

static void text_byte(unsigned byte, const char *special, struct buf *out)
{
	if (byte < ' ' || byte > '~')
		buf_printf(out, "\\x%02x", byte);
	else
		buf_printf(out, strchr(special, (int)byte) ? "\\%c" : "%c", (int)byte);
}

static void text_set(const struct byteset *s, struct buf *out)
{
	static const char special[] = "\\]^-[";

	buf_char(out, '[');
	for (unsigned from = 0; from < 256; from++) {
		unsigned to = from;

		if (!byteset_has(s, from))
			continue;
		while (to < 255 && byteset_has(s, to + 1))
			to++;
		text_byte(from, special, out);
		if (to > from) {
			buf_char(out, '-');
			text_byte(to, special, out);
		}
		from = to;
	}
	buf_char(out, ']');
}

static bool in_any_case(unsigned position)
{
	return position >= LITERAL_NOCASE && position < LITERAL_ANY;
}

/* Nothing to which case matters: may stand within (?i:...). */
static bool caseless(unsigned position)
{
	return in_any_case(position) || (position < LITERAL_NOCASE && !is_letter(position));
}

void literal_text(const struct byteclass *classes, const struct literal *l, struct buf *out)
{
	static const char special[] = "\\.[](){}*+?^$|#";
	bool open = false;

	for (size_t i = 0; i < l->n; i++) {
		struct byteset s = literal_bytes(classes, l->at[i]);

		if (open && !caseless(l->at[i]))
			buf_char(out, ')');
		open = open && caseless(l->at[i]);
		if (!open && in_any_case(l->at[i])) {
			buf_str(out, "(?i:");
			open = true;
		}
		if (l->at[i] < LITERAL_ANY)
			text_byte(l->at[i] & 0xff, special, out);
		else
			text_set(&s, out);
	}
	if (open)
		buf_char(out, ')');
}
