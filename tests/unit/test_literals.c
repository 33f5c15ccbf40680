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
	{ "Server startup in \\[?(?<ms>[\\d.,]+)\\]? (?:ms|milliseconds)", "Server startup in ", 0 },
	{ "Context \\[(?<context>[^\\]]*)\\] startup failed due to previous errors",
	  "\\] startup failed due to previous errors", 0 },
	{ "Server (?:version name|built):", "Server version name: | Server built:", 0 },
	{ "org\\.apache\\.catalina\\.", "org\\.apache\\.catalina\\.", 0 },
	{ "java.lang.OutOfMemoryError", "java[\\x00-\\xff]lang[\\x00-\\xff]OutOfMemoryError", 0 },
	{ " (?:ERROR|FATAL) +\\[", " ERROR  |  FATAL ", 0 },
	{ "[A-Z]-\\d\\d\\d\\d\\d:", "[A-Z]-[0-9][0-9][0-9][0-9][0-9]:", 0 },
	{ "(?i)out of memory", "(?i:out of memory)", 0 },
	{ "(?i)abc\\x{4b}", "(?i:abck)", 0 },
	{ "foo(?i)bar|baz", "foo(?i:bar) | (?i:baz)", 0 },
	{ "(?:(?i)foo)bar", "(?i:foo)bar", 0 },
	{ "(?i:Foo)Bar", "(?i:foo)Bar", 0 },
	{ "\\QServer [built]:\\E \\d+", "Server \\[built\\]: [0-9]", 0 },
	{ "(?x) Applied \\s patch # a comment", "Applied[\\x09-\\x0d ]patch", 0 },
	{ "(?x)Server\\ started [ ] now", "Server started now", 0 },
	{ "Alfresco\\ started", "Alfresco started", 0 },
	{ "colou?r of the error", "color of the error | colour of the error", 0 },
	{ "(?:re)?started successfully", "started successfully", 0 },
	{ "Unable to (?:start|stop) component", "Unable to start component | Unable to stop component", 0 },
	{ "(?:ERR|WRN)-\\d{4}", "ERR-[0-9][0-9][0-9][0-9] | WRN-[0-9][0-9][0-9][0-9]", 0 },
	{ "x+Broken pipe", "xBroken pipe", 0 },
	{ "(?:Unable )+", "Unable ", 0 },
	{ "(?:Unable ){2}", "Unable Unable ", 0 },
	{ "a{0}Broken pipe", "Broken pipe", 0 },
	{ "(?:Unable )?to reach", "to reach", 0 },
	{ ".*failed to bind", "failed to bind", 0 },
	{ "^\\s*at org\\.acme\\.Node", "at org\\.acme\\.Node", 0 },
	{ "(?=Unable)Broken pipe", "Broken pipe", 0 },
	{ "(?!Unable)Broken pipe", "Broken pipe", 0 },
	{ "(?<=Unable )Broken pipe", "Broken pipe", 0 },
	{ "(?<!Unable )Broken pipe", "Broken pipe", 0 },
	{ "(?>Broken) pipe", "Broken pipe", 0 },
	{ "(?|Broken|Cracked) pipe", "Broken pipe | Cracked pipe", 0 },
	{ "(a)\\1Broken pipe", "Broken pipe", 0 },
	{ "(?<n>a)\\k<n>Broken pipe", "Broken pipe", 0 },
	{ "(?1)Broken (pipe)", "Broken pipe", 0 },
	{ "(?(1)Broken|Cracked) pipe", "-", 0 },
	{ "(?C1)Broken pipe", "-", 0 },
	{ "(*COMMIT)Broken pipe", "-", 0 },
	{ "(*UTF)Broken pipe", "-", 0 },
	{ "Broken\\K pipe", "Broken pipe", 0 },
	{ "Broken\\R pipe line", " pipe line", 0 },
	{ "Broken\\X pipe line", " pipe line", 0 },
	{ "Broken\\npipe", "Broken\\x0apipe", 0 },
	{ "Broken pipe|", "-", 0 },
	{ "Broken pipe|\\d", "-", 0 },
	{ "(?:Broken|) pipe line", " pipe line", 0 },
	{ "Broken pipe(?:)", "Broken pipe", 0 },
	{ "[Bb]roken pipe", "(?i:b)roken pipe", 0 },
	{ "[B]roken pipe", "Broken pipe", 0 },
	{ "[^B]roken pipe", "roken pipe", 0 },
	{ "[[:upper:]]roken pipe", "[A-Z]roken pipe", 0 },
	{ "(?i)[[:upper:]]roken", "[A-Za-z](?i:roken)", 0 },
	{ "[[:foo:]]roken", "-", 0 },
	{ "[\\Qa\\E]roken pipe", "-", 0 },
	{ "roken{,3} pipe", "-", 0 },
	{ "roken{3 pipe", "roken\\{3 pipe", 0 },
	{ "roken{3} pipe", "rokennn pipe", 0 },
	{ "roken{3}", "rokennn", 0 },
	{ "\\x42roken \\x{70}ipe", "Broken pipe", 0 },
	{ "\\102roken pipe", "roken pipe", 0 },
	{ "\\o{102}roken pipe", "Broken pipe", 0 },
	{ "\\cBroken pipe", "\\x02roken pipe", 0 },
	{ "\\Nroken pipe", "roken pipe", 0 },
	{ "\\p{Lu}roken pipe", "roken pipe", 0 },
	{ "Broken pipe(?#comment) line", "Broken pipe line", 0 },
	{ "Broken(?#)+ pipe", "Broken", 0 },
	{ "\\EBroken\\E pipe", "Broken pipe", 0 },
	{ "e", "-", 0 },
	{ "\\d+", "-", 0 },
	{ "\\w+ \\w+", "-", 0 },
	{ ".", "-", 0 },
	{ "^$", "-", 0 },
	{ "", "-", 0 },
	{ "ab", "ab", 0 },
	{ "%", "%", 0 },
	{ "\\d%", "[0-9]%", 0 },
	{ "INFO", "INFO", 0 },
	{ " ERROR ", " ERROR ", 0 },
	{ "(?:a|b|c|d)(?:e|f|g|h)(?:i|j|k|l)", "-", 0 },
	{ "(?:one|two|three) of (?:four|five|six) are (?:seven|eight|nine) now",
	  "one of four are  | one of five are  | one of six are  | two of four are  | two of five are  | two "
	  "of six are  | three of four are  | three of five are  | three of six are ",
	  0 },
	{ "the process of \\d+ (?:and|or) the other", "the process of [0-9]", 0 },
	{ "(?:Caused by: |\\tat )(?<class>[\\w.$]+)", "Caused by:  | \\x09at ", 0 },
	{ "ORA-\\d{5}", "ORA-[0-9][0-9][0-9][0-9][0-9]", 0 },
	{ "[0-9a-f]{8}-[0-9a-f]{4}",
	  "[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
	  0 },
	{ "(?s)begin.*?end of it", "end of it", 0 },
	{ "(?-i)Broken pipe", "Broken pipe", 0 },
	{ "(?^)Broken pipe", "Broken pipe", 0 },
	{ "(?xx)Broken pipe", "-", 0 },
	{ "(?(DEFINE)(?<x>a))Broken pipe", "-", 0 },
	{ "(Broken pipe", "-", 0 },
	{ "Broken pipe)", "-", 0 },
	{ "Broken [pipe", "-", 0 },
	{ "Broken pipe\\", "-", 0 },
	{ "[[:<:]]Broken pipe[[:>:]]", "Broken pipe", 0 },
	{ "Found (?<n>\\d+) module\\(?s?\\)? package", "Found [0-9]", 0 },
	{ "(?:Starting|Upgrading|Installing) module '(?<module>[\\w.-]+)' version",
	  "Starting module ' | Upgrading module ' | Installing module '", 0 },
	{ "The module '(?<module>[^']+)' (?:has been uninstalled|is not compatible)",
	  "has been uninstalled | is not compatible", 0 },
	{ "(?i)license (?:is|has become) (?<state>invalid|expired|missing)",
	  "(?i:license is invalid) | (?i:license is expired) | (?i:license is missing) | (?i:license has "
	  "become invalid) | (?i:license has become expired) | (?i:license has become missing)",
	  0 },
	{ "Unsupported(?:ClassVersionError| major\\.minor version (?<version>[\\d.]+))",
	  "UnsupportedClassVersionError | Unsupported major\\.minor version [.0-9]", 0 },
	{ "(?<!Query)(?:Read|connect|Accept) timed out", " timed out", 0 },
	{ "PSQLException: ERROR: (?<why>.+)", "PSQLException: ERROR: ", 0 },
	{ "Cannot (?:get a connection, pool error|create PoolableConnectionFactory)(?: (?<why>.*))?",
	  "Cannot get a connection, pool error | Cannot create PoolableConnectionFactory", 0 },
	{ "Migration (?<file>V[\\d_.]+__\\w+\\.sql) failed", "Migration V[.0-9_]", 0 },
	{ "SQL Error: (?<code>-?\\d+), SQLState: (?<state>\\w{5}|null)", "SQL Error: ", 0 },
	{ "Journal (?:is )?not formatted|Unable to (?:replay|read) journal",
	  "Journal not formatted | Journal is not formatted | Unable to replay journal | "
	  "Unable to read journal",
	  0 },
	{ "heartbeat (?:lost|timed out) for (?<who>worker|client)[- ](?<id>\\w+)",
	  "heartbeat lost for  | heartbeat timed out for ", 0 },
	{ "(?<what>\\w+) conflicts with \\k<what>", "[0-9A-Z_a-z] conflicts with ", 0 },
	{ "upgrade from (?<from>\\d+\\.\\d+\\.\\d+) to (?!\\k<from>)(?<to>\\d+\\.\\d+\\.\\d+)",
	  "upgrade from [0-9]", 0 },
	{ "[Cc]hecksum (?:mismatch|does not match)", "(?i:c)hecksum mismatch | (?i:c)hecksum does not match",
	  0 },
	{ "\\b\\d{1,3}(?:\\.\\d+)?% \\(\\d+/\\d+\\)", "% \\([0-9]", 0 },
	{ "^[A-Z]{4}\\d{4}[EW]: (?<what>.+)", "[A-Z][A-Z][A-Z][A-Z][0-9][0-9][0-9][0-9][EW]: ", 0 },
	{ "Broken Pipe", "(?i:broken pipe)", PCRE2_CASELESS },
	{ "Broken \\ pipe # gone", "Broken pipe", PCRE2_EXTENDED },
	{ "Broken.pipe(\\E", "Broken\\.pipe\\(\\\\E", PCRE2_LITERAL },
	{ "Broken pipe", "-", PCRE2_UTF },
	{ "Broken pipe", "-", PCRE2_UCP },
	{ "Broken pipe", "-", PCRE2_ALT_BSUX },
	{ "Broken pipe", "-", PCRE2_EXTENDED_MORE },
	{ "Broken pipe", "Broken pipe", PCRE2_DOTALL | PCRE2_UNGREEDY | PCRE2_DUPNAMES },
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
