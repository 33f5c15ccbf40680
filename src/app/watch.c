/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include "app/shifts.h"
#include "app/streams.h"
#include "base/buf.h"
#include "base/log.h"

struct wanted {
	struct set *set;
	bool given; /* by the user; otherwise it was recognised */
};

struct watch {
	struct story *story;
	const struct library *library;
	size_t log;
	char *name;
	struct outcome_texts
		files; /* behind the log, in their order; a record may be judged when the next has begun */
	struct reader *reader;
	struct wanted *wanted; /* sets whose goals may count */
	size_t n_wanted, room_wanted;
	watch_record_fn *on_record;
	void *arg;
	struct refused *refused; /* of the record under way */
	size_t n_refused, room_refused;
	const struct rule *last; /* the winner of the latest record */
	uint64_t last_line;
	struct reader_when when; /* of the record at this place */
	uint64_t when_file, when_offset;
	bool timed;
	int64_t arrival; /* of the bytes that are read now */
	bool recognising;
	struct buf beginning; /* of a log that is to be recognised: by it candidates are found */
	bool walk;
	struct streams *streams; /* NULL: this is one of the containers of another log */
	struct watch **others;	 /* the containers but for the first, which is read here */
	size_t n_others, room_others;
	struct shifts shifts;  /* of a container */
	struct shift_place at; /* where its reader stands by its own count */
};

enum { BEGINNING_MAX = 256 << 10 };

/* ---- which sets count ---- */

/* A given set's goals count; a recognised one's do not where another recognised one uses it. */
static bool counts(const struct watch *w, const struct set *s)
{
	bool wanted = false, used = false;

	for (size_t i = 0; i < w->n_wanted; i++) {
		if (w->wanted[i].set == s && w->wanted[i].given)
			return true;
		wanted |= w->wanted[i].set == s;
		used |= library_uses(w->library, w->wanted[i].set, s);
	}
	return wanted && !used;
}

static void tell_sets(struct watch *w)
{
	for (size_t i = 0; i < reader_sets(w->reader); i++) {
		struct set *s = reader_set(w->reader, i);

		story_use_set(w->story, w->log, &s->meaning, i, counts(w, s));
	}
}

static void want(struct watch *w, struct set *s, bool given)
{
	*ARRAY_ADD(w->wanted, w->n_wanted, w->room_wanted) = (struct wanted){ s, given };
}

static void recognised(void *arg, struct set *set)
{
	struct watch *w = arg;

	log_info("%s: recognised %s (%s)", w->name, set->meaning.name, set->meaning.title);
	want(w, set, false);
	tell_sets(w);
}

/* ---- places ---- */

/* The record with its place in the file. */
static struct record placed(const struct watch *w, const struct record *r)
{
	return shifts_placed(&w->shifts, r);
}

/* Bytes of a container's lines come next, from this place of the file. */
static void note_place(struct watch *w, uint64_t offset, uint64_t line)
{
	const struct shift_place real = { w->at.file, offset, line };
	struct shift_place oldest = { 0 };

	reader_oldest(w->reader, &oldest.file, &oldest.offset);
	shifts_note(&w->shifts, w->at, real, oldest);
}

/* ---- what the reader meets ---- */

/* Read once: several rules may ask for it. */
static const struct reader_when *time_of(struct watch *w, const struct record *r)
{
	if (!w->timed || w->when_file != r->file || w->when_offset != r->offset)
		reader_time(w->reader, r, &w->when);
	w->timed = true;
	w->when_file = r->file;
	w->when_offset = r->offset;
	return &w->when;
}

static struct sighting sighting_of(struct watch *w, const struct record *r)
{
	const struct reader_when *when = time_of(w, r);
	struct record at = placed(w, r);

	return (struct sighting){
		.text = r->text,
		.len = r->len,
		.file = w->files.items[r->file < w->files.n ? r->file : w->files.n - 1],
		.line = at.line,
		.lines = r->lines,
		.offset = at.offset,
		.at = when->at,
		.time_text = when->text[0] ? when->text : NULL,
		.arrival = w->arrival,
		.piece = r->piece,
	};
}

static struct sighting match_of(struct watch *w, const struct reader_match *m)
{
	struct sighting x = sighting_of(w, m->record);

	x.rule = m->rule;
	x.captures = m->captures;
	x.n_captures = m->n_captures;
	return x;
}

static bool allows(void *arg, const struct reader_match *m)
{
	struct watch *w = arg;
	struct sighting x;
	const struct condition *condition = NULL;
	enum refusal why;

	if (!m->rule->where && !m->rule->n_conditions && !m->record->piece)
		return true; /* as most */
	x = match_of(w, m);
	why = story_allows(w->story, w->log, &x, &condition);
	if (why != REFUSED_NOT)
		*ARRAY_ADD(w->refused, w->n_refused, w->room_refused) =
			(struct refused){ m->rule, why, condition };
	return why == REFUSED_NOT;
}

static bool may_win(void *arg, const struct rule *rule)
{
	struct watch *w = arg;

	return story_may_win(w->story, w->log, rule);
}

static void record_seen(struct watch *w, const struct record *r, const struct rule *winner, bool error)
{
	if (w->on_record) {
		struct record at = placed(w, r);

		w->on_record(w->arg, w, &at, winner, error);
	}
	w->n_refused = 0;
}

static void met(void *arg, const struct reader_match *m)
{
	struct watch *w = arg;
	struct sighting x = match_of(w, m);

	reader_told(w->reader, &w->when);
	record_seen(w, m->record, m->rule, false);
	if (m->record->again && w->last == m->rule && w->last_line == m->record->line) {
		story_meet_again(w->story, w->log, &x);
		return;
	}
	w->last = m->rule;
	w->last_line = m->record->line;
	if (m->rule->effect != EFFECT_PROGRESS)
		story_seen(w->story, w->log, x.text, x.len, x.arrival);
	story_meet(w->story, w->log, &x);
}

static void unmet(void *arg, struct reader *reader, const struct record *r, bool error)
{
	struct watch *w = arg;

	(void)reader;
	record_seen(w, r, NULL, error);
	w->last = NULL;
	story_seen(w->story, w->log, r->text, r->len, w->arrival);
	if (error) {
		struct sighting x = sighting_of(w, r);

		reader_told(w->reader, &w->when);
		story_unexplained(w->story, w->log, &x);
	}
}

/* Only a failure that may have been missed forbids a GO. */
static void gave_up(void *arg, const struct rule *rule, const struct record *r)
{
	struct watch *w = arg;
	AUTO_FREE char *why = mem_printf("rule %s gave up on line %llu: its match limit was hit", rule->full,
					 (unsigned long long)placed(w, r).line);

	if (rule->effect == EFFECT_FAIL || rule->effect == EFFECT_ROLLBACK)
		story_gap(w->story, w->log, why);
	else
		log_warn("%s: %s", w->name, why);
}

/* A shipped set that turns out broken when it is needed: what it would have seen was not seen. */
static void unusable(void *arg, const struct set *set)
{
	struct watch *w = arg;
	AUTO_FREE char *why = mem_printf(
		"the set %s cannot be used: its file, or one that it needs, is wrong", set->meaning.name);

	story_gap(w->story, w->log, why);
}

static const struct reader_events events = {
	.unusable = unusable,
	.allows = allows,
	.may_win = may_win,
	.met = met,
	.unmet = unmet,
	.gave_up = gave_up,
	.recognised = recognised,
};

/* ---- construction ---- */

static void on_stream(void *arg, size_t stream, const char *data, size_t n);

static struct watch *make(struct story *s, const struct library *l, const char *name, const char *file)
{
	struct watch *w = new0(struct watch);

	w->story = s;
	w->library = l;
	w->name = mem_strdup(name);
	outcome_text_add(&w->files, file);
	w->log = story_add_log(s, name);
	w->beginning.max = BEGINNING_MAX;
	w->at.line = 1;
	w->reader = reader_new(l, &events, w);
	return w;
}

struct watch *watch_new(struct story *s, const struct library *l, const char *name)
{
	struct watch *w = make(s, l, name, name);

	w->streams = streams_new(on_stream, w);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_others; i++)
		watch_free(w->others[i]);
	free(w->others);
	shifts_clear(&w->shifts);
	streams_free(w->streams);
	reader_free(w->reader);
	free(w->wanted);
	free(w->refused);
	free(w->name);
	outcome_texts_free(&w->files);
	buf_free(&w->beginning);
	free(w);
}

void watch_sets(struct watch *w, struct set *const *sets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		reader_use(w->reader, sets[i]);
		want(w, sets[i], true);
	}
	w->recognising = !n;
	if (n)
		tell_sets(w);
	else
		reader_recognise(w->reader, library_set(w->library, "generic"));
}

void watch_sets_of(struct watch *w, struct watch *other)
{
	size_t n = reader_sets(other->reader);
	AUTO_FREE struct set **sets = mem_zero(n, sizeof(struct set *));

	for (size_t i = 0; i < n; i++)
		sets[i] = reader_set(other->reader, i);
	watch_sets(w, sets, n);
}

void watch_on_record(struct watch *w, watch_record_fn *fn, void *arg)
{
	w->on_record = fn;
	w->arg = arg;
}

void watch_file(struct watch *w, const char *file)
{
	mem_replace(&w->files.items[w->files.n - 1], file);
}

size_t watch_refused(const struct watch *w, const struct refused **list)
{
	*list = w->refused;
	return w->n_refused;
}

size_t watch_readers(const struct watch *w)
{
	return 1 + w->n_others;
}

struct reader *watch_reader(struct watch *w, size_t i)
{
	return i ? w->others[i - 1]->reader : w->reader;
}

const struct reader *watch_own_reader(const struct watch *w)
{
	return w->reader;
}

void watch_walk(struct watch *w)
{
	w->walk = true;
	reader_walk(w->reader);
}

void watch_skip_to(struct watch *w, uint64_t offset, uint64_t line)
{
	streams_skip_to(w->streams, offset, line);
	reader_skip_to(w->reader, offset, line);
	w->at.offset = offset;
	w->at.line = line;
}

bool watch_waiting(const struct watch *w)
{
	bool waiting = reader_waiting(w->reader) || (w->streams && streams_waiting(w->streams));

	for (size_t i = 0; i < w->n_others; i++)
		waiting |= reader_waiting(w->others[i]->reader);
	return waiting;
}

int64_t watch_last_time(const struct watch *w)
{
	int64_t last = reader_last_time(w->reader);

	for (size_t i = 0; i < w->n_others; i++) {
		int64_t at = reader_last_time(w->others[i]->reader);

		last = at > last ? at : last; /* CLOCK_UNKNOWN is below all */
	}
	return last;
}

void watch_time(struct watch *w, const struct record *r, struct reader_when *out)
{
	reader_time(w->reader, r, out);
	reader_told(w->reader, out);
}

size_t watch_log(const struct watch *w)
{
	return w->log;
}

const char *watch_name(const struct watch *w)
{
	return w->name;
}

static void tell_coverage(struct watch *w)
{
	struct reader_counts c = reader_counts(w->reader);

	story_coverage(w->story, w->log, w->files.items[w->files.n - 1], c.bytes, c.lines, c.cut_lines,
		       c.cut_records);
}

/* ---- bytes ---- */

static void read_bytes(struct watch *w, const char *data, size_t n)
{
	const char *text;
	size_t len;

	if (w->recognising && !w->beginning.full)
		buf_add(&w->beginning, data, n);
	w->arrival = clock_mono();
	reader_feed(w->reader, data, n);
	text = reader_latest(w->reader, &len);
	story_seen(w->story, w->log, text, len, w->arrival);
}

static char *container_name(const struct watch *w, size_t stream)
{
	return mem_printf("%s (%s)", w->name, streams_name(w->streams, stream));
}

/* A container that was not seen before: read with what was given for the log. */
static struct watch *add_container(struct watch *w, size_t stream)
{
	AUTO_FREE char *own = container_name(w, 0), *name = container_name(w, stream);
	struct watch *c = make(w->story, w->library, name, w->files.items[w->files.n - 1]);
	AUTO_FREE struct set **sets = mem_zero(w->n_wanted, sizeof(struct set *));
	size_t n = 0;

	for (size_t i = 0; i < w->n_wanted; i++)
		if (w->wanted[i].given)
			sets[n++] = w->wanted[i].set;
	story_name_log(w->story, w->log, own);
	watch_sets(c, sets, n);
	watch_on_record(c, w->on_record, w->arg);
	if (w->walk)
		watch_walk(c);
	*ARRAY_ADD(w->others, w->n_others, w->room_others) = c;
	return c;
}

static void on_stream(void *arg, size_t stream, const char *data, size_t n)
{
	struct watch *w = arg;
	struct watch *c = !stream		  ? w
			  : stream <= w->n_others ? w->others[stream - 1]
						  : add_container(w, stream);

	if (streams_split(w->streams))
		note_place(c, streams_offset(w->streams), streams_line(w->streams));
	c->at.offset += n;
	c->at.line += data[n - 1] == '\n';
	read_bytes(c, data, n);
}

void watch_feed(struct watch *w, const char *data, size_t n)
{
	streams_feed(w->streams, data, n);
}

struct prefilter *watch_filter(struct watch *w)
{
	return reader_filter(w->reader);
}

void watch_ahead(struct watch *w, const struct skim_found *found)
{
	reader_ahead(w->reader, found);
}

static void end_file(struct watch *w)
{
	if (w->streams)
		streams_flush(w->streams);
	reader_end_file(w->reader);
}

void watch_end_file(struct watch *w)
{
	end_file(w);
	for (size_t i = 0; i < w->n_others; i++)
		end_file(w->others[i]);
}

static void next_file(struct watch *w, const char *file)
{
	reader_next_file(w->reader);
	outcome_text_add(&w->files, file);
	w->at = (struct shift_place){ w->at.file + 1, 0, 1 };
}

void watch_next_file(struct watch *w, const char *file)
{
	streams_flush(w->streams);
	streams_skip_to(w->streams, 0, 1);
	next_file(w, file);
	for (size_t i = 0; i < w->n_others; i++)
		next_file(w->others[i], file);
}

void watch_suggest(struct watch *w, struct candidates *c)
{
	struct candidate best[CANDIDATES_MAX];
	size_t n = 0;

	if (w->beginning.len && !story_knows_success(w->story))
		n = candidates_find(c, buf_text(&w->beginning), w->beginning.len, best);
	for (size_t i = 0; i < n; i++)
		story_candidate(w->story, w->log, best[i].set, best[i].rules);
	for (size_t i = 0; i < w->n_others; i++)
		watch_suggest(w->others[i], c);
}

void watch_gap(struct watch *w, const char *why)
{
	story_gap(w->story, w->log, why);
}

void watch_pause(struct watch *w)
{
	reader_pause(w->reader);
	for (size_t i = 0; i < w->n_others; i++)
		reader_pause(w->others[i]->reader);
}

static void quiet(struct watch *w)
{
	w->arrival = clock_mono();
	reader_quiet(w->reader);
	tell_coverage(w);
}

void watch_quiet(struct watch *w)
{
	streams_flush(w->streams);
	quiet(w);
	for (size_t i = 0; i < w->n_others; i++)
		quiet(w->others[i]);
}

static void end(struct watch *w)
{
	w->arrival = clock_mono();
	reader_end(w->reader);
	tell_coverage(w);
}

void watch_end(struct watch *w)
{
	streams_flush(w->streams);
	end(w);
	for (size_t i = 0; i < w->n_others; i++)
		end(w->others[i]);
}
