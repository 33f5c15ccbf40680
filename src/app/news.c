/* SPDX-License-Identifier: Apache-2.0 */
#include "app/news.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "report/ndjson.h"
#include "view/terminal.h"

struct news {
	struct terminal *terminal; /* NULL: people read plain lines */
	int events;		   /* descriptor; -1: none */
	int lines;		   /* -1: none */
	bool events_broken;
	struct buf line; /* of the latest event: its memory serves the next */
};

static bool on_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

struct news *news_new(const struct options *o, int lines, struct err *e)
{
	struct news *n = new0(struct news);

	n->events = -1;
	n->line.max = 1 << 20;
	n->lines = lines;
	if (lines >= 0 && on_terminal(lines))
		n->terminal = terminal_new(lines);
	if (!o->events)
		return n;
	n->events = strcmp(o->events, "-") == 0
			    ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			    : open(o->events, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (n->events >= 0)
		return n;
	err_sys(e, "%s", o->events);
	free(n);
	return NULL;
}

void news_free(struct news *n)
{
	if (!n)
		return;
	news_settle(n);
	if (n->events >= 0)
		close(n->events);
	buf_free(&n->line);
	free(n);
}

void news_settle(struct news *n)
{
	terminal_free(n->terminal);
	n->terminal = NULL;
}

bool news_has_status(const struct news *n)
{
	return n->terminal != NULL;
}

void news_status(struct news *n, const char *text)
{
	AUTO_BUF line = BUF_INIT(1 << 16);
	AUTO_BUF masked = BUF_INIT(1 << 17);

	if (!n->terminal)
		return;
	text_line(&line, text, strlen(text));
	secret_mask(&masked, buf_text(&line), line.len);
	terminal_status(n->terminal, buf_text(&masked));
}

/* ---- for people ---- */

static void add_time(struct buf *out)
{
	time_t now = (time_t)(clock_wall() / CLOCK_SECOND);
	struct tm tm;

	localtime_r(&now, &tm);
	buf_printf(out, "%02d:%02d:%02d ", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_event(struct buf *out, const struct outcome_reason *r)
{
	enum { SHOWN = 140 }; /* of a record that no sentence speaks for */
	const char *what = r->say ? r->say : r->text ? r->text : "", *file = r->file ? r->file : r->source;

	buf_printf(out, "%-9s %.*s", r->effect, r->say ? (int)strlen(what) : SHOWN, what);
	if (r->rule && r->line)
		buf_printf(out, "  (%s, %s:%llu)", r->rule, base_name(file), (unsigned long long)r->line);
	else if (r->rule)
		buf_printf(out, "  (%s)", r->rule);
}

static void say(struct news *n, const struct buf *raw)
{
	AUTO_BUF line = BUF_INIT(1 << 16);
	AUTO_BUF masked = BUF_INIT(1 << 17);

	text_line(&line, buf_text(raw), raw->len);
	secret_mask(&masked, buf_text(&line), line.len);
	if (n->terminal) {
		terminal_line(n->terminal, buf_text(&masked), masked.len);
		return;
	}
	buf_char(&masked, '\n');
	if (io_write_all(n->lines, masked.data, masked.len, NULL) < 0)
		n->lines = -1; /* the reader has gone; the verdict goes on */
}

static void tell_people(struct news *n, const struct story_news *s)
{
	AUTO_BUF raw = BUF_INIT(1 << 16);

	add_time(&raw);
	buf_printf(&raw, "%-10s ", s->phase ? s->phase : "-");
	add_event(&raw, s->what);
	say(n, &raw);
}

/* ---- for programs ---- */

static const enum report_event_type types[] = {
	[NEWS_RULE] = REPORT_EVENT_RULE,
	[NEWS_RUN] = REPORT_EVENT_RUN,
	[NEWS_PHASE] = REPORT_EVENT_PHASE,
	[NEWS_GOAL] = REPORT_EVENT_GOAL,
	[NEWS_UNEXPLAINED] = REPORT_EVENT_UNEXPLAINED,
	[NEWS_PROBE] = REPORT_EVENT_PROBE,
	[NEWS_GAP] = REPORT_EVENT_GAP,
	[NEWS_STALL] = REPORT_EVENT_STALL,
	[NEWS_DEADLINE] = REPORT_EVENT_DEADLINE,
	[NEWS_DIED] = REPORT_EVENT_DIED,
	[NEWS_INTERRUPTED] = REPORT_EVENT_INTERRUPTED,
};

static void write_event(struct news *n, const struct report_event *ev)
{
	struct err e;

	buf_clear(&n->line);
	report_event_line(&n->line, ev);
	if (n->events_broken || io_write_all(n->events, buf_text(&n->line), n->line.len, &e) == 0)
		return;
	log_warn("events are lost: %s", e.text);
	n->events_broken = true;
}

static void tell_programs(struct news *n, const struct story_news *s)
{
	struct report_event ev = { .type = types[s->type],
				   .at = clock_wall(),
				   .phase = s->phase,
				   .name = s->name,
				   .state = s->state,
				   .what = s->what };

	write_event(n, &ev);
}

void news_tell(void *arg, const struct story_news *s)
{
	struct news *n = arg;

	if (n->lines >= 0)
		tell_people(n, s);
	if (n->events >= 0)
		tell_programs(n, s);
}

void news_verdict(struct news *n, const struct outcome *o)
{
	struct outcome_reason summary = { .effect = "note", .say = o->summary };
	struct report_event ev = { .type = REPORT_EVENT_VERDICT,
				   .at = clock_wall(),
				   .phase = o->phase,
				   .verdict = o->verdict,
				   .what = &summary };

	if (n->events >= 0)
		write_event(n, &ev);
}
