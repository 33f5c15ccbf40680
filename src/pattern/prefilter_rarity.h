/* SPDX-License-Identifier: Apache-2.0 */
/* How rare bytes and words are in the logs of servers: an estimate, in eighths of a bit.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern/byteset.h"

enum { RARITY_BIT = 8 };

unsigned rarity_of_byte(unsigned byte);
unsigned rarity_of_set(const struct byteset *s);
/* Are four bytes, folded, part of a word that most lines of some log have, or some lines of many? */
enum rarity_word { RARITY_NO_WORD, RARITY_FREQUENT, RARITY_EVERYDAY };

/* Only after rarity_prepare(). */
enum rarity_word rarity_word(uint32_t four_folded);
void rarity_prepare(void);

/*
 * Grams are runs of so many positions, a row is so many of them, each one position behind the one before.
 * Gives the place of the row that is met the least among n positions with these rarities, and how often that
 * is: the sum of the grams' shares of all places, where RARITY_ALL is the whole.
 */
#define RARITY_ALL (UINT64_C(1) << 40)
size_t rarity_window(const uint16_t *rarity, size_t n, size_t gram, size_t row, uint64_t *share);
