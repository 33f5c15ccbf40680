/* SPDX-License-Identifier: Apache-2.0 */
/* The live view: lines that stay, and below them one that is always drawn anew. */
#pragma once
#include <stddef.h>

#include "base/mem.h"

struct terminal;
struct terminal *terminal_new(int fd); /* fd stays the caller's */
/* Wipes the status line; the cursor is where the next program expects it. */
void terminal_free(struct terminal *t);
DEFINE_AUTO(terminal)
/* A line without its end, already cleaned; -1: nobody reads any more. */
int terminal_line(struct terminal *t, const char *text, size_t n);
/* What is going on now, cut to the width of the terminal. */
int terminal_status(struct terminal *t, const char *text);
