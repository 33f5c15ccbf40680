/* SPDX-License-Identifier: Apache-2.0 */
/* One reason the way the verdict document writes it, for the other formats that are JSON. */
#pragma once
#include <jansson.h>

#include "verdict/outcome.h"

json_t *reason_json(const struct outcome_reason *r); /* yours (json_decref) */
