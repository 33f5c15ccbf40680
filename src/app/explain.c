/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo explain: for each record the rule that met it, those that nearly did, and the state of the run. */
#include <string.h>

#include "app/command.h"
#include "app/sets.h"
#include "app/watch.h"
#include "base/io.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "pattern/near.h"
#include "source/source.h"
#include "verdict/where.h"

enum { OUT_MAX = 1 << 20, ALSO_MAX = 3, AHEAD_MAX = 24 };

struct explaining {
	const struct options *o;
	struct story *story;
	uint64_t line; /* only the record that holds it; 0: all that matter */
	uint64_t shown;
	struct near *near; /* of the sets that are active */
	const struct set *last_set;
	size_t n_sets; /* as near was made for them */
};

static void put(const struct buf *raw)
{
	AUTO_BUF line = BUF_INIT(OUT_MAX);
	AUTO_BUF masked = BUF_INIT(OUT_MAX);

	text_line(&line, buf_text(raw), raw->len);
	secret_mask(&masked, buf_text(&line), line.len);
	buf_char(&masked, '\n');
	io_write_all(STDOUT_FILENO, masked.data, masked.len, NULL);
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	AUTO_BUF raw = BUF_INIT(OUT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&raw, fmt, ap);
	va_end(ap);
	put(&raw);
}

/* ---- the state ---- */

static void show_goals(const struct outcome *o)
{
	AUTO_BUF text = BUF_INIT(OUT_MAX);

	for (size_t i = 0; i < o->n_goals; i++)
		buf_printf(&text, "%s%s %s", i ? ", " : "", o->goals[i].name,
			   o->goals[i].met ? "met" : "missing");
	if (text.len)
		say("    goals: %s", buf_text(&text));
}

static void show_state(const struct explaining *x)
{
	const char *phase = story_phase(x->story);
	__attribute__((cleanup(outcome_free_scope))) struct outcome *o = story_tell_state(x->story);

	say("    before it: %s, phase %s", state_names[story_state(x->story)], phase ? phase : "none");
	if (x->line)
		show_goals(o);
	for (size_t i = 0; x->line && i < o->reasons.n; i++)
		say("    open: %s", o->reasons.items[i].say);
}

/* ---- what else might have won ---- */

static void show_refused(const struct refused *r)
{
	const struct condition *c = r->condition;
	AUTO_BUF why = BUF_INIT(OUT_MAX);
	char span[STR_SPAN_MAX];

	if (r->why == REFUSED_WHERE)
		buf_printf(&why, "where: %s does not hold", where_text(r->rule->where));
	else if (r->why == REFUSED_PIECE)
		buf_str(&why, "it follows a cut: only failures count there");
	else if (c)
		buf_printf(&why, "%s: %s was %smet%s%s%s", c->wanted ? "after" : "unless", c->rule,
			   c->wanted ? "not " : "", c->history ? " in an earlier run" : "",
			   c->within ? " within " : "", c->within ? str_span(c->within, span) : "");
	say("    nearly: %s (its pattern meets it, but %s)", r->rule->full, buf_text(&why));
}

/* Rules that are asked behind the winner and would have won without it. */
static void show_hidden(const struct reader *sets, const struct record *r, const struct rule *winner)
{
	bool behind = false;
	size_t n = 0;

	for (size_t i = 0; i < reader_sets(sets); i++) {
		const struct set *s = reader_set(sets, i);

		for (size_t k = 0; k < s->n_patterns && n < ALSO_MAX; k++) {
			const struct pattern *p = &s->patterns[k];

			if (behind && regex_match(p->regex, r->text, r->len) == REGEX_YES) {
				say("    also: %s would meet it, but %s stands before it", p->rule.full,
				    winner->full);
				n++;
			}
			behind |= &p->rule == winner;
		}
	}
}

static struct near *near_of(struct explaining *x, const struct reader *sets)
{
	size_t n = reader_sets(sets);
	const struct set *last = n ? reader_set(sets, n - 1) : NULL;
	AUTO_FREE struct set **list = NULL;

	if (x->near && x->n_sets == n && x->last_set == last)
		return x->near;
	list = mem_zero(n, sizeof(struct set *));
	for (size_t i = 0; i < n; i++)
		list[i] = reader_set(sets, i);
	near_free(x->near);
	x->near = near_new(list, n);
	x->n_sets = n;
	x->last_set = last;
	return x->near;
}

static void show_near(struct explaining *x, const struct reader *sets, const struct record *r)
{
	const struct near_miss *list;
	size_t n = near_misses(near_of(x, sets), r->text, r->len, &list);

	for (size_t i = 0; i < n; i++) {
		const char *pattern = regex_text(list[i].pattern->regex), *at = pattern + list[i].pattern_at,
			   *ahead = r->text + list[i].subject_at;
		size_t left = r->len - list[i].subject_at;

		say("    nearly: %s (the record has its text \"%s\", but its pattern fails at character %zu "
		    "of "
		    "%zu, \"%.*s%s\", where the record says \"%.*s%s\")",
		    list[i].pattern->rule.full, list[i].text, list[i].pattern_at + 1, strlen(pattern),
		    AHEAD_MAX, at, strlen(at) > AHEAD_MAX ? "..." : "",
		    (int)(left < AHEAD_MAX ? left : AHEAD_MAX), ahead, left > AHEAD_MAX ? "..." : "");
	}
}

/* ---- one record ---- */

static void show_effect(const struct rule *r)
{
	AUTO_BUF text = BUF_INIT(OUT_MAX);

	buf_str(&text, effect_names[r->effect]);
	if (r->why)
		buf_printf(&text, " (%s)", r->why);
	if (r->phase)
		buf_printf(&text, ", phase %s", r->phase);
	if (r->irreversible)
		buf_str(&text, ", point of no return");
	say("    effect: %s", buf_text(&text));
}

static void show_record(struct explaining *x, struct watch *w, const struct record *r,
			const struct rule *winner, bool error)
{
	const struct refused *refused;
	const struct reader *sets = watch_own_reader(w);
	size_t n = watch_refused(w, &refused), width = x->line ? r->len : 160;
	const char *lf = memchr(r->text, '\n', r->len);
	size_t len = lf && !x->line ? (size_t)(lf - r->text) : r->len;

	say("%llu: %s", (unsigned long long)r->line,
	    winner  ? winner->full
	    : error ? "no rule: an unexplained error"
		    : "no rule");
	show_state(x);
	if (winner)
		show_effect(winner);
	for (size_t i = 0; i < n; i++)
		show_refused(&refused[i]);
	if (winner && (x->line || winner->effect == EFFECT_IGNORE))
		show_hidden(sets, r, winner);
	if (x->line || (!winner && error))
		show_near(x, sets, r);
	say("    | %.*s", (int)(len < width ? len : width), r->text);
	x->shown++;
}

static void on_record(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
		      bool error)
{
	struct explaining *x = arg;
	const struct refused *refused;
	bool matters = winner || error || watch_refused(w, &refused) || x->o->verbose;

	if (x->line ? x->line >= r->line && x->line < r->line + r->lines : matters)
		show_record(x, w, r, winner, error);
}

static int explain_log(struct explaining *x, struct watch *w, const char *path)
{
	struct err e;
	AUTO(blocks) b = blocks_open(path, &e);
	const char *data;
	ssize_t n;

	if (!b) {
		log_error("%s", e.text);
		return EXIT_NO_LOG;
	}
	watch_walk(w);
	watch_on_record(w, on_record, x);
	while ((n = blocks_read(b, &data, &e)) > 0)
		watch_feed(w, data, (size_t)n);
	if (n < 0)
		watch_gap(w, e.text);
	watch_end(w);
	story_end(x->story);
	if (x->line && !x->shown)
		say("%llu: the log has no such line", (unsigned long long)x->line);
	else
		say("end: %s", state_names[story_state(x->story)]);
	return 0;
}

static int explain(const struct options *o, struct library *l, struct conf_problems *p, const char *path,
		   uint64_t line)
{
	struct story_settings settings = { .settle = o->settle < 0 ? CLOCK_SECOND : o->settle };
	AUTO(story) story = story_new(&settings);
	AUTO(watch) w = watch_new(story, l, path);
	struct explaining x = { .o = o, .story = story, .line = line };
	size_t n;
	AUTO_FREE struct set **sets = sets_given(o, l, &n, p);
	int code;

	if (conf_problems_count(p))
		return sets_complain(p);
	watch_sets(w, sets, n);
	code = explain_log(&x, w, path);
	near_free(x.near);
	return code;
}

static int run(const struct options *o, int argc, char **argv)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) l = NULL;
	int64_t line = 0;
	struct err e;

	if (argc < 1 || argc > 2) {
		log_error("explain: which log (and which line of it)?");
		return EXIT_USAGE;
	}
	if (argc == 2 && str_int(argv[1], 1, INT64_MAX, &line, &e) < 0) {
		log_error("explain: %s", e.text);
		return EXIT_USAGE;
	}
	l = sets_library(o, p);
	return l ? explain(o, l, p, argv[0], (uint64_t)line) : sets_complain(p);
}

const struct command command_explain = {
	.name = "explain",
	.operands = "LOG [LINE]",
	.help = "for each record which rule met it, which almost did, and what the run's state was then",
	.accepts = OPTIONS_SETS,
	.run = run,
};
