/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subject must contain for a pattern to match it: a few short runs of bytes, any of which will do.  A
 * subject in which none of them occurs cannot match.  Whatever this small reader of PCRE2's syntax does not
 * know for certain gives "nothing known" (n == 0), never a guess.
 *
 * A position of a literal is one byte, an ASCII letter in either case, or one of a class of bytes, so that
 * (?i) and \d need no long lists.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "pattern/prefilter_rarity.h"

enum {
	LITERAL_MAX = 48,	  /* positions in a literal */
	LITERALS_MAX = 64,	  /* literals in one any-of set */
	LITERAL_CLASSES_MAX = 32, /* classes in one pattern */

	/* what a position holds: 0 to 255 is that byte */
	LITERAL_NOCASE = 0x100, /* plus a lower-case letter */
	LITERAL_ANY = 0x1ff,
	LITERAL_CLASS = 0x200, /* plus a number in classes */
};

struct byteclass {
	struct byteset bytes;
	uint16_t rarity;
	int16_t folded; /* what all its bytes fold to, or -1 */
};

struct literal {
	uint16_t n;
	uint16_t at[LITERAL_MAX];
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

struct byteclass byteclass_of(const struct byteset *bytes);
/* The bytes that may stand at a position. */
struct byteset literal_bytes(const struct byteclass *classes, unsigned position);
/* The one folded byte (byte_fold) that may stand at a position, or -1 if there are several. */
int literal_folded(const struct byteclass *classes, unsigned position);
/*
 * How rare each of n positions is (RARITY_BIT), n being at most twice LITERAL_MAX; those of well-known words
 * are told by word, if that is not NULL.
 */
void literal_rarity(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *rarity,
		    enum rarity_word *word);

/* The literal as a pattern: what a person can read. */
void literal_text(const struct byteclass *classes, const struct literal *l, struct buf *out);
