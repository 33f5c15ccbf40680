/* SPDX-License-Identifier: Apache-2.0 */
/* A first set for a product that has none, made of one log of a start that went well. */
#pragma once
#include "base/buf.h"
#include "pattern/library.h"

/* -1: the log cannot be read. */
int draft_set(const struct library *l, const char *path, struct buf *out, struct err *e);
