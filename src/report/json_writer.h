/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as it is said, piece by piece and without a tree in between: an event must not wait for one. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	size_t indent; /* blanks a level; 0: all of it is one line */
	bool sparse;   /* for whoever says it: empty lists and objects are not worth their keys */
	size_t level;
	bool begun; /* the object or list under way has something in it */
};

/* '{' or '[', where a value is due, and what closes it. */
void json_put_begin(struct json_writer *w, char bracket);
void json_put_end(struct json_writer *w, char bracket);
/* The value that comes next is this key's, or the next of a list. */
void json_put_key(struct json_writer *w, const char *key);
void json_put_item(struct json_writer *w);

/*
 * A key and its value.  Keys and words are the format's own, and written as they are: a secret that happens
 * to be one of them is none.  Texts, and the names of pairs, are cleaned (report/clean.h).
 */
void json_put_word(struct json_writer *w, const char *key, const char *word); /* NULL: nothing */
void json_put_text(struct json_writer *w, const char *key, const char *s);    /* NULL: nothing */
void json_put_pair(struct json_writer *w, const char *name, const char *s);
void json_put_count(struct json_writer *w, const char *key, uint64_t n);
void json_put_seconds(struct json_writer *w, const char *key, double s); /* not below 0; to the millisecond */
void json_put_flag(struct json_writer *w, const char *key, bool yes);
