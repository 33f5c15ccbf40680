/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCRE2 pattern as sets use it: bytes, MULTILINE, lines end in LF, limits always set.  A match has three
 * outcomes, and the third is never "no".
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

enum regex_result { REGEX_NO, REGEX_YES, REGEX_GAVE_UP };

struct regex;
/* e says what is wrong and at which character (from 1). */
struct regex *regex_new(const char *pattern, struct err *e);
void regex_free(struct regex *r);
DEFINE_AUTO(regex)
const char *regex_text(const struct regex *r);
uint32_t regex_options(void); /* of PCRE2, as all are compiled */
/* The JIT compiles at the first match; where it is refused (W^X policies) it goes without. */
enum regex_result regex_match(struct regex *r, const char *s, size_t n);
/* The same without asking the JIT to compile, which takes longer than a few short texts do. */
enum regex_result regex_match_once(struct regex *r, const char *s, size_t n);

/* How far a match that failed had come, in its best try. */
struct regex_trace {
	size_t pattern_at, subject_at; /* where in the pattern it failed, and where the subject stood */
	/* the longest run of plain characters of the pattern that was met, or occurs anywhere in the subject
	 */
	size_t run_at, run_len;
};
/* Slow: for people who ask why. */
void regex_trace(const struct regex *r, const char *s, size_t n, struct regex_trace *out);

/* Named captures, by index from 0. */
size_t regex_names(const struct regex *r);
const char *regex_name(const struct regex *r, size_t i);
/* What the i-th took out of the last match that was REGEX_YES; false where it took no part. */
bool regex_capture(const struct regex *r, size_t i, size_t *start, size_t *len);
