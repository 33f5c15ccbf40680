/* SPDX-License-Identifier: Apache-2.0 */
/* Values that must never be shown: whoever learns one says so, whoever writes for people or files masks. */
#pragma once
#include <stddef.h>

#include "base/buf.h"

/*
 * Not masked is what is no secret but would blot out half of any text: less than four bytes, or a short plain
 * word
 * ("admin" stands in the name of every other class).
 */
void secret_add(const char *value);
/* Appends text to out with each secret in it shown as ***. */
void secret_mask(struct buf *out, const char *text, size_t n);
char *secret_masked(const char *text); /* yours; NULL stays NULL */
void secret_forget_all(void);
