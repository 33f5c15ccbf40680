/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/json_look.h"

#include "net/json.h"

enum { TEXT_MAX = 1024 * 1024 };

void json_look_init(struct json_look *j, const char *text, size_t n)
{
	*j = (struct json_look){ .text = text, .n = n, .scratch = BUF_INIT(TEXT_MAX) };
}

void json_look_clear(struct json_look *j)
{
	json_decref(j->root);
	buf_free(&j->scratch);
}

static const json_t *root_of(struct json_look *j)
{
	if (!j->tried)
		j->root = json_read(j->text, j->n, &j->e);
	j->tried = true;
	return j->root;
}

static enum value_shape shape_of(const json_t *v)
{
	if (!v)
		return VALUE_MISSING;
	if (json_is_null(v))
		return VALUE_NULL;
	if (json_is_object(v) || json_is_array(v))
		return VALUE_GROUP;
	return json_is_number(v) ? VALUE_NUMBER : VALUE_TEXT;
}

struct value json_look_at(struct json_look *j, const char *pointer)
{
	const json_t *found = json_at(root_of(j), pointer);
	struct value v = { .shape = shape_of(found) };

	buf_clear(&j->scratch);
	if (found)
		json_text(&j->scratch, found);
	v.text = buf_text(&j->scratch);
	v.n = j->scratch.len;
	v.count = json_is_array(found) ? json_array_size(found) : json_object_size(found);
	return v;
}

bool json_look_is_json(struct json_look *j, struct buf *why)
{
	if (root_of(j))
		return true;
	buf_printf(why, "the body is %s (it ", j->e.text);
	if (j->n) {
		buf_str(why, "begins ");
		say_quoted(why, j->text, j->n);
	} else {
		buf_str(why, "is empty");
	}
	buf_char(why, ')');
	return false;
}
