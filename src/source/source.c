/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "source/inside.h"

void source_init(struct source *s, const struct source_ops *ops, const struct source_events *ev, void *arg)
{
	s->ops = ops;
	s->ev = *ev;
	s->arg = arg;
}

void source_look(struct source *s)
{
	if (s->busy)
		return; /* whoever is at it will come to the end of what is there */
	s->busy = true;
	s->ops->look(s);
	s->busy = s->draining = false;
	if (s->freed)
		s->ops->free(s);
}

void source_drain(struct source *s)
{
	s->draining = true;
	source_look(s);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	s->freed = true;
	if (!s->busy)
		s->ops->free(s);
}

void source_tell_bytes(struct source *s, const char *data, size_t n)
{
	if (!s->freed && s->ev.bytes)
		s->ev.bytes(s->arg, data, n);
}

void source_tell_next_file(struct source *s, const char *file)
{
	if (!s->freed && s->ev.next_file)
		s->ev.next_file(s->arg, file);
}

typedef void tell_fn(void *arg, const char *text);

__attribute__((format(printf, 3, 0))) static void tell(struct source *s, tell_fn *fn, const char *fmt,
						       va_list ap)
{
	AUTO_FREE char *text = mem_vprintf(fmt, ap);

	if (!s->freed && fn)
		fn(s->arg, text);
}

void source_tell_gap(struct source *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(s, s->ev.gap, fmt, ap);
	va_end(ap);
}

void source_tell_notice(struct source *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(s, s->ev.notice, fmt, ap);
	va_end(ap);
}

void source_tell_idle(struct source *s)
{
	if (!s->freed && s->ev.idle)
		s->ev.idle(s->arg);
}

void source_tell_end(struct source *s)
{
	if (!s->freed && s->ev.end)
		s->ev.end(s->arg);
}
