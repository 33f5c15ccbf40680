/* SPDX-License-Identifier: Apache-2.0 */
/* What is no mistake in a set, but mostly not meant: told to who writes one. */
#pragma once
#include "base/buf.h"
#include "pattern/library.h"

/* One line each.  The set's samples must not be forgotten. */
void hints_for(const struct library *l, const struct set *s, struct buf *out);
