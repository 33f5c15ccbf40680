/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t clock_mono(void)
{
	return now(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	return now(CLOCK_REALTIME);
}

static char *put(char *at, int value, int digits)
{
	for (int i = digits; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + digits;
}

const char *clock_iso(int64_t wall, char text[CLOCK_TEXT_MAX])
{
	time_t s = (time_t)(wall / CLOCK_SECOND);
	int64_t ns = wall % CLOCK_SECOND;
	struct tm tm;
	char *at;

	if (ns < 0) {
		ns += CLOCK_SECOND;
		s--;
	}
	gmtime_r(&s, &tm);
	at = put(text, tm.tm_year + 1900, 4); /* an int64_t ends with the year 2262 */
	*at++ = '-';
	at = put(at, tm.tm_mon + 1, 2);
	*at++ = '-';
	at = put(at, tm.tm_mday, 2);
	*at++ = 'T';
	at = put(at, tm.tm_hour, 2);
	*at++ = ':';
	at = put(at, tm.tm_min, 2);
	*at++ = ':';
	at = put(at, tm.tm_sec, 2);
	*at++ = '.';
	at = put(at, (int)(ns / CLOCK_MS), 3);
	*at++ = 'Z';
	*at = '\0';
	return text;
}

int64_t clock_days(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	/* the year begins in March, so that the leap day is its last */
	if (month <= 2)
		year--;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}
