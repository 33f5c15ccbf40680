/* SPDX-License-Identifier: Apache-2.0 */
#include "app/once.h"

#include <string.h>

#include "app/command.h"
#include "base/io.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"

struct asking {
	struct loop *loop;
	struct once_answer *answer;
};

static void on_answer(void *arg, struct probe *p, const struct probe_status *s)
{
	struct asking *x = arg;

	(void)p;
	x->answer->result = s->state;
	x->answer->seconds = s->seconds;
	mem_replace(&x->answer->reason, s->reason);
	for (size_t i = 0; s->facts && i < s->facts->n; i++) {
		struct conf_pairs *f = &x->answer->facts;

		f->keys = mem_check(reallocarray(f->keys, f->n + 1, sizeof(char *)));
		f->values = mem_check(reallocarray(f->values, f->n + 1, sizeof(char *)));
		f->keys[f->n] = mem_strdup(s->facts->keys[i]);
		f->values[f->n++] = mem_strdup(s->facts->values[i]);
	}
	loop_stop(x->loop, 0);
}

int once_ask(struct probe *p, struct loop *l, struct once_answer *a)
{
	struct asking x = { l, a };
	struct err e;
	int rc;

	*a = (struct once_answer){ .result = PROBE_NOT_YET, .reason = mem_strdup("no answer") };
	probe_ask_once(p, l, on_answer, &x);
	rc = loop_run(l, &e);
	probe_stop(p);
	return rc;
}

void once_answer_clear(struct once_answer *a)
{
	for (size_t i = 0; i < a->facts.n; i++) {
		free(a->facts.keys[i]);
		free(a->facts.values[i]);
	}
	free(a->facts.keys);
	free(a->facts.values);
	free(a->reason);
}

static bool wanted(const struct probe *p, int n, char **names)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], probe_name(p)) == 0)
			return true;
	return n == 0;
}

static int unknown_name(const struct plan *p, int n, char **names)
{
	AUTO_FREE const char **all = mem_zero(p->n_probes, sizeof(*all));

	for (size_t i = 0; i < p->n_probes; i++)
		all[i] = probe_name(p->probes[i]);
	for (int i = 0; i < n; i++) {
		const char *near = str_nearest(names[i], all, p->n_probes);
		bool known = false;

		for (size_t k = 0; k < p->n_probes; k++)
			known |= strcmp(all[k], names[i]) == 0;
		if (known)
			continue;
		log_error("the plan has no probe '%s'%s%s%s", names[i], near ? ", did you mean '" : "",
			  near ? near : "", near ? "'?" : "");
		return EXIT_USAGE;
	}
	return 0;
}

static void show(const struct probe *p, const struct once_answer *a)
{
	AUTO_BUF raw = BUF_INIT(1 << 20);
	AUTO_BUF line = BUF_INIT(1 << 20);
	AUTO_BUF masked = BUF_INIT(1 << 20);

	buf_printf(&raw, "%-8s %s (%.2fs): %s", probe_result_name(a->result), probe_name(p), a->seconds,
		   a->reason ? a->reason : "");
	for (size_t i = 0; i < a->facts.n; i++)
		buf_printf(&raw, "; %s = %s", a->facts.keys[i], a->facts.values[i]);
	text_line(&line, buf_text(&raw), raw.len);
	secret_mask(&masked, buf_text(&line), line.len);
	buf_char(&masked, '\n');
	io_write_all(STDOUT_FILENO, masked.data, masked.len, NULL);
}

static int worse(int code, enum probe_result r, bool optional)
{
	if (r == PROBE_PASS || optional)
		return code;
	return r == PROBE_FAIL || code == 1 ? 1 : 3;
}

static int ask_each(const struct plan *p, enum probe_when when, int n, char **names, struct loop *l)
{
	int code = 0, asked = 0;

	for (size_t i = 0; i < p->n_probes; i++) {
		struct probe *x = p->probes[i];
		struct once_answer a = { 0 };
		int rc;

		if (!wanted(x, n, names) || (n == 0 && probe_settings(x)->when != (int)when))
			continue;
		rc = once_ask(x, l, &a);
		if (rc == 0)
			show(x, &a);
		code = worse(code, a.result, probe_settings(x)->optional);
		once_answer_clear(&a);
		if (rc != 0)
			return 3;
		asked++;
	}
	if (!asked) {
		log_error("the plan has no probe to ask");
		return 3; /* what was not asked has not passed */
	}
	return code;
}

static void on_signal(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg, 1);
}

int once_ask_all(const struct plan *p, enum probe_when when, int n, char **names)
{
	struct err e;
	AUTO(loop) l = loop_new(&e);
	int code = unknown_name(p, n, names);

	if (code)
		return code;
	if (!l || loop_signals(l, on_signal, l, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_BUG;
	}
	return ask_each(p, when, n, names, l);
}
