/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random PCRE2 patterns, each with a text that it probably matches: a walk through the syntax, odd corners
 * included, that writes both at once.  Lines of real logs, where they are at hand, lend words to the
 * patterns.
 */
#pragma once
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"

enum { SUBJECT_MAX = 1 << 16, CORPUS_MAX = 1 << 22 };

struct random {
	uint64_t state;
	struct buf pattern, sample;
	struct buf corpus; /* lines of real logs; may be empty */
	unsigned depth;
	bool nocase, extended;
	unsigned groups;
};

static inline uint64_t draw(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static inline size_t below(struct random *r, size_t n)
{
	return (size_t)(draw(r) % n);
}

static inline bool one_in(struct random *r, size_t n)
{
	return below(r, n) == 0;
}

/* A piece of a real line, or of an invented one. */
static inline void some_text(struct random *r, size_t max, char *text)
{
	static const char invented[] = "2026-11-21 10:00:00,123 ERROR [org.alfresco.repo.Node] (main) failed "
				       "to start: {a=1} \\x + 50% *done* | "
				       "Server startup in 1234 ms\n\tat com.acme.Main(Main.java:12) "
				       "caf\xc3\xa9 \xff\x80 ^$? #tag 'x' \"y\" ORA-00942\r\n";
	const char *from = r->corpus.len > 1000 ? r->corpus.data : invented;
	size_t room = r->corpus.len > 1000 ? r->corpus.len : sizeof(invented) - 1;
	size_t n = 1 + below(r, max);

	memcpy(text, from + below(r, room - n), n);
	text[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '0';
}

static inline void say(struct random *r, const char *text)
{
	buf_str(&r->pattern, text);
}

static inline bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline void expect(struct random *r, char c)
{
	buf_char(&r->sample, r->nocase && letter(c) && one_in(r, 2) ? (char)(c ^ 0x20) : c);
}

/* In (?x), blanks and comments may stand anywhere between items. */
static inline void gap(struct random *r)
{
	static const char *const gaps[] = {
		" ", "\t", "\n", " # why (not|this\n", "(?#note)", "\\E", "\\Q\\E"
	};

	if (r->extended && one_in(r, 3))
		say(r, gaps[below(r, ARRAY_LEN(gaps))]);
	else if (one_in(r, 60))
		say(r, gaps[4 + below(r, 3)]);
}

static inline void write_byte(struct random *r, char c)
{
	unsigned u = (unsigned char)c;

	if (one_in(r, 40))
		buf_printf(&r->pattern, "\\x%02x", u);
	else if (one_in(r, 60))
		buf_printf(&r->pattern, "\\x{%x}", u);
	else if (one_in(r, 60))
		buf_printf(&r->pattern, "\\o{%o}", u);
	else if (one_in(r, 60) && u < 64)
		buf_printf(&r->pattern, "\\0%02o", u);
	else if (c == '\n' && one_in(r, 2))
		say(r, "\\n");
	else if (letter(c) || (c >= '0' && c <= '9') || (u & 0x80 && one_in(r, 2)))
		buf_char(&r->pattern, c);
	else if (strchr("/:,-_='\"", c) && one_in(r, 2))
		buf_char(&r->pattern, c);
	else if (c == ' ' && !r->extended)
		buf_char(&r->pattern, c);
	else
		buf_printf(&r->pattern, "\\%c", c);
}

static inline void write_text(struct random *r)
{
	char text[40];

	some_text(r, one_in(r, 3) ? 30 : 8, text);
	if (one_in(r, 12) && !strstr(text, "\\E")) {
		size_t n = strlen(text);

		buf_printf(&r->pattern, "\\Q%s", text);
		if (!one_in(r, 50))
			say(r, "\\E");
		for (size_t i = 0; i < n; i++)
			expect(r, text[i]);
		return;
	}
	for (size_t i = 0; text[i]; i++) {
		write_byte(r, text[i]);
		expect(r, text[i]);
		gap(r);
	}
}

static inline void write_class(struct random *r)
{
	static const struct {
		const char *text, *members;
	} classes[] = {
		{ "[a-f]", "abcf" },
		{ "[^x\\]]", "aZ 9\n" },
		{ "\\d", "0159" },
		{ "\\D", "a -" },
		{ "[[:alpha:]_]", "aZ_" },
		{ "[\\w.-]", "a0.-" },
		{ "\\s", " \t\n" },
		{ "\\S", "aZ0\xff" },
		{ ".", "aZ0-\xe9" },
		{ "\\N", "aZ0" },
		{ "\\h", " \t\xa0" },
		{ "\\H", "a0" },
		{ "[]a]", "]a" },
		{ "[^]a]", "bc\n" },
		{ "[a\\-z]", "a-z" },
		{ "[-az]", "-az" },
		{ "[az-]", "az-" },
		{ "\\C", "a\xff" },
		{ "\\p{L}", "aZ" },
		{ "\\PN", "aZ" },
		{ "[[:^digit:]]", "a " },
		{ "[\\x41-\\x{43}]", "AC" },
		{ "\\v", "\n\x0b" },
		{ "\\V", "ab" },
		{ "[[:upper:]]", "AZ" },
		{ "[[:^lower:]]", "A0" },
		{ "[\\s\\S]", "a\n" },
		{ "[^\\W_]", "a0Z" },
		{ "[\\b\\n]", "\n\b" },
		{ "[Ee]", "Ee" },
		{ "[[]", "[" },
		{ "[0-9a-fA-F]", "0aF" },
		{ "[\\d-z]", "0-z" },
		{ "[^\\D]", "07" },
		{ "[\\]\\[]", "[]" },
		{ "[#x ]", "#x " },
		{ "[[:punct:]]", "!~;" },
		{ "[[:space:][:digit:]]", " 1" },
		{ "[^[:cntrl:]]", "a\xff" },
		{ "\\R", "\n\r" },
		{ "\\X", "ab" },
		{ "[\\Qa\\E-z]", "az" },
		{ "[\\pL\\d]", "a1" },
	};
	size_t i = below(r, ARRAY_LEN(classes));
	const char *members = classes[i].members;

	say(r, classes[i].text);
	expect(r, members[below(r, strlen(members))]);
}

static inline void write_widthless(struct random *r)
{
	static const char *const some[] = {
		"^",	"$",	    "\\b",	   "\\B",     "\\A",	 "\\z",	    "\\Z",
		"\\K",	"\\G",	    "(?=.)",	   "(?!zz)",  "(?<=.)",	 "(?<!zz)", "(?=\\w|\\W)",
		"(?:)", "(?<!foo)", "(?=(?i)a|.)", "[[:<:]]", "[[:>:]]", "(?*.)",   "(?#note)",
		"\\E",	"(?^)",	    "(?-i)",	   "(?s)",    "(?m-s)",
	};

	say(r, some[below(r, ARRAY_LEN(some))]);
	if (strstr(buf_text(&r->pattern), "(?-i)") || strstr(buf_text(&r->pattern), "(?^)"))
		r->nocase = false;
}

static inline void write_odd(struct random *r)
{
	static const struct {
		const char *text, *sample;
	} some[] = {
		{ "(ab|cd)\\1", "abab" },
		{ "(?<twin>\\w)\\k<twin>", "zz" },
		{ "(x|y)\\g{-1}", "xx" },
		{ "(?:(a)|b)(?(1)c|d)", "bd" },
		{ "(?(?=a)ab|cd)", "cd" },
		{ "(?C1)", "" },
		{ "(*COMMIT)", "" },
		{ "(*ACCEPT)tail", "" },
		{ "(*F)|", "" },
		{ "(*THEN)", "" },
		{ "(*pla:a)", "" },
		{ "(<(?:[^<>]|(?R))*>)", "<a>" },
		{ "(q(?1)?r)", "qqrr" },
		{ "(?<n>u|v)(?&n)", "uv" },
		{ "(?P<m>u|v)(?P>m)(?P=m)", "uvu" },
		{ "(?(DEFINE)(?<d>\\d+))(?&d)", "12" },
		{ "(?:a{,3})", "a{,3}" },
		{ "x{", "x{" },
		{ "x{2", "x{2" },
		{ "x{}", "x{}" },
		{ "x{a}", "x{a}" },
		{ "}", "}" },
		{ "]", "]" },
		{ "\\cA", "\x01" },
		{ "\\e\\a", "\x1b\a" },
		{ "\\101", "A" },
		{ "\\81", "81" },
		{ "(?:ab){2}{2}", "abababab" },
		{ "(?:a|){3}", "a" },
		{ "(?:word){0}", "" },
		{ "(?:word){0,0}end", "end" },
		{ "(?:a?b?)*c", "abc" },
		{ "(?i)caseless", "CaseLess" },
		{ "(?xx)[a b]", "a" },
		{ "(?x) spaced + out # c\n", "spacedddout" },
		{ "(?x)a + ?b", "b" },
		{ "(?:ab)\\E+c", "ababc" },
		{ "(?:ab)(?#c)?c", "c" },
		{ "a\\Q\\E*b", "b" },
		{ "\\Qa.b\\E?c", "a.c" },
		{ "(?n)(plain)", "plain" },
		{ "(?U)a+b", "aab" },
		{ "(?J)", "" },
		{ "(?i:K\\x{4b}s)", "kkS" },
		{ "(?+1)(f|g)", "gf" },
		{ "\\g<1>(f)", "ff" },
		{ "(?:(?i)abc|def)x", "DEFx" },
		{ "(?|(a)|(b))\\1", "bb" },
	};
	size_t i = below(r, ARRAY_LEN(some));

	say(r, some[i].text);
	buf_str(&r->sample, some[i].sample);
	if (strstr(some[i].text, "(?i)c") || strstr(some[i].text, "(?x"))
		r->extended |= strstr(some[i].text, "(?x") != NULL;
}

static inline void write_branch(struct random *r);

static inline void write_alternatives(struct random *r)
{
	size_t n = 1 + below(r, 4), chosen = below(r, n);
	AUTO_BUF kept = BUF_INIT(SUBJECT_MAX);

	for (size_t i = 0; i < n; i++) {
		buf_clear(&kept);
		buf_add(&kept, buf_text(&r->sample), r->sample.len);
		if (i)
			say(r, "|");
		if (!one_in(r, 12))
			write_branch(r);
		if (i != chosen) {
			buf_clear(&r->sample);
			buf_add(&r->sample, buf_text(&kept), kept.len);
		}
	}
}

static inline void write_group(struct random *r)
{
	static const char *const openings[] = {
		"(",	 "(?:",	 "(?:",	   "(?:",  "(?>",  "(?|",     "(?i:",
		"(?-i:", "(?x:", "(?i-x:", "(?s:", "(?^:", "(?:(?i)",
	};
	bool nocase = r->nocase, extended = r->extended;
	const char *opening = openings[below(r, ARRAY_LEN(openings))];

	if (one_in(r, 8))
		buf_printf(&r->pattern, one_in(r, 2) ? "(?<n%u>" : "(?'n%u'", r->groups++);
	else if (one_in(r, 12))
		buf_printf(&r->pattern, "(?P<n%u>", r->groups++);
	else
		say(r, opening);
	if (strstr(opening, "i:") || strstr(opening, "(?i"))
		r->nocase = !strstr(opening, "-i");
	if (strstr(opening, "x:"))
		r->extended = !strstr(opening, "-x");
	if (strstr(opening, "^"))
		r->nocase = r->extended = false;
	write_alternatives(r);
	say(r, ")");
	r->nocase = nocase;
	r->extended = extended;
}

static inline void write_quantifier(struct random *r, size_t sample_before)
{
	static const struct {
		const char *text;
		unsigned times;
	} some[] = {
		{ "?", 0 },   { "?", 1 },     { "*", 0 },     { "*", 2 },    { "+", 1 },     { "+", 3 },
		{ "{2}", 2 }, { "{1,3}", 2 }, { "{0,2}", 0 }, { "{2,}", 3 }, { "{0}", 0 },   { "{3,5}", 4 },
		{ "{1}", 1 }, { "{12}", 12 }, { "{0,1}", 1 }, { "{,2}", 1 }, { "{ 2 }", 2 },
	};
	size_t i = below(r, ARRAY_LEN(some)), n = r->sample.len - sample_before;
	AUTO_FREE char *once = mem_strndup(buf_text(&r->sample) + sample_before, n);

	gap(r);
	say(r, some[i].text);
	if (one_in(r, 6)) {
		if (one_in(r, 6))
			gap(r);
		say(r, one_in(r, 2) ? "?" : "+");
	}
	r->sample.len = sample_before;
	for (unsigned k = 0; k < some[i].times; k++)
		buf_add(&r->sample, once, n);
}

static inline void write_item(struct random *r)
{
	size_t before = r->sample.len, what = below(r, 20);

	if (what == 0) {
		write_widthless(r);
		return;
	}
	if (what == 1 && one_in(r, 3)) {
		write_odd(r);
		return;
	}
	if (what < 6 && r->depth < 4) {
		r->depth++;
		write_group(r);
		r->depth--;
	} else if (what < 11) {
		write_class(r);
	} else {
		write_text(r);
		if (!one_in(r, 6))
			return;
		before = r->sample.len ? r->sample.len - 1 : 0;
	}
	if (one_in(r, 3))
		write_quantifier(r, before);
}

static inline void write_branch(struct random *r)
{
	for (size_t n = 1 + below(r, 4); n; n--) {
		write_item(r);
		gap(r);
	}
}

/* The options for pcre2_compile; the pattern and its sample are in r. */
static inline uint32_t random_pattern(struct random *r)
{
	uint32_t options = PCRE2_MULTILINE;

	buf_clear(&r->pattern);
	buf_clear(&r->sample);
	r->depth = r->groups = 0;
	r->nocase = one_in(r, 6);
	r->extended = one_in(r, 10);
	if (r->nocase && one_in(r, 3))
		options |= PCRE2_CASELESS;
	else if (r->nocase)
		say(r, "(?i)");
	if (r->extended && one_in(r, 2))
		options |= PCRE2_EXTENDED;
	else if (r->extended)
		say(r, "(?x)");
	if (one_in(r, 12))
		options |= PCRE2_DOTALL;
	if (one_in(r, 60))
		options |= PCRE2_UTF;
	if (one_in(r, 60))
		options |= PCRE2_LITERAL;
	write_branch(r);
	while (one_in(r, 6)) {
		say(r, "|");
		write_branch(r);
	}
	return options & PCRE2_LITERAL ? options & (uint32_t)(PCRE2_LITERAL | PCRE2_CASELESS) : options;
}

/* The sample with something before and behind, and now and then a small change. */
static inline void random_subject(struct random *r, struct buf *subject)
{
	char text[256];

	buf_clear(subject);
	some_text(r, 200, text);
	if (one_in(r, 2))
		buf_str(subject, text);
	if (one_in(r, 20) && r->corpus.len)
		return;
	if (one_in(r, 30))
		buf_add(subject, buf_text(&r->pattern), r->pattern.len);
	buf_add(subject, buf_text(&r->sample), r->sample.len);
	some_text(r, 60, text);
	if (one_in(r, 2))
		buf_str(subject, text);
	if (subject->len && one_in(r, 4))
		subject->data[below(r, subject->len)] = (char)draw(r);
	if (subject->len && one_in(r, 10)) {
		size_t i = below(r, subject->len);

		if (letter(subject->data[i]))
			subject->data[i] ^= 0x20;
	}
}

static inline void corpus_add(struct random *r, const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *entry; d && (entry = readdir(d)) && r->corpus.len < CORPUS_MAX / 2;) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR) {
			corpus_add(r, path);
			continue;
		}
		AUTO_BUF text = BUF_INIT(CORPUS_MAX);
		struct err e;

		if (io_read_file(path, &text, &e) == 0)
			buf_add(&r->corpus, buf_text(&text), text.len < 20000 ? text.len : 20000);
	}
	if (d)
		closedir(d);
}

/* GONOGO_CORPUS, or ../shared/corpus beside the source tree; without either the lines are invented. */
static inline void random_start(struct random *r, uint64_t seed)
{
	const char *named = getenv("GONOGO_CORPUS"), *root = getenv("MESON_SOURCE_ROOT");
	AUTO_FREE char *beside = mem_printf("%s/../shared/corpus", root ? root : ".");

	*r = (struct random){ .state = seed,
			      .pattern = BUF_INIT(SUBJECT_MAX),
			      .sample = BUF_INIT(SUBJECT_MAX),
			      .corpus = BUF_INIT(CORPUS_MAX) };
	corpus_add(r, named ? named : beside);
	printf("# seed %#llx, %zu bytes of real logs%s\n", (unsigned long long)seed, r->corpus.len,
	       r->corpus.len ? "" : ": ../shared/corpus is not there, the lines are invented");
}

static inline void random_end(struct random *r)
{
	buf_free(&r->pattern);
	buf_free(&r->sample);
	buf_free(&r->corpus);
}
