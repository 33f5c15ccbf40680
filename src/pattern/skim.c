/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/skim.h"

#include <string.h>

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

struct skim {
	const char *data;
	size_t n;
	skim_first_fn *first;
	void *arg;
	struct skim_parts *parts;
	size_t done; /* end of the last part */
};

static bool begins(const struct skim *s, size_t start, size_t end)
{
	size_t len = end - start;

	if (len && s->data[end - 1] == '\n')
		len--;
	if (len && s->data[start + len - 1] == '\r')
		len--;
	return s->first(s->arg, s->data + start, len);
}

static size_t record_start(const struct skim *s, size_t at)
{
	size_t start = line_start(s->data, s->done, at), end = next_line(s->data, s->n, at);

	/* the end of the last part, and the beginning of the block, begin a record by themselves */
	while (start > s->done && !begins(s, start, end)) {
		end = start;
		start = line_start(s->data, s->done, start - 1);
	}
	return start;
}

static size_t record_end(const struct skim *s, size_t at)
{
	size_t start = next_line(s->data, s->n, at);

	while (start < s->n) {
		size_t end = next_line(s->data, s->n, start);

		if (begins(s, start, end))
			break;
		start = end;
	}
	return start;
}

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	struct skim *s = arg;
	struct skim_part *part;

	(void)id;
	(void)end;
	if (start >= s->done) {
		part = ARRAY_ADD(s->parts->items, s->parts->n, s->parts->room);
		part->start = record_start(s, start);
		part->end = s->done = record_end(s, start);
	}
	return s->done;
}

void skim_block(struct prefilter_scratch *scratch, const char *data, size_t n, skim_first_fn *first,
		void *arg, struct skim_parts *parts)
{
	struct skim s = { .data = data, .n = n, .first = first, .arg = arg, .parts = parts };

	parts->n = 0;
	prefilter_scan(scratch, data, n, on_hit, &s);
}

size_t skim_first_record(const char *data, size_t n, skim_first_fn *first, void *arg)
{
	struct skim s = { .data = data, .n = n, .first = first, .arg = arg };

	for (size_t start = 0, end; start < n; start = end) {
		end = next_line(data, n, start);
		if (begins(&s, start, end))
			return start;
	}
	return n;
}

size_t skim_last_record(const char *data, size_t n, skim_first_fn *first, void *arg)
{
	struct skim s = { .data = data, .n = n, .first = first, .arg = arg };

	for (size_t end = n, start; end > 0; end = start) {
		start = line_start(data, 0, end - 1);
		if (begins(&s, start, end))
			return start;
	}
	return n;
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
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
uint64_t
skim_count_lines(const char *data, size_t n)
{
	enum { LANES = 64, RUN = 255 };
	uint64_t count = 0;
	size_t i = 0;

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
