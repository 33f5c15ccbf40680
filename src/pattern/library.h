/* SPDX-License-Identifier: Apache-2.0 */
/* All sets there are: those of the user's folders before the installed ones. */
#pragma once
#include "pattern/set.h"

struct library;
struct library *library_new(void);
void library_free(struct library *l);
DEFINE_AUTO(library)

/* Every *.yaml in the folder, wholly; a name that an earlier folder had stays the earlier one.  -1: it cannot
 * be read. */
int library_add_folder(struct library *l, const char *folder, struct conf_problems *p, struct err *e);
/* The same for the sets that come with the program; of each only its name is known until it is read. */
int library_add_shipped(struct library *l, const char *folder, struct err *e);
/* One file; its set takes the place of one with the same name. */
struct set *library_add_file(struct library *l, const char *path, struct conf_problems *p);
void library_add(struct library *l, struct set *take);

/* Reads what recognition needs of every set. */
void library_read(const struct library *l, struct conf_problems *p);
/* The set if there is one, read if need be; NULL: there is none, or the mistakes are in p. */
struct set *library_find(const struct library *l, const char *name, struct conf_problems *p);
/*
 * To be called before a set is used: loads its rules and those of all sets it uses, and checks them with
 * their samples and with the sets they refer to.  false: it cannot be used; the mistakes are in p, the first
 * time.
 */
bool library_make_usable(const struct library *l, struct set *s, struct conf_problems *p);
/* All rules of all sets: `uses` and rule references must exist, and nobody may use itself. */
void library_check(const struct library *l, struct conf_problems *p);

size_t library_count(const struct library *l);
/* By name, with its rules; its mistakes are logged. */
struct set *library_at(const struct library *l, size_t i);
/* The same as far as it was read until now; NULL: not at all. */
struct set *library_head(const struct library *l, size_t i);
struct set *library_set(const struct library *l, const char *name); /* NULL if there is none that was read */
const char *library_nearest(const struct library *l,
			    const char *name); /* for did-you-mean; NULL: none is near */
/* Whether a uses b, directly or through others. */
bool library_uses(const struct library *l, const struct set *a, const struct set *b);
