/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of logs and users on its way out: secrets are masked first (escaping could hide them from the mask,
 * and a mask over a finished document could hit its keys and numbers), then it is made fit for where it goes.
 */
#pragma once
#include <stddef.h>

#include "base/buf.h"

/* Of a longer text only so much is shown, and how much more there was: a record may have a megabyte. */
enum { CLEAN_MAX = 8192 };

char *clean_line(const char *s); /* yours */
void clean_xml(struct buf *out, const char *s);
void clean_json(struct buf *out, const char *s); /* a string with its quotes */
