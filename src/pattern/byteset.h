/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, and sets of them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct byteset {
	uint64_t word[4];
};

static inline bool byteset_has(const struct byteset *s, unsigned byte)
{
	return s->word[byte >> 6] >> (byte & 63) & 1;
}

static inline void byteset_add(struct byteset *s, unsigned byte)
{
	s->word[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/* All letters below 0x80 look as if they were lower-case; other bytes may coincide, too. */
static inline unsigned byte_fold(unsigned byte)
{
	return byte | 0x20;
}

static inline bool byte_is_letter(unsigned c)
{
	return c < 128 && str_alpha((char)c);
}

static inline void byteset_invert(struct byteset *s)
{
	for (size_t i = 0; i < 4; i++)
		s->word[i] = ~s->word[i];
}
