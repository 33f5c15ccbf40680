/* SPDX-License-Identifier: Apache-2.0 */
#include "app/begin.h"

#include <string.h>

#include "app/watch.h"
#include "source/source.h"

struct finder {
	struct story *story;
	struct begin_place *out;
	bool candidate; /* the latest record is a begin: whether it opened a run is known when the next one
			   comes */
	uint64_t offset, line, runs;
	int64_t at;
};

static void settle_candidate(struct finder *f, const struct watch *w)
{
	uint64_t runs = story_runs(f->story, watch_log(w));

	if (f->candidate && (!f->out->found || runs != f->runs)) {
		f->out->found = true;
		f->out->offset = f->offset;
		f->out->line = f->line;
		f->out->at = f->at;
	}
	f->runs = runs;
	f->candidate = false;
}

static void on_record(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
		      bool error)
{
	struct finder *f = arg;
	struct reader_when when;

	(void)error;
	settle_candidate(f, w);
	if (!winner || winner->effect != EFFECT_BEGIN)
		return;
	reader_time(watch_reader(w), r, &when);
	f->candidate = true;
	f->offset = r->offset;
	f->line = r->line;
	f->at = when.at;
}

static void keep_sets(struct watch *w, struct begin_place *out)
{
	struct reader *r = watch_reader(w);

	out->n_sets = reader_sets(r);
	out->sets = mem_zero(out->n_sets, sizeof(struct set *));
	for (size_t i = 0; i < out->n_sets; i++)
		out->sets[i] = reader_set(r, i);
}

static void count(struct begin_place *out, const char *data, size_t n)
{
	const char *end = data + n;

	out->size += n;
	while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
		out->lines++;
		data++;
	}
}

void begin_find(const struct plan_log *log, const struct library *l, struct begin_place *out)
{
	struct story_settings settings = { 0 };
	AUTO(story) story = story_new(&settings);
	AUTO(watch) w = watch_new(story, l, log->name);
	AUTO(blocks) b = blocks_open(log->file, NULL);
	struct finder f = { .story = story, .out = out };
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
	settle_candidate(&f, w);
	keep_sets(w, out);
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
