/* SPDX-License-Identifier: Apache-2.0 */
/* Replies in JSON: reading them, and pointing into them (RFC 6901). */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Any value, also a bare one; a byte order mark is skipped.  Yours (json_decref), or NULL with e filled. */
json_t *json_read(const char *text, size_t n, struct err *e);
/* "" and what begins with a slash, with ~0 and ~1 as the only escapes. */
bool json_is_pointer(const char *pointer);
/* What pointer leads to (borrowed; may be JSON's null), or NULL if it is not there or pointer is none. */
const json_t *json_at(const json_t *root, const char *pointer);
/* A string as it is, a number exactly, everything else as compact JSON. */
void json_text(struct buf *out, const json_t *value);
