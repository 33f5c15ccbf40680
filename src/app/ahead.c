/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each thread does what is to be done next: judge the block whose turn it is if it was looked through and
 * nobody is judging, otherwise read one more and look it through.  So nobody waits for another one as long as
 * it has a slot free.
 */
#include "app/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREADS_MAX = 64,
	SLOTS_A_THREAD = 3,
};

struct slot {
	char *block;
	size_t room;
	ssize_t n; /* bytes in it; 0: the end; -1: the reason is in why */
	struct err why;
	struct skim_found found;
	struct prefilter *filter; /* that of found, kept for as long as it is named there */
	bool taken;		  /* from being read until it was judged */
	bool ready;		  /* it was looked through */
};

struct ring {
	struct blocks *blocks;
	const struct ahead *ahead;
	pthread_mutex_t lock; /* of what follows; a slot belongs to whoever reads or judges it */
	pthread_cond_t changed;
	struct slot *slots;	 /* each thread reads into its own, which its CPU has in the cache */
	struct slot **of_number; /* which of them holds a block: by its number, modulo n_slots */
	size_t n_slots, n_workers;
	uint64_t n_read, turn; /* numbers of the blocks that are read and judged next */
	bool reading;	       /* somebody reads what can only be read in order */
	bool judging;
	bool ended; /* there is nothing behind what was read */
	bool over;  /* nothing more is judged */
	int result;
	struct err *err;
	struct prefilter *filter; /* NULL: nothing is looked for */
};

struct worker {
	struct ring *r;
	struct slot *slots; /* SLOTS_A_THREAD */
	struct prefilter *filter;
	struct prefilter_scratch *scratch;
};

/* ---- reading and looking through ---- */

static void replace_filter(struct prefilter **mine, struct prefilter *other)
{
	struct prefilter *before = *mine;

	if (other == before)
		return;
	*mine = other ? prefilter_share(other) : NULL;
	prefilter_free(before);
}

static void read_slot(struct ring *r, struct slot *s, uint64_t number)
{
	const char *data;

	if (blocks_any_order(r->blocks)) {
		s->n = blocks_read_at(r->blocks, number * BLOCKS_SIZE, s->block, &s->why);
		return;
	}
	s->n = blocks_read(r->blocks, &data, &s->why);
	if (s->n > (ssize_t)s->room) { /* an archive's filter gives what it likes */
		s->room = (size_t)s->n;
		s->block = mem_check(realloc(s->block, s->room));
	}
	if (s->n > 0)
		memcpy(s->block, data, (size_t)s->n);
}

static void look_through(struct worker *w, struct slot *s)
{
	if (w->filter != s->filter) {
		prefilter_scratch_free(w->scratch);
		replace_filter(&w->filter, s->filter);
		w->scratch = w->filter ? prefilter_scratch_new(w->filter) : NULL;
	}
	s->found.data = s->block;
	s->found.n = s->n > 0 ? (size_t)s->n : 0;
	skim_ahead(&s->found, s->filter, w->scratch);
}

static struct slot *free_slot(const struct worker *w)
{
	for (size_t i = 0; i < SLOTS_A_THREAD; i++)
		if (!w->slots[i].taken)
			return &w->slots[i];
	return NULL;
}

static bool may_read(const struct ring *r)
{
	return !r->ended && !r->over && (blocks_any_order(r->blocks) || !r->reading);
}

/* Called and left with the lock. */
static void read_next(struct worker *w, struct slot *s)
{
	struct ring *r = w->r;
	uint64_t number = r->n_read++;

	r->of_number[number % r->n_slots] = s;
	replace_filter(&s->filter, r->filter);
	s->taken = r->reading = true;
	pthread_mutex_unlock(&r->lock);
	read_slot(r, s, number);
	pthread_mutex_lock(&r->lock);
	r->reading = false;
	r->ended |= s->n <= 0;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	look_through(w, s);
	pthread_mutex_lock(&r->lock);
	s->ready = true;
}

/* ---- judging ---- */

/* Judges the block; false: there is none behind it. */
static bool judge(const struct ring *r, struct slot *s)
{
	uint64_t at = r->turn * BLOCKS_SIZE;
	bool short_block = s->n < BLOCKS_SIZE && blocks_any_order(r->blocks);

	while (s->n > 0) {
		r->ahead->take(r->ahead->arg, &s->found);
		if (!short_block)
			return true;
		/* the end of the file, or an error: what follows is read as one thread would */
		at += (uint64_t)s->n;
		s->n = blocks_read_at(r->blocks, at, s->block, &s->why);
		s->found.n = s->n > 0 ? (size_t)s->n : 0;
		s->found.filter = NULL;
	}
	return false;
}

/* Called and left with the lock; but no two threads judge at a time. */
static void judge_next(struct ring *r)
{
	struct slot *s = r->of_number[r->turn % r->n_slots];
	struct prefilter *filter;
	bool more;

	r->judging = true;
	pthread_mutex_unlock(&r->lock);
	more = judge(r, s);
	filter = r->ahead->filter(r->ahead->arg);
	pthread_mutex_lock(&r->lock);
	replace_filter(&r->filter, filter);
	if (!more && s->n < 0) {
		r->result = -1;
		if (r->err)
			*r->err = s->why;
	}
	r->over = !more;
	r->turn++;
	s->taken = s->ready = r->judging = false;
	pthread_cond_broadcast(&r->changed);
}

static bool may_judge(const struct ring *r)
{
	return !r->judging && !r->over && r->turn < r->n_read && r->of_number[r->turn % r->n_slots]->ready;
}

/* ---- threads ---- */

static void *work(void *arg)
{
	struct worker w = { .r = arg };
	struct ring *r = w.r;

	pthread_mutex_lock(&r->lock);
	w.slots = &r->slots[SLOTS_A_THREAD * r->n_workers++];
	while (!r->over) {
		struct slot *s = may_read(r) ? free_slot(&w) : NULL;

		if (may_judge(r))
			judge_next(r);
		else if (s)
			read_next(&w, s);
		else
			pthread_cond_wait(&r->changed, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	prefilter_scratch_free(w.scratch);
	prefilter_free(w.filter);
	return NULL;
}

static void set_up(struct ring *r, size_t threads)
{
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	replace_filter(&r->filter, r->ahead->filter(r->ahead->arg));
	r->n_slots = threads * SLOTS_A_THREAD;
	r->slots = mem_zero(r->n_slots, sizeof(*r->slots));
	r->of_number = mem_zero(r->n_slots, sizeof(*r->of_number));
	for (size_t i = 0; i < r->n_slots; i++) {
		r->slots[i].room = BLOCKS_SIZE;
		r->slots[i].block = mem_check(malloc(BLOCKS_SIZE));
	}
}

static void tear_down(struct ring *r)
{
	for (size_t i = 0; i < r->n_slots; i++) {
		prefilter_free(r->slots[i].filter);
		skim_found_end(&r->slots[i].found);
		free(r->slots[i].block);
	}
	free(r->slots);
	free(r->of_number);
	prefilter_free(r->filter);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
}

static int read_alone(struct blocks *b, const struct ahead *a, struct err *e)
{
	struct skim_found found = { 0 };
	ssize_t n;

	while ((n = blocks_read(b, &found.data, e)) > 0) {
		found.n = (size_t)n;
		a->take(a->arg, &found);
	}
	return (int)n;
}

int ahead_read(struct blocks *b, size_t threads, const struct ahead *a, struct err *e)
{
	struct ring r = { .blocks = b, .ahead = a, .err = e };
	pthread_t others[THREADS_MAX];
	size_t n = 0;

	if (threads <= 1)
		return read_alone(b, a, e);
	set_up(&r, threads < THREADS_MAX ? threads : THREADS_MAX);
	/* fewer than wanted are enough */
	while (n + 1 < r.n_slots / SLOTS_A_THREAD && pthread_create(&others[n], NULL, work, &r) == 0)
		n++;
	work(&r);
	for (size_t i = 0; i < n; i++)
		pthread_join(others[i], NULL);
	tear_down(&r);
	return r.result;
}
