/* SPDX-License-Identifier: Apache-2.0 */
/* The sets that the command line asks for. */
#pragma once
#include "app/options.h"
#include "pattern/library.h"

/* All sets of --patterns, of files named by --set, and the installed ones; NULL with the mistakes in p. */
struct library *sets_library(const struct options *o, struct conf_problems *p);
/*
 * The sets of --set and the one that --ready and --fail make, in this order: that one first.  Their samples
 * are checked.  The list is the caller's; *n 0 and NULL: recognise.  With mistakes in p the list is not to be
 * used.
 */
struct set **sets_given(const struct options *o, struct library *l, size_t *n, struct conf_problems *p);
/* A set by the name that a user said, its samples checked; NULL with the mistake in p. */
struct set *sets_named(struct library *l, const char *name, struct conf_problems *p);
/* The same as it is read, not checked, perhaps without its rules. */
struct set *sets_find(const struct library *l, const char *name, struct conf_problems *p);
/* Prints the mistakes to standard error; returns EXIT_CONFIG. */
int sets_complain(struct conf_problems *p);
