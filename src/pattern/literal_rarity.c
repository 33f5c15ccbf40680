/* SPDX-License-Identifier: Apache-2.0 */
/* How rare what a literal looks for is in logs, which part of a string is the best literal, and what that
 * costs. */
#include <stdbool.h>
#include <string.h>

#include "pattern/literal.h"

static bool is_digits(const struct byteclass *classes, unsigned position)
{
	struct byteset b = literal_bytes(classes, position);

	return !(b.word[0] & ~(UINT64_C(0x3ff) << '0')) && !b.word[1] && !b.word[2] && !b.word[3];
}

static bool is_separator(unsigned position)
{
	return position < 0x80 && strchr("-:/., ", (int)position) && position;
}

static unsigned position_rarity(const struct byteclass *classes, unsigned position)
{
	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].rarity;
	if (position == LITERAL_ANY)
		return 0;
	return rarity_of_byte(position & 0xff);
}

/* Which positions are part of a well-known word; n is at most LITERAL_STRING_MAX. */
static void find_words(const struct byteclass *classes, const uint16_t *at, size_t n, enum rarity_word *word)
{
	uint32_t four = 0;
	size_t run = 0;

	for (size_t i = 0; i < n; i++) {
		int folded = literal_folded(classes, at[i]);

		word[i] = RARITY_NO_WORD;
		run = folded < 0 ? 0 : run + 1;
		four = four >> 8 | (uint32_t)folded << 24;
		enum rarity_word met = run < 4 ? RARITY_NO_WORD : rarity_word(four);

		for (size_t k = i - 3; met != RARITY_NO_WORD && k <= i; k++)
			word[k] = met > word[k] ? met : word[k];
	}
}

/* Any digit, or what separates two: each line of a log begins with a date or a time. */
static bool in_number(const struct byteclass *classes, const uint16_t *at, size_t n, size_t i)
{
	if (is_separator(at[i]))
		return i > 0 && i + 1 < n && is_digits(classes, at[i - 1]) && is_digits(classes, at[i + 1]);
	return at[i] >= LITERAL_CLASS && is_digits(classes, at[i]);
}

void literal_rarity(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *rarity,
		    enum rarity_word *word)
{
	/* so that a gram of eight is as rare as such words are: one in 16384 bytes, one in 256 */
	static const uint16_t most[] = { UINT16_MAX, [RARITY_FREQUENT] = 14, [RARITY_EVERYDAY] = 8 };
	enum rarity_word own[LITERAL_STRING_MAX];

	rarity_prepare();
	word = word ? word : own;
	find_words(classes, at, n, word);
	for (size_t i = 0; i < n; i++) {
		unsigned bits = position_rarity(classes, at[i]);

		rarity[i] = bits < most[word[i]] ? (uint16_t)bits : most[word[i]];
		if (in_number(classes, at, n, i) && rarity[i] > RARITY_BIT)
			rarity[i] = RARITY_BIT;
	}
}

/* ---- how good a literal is ---- */

/* The sums below are microseconds per GiB of log: a hit costs half of one, and there are 2^(30 - bits)
 * hits. */
enum {
	BITS_OF_A_GIB = 30,
	HITS_PER_US = 2,
	STOPS_PER_US = 20,
	COST_LONG = 20,	   /* 15 bytes and more: one probe every eight bytes, shared with all others */
	COST_MEDIUM = 600, /* 11 and more, 7 and more */
	COST_SHORTISH = 800,
	COST_CLASSES = 1500, /* has to be looked for at every byte */

	RARITY_TOO_LOW = 4, /* of a position at the end of a literal; in eighths of a bit, as these: */
	RARITY_NEXT_BYTE = 3 * RARITY_BIT,
	RARITY_NEXT_CLASS = 1 * RARITY_BIT,
	DIGITS_OF_A_YEAR = 4,

	RARITY_OF_PAIRS = 3 * RARITY_BIT, /* which they are less rare than their bytes say */
};

/* What it costs that the filter stops at grams that common words have, too; for at least 15 hashable
 * positions. */
static uint64_t cost_of_grams(const uint16_t *rarity, size_t n)
{
	uint64_t share;

	rarity_window(rarity, n, 8, 8, &share);
	return share / (RARITY_ALL >> BITS_OF_A_GIB) / 8 /
	       STOPS_PER_US; /* of each eight places one is probed */
}

/* The longest part that can be hashed: each position folds to one byte. */
static size_t longest_hashable(const struct byteclass *classes, const uint16_t *at, size_t n, size_t *from)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < n; i++) {
		run = literal_folded(classes, at[i]) < 0 ? 0 : run + 1;
		if (run > longest) {
			longest = run;
			*from = i + 1 - run;
		}
	}
	return longest;
}

static uint64_t cost_of(const struct byteclass *classes, const uint16_t *at, const uint16_t *rarity, size_t n,
			unsigned bits)
{
	uint64_t hits = bits < BITS_OF_A_GIB ? UINT64_C(1) << (BITS_OF_A_GIB - bits) : 0;
	size_t from = 0, hashable = longest_hashable(classes, at, n, &from);
	uint64_t search = hashable >= 15   ? COST_LONG + cost_of_grams(rarity + from, hashable)
			  : hashable >= 11 ? COST_MEDIUM
			  : hashable >= 7  ? COST_SHORTISH
					   : COST_CLASSES;

	return hits / HITS_PER_US + search;
}

/* Behind the run of digits and separators at i, if it has three groups of digits, none longer than a year: a
 * date or a time, which each line of a log begins with. */
static size_t behind_time(const struct byteclass *classes, const uint16_t *at, size_t n, size_t i)
{
	size_t groups = 0, digits = 0, last = i;

	if (i > 0 && !is_separator(at[i - 1])) /* klog's E0102 15:04:05 */
		return 0;
	for (; i < n; i++) {
		bool digit = is_digits(classes, at[i]);

		if (!digit && (!digits || !is_separator(at[i])))
			break;
		groups += digit && !digits;
		digits = digit ? digits + 1 : 0;
		if (digits > DIGITS_OF_A_YEAR)
			return 0;
		last = digit ? i + 1 : last;
	}
	return groups >= 3 ? last : 0;
}

static void weigh_times(const struct byteclass *classes, const uint16_t *at, size_t n, uint16_t *weight)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = is_digits(classes, at[i]) ? behind_time(classes, at, n, i) : 0;

		for (; i < end; i++)
			weight[i] = 0;
	}
}

/* What each position adds: text is not random, and behind the rarest byte, or a word's first few, others tell
 * little. */
static void weigh(const struct byteclass *classes, const uint16_t *at, size_t n, const uint16_t *rarity,
		  const enum rarity_word *word, uint16_t *weight)
{
	static const uint16_t head[] = { 0, [RARITY_FREQUENT] = 24, [RARITY_EVERYDAY] = 12 };
	static const uint16_t rest[] = { 0, [RARITY_FREQUENT] = 4, [RARITY_EVERYDAY] = 2 };
	enum { HEAD = 4 };
	size_t in_word = 0, in_number = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned most = at[i] < LITERAL_ANY ? RARITY_NEXT_BYTE : RARITY_NEXT_CLASS;

		weight[i] = rarity[i] < most ? rarity[i] : (uint16_t)most;
		in_word = word[i] == RARITY_NO_WORD ? 0 : in_word + 1;
		if (in_word)
			weight[i] = in_word <= HEAD ? head[word[i]] : rest[word[i]];
		in_number = is_digits(classes, at[i]) ? in_number + 1 : 0;
		if (in_number > DIGITS_OF_A_YEAR)
			weight[i] = RARITY_TOO_LOW;
	}
	weigh_times(classes, at, n, weight);
}

/* Where, between first and n, the LITERAL_MAX positions begin that weigh the most. */
static size_t heaviest(const uint16_t *weight, size_t first, size_t n, unsigned *most)
{
	size_t best = first;
	unsigned sum = 0;

	*most = 0;
	for (size_t i = first; i < n; i++) {
		sum += weight[i];
		if (i >= first + LITERAL_MAX)
			sum -= weight[i - LITERAL_MAX];
		if (sum > *most) {
			*most = sum;
			best = i >= first + LITERAL_MAX ? i + 1 - LITERAL_MAX : first;
		}
	}
	return best;
}

size_t literal_rarest_part(const struct byteclass *classes, const uint16_t *at, size_t *length,
			   uint64_t *cost)
{
	uint16_t rarity[LITERAL_STRING_MAX], weight[LITERAL_STRING_MAX];
	enum rarity_word word[LITERAL_STRING_MAX];
	size_t first = 0, n = *length;
	unsigned sum, peak = 0;

	literal_rarity(classes, at, n, rarity, word);
	weigh(classes, at, n, rarity, word, weight);
	while (n > first && word[n - 1] == RARITY_NO_WORD && weight[n - 1] < RARITY_TOO_LOW)
		n--;
	while (first < n && word[first] == RARITY_NO_WORD && weight[first] < RARITY_TOO_LOW)
		first++;
	size_t best = heaviest(weight, first, n, &sum);

	n = n - best > LITERAL_MAX ? LITERAL_MAX : n - best;
	for (size_t i = best; i < best + n; i++)
		if (weight[i] && rarity[i] > weight[i] && (unsigned)(rarity[i] - weight[i]) > peak)
			peak = (unsigned)(rarity[i] - weight[i]);
	if (n < 4) /* pairs and triples are met everywhere */
		peak = peak > RARITY_OF_PAIRS ? peak - RARITY_OF_PAIRS : 0;
	*cost = cost_of(classes, at + best, rarity + best, n, (sum + peak) / RARITY_BIT);
	*length = n;
	return best;
}
