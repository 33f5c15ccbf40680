/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log of a run: its reader tells the story what it meets.  Where docker compose mixes several containers
 * into the log, each has a reader and a part in the story of its own.
 */
#pragma once
#include "app/candidates.h"
#include "pattern/reader.h"
#include "verdict/story.h"

struct watch;
/* Called for every record with the rule that won it (NULL: none did), before the story hears of it. */
typedef void watch_record_fn(void *arg, struct watch *w, const struct record *r, const struct rule *winner,
			     bool error);

/* A rule whose pattern met the latest record, and why it was not to win it. */
struct refused {
	const struct rule *rule;
	enum refusal why;
	const struct condition *condition; /* that does not hold; NULL: it was none */
};

struct watch *watch_new(struct story *s, const struct library *l, const char *name);
void watch_free(struct watch *w);
DEFINE_AUTO(watch)
/* The sets that are given; none: recognise, with the set `generic` for what nothing claims. */
void watch_sets(struct watch *w, struct set *const *sets, size_t n);
/* Those that another log is read with at present. */
void watch_sets_of(struct watch *w, struct watch *other);
void watch_on_record(struct watch *w, watch_record_fn *fn, void *arg);
/* Of the record that on_record is called for; good during that call. */
size_t watch_refused(const struct watch *w, const struct refused **list);
void watch_file(struct watch *w, const char *file); /* what evidence calls the file that is read now */
/* The readers of the log: one, or one a container. */
size_t watch_readers(const struct watch *w);
struct reader *watch_reader(struct watch *w, size_t i);
/* The one of the log, or of the container, that on_record is called for. */
const struct reader *watch_own_reader(const struct watch *w);
void watch_walk(struct watch *w); /* every record is wanted */
/* What comes next stands at this place of the file. */
void watch_skip_to(struct watch *w, uint64_t offset, uint64_t line);
bool watch_waiting(const struct watch *w);	/* a record was not judged yet */
int64_t watch_last_time(const struct watch *w); /* of the latest record; CLOCK_UNKNOWN: not known */
void watch_time(struct watch *w, const struct record *r, struct reader_when *out);
size_t watch_log(const struct watch *w); /* its number in the story */
const char *watch_name(const struct watch *w);
void watch_feed(struct watch *w, const char *data, size_t n);
void watch_end_file(struct watch *w); /* the log may go on in another */
/* What another thread found in the block that is fed next; filter NULL where it did not look. */
struct prefilter *watch_filter(struct watch *w);
void watch_ahead(struct watch *w, const struct skim_found *found);
void watch_next_file(struct watch *w, const char *file);
/* Nothing says what success is, and the log was not recognised: the story hears which sets may be meant. */
void watch_suggest(struct watch *w, struct candidates *c);
void watch_gap(struct watch *w, const char *why);
/* There is no more for the moment: what decides nothing is told, what may still change waits for
 * watch_quiet(). */
void watch_pause(struct watch *w);
/* All there is was fed: coverage is brought up to date, the last record is judged. */
void watch_quiet(struct watch *w);
void watch_end(struct watch *w);
