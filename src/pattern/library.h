/* SPDX-License-Identifier: Apache-2.0 */
/* All sets there are: those of the user's folders before the installed ones. */
#pragma once
#include "pattern/set.h"

struct library;
struct library *library_new(void);
void library_free(struct library *l);
DEFINE_AUTO(library)

/* Every *.yaml in the folder; a name that an earlier folder had stays the earlier one.  -1: the folder cannot be read. */
int library_add_folder(struct library *l, const char *folder, struct conf_problems *p, struct err *e);
/* One file; its set takes the place of one with the same name. */
struct set *library_add_file(struct library *l, const char *path, struct conf_problems *p);
void library_add(struct library *l, struct set *take);
/* After the last add: `uses` and rule references must exist, and nobody may use itself. */
void library_check(const struct library *l, struct conf_problems *p);

size_t library_count(const struct library *l);
struct set *library_at(const struct library *l, size_t i); /* by name */
struct set *library_set(const struct library *l, const char *name); /* NULL if there is none */
const char *library_nearest(const struct library *l, const char *name); /* for did-you-mean; NULL: none is near */
/* Whether a uses b, directly or through others. */
bool library_uses(const struct library *l, const struct set *a, const struct set *b);
