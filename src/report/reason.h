/* SPDX-License-Identifier: Apache-2.0 */
/* One reason the way the verdict document writes it, for the other formats that are JSON. */
#pragma once
#include "report/json_writer.h"
#include "verdict/outcome.h"

/* Its keys and their values, into the object under way. */
void reason_json(struct json_writer *w, const struct outcome_reason *r);
