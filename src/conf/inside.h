/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of conf share among themselves. */
#pragma once
#include "base/buf.h"
#include "conf/conf.h"

/* conf_problem() where there is no node to point at. */
void problem_at(struct conf_problems *p, const char *path, size_t line, size_t column, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* said as a message can show it: secrets masked, not longer than a line.  Yours. */
char *problem_brief(const char *said);
/* The name that was meant by said, or NULL: str_nearest(), but for wild guesses and names that are too long
 * for it. */
const char *problem_nearest(const char *said, const char *const *names, size_t n);
/* "a, b, c", or the first of them and how many more there are. */
void problem_list(struct buf *out, const char *const *names, size_t n);

/* conf_expand(); with secret, what ${env:} and ${file:} deliver is registered with secret_add(). */
char *vars_expand(const struct conf_vars *vars, const char *text, bool secret, struct err *e);
