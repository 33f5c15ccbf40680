/* SPDX-License-Identifier: Apache-2.0 */
#include "record/unwrap.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- escape sequences and NULs ---- */

/* How long the escape sequence at s is (ECMA-48: CSI, OSC and the two-byte ones). */
static size_t escape_len(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (s[1] == '[') { /* CSI: up to its final byte */
		while (i < n && !(s[i] >= 0x40 && s[i] <= 0x7E))
			i++;
		return i < n ? i + 1 : n;
	}
	if (s[1] == ']' || s[1] == 'P' || s[1] == '_' || s[1] == '^') { /* a string: up to BEL or ESC \ */
		while (i < n && s[i] != '\a' && s[i] != '\x1B')
			i++;
		return i + 1 < n && s[i] == '\x1B' ? i + 2 : i < n ? i + 1 : n;
	}
	if (s[1] == '(' || s[1] == ')')
		return n < 3 ? n : 3;
	return 2;
}

static void strip(const char *s, size_t n, struct buf *out)
{
	buf_clear(out);
	out->max = n;
	for (size_t i = 0; i < n;) {
		size_t plain = i;

		while (i < n && s[i] != '\x1B' && s[i] != '\0')
			i++;
		buf_add(out, s + plain, i - plain);
		if (i < n)
			i += s[i] == '\0' ? 1 : escape_len(s + i, n - i);
	}
}

/* ---- prefixes: each returns its length, 0 where it does not stand there ---- */

struct cursor {
	const char *at, *end;
};

static bool ch(struct cursor *c, char want)
{
	if (c->at >= c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

typedef bool class_fn(char c);

/* Always inlined, so that the class is too. */
__attribute__((always_inline)) static inline size_t run(struct cursor *c, class_fn *is)
{
	const char *from = c->at;

	while (c->at < c->end && is(*c->at))
		c->at++;
	return (size_t)(c->at - from);
}

static bool is_digit(char c)
{
	return str_digit(c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_dark(char c)
{
	return !str_space(c);
}

static bool is_name(char c)
{
	return str_word(c) || c == '-' || c == '.';
}

static bool is_program(char c)
{
	return is_name(c) || c == '/' || c == '(' || c == ')' || c == '@';
}

static bool digits(struct cursor *c, size_t n)
{
	if ((size_t)(c->end - c->at) < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_digit(c->at[i]))
			return false;
	c->at += n;
	return true;
}

static bool word_of(struct cursor *c, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(c->end - c->at) >= len && memcmp(c->at, words[i], len) == 0) {
			c->at += len;
			return true;
		}
	}
	return false;
}

static bool clock_time(struct cursor *c)
{
	return digits(c, 2) && ch(c, ':') && digits(c, 2) && ch(c, ':') && digits(c, 2);
}

/* 2026-11-21T10:00:00.123456789Z or with +01:00, +0100 */
static bool iso_time(struct cursor *c)
{
	if (!(digits(c, 4) && ch(c, '-') && digits(c, 2) && ch(c, '-') && digits(c, 2) && ch(c, 'T') &&
	      clock_time(c)))
		return false;
	if (ch(c, '.') && !run(c, is_digit))
		return false;
	if (ch(c, 'Z'))
		return true;
	if (!ch(c, '+') && !ch(c, '-'))
		return false;
	return digits(c, 2) && (ch(c, ':') || true) && digits(c, 2);
}

static bool is_container(char c)
{
	return is_name(c) || c == '@'; /* `docker service logs`: name.1.task@node */
}

/* INFO   | jvm 1    | 2026/11/21 10:00:00 | text: the Java service wrapper */
static size_t wrapper_prefix(const char *s, size_t n)
{
	static const char *const levels[] = { "INFO", "ERROR", "WARN", "FATAL", "DEBUG", "STATUS" };
	static const char *const sources[] = { "jvm ", "wrapper" };
	struct cursor c = { s, s + n };

	if (!word_of(&c, levels, ARRAY_LEN(levels)) || !run(&c, is_blank) || !ch(&c, '|') || !ch(&c, ' '))
		return 0;
	if (!word_of(&c, sources, ARRAY_LEN(sources)))
		return 0;
	run(&c, is_digit);
	run(&c, is_blank);
	if (!ch(&c, '|') || !ch(&c, ' ') || !digits(&c, 4) || !ch(&c, '/') || !digits(&c, 2) ||
	    !ch(&c, '/') || !digits(&c, 2) || !ch(&c, ' ') || !clock_time(&c) || !ch(&c, ' ') || !ch(&c, '|'))
		return 0;
	if (c.at < c.end && !ch(&c, ' '))
		return 0;
	return (size_t)(c.at - s);
}

/* name_1  | text: *name is how long the name is.  The Java service wrapper writes its level there: that is no
 * container. */
static size_t compose_prefix(const char *s, size_t n, size_t *name)
{
	static const char *const levels[] = { "INFO", "ERROR", "WARN", "FATAL", "DEBUG", "STATUS", "TRACE" };
	struct cursor c = { s, s + n }, level = c;

	*name = run(&c, is_container);
	if (!*name || !(run(&c, is_blank) || true) || !ch(&c, '|'))
		return 0;
	if (c.at < c.end && !ch(&c, ' '))
		return 0;
	if (word_of(&level, levels, ARRAY_LEN(levels)) && (level.at == level.end || !is_name(*level.at)))
		return 0;
	return (size_t)(c.at - s);
}

/* 2026-11-21T10:00:00.123456789Z stdout F text */
static size_t cri_prefix(const char *s, size_t n, bool *partial)
{
	static const char *const streams[] = { "stdout", "stderr" };
	struct cursor c = { s, s + n };
	const char *tag;

	if (!iso_time(&c) || !ch(&c, ' ') || !word_of(&c, streams, ARRAY_LEN(streams)) || !ch(&c, ' '))
		return 0;
	tag = c.at;
	if (!run(&c, is_dark) || (*tag != 'P' && *tag != 'F'))
		return 0;
	if (c.at < c.end && !ch(&c, ' '))
		return 0;
	*partial = *tag == 'P';
	return (size_t)(c.at - s);
}

/* host program[123]: */
static bool syslog_tag(struct cursor *c)
{
	if (!run(c, is_name) || !ch(c, ' ') || !run(c, is_program))
		return false;
	if (ch(c, '[') && !(run(c, is_digit) && ch(c, ']')))
		return false;
	return ch(c, ':') && (ch(c, ' ') || c->at == c->end);
}

static bool priority(struct cursor *c)
{
	return !ch(c, '<') || (run(c, is_digit) && ch(c, '>'));
}

static bool month_and_day(struct cursor *c)
{
	static const char *const months[] = { "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ",
					      "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec " };

	return c->end - c->at > 4 && c->at[3] == ' ' && word_of(c, months, ARRAY_LEN(months)) &&
	       (ch(c, ' ') ? digits(c, 1) : digits(c, 2)) && ch(c, ' ');
}

/* Nov 21 10:00:00 host program[1]: text, or with an ISO time (journalctl -o short-iso, rsyslog's own format)
 */
static size_t syslog_prefix(const char *s, size_t n)
{
	struct cursor c = { s, s + n }, iso;

	if (!priority(&c))
		return 0;
	iso = c;
	if (month_and_day(&c)) {
		if (!clock_time(&c) || (ch(&c, '.') && !run(&c, is_digit)))
			return 0;
	} else {
		c = iso;
		if (!iso_time(&c))
			return 0;
	}
	return ch(&c, ' ') && syslog_tag(&c) ? (size_t)(c.at - s) : 0;
}

/* <165>1 2026-11-21T10:00:00.003Z host app procid msgid - text */
static size_t syslog5424_prefix(const char *s, size_t n)
{
	struct cursor c = { s, s + n };

	if (!(ch(&c, '<') && run(&c, is_digit) && ch(&c, '>') && ch(&c, '1') && ch(&c, ' ') && iso_time(&c)))
		return 0;
	for (int field = 0; field < 4; field++)
		if (!ch(&c, ' ') || !run(&c, is_dark))
			return 0;
	if (!ch(&c, ' '))
		return 0;
	if (ch(&c, '[')) {
		const char *close = memchr(c.at, ']', (size_t)(c.end - c.at));

		if (!close)
			return 0;
		c.at = close + 1;
	} else if (!ch(&c, '-')) {
		return 0;
	}
	return ch(&c, ' ') ? (size_t)(c.at - s) : 0;
}

static size_t prefix_len(const char *s, size_t n, struct unwrapped *out)
{
	size_t len, name;

	out->partial = false;
	out->container_len = 0;
	if (!n || is_blank(*s)) /* most of a stack trace */
		return 0;
	len = cri_prefix(s, n, &out->partial);

	if (!len)
		len = syslog5424_prefix(s, n);
	if (!len)
		len = syslog_prefix(s, n);
	if (!len)
		len = wrapper_prefix(s, n);
	if (len)
		return len;
	len = compose_prefix(s, n, &name);
	out->container = s;
	out->container_len = len ? name : 0;
	return len;
}

void unwrap_line(const char *text, size_t n, struct buf *scratch, struct unwrapped *out)
{
	if (n && (memchr(text, '\x1B', n) || memchr(text, '\0', n))) {
		strip(text, n, scratch);
		text = buf_text(scratch);
		n = scratch->len;
	}
	unwrap_prefix(text, n, out);
}

/* 2026-11-21 10:00:00, 2026/11/21 10:00:00, 2026-11-21T10:00:00 */
static bool date_and_time(struct cursor *c)
{
	return digits(c, 4) && (ch(c, '-') || ch(c, '/')) && digits(c, 2) && (ch(c, '-') || ch(c, '/')) &&
	       digits(c, 2) && (ch(c, 'T') || ch(c, ' ')) && clock_time(c);
}

/* What begins with a time of its own: "2026-11-21 10:00:00", also in brackets; Redis' "1:M 21 Nov 2026
 * 10:00:00", Zabbix' " 7:20261121:100000.123". */
static bool has_own_time(struct cursor c)
{
	struct cursor own;

	run(&c, is_blank);
	own = c;
	ch(&own, '[');
	if (date_and_time(&own))
		return true;
	if (!run(&c, is_digit) || !ch(&c, ':'))
		return false;
	own = c;
	if (digits(&own, 8) && ch(&own, ':') && digits(&own, 6))
		return true;
	if (c.at >= c.end || *c.at < 'A' || *c.at > 'Z')
		return false;
	c.at++;
	return ch(&c, ' ') && digits(&c, 2) && ch(&c, ' ');
}

/* A time in front of another: Docker Desktop's, of `docker logs -t`, of a viewer of logs. */
static size_t stamp_prefix(const char *s, size_t n)
{
	struct cursor c = { s, s + n }, own;

	if (!n || !str_digit(*s))
		return 0;
	own = c;
	if (!iso_time(&c)) {
		c = own;
		if (!date_and_time(&c)) {
			c = own; /* 21.11.2026 10:00:00, Portainer's in German */
			if (!(digits(&c, 2) && ch(&c, '.') && digits(&c, 2) && ch(&c, '.') && digits(&c, 4) &&
			      ch(&c, ' ') && clock_time(&c)))
				return 0;
		}
	}
	return ch(&c, ' ') && has_own_time(c) ? (size_t)(c.at - s) : 0;
}

/* "> text": pasted into a mail or an issue. */
static size_t quote_len(const char *s, size_t n)
{
	size_t len = 0;

	while (n - len > 1 && s[len] == '>' && s[len + 1] == ' ')
		len += 2;
	return len;
}

void unwrap_prefix(const char *text, size_t n, struct unwrapped *out)
{
	size_t len = quote_len(text, n);

	len += prefix_len(text + len, n - len, out);
	len += stamp_prefix(text + len, n - len);
	out->prefix = text;
	out->prefix_len = len;
	out->text = text + len;
	out->len = n - len;
}
