/* SPDX-License-Identifier: Apache-2.0 */
#include "view/terminal.h"

#include <string.h>
#include <sys/ioctl.h>

#include "base/io.h"
#include "base/text.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 4096 };

struct terminal {
	int fd;
	char *status; /* as it stands on the screen; NULL: none */
};

struct terminal *terminal_new(int fd)
{
	struct terminal *t = new0(struct terminal);

	t->fd = fd;
	return t;
}

static size_t width(const struct terminal *t)
{
	struct winsize w;

	if (ioctl(t->fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
		return WIDTH_DEFAULT;
	return w.ws_col;
}

/* Back to the beginning of the line, and erase it (ECMA-48 EL). */
static void wipe(const struct terminal *t, struct buf *out)
{
	if (t->status)
		buf_str(out, "\r\x1B[K");
}

/* As many characters as fit, the last column left free so that nothing wraps. */
static void add_cut(const struct terminal *t, const char *text, struct buf *out)
{
	size_t room = width(t) - 1, n = strlen(text);

	for (size_t i = 0, len; i < n && room > 0; i += len, room--) {
		len = text_utf8_len(text + i, n - i);
		if (!len)
			break;
		buf_add(out, text + i, len);
	}
}

static int show(const struct terminal *t, const struct buf *out)
{
	return io_write_all(t->fd, buf_text(out), out->len, NULL);
}

void terminal_free(struct terminal *t)
{
	AUTO_BUF out = BUF_INIT(64);

	if (!t)
		return;
	wipe(t, &out);
	if (out.len)
		show(t, &out);
	free(t->status);
	free(t);
}

int terminal_line(struct terminal *t, const char *text, size_t n)
{
	AUTO_BUF out = BUF_INIT(n + WIDTH_MAX * 4);

	wipe(t, &out);
	buf_add(&out, text, n);
	buf_char(&out, '\n');
	if (t->status)
		add_cut(t, t->status, &out);
	return show(t, &out);
}

int terminal_status(struct terminal *t, const char *text)
{
	AUTO_BUF out = BUF_INIT(WIDTH_MAX * 4);

	wipe(t, &out);
	add_cut(t, text, &out);
	mem_replace(&t->status, text);
	return show(t, &out);
}
