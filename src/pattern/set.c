/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/set.h"

#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "record/when.h"
#include "verdict/where.h"

/* ---- what a file may say ---- */

struct set_conf {
	char *set, *title;
	struct conf_texts detect, uses, phases, restore;
	const struct conf_node *record, *rules;
};

/* clang-format off */
const struct conf_key set_keys[] = {
	CONF_ROW(struct set_conf, set, char *, "set", CONF_TYPE_TEXT, NULL, "name of the set, as in patterns/<name>.yaml", NULL, true),
	CONF_TEXT(struct set_conf, title, NULL, "the product and the versions it is for"),
	CONF_TEXTS(struct set_conf, detect, "patterns by which the product is recognised in records' first lines"),
	CONF_TEXTS(struct set_conf, uses, "sets that are asked after this one's own rules"),
	CONF_NODE(struct set_conf, record, "how records begin and state their time"),
	CONF_TEXTS(struct set_conf, phases, "the phases of a start, in their order"),
	CONF_TEXTS(struct set_conf, restore, "what to restore for a ROLLBACK, in its order"),
	CONF_NODE(struct set_conf, rules, "the rules; within a set the first that meets a record wins it"),
	{ 0 },
};

struct record_conf {
	struct conf_texts first, time, error;
};

const struct conf_key set_record_keys[] = {
	CONF_TEXTS(struct record_conf, first, "patterns of a record's first line"),
	CONF_TEXTS(struct record_conf, time, "layouts of its time, as for strptime"),
	CONF_TEXTS(struct record_conf, error, "patterns of records that are errors, for the count of unexplained ones"),
	{ 0 },
};

struct rule_conf {
	char *id, *match, *phase, *goal, *say, *why, *where, *opens, *broken, *due, *until;
	int effect, unclosed, history;
	bool fatal, consequence, point_of_no_return;
	int64_t within, tries;
	struct conf_texts closes, explains, next, samples, rejects;
	const struct conf_node *after, *unless, *facts;
};

static const char *const in_names[] = { "run", "history", NULL };

const struct conf_key set_rule_keys[] = {
	CONF_ROW(struct rule_conf, id, char *, "id", CONF_TYPE_TEXT, NULL, "name of the rule, unique in its set", NULL, true),
	CONF_ROW(struct rule_conf, match, char *, "match", CONF_TYPE_TEXT, NULL, "PCRE2 pattern, tried on the whole record", NULL, true),
	CONF_ROW(struct rule_conf, effect, int, "effect", CONF_TYPE_ENUM, NULL, "what it means", effect_names, true),
	CONF_TEXT(struct rule_conf, phase, NULL, "the phase that the start is in from here on"),
	CONF_TEXT(struct rule_conf, goal, NULL, "the goal that is reached (effect goal); the rule's id if not said"),
	CONF_BOOL(struct rule_conf, fatal, NULL, "ends a live run at once"),
	CONF_BOOL(struct rule_conf, consequence, NULL, "a failure whose cause another record gives, be it a later one: that one is told first"),
	CONF_BOOL(struct rule_conf, point_of_no_return, NULL, "something irreversible has begun"),
	CONF_TEXT(struct rule_conf, say, NULL, "a sentence for people, with ${capture}"),
	CONF_TEXT(struct rule_conf, why, NULL, "why it is harmless (effect ignore)"),
	CONF_TEXTS(struct rule_conf, explains, "of a warning: the failures that it was the cause of, if they come; it is told before them then"),
	CONF_TEXTS(struct rule_conf, next, "what to do about it"),
	CONF_TEXT(struct rule_conf, where, NULL, "comparison of captures, facts and literals that must hold"),
	CONF_NODE(struct rule_conf, after, "rules that must have been met before"),
	CONF_NODE(struct rule_conf, unless, "rules that must not have been met"),
	CONF_TIME(struct rule_conf, within, NULL, "how far back after and unless look; of a retry: how long it may go on"),
	CONF_ROW(struct rule_conf, history, int, "in", CONF_TYPE_ENUM, "run", "where after and unless look; of a promise: history passes it into later runs", in_names, false),
	CONF_NODE(struct rule_conf, facts, "values stated: name: { from: capture, as: text, integer, version, list or unlist }"),
	CONF_TEXT(struct rule_conf, opens, NULL, "a promise, with ${capture}: no goal counts until it is closed"),
	CONF_TEXTS(struct rule_conf, closes, "the promises that are kept"),
	CONF_ENUM(struct rule_conf, unclosed, "undecided", unclosed_names, "what a promise is that is not kept"),
	CONF_TEXT(struct rule_conf, broken, NULL, "the sentence in the report, with ${capture}, if it is not kept"),
	CONF_TEXT(struct rule_conf, due, NULL, "the rule at which a promise is judged, instead of at the end"),
	CONF_INT(struct rule_conf, tries, NULL, "of a retry: how often before it is a failure"),
	CONF_TEXT(struct rule_conf, until, NULL, "of a retry: the rule that ends it"),
	CONF_TEXTS(struct rule_conf, samples, "records that this rule must win"),
	CONF_TEXTS(struct rule_conf, rejects, "records that must not meet it"),
	{ 0 },
};

struct condition_conf {
	char *rule;
	int64_t within;
	int history;
};

static const struct conf_key condition_keys[] = {
	CONF_ROW(struct condition_conf, rule, char *, "rule", CONF_TYPE_TEXT, NULL, "the rule", NULL, true),
	CONF_TIME(struct condition_conf, within, NULL, "how far back, by the log's clock"),
	CONF_ROW(struct condition_conf, history, int, "in", CONF_TYPE_ENUM, "run", "this run, or the history of the log", in_names, false),
	{ 0 },
};

struct fact_conf {
	char *from;
	int type;
};

static const struct conf_key fact_keys[] = {
	CONF_ROW(struct fact_conf, from, char *, "from", CONF_TYPE_TEXT, NULL, "the capture", NULL, true),
	CONF_ROW(struct fact_conf, type, int, "as", CONF_TYPE_ENUM, "text", "how it compares", fact_type_names, false),
	{ 0 },
};
/* clang-format on */

/* ---- small helpers ---- */

static char *full_name(const char *set, const char *rule)
{
	return strchr(rule, '/') ? mem_strdup(rule) : mem_printf("%s/%s", set, rule);
}

static char **take_texts(const struct conf_texts *t, size_t *n)
{
	char **out = mem_zero(t->n, sizeof(*out));

	for (size_t i = 0; i < t->n; i++)
		out[i] = mem_strdup(t->items[i]);
	*n = t->n;
	return out;
}

static void free_texts(char **t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(t[i]);
	free(t);
}

static struct regex **compile_all(const struct conf_texts *t, size_t *n, struct conf_problems *p)
{
	struct regex **out = mem_zero(t->n, sizeof(struct regex *));
	struct err e;

	for (size_t i = 0; i < t->n; i++) {
		struct regex *r = regex_new(t->items[i], &e);

		if (r)
			out[(*n)++] = r;
		else
			conf_problem(p, t->nodes[i], "%s", e.text);
	}
	return out;
}

static void free_regexes(struct regex **r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		regex_free(r[i]);
	free(r);
}

/* ---- rules ---- */

struct loading {
	struct set *set;
	struct conf_problems *problems;
};

static void add_condition(struct loading *l, struct rule *r, const struct conf_node *n,
			  const struct rule_conf *rc, bool wanted, size_t *room)
{
	struct condition_conf cc = { 0 };
	struct condition *c;

	if (conf_shape(n) == CONF_MAP) {
		conf_fill(n, condition_keys, &cc, NULL, NULL, l->problems);
	} else if (conf_shape(n) == CONF_SCALAR) {
		cc.rule = mem_strdup(conf_text(n));
		/* a retry's within is its own budget, a promise's `in` its own reach */
		cc.within = rc->effect == EFFECT_RETRY ? 0 : rc->within;
		cc.history = rc->opens ? 0 : rc->history;
	} else {
		conf_problem(l->problems, n,
			     "expected the id of a rule, or { rule: ..., within: ..., in: history }");
	}
	if (cc.rule) {
		c = ARRAY_ADD(r->conditions, r->n_conditions, *room);
		*c = (struct condition){ .rule = full_name(r->set, cc.rule),
					 .wanted = wanted,
					 .within = cc.within,
					 .history = cc.history == 1 };
	}
	free(cc.rule);
}

static void add_conditions(struct loading *l, struct rule *r, const struct conf_node *n,
			   const struct rule_conf *rc, bool wanted, size_t *room)
{
	if (!n)
		return;
	if (conf_shape(n) != CONF_LIST) {
		add_condition(l, r, n, rc, wanted, room);
		return;
	}
	for (size_t i = 0; i < conf_count(n); i++)
		add_condition(l, r, conf_item(n, i), rc, wanted, room);
}

static bool has_capture(const struct pattern *p, const char *name, size_t len)
{
	for (size_t i = 0; p->regex && i < regex_names(p->regex); i++)
		if (strlen(regex_name(p->regex, i)) == len && memcmp(regex_name(p->regex, i), name, len) == 0)
			return true;
	return false;
}

static void unknown_capture(struct loading *l, const struct pattern *p, const struct conf_node *n,
			    const char *name)
{
	size_t count = p->regex ? regex_names(p->regex) : 0;
	const char **names = mem_zero(count, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = regex_name(p->regex, i);
	if (p->regex)
		conf_unknown(l->problems, n, "unknown capture", name, names, count);
	free(names);
}

static void add_facts(struct loading *l, struct pattern *p, const struct conf_node *n)
{
	size_t room = 0;

	if (!n)
		return;
	if (conf_shape(n) != CONF_MAP) {
		conf_problem(l->problems, n, "expected a map: name: { from: capture, as: integer }");
		return;
	}
	for (size_t i = 0; i < conf_count(n); i++) {
		struct fact_conf fc = { 0 };
		struct fact_rule *f;

		conf_fill(conf_item(n, i), fact_keys, &fc, NULL, NULL, l->problems);
		if (!fc.from)
			continue;
		if (!has_capture(p, fc.from, strlen(fc.from)))
			unknown_capture(l, p, conf_item(n, i), fc.from);
		f = ARRAY_ADD(p->rule.facts, p->rule.n_facts, room);
		*f = (struct fact_rule){ .name = mem_strdup(conf_key(n, i)),
					 .from = fc.from,
					 .type = (enum fact_type)fc.type };
	}
}

/* ${name} in a sentence must be a capture of the pattern. */
static void check_template(struct loading *l, const struct pattern *p, const struct conf_node *at,
			   const char *key, const char *text)
{
	for (const char *s = text; s && (s = strstr(s, "${")); s += 2) {
		const char *close = strchr(s, '}');
		AUTO_FREE char *name = close ? mem_strndup(s + 2, (size_t)(close - s - 2)) : NULL;

		if (!close)
			conf_problem(l->problems, at, "%s: '${' is not closed", key);
		else if (!has_capture(p, name, strlen(name)))
			unknown_capture(l, p, at, name);
	}
}

static bool is_phase(const struct set *s, const char *phase)
{
	for (size_t i = 0; i < s->meaning.n_phases; i++)
		if (strcmp(s->meaning.phases[i], phase) == 0)
			return true;
	return false;
}

static void check_rule(struct loading *l, const struct pattern *p, const struct rule_conf *rc)
{
	const struct conf_node *n = p->node;
	const struct rule *r = &p->rule;

	if (r->phase && !is_phase(l->set, r->phase))
		conf_unknown(l->problems, conf_get(n, "phase"), "unknown phase", r->phase,
			     (const char *const *)l->set->meaning.phases, l->set->meaning.n_phases);
	if (rc->goal && r->effect != EFFECT_GOAL)
		conf_problem(l->problems, conf_get(n, "goal"),
			     "goal: only a rule with effect: goal reaches one");
	if (r->effect == EFFECT_IGNORE && !r->why)
		conf_problem(l->problems, n, "why: a rule that ignores must say why");
	if (r->effect == EFFECT_RETRY && !r->until)
		conf_problem(l->problems, n, "until: a retry must say which rule ends it");
	if (r->effect != EFFECT_RETRY && (rc->tries || r->until))
		conf_problem(l->problems, n, "tries and until are for effect: retry");
	if ((rc->due || rc->unclosed || r->broken) && !r->opens)
		conf_problem(l->problems, n,
			     "due, unclosed and broken are for rules that open a promise (opens: ...)");
	if (r->fatal && r->effect != EFFECT_FAIL && r->effect != EFFECT_ROLLBACK)
		conf_problem(l->problems, conf_get(n, "fatal"), "fatal: only for effect: fail or rollback");
	if (r->consequence && r->effect != EFFECT_FAIL && r->effect != EFFECT_ROLLBACK)
		conf_problem(l->problems, conf_get(n, "consequence"),
			     "consequence: only for effect: fail or rollback");
	if (r->n_explains && r->effect != EFFECT_WARN)
		conf_problem(l->problems, conf_get(n, "explains"), "explains: only for effect: warn");
	check_template(l, p, conf_get(n, "say"), "say", r->say);
	check_template(l, p, conf_get(n, "opens"), "opens", r->opens);
	for (size_t i = 0; i < r->n_closes; i++)
		check_template(l, p, rc->closes.nodes[i], "closes", r->closes[i]);
	check_template(l, p, conf_get(n, "broken"), "broken", r->broken);
}

static void compile_rule(struct loading *l, struct pattern *p, const struct rule_conf *rc)
{
	struct err e;

	if (rc->match) {
		p->regex = regex_new(rc->match, &e);
		if (!p->regex)
			conf_problem(l->problems, conf_get(p->node, "match"), "match: %s", e.text);
	}
	if (rc->where) {
		p->rule.where = where_parse(rc->where, &e);
		if (!p->rule.where)
			conf_problem(l->problems, conf_get(p->node, "where"), "where: %s", e.text);
	}
}

static void take_explains(struct rule *r, const struct conf_texts *ids)
{
	r->explains = mem_zero(ids->n, sizeof(char *));
	r->n_explains = ids->n;
	for (size_t i = 0; i < ids->n; i++)
		r->explains[i] = full_name(r->set, ids->items[i]);
}

/* Moves what was read into the rule; rc keeps nothing of it. */
static void take_rule(struct loading *l, struct pattern *p, struct rule_conf *rc)
{
	struct rule *r = &p->rule;
	size_t room = 0;

	r->set = l->set->meaning.name;
	r->id = mem_strdup(rc->id ? rc->id : "?");
	r->full = full_name(r->set, r->id);
	r->effect = (enum effect)rc->effect;
	r->phase = mem_strdup(rc->phase);
	r->goal = r->effect == EFFECT_GOAL ? mem_strdup(rc->goal ? rc->goal : r->id) : NULL;
	r->fatal = rc->fatal;
	r->consequence = rc->consequence;
	r->irreversible = rc->point_of_no_return;
	r->say = mem_strdup(rc->say);
	r->why = mem_strdup(rc->why);
	r->opens = mem_strdup(rc->opens);
	r->closes = take_texts(&rc->closes, &r->n_closes);
	r->broken = mem_strdup(rc->broken);
	r->unclosed = (enum unclosed)rc->unclosed;
	r->due = rc->due ? full_name(r->set, rc->due) : NULL;
	r->until = rc->until ? full_name(r->set, rc->until) : NULL;
	r->history = rc->opens && rc->history == 1;
	r->tries = rc->tries;
	r->within = r->effect == EFFECT_RETRY ? rc->within : 0;
	r->next = take_texts(&rc->next, &r->n_next);
	take_explains(r, &rc->explains);
	p->samples = rc->samples;
	p->rejects = rc->rejects;
	rc->samples = rc->rejects = (struct conf_texts){ 0 };
	compile_rule(l, p, rc);
	add_conditions(l, r, rc->after, rc, true, &room);
	add_conditions(l, r, rc->unless, rc, false, &room);
	add_facts(l, p, rc->facts);
	check_rule(l, p, rc);
}

static void load_rule(struct loading *l, const struct conf_node *n)
{
	struct rule_conf rc = { 0 };
	struct pattern *p = &l->set->patterns[l->set->n_patterns++];

	p->node = n;
	conf_fill(n, set_rule_keys, &rc, NULL, NULL, l->problems);
	if (rc.id && set_pattern(l->set, rc.id))
		conf_problem(l->problems, conf_get(n, "id"), "id: rule '%s' is there already", rc.id);
	take_rule(l, p, &rc);
	conf_clear(set_rule_keys, &rc);
}

static void load_rules(struct loading *l, const struct conf_node *rules)
{
	if (!rules || conf_shape(rules) != CONF_LIST) {
		if (rules)
			conf_problem(l->problems, rules, "rules: expected a list of rules");
		return;
	}
	l->set->patterns = mem_zero(conf_count(rules), sizeof(*l->set->patterns));
	for (size_t i = 0; i < conf_count(rules); i++)
		load_rule(l, conf_item(rules, i));
}

/* ---- the set ---- */

static void collect_goals(struct set *s)
{
	size_t room = 0;

	for (size_t i = 0; i < s->n_patterns; i++) {
		const char *goal = s->patterns[i].rule.goal;
		bool known = !goal;

		for (size_t k = 0; k < s->meaning.n_goals && !known; k++)
			known = strcmp(s->meaning.goals[k], goal) == 0;
		if (!known)
			*ARRAY_ADD(s->meaning.goals, s->meaning.n_goals, room) = mem_strdup(goal);
	}
}

static void load_record(struct loading *l, const struct conf_node *n)
{
	struct record_conf rc = { 0 };

	if (!n)
		return;
	conf_fill(n, set_record_keys, &rc, NULL, NULL, l->problems);
	l->set->first = compile_all(&rc.first, &l->set->n_first, l->problems);
	l->set->error = compile_all(&rc.error, &l->set->n_error, l->problems);
	for (size_t i = 0; i < rc.time.n; i++) {
		const char *wrong = when_check(rc.time.items[i]);

		if (wrong)
			conf_problem(l->problems, rc.time.nodes[i], "time: '%s' %s", rc.time.items[i], wrong);
	}
	l->set->time = rc.time;
	rc.time = (struct conf_texts){ 0 };
	conf_clear(set_record_keys, &rc);
}

static void load(struct loading *l, const struct conf_node *root)
{
	struct set *s = l->set;
	struct set_conf sc = { 0 };

	conf_fill(root, set_keys, &sc, NULL, NULL, l->problems);
	s->path = mem_strdup(conf_path(root));
	s->meaning.name = mem_strdup(sc.set ? sc.set : "?");
	s->meaning.title = mem_strdup(sc.title ? sc.title : "");
	s->meaning.phases = take_texts(&sc.phases, &s->meaning.n_phases);
	s->meaning.restore = take_texts(&sc.restore, &s->meaning.n_restore);
	s->detect = compile_all(&sc.detect, &s->n_detect, l->problems);
	s->uses = sc.uses;
	sc.uses = (struct conf_texts){ 0 };
	load_record(l, sc.record);
	load_rules(l, sc.rules);
	collect_goals(s);
	conf_clear(set_keys, &sc);
}

struct set *set_from_conf(struct conf *take, struct conf_problems *p)
{
	struct set *s = new0(struct set);
	struct loading l = { s, p };
	size_t before = conf_problems_count(p);

	s->conf = take;
	load(&l, conf_root(take));
	if (conf_problems_count(p) == before)
		return s;
	set_free(s);
	return NULL;
}

struct set *set_load(const char *path, struct conf_problems *p)
{
	struct conf *c = conf_load(path, p);

	return c ? set_from_conf(c, p) : NULL;
}

/* ---- the head alone ---- */

static size_t line_end(const char *text, size_t n, size_t at)
{
	const char *lf = memchr(text + at, '\n', n - at);

	return lf ? (size_t)(lf - text) + 1 : n;
}

/* Whether the line may stand among the rules: it begins no other key of the file, and no other document. */
static bool among_rules(const char *line, size_t n)
{
	return strchr(" #\r\n", line[0]) || (n > 1 && line[0] == '-' && line[1] == ' ');
}

/* How much of the file stands in front of its rules; 0 where it cannot be told without reading it as YAML. */
static size_t head_length(const char *text, size_t n)
{
	static const char key[] = "rules:";
	size_t head = 0;

	if (memchr(text, '\0', n))
		return 0;
	for (size_t at = 0, end; at < n; at = end) {
		end = line_end(text, n, at);
		if (head && !among_rules(text + at, end - at))
			return 0;
		if (!head && end - at > strlen(key) && memcmp(text + at, key, strlen(key)) == 0)
			head = at;
	}
	return head;
}

static struct set *from_text(const char *path, const char *text, size_t n, struct conf_problems *p)
{
	struct conf *c = conf_parse(path, text, n, p);

	return c ? set_from_conf(c, p) : NULL;
}

struct set *set_load_head(const char *path, struct conf_problems *p)
{
	AUTO(conf_problems) own = conf_problems_new();
	AUTO_BUF text = BUF_INIT(CONF_FILE_MAX);
	struct set *s = NULL;
	size_t head;

	if (io_read_file(path, &text, NULL) < 0)
		return set_load(path, p); /* which says why */
	head = head_length(buf_text(&text), text.len);
	if (head)
		s = from_text(path, buf_text(&text), head, own);
	if (!s)
		return from_text(path, buf_text(&text), text.len, p); /* all mistakes at once */
	s->text = buf_take(&text);
	return s;
}

struct set *set_load_copy(const struct set *head, struct conf_problems *p)
{
	return from_text(head->path, head->text, strlen(head->text), p);
}

/* What recognises the product stays as it is: readers that do not use the set look for it. */
bool set_load_rules(struct set *s, struct conf_problems *p)
{
	AUTO(set) whole = NULL;
	struct set head = *s;

	if (!s->text)
		return true;
	whole = set_load_copy(s, p);
	if (!whole)
		return false;
	s->meaning = whole->meaning;
	s->uses = whole->uses;
	s->time = whole->time;
	s->patterns = whole->patterns;
	s->n_patterns = whole->n_patterns;
	s->conf = whole->conf;
	s->text = NULL;
	whole->meaning = head.meaning;
	whole->uses = head.uses;
	whole->time = head.time;
	whole->patterns = NULL;
	whole->n_patterns = 0;
	whole->conf = head.conf;
	whole->text = head.text;
	return true;
}

/* ---- giving back ---- */

static void free_rule(struct rule *r)
{
	free(r->id);
	free(r->full);
	free(r->phase);
	free(r->goal);
	free(r->say);
	free(r->why);
	where_free(r->where);
	for (size_t i = 0; i < r->n_conditions; i++)
		free(r->conditions[i].rule);
	free(r->conditions);
	for (size_t i = 0; i < r->n_facts; i++) {
		free(r->facts[i].name);
		free(r->facts[i].from);
	}
	free(r->facts);
	free(r->opens);
	free_texts(r->closes, r->n_closes);
	free(r->broken);
	free(r->due);
	free(r->until);
	free_texts(r->next, r->n_next);
	free_texts(r->explains, r->n_explains);
}

static void free_conf_texts(struct conf_texts *t)
{
	free_texts(t->items, t->n);
	free(t->nodes);
}

static void forget(struct conf_texts *t)
{
	free_conf_texts(t);
	*t = (struct conf_texts){ 0 };
}

static void forget_nodes(struct conf_texts *t)
{
	free(t->nodes);
	t->nodes = NULL;
}

void set_forget_places(struct set *s)
{
	for (size_t i = 0; i < s->n_patterns; i++) {
		forget(&s->patterns[i].samples);
		forget(&s->patterns[i].rejects);
		s->patterns[i].node = NULL;
	}
	forget_nodes(&s->uses);
	forget_nodes(&s->time);
	conf_free(s->conf);
	s->conf = NULL;
}

void set_drop_rules(struct set *s)
{
	for (size_t i = 0; i < s->n_patterns; i++) {
		free_rule(&s->patterns[i].rule);
		regex_free(s->patterns[i].regex);
		free_conf_texts(&s->patterns[i].samples);
		free_conf_texts(&s->patterns[i].rejects);
	}
	free(s->patterns);
	s->patterns = NULL;
	s->n_patterns = 0;
	free_texts(s->meaning.goals, s->meaning.n_goals);
	s->meaning.goals = NULL;
	s->meaning.n_goals = 0;
}

void set_free(struct set *s)
{
	if (!s)
		return;
	set_drop_rules(s);
	free_regexes(s->detect, s->n_detect);
	free_regexes(s->first, s->n_first);
	free_regexes(s->error, s->n_error);
	free_conf_texts(&s->uses);
	free_conf_texts(&s->time);
	free_texts(s->meaning.phases, s->meaning.n_phases);
	free_texts(s->meaning.restore, s->meaning.n_restore);
	free(s->meaning.name);
	free(s->meaning.title);
	free(s->path);
	free(s->text);
	conf_free(s->conf);
	free(s);
}

const struct pattern *set_pattern(const struct set *s, const char *id)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		if (str_eq(s->patterns[i].rule.id, id))
			return &s->patterns[i];
	return NULL;
}
