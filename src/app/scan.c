/* SPDX-License-Identifier: Apache-2.0 */
/* gonogo scan: the verdict over finished logs. */
#include <string.h>

#include "app/ahead.h"
#include "app/command.h"
#include "app/finish.h"
#include "app/news.h"
#include "app/sets.h"
#include "app/watch.h"
#include "base/log.h"
#include "source/source.h"

enum { PEEK_MAX = 4 << 20 };

struct scan {
	const struct options *o;
	struct library *library;
	struct set **sets;
	size_t n_sets;
	struct story *story;
	struct news *news;
	struct watch **watches;
	size_t n_watches, room;
};

/* ---- does a log go on with the one before it? ---- */

/* What the beginning of a log tells. */
struct peek {
	bool decided, goes_on; /* an event stood before any begin */
	int64_t first_time;
};

static void peek_record(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
			bool error)
{
	struct peek *p = arg;
	struct reader_when when;

	(void)error;
	if (p->decided)
		return;
	if (p->first_time == CLOCK_UNKNOWN) {
		watch_time(w, r, &when);
		p->first_time = when.at;
	}
	if (winner && winner->effect != EFFECT_IGNORE) {
		p->decided = true;
		p->goes_on = winner->effect != EFFECT_BEGIN;
	}
}

/* The beginning of the log through a story of its own; before (may be NULL): read with the sets of that log.
 */
static struct peek peek_at(const struct scan *s, const char *path, struct watch *before)
{
	struct peek p = { .first_time = CLOCK_UNKNOWN };
	struct story_settings settings = { .settle = s->o->settle };
	AUTO(story) story = story_new(&settings);
	AUTO(watch) w = watch_new(story, s->library, path);
	AUTO(blocks) b = blocks_open(path, NULL);
	size_t seen = 0;
	const char *data;
	ssize_t n;

	if (before)
		watch_sets_of(w, before);
	else
		watch_sets(w, s->sets, s->n_sets);
	watch_walk(w);
	watch_on_record(w, peek_record, &p);
	while (b && !p.decided && seen < PEEK_MAX && (n = blocks_read(b, &data, NULL)) > 0) {
		watch_feed(w, data, (size_t)n);
		seen += (size_t)n;
	}
	watch_end(w);
	return p;
}

/* The log that this one goes on with; NULL: none.  Looking ahead opens it once more, so a pipe never does. */
static struct watch *continued(const struct scan *s, const struct blocks *b, const char *path)
{
	struct watch *before = s->n_watches ? s->watches[s->n_watches - 1] : NULL;
	struct peek p;
	int64_t last;

	if (!before || !blocks_regular(b) || strcmp(path, "-") == 0)
		return NULL;
	p = peek_at(s, path, NULL);
	if (!p.decided) /* of no product that it shows itself: perhaps of the one before */
		p = peek_at(s, path, before);
	if (p.goes_on)
		return before;
	last = watch_last_time(before);
	return last != CLOCK_UNKNOWN && p.first_time != CLOCK_UNKNOWN && p.first_time >= last ? before : NULL;
}

/* ---- reading ---- */

static struct watch *watch_for(struct scan *s, const struct blocks *b, const char *path)
{
	const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
	struct watch *w = continued(s, b, path);

	if (w) {
		watch_next_file(w, name);
		return w;
	}
	w = watch_new(s->story, s->library, name);
	watch_sets(w, s->sets, s->n_sets);
	*ARRAY_ADD(s->watches, s->n_watches, s->room) = w;
	return w;
}

static void take_block(void *arg, const struct skim_found *found)
{
	watch_ahead(arg, found);
	watch_feed(arg, found->data, found->n);
	watch_ahead(arg, NULL);
}

static struct prefilter *filter_of(void *arg)
{
	return watch_filter(arg);
}

static int read_log(struct scan *s, const char *path, struct err *e)
{
	AUTO(blocks) b = blocks_open(path, e);
	struct ahead ahead = { .take = take_block, .filter = filter_of };
	size_t threads = (size_t)s->o->threads;
	struct watch *w;

	if (!b)
		return -1;
	if (!threads)
		threads = blocks_packed(b) ? 2 : 1;
	ahead.arg = w = watch_for(s, b, path);
	if (ahead_read(b, threads, &ahead, e) < 0)
		watch_gap(w, e->text);
	watch_end_file(w);
	return 0;
}

static int read_logs(struct scan *s, int n, char **paths)
{
	struct err e;

	for (int i = 0; i < n; i++) {
		if (read_log(s, paths[i], &e) == 0)
			continue;
		log_error("%s", e.text);
		return EXIT_NO_LOG;
	}
	for (size_t i = 0; i < s->n_watches; i++)
		watch_end(s->watches[i]);
	story_end(s->story);
	return 0;
}

static void suggest(const struct scan *s)
{
	AUTO(candidates) c = candidates_new(s->library);

	for (size_t i = 0; i < s->n_watches; i++)
		watch_suggest(s->watches[i], c);
}

static int report(const struct scan *s, int64_t started)
{
	struct outcome *out;
	int code;

	suggest(s);
	out = story_tell(s->story);
	out->started = started;
	out->ended = clock_wall();
	out->seconds = (double)(out->ended - started) / (double)CLOCK_SECOND;
	news_verdict(s->news, out);
	code = finish_reports(out, s->o, NULL, 0);
	outcome_free(out);
	return code;
}

static int scan_logs(struct scan *s, int argc, char **argv)
{
	struct story_settings settings = {
		.strict = s->o->strict,
		.settle = s->o->settle < 0 ? CLOCK_SECOND : s->o->settle,
		.news = s->o->events ? news_tell : NULL,
	};
	int64_t started = clock_wall();
	struct err e;
	int code;

	s->news = settings.news_arg = news_new(s->o, -1, &e);
	if (!s->news) {
		log_error("%s", e.text);
		return EXIT_REPORT;
	}

	s->story = story_new(&settings);
	code = read_logs(s, argc, argv);
	return code ? code : report(s, started);
}

static int run(const struct options *o, int argc, char **argv)
{
	AUTO(conf_problems) p = conf_problems_new();
	AUTO(library) library = sets_library(o, p);
	struct scan s = { .o = o, .library = library };
	int code;

	if (argc < 1) {
		log_error("scan: which log? (- is standard input)");
		return EXIT_USAGE;
	}
	if (library)
		s.sets = sets_given(o, library, &s.n_sets, p);
	code = conf_problems_count(p) ? sets_complain(p) : scan_logs(&s, argc, argv);
	for (size_t i = 0; i < s.n_watches; i++)
		watch_free(s.watches[i]);
	free(s.watches);
	free(s.sets);
	story_free(s.story);
	news_free(s.news);
	return code;
}

const struct command command_scan = {
	.name = "scan",
	.operands = "LOG...",
	.help = "the verdict over finished logs (- is stdin; .gz .xz .zst .bz2 are read as they are)",
	.accepts = OPTIONS_SETS | OPTIONS_REPORT | OPTIONS_THREADS,
	.run = run,
};
