/* SPDX-License-Identifier: Apache-2.0 */
/* Two clocks, both in nanoseconds: one for spans of time, one for what a person reads. */
#pragma once
#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_MS INT64_C(1000000)
#define CLOCK_NEVER INT64_MAX
#define CLOCK_UNKNOWN INT64_MIN

int64_t clock_mono(void); /* CLOCK_MONOTONIC: never jumps; for timeouts */
int64_t clock_wall(void); /* since 1970-01-01 UTC; may jump; for showing only */
enum { CLOCK_TEXT_MAX = 80 };
/* 2026-11-21T10:00:00.123Z */
const char *clock_iso(int64_t wall, char text[CLOCK_TEXT_MAX]);
/* days since 1970-01-01 of a date of the proleptic Gregorian calendar; month 1 to 12 */
int64_t clock_days(int64_t year, int month, int day);
