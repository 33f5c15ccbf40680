/* SPDX-License-Identifier: Apache-2.0 */
/* What a set knows, as a page of Markdown: docs/sets/ is made of these. */
#pragma once
#include "base/buf.h"
#include "pattern/library.h"

/* One row a set. */
void page_index(const struct library *l, struct buf *out);
/* The set's rules must be loaded, its places not forgotten. */
void page_set(const struct library *l, const struct set *s, struct buf *out);
