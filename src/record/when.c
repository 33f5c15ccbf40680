/* SPDX-License-Identifier: Apache-2.0 */
#include "record/when.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define DAY (INT64_C(86400) * CLOCK_SECOND)

struct parts {
	int64_t year;
	int month, day, hour, minute, second, pm; /* pm: -1 not said */
	int64_t fraction, zone;			  /* ns; zone as ns east of UTC */
	int64_t epoch;				  /* since 1970, in ns */
	bool has_year, has_day, has_epoch, zoned;
};

enum { SKIP_MAX = 1024 };

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

/*
 * Months as Java and C write them, by their beginnings: the first that fits counts, so the longer of two that
 * begin alike stands first.  The languages share most of them; UTF-8, and Latin-1 where that is another byte.
 */
static const struct {
	const char *text;
	int month;
} months[] = {
	{ "jan", 1 },
	{ "ene", 1 },
	{ "gen", 1 },
	{ "\u044f\u043d\u0432", 1 },
	{ "feb", 2 },
	{ "f\u00e9v", 2 },
	{ "f\xE9v", 2 },
	{ "fev", 2 },
	{ "\u0444\u0435\u0432", 2 },
	{ "mar", 3 },
	{ "m\u00e4r", 3 },
	{ "m\xE4r", 3 },
	{ "mrz", 3 },
	{ "mrt", 3 },
	{ "\u043c\u0430\u0440", 3 },
	{ "apr", 4 },
	{ "avr", 4 },
	{ "abr", 4 },
	{ "\u0430\u043f\u0440", 4 },
	{ "may", 5 },
	{ "mai", 5 },
	{ "mag", 5 },
	{ "mei", 5 },
	{ "\u043c\u0430\u0439", 5 },
	{ "\u043c\u0430\u044f", 5 },
	{ "juin", 6 },
	{ "jun", 6 },
	{ "giu", 6 },
	{ "\u0438\u044e\u043d", 6 },
	{ "juil", 7 },
	{ "jul", 7 },
	{ "lug", 7 },
	{ "\u0438\u044e\u043b", 7 },
	{ "aug", 8 },
	{ "ago", 8 },
	{ "ao\u00fb", 8 },
	{ "ao\xFB", 8 },
	{ "\u0430\u0432\u0433", 8 },
	{ "sep", 9 },
	{ "set", 9 },
	{ "\u0441\u0435\u043d", 9 },
	{ "oct", 10 },
	{ "okt", 10 },
	{ "ott", 10 },
	{ "out", 10 },
	{ "\u043e\u043a\u0442", 10 },
	{ "nov", 11 },
	{ "\u043d\u043e\u044f", 11 },
	{ "dec", 12 },
	{ "dez", 12 },
	{ "dic", 12 },
	{ "d\u00e9c", 12 },
	{ "d\xE9"
	  "c",
	  12 },
	{ "\u0434\u0435\u043a", 12 },
	/* Chinese and Japanese: the number, and "month" */
	{ "\u5341\u4e00\u6708", 11 },
	{ "\u5341\u4e8c\u6708", 12 },
	{ "\u5341\u6708", 10 },
	{ "\u4e00\u6708", 1 },
	{ "\u4e8c\u6708", 2 },
	{ "\u4e09\u6708", 3 },
	{ "\u56db\u6708", 4 },
	{ "\u4e94\u6708", 5 },
	{ "\u516d\u6708", 6 },
	{ "\u4e03\u6708", 7 },
	{ "\u516b\u6708", 8 },
	{ "\u4e5d\u6708", 9 },
	{ "12\u6708", 12 },
	{ "11\u6708", 11 },
	{ "10\u6708", 10 },
	{ "1\u6708", 1 },
	{ "2\u6708", 2 },
	{ "3\u6708", 3 },
	{ "4\u6708", 4 },
	{ "5\u6708", 5 },
	{ "6\u6708", 6 },
	{ "7\u6708", 7 },
	{ "8\u6708", 8 },
	{ "9\u6708", 9 },
};

static const struct {
	const char *text;
	int pm;
} halves[] = {
	{ "am", 0 },	       { "pm", 1 },	      { "a.m.", 0 },	     { "p.m.", 1 },
	{ "a. m.", 0 },	       { "p. m.", 1 },	      { "a.\u00a0m.", 0 },   { "p.\u00a0m.", 1 },
	{ "vorm.", 0 },	       { "nachm.", 1 },	      { "\u4e0a\u5348", 0 }, { "\u4e0b\u5348", 1 },
	{ "\u5348\u524d", 0 }, { "\u5348\u5f8c", 1 }, { "\uc624\uc804", 0 }, { "\uc624\ud6c4", 1 },
};

static bool word(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->at) < n || strncasecmp(c->at, text, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* The rest of the name, and the point behind its beginning: November, Nov. */
static void rest_of_name(struct cursor *c)
{
	while (c->at < c->end && (str_alpha(*c->at) || *c->at == '.' || (*c->at & 0x80)))
		c->at++;
}

static bool month_name(struct cursor *c, int *month)
{
	for (size_t i = 0; i < ARRAY_LEN(months); i++) {
		if (!word(c, months[i].text))
			continue;
		rest_of_name(c);
		*month = months[i].month;
		return true;
	}
	return false;
}

static bool half_of_day(struct cursor *c, int *pm)
{
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		if (!word(c, halves[i].text))
			continue;
		*pm = halves[i].pm;
		return true;
	}
	return false;
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

/* Seconds since 1970; 13 digits are milliseconds. */
static bool epoch(struct cursor *c, struct parts *p)
{
	const char *from = c->at;
	int64_t v = 0;

	while (c->at < c->end && c->at - from < 14 && str_digit(*c->at))
		v = v * 10 + (*c->at++ - '0');
	if (c->at - from != 13 && (c->at - from < 9 || c->at - from > 10))
		return false;
	p->epoch = v * (c->at - from == 13 ? CLOCK_MS : CLOCK_SECOND);
	if (c->at - from < 13)
		fraction(c, &p->epoch);
	p->has_epoch = p->zoned = true;
	return true;
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
	case 's':
		return epoch(c, p);
	case 'z':
		zone(c, p);
		return p->zoned;
	default:
		return letter == '%' && c->at < c->end && *c->at++ == '%';
	}
}

/* One blank, a tab, or one that does not break: U+00A0, U+202F. */
static bool blank(struct cursor *c)
{
	if (c->at < c->end && *c->at == '\t') {
		c->at++;
		return true;
	}
	return word(c, " ") || word(c, "\u00a0") || word(c, "\u202f");
}

static void blanks(struct cursor *c)
{
	while (blank(c))
		;
}

static bool parse(const char *layout, struct cursor *c, struct parts *p);

/* %*: as little as possible of the first line, so that the rest fits behind it. */
static bool skip(const char *rest, struct cursor *c, struct parts *p)
{
	for (const char *from = c->at; c->at < c->end && *c->at != '\n' && c->at - from < SKIP_MAX;) {
		struct cursor t = { ++c->at, c->end };
		struct parts q = *p;

		if (!parse(rest, &t, &q))
			continue;
		*p = q;
		*c = t;
		return true;
	}
	return false;
}

static bool parse(const char *layout, struct cursor *c, struct parts *p)
{
	for (; *layout; layout++) {
		if (*layout == '%') {
			if (*++layout == '*')
				return skip(layout + 1, c, p);
			if (!field(*layout, c, p))
				return false;
		} else if (*layout == ' ') {
			if (!blank(c))
				return false;
			blanks(c);
			while (layout[1] == ' ')
				layout++;
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
	out->len = (size_t)(c.at - s);
	out->dated = p.has_epoch || (p.has_year && p.has_day);
	out->zoned = p.zoned;
	if (p.has_epoch) {
		out->at = p.epoch;
		return true;
	}
	out->at = ((p.hour * INT64_C(60) + p.minute) * 60 + p.second) * CLOCK_SECOND + p.fraction;
	if (out->dated)
		out->at += clock_days(p.year, p.month, p.day) * DAY - p.zone;
	return true;
}

const char *when_check(const char *layout)
{
	size_t skips = 0;

	for (; *layout; layout++) {
		if (*layout != '%')
			continue;
		if (!*++layout || !strchr("YymdebHIMSpzs%*", *layout))
			return "knows only %Y %y %m %d %e %b %H %I %M %S %p %z %s %* %%";
		skips += *layout == '*';
	}
	return skips > 1 ? "skips with %* more than once" : NULL;
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
