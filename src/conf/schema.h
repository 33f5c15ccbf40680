/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema (draft 2020-12) of what a table of keys accepts. */
#pragma once
#include <jansson.h>

#include "conf/conf.h"

/* {"type": "object", "properties": {...}, "required": [...], "additionalProperties": false}; yours
 * (json_decref). */
json_t *conf_schema(const struct conf_key *keys);
