/* SPDX-License-Identifier: Apache-2.0 */
#include "net/json.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

json_t *json_read(const char *text, size_t n, struct err *e)
{
	json_error_t why;
	json_t *root;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		n -= 3;
	}
	root = json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!root)
		err_set(e, "no JSON: line %d: %s", why.line, why.text);
	return root;
}

bool json_is_pointer(const char *pointer)
{
	if (*pointer && *pointer != '/')
		return false;
	for (const char *p = pointer; (p = strchr(p, '~')); p++)
		if (p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

/* One slash and the reference token behind it, unescaped, off the front of *p. */
static char *token(const char **p)
{
	size_t n = strcspn(*p + 1, "/"), len = 0;
	char *out = mem_strndup(*p + 1, n);

	for (size_t i = 0; i < n; i++) {
		if (out[i] == '~')
			out[len++] = out[++i] == '1' ? '/' : '~';
		else
			out[len++] = out[i];
	}
	out[len] = '\0';
	*p += 1 + n;
	return out;
}

/* RFC 6901: digits without a leading zero; "-" is the element after the last, which is never there. */
static const json_t *element(const json_t *array, const char *index)
{
	int64_t i;

	if ((index[0] == '0' && index[1]) || !str_digit(index[0]) ||
	    str_int(index, 0, INT32_MAX, &i, NULL) < 0)
		return NULL;
	return json_array_get(array, (size_t)i);
}

const json_t *json_at(const json_t *root, const char *pointer)
{
	if (!json_is_pointer(pointer))
		return NULL;
	while (root && *pointer == '/') {
		AUTO_FREE char *name = token(&pointer);

		if (json_is_array(root))
			root = element(root, name);
		else
			root = json_object_get(root, name);
	}
	return root;
}

void json_text(struct buf *out, const json_t *value)
{
	AUTO_FREE char *text = NULL;

	if (json_is_string(value)) {
		buf_add(out, json_string_value(value), json_string_length(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	buf_str(out, text ? text : "");
}
