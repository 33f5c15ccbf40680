/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/alert.h"

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "report/report.h"

static const struct alert_kind *const kinds[] = {
#define KIND(x) &alert_kind_##x,
#include "alert/kinds.def"
#undef KIND
};

static const char *const verdicts[] = { "GO", "NO-GO", "ROLLBACK", "UNDECIDED" };

struct alert {
	const struct alert_kind *kind;
	void *settings;
	bool on[ARRAY_LEN(verdicts)]; /* by enum verdict */
	int64_t timeout;
};

const struct alert_kind *alert_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i] : NULL;
}

const struct alert_kind *alert_kind_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

/* ---- from a plan's entry: one key is the channel, the others are these ---- */

struct entry {
	struct conf_texts on;
	int64_t timeout;
};

static const struct conf_key entry_keys[] = {
	CONF_TEXTS(struct entry, on, "the verdicts that it is for; all but GO if absent"),
	CONF_TIME(struct entry, timeout, "10s", "how long the delivery may take"),
	{ 0 },
};

static void take_verdicts(struct alert *a, const struct entry *e, const struct conf_node *n,
			  struct conf_problems *p)
{
	for (size_t i = 0; i < e->on.n; i++) {
		int v = verdict_from_name(e->on.items[i]);

		if (v < 0)
			conf_unknown(p, e->on.nodes[i], "unknown verdict", e->on.items[i], verdicts,
				     ARRAY_LEN(verdicts));
		else
			a->on[v] = true;
	}
	if (e->on.n)
		return;
	if (conf_get(n, "on"))
		conf_problem(p, n, "on: no verdict is named, so this would never be sent");
	for (size_t v = 0; v < ARRAY_LEN(verdicts); v++)
		a->on[v] = v != VERDICT_GO;
}

/* What the channel's own keys are not; names of channels are looked at by find_channel(). */
static void take_entry(struct alert *a, const struct conf_node *n, const struct conf_vars *vars,
		       struct conf_problems *p)
{
	const char *channels[ARRAY_LEN(kinds) + 1] = { NULL };
	struct entry e;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		channels[i] = kinds[i]->name;
	conf_fill(n, entry_keys, &e, vars, channels, p);
	take_verdicts(a, &e, n, p);
	a->timeout = e.timeout;
	if (a->timeout <= 0)
		conf_problem(p, conf_get(n, "timeout"), "timeout: expected more than 0");
	conf_clear(entry_keys, &e);
}

static const struct alert_kind *find_channel(const struct conf_node *n, struct conf_problems *p)
{
	const struct alert_kind *found = NULL;

	for (size_t i = 0; i < conf_count(n); i++) {
		const struct alert_kind *k = alert_kind_named(conf_key(n, i));

		if (k && found) {
			conf_problem(p, conf_key_node(n, i),
				     "an alert has one channel, here are '%s' and '%s'", found->name,
				     k->name);
			return NULL;
		}
		if (k)
			found = k;
	}
	return found;
}

/* `webhook: URL` is short for `webhook: { url: URL }`: the entry itself is read by the first row, renamed. */
static void fill_first(const struct alert_kind *k, void *settings, const struct conf_node *entry,
		       const struct conf_vars *vars, struct conf_problems *p)
{
	static const char *const others[] = { "on", "timeout", NULL };
	struct conf_key first[] = { k->keys[0], { 0 } };

	first->name = k->name;
	conf_fill(NULL, k->keys, settings, vars, NULL, p);
	conf_clear(first, settings);
	conf_fill(entry, first, settings, vars, others, p);
}

static void take_channel(struct alert *a, const struct conf_node *n, const struct conf_vars *vars,
			 struct conf_problems *p)
{
	const struct conf_node *value = conf_get(n, a->kind->name);
	size_t before = conf_problems_count(p);

	a->settings = mem_zero(1, a->kind->size);
	if (conf_shape(value) == CONF_MAP)
		conf_fill(value, a->kind->keys, a->settings, vars, NULL, p);
	else
		fill_first(a->kind, a->settings, n, vars, p);
	if (a->kind->check && conf_problems_count(p) == before)
		a->kind->check(a->settings, value, p);
}

struct alert *alert_from_conf(const struct conf_node *n, const struct conf_vars *vars,
			      struct conf_problems *p)
{
	size_t before = conf_problems_count(p);
	struct alert *a = new0(struct alert);

	take_entry(a, n, vars, p);
	if (conf_shape(n) == CONF_MAP)
		a->kind = find_channel(n, p);
	if (a->kind)
		take_channel(a, n, vars, p);
	else if (conf_problems_count(p) == before)
		conf_problem(p, n, "an alert needs a channel (see `gonogo list kinds`)");
	if (conf_problems_count(p) == before)
		return a;
	alert_free(a);
	return NULL;
}

void alert_free(struct alert *a)
{
	if (!a)
		return;
	if (a->kind && a->settings)
		conf_clear(a->kind->keys, a->settings);
	free(a->settings);
	free(a);
}

/* ---- sending ---- */

struct sending {
	struct loop *loop;
	size_t pending;
};

struct delivery {
	struct sending *all;
	const struct alert *alert;
	struct alert_try *try;
	struct loop_timer *timer;
	int64_t began;
	bool over;
	struct outcome_alert result;
};

/* The try itself may be what calls us, so it is stopped later. */
static void end(struct delivery *d, const char *error)
{
	if (d->over)
		return;
	d->over = true;
	d->result.delivered = !error;
	d->result.reason = secret_masked(error);
	d->result.seconds = (double)(clock_mono() - d->began) / 1e9;
	loop_timer_off(d->timer);
	if (--d->all->pending == 0)
		loop_stop(d->all->loop, 0);
}

static void on_done(void *arg, const char *error)
{
	end(arg, error);
}

static void on_timeout(void *arg)
{
	struct delivery *d = arg;
	char span[STR_SPAN_MAX];
	AUTO_FREE char *error = mem_printf("not done within %s", str_span(d->alert->timeout, span));

	d->alert->kind->stop(d->try);
	d->try = NULL;
	end(d, error);
}

static void start(struct delivery *d, const struct outcome *o, const char *body)
{
	const struct alert *a = d->alert;

	d->began = clock_mono();
	d->timer = loop_timer_new(d->all->loop, on_timeout, d);
	loop_timer_at(d->timer, d->began + a->timeout);
	d->all->pending++;
	d->try = a->kind->start(a->settings, o, body, d->all->loop, on_done, d);
}

static void stop(struct delivery *d)
{
	end(d, "interrupted");
	if (d->try)
		d->alert->kind->stop(d->try);
	loop_timer_free(d->timer);
}

/* "exec", and "exec#2" for the plan's second. */
static char *channel(struct alert *const *alerts, size_t i)
{
	const char *name = alerts[i]->kind->name;
	size_t number = 1;

	for (size_t k = 0; k < i; k++)
		number += alerts[k]->kind == alerts[i]->kind;
	return number > 1 ? mem_printf("%s#%zu", name, number) : mem_strdup(name);
}

static char *document(const struct outcome *o)
{
	const struct report_style style = { 0 };
	struct buf body = BUF_INIT(REPORT_MAX);

	report_kind_named("json")->render(o, &style, &body);
	return buf_take(&body);
}

void alert_send_all(struct alert *const *alerts, size_t n, struct outcome *o, struct loop *l)
{
	AUTO_FREE char *body = document(o);
	AUTO_FREE struct delivery *deliveries = mem_zero(n + 1, sizeof(*deliveries));
	struct sending all = { .loop = l };
	size_t sent = 0;

	for (size_t i = 0; i < n; i++) {
		struct delivery *d = &deliveries[sent];

		if (!alerts[i]->on[o->verdict])
			continue;
		sent++;
		*d = (struct delivery){ .all = &all,
					.alert = alerts[i],
					.result.channel = channel(alerts, i) };
		start(d, o, body);
	}
	if (all.pending)
		loop_run(l, NULL); /* who stops it from outside interrupts what is still under way */
	for (size_t i = 0; i < sent; i++)
		stop(&deliveries[i]);
	for (size_t i = 0; i < sent; i++)
		*ARRAY_ADD(o->alerts, o->n_alerts, o->room_alerts) = deliveries[i].result;
}
