/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers, durations and sizes, ASCII tests that are safe on any byte, and near misses of names. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

bool str_eq(const char *a, const char *b); /* two NULLs are equal */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

static inline bool str_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool str_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool str_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool str_word(char c)
{
	return str_alpha(c) || str_digit(c) || c == '_';
}

/* The whole of s must be a number between min and max. */
int str_int(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e);
int str_double(const char *s, double *out, struct err *e);
/* "250ms", "5s", "2m", "1h", "1d", or several ("1h30m"); a bare 0 needs no unit.  Nanoseconds. */
int str_duration(const char *s, int64_t *out, struct err *e);
/* "512", "64k", "1M", "2G": powers of 1024. */
int str_size(const char *s, int64_t *out, struct err *e);
/* The shortest exact way to say a span: "90s" is "1m30s", 1500 ms is "1.5s". */
enum { STR_SPAN_MAX = 32 };
const char *str_span(int64_t ns, char text[STR_SPAN_MAX]);

/* How many single-letter edits lead from a to b; two neighbours swapped are one. */
size_t str_distance(const char *a, const char *b);
/* The name that the user may have meant, or NULL. */
const char *str_nearest(const char *said, const char *const *names, size_t n);
/* Compares runs of digits as numbers and the rest as text: 5.2.10 is above 5.2.7.  Below, equal, above 0. */
int str_version_cmp(const char *a, const char *b);
