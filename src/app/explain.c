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
#include "source/source.h"

enum { OUT_MAX = 1 << 20 };

struct explaining {
	const struct options *o;
	struct story *story;
	uint64_t line; /* only the record that holds it; 0: all that matter */
	uint64_t shown;
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

static const char *refusal_name(enum refusal r)
{
	static const char *const names[] = { [REFUSED_WHERE] = "its where does not hold",
					     [REFUSED_AFTER] = "its after was not met",
					     [REFUSED_UNLESS] = "its unless was met",
					     [REFUSED_PIECE] = "follows a cut: only failures count there" };

	return names[r];
}

static void show_record(struct explaining *x, struct watch *w, const struct record *r,
			const struct rule *winner, bool error)
{
	const struct refused *refused;
	size_t n = watch_refused(w, &refused), width = x->line ? r->len : 160;
	const char *lf = memchr(r->text, '\n', r->len), *phase = story_phase(x->story);
	size_t len = lf && !x->line ? (size_t)(lf - r->text) : r->len;

	say("%llu: %s", (unsigned long long)r->line,
	    winner  ? winner->full
	    : error ? "no rule: an unexplained error"
		    : "no rule");
	say("    before it: %s, phase %s", state_names[story_state(x->story)], phase ? phase : "none");
	if (winner)
		say("    effect: %s%s%s%s", effect_names[winner->effect], winner->phase ? ", phase " : "",
		    winner->phase ? winner->phase : "", winner->irreversible ? ", point of no return" : "");
	for (size_t i = 0; i < n; i++)
		say("    nearly: %s (its pattern meets it, but %s)", refused[i].rule->full,
		    refusal_name(refused[i].why));
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

	if (conf_problems_count(p))
		return sets_complain(p);
	watch_sets(w, sets, n);
	return explain_log(&x, w, path);
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
