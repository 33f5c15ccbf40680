/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scalars of a YAML text say.  libfyaml only has to find them: its own reading (0.7.12) is wrong
 * where '' stands twice in a row, where an escape ends a line, and for quoted texts of several lines in files
 * with CRLF.
 */
#pragma once
#include <stddef.h>

#include "base/buf.h"

/* s is what stands between the quotes, or the whole plain scalar. */
void scalar_plain(struct buf *out, const char *s, size_t n);
void scalar_single_quoted(struct buf *out, const char *s, size_t n);
/* Returns NULL, or what is wrong with the escape at offset *at. */
const char *scalar_double_quoted(struct buf *out, const char *s, size_t n, size_t *at);
/*
 * s begins at the | or > and goes on to the end of the file; parent is how many columns the list or map
 * around it is indented, -1 if there is none.  Returns the length of what belongs to the scalar.
 */
size_t scalar_block(struct buf *out, const char *s, size_t n, int parent);
