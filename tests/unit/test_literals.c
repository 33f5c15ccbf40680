/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "pattern/literals.h"
#include "random_pattern.h"

/* Each literal as text, in order, with " | " between; "-" where nothing is known. */
static const struct {
	const char *pattern, *literals;
	uint32_t options;
} cases[] = {
	{ "Server startup in", "Server startup in", 0 },
};

static void describe(const struct literals *l, struct buf *out)
{
	if (l->n == 0)
		buf_str(out, "-");
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_str(out, " | ");
		literal_text(l->classes, &l->of[i], out);
	}
}

TEST(known_patterns_give_the_literals_that_a_person_would_choose)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF text = BUF_INIT(65536);
		struct literals l;

		literals_of(cases[i].pattern, strlen(cases[i].pattern), cases[i].options | PCRE2_MULTILINE,
			    &l);
		describe(&l, &text);
		if (strcmp(buf_text(&text), cases[i].literals) != 0)
			print_error("pattern %s\n", cases[i].pattern);
		assert_string_equal(buf_text(&text), cases[i].literals);
	}
}

static bool literal_at(const struct literals *l, const struct literal *of, const struct buf *s, size_t at)
{
	for (size_t i = 0; i < of->n; i++) {
		struct byteset bytes = literal_bytes(l->classes, of->at[i]);

		if (!byteset_has(&bytes, (unsigned char)s->data[at + i]))
			return false;
	}
	return true;
}

static bool one_occurs(const struct literals *l, const struct buf *s)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t at = 0; at + l->of[i].n <= s->len; at++)
			if (literal_at(l, &l->of[i], s, at))
				return true;
	return false;
}

enum { PATTERNS = 40000, SUBJECTS = 6 };

struct tally {
	unsigned compiled, known, matched;
};

static void try_pattern(struct random *r, uint32_t options, struct tally *t)
{
	int why;
	size_t where;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)buf_text(&r->pattern), r->pattern.len, options, &why, &where, NULL);
	struct literals l;

	literals_of(buf_text(&r->pattern), r->pattern.len, options, &l);
	if (!code)
		return;
	pcre2_match_data *found = pcre2_match_data_create_from_pattern(code, NULL);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);

	pcre2_set_match_limit(limits, 20000);
	t->compiled++;
	t->known += l.n > 0;
	for (unsigned i = 0; i < SUBJECTS && l.n; i++) {
		AUTO_BUF s = BUF_INIT(SUBJECT_MAX);

		random_subject(r, &s);
		if (pcre2_match(code, (PCRE2_SPTR)buf_text(&s), s.len, 0, 0, found, limits) < 0)
			continue;
		t->matched++;
		if (!one_occurs(&l, &s)) {
			AUTO_BUF text = BUF_INIT(65536);

			describe(&l, &text);
			fail_msg("pattern <%s> options %#x matches <%s>, but none of %s occurs",
				 buf_text(&r->pattern), options, buf_text(&s), buf_text(&text));
		}
	}
	pcre2_match_data_free(found);
	pcre2_match_context_free(limits);
	pcre2_code_free(code);
}

TEST(whatever_matches_contains_one_of_the_literals)
{
	struct random r;
	struct tally t = { 0 };

	random_start(&r, UINT64_C(0x5eed0001));
	for (unsigned i = 0; i < PATTERNS; i++)
		try_pattern(&r, random_pattern(&r), &t);
	printf("# %u patterns compiled, %u with literals, %u matches\n", t.compiled, t.known, t.matched);
	/* a property that is never put to the test would always hold */
	assert_true(t.compiled > PATTERNS / 2);
	assert_true(t.known > t.compiled / 3);
	assert_true(t.matched > t.known);
	random_end(&r);
}
