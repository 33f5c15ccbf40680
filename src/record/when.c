/* SPDX-License-Identifier: Apache-2.0 */
#include "record/when.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define DAY (INT64_C(86400) * CLOCK_SECOND)

struct parts {
	int64_t year;
	int month, day, hour, minute, second, pm; /* pm: -1 not said */
	int64_t fraction, zone;			  /* ns; zone as ns east of UTC */
	bool has_year, has_day, zoned;
};

struct cursor {
	const char *at, *end;
};

static bool number(struct cursor *c, size_t least, size_t most, int *out)
{
	int v = 0;
	size_t n = 0;

	while (c->at < c->end && n < most && str_digit(*c->at)) {
		v = v * 10 + (*c->at++ - '0');
		n++;
	}
	*out = v;
	return n >= least;
}

static bool month_name(struct cursor *c, int *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (c->end - c->at < 3)
		return false;
	for (int m = 0; m < 12; m++) {
		if (strncasecmp(c->at, names + (ptrdiff_t)m * 3, 3) != 0)
			continue;
		c->at += 3;
		while (c->at < c->end && (str_alpha(*c->at) || *c->at == '.')) /* November, Nov. */
			c->at++;
		*month = m + 1;
		return true;
	}
	return false;
}

static bool half_of_day(struct cursor *c, int *pm)
{
	if (c->end - c->at < 2 || (c->at[1] != 'M' && c->at[1] != 'm'))
		return false;
	*pm = *c->at == 'P' || *c->at == 'p' ? 1 : *c->at == 'A' || *c->at == 'a' ? 0 : -1;
	c->at += 2;
	return *pm >= 0;
}

static void fraction(struct cursor *c, int64_t *ns)
{
	int64_t worth = CLOCK_SECOND;

	if (c->end - c->at < 2 || (*c->at != ',' && *c->at != '.') || !str_digit(c->at[1]))
		return;
	for (c->at++; c->at < c->end && str_digit(*c->at); c->at++) {
		worth /= 10;
		*ns += worth * (*c->at - '0');
	}
}

static void zone(struct cursor *c, struct parts *p)
{
	struct cursor t = *c;
	int sign, hours, minutes = 0;

	if (t.at < t.end && *t.at == ' ')
		t.at++;
	if (t.at < t.end && *t.at == 'Z' && (t.at + 1 == t.end || !str_word(t.at[1]))) {
		p->zoned = true;
		c->at = t.at + 1;
		return;
	}
	if (t.end - t.at >= 3 && memcmp(t.at, "UTC", 3) == 0) {
		p->zoned = true;
		c->at = t.at + 3;
		return;
	}
	if (t.at >= t.end || (*t.at != '+' && *t.at != '-'))
		return;
	sign = *t.at++ == '-' ? -1 : 1;
	if (!number(&t, 2, 2, &hours))
		return;
	if (t.at < t.end && *t.at == ':')
		t.at++;
	if (!number(&t, 2, 2, &minutes))
		return;
	p->zoned = true;
	p->zone = sign * (hours * INT64_C(3600) + minutes * INT64_C(60)) * CLOCK_SECOND;
	c->at = t.at;
}

static bool field(char letter, struct cursor *c, struct parts *p)
{
	int v;

	switch (letter) {
	case 'Y':
	case 'y':
		if (!number(c, letter == 'Y' ? 4 : 2, letter == 'Y' ? 4 : 2, &v))
			return false;
		p->year = letter == 'Y' ? v : v < 70 ? 2000 + v : 1900 + v;
		p->has_year = true;
		return true;
	case 'm':
		return number(c, 1, 2, &p->month) && p->month >= 1 && p->month <= 12;
	case 'd':
	case 'e':
		p->has_day = true;
		return number(c, 1, 2, &p->day) && p->day >= 1 && p->day <= 31;
	case 'b':
		return month_name(c, &p->month);
	case 'H':
	case 'I':
		return number(c, 1, 2, &p->hour) && p->hour < 24;
	case 'M':
		return number(c, 2, 2, &p->minute) && p->minute < 60;
	case 'S':
		if (!number(c, 2, 2, &p->second) || p->second > 60)
			return false;
		fraction(c, &p->fraction);
		return true;
	case 'p':
		return half_of_day(c, &p->pm);
	case 'z':
		zone(c, p);
		return p->zoned;
	default:
		return letter == '%' && c->at < c->end && *c->at++ == '%';
	}
}

static void blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool parse(const char *layout, struct cursor *c, struct parts *p)
{
	for (; *layout; layout++) {
		if (*layout == '%') {
			if (!field(*++layout, c, p))
				return false;
		} else if (*layout == ' ') {
			if (c->at >= c->end || *c->at != ' ')
				return false;
			blanks(c);
		} else if (c->at >= c->end || *c->at++ != *layout) {
			return false;
		}
	}
	if (!p->zoned)
		zone(c, p);
	return true;
}

bool when_parse(const char *layout, const char *s, size_t n, struct when *out)
{
	struct cursor c = { s, s + n };
	struct parts p = { .pm = -1, .month = 1, .day = 1 };

	blanks(&c);
	if (!parse(layout, &c, &p))
		return false;
	if (p.pm >= 0)
		p.hour = p.hour % 12 + p.pm * 12;
	out->dated = p.has_year && p.has_day;
	out->zoned = p.zoned;
	out->at = ((p.hour * INT64_C(60) + p.minute) * 60 + p.second) * CLOCK_SECOND + p.fraction;
	if (out->dated)
		out->at += clock_days(p.year, p.month, p.day) * DAY - p.zone;
	return true;
}

const char *when_check(const char *layout)
{
	for (; *layout; layout++) {
		if (*layout != '%')
			continue;
		if (!*++layout || !strchr("YymdebHIMSpz%", *layout))
			return "knows only %Y %y %m %d %e %b %H %I %M %S %p %z %%";
	}
	return NULL;
}

static int64_t time_of_day(int64_t at)
{
	return (at % DAY + DAY) % DAY;
}

int64_t when_clock_at(struct when_clock *c, const struct when *w)
{
	int64_t at = w->at;

	if (!c->begun) {
		c->begun = true;
		c->dated = w->dated;
	} else if (!w->dated || !c->dated) {
		/* The day nearest to what came before: much earlier is a new day, a little earlier is only
		 * disorder. */
		at = c->last - time_of_day(c->last) + time_of_day(w->at);
		if (at < c->last - DAY / 2)
			at += DAY;
		else if (at > c->last + DAY / 2)
			at -= DAY;
	}
	c->last = at;
	return at;
}

const char *when_text(int64_t at, bool dated, bool zoned, char text[CLOCK_TEXT_MAX])
{
	char *z;

	clock_iso(dated ? at : time_of_day(at), text);
	z = strchr(text, 'Z');
	if (z && !zoned)
		*z = '\0';
	if (!dated)
		memmove(text, text + 11, strlen(text + 11) + 1);
	return text;
}
