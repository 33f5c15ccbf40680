/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"

static enum log_level shown = LOG_WARN;

void log_set_level(enum log_level level)
{
	shown = level;
}

static void say(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static void say(const char *fmt, va_list ap)
{
	AUTO_FREE char *text = mem_vprintf(fmt, ap);
	AUTO_BUF line = BUF_INIT(1 << 16);

	buf_str(&line, "gonogo: ");
	text_line(&line, text, strlen(text));
	buf_char(&line, '\n');
	io_write_all(STDERR_FILENO, line.data, line.len, NULL);
}

#define DEFINE_LOG(name, level)               \
	void log_##name(const char *fmt, ...) \
	{                                     \
		va_list ap;                   \
                                              \
		if (shown < (level))          \
			return;               \
		va_start(ap, fmt);            \
		say(fmt, ap);                 \
		va_end(ap);                   \
	}

DEFINE_LOG(error, LOG_QUIET)
DEFINE_LOG(warn, LOG_WARN)
DEFINE_LOG(info, LOG_INFO)
DEFINE_LOG(debug, LOG_DEBUG)
