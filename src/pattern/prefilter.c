/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked for: the literals, and whose they are. */
#include "pattern/prefilter.h"

#include <stdlib.h>
#include <string.h>

#include "pattern/prefilter_impl.h"

enum { FOLD_SHIFT = 20 }; /* NEEDLE_HEADS is 2 to the 12th */

struct prefilter *prefilter_new(void)
{
	struct prefilter *pf = new0(struct prefilter);

	pf->users = 1;
	for (size_t i = 0; i < NEEDLE_HEADS; i++)
		pf->heads[i] = none;
	return pf;
}

void prefilter_free(struct prefilter *pf)
{
	if (!pf || atomic_fetch_sub(&pf->users, 1) > 1)
		return;
	grams_free(&pf->eight);
	grams_free(&pf->four);
	free(pf->needles);
	free(pf->owners);
	free(pf->classes);
	free(pf->has);
	free(pf->fingers);
	free(pf->fingered);
	free(pf);
}

struct prefilter *prefilter_share(struct prefilter *pf)
{
	atomic_fetch_add(&pf->users, 1);
	return pf;
}

/* The same class has one number in all patterns. */
static uint16_t take_class(struct prefilter *pf, const struct byteclass *c)
{
	size_t i = 0;

	while (i < pf->n_classes && memcmp(&pf->classes[i].bytes, &c->bytes, sizeof(c->bytes)) != 0)
		i++;
	if (i == UINT16_MAX - LITERAL_CLASS)
		return LITERAL_ANY; /* which holds for every class */
	if (i == pf->n_classes)
		*ARRAY_ADD(pf->classes, pf->n_classes, pf->class_room) = *c;
	return (uint16_t)(LITERAL_CLASS + i);
}

static uint32_t hash_literal(const struct literal *l)
{
	uint32_t hash = l->n;

	for (size_t i = 0; i < l->n; i++)
		hash = (hash ^ l->at[i]) * UINT32_C(0x01000193);
	return hash >> FOLD_SHIFT;
}

static uint32_t take_needle(struct prefilter *pf, const struct literal *l)
{
	uint32_t *head = &pf->heads[hash_literal(l)];

	for (uint32_t i = *head; i != none; i = pf->needles[i].same_hash)
		if (pf->needles[i].literal.n == l->n &&
		    memcmp(pf->needles[i].literal.at, l->at, l->n * sizeof(*l->at)) == 0)
			return i;
	struct needle *new = ARRAY_ADD(pf->needles, pf->n_needles, pf->needle_room);

	new->literal = *l;
	new->owners = new->last_owner = none;
	new->same_hash = *head;
	*head = (uint32_t)(pf->n_needles - 1);
	return *head;
}

static void give_owner(struct prefilter *pf, uint32_t which, uint32_t id)
{
	struct needle *needle = &pf->needles[which];

	if (needle->last_owner != none && pf->owners[needle->last_owner].id == id)
		return;
	uint32_t at = (uint32_t)pf->n_owners;

	*ARRAY_ADD(pf->owners, pf->n_owners, pf->owner_room) = (struct owner){ id, none };
	if (needle->last_owner == none)
		needle->owners = at;
	else
		pf->owners[needle->last_owner].next = at;
	needle->last_owner = at;
}

static void mark_id(struct prefilter *pf, uint32_t id, bool has)
{
	if (id >= pf->n_ids) {
		size_t n = (size_t)id * 2 + 64;

		pf->has = mem_check(reallocarray(pf->has, n, sizeof(*pf->has)));
		memset(pf->has + pf->n_ids, 0, n - pf->n_ids);
		pf->n_ids = n;
	}
	pf->has[id] |= has;
}

void prefilter_add(struct prefilter *pf, uint32_t id, const struct literals *l)
{
	mark_id(pf, id, l->n > 0);
	for (size_t i = 0; i < l->n; i++) {
		struct literal own = l->of[i];

		for (size_t k = 0; k < own.n; k++)
			if (own.at[k] >= LITERAL_CLASS)
				own.at[k] = take_class(pf, &l->classes[own.at[k] - LITERAL_CLASS]);
		give_owner(pf, take_needle(pf, &own), id);
		pf->longest = own.n > pf->longest ? own.n : pf->longest;
	}
}

bool prefilter_has(const struct prefilter *pf, uint32_t id)
{
	return id < pf->n_ids && pf->has[id];
}

size_t prefilter_longest(const struct prefilter *pf)
{
	return pf->longest;
}

static void *copy_of(const void *array, size_t n, size_t size)
{
	void *copy = mem_zero(n + 1, size);

	if (n)
		memcpy(copy, array, n * size);
	return copy;
}

struct prefilter *prefilter_for(const struct prefilter *pf, const char *log, size_t n)
{
	AUTO(sample) sample = sample_new(log, n);
	struct prefilter *new = prefilter_new();

	/* nothing is added any more: neither room for more nor the heads are needed */
	new->n_needles = pf->n_needles;
	new->needles = copy_of(pf->needles, pf->n_needles, sizeof(*pf->needles));
	new->n_owners = pf->n_owners;
	new->owners = copy_of(pf->owners, pf->n_owners, sizeof(*pf->owners));
	new->n_classes = pf->n_classes;
	new->classes = copy_of(pf->classes, pf->n_classes, sizeof(*pf->classes));
	new->n_ids = pf->n_ids;
	new->has = copy_of(pf->has, pf->n_ids, sizeof(*pf->has));
	new->longest = pf->longest;
	new->sample = sample;
	prefilter_build(new);
	new->sample = NULL;
	return new;
}
