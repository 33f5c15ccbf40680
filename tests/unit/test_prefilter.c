/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "pattern/prefilter.h"
#include "random_pattern.h"

struct seen {
	uint32_t id;
	size_t start, end;
};

struct seen_list {
	struct seen *of;
	size_t n, room;
	size_t skip; /* what on_hit returns beyond start */
};

static size_t on_hit(void *arg, uint32_t id, size_t start, size_t end)
{
	struct seen_list *l = arg;

	*ARRAY_ADD(l->of, l->n, l->room) = (struct seen){ id, start, end };
	return start + l->skip;
}

static int by_place(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static void scan_all(const struct prefilter *pf, const char *data, size_t n, struct seen_list *out)
{
	AUTO(prefilter_scratch) s = prefilter_scratch_new(pf);
	/* at the end of what may be read, so that a sanitizer sees one byte too much */
	AUTO_FREE char *copy = mem_check(malloc(n ? n : 1));

	if (n)
		memcpy(copy, data, n);
	prefilter_scan(s, copy, n, on_hit, out);
}

/* Sorted, each once: a set may hold a literal twice, the prefilter need not. */
static void normalise(struct seen_list *l)
{
	size_t kept = 0;

	if (l->n)
		qsort(l->of, l->n, sizeof(*l->of), by_place);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 || by_place(&l->of[i], &l->of[kept - 1]) != 0)
			l->of[kept++] = l->of[i];
	l->n = kept;
}

static bool same(const struct seen_list *a, const struct seen_list *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->of, b->of, a->n * sizeof(*a->of)) == 0);
}

/* One literal of plain bytes. */
static struct literals *plain(const char *text)
{
	struct literals *l = new0(struct literals);

	l->n = 1;
	l->of[0].n = (uint16_t)strlen(text);
	for (size_t i = 0; text[i]; i++)
		l->of[0].at[i] = (unsigned char)text[i];
	return l;
}

static void add_plain(struct prefilter *pf, uint32_t id, const char *text)
{
	AUTO_FREE struct literals *l = plain(text);

	prefilter_add(pf, id, l);
}

/* ---- against a search that cannot be wrong ---- */

enum { SETS = 96, BLOCKS_A_SET = 3, SET_LITERALS_MAX = 150, DATA_MAX = 3 * 8192 + 100 };

static uint16_t random_position(struct random *r, struct literals *l, char c)
{
	struct byteset s = { 0 };

	if (letter(c) && one_in(r, 6))
		return (uint16_t)(LITERAL_NOCASE + byte_fold((unsigned char)c));
	if (one_in(r, 40))
		return LITERAL_ANY;
	if (!one_in(r, 25) || l->n_classes == LITERAL_CLASSES_MAX)
		return (unsigned char)c;
	byteset_add(&s, (unsigned char)c);
	for (size_t n = below(r, 20); n; n--)
		byteset_add(&s, (unsigned)below(r, 256));
	l->classes[l->n_classes] = byteclass_of(&s);
	return (uint16_t)(LITERAL_CLASS + l->n_classes++);
}

/* Literals of about one length, so that each way to find them has its turn. */
static void random_literals(struct random *r, struct literals *l, size_t length)
{
	char text[LITERAL_MAX + 1];

	l->n_classes = 0;
	l->n = 1 + below(r, 3);
	for (size_t i = 0; i < l->n; i++) {
		some_text(r, length, text);
		l->of[i].n = (uint16_t)strlen(text);
		bool exact = one_in(r, 2);

		for (size_t k = 0; k < l->of[i].n; k++)
			l->of[i].at[k] = exact ? (unsigned char)text[k] : random_position(r, l, text[k]);
	}
}

static bool stands_at(const struct literals *l, const struct literal *of, const char *data)
{
	for (size_t i = 0; i < of->n; i++) {
		struct byteset bytes = literal_bytes(l->classes, of->at[i]);

		if (!byteset_has(&bytes, (unsigned char)data[i]))
			return false;
	}
	return true;
}

static void search_all(const struct literals *all, size_t n, const char *data, size_t size,
		       struct seen_list *out)
{
	for (uint32_t id = 0; id < n; id++)
		for (size_t i = 0; i < all[id].n; i++)
			for (size_t at = 0; at + all[id].of[i].n <= size; at++)
				if (stands_at(&all[id], &all[id].of[i], data + at))
					on_hit(out, id, at, at + all[id].of[i].n);
}

static size_t random_data(struct random *r, char *data, const struct literals *all, size_t n_all)
{
	size_t want = one_in(r, 3) ? below(r, 200) : below(r, DATA_MAX), n = 0;
	char text[256];

	while (n < want) {
		size_t k = 0;

		if (one_in(r, 8)) { /* planted */
			const struct literals *l = &all[below(r, n_all)];
			const struct literal *of = &l->of[below(r, l->n)];

			for (; k < of->n; k++) {
				struct byteset bytes = literal_bytes(l->classes, of->at[k]);
				unsigned byte = (unsigned)below(r, 256);

				while (!byteset_has(&bytes, byte))
					byte = (byte + 1) & 255;
				text[k] = (char)byte;
			}
		} else {
			some_text(r, 100, text);
			k = strlen(text);
		}
		k = k < want - n ? k : want - n;
		memcpy(data + n, text, k);
		n += k;
	}
	return n;
}

static void check_found(const struct prefilter *pf, enum prefilter_path path, const char *data, size_t n,
			const struct seen_list *want)
{
	struct seen_list got = { 0 };

	scan_all(pf, data, n, &got);
	for (size_t i = 1; i < got.n; i++)
		assert_true(got.of[i - 1].start <= got.of[i].start);
	normalise(&got);
	if (!same(&got, want))
		fail_msg("path %s: %zu hits, %zu wanted, in %zu bytes", prefilter_path_name(path), got.n,
			 want->n, n);
	free(got.of);
}

/* As it is built without a log, and for one. */
static void check_paths(struct random *r, const struct literals *all, size_t n_all)
{
	static char data[DATA_MAX + 256];
	struct prefilter *pf[PREFILTER_PATHS] = { 0 }, *tuned[PREFILTER_PATHS] = { 0 };
	size_t n = random_data(r, data, all, n_all);

	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		if (!prefilter_force(path))
			continue;
		pf[path] = prefilter_new();
		for (uint32_t id = 0; id < n_all; id++)
			prefilter_add(pf[path], id, &all[id]);
		prefilter_build(pf[path]);
		tuned[path] = prefilter_for(pf[path], data, n);
	}
	for (unsigned b = 0; b < BLOCKS_A_SET; b++) {
		struct seen_list want = { 0 };

		search_all(all, n_all, data, n, &want);
		normalise(&want);
		for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
			if (!pf[path])
				continue;
			check_found(pf[path], path, data, n, &want);
			check_found(tuned[path], path, data, n, &want);
		}
		free(want.of);
		n = random_data(r, data, all, n_all);
	}
	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		prefilter_free(pf[path]);
		prefilter_free(tuned[path]);
	}
	prefilter_force(PREFILTER_BEST);
}

/* Lines that look like the literal without being it. */
static size_t almost(char *data, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; n + 100 < max; i++)
		n += (size_t)sprintf(data + n,
				     "10:00:%02u INFO [org.acme.Worker] org.acme.Job %u was started\n",
				     i % 60, i);
	return n;
}

static uint64_t looks_in_vain(const struct prefilter *pf, const char *data, size_t n)
{
	AUTO(prefilter_scratch) s = prefilter_scratch_new(pf);
	struct seen_list seen = { 0 };

	prefilter_scan(s, data, n, on_hit, &seen);
	free(seen.of);
	return prefilter_in_vain(s);
}

TEST(built_for_a_log_it_looks_where_that_has_little_that_looks_alike)
{
	static char data[100000];
	size_t n = almost(data, sizeof(data));

	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		if (!prefilter_force(path))
			continue;
		AUTO(prefilter) pf = prefilter_new();
		uint64_t before, after;

		add_plain(pf, 0, "[org.acme.Worker] org.acme.Job was lost");
		add_plain(pf, 1, "org.acme.Boss");
		add_plain(pf, 2, " was stopped");
		prefilter_build(pf);
		AUTO(prefilter) tuned = prefilter_for(pf, data, n);

		before = looks_in_vain(pf, data, n);
		after = looks_in_vain(tuned, data, n);
		if (before < 100 || after > before / 10)
			fail_msg("path %s: %llu looks before, %llu after", prefilter_path_name(path),
				 (unsigned long long)before, (unsigned long long)after);
	}
	prefilter_force(PREFILTER_BEST);
}

/* Literals of which some hold others, line after line. */
static size_t nested(char *data, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; n + 100 < max; i++)
		n += (size_t)sprintf(data + n, "%u xApplication startup failed badly\n", i);
	return n;
}

TEST(what_is_found_twice_at_one_place_does_not_make_up_for_looks_in_vain)
{
	static char lookalikes[100000], hits[100000];
	size_t n_lookalikes = almost(lookalikes, sizeof(lookalikes)), n_hits = nested(hits, sizeof(hits));

	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		if (!prefilter_force(path))
			continue;
		AUTO(prefilter) pf = prefilter_new();
		struct seen_list seen = { 0 };
		uint64_t before, after;

		add_plain(pf, 0, "[org.acme.Worker] org.acme.Job was lost");
		add_plain(pf, 1, "Application startup failed");
		add_plain(pf, 2, "Application startup failed badly");
		add_plain(pf, 3, "xApplication startup failed");
		prefilter_build(pf);
		AUTO(prefilter_scratch) s = prefilter_scratch_new(pf);

		prefilter_scan(s, lookalikes, n_lookalikes, on_hit, &seen);
		before = prefilter_in_vain(s);
		prefilter_scan(s, hits, n_hits, on_hit, &seen);
		after = prefilter_in_vain(s);
		free(seen.of);
		assert_true(before > 100);
		if (after < before)
			fail_msg("path %s: %llu looks in vain, and then %llu", prefilter_path_name(path),
				 (unsigned long long)before, (unsigned long long)after);
	}
	prefilter_force(PREFILTER_BEST);
}

TEST(every_path_finds_exactly_what_a_plain_search_finds)
{
	static struct literals all[SET_LITERALS_MAX];
	static const size_t lengths[] = { 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 24, 48 };
	struct random r;

	random_start(&r, UINT64_C(0x5eed0002));
	for (unsigned i = 0; i < SETS; i++) {
		size_t n = 1 + below(&r, one_in(&r, 8) ? SET_LITERALS_MAX : 20);
		bool mixed = one_in(&r, 2);
		size_t length = lengths[i % ARRAY_LEN(lengths)];

		for (size_t k = 0; k < n; k++)
			random_literals(&r, &all[k], mixed ? lengths[below(&r, ARRAY_LEN(lengths))] : length);
		check_paths(&r, all, n);
	}
	random_end(&r);
}

/* ---- against PCRE2 ---- */

enum { ROUNDS = 250, ROUND_PATTERNS = 60, ROUND_SUBJECTS = 30 };

struct round {
	pcre2_code *code[ROUND_PATTERNS];
	char *text[ROUND_PATTERNS];
	struct literals *literals[ROUND_PATTERNS];
	struct prefilter *pf[PREFILTER_PATHS];
	struct prefilter_scratch *scratch[PREFILTER_PATHS];
	pcre2_match_data *found;
	pcre2_match_context *limits;
	size_t n;
};

static void round_patterns(struct random *r, struct round *o)
{
	int why;
	size_t where;

	o->n = 0;
	for (unsigned i = 0; i < ROUND_PATTERNS; i++) {
		uint32_t options = random_pattern(r);
		const char *text = buf_text(&r->pattern);
		pcre2_code *code =
			pcre2_compile((PCRE2_SPTR)text, r->pattern.len, options, &why, &where, NULL);

		if (!code)
			continue;
		o->code[o->n] = code;
		o->text[o->n] = mem_strndup(text, r->pattern.len);
		o->literals[o->n] = new0(struct literals);
		literals_of(text, r->pattern.len, options, o->literals[o->n++]);
	}
	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		o->pf[path] = NULL;
		if (!prefilter_force(path))
			continue;
		o->pf[path] = prefilter_new();
		for (uint32_t id = 0; id < o->n; id++)
			prefilter_add(o->pf[path], id, o->literals[id]);
		prefilter_build(o->pf[path]);
		o->scratch[path] = prefilter_scratch_new(o->pf[path]);
	}
	prefilter_force(PREFILTER_BEST);
}

static void round_end(struct round *o)
{
	for (size_t i = 0; i < o->n; i++) {
		pcre2_code_free(o->code[i]);
		free(o->text[i]);
		free(o->literals[i]);
	}
	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		if (o->pf[path])
			prefilter_scratch_free(o->scratch[path]);
		prefilter_free(o->pf[path]);
	}
}

static size_t mark(void *arg, uint32_t id, size_t start, size_t end)
{
	bool *met = arg;

	(void)start;
	(void)end;
	met[id] = true;
	return SIZE_MAX;
}

static void check_subject(const struct round *o, const struct buf *subject, unsigned *matches,
			  unsigned *tries)
{
	bool matched[ROUND_PATTERNS];

	for (size_t id = 0; id < o->n; id++)
		matched[id] = prefilter_has(o->pf[PREFILTER_SCALAR], (uint32_t)id) &&
			      pcre2_match(o->code[id], (PCRE2_SPTR)buf_text(subject), subject->len, 0, 0,
					  o->found, o->limits) >= 0;
	for (unsigned path = 0; path < PREFILTER_PATHS; path++) {
		bool met[ROUND_PATTERNS] = { 0 };

		if (!o->pf[path])
			continue;
		prefilter_scan(o->scratch[path], buf_text(subject), subject->len, mark, met);
		for (size_t id = 0; id < o->n; id++) {
			*matches += matched[id];
			*tries += met[id];
			if (matched[id] && !met[id])
				fail_msg("path %s misses <%s> in <%s>", prefilter_path_name(path),
					 o->text[id], buf_text(subject));
		}
	}
}

TEST(no_match_of_any_pattern_is_missed_on_any_path)
{
	struct random r;
	struct round o = { .found = pcre2_match_data_create(64, NULL),
			   .limits = pcre2_match_context_create(NULL) };
	unsigned matches = 0, tries = 0, subjects = 0;

	random_start(&r, UINT64_C(0x5eed0003));
	pcre2_set_match_limit(o.limits, 20000);
	for (unsigned i = 0; i < ROUNDS; i++) {

		round_patterns(&r, &o);
		for (unsigned k = 0; k < ROUND_SUBJECTS; k++) {
			AUTO_BUF s = BUF_INIT(SUBJECT_MAX);

			/* half of them lines that have nothing to do with the patterns */
			random_subject(&r, &s);
			check_subject(&o, &s, &matches, &tries);
			subjects++;
		}
		round_end(&o);
	}
	printf("# %u subjects, %u matches that were also hits, %u hits\n", subjects, matches, tries);
	assert_true(matches > subjects);
	pcre2_match_data_free(o.found);
	pcre2_match_context_free(o.limits);
	random_end(&r);
}

/* ---- the rest of the contract ---- */

TEST(an_id_without_literals_is_told_apart)
{
	AUTO(prefilter) pf = prefilter_new();
	struct literals nothing_known = { .n = 0 };

	add_plain(pf, 3, "Server startup in ");
	prefilter_add(pf, 4, &nothing_known);
	prefilter_build(pf);
	assert_true(prefilter_has(pf, 3));
	assert_false(prefilter_has(pf, 4));
	assert_false(prefilter_has(pf, 5));
	assert_false(prefilter_has(pf, 500000));
	assert_int_equal(prefilter_longest(pf), 18);
}

TEST(an_empty_prefilter_and_an_empty_block_have_no_hits)
{
	AUTO(prefilter) empty = prefilter_new();
	AUTO(prefilter) pf = prefilter_new();
	struct seen_list l = { 0 };

	prefilter_build(empty);
	scan_all(empty, "some text", 9, &l);
	add_plain(pf, 0, "a");
	prefilter_build(pf);
	scan_all(pf, "", 0, &l);
	assert_int_equal(l.n, 0);
	scan_all(pf, "a", 1, &l);
	assert_int_equal(l.n, 1);
	free(l.of);
}

TEST(a_literal_of_several_ids_is_told_to_each)
{
	AUTO(prefilter) pf = prefilter_new();
	struct seen_list l = { 0 };

	for (uint32_t id = 0; id < 5; id++)
		add_plain(pf, id, "Connection refused by peer");
	add_plain(pf, 4, "Connection refused by peer");
	prefilter_build(pf);
	scan_all(pf, "x Connection refused by peer", 28, &l);
	assert_int_equal(l.n, 5);
	for (uint32_t id = 0; id < 5; id++) {
		assert_int_equal(l.of[id].id, id);
		assert_int_equal(l.of[id].start, 2);
		assert_int_equal(l.of[id].end, 28);
	}
	free(l.of);
}

TEST(an_id_is_left_alone_up_to_the_offset_that_its_hit_returned)
{
	AUTO(prefilter) pf = prefilter_new();
	struct seen_list l = { .skip = 10 };

	add_plain(pf, 0, "ab");
	add_plain(pf, 1, "cd");
	prefilter_build(pf);
	scan_all(pf, "ab.ab.cd.ab..ab.cd", 18, &l);
	normalise(&l);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.of[0].start, 0);
	assert_int_equal(l.of[1].start, 6);
	assert_int_equal(l.of[2].start, 13);
	assert_int_equal(l.of[3].start, 16);
	free(l.of);
}

TEST(what_is_skipped_in_one_block_is_not_skipped_in_the_next)
{
	AUTO(prefilter) pf = prefilter_new();
	struct seen_list l = { .skip = 1000 };

	add_plain(pf, 0, "abcdefghijklmnop");
	prefilter_build(pf);
	AUTO(prefilter_scratch) s = prefilter_scratch_new(pf);

	prefilter_scan(s, "abcdefghijklmnop", 16, on_hit, &l);
	prefilter_scan(s, "abcdefghijklmnop", 16, on_hit, &l);
	assert_int_equal(l.n, 2);
	free(l.of);
}

TEST(a_literal_across_the_border_of_two_blocks_is_found_if_they_overlap)
{
	static const char text[] =
		"2026-11-21 10:00:00,123 INFO  Alfresco started (Community). Current version: 5.2.7";
	AUTO(prefilter) pf = prefilter_new();

	add_plain(pf, 0, "Alfresco started (");
	add_plain(pf, 1, "INFO");
	prefilter_build(pf);
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		size_t overlap = prefilter_longest(pf) - 1, from = cut > overlap ? cut - overlap : 0;
		struct seen_list l = { 0 };

		scan_all(pf, text, cut, &l);
		size_t first = l.n;

		scan_all(pf, text + from, sizeof(text) - 1 - from, &l);
		for (size_t i = first; i < l.n; i++) {
			l.of[i].start += from;
			l.of[i].end += from;
		}
		normalise(&l);
		assert_int_equal(l.n, 2);
		assert_int_equal(l.of[0].id, 1);
		assert_int_equal(l.of[1].id, 0);
		free(l.of);
	}
}

TEST(a_path_that_is_forced_is_the_one_that_is_used)
{
	for (unsigned path = PREFILTER_SCALAR; path < PREFILTER_PATHS; path++) {
		AUTO(prefilter) pf = prefilter_new();
		AUTO_BUF text = BUF_INIT(1000);

		if (!prefilter_force(path)) {
			printf("# this CPU has no %s\n", prefilter_path_name(path));
			continue;
		}
		add_plain(pf, 0, "ab");
		prefilter_build(pf);
		prefilter_describe(pf, &text);
		assert_true(strncmp(buf_text(&text), prefilter_path_name(path),
				    strlen(prefilter_path_name(path))) == 0);
	}
	prefilter_force(PREFILTER_BEST);
}
