/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/skim.h"

#include <stdlib.h>
#include <string.h>

#include "base/vectorised.h"
#include "record/record.h"

/* ---- lines round a place ---- */

static size_t line_start(const char *data, size_t low, size_t at)
{
	const char *lf = at > low ? memrchr(data + low, '\n', at - low) : NULL;

	return lf ? (size_t)(lf - data) + 1 : low;
}

/* Behind the line end of the line that holds `at`. */
static size_t next_line(const char *data, size_t n, size_t at)
{
	const char *lf = memchr(data + at, '\n', n - at);

	return lf ? (size_t)(lf - data) + 1 : n;
}

static bool begins(const struct skim_block *b, size_t start, size_t end)
{
	size_t len = end - start;

	if (len && b->data[end - 1] == '\n')
		len--;
	if (len && b->data[start + len - 1] == '\r')
		len--;
	return b->first(b->arg, b->data + start, len);
}

size_t skim_record_start(const struct skim_block *b, size_t low, size_t at)
{
	size_t start = line_start(b->data, low, at), end = start > low ? next_line(b->data, b->n, at) : 0;

	while (start > low && !begins(b, start, end)) {
		end = start;
		start = line_start(b->data, low, start - 1);
	}
	return start;
}

size_t skim_record_end(const struct skim_block *b, size_t at)
{
	size_t start = next_line(b->data, b->n, at);

	while (start < b->n) {
		size_t end = next_line(b->data, b->n, start);

		if (begins(b, start, end))
			break;
		start = end;
	}
	return start;
}

size_t skim_first_record(const struct skim_block *b)
{
	for (size_t start = 0, end; start < b->n; start = end) {
		end = next_line(b->data, b->n, start);
		if (begins(b, start, end))
			return start;
	}
	return b->n;
}

size_t skim_last_record(const struct skim_block *b)
{
	for (size_t end = b->n, start; end > 0; end = start) {
		start = line_start(b->data, 0, end - 1);
		if (begins(b, start, end))
			return start;
	}
	return b->n;
}

/* ---- literals ---- */

struct finding {
	const char *data;
	size_t n;
	size_t line_end; /* of the line of the latest hit */
	struct skim_hits *hits;
};

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	struct finding *f = arg;

	(void)end;
	if (start >= f->line_end)
		f->line_end = next_line(f->data, f->n, start);
	*ARRAY_ADD(f->hits->items, f->hits->n, f->hits->room) = (struct skim_hit){ id, start };
	return f->line_end;
}

void skim_find(struct prefilter_scratch *s, const char *data, size_t n, struct skim_hits *hits)
{
	struct finding f = { data, n, 0, hits };
	uint64_t before = prefilter_in_vain(s);

	hits->n = 0;
	prefilter_scan(s, data, n, on_hit, &f);
	hits->in_vain = prefilter_in_vain(s) - before;
}

/* The first hit at or behind this place. */
static size_t hit_from(const struct skim_hits *hits, size_t at)
{
	size_t low = 0, high = hits->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (hits->items[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool covers(const struct skim_found *f, const char *data, size_t n)
{
	return f && f->filter && data >= f->data && data + n <= f->data + f->n;
}

bool skim_take(const struct skim_found *f, const struct prefilter *filter, const char *data, size_t n,
	       struct skim_hits *hits)
{
	size_t from;

	if (!covers(f, data, n) || f->filter != filter)
		return false;
	from = (size_t)(data - f->data);
	hits->n = 0;
	hits->in_vain = f->hits.in_vain;
	for (size_t i = hit_from(&f->hits, from); i < f->hits.n && f->hits.items[i].at < from + n; i++)
		*ARRAY_ADD(hits->items, hits->n, hits->room) =
			(struct skim_hit){ f->hits.items[i].id, f->hits.items[i].at - from };
	return true;
}

/* ---- what does not fit ---- */

/* A line as long as LINE_MAX_BYTES covers at least one of these whole. */
enum { STRIDE = LINE_MAX_BYTES / 2 };

static bool has_long_line(const char *data, size_t n)
{
	for (size_t at = 0; at + STRIDE <= n; at += STRIDE)
		if (!memchr(data + at, '\n', STRIDE))
			return true;
	return false;
}

bool skim_fits(const char *data, size_t n)
{
	return !memchr(data, '\x1B', n) && !memchr(data, '\0', n) && !has_long_line(data, n);
}

/* In runs of 255: eight-bit counters cannot overflow, so that the compiler can use vectors of them. */
VECTORISED uint64_t skim_count_lines(const char *data, size_t n)
{
	enum { LANES = 64, RUN = 255 };
	uint64_t count = 0;
	size_t i = 0;

	if (!n)
		return 0;
	while (n - i >= LANES) {
		uint8_t lanes[LANES] = { 0 };

		for (int k = 0; k < RUN && n - i >= LANES; k++, i += LANES)
			for (int lane = 0; lane < LANES; lane++)
				lanes[lane] = (uint8_t)(lanes[lane] + (data[i + (size_t)lane] == '\n'));
		for (int lane = 0; lane < LANES; lane++)
			count += lanes[lane];
	}
	for (; i < n; i++)
		count += data[i] == '\n';
	return count;
}

/* ---- ahead ---- */

static void count_ends(struct skim_found *f)
{
	size_t steps = f->n / SKIM_STEP + 1;
	uint32_t ends = 0;

	if (steps > f->room) {
		f->ends = mem_check(realloc(f->ends, steps * sizeof(*f->ends)));
		f->room = steps;
	}
	for (size_t i = 0; i < steps; i++) {
		f->ends[i] = ends;
		if (i + 1 < steps)
			ends += (uint32_t)skim_count_lines(f->data + i * SKIM_STEP, SKIM_STEP);
	}
}

void skim_ahead(struct skim_found *f, const struct prefilter *filter, struct prefilter_scratch *s)
{
	f->filter = filter;
	f->hits.n = 0;
	f->fits = filter && skim_fits(f->data, f->n);
	if (!f->fits)
		return;
	skim_find(s, f->data, f->n, &f->hits);
	count_ends(f);
}

void skim_found_end(struct skim_found *f)
{
	free(f->hits.items);
	free(f->ends);
}

bool skim_found_fits(const struct skim_found *f, const char *data, size_t n)
{
	return covers(f, data, n) ? f->fits : skim_fits(data, n);
}

uint64_t skim_found_lines(const struct skim_found *f, const char *data, size_t n)
{
	size_t from, to;

	if (!covers(f, data, n) || !f->fits || n < SKIM_STEP)
		return skim_count_lines(data, n);
	from = ((size_t)(data - f->data) + SKIM_STEP - 1) / SKIM_STEP;
	to = (size_t)(data + n - f->data) / SKIM_STEP;
	return f->ends[to] - f->ends[from] +
	       skim_count_lines(data, (size_t)(f->data + from * SKIM_STEP - data)) +
	       skim_count_lines(f->data + to * SKIM_STEP, (size_t)(data + n - (f->data + to * SKIM_STEP)));
}
