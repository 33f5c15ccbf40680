/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

int str_int(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	char *end;
	long long v;

	if (!str_digit(s[0]) && !(s[0] == '-' && str_digit(s[1])))
		return err_set(e, "'%s' is not a whole number", s);
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end)
		return err_set(e, "'%s' is not a whole number", s);
	if (errno || v < min || v > max)
		return err_set(e, "%s is not between %lld and %lld", s, (long long)min, (long long)max);
	*out = v;
	return 0;
}

int str_double(const char *s, double *out, struct err *e)
{
	char *end;
	double v;

	if (!str_digit(s[0]) && !(s[0] == '-' && str_digit(s[1])))
		return err_set(e, "'%s' is not a number", s);
	v = strtod(s, &end);
	if (*end || !isfinite(v))
		return err_set(e, "'%s' is not a number", s);
	*out = v;
	return 0;
}

struct unit {
	const char *name;
	int64_t worth;
};

static const struct unit spans[] = {
	{ "ms", CLOCK_MS },	      { "s", CLOCK_SECOND },	     { "m", 60 * CLOCK_SECOND },
	{ "h", 3600 * CLOCK_SECOND }, { "d", 86400 * CLOCK_SECOND },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "k", INT64_C(1) << 10 },
	{ "M", INT64_C(1) << 20 },
	{ "G", INT64_C(1) << 30 },
};

static const struct unit *unit_named(const struct unit *units, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(units[i].name) == len && strncmp(units[i].name, s, len) == 0)
			return &units[i];
	return NULL;
}

/* One number with its unit off the front of *s. */
static int amount(const char **s, const struct unit *units, size_t n, int64_t *out)
{
	const struct unit *u;
	const char *name;
	char *end;
	double v;

	if (!str_digit(**s))
		return -1;
	v = strtod(*s, &end);
	for (name = end; str_alpha(*end); end++)
		;
	u = unit_named(units, n, name, (size_t)(end - name));
	if (!u || !isfinite(v) || v * (double)u->worth > 9e18)
		return -1;
	*out = (int64_t)llround(v * (double)u->worth);
	*s = end;
	return 0;
}

int str_duration(const char *s, int64_t *out, struct err *e)
{
	const char *p = s;
	int64_t sum = 0, one;

	if (strcmp(s, "0") == 0) {
		*out = 0;
		return 0;
	}
	do {
		if (amount(&p, spans, ARRAY_LEN(spans), &one) < 0 || __builtin_add_overflow(sum, one, &sum))
			return err_set(e, "'%s' is not a duration (say 250ms, 5s, 2m or 1h)", s);
	} while (*p);
	*out = sum;
	return 0;
}

int str_size(const char *s, int64_t *out, struct err *e)
{
	const char *p = s;

	if (amount(&p, sizes, ARRAY_LEN(sizes), out) < 0 || *p)
		return err_set(e, "'%s' is not a size (say 512, 64k, 1M or 2G)", s);
	return 0;
}

const char *str_span(int64_t ns, char text[STR_SPAN_MAX])
{
	int64_t s = ns / CLOCK_SECOND;

	if (ns < CLOCK_SECOND)
		snprintf(text, STR_SPAN_MAX, "%lldms", (long long)(ns / CLOCK_MS));
	else if (s < 60)
		snprintf(text, STR_SPAN_MAX, "%.*fs", ns % CLOCK_SECOND ? 1 : 0, (double)ns / 1e9);
	else if (s < 3600)
		snprintf(text, STR_SPAN_MAX, s % 60 ? "%lldm%llds" : "%lldm", (long long)(s / 60),
			 (long long)(s % 60));
	else
		snprintf(text, STR_SPAN_MAX, s / 60 % 60 ? "%lldh%lldm" : "%lldh", (long long)(s / 3600),
			 (long long)(s / 60 % 60));
	return text;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), width = m + 1;
	AUTO_FREE size_t *d = mem_zero((n + 1) * width, sizeof(*d));

	for (size_t i = 0; i <= n; i++)
		d[i * width] = i;
	for (size_t k = 0; k <= m; k++)
		d[k] = k;
	for (size_t i = 1; i <= n; i++) {
		for (size_t k = 1; k <= m; k++) {
			size_t *at = &d[i * width + k];

			*at = least(at[-1] + 1, *(at - width) + 1);
			*at = least(*at, *(at - width - 1) + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				*at = least(*at, d[(i - 2) * width + k - 2] + 1);
		}
	}
	return d[n * width + m];
}

const char *str_nearest(const char *said, const char *const *names, size_t n)
{
	const char *nearest = NULL;
	size_t best = strlen(said) / 3 + 1; /* farther away is no slip of the finger */

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(said, names[i]);

		if (d <= best && (!nearest || d < best)) {
			nearest = names[i];
			best = d;
		}
	}
	return nearest;
}

static size_t digits(const char *s)
{
	size_t n = 0;

	while (str_digit(s[n]))
		n++;
	return n;
}

/* Two runs of digits of any length. */
static int number_cmp(const char **a, const char **b)
{
	size_t n, m;
	int d;

	while (**a == '0')
		++*a;
	while (**b == '0')
		++*b;
	n = digits(*a);
	m = digits(*b);
	d = n != m ? (n < m ? -1 : 1) : strncmp(*a, *b, n);
	*a += n;
	*b += m;
	return d;
}

int str_version_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		int d;

		if (str_digit(*a) && str_digit(*b)) {
			d = number_cmp(&a, &b);
		} else {
			d = (unsigned char)*a - (unsigned char)*b;
			a++;
			b++;
		}
		if (d)
			return d;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
