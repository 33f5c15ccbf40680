/* SPDX-License-Identifier: Apache-2.0 */
#include "app/begin.h"

#include "app/watch.h"
#include "pattern/skim.h"
#include "source/source.h"

enum { HISTORY_MAX = 64 << 20 }; /* of earlier runs; what is older says little about this one */

/* One log, or one of the containers in it. */
struct part {
	bool candidate; /* the latest record is a begin: whether it opened a run is known when the next one
			   comes */
	uint64_t runs;
	struct begin_place latest, found;
};

struct finder {
	struct story *story;
	struct part *parts; /* by their number in the story */
	size_t n, room;
};

static struct part *part_of(struct finder *f, const struct watch *w)
{
	while (f->n <= watch_log(w))
		*ARRAY_ADD(f->parts, f->n, f->room) = (struct part){ 0 };
	return &f->parts[watch_log(w)];
}

static void settle_candidate(const struct finder *f, struct part *p)
{
	uint64_t runs = story_runs(f->story, (size_t)(p - f->parts));

	if (p->candidate && (!p->found.found || runs != p->runs))
		p->found = p->latest;
	p->runs = runs;
	p->candidate = false;
}

static void on_record(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
		      bool error)
{
	struct finder *f = arg;
	struct part *p = part_of(f, w);
	struct reader_when when;

	(void)error;
	settle_candidate(f, p);
	if (!winner || winner->effect != EFFECT_BEGIN)
		return;
	watch_time(w, r, &when);
	p->candidate = true;
	p->latest =
		(struct begin_place){ .found = true, .offset = r->offset, .line = r->line, .at = when.at };
}

/* The last start of each container; reading has to begin where the first of them does. */
static void keep_place(const struct finder *f, struct begin_place *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct begin_place *b = &f->parts[i].found;

		if (!b->found || (out->found && out->offset <= b->offset))
			continue;
		out->found = true;
		out->offset = b->offset;
		out->line = b->line;
		out->at = b->at;
	}
}

static void keep_sets(struct watch *w, struct begin_place *out)
{
	struct reader *r = watch_reader(w, 0);

	if (watch_readers(w) > 1)
		return; /* each container is recognised for itself */
	out->n_sets = reader_sets(r);
	out->sets = mem_zero(out->n_sets, sizeof(struct set *));
	for (size_t i = 0; i < out->n_sets; i++)
		out->sets[i] = reader_set(r, i);
}

static void count(struct begin_place *out, const char *data, size_t n)
{
	out->size += n;
	out->lines += skim_count_lines(data, n);
}

void begin_find(const struct plan_log *log, const struct library *l, struct begin_place *out)
{
	struct story_settings settings = { 0 };
	AUTO(story) story = story_new(&settings);
	AUTO(watch) w = watch_new(story, l, log->name);
	AUTO(blocks) b = blocks_open(log->file, NULL);
	struct finder f = { .story = story };
	const char *data;
	ssize_t n;

	*out = (struct begin_place){ .at = CLOCK_UNKNOWN, .lines = 1 };
	watch_sets(w, log->sets, log->n_sets);
	watch_on_record(w, on_record, &f);
	while (b && (n = blocks_read(b, &data, NULL)) > 0) {
		count(out, data, (size_t)n);
		watch_feed(w, data, (size_t)n);
	}
	watch_end(w);
	for (size_t i = 0; i < f.n; i++)
		settle_candidate(&f, &f.parts[i]);
	keep_place(&f, out);
	free(f.parts);
	keep_sets(w, out);
}

static bool rule_looks_back(const struct rule *r)
{
	bool back = r->history;

	for (size_t i = 0; i < r->n_conditions; i++)
		back |= r->conditions[i].history;
	return back;
}

/* Whether any rule asks for earlier runs; true also where it is not known yet which sets will read the log.
 */
static bool looks_back(struct watch *w, const struct plan_log *log)
{
	const struct reader *r = watch_reader(w, 0);
	bool back = !log->n_sets;

	for (size_t i = 0; i < reader_sets(r); i++) {
		const struct set *s = reader_set(r, i);

		for (size_t k = 0; k < s->n_patterns && !back; k++)
			back = rule_looks_back(&s->patterns[k].rule);
	}
	return back;
}

/* The part of a block that lies before end; what is too old is only counted. */
static void feed_past(struct watch *w, struct begin_place *at, const char *data, size_t n, uint64_t end)
{
	uint64_t left = end - at->size;

	if (n > left)
		n = (size_t)left;
	if (left > HISTORY_MAX) {
		count(at, data, n);
		watch_skip_to(w, at->size, at->lines);
		return;
	}
	at->size += n;
	watch_feed(w, data, n);
}

void begin_history(const struct plan_log *log, const struct library *l, uint64_t end, struct story *s,
		   size_t number)
{
	struct story_settings settings = { 0 };
	AUTO(story) past = story_new(&settings);
	AUTO(watch) w = watch_new(past, l, log->name);
	AUTO(blocks) b = NULL;
	struct begin_place at = { .lines = 1 };
	const char *data;
	ssize_t n;

	watch_sets(w, log->sets, log->n_sets);
	watch_file(w, log->file);
	if (!end || !looks_back(w, log))
		return;
	b = blocks_open(log->file, NULL);
	while (b && at.size < end && (n = blocks_read(b, &data, NULL)) > 0)
		feed_past(w, &at, data, (size_t)n, end);
	watch_end(w);
	if (watch_readers(w) == 1) /* which of several containers a promise was made by is not kept */
		story_inherit(s, number, past, watch_log(w));
}

void begin_end_of(const char *path, struct begin_place *out)
{
	AUTO(blocks) b = blocks_open(path, NULL);
	const char *data;
	ssize_t n;

	*out = (struct begin_place){ .at = CLOCK_UNKNOWN, .lines = 1 };
	while (b && (n = blocks_read(b, &data, NULL)) > 0)
		count(out, data, (size_t)n);
}
