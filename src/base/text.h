/* SPDX-License-Identifier: Apache-2.0 */
/* Log text is anybody's text: what has to be done to it before it goes to a terminal, into JSON or into XML.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Length of the valid UTF-8 sequence (RFC 3629) at s, or 0. */
size_t text_utf8_len(const char *s, size_t n);
/* Valid UTF-8: a byte that is none becomes \xNN in letters.  Control bytes stay. */
void text_utf8(struct buf *out, const char *s, size_t n);
/* A JSON string with its quotes; also what a terminal would obey instead of show becomes \uNNNN. */
void text_json(struct buf *out, const char *s, size_t n);
/* One line for a terminal or a plain report: also control, C1 and bidi characters become \xNN or \uNNNN; tab
 * is a blank. */
void text_line(struct buf *out, const char *s, size_t n);
/* XML 1.0 character data, quoted for an attribute as well; what XML cannot hold is written as \xNN. */
void text_xml(struct buf *out, const char *s, size_t n);
char *text_utf8_dup(const char *s, size_t n); /* yours */
char *text_line_dup(const char *s, size_t n); /* yours */
