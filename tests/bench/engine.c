/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each stage of the engine costs, over one file and a list of patterns:
 *   engine STAGE PATTERNS FILE [ROUNDS]
 * read: only read; lines: and count lines; filter: and look for literals; match: and ask PCRE2 about the
 * lines that have some, with captures; every: every pattern on every line, the oracle of match.  Prints the
 * median of ROUNDS in seconds, by the clock and by the CPU, and a checksum over all (pattern, line, captures)
 * that must be the same for match and every.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "pattern/prefilter.h"

enum { BLOCK = 256 * 1024, PATTERN_MAX = 4096, ROUNDS_MAX = 99 };

struct rule {
	pcre2_code *code;
	bool jitted, everywhere;
};

struct engine {
	struct rule *rules;
	size_t n_rules, room;
	struct prefilter *pf;
	struct prefilter_scratch *scratch;
	pcre2_match_data *found;
	const char *data;
	size_t n;
	uint64_t line_base, lines, hits, asked, matches, checksum;
};

static void fail(const char *what)
{
	perror(what);
	exit(74);
}

static void add_rule(struct engine *e, const char *text, size_t n)
{
	struct literals *l = new0(struct literals);
	int why;
	size_t where;
	struct rule *r = ARRAY_ADD(e->rules, e->n_rules, e->room);

	r->code = pcre2_compile((PCRE2_SPTR)text, n, PCRE2_MULTILINE, &why, &where, NULL);
	if (!r->code) {
		fprintf(stderr, "pattern does not compile: %s\n", text);
		exit(78);
	}
	literals_of(text, n, PCRE2_MULTILINE, l);
	prefilter_add(e->pf, (uint32_t)(e->n_rules - 1), l);
	r->everywhere = l->n == 0;
	free(l);
}

static void load(struct engine *e, const char *path)
{
	static char line[PATTERN_MAX];
	FILE *f = fopen(path, "re");

	if (!f)
		fail(path);
	while (fgets(line, sizeof(line), f))
		add_rule(e, line, strcspn(line, "\n"));
	fclose(f);
}

/* Offsets of captures are taken from the line's start: they do not depend on blocks. */
static void try_rule(struct engine *e, size_t id, size_t start, size_t end)
{
	struct rule *r = &e->rules[id];

	if (!r->jitted) {
		pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
		r->jitted = true;
	}
	e->asked++;
	int n = pcre2_match(r->code, (PCRE2_SPTR)e->data + start, end - start, 0, 0, e->found, NULL);
	const size_t *at = pcre2_get_ovector_pointer(e->found);

	if (n < 0)
		return;
	e->matches++;
	uint64_t sum = (e->line_base + start) * 31 + id;

	for (int i = 0; i < 2 * n; i++)
		sum = sum * 1000003 + at[i];
	e->checksum += sum * UINT64_C(0x9e3779b97f4a7c15);
}

static size_t line_end(const struct engine *e, size_t at)
{
	const char *end = memchr(e->data + at, '\n', e->n - at);

	return end ? (size_t)(end - e->data) : e->n;
}

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	struct engine *e = arg;
	const char *before = memrchr(e->data, '\n', start);
	size_t to = line_end(e, end);

	e->hits++;
	try_rule(e, id, before ? (size_t)(before - e->data) + 1 : 0, to);
	return to;
}

static size_t only_count(void *arg, uint32_t id, size_t start, size_t end)
{
	struct engine *e = arg;

	(void)id;
	(void)end;
	e->hits++;
	return start;
}

static void each_line(struct engine *e, bool all)
{
	for (size_t at = 0; at < e->n; at = line_end(e, at) + 1)
		for (size_t id = 0; id < e->n_rules; id++)
			if (all || e->rules[id].everywhere)
				try_rule(e, id, at, line_end(e, at));
}

static void count_lines(struct engine *e)
{
	for (size_t i = 0; i < e->n; i++)
		e->lines += e->data[i] == '\n';
}

static void run_block(struct engine *e, const char *stage, bool some_everywhere)
{
	if (str_eq(stage, "lines"))
		count_lines(e);
	else if (str_eq(stage, "filter"))
		prefilter_scan(e->scratch, e->data, e->n, only_count, e);
	else if (str_eq(stage, "match"))
		prefilter_scan(e->scratch, e->data, e->n, on_hit, e);
	if (str_eq(stage, "every") || (str_eq(stage, "match") && some_everywhere))
		each_line(e, str_eq(stage, "every"));
}

/* Blocks end behind a newline; what is left over begins the next one. */
static void run_file(struct engine *e, const char *stage, const char *path)
{
	static char buffer[4 * BLOCK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t kept = 0;
	ssize_t n;
	bool some_everywhere = false;

	if (fd < 0)
		fail(path);
	for (size_t i = 0; i < e->n_rules; i++)
		some_everywhere |= e->rules[i].everywhere;
	e->line_base = e->lines = e->hits = e->asked = e->matches = e->checksum = 0;
	while ((n = read(fd, buffer + kept, BLOCK)) > 0) {
		size_t have = kept + (size_t)n;
		const char *last = memrchr(buffer, '\n', have);
		size_t whole = last ? (size_t)(last - buffer) + 1 : 0;

		e->data = buffer;
		e->n = whole;
		if (!str_eq(stage, "read"))
			run_block(e, stage, some_everywhere);
		kept = have - whole;
		memmove(buffer, buffer + whole, kept);
		e->line_base += whole;
		if (kept > BLOCK)
			kept = 0;
	}
	e->n = kept;
	if (kept && !str_eq(stage, "read"))
		run_block(e, stage, some_everywhere);
	close(fd);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct engine e = { 0 };
	double seconds[ROUNDS_MAX], cpu[ROUNDS_MAX];
	AUTO_BUF text = BUF_INIT(1024);

	if (argc < 4) {
		fprintf(stderr, "usage: engine read|lines|filter|match|every PATTERNS FILE [ROUNDS]\n");
		return 64;
	}
	size_t rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 64;
	int64_t from = clock_mono();

	e.pf = prefilter_new();
	load(&e, argv[2]);
	int64_t loaded = clock_mono();

	prefilter_build(e.pf);
	int64_t built = clock_mono();

	e.scratch = prefilter_scratch_new(e.pf);
	e.found = pcre2_match_data_create(100, NULL);
	prefilter_describe(e.pf, &text);
	for (size_t i = 0; i < rounds; i++) {
		int64_t start = clock_mono();
		double used = cpu_seconds();

		run_file(&e, argv[1], argv[3]);
		seconds[i] = (double)(clock_mono() - start) / 1e9;
		cpu[i] = cpu_seconds() - used;
	}
	qsort(seconds, rounds, sizeof(*seconds), by_value);
	qsort(cpu, rounds, sizeof(*cpu), by_value);
	printf("%-6s wall %.3f cpu %.3f s, load %.2f ms, build %.2f ms, hits %llu asked %llu matches %llu "
	       "checksum %016llx\n# %s\n",
	       argv[1], seconds[rounds / 2], cpu[rounds / 2], (double)(loaded - from) / 1e6,
	       (double)(built - loaded) / 1e6, (unsigned long long)e.hits, (unsigned long long)e.asked,
	       (unsigned long long)e.matches, (unsigned long long)e.checksum, buf_text(&text));
	prefilter_scratch_free(e.scratch);
	prefilter_free(e.pf);
	return 0;
}
