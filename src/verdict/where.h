/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of what was captured: 'schema < original', 'version >= 5.2 and edition != "Community"'. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct where;
struct where *where_parse(const char *text, struct err *e);
/* As it was written. */
const char *where_text(const struct where *w);
void where_free(struct where *w);
DEFINE_AUTO(where)

/* The value of a name (a capture or a fact; len bytes at name); NULL: has none.  *n is its length. */
typedef const char *where_value_fn(const void *arg, const char *name, size_t len, size_t *n);
/* A name without a value makes its comparison false. */
bool where_holds(const struct where *w, where_value_fn *value, const void *arg);
/* Calls fn for each name the expression mentions. */
void where_names(const struct where *w, void (*fn)(void *arg, const char *name), void *arg);

/*
 * Compares two values: as whole numbers where both are (group separators , . ' blank and no-break blanks of
 * any locale do not count), else as versions.  Below, equal, above 0.
 */
int value_cmp(const char *a, size_t n, const char *b, size_t m);
/* The digits of a number in whatever grouping, or NULL where it is none; yours. */
char *value_integer(const char *s, size_t n);
/* Whether value meets an expectation such as '5.2.7' (equal), '>= 10000', '!= x'; of a list in any order: 'a,
 * b'. */
bool value_expected(const char *value, const char *expectation);
