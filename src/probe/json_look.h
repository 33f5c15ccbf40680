/* SPDX-License-Identifier: Apache-2.0 */
/* A body as JSON, read when somebody first points into it. */
#pragma once
#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "probe/answer.h"

struct json_look {
	const char *text; /* borrowed */
	size_t n;
	bool tried;
	json_t *root;
	struct err e; /* why there is no root */
	struct buf scratch;
};

void json_look_init(struct json_look *j, const char *text, size_t n);
void json_look_clear(struct json_look *j);
/* Missing where there is no JSON; good until the next look. */
struct value json_look_at(struct json_look *j, const char *pointer);
/* False, with the reason, where the text is no JSON. */
bool json_look_is_json(struct json_look *j, struct buf *why);
