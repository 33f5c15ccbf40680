/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of bytes, some known better than others, that is looked for in a log.
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
	LITERAL_MAX = 48,		      /* positions in a literal */
	LITERAL_STRING_MAX = 2 * LITERAL_MAX, /* and in a string that one is a part of */

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

struct byteclass byteclass_of(const struct byteset *bytes);
/* The bytes that may stand at a position. */
struct byteset literal_bytes(const struct byteclass *classes, unsigned position);
/* The one folded byte (byte_fold) that may stand at a position, or -1 if there are several. */
int literal_folded(const struct byteclass *classes, unsigned position);
/*
 * How rare each of n positions is (RARITY_BIT), n being at most LITERAL_STRING_MAX; those of well-known words
 * are told by word, if that is not NULL.
 */
void literal_rarity(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *rarity,
		    enum rarity_word *word);

/* What a pattern costs without literals: every line has to be cut out for it. */
enum { LITERAL_COST_TOO_HIGH = 20000000 };

/*
 * Where the rarest part of a string begins that fits a literal; length is the string's, and then the part's.
 * cost is what looking for it costs, in microseconds per GiB of log.
 */
size_t literal_rarest_part(const struct byteclass *classes, const uint16_t *at, size_t *length,
			   uint64_t *cost);

/* The literal as a pattern: what a person can read. */
void literal_text(const struct byteclass *classes, const struct literal *l, struct buf *out);
