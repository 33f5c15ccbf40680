/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds have in common: looking at what came back (values at places, text), telling facts out of it,
 * and sending the answer.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "probe/expect.h"
#include "probe/probe.h"

/* ---- values at places ---- */

enum place { PLACE_JSON, PLACE_HEADER, PLACE_COLUMN, PLACE_KEY, PLACE_TEXT, PLACE_COUNT };

/* The value at that place of what a try brought back; good until the next look. */
typedef struct value answer_look_fn(void *seen, enum place place, const char *where);

struct claim {
	enum place place;
	char *where;
	struct expect expect;
};

/* Claims are maps in plans: where -> what is expected there. */
struct claims {
	struct claim *items;
	size_t n, room;
};

/* map NULL: nothing claimed. */
void claims_add(struct claims *c, enum place place, const struct conf_node *map, const struct conf_vars *vars,
		struct conf_problems *p);
void claims_clear(struct claims *c);
bool claims_met(const struct claims *c, answer_look_fn *look, void *seen, struct buf *why);

/* ---- facts ---- */

struct fact_rule {
	char *name;
	enum place place;
	char *where; /* of PLACE_TEXT: unused */
	struct regex *regex;
	int as;
};

struct fact_rules {
	struct fact_rule *items;
	size_t n, room;
};

/* One fact's settings, beside its name. */
extern const struct conf_key fact_keys[];

/* places: which ones this kind has, as bits (1 << PLACE_JSON). */
void facts_add(struct fact_rules *f, const struct conf_node *map, unsigned places,
	       const struct conf_vars *vars, struct conf_problems *p);
void facts_clear(struct fact_rules *f);
void facts_tell(const struct fact_rules *f, answer_look_fn *look, void *seen, struct conf_pairs *out);
void pairs_clear(struct conf_pairs *pairs);
/* Registers value as a secret, as it is and as it stands in a form or URL. */
void secret_hide(const char *value);
/* Registers the values whose names tell that they are secret: Authorization, a password. */
void pairs_hide(const struct conf_pairs *pairs);

/* ---- text ---- */

struct content {
	struct conf_texts contains, not_contains, matches;
	struct regex **regexes; /* one for each of matches */
};

/* clang-format off */
#define CONTENT_ROWS(S, f, what) \
	CONF_ROW(S, f.contains, struct conf_texts, "contains", CONF_TYPE_TEXTS, NULL, what " contains each of these texts", NULL, false), \
	CONF_ROW(S, f.not_contains, struct conf_texts, "not_contains", CONF_TYPE_TEXTS, NULL, what " contains none of these texts", NULL, false), \
	CONF_ROW(S, f.matches, struct conf_texts, "matches", CONF_TYPE_TEXTS, NULL, what " matches each of these regular expressions", NULL, false)
/* clang-format on */

bool content_is_empty(const struct content *c);
void content_check(struct content *c, struct conf_problems *p);
void content_clear(struct content *c); /* what content_check() made; the texts are conf_clear()'s */
/* what: "the body"; it begins the reason. */
bool content_met(const struct content *c, const char *what, const char *text, size_t n, struct buf *why);

/*
 * Does an entry of fail_on name this answer?  Numbers ("403", "5xx") are compared with code, everything else
 * is looked for in text.  The entry, or NULL.
 */
const char *fail_on_met(const struct conf_texts *fail_on, int code, const char *text, size_t n);
/* Is said a number that code has, or a class of them such as 4xx? */
bool code_is(const char *said, int code);

/* ---- the answer ---- */

enum { REASON_MAX = 8192 }; /* the schedule shows less of it, after it has masked what is secret */

struct answer {
	enum probe_result result;
	struct buf reason;
	struct conf_pairs facts;
	double progress;
};

void answer_init(struct answer *a);
void answer_clear(struct answer *a);
void answer_set(struct answer *a, enum probe_result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The last thing a try does: within done the settings, and the probe with them, may vanish. */
void answer_send(const struct answer *a, probe_done_fn *done, void *arg);
