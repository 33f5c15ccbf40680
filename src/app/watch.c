/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

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
};

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

	return (struct sighting){
		.text = r->text,
		.len = r->len,
		.file = w->files.items[r->file < w->files.n ? r->file : w->files.n - 1],
		.line = r->line,
		.lines = r->lines,
		.offset = r->offset,
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
	enum refusal why;

	if (!m->rule->where && !m->rule->n_conditions && !m->record->piece)
		return true; /* as most */
	x = match_of(w, m);
	why = story_allows(w->story, w->log, &x);
	if (why != REFUSED_NOT)
		*ARRAY_ADD(w->refused, w->n_refused, w->room_refused) = (struct refused){ m->rule, why };
	return why == REFUSED_NOT;
}

static void record_seen(struct watch *w, const struct record *r, const struct rule *winner, bool error)
{
	if (w->on_record)
		w->on_record(w->arg, w, r, winner, error);
	w->n_refused = 0;
}

static void met(void *arg, const struct reader_match *m)
{
	struct watch *w = arg;
	struct sighting x = match_of(w, m);

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

		story_unexplained(w->story, w->log, &x);
	}
}

/* Only a failure that may have been missed forbids a GO. */
static void gave_up(void *arg, const struct rule *rule, const struct record *r)
{
	struct watch *w = arg;
	AUTO_FREE char *why = mem_printf("rule %s gave up on line %llu: its match limit was hit", rule->full,
					 (unsigned long long)r->line);

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
	.met = met,
	.unmet = unmet,
	.gave_up = gave_up,
	.recognised = recognised,
};

/* ---- construction ---- */

struct watch *watch_new(struct story *s, const struct library *l, const char *name)
{
	struct watch *w = new0(struct watch);

	w->story = s;
	w->library = l;
	w->name = mem_strdup(name);
	outcome_text_add(&w->files, name);
	w->log = story_add_log(s, name);
	w->reader = reader_new(l, &events, w);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	reader_free(w->reader);
	free(w->wanted);
	free(w->refused);
	free(w->name);
	outcome_texts_free(&w->files);
	free(w);
}

void watch_sets(struct watch *w, struct set *const *sets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		reader_use(w->reader, sets[i]);
		want(w, sets[i], true);
	}
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

struct reader *watch_reader(struct watch *w)
{
	return w->reader;
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

void watch_feed(struct watch *w, const char *data, size_t n)
{
	const char *text;
	size_t len;

	w->arrival = clock_mono();
	reader_feed(w->reader, data, n);
	text = reader_latest(w->reader, &len);
	story_seen(w->story, w->log, text, len, w->arrival);
}

void watch_next_file(struct watch *w, const char *file)
{
	reader_next_file(w->reader);
	outcome_text_add(&w->files, file);
}

void watch_gap(struct watch *w, const char *why)
{
	story_gap(w->story, w->log, why);
}

void watch_quiet(struct watch *w)
{
	w->arrival = clock_mono();
	reader_quiet(w->reader);
	tell_coverage(w);
}

void watch_end(struct watch *w)
{
	w->arrival = clock_mono();
	reader_end(w->reader);
	tell_coverage(w);
}
