/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading is done in a thread, as of any file.  Values of keys that tell of a secret, and passwords within
 * values, are never put into words: these files hold the password of the database.
 */
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "net/worker.h"
#include "probe/answer.h"
#include "probe/java_properties.h"

struct properties_probe {
	char *path, *against;
	int encoding; /* enum java_encoding */
	int64_t max_read;
	const struct conf_node *values, *facts;
	struct conf_texts absent, differ, same;
	struct conf_pairs defaults;
	struct claims claims;
	struct fact_rules fact_rules;
};

static const struct conf_key keys[] = {
	CONF_ROW(struct properties_probe, path, char *, "path", CONF_TYPE_TEXT, NULL, "the property file",
		 NULL, true),
	CONF_TEXT(struct properties_probe, against, NULL,
		  "the property file to compare with, as of the old installation"),
	CONF_NODE(struct properties_probe, values,
		  "key -> what its value should be, ${key} in it replaced as Spring does"),
	CONF_TEXTS(struct properties_probe, absent, "keys that must not be there; * stands for anything"),
	CONF_TEXTS(struct properties_probe, differ,
		   "keys that must have another value than in against; two names of one folder are the same"),
	CONF_TEXTS(struct properties_probe, same, "keys that must have the same value as in against"),
	CONF_PAIRS(struct properties_probe, defaults,
		   "key -> the value that the program takes where a file does not say one"),
	CONF_ENUM(struct properties_probe, encoding, "ISO-8859-1", java_encoding_names,
		  "how its bytes are read"),
	CONF_SIZE(struct properties_probe, max_read, "1M", "how large a file may be"),
	CONF_NODE(struct properties_probe, facts, "facts to take out of the file: name -> {key, as}"),
	{ 0 },
};

/* ---- secrets ---- */

static bool key_is_secret(const char *key)
{
	static const char *const tells[] = { "pass", "secret", "credential", "token" };

	for (size_t i = 0; i < ARRAY_LEN(tells); i++)
		if (strcasestr(key, tells[i]))
			return true;
	return false;
}

/* A password within a value ("...?user=a&password=b", "//a:b@host", "thin:a/b@host"); NULL: none; yours. */
static char *password_within(const char *value)
{
	static const char *const names[] = { "password=", "passwd=", "pwd=" };
	const char *begin = NULL, *at = strchr(value, '@'), *url = strstr(value, "//");

	for (size_t i = 0; i < ARRAY_LEN(names) && !begin; i++)
		if ((begin = strcasestr(value, names[i])))
			return mem_strndup(begin + strlen(names[i]),
					   strcspn(begin + strlen(names[i]), "&;, \t"));
	if (at && url && url < at)
		begin = memchr(url + 2, ':', (size_t)(at - url - 2));
	else if (at && str_starts(value, "jdbc:oracle:"))
		begin = memchr(value, '/', (size_t)(at - value));
	return begin ? mem_strndup(begin + 1, (size_t)(at - begin - 1)) : NULL;
}

/* text with each password shown as ***. */
static void add_masked(struct buf *out, const char *text, const char *password)
{
	for (const char *found; password && *password && (found = strstr(text, password));
	     text = found + strlen(password)) {
		buf_add(out, text, (size_t)(found - text));
		buf_str(out, "***");
	}
	buf_str(out, text);
}

static void say_value(struct buf *why, const char *key, const char *value)
{
	AUTO_FREE char *password = password_within(value);
	AUTO_BUF shown = BUF_INIT(REASON_MAX);

	add_masked(&shown, key_is_secret(key) ? "***" : value, password);
	say_quoted(why, buf_text(&shown), shown.len);
	if (*value && str_space(value[strlen(value) - 1]))
		buf_str(why, " with a blank at its end");
}

/* ---- reading ---- */

static void check_against(const struct properties_probe *x, const struct conf_node *n,
			  struct conf_problems *p)
{
	const char *name = x->differ.n ? "differ" : "same";

	if ((x->differ.n || x->same.n) && !x->against)
		conf_problem(p, conf_get(n, name), "%s: against is missing: what should it be compared with?",
			     name);
	if (x->against && !x->differ.n && !x->same.n)
		conf_problem(p, conf_get(n, "against"), "against: nothing is compared; say differ or same");
}

static void check(void *settings, const struct conf_node *n, const struct conf_vars *vars,
		  struct conf_problems *p)
{
	struct properties_probe *x = settings;

	if (!x->values && !x->absent.n && !x->differ.n && !x->same.n)
		conf_problem(p, n, "nothing is expected of the file: say values, absent, differ or same");
	check_against(x, n, p);
	claims_add(&x->claims, PLACE_KEY, x->values, vars, p);
	facts_add(&x->fact_rules, x->facts, 1U << PLACE_KEY, vars, p);
	for (size_t i = 0; i < x->fact_rules.n; i++)
		if (x->fact_rules.items[i].where && key_is_secret(x->fact_rules.items[i].where))
			conf_problem(p, x->facts, "facts: '%s' is secret by its name, and facts are shown",
				     x->fact_rules.items[i].where);
}

static void clear(void *settings)
{
	struct properties_probe *x = settings;

	claims_clear(&x->claims);
	facts_clear(&x->fact_rules);
}

/* ---- looking, in the thread ---- */

struct read_file {
	char *path; /* NULL: none to read */
	struct java_properties *properties;
	bool refused; /* it was read, and Java would not take it */
	struct err e; /* why there are no properties */
};

struct job {
	struct read_file own, other;
	enum java_encoding encoding;
	size_t max_read;
	char **differ; /* keys */
	bool *same;    /* two names of the same file or folder */
	size_t n_differ;
	char **presets; /* key, value, key, value ... */
	size_t n_presets;
};

static void read_properties(const struct job *j, struct read_file *f)
{
	AUTO_BUF text = BUF_INIT(j->max_read);

	if (!f->path || io_read_file(f->path, &text, &f->e) < 0)
		return;
	f->properties = java_properties_parse(buf_text(&text), text.len, j->encoding, &f->e);
	f->refused = !f->properties;
	if (f->refused)
		err_ctx(&f->e, "%s", f->path);
	for (size_t i = 0; f->properties && i < j->n_presets; i += 2)
		java_properties_preset(f->properties, j->presets[i], j->presets[i + 1]);
}

static bool same_place(const char *a, const char *b)
{
	struct stat x, y;

	return a && b && *a == '/' && *b == '/' && stat(a, &x) == 0 && stat(b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void run(void *arg)
{
	struct job *j = arg;

	read_properties(j, &j->own);
	read_properties(j, &j->other);
	for (size_t i = 0; i < j->n_differ && j->own.properties && j->other.properties; i++) {
		AUTO_FREE char *own = java_properties_resolve(j->own.properties, j->differ[i]);
		AUTO_FREE char *other = java_properties_resolve(j->other.properties, j->differ[i]);

		j->same[i] = same_place(own, other);
	}
}

static void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static void free_job(void *arg)
{
	struct job *j = arg;

	free(j->own.path);
	free(j->other.path);
	java_properties_free(j->own.properties);
	java_properties_free(j->other.properties);
	free_texts(j->differ, j->n_differ);
	free_texts(j->presets, j->n_presets);
	free(j->same);
	free(j);
}

static const struct worker_task task = { run, free_job };

/* The settings may be gone before a thread that hangs. */
static struct job *make_job(const struct properties_probe *x)
{
	struct job *j = new0(struct job);

	j->own.path = mem_strdup(x->path);
	j->other.path = mem_strdup(x->against);
	j->encoding = (enum java_encoding)x->encoding;
	j->max_read = (size_t)x->max_read;
	j->n_differ = x->differ.n;
	j->differ = mem_zero(x->differ.n, sizeof(char *));
	j->same = mem_zero(x->differ.n, sizeof(bool));
	for (size_t i = 0; i < x->differ.n; i++)
		j->differ[i] = mem_strdup(x->differ.items[i]);
	j->n_presets = 2 * x->defaults.n;
	j->presets = mem_zero(j->n_presets, sizeof(char *));
	for (size_t i = 0; i < x->defaults.n; i++) {
		j->presets[2 * i] = mem_strdup(x->defaults.keys[i]);
		j->presets[2 * i + 1] = mem_strdup(x->defaults.values[i]);
	}
	return j;
}

/* ---- judging ---- */

struct judging {
	const struct properties_probe *x;
	const struct job *j;
	struct buf *why; /* all that is wrong */
	char *value;	 /* what was looked at last */
};

static struct buf *wrong(struct judging *g)
{
	if (g->why->len)
		buf_str(g->why, "; ");
	return g->why;
}

static void say_line(struct judging *g, const char *key)
{
	size_t line;

	java_properties_get(g->j->own.properties, key, &line);
	if (line)
		buf_printf(g->why, " (line %zu)", line);
}

static struct value look(void *seen, enum place place, const char *where)
{
	struct judging *g = seen;

	(void)place;
	free(g->value);
	g->value = java_properties_resolve(g->j->own.properties, where);
	return (struct value){ g->value ? VALUE_TEXT : VALUE_MISSING, g->value ? g->value : "",
			       g->value ? strlen(g->value) : 0, 0 };
}

/* What may be shown: a fact stands in every report. */
static struct value look_at_fact(void *seen, enum place place, const char *where)
{
	struct value v = look(seen, place, where);
	AUTO_FREE char *password = password_within(v.text);

	return password ? (struct value){ VALUE_MISSING, "", 0, 0 } : v;
}

static void judge_claim(struct judging *g, const struct claim *c)
{
	struct value v = look(g, PLACE_KEY, c->where);
	AUTO_FREE char *password = password_within(v.text);
	AUTO_BUF said = BUF_INIT(REASON_MAX);

	if (expect_met(&c->expect, &v, &said))
		return;
	buf_printf(wrong(g), "%s ", c->where);
	if (key_is_secret(c->where) && v.shape != VALUE_MISSING)
		buf_str(g->why, "is not as expected; its value is not shown");
	else
		add_masked(g->why, buf_text(&said), password);
	if (v.n && str_space(v.text[v.n - 1]))
		buf_str(g->why, ", with a blank at its end");
	say_line(g, c->where);
}

static void judge_absent(struct judging *g, const char *pattern)
{
	const struct java_properties *p = g->j->own.properties;

	for (size_t i = 0; i < java_properties_count(p); i++) {
		const char *key = java_properties_key(p, i);
		size_t line;

		java_properties_get(p, key, &line);
		if (!line || fnmatch(pattern, key, 0) != 0)
			continue;
		buf_printf(wrong(g), "%s should be gone", key);
		say_line(g, key);
	}
}

/* What tells two places apart: without blanks and slashes at its end, and of a URL without its options. */
static size_t place_len(const char *s)
{
	size_t n = strstr(s, "://") ? strcspn(s, "?") : strlen(s);

	while (n > 1 && (str_space(s[n - 1]) || s[n - 1] == '/'))
		n--;
	return n;
}

static bool equal_places(const char *a, const char *b)
{
	size_t n = place_len(a);

	return n == place_len(b) && memcmp(a, b, n) == 0;
}

/* Both values, or false after saying which one is missing. */
static bool both_there(struct judging *g, const char *key, const char *own, const char *other)
{
	if (!own)
		buf_printf(wrong(g), "%s is missing", key);
	else if (!other)
		buf_printf(wrong(g), "%s is missing in %s, so there is nothing to compare with", key,
			   g->x->against);
	return own && other;
}

static void judge_differ(struct judging *g, size_t i)
{
	const char *key = g->x->differ.items[i];
	AUTO_FREE char *own = java_properties_resolve(g->j->own.properties, key);
	AUTO_FREE char *other = java_properties_resolve(g->j->other.properties, key);

	if (!both_there(g, key, own, other) || (!equal_places(own, other) && !g->j->same[i]))
		return;
	buf_printf(wrong(g), "%s is still ", key);
	say_value(g->why, key, own);
	if (equal_places(own, other)) {
		buf_printf(g->why, ", as in %s", g->x->against);
	} else {
		buf_str(g->why, ", another name of ");
		say_value(g->why, key, other);
		buf_printf(g->why, " in %s", g->x->against);
	}
	say_line(g, key);
}

static void judge_same(struct judging *g, const char *key)
{
	AUTO_FREE char *own = java_properties_resolve(g->j->own.properties, key);
	AUTO_FREE char *other = java_properties_resolve(g->j->other.properties, key);

	if (!both_there(g, key, own, other) || strcmp(own, other) == 0)
		return;
	buf_printf(wrong(g), "%s is ", key);
	say_value(g->why, key, own);
	buf_printf(g->why, ", in %s it is ", g->x->against);
	say_value(g->why, key, other);
	say_line(g, key);
}

static void judge_all(struct judging *g)
{
	for (size_t i = 0; i < g->x->claims.n; i++)
		judge_claim(g, &g->x->claims.items[i]);
	for (size_t i = 0; i < g->x->absent.n; i++)
		judge_absent(g, g->x->absent.items[i]);
	for (size_t i = 0; i < g->x->differ.n; i++)
		judge_differ(g, i);
	for (size_t i = 0; i < g->x->same.n; i++)
		judge_same(g, g->x->same.items[i]);
}

struct probe_try {
	const struct properties_probe *x;
	struct worker *worker;
	struct answer answer;
	probe_done_fn *done;
	void *arg;
};

static void free_try(struct probe_try *t)
{
	answer_clear(&t->answer);
	free(t);
}

/* A file that was read and is wrong does not mend itself. */
static void judge(struct probe_try *t, const struct job *j)
{
	const struct properties_probe *x = t->x;
	AUTO_BUF why = BUF_INIT(REASON_MAX);
	struct judging g = { .x = x, .j = j, .why = &why };

	judge_all(&g);
	if (why.len)
		answer_set(&t->answer, PROBE_FAIL, "%s: %s", x->path, buf_text(&why));
	else
		answer_set(&t->answer, PROBE_PASS, "%s is as expected", x->path);
	facts_tell(&x->fact_rules, look_at_fact, &g, &t->answer.facts);
	free(g.value);
}

static void on_read(void *arg, void *job, const char *failure)
{
	struct probe_try *t = arg;
	const struct job *j = job;
	const struct read_file *unread = j->own.properties ? &j->other : &j->own;

	if (failure)
		answer_set(&t->answer, PROBE_NOT_YET, "%s", failure);
	else if (unread->path && !unread->properties)
		answer_set(&t->answer, unread->refused ? PROBE_FAIL : PROBE_NOT_YET, "%s", unread->e.text);
	else
		judge(t, j);
	answer_send(&t->answer, t->done, t->arg);
	free_try(t);
}

static struct probe_try *start(void *settings, struct loop *l, probe_done_fn *done, void *arg)
{
	struct probe_try *t = new0(struct probe_try);
	const struct properties_probe *x = settings;

	*t = (struct probe_try){ .x = x, .done = done, .arg = arg };
	answer_init(&t->answer);
	t->worker = worker_start(l, &task, make_job(x), on_read, t);
	return t;
}

static void stop(struct probe_try *t)
{
	worker_stop(t->worker);
	free_try(t);
}

const struct probe_kind probe_kind_properties = {
	.name = "properties",
	.help = "looks at keys of a Java property file, also compared with another one",
	.keys = keys,
	.size = sizeof(struct properties_probe),
	.check = check,
	.clear = clear,
	.start = start,
	.stop = stop,
};
