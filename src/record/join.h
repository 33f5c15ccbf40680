/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the lines of one source into records: a first line, and what belongs to it. */
#pragma once
#include "base/mem.h"
#include "record/lines.h"
#include "record/record.h"
#include "record/unwrap.h"

typedef void join_record_fn(void *arg, const struct record *r);

struct join;
/* out is called from within the functions below; the record is good during the call. */
struct join *join_new(join_record_fn *out, void *arg);
void join_free(struct join *j);
DEFINE_AUTO(join)

/* A line as it was cut out, its cleaned form, and whether a record begins here. */
void join_line(struct join *j, const struct line *l, const struct unwrapped *c, bool first);
/*
 * Delivers what is there, although lines may still come: the source went quiet.  Lines that do come are
 * delivered with the whole record once more, marked `again`.
 */
void join_flush(struct join *j);
/*
 * What would be delivered, for somebody who cannot wait; NULL: nothing that was not delivered.  Good until
 * the next call; after join_told() it counts as delivered.
 */
const struct record *join_look(struct join *j);
void join_told(struct join *j);
/* Delivers what is there and closes it: the source ended, or what comes next is of another run. */
void join_end(struct join *j);
/* The record that lines may still be added to, delivered or not, by its place alone; NULL: there is none. */
const struct record *join_open(const struct join *j);
bool join_waiting(const struct join *j); /* something is there that was not delivered */
uint64_t join_cut(const struct join *j); /* records that were longer than RECORD_MAX_BYTES */
