/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one log: takes blocks of bytes, finds records, and asks the rules of the active sets.  How it does
 * that (line by line, or a whole block at once) is its own affair.
 */
#pragma once
#include "base/clock.h"
#include "pattern/library.h"
#include "pattern/skim.h"
#include "record/record.h"
#include "record/when.h"

struct reader;

/* A rule's pattern met a record; good during the call. */
struct reader_match {
	const struct record *record;
	const struct rule *rule;
	const struct capture *captures;
	size_t n_captures;
	struct reader *reader; /* for reader_time() */
};

struct reader_events {
	/* Asked in order of the rules: true: this rule wins the record. */
	bool (*allows)(void *arg, const struct reader_match *m);
	/* The winner. */
	void (*met)(void *arg, const struct reader_match *m);
	/* No rule met it; error: the sets take it for an error.  Without reader_walk() not all of them come.
	 */
	void (*unmet)(void *arg, struct reader *reader, const struct record *r, bool error);
	/* A rule's limit was hit: whether it meets the record is not known. */
	void (*gave_up)(void *arg, const struct rule *rule, const struct record *r);
	/* The log is of this product too; the set is active from here on. */
	void (*recognised)(void *arg, struct set *set);
	/*
	 * The set is active, but its file, or one that it needs, is wrong: nothing is looked for by its
	 * rules.  The mistakes were logged.  NULL: gave_up is called with a rule that stands for all of the
	 * set, and is a failure.
	 */
	void (*unusable)(void *arg, const struct set *set);
	/* Whether what the rule waits for (after) has been met, so that it may win any record.  NULL: yes. */
	bool (*may_win)(void *arg, const struct rule *rule);
};

struct reader *reader_new(const struct library *l, const struct reader_events *ev, void *arg);
void reader_free(struct reader *r);
DEFINE_AUTO(reader)

/* The set, and those it uses, are active; nothing else is looked for unless reader_recognise() is called too.
 */
void reader_use(struct reader *r, struct set *set);
/* Products are recognised as they show; until one does, up to 1 MiB is held back.  fallback (may be NULL)
 * reads what none claims. */
void reader_recognise(struct reader *r, struct set *fallback);

/* Every record is delivered, also those that no rule can meet: they are not skipped over. */
void reader_walk(struct reader *r);

void reader_feed(struct reader *r, const char *data, size_t n);
/*
 * For threads that look through blocks before they are read: what to look for, NULL where blocks are not
 * skimmed at present; and what was found in the block that is fed next, borrowed until reader_ahead(r, NULL).
 */
struct prefilter *reader_filter(struct reader *r);
void reader_ahead(struct reader *r, const struct skim_found *found);
/* The log is quiet: what is there of the last record is judged, and judged again should it grow. */
void reader_quiet(struct reader *r);
/*
 * There is no more for the moment.  The last record may still grow, but where a rule meets it that decides
 * nothing, that is told at once.
 */
void reader_pause(struct reader *r);
bool reader_waiting(const struct reader *r); /* a record was not judged yet */
/* The file ends here; the log may go on in another. */
void reader_end_file(struct reader *r);
/* What comes next is another file. */
void reader_next_file(struct reader *r);
/* What comes next stands at this place of the file. */
void reader_skip_to(struct reader *r, uint64_t offset, uint64_t line);
/* Nothing more will come. */
void reader_end(struct reader *r);

/* No record that is still told begins before this place; not to be asked from within events. */
void reader_oldest(const struct reader *r, uint64_t *file, uint64_t *offset);

/* The active sets in the order in which they are asked. */
size_t reader_sets(const struct reader *r);
struct set *reader_set(const struct reader *r, size_t i);

struct reader_when {
	int64_t at; /* CLOCK_UNKNOWN: the record states no time */
	char text[CLOCK_TEXT_MAX];
	struct when_clock clock; /* with the record as the latest */
};
/*
 * The time of a record by the log's own clock, which goes by the records that were told of: what was only
 * looked at must not move it, because how much is looked at is nobody's business.
 */
void reader_time(struct reader *r, const struct record *record, struct reader_when *out);
void reader_told(struct reader *r, const struct reader_when *when);

/* How the latest record that was judged begins. */
const char *reader_latest(const struct reader *r, size_t *len);
/* The time of the latest record of all; CLOCK_UNKNOWN where it states none. */
int64_t reader_last_time(struct reader *r);

struct reader_counts {
	uint64_t bytes, lines, cut_lines, cut_records;
};
struct reader_counts reader_counts(const struct reader *r);
