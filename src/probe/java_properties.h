/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A .properties file as java.util.Properties reads it: comments, continued lines, escapes, the last of equal
 * keys wins. What it leaves to others is done as Spring does it: ${key} in a value stands for another value.
 */
#pragma once
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

/* Java reads bytes as ISO-8859-1 unless a program says otherwise. */
enum java_encoding { JAVA_LATIN_1, JAVA_UTF_8 };
extern const char *const java_encoding_names[]; /* NULL-terminated */

struct java_properties;
/* NULL where Java would refuse the file: \u without its four hexadecimal digits. */
struct java_properties *java_properties_parse(const char *text, size_t n, enum java_encoding encoding,
					      struct err *e);
void java_properties_free(struct java_properties *p);
DEFINE_AUTO(java_properties)

/* What the program takes where the file says nothing. */
void java_properties_preset(struct java_properties *p, const char *key, const char *value);

size_t java_properties_count(const struct java_properties *p);
const char *java_properties_key(const struct java_properties *p, size_t i);
/* As written, UTF-8; NULL where there is none.  *line is its first line from 1, 0 of a preset; may be NULL.
 */
const char *java_properties_get(const struct java_properties *p, const char *key, size_t *line);
/* With ${key} replaced; one that is unknown, or stands for itself, stays.  Yours; NULL where there is none.
 */
char *java_properties_resolve(const struct java_properties *p, const char *key);
