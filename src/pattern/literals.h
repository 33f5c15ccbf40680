/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subject must contain for a pattern to match it: a few short runs of bytes, any of which will do.  A
 * subject in which none of them occurs cannot match.  Whatever this small reader of PCRE2's syntax does not
 * know for certain gives "nothing known" (n == 0), never a guess.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "pattern/literal.h"

enum {
	LITERALS_MAX = 64,	  /* literals in one any-of set */
	LITERAL_CLASSES_MAX = 32, /* classes in one pattern */
};

struct literals {
	size_t n; /* 0: nothing known, the pattern must be tried on every subject */
	size_t n_classes;
	struct literal of[LITERALS_MAX];
	struct byteclass classes[LITERAL_CLASSES_MAX];
};

/*
 * The pattern as it is given to pcre2_compile, with its options; subjects are matched as bytes.  For a
 * pattern that does not compile the answer is of no use, but safe.
 */
void literals_of(const char *pattern, size_t n, uint32_t pcre2_options, struct literals *out);
