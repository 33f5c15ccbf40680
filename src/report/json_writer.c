/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_writer.h"

#include <math.h>

#include "report/clean.h"

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	buf_char(w->out, '\n');
	for (size_t i = 0; i < w->level * w->indent; i++)
		buf_char(w->out, ' ');
}

void json_put_begin(struct json_writer *w, char bracket)
{
	buf_char(w->out, bracket);
	w->level++;
	w->begun = false;
}

void json_put_end(struct json_writer *w, char bracket)
{
	w->level--;
	if (w->begun)
		new_line(w);
	buf_char(w->out, bracket);
	w->begun = true;
}

void json_put_item(struct json_writer *w)
{
	if (w->begun)
		buf_char(w->out, ',');
	new_line(w);
	w->begun = true;
}

static void put_quoted(struct buf *out, const char *word)
{
	buf_char(out, '"');
	buf_str(out, word);
	buf_char(out, '"');
}

static void put_colon(struct json_writer *w)
{
	buf_str(w->out, w->indent ? ": " : ":");
}

void json_put_key(struct json_writer *w, const char *key)
{
	json_put_item(w);
	put_quoted(w->out, key);
	put_colon(w);
}

void json_put_word(struct json_writer *w, const char *key, const char *word)
{
	if (!word)
		return;
	json_put_key(w, key);
	put_quoted(w->out, word);
}

void json_put_text(struct json_writer *w, const char *key, const char *s)
{
	if (!s)
		return;
	json_put_key(w, key);
	clean_json(w->out, s);
}

void json_put_pair(struct json_writer *w, const char *name, const char *s)
{
	json_put_item(w);
	clean_json(w->out, name);
	put_colon(w);
	clean_json(w->out, s);
}

static void add_number(struct buf *out, uint64_t n)
{
	char digits[20]; /* of 2^64 - 1 */
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	buf_add(out, digits + at, sizeof(digits) - at);
}

void json_put_count(struct json_writer *w, const char *key, uint64_t n)
{
	json_put_key(w, key);
	add_number(w->out, n > INT64_MAX ? INT64_MAX : n);
}

void json_put_seconds(struct json_writer *w, const char *key, double s)
{
	uint64_t ms = (uint64_t)round(s * 1000);

	json_put_key(w, key);
	add_number(w->out, ms / 1000);
	buf_char(w->out, '.');
	do {
		ms %= 1000;
		buf_char(w->out, (char)('0' + ms / 100));
		ms *= 10;
	} while (ms % 1000);
}

void json_put_flag(struct json_writer *w, const char *key, bool yes)
{
	json_put_key(w, key);
	buf_str(w->out, yes ? "true" : "false");
}
