/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of several sets put to a record: by their literals only those that can meet it are tried. */
#pragma once
#include "pattern/library.h"
#include "pattern/prefilter.h"

struct ask;
/*
 * Of these sets, in this order.  With a library, the patterns by which its other sets are recognised are
 * looked for in blocks as well.  The sets must live as long.
 */
struct ask *ask_new(struct set *const *sets, size_t n, const struct library *recognise);
void ask_free(struct ask *a);

/* Looks at a record; then ask_next() gives the rules to be tried, in their order, NULL at the end. */
void ask_about(struct ask *a, const char *text, size_t len);
/*
 * The same for a record whose literals were found before, in a block that it stands in: ask_begin(), then
 * ask_hit() with each id, as ask_scratch()'s prefilter told it.
 */
void ask_begin(struct ask *a);
void ask_hit(struct ask *a, uint32_t id);
/* Whether something that other sets are recognised by was hit. */
bool ask_may_recognise(const struct ask *a);
const struct pattern *ask_next(struct ask *a);
/* The next set, from *from on (0 at first), that the line may be recognised by; NULL: none more. */
struct set *ask_claim(struct ask *a, const char *line, size_t len, size_t *from);
/* Whether one of the sets takes the record for an error; of the record asked about last. */
bool ask_is_error(const struct ask *a, const char *text, size_t len);

/*
 * Whether every pattern has literals, so that a block in which none occurs need not be read.  Those that have
 * none, but belong to a rule that waits for another one (after), do not count: they are tried only where the
 * caller says so, by ask_hit() with their ids.
 */
bool ask_can_skim(const struct ask *a);
size_t ask_waiting(const struct ask *a);
const struct pattern *ask_waiting_pattern(const struct ask *a, size_t i, uint32_t *id);
/* So many places of this block were looked at in vain; where it was often enough, the filter is exchanged for
 * one that suits the log. */
void ask_tune(struct ask *a, uint64_t in_vain, const char *data, size_t n);
struct prefilter_scratch *ask_scratch(const struct ask *a);
struct prefilter *ask_filter(const struct ask *a); /* to be shared */

/* Whether nothing is known of what the pattern needs, so that it costs a try on every record and forbids
 * skimming. */
bool ask_is_costly(const struct regex *r);
/* For a whole program run: all rules are tried on every record, the oracle for the filter. */
void ask_without_prefilter(void);
