/* SPDX-License-Identifier: Apache-2.0 */
/* Why something failed, in words, carried up by the caller's own struct. */
#pragma once

enum { ERR_TEXT_MAX = 1024 };

struct err {
	char text[ERR_TEXT_MAX];
};

/* Each returns -1, so that `return err_set(...)` reads well.  e may be NULL: nobody wants to know. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text, then ": " and what errno says. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "text: " in front of what is already there. */
int err_ctx(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
