/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "conf/inside.h"

enum {
	PROBLEMS_MAX =
		1000, /* nobody reads further; a file of nothing but mistakes must not fill the memory */
	TEXT_MAX = 1 << 16,
	BRIEF_MAX = 64,
	LISTED_MAX = 24,
};

struct problem {
	char *path;
	size_t line, column;
	char *text;
	char *shown; /* rendered on demand: by then all secrets are known */
};

struct conf_problems {
	struct problem *all; /* in the order they are shown */
	size_t n, room;
};

struct conf_problems *conf_problems_new(void)
{
	return new0(struct conf_problems);
}

void conf_problems_free(struct conf_problems *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->all[i].path);
		free(p->all[i].text);
		free(p->all[i].shown);
	}
	free(p->all);
	free(p);
}

size_t conf_problems_count(const struct conf_problems *p)
{
	return p->n;
}

static char *render(const struct problem *one)
{
	AUTO_FREE char *plain = mem_printf("%s:%zu:%zu: %s", one->path, one->line, one->column, one->text);
	AUTO_FREE char *masked = secret_masked(plain);

	return text_line_dup(masked, strlen(masked));
}

const char *conf_problems_text(struct conf_problems *p, size_t i)
{
	struct problem *one = &p->all[i];

	if (!one->shown)
		one->shown = render(one);
	return one->shown;
}

static int by_place(const struct problem *a, const struct problem *b)
{
	int d = strcmp(a->path, b->path);

	if (d)
		return d;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

/* Behind those of the same place; nothing where the same was said of it (an anchor that is used twice). */
static void insert(struct conf_problems *p, const struct problem *new)
{
	size_t at = p->n;

	while (at && by_place(new, &p->all[at - 1]) < 0)
		at--;
	ARRAY_ADD(p->all, p->n, p->room);
	memmove(&p->all[at + 1], &p->all[at], (p->n - 1 - at) * sizeof(*p->all));
	p->all[at] = *new;
}

static bool known(const struct conf_problems *p, const struct problem *new)
{
	for (size_t i = 0; i < p->n; i++)
		if (by_place(&p->all[i], new) == 0 && strcmp(p->all[i].text, new->text) == 0)
			return true;
	return false;
}

static void add(struct conf_problems *p, const char *path, size_t line, size_t column, const char *text)
{
	struct problem new = { .line = line, .column = column };

	if (p->n == PROBLEMS_MAX)
		return;
	new.path = mem_strdup(path);
	new.text = mem_strdup(text);
	if (!known(p, &new)) {
		insert(p, &new);
		return;
	}
	free(new.path);
	free(new.text);
}

static void vadd(struct conf_problems *p, const char *path, size_t line, size_t column, const char *fmt,
		 va_list ap) __attribute__((format(printf, 5, 0)));

static void vadd(struct conf_problems *p, const char *path, size_t line, size_t column, const char *fmt,
		 va_list ap)
{
	AUTO_FREE char *text = mem_vprintf(fmt, ap);

	add(p, path, line, column, text);
}

void problem_at(struct conf_problems *p, const char *path, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(p, path, line, column, fmt, ap);
	va_end(ap);
}

void conf_problem(struct conf_problems *p, const struct conf_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(p, conf_path(n), conf_line(n), conf_column(n), fmt, ap);
	va_end(ap);
}

void conf_unknown(struct conf_problems *p, const struct conf_node *n, const char *what, const char *said,
		  const char *const *names, size_t n_names)
{
	AUTO_FREE char *brief = problem_brief(said);
	const char *meant = problem_nearest(said, names, n_names);
	AUTO_BUF text = BUF_INIT(TEXT_MAX);

	buf_printf(&text, "%s '%s'", what, brief);
	if (meant) {
		buf_printf(&text, ", did you mean '%s'?", meant);
	} else if (n_names) {
		buf_str(&text, " (known: ");
		problem_list(&text, names, n_names);
		buf_char(&text, ')');
	}
	conf_problem(p, n, "%s", buf_text(&text));
}

char *problem_brief(const char *said)
{
	AUTO_FREE char *masked = secret_masked(said);
	size_t n = strlen(masked), cut = BRIEF_MAX;

	if (n <= BRIEF_MAX)
		return mem_strdup(masked);
	while (cut && ((unsigned char)masked[cut] & 0xC0) == 0x80)
		cut--;
	return mem_printf("%.*s...", (int)cut, masked);
}

const char *problem_nearest(const char *said, const char *const *names, size_t n)
{
	size_t len = strlen(said);
	const char *meant = len <= BRIEF_MAX ? str_nearest(said, names, n) : NULL;

	/* as many edits as there are letters: nothing in common */
	return meant && str_distance(said, meant) < len ? meant : NULL;
}

void problem_list(struct buf *out, const char *const *names, size_t n)
{
	size_t shown = n > LISTED_MAX ? LISTED_MAX : n;

	for (size_t i = 0; i < shown; i++)
		buf_printf(out, "%s%s", i ? ", " : "", names[i]);
	if (shown < n)
		buf_printf(out, " and %zu more", n - shown);
}
