/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/io.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/inside.h"

enum { EXPANDED_MAX = CONF_FILE_MAX };

struct var {
	char *name;
	char *value;
};

struct conf_vars {
	const struct conf_vars *outer;
	struct var *all;
	size_t n, room;
};

struct conf_vars *conf_vars_new(const struct conf_vars *outer)
{
	struct conf_vars *v = new0(struct conf_vars);

	v->outer = outer;
	return v;
}

void conf_vars_free(struct conf_vars *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++) {
		free(v->all[i].name);
		free(v->all[i].value);
	}
	free(v->all);
	free(v);
}

static struct var *find(const struct conf_vars *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->all[i].name, name) == 0)
			return &v->all[i];
	return NULL;
}

void conf_vars_set(struct conf_vars *v, const char *name, const char *value)
{
	struct var *var = find(v, name);

	if (!var) {
		var = ARRAY_ADD(v->all, v->n, v->room);
		var->name = mem_strdup(name);
	}
	mem_replace(&var->value, value);
}

const char *conf_vars_get(const struct conf_vars *v, const char *name)
{
	for (; v; v = v->outer) {
		const struct var *var = find(v, name);

		if (var)
			return var->value;
	}
	return NULL;
}

static int unknown(const struct conf_vars *v, const char *name, struct err *e)
{
	AUTO_FREE char *brief = problem_brief(name);
	AUTO_FREE const char **names = NULL;
	size_t n = 0, room = 0;
	const char *meant;

	for (; v; v = v->outer)
		for (size_t i = 0; i < v->n; i++)
			*ARRAY_ADD(names, n, room) = v->all[i].name;
	meant = problem_nearest(name, names, n);
	if (meant)
		return err_set(e, "unknown variable '${%s}', did you mean '${%s}'?", brief, meant);
	return err_set(e, "unknown variable '${%s}'", brief);
}

static int add_named(const struct conf_vars *v, const char *name, struct buf *out, struct err *e)
{
	const char *value = conf_vars_get(v, name);

	if (!value)
		return unknown(v, name, e);
	buf_str(out, value);
	return 0;
}

static int add_env(const struct conf_vars *v, const char *name, struct buf *out, struct err *e)
{
	AUTO_FREE char *brief = problem_brief(name);
	const char *value = getenv(name);

	(void)v;
	if (!value)
		return err_set(e, "the environment variable '%s' is not set", brief);
	buf_str(out, value);
	return 0;
}

static int add_file(const struct conf_vars *v, const char *path, struct buf *out, struct err *e)
{
	AUTO_BUF content = BUF_INIT(EXPANDED_MAX);
	AUTO_FREE char *brief = problem_brief(path);
	size_t n;

	(void)v;
	if (io_read_file(path, &content, e) < 0)
		return -1;
	n = content.len;
	if (n && memchr(content.data, '\0', n))
		return err_set(e, "%s: holds a NUL byte, so it is no text", brief);
	if (n && content.data[n - 1] == '\n')
		n--;
	if (n && n < content.len && content.data[n - 1] == '\r')
		n--;
	buf_add(out, buf_text(&content), n);
	return 0;
}

static const struct origin {
	const char *prefix;
	bool may_be_secret;
	int (*add)(const struct conf_vars *v, const char *name, struct buf *out, struct err *e);
} origins[] = {
	{ "env:", true, add_env },
	{ "file:", true, add_file },
	{ "", false, add_named }, /* last: any name begins with it */
};

/* What stands between ${ and }. */
static int add_value(const struct conf_vars *v, const char *inner, bool secret, struct buf *out,
		     struct err *e)
{
	const struct origin *o = origins;
	size_t before = out->len;

	while (!str_starts(inner, o->prefix))
		o++;
	if (o->add(v, inner + strlen(o->prefix), out, e) < 0)
		return -1;
	if (secret && o->may_be_secret)
		secret_add(buf_text(out) + before);
	return 0;
}

/* Text up to the next ${, and what that stands for; *text moves on behind it. */
static int add_part(const struct conf_vars *v, const char **text, bool secret, struct buf *out, struct err *e)
{
	const char *start = *text, *mark = strstr(start, "${"), *end;

	if (!mark) {
		*text = start + strlen(start);
		buf_add(out, start, (size_t)(*text - start));
		return 0;
	}
	if (mark > start && mark[-1] == '$') {
		*text = mark + 2;
		buf_add(out, start, (size_t)(mark - 1 - start));
		buf_str(out, "${");
		return 0;
	}
	end = strchr(mark, '}');
	if (!end)
		return err_set(e, "'${' without '}' (a plain ${ is written $${)");
	*text = end + 1;
	buf_add(out, start, (size_t)(mark - start));
	AUTO_FREE char *inner = mem_strndup(mark + 2, (size_t)(end - mark - 2));
	return add_value(v, inner, secret, out, e);
}

char *vars_expand(const struct conf_vars *vars, const char *text, bool secret, struct err *e)
{
	AUTO_BUF out = BUF_INIT(EXPANDED_MAX);

	if (!vars)
		return mem_strdup(text);
	while (*text && !out.full)
		if (add_part(vars, &text, secret, &out, e) < 0)
			return NULL;
	if (!out.full)
		return buf_take(&out);
	err_set(e, "is longer than %d bytes with its variables replaced", EXPANDED_MAX);
	return NULL;
}

char *conf_expand(const struct conf_vars *vars, const char *text, struct err *e)
{
	return vars_expand(vars, text, false, e);
}
