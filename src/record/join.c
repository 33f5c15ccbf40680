/* SPDX-License-Identifier: Apache-2.0 */
#include "record/join.h"

#include <stdlib.h>

struct join {
	join_record_fn *out;
	void *arg;
	struct buf text;
	struct buf prefix;	  /* of the first line */
	struct record r;	  /* of what is in text; text and prefix pointers are set on delivery */
	bool open;		  /* text holds a record */
	bool changed;		  /* since it was last delivered */
	bool partial;		  /* the last line goes on in the next one (CRI) */
	uint64_t last, last_file; /* number of the last line: segments between lone CRs share theirs */
	uint64_t n_cut;
};

struct join *join_new(join_record_fn *out, void *arg)
{
	struct join *j = new0(struct join);

	j->out = out;
	j->arg = arg;
	j->text.max = RECORD_MAX_BYTES;
	j->prefix.max = 512;
	return j;
}

void join_free(struct join *j)
{
	if (!j)
		return;
	buf_free(&j->text);
	buf_free(&j->prefix);
	free(j);
}

static const struct record *here(struct join *j)
{
	j->r.text = buf_text(&j->text);
	j->r.len = j->text.len;
	j->r.outer = buf_text(&j->prefix);
	j->r.outer_len = j->prefix.len;
	return &j->r;
}

static void deliver(struct join *j)
{
	j->out(j->arg, here(j));
	join_told(j);
}

static void begin(struct join *j, const struct line *l, const struct unwrapped *c, bool piece)
{
	buf_clear(&j->text);
	buf_clear(&j->prefix);
	buf_add(&j->prefix, c->prefix, c->prefix_len);
	j->r = (struct record){ .offset = l->offset,
				.line = l->number,
				.lines = 1,
				.file = l->file,
				.cut = l->cut,
				.piece = piece };
	j->last = l->number;
	j->last_file = l->file;
	j->open = true;
}

static void append(struct join *j, const struct line *l, const struct unwrapped *c)
{
	buf_add(&j->text, c->text, c->len);
	j->r.lines += l->number != j->last || l->file != j->last_file;
	j->last = l->number;
	j->last_file = l->file;
	j->r.cut |= l->cut;
	j->partial = c->partial;
	j->changed = true;
}

/* A later part of a line that was cut is a record for itself: only failures are looked for in it. */
static void deliver_piece(struct join *j, const struct line *l, const struct unwrapped *c)
{
	struct record r = {
		.text = c->text,
		.len = c->len,
		.outer = "",
		.offset = l->offset,
		.line = l->number,
		.lines = 1,
		.file = l->file,
		.cut = true,
		.piece = true,
	};

	j->out(j->arg, &r);
}

static bool fits(const struct join *j, const struct unwrapped *c)
{
	return j->text.len + 1 + c->len <= RECORD_MAX_BYTES;
}

void join_line(struct join *j, const struct line *l, const struct unwrapped *c, bool first)
{
	bool glued = j->open && j->partial;

	if (l->piece) {
		deliver_piece(j, l, c);
		return;
	}
	if (j->open && !glued && first)
		join_end(j);
	if (j->open && !fits(j, c)) {
		if (!j->r.cut)
			j->n_cut++;
		j->r.cut = true;
		deliver(j);
		begin(j, l, c, true);
		j->r.cut = true;
	} else if (!j->open) {
		begin(j, l, c, false);
	} else if (!glued) {
		buf_char(&j->text, '\n');
	}
	append(j, l, c);
}

void join_flush(struct join *j)
{
	if (j->open && j->changed)
		deliver(j);
}

const struct record *join_look(struct join *j)
{
	return join_waiting(j) ? here(j) : NULL;
}

void join_told(struct join *j)
{
	j->r.again = true;
	j->changed = false;
}

void join_end(struct join *j)
{
	join_flush(j);
	j->open = j->partial = false;
}

const struct record *join_open(const struct join *j)
{
	return j->open ? &j->r : NULL;
}

bool join_waiting(const struct join *j)
{
	return j->open && j->changed;
}

uint64_t join_cut(const struct join *j)
{
	return j->n_cut;
}
