/* SPDX-License-Identifier: Apache-2.0 */
#include "app/draft.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "record/lines.h"
#include "record/record.h"
#include "record/unwrap.h"
#include "record/when.h"
#include "source/source.h"

enum { READ_MAX = 1 << 20, LINES_MAX = 20000, LOOKED_AT = 200, PATTERN_MAX = 90, ERRORS_MAX = 8 };

struct draft {
	const struct library *library;
	struct buf text; /* the log's beginning */
	char **lines;	 /* without what others put in front */
	size_t n, room;
	const char *layout;    /* the time that most lines begin with; NULL: none is known */
	const struct set *set; /* whose layout it is */
};

/* ---- the log ---- */

static int read_log(struct draft *d, const char *path, struct err *e)
{
	AUTO(blocks) b = blocks_open(path, e);
	const char *data;
	ssize_t n = 0;

	while (b && !d->text.full && (n = blocks_read(b, &data, e)) > 0)
		buf_add(&d->text, data, (size_t)n);
	return b && n >= 0 ? 0 : -1;
}

static void take_line(void *arg, const struct line *l)
{
	AUTO_BUF scratch = BUF_INIT(LINE_MAX_BYTES);
	struct draft *d = arg;
	struct unwrapped c;

	if (d->n == LINES_MAX)
		return;
	unwrap_line(l->text, l->len, &scratch, &c);
	*ARRAY_ADD(d->lines, d->n, d->room) = text_line_dup(c.text, c.len);
}

static void cut_lines(struct draft *d)
{
	AUTO(lines) l = lines_new(take_line, d);

	lines_feed(l, buf_text(&d->text), d->text.len);
	lines_flush(l);
}

/* ---- how its records begin ---- */

static size_t count_fits(const struct draft *d, const char *layout)
{
	size_t fits = 0;
	struct when w;

	for (size_t i = 0; i < d->n && i < LOOKED_AT; i++)
		fits += when_parse(layout, d->lines[i], strlen(d->lines[i]), &w);
	return fits;
}

/* Of all layouts that any set knows the one that most lines begin with; of several the one that says more. */
static void find_layout(struct draft *d)
{
	size_t best = 0;

	for (size_t i = 0; i < library_count(d->library); i++) {
		const struct set *s = library_at(d->library, i);

		for (size_t k = 0; s && k < s->time.n; k++) {
			const char *layout = s->time.items[k];
			size_t fits = count_fits(d, layout);

			if (fits < best || !fits || (fits == best && strlen(layout) <= strlen(d->layout)))
				continue;
			best = fits;
			d->layout = layout;
			d->set = s;
		}
	}
}

static bool is_meta(char c)
{
	return c && strchr(".^$()[]{}*+?|\\", c);
}

static void escaped(struct buf *out, char c)
{
	if (is_meta(c))
		buf_char(out, '\\');
	buf_char(out, c);
	if (c == '\'') /* as YAML quotes it */
		buf_char(out, c);
}

/* The layout as a pattern. */
static void pattern_of_layout(const char *layout, struct buf *out)
{
	for (; *layout; layout++) {
		if (*layout != '%') {
			escaped(out, *layout);
			continue;
		}
		switch (*++layout) {
		case 'Y':
			buf_str(out, "\\d{4}");
			break;
		case 'b':
		case 'p':
			buf_str(out, "\\S+");
			break;
		case 's':
			buf_str(out, "\\d{9,13}");
			break;
		case '*':
			buf_str(out, "[^\\n]{1,80}?");
			break;
		case 'z':
			buf_str(out, "[+-]\\d\\d:?\\d\\d");
			break;
		default:
			buf_str(out, "\\d{1,2}");
		}
	}
}

/* ---- what a line says ---- */

/* Behind the time and what follows it without a letter. */
static const char *message(const struct draft *d, const char *line)
{
	struct when w;

	if (d->layout && when_parse(d->layout, line, strlen(line), &w))
		line += w.len;
	while (*line && !str_alpha(*line) && !(*line & 0x80))
		line++;
	return line;
}

static size_t token_len(const char *s)
{
	return strcspn(s, " \t,;()[]{}\"'=");
}

/* Numbers, paths, addresses and identifiers are accidents of this log. */
static bool is_accident(const char *s, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++)
		digits += str_digit(s[i]);
	return digits > 0 || memchr(s, '/', n) || memchr(s, '@', n) || memchr(s, '\\', n);
}

static void pattern_of(const struct draft *d, const char *line, struct buf *out)
{
	const char *s = message(d, line);

	while (*s && out->len < PATTERN_MAX) {
		size_t n = token_len(s);

		if (n && is_accident(s, n))
			buf_str(out, "\\S+");
		for (size_t i = 0; i < n && !is_accident(s, n); i++)
			escaped(out, s[i]);
		s += n;
		if (*s)
			escaped(out, *s++);
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

static bool says(const char *line, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(line, words[i]))
			return true;
	return false;
}

static bool is_error(const char *line)
{
	static const char *const words[] = { "error", "fatal", "severe", "critical", "panic", NULL };

	return says(line, words);
}

static bool is_end(const char *line)
{
	static const char *const words[] = { "shut",	"stopp",   "terminat", "exiting",
					     "closing", "destroy", "saving ",  NULL };

	return says(line, words);
}

static bool begins_record(const struct draft *d, const char *line)
{
	struct when w;

	if (!d->layout)
		return *line && *line != ' ' && *line != '\t';
	return when_parse(d->layout, line, strlen(line), &w);
}

/* ---- writing ---- */

static void quoted(struct buf *out, const char *s)
{
	buf_char(out, '\'');
	for (; *s; s++)
		buf_printf(out, *s == '\'' ? "''" : "%c", *s);
	buf_char(out, '\'');
}

static void write_rule(const struct draft *d, const char *id, const char *effect, const char *rest,
		       const char *line, struct buf *out)
{
	AUTO_BUF pattern = BUF_INIT(READ_MAX);

	pattern_of(d, line, &pattern);
	buf_printf(out, "  - id: %s\n    match: '%s'\n    effect: %s\n%s    samples: [", id,
		   buf_text(&pattern), effect, rest);
	quoted(out, line);
	buf_str(out, "]\n\n");
}

static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	size_t n = strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && str_alpha(*file) ? mem_strndup(file, n) : mem_strdup("myserver");
}

static const char *first_line(const struct draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (begins_record(d, d->lines[i]) && *message(d, d->lines[i]))
			return d->lines[i];
	return NULL;
}

/* The last word of a start that went well, which is mostly not the last line: it may have been stopped. */
static const char *ready_line(const struct draft *d)
{
	const char *first = first_line(d), *best = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const char *line = d->lines[i];

		if (line == first || !begins_record(d, line) || is_error(line) || !*message(d, line))
			continue;
		if (is_end(line) && best)
			break;
		best = line;
	}
	return best;
}

static void write_errors(const struct draft *d, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n && n < ERRORS_MAX; i++) {
		AUTO_FREE char *id = mem_printf("error-%zu", n + 1);

		if (!begins_record(d, d->lines[i]) || !is_error(d->lines[i]))
			continue;
		write_rule(d, id, "ignore",
			   "    why: TODO the start went well all the same; or is it a failure?\n",
			   d->lines[i], out);
		n++;
	}
}

static void write_head(const struct draft *d, const char *name, const char *first, struct buf *out)
{
	AUTO_BUF pattern = BUF_INIT(READ_MAX);
	AUTO_BUF begins = BUF_INIT(READ_MAX);
	bool java = d->set && str_eq(d->set->meaning.name, "java");

	pattern_of(d, first, &pattern);
	buf_printf(
		out,
		"# A draft: look through every line of it, then gonogo check (patterns/README.md says how).\n"
		"set: %s\n"
		"title: TODO the product, and from which to which version\n"
		"detect: '%s'    # TODO must not meet the log of another product\n",
		name, buf_text(&pattern));
	if (java)
		buf_str(out, "uses: [java]\n");
	if (d->layout && !java) {
		pattern_of_layout(d->layout, &begins);
		buf_printf(out, "record:\n  first: ['^%s']\n  time: [", buf_text(&begins));
		quoted(out, d->layout);
		buf_str(out, "]\n  error: ['\\A[^\\n]{0,80}\\b(?:ERROR|FATAL|error|fatal)\\b']\n");
	}
	buf_str(out,
		"phases: [boot, up]    # TODO what lies between: database, schema, migration ...\n"
		"restore: [stop the server, TODO what to restore after a ROLLBACK, start the old version]\n"
		"rules:\n");
}

static int write_draft(const struct draft *d, const char *path, struct buf *out, struct err *e)
{
	const char *first = first_line(d), *ready = ready_line(d);
	AUTO_FREE char *name = name_of(path);

	if (!first || !ready)
		return err_set(e, "%s: too short for a draft: a whole start that went well is needed", path);
	write_head(d, name, first, out);
	write_rule(d, "boot", "begin", "    phase: boot\n", first, out);
	write_errors(d, out);
	buf_str(out,
		"  # TODO what the product prints when it gives up, from its source or a start that failed\n"
		"  # - id: failed\n"
		"  #   match: 'cannot open (?<file>\\S+)'\n"
		"  #   effect: fail\n"
		"  #   say: '${file} cannot be opened'\n\n");
	write_rule(d, "ready", "goal",
		   "    phase: up    # TODO is this what it says last, when it really works?\n", ready, out);
	return 0;
}

int draft_set(const struct library *l, const char *path, struct buf *out, struct err *e)
{
	struct draft d = { .library = l, .text = BUF_INIT(READ_MAX) };
	int rc = read_log(&d, path, e);

	if (rc == 0) {
		cut_lines(&d);
		find_layout(&d);
		rc = write_draft(&d, path, out, e);
	}
	for (size_t i = 0; i < d.n; i++)
		free(d.lines[i]);
	free(d.lines);
	buf_free(&d.text);
	return rc;
}
