/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 64 };

struct queue {
	struct blocks *blocks;
	const struct ahead *ahead;
	pthread_mutex_t reading; /* of blocks, and of what follows from it: */
	uint64_t n_read;
	bool ended;
	int result;
	struct err *err;
	pthread_mutex_t judging; /* of what follows: */
	pthread_cond_t next;
	uint64_t turn;		  /* the number of the block that is judged now */
	struct prefilter *filter; /* shared with the threads; NULL: nothing is looked for */
};

struct worker {
	struct queue *q;
	struct prefilter *filter;
	struct prefilter_scratch *scratch;
	char *block;
	struct skim_found found;
};

static ssize_t read_block(struct worker *w)
{
	struct blocks *b = w->q->blocks;
	const char *data;
	ssize_t n = blocks_read(b, &data, w->q->err);

	if (!blocks_packed(b)) {
		w->block = blocks_swap(b, w->block);
		return n;
	}
	if (n > BLOCKS_SIZE) /* an archive's filter gives what it likes */
		w->block = mem_check(realloc(w->block, (size_t)n));
	if (n > 0)
		memcpy(w->block, data, (size_t)n);
	return n;
}

/* The next block and its number; false: there is none more. */
static bool next_block(struct worker *w, uint64_t *number)
{
	struct queue *q = w->q;
	ssize_t n = 0;

	pthread_mutex_lock(&q->reading);
	if (!q->ended)
		n = read_block(w);
	if (n <= 0) {
		q->ended = true;
		if (n < 0)
			q->result = -1;
	}
	*number = q->n_read;
	q->n_read += n > 0;
	pthread_mutex_unlock(&q->reading);
	w->found.data = w->block;
	w->found.n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void take_filter(struct worker *w, struct prefilter *filter)
{
	if (filter == w->filter)
		return;
	prefilter_scratch_free(w->scratch);
	prefilter_free(w->filter);
	w->filter = filter ? prefilter_share(filter) : NULL;
	w->scratch = filter ? prefilter_scratch_new(filter) : NULL;
}

static void look_through(struct worker *w)
{
	struct queue *q = w->q;

	pthread_mutex_lock(&q->judging);
	take_filter(w, q->filter);
	pthread_mutex_unlock(&q->judging);
	w->found.filter = w->filter;
	w->found.fits = w->filter && skim_fits(w->block, w->found.n);
	w->found.hits.n = 0;
	if (w->found.fits)
		skim_find(w->scratch, w->block, w->found.n, &w->found.hits);
}

/* Whoever's turn it is may use all that take() needs without a lock: the others wait. */
static void judge(struct worker *w, uint64_t number)
{
	struct queue *q = w->q;
	struct prefilter *filter, *before;

	pthread_mutex_lock(&q->judging);
	while (q->turn != number)
		pthread_cond_wait(&q->next, &q->judging);
	pthread_mutex_unlock(&q->judging);

	q->ahead->take(q->ahead->arg, &w->found);
	filter = q->ahead->filter(q->ahead->arg);

	pthread_mutex_lock(&q->judging);
	before = q->filter;
	if (filter != before) {
		q->filter = filter ? prefilter_share(filter) : NULL;
		prefilter_free(before);
	}
	q->turn++;
	pthread_cond_broadcast(&q->next);
	pthread_mutex_unlock(&q->judging);
}

static void *work(void *arg)
{
	struct worker w = { .q = arg, .block = mem_check(malloc(BLOCKS_SIZE)) };
	uint64_t number;

	while (next_block(&w, &number)) {
		look_through(&w);
		judge(&w, number);
	}
	take_filter(&w, NULL);
	free(w.found.hits.items);
	free(w.block);
	return NULL;
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
	struct queue q = { .blocks = b, .ahead = a, .err = e };
	pthread_t others[THREADS_MAX];
	size_t n = 0;

	if (threads <= 1)
		return read_alone(b, a, e);
	pthread_mutex_init(&q.reading, NULL);
	pthread_mutex_init(&q.judging, NULL);
	pthread_cond_init(&q.next, NULL);
	/* fewer than wanted are enough */
	while (n < THREADS_MAX && n + 1 < threads && pthread_create(&others[n], NULL, work, &q) == 0)
		n++;
	work(&q);
	for (size_t i = 0; i < n; i++)
		pthread_join(others[i], NULL);
	prefilter_free(q.filter);
	pthread_cond_destroy(&q.next);
	pthread_mutex_destroy(&q.judging);
	pthread_mutex_destroy(&q.reading);
	return q.result;
}
