/* SPDX-License-Identifier: Apache-2.0 */
#include "app/streams.h"

#include <string.h>

#include "base/str.h"
#include "record/record.h"
#include "record/unwrap.h"

enum {
	STREAMS_MAX = 64,
	PREFACE_MAX = 200,
	PLAIN_AFTER = 256 << 10 /* what images are built with may stand before the containers */
};

static const char attaching[] = "Attaching to ";

enum kind { KIND_UNKNOWN, KIND_DOUBTFUL, KIND_PLAIN, KIND_COMPOSED };

struct streams {
	streams_fn *out;
	void *arg;
	enum kind kind;
	size_t n_preface; /* lines that told nothing yet */
	char **names;
	size_t n, room;
	size_t current; /* the stream of the line under way, whose beginning was handed out */
	bool mid_line;
	struct buf rest; /* the beginning of a line that was not handed out */
	struct buf scratch;
	uint64_t offset, line;
};

struct streams *streams_new(streams_fn *out, void *arg)
{
	struct streams *s = new0(struct streams);

	s->out = out;
	s->arg = arg;
	s->rest.max = LINE_MAX_BYTES;
	s->scratch.max = LINE_MAX_BYTES;
	s->line = 1;
	*ARRAY_ADD(s->names, s->n, s->room) = NULL;
	return s;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	buf_free(&s->rest);
	buf_free(&s->scratch);
	free(s);
}

/* ---- which container a line is of ---- */

static bool name_of(struct streams *s, const char *line, size_t n, const char **name, size_t *len)
{
	struct unwrapped c;

	while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	unwrap_line(line, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES, &s->scratch, &c);
	*name = c.container;
	*len = c.container_len;
	return c.container_len > 0;
}

static size_t stream_named(struct streams *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->names[i] && strlen(s->names[i]) == len && memcmp(s->names[i], name, len) == 0)
			return i;
	if (!s->names[0]) {
		s->names[0] = mem_strndup(name, len);
		return 0;
	}
	if (s->n == STREAMS_MAX)
		return 0;
	*ARRAY_ADD(s->names, s->n, s->room) = mem_strndup(name, len);
	return s->n - 1;
}

static bool starts(const char *line, size_t n, const char *with)
{
	size_t len = strlen(with);

	return n >= len && memcmp(line, with, len) == 0;
}

/* What compose says before its containers speak. */
static bool is_preface(const char *line, size_t n)
{
	static const char *const words[] = { attaching,	  " Container ", " Network ",	" Volume ",
					     "Creating ", "Starting ",	 "Recreating ", "[+] Running" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (starts(line, n, words[i]))
			return true;
	return n == 0 || *line == '\n' || *line == '\r';
}

/* The first line that is no preface decides for the whole log: a table in a plain one makes no container. But
 * compose may still announce its containers after it has built their images. */
static void know_kind(struct streams *s, const char *line, size_t n, bool named)
{
	if (s->kind == KIND_UNKNOWN && (!is_preface(line, n) || s->n_preface++ == PREFACE_MAX)) {
		s->kind = named ? KIND_COMPOSED : KIND_DOUBTFUL;
	} else if (s->kind == KIND_DOUBTFUL && starts(line, n, attaching)) {
		s->kind = KIND_UNKNOWN;
		s->n_preface = 0;
	} else if (s->kind == KIND_DOUBTFUL && s->offset > PLAIN_AFTER) {
		s->kind = KIND_PLAIN;
	}
}

/* ---- handing out ---- */

static void hand_out(struct streams *s, const char *data, size_t n)
{
	bool ends = n && data[n - 1] == '\n';

	s->out(s->arg, s->current, data, n);
	s->offset += n;
	s->line += ends;
	s->mid_line = !ends;
}

/* A line, or its beginning. */
static void begin_line(struct streams *s, const char *line, size_t n)
{
	const char *name;
	size_t len;
	bool named = name_of(s, line, n, &name, &len);

	know_kind(s, line, n, named);
	s->current = named && s->kind == KIND_COMPOSED ? stream_named(s, name, len) : 0;
	hand_out(s, line, n);
}

void streams_flush(struct streams *s)
{
	if (s->rest.len)
		begin_line(s, buf_text(&s->rest), s->rest.len);
	buf_clear(&s->rest);
}

static void part_of_line(struct streams *s, const char *data, size_t n)
{
	bool whole = data[n - 1] == '\n';

	if (s->mid_line) {
		hand_out(s, data, n);
	} else if (whole && !s->rest.len) {
		begin_line(s, data, n);
	} else if (s->rest.len + n > LINE_MAX_BYTES) {
		streams_flush(s);
		hand_out(s, data, n);
	} else {
		buf_add(&s->rest, data, n);
		if (whole)
			streams_flush(s);
	}
}

void streams_feed(struct streams *s, const char *data, size_t n)
{
	const char *end = data + n;

	while (data < end && (s->kind != KIND_PLAIN || s->rest.len)) {
		const char *lf = memchr(data, '\n', (size_t)(end - data)), *next = lf ? lf + 1 : end;

		part_of_line(s, data, (size_t)(next - data));
		data = next;
	}
	if (data < end)
		s->out(s->arg, 0, data, (size_t)(end - data));
}

/* ---- places and names ---- */

bool streams_waiting(const struct streams *s)
{
	return s->rest.len > 0;
}

void streams_skip_to(struct streams *s, uint64_t offset, uint64_t line)
{
	s->offset = offset;
	s->line = line;
	s->mid_line = false;
}

uint64_t streams_offset(const struct streams *s)
{
	return s->offset;
}

uint64_t streams_line(const struct streams *s)
{
	return s->line;
}

bool streams_split(const struct streams *s)
{
	return s->n > 1;
}

size_t streams_count(const struct streams *s)
{
	return s->n;
}

const char *streams_name(const struct streams *s, size_t i)
{
	return s->names[i];
}
