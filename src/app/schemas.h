/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schemas of the files that users write, made from the same tables of keys that read them. */
#pragma once
#include <jansson.h>

/* what: "plan", "set" or "probe"; NULL for others; yours (json_decref). */
json_t *schema_named(const char *what);
/* As the files in schemas/ are written: indented, with a line end; yours. */
char *schema_text(const char *what);
