/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what is looked for in a block of a log. */
#include <stdlib.h>
#include <string.h>

#include "pattern/prefilter_impl.h"

struct hit {
	size_t start;
	uint32_t needle;
};

struct prefilter_scratch {
	const struct prefilter *pf;
	size_t *from; /* for each id, the offset from which it is of interest */
	struct hit *hits;
	size_t n_hits, hit_room;
	uint64_t met;	  /* literals that stood where it was looked closer, since the beginning */
	uint64_t in_vain; /* places that were looked at closer and had none */
	struct chunk_bits found;
};

struct block {
	const char *data;
	size_t n;
};

struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *pf)
{
	struct prefilter_scratch *s = mem_check(malloc(sizeof(*s)));

	s->pf = pf;
	s->from = mem_zero(pf->n_ids + 1, sizeof(*s->from));
	s->hits = NULL;
	s->n_hits = s->hit_room = 0;
	s->met = s->in_vain = 0;
	return s;
}

void prefilter_scratch_free(struct prefilter_scratch *s)
{
	if (!s)
		return;
	free(s->from);
	free(s->hits);
	free(s);
}

uint64_t prefilter_in_vain(const struct prefilter_scratch *s)
{
	return s->in_vain;
}

static bool position_holds(const struct prefilter *pf, unsigned position, unsigned byte)
{
	if (position < LITERAL_NOCASE)
		return byte == position;
	if (position < LITERAL_ANY)
		return byte_fold(byte) == (position & 0xff);
	return position == LITERAL_ANY || byteset_has(&pf->classes[position - LITERAL_CLASS].bytes, byte);
}

static bool stands_at(const struct prefilter *pf, const struct literal *l, const char *start)
{
	for (size_t i = 0; i < l->n; i++)
		if (!position_holds(pf, l->at[i], (unsigned char)start[i]))
			return false;
	return true;
}

/* Would n bytes of which one, at, is at place lie within the block? */
static bool fits(struct block b, size_t place, size_t at, size_t n)
{
	return place >= at && place - at <= b.n && n <= b.n - (place - at);
}

static bool before(const struct hit *a, const struct hit *b)
{
	return a->start != b->start ? a->start < b->start : a->needle < b->needle;
}

/* They come almost in order. */
static void put_hit(struct prefilter_scratch *s, size_t start, uint32_t needle)
{
	struct hit new = { start, needle };

	s->met++;
	ARRAY_ADD(s->hits, s->n_hits, s->hit_room);
	size_t i = s->n_hits - 1;

	for (; i > 0 && before(&new, &s->hits[i - 1]); i--)
		s->hits[i] = s->hits[i - 1];
	s->hits[i] = new;
}

static bool looks_like(const struct gram *g, struct block b, size_t place)
{
	uint32_t four;

	if (!fits(b, place, g->at, g->n))
		return false;
	memcpy(&four, b.data + place - g->at + g->check_at, sizeof(four));
	return (four | (uint32_t)STRIDE_FOLD) == g->check;
}

static void ask_grams(struct prefilter_scratch *s, const struct grams *g, uint32_t hash, struct block b,
		      size_t place)
{
	const struct prefilter *pf = s->pf;
	const uint32_t *first = &g->first[hash >> g->bucket_shift];

	for (const struct gram *gram = g->of + first[0]; gram < g->of + first[1]; gram++) {
		if (gram->hash != hash || !looks_like(gram, b, place))
			continue;
		size_t start = place - gram->at;

		if (stands_at(pf, &pf->needles[gram->needle].literal, b.data + start))
			put_hit(s, start, gram->needle);
	}
}

static void look_at_probe(struct prefilter_scratch *s, struct block b, size_t place)
{
	const struct prefilter *pf = s->pf;
	uint32_t half[2] = { 0 };
	uint64_t whole;

	memcpy(half, b.data + place, b.n - place < sizeof(half) ? b.n - place : sizeof(half));
	memcpy(&whole, half, sizeof(whole));
	if (pf->eight.n)
		ask_grams(s, &pf->eight, stride_hash8(whole | STRIDE_FOLD), b, place);
	if (pf->four.n)
		ask_grams(s, &pf->four, stride_hash4(half[0] | (uint32_t)STRIDE_FOLD), b, place);
	if (pf->probes.four_twice)
		ask_grams(s, &pf->four, stride_hash4(half[1] | (uint32_t)STRIDE_FOLD), b, place + 4);
}

static void look_in_bucket(struct prefilter_scratch *s, struct block b, size_t place, uint32_t four,
			   size_t bucket)
{
	const struct prefilter *pf = s->pf;

	for (uint32_t i = pf->in_bucket[bucket]; i < pf->in_bucket[bucket + 1]; i++) {
		const struct fingered *f = &pf->fingered[i];
		const struct needle *nd = &pf->needles[f->needle];

		if ((four & f->mask) == f->value && fits(b, place, nd->finger_at, nd->literal.n) &&
		    stands_at(pf, &nd->literal, b.data + place - nd->finger_at))
			put_hit(s, place - nd->finger_at, f->needle);
	}
}

static void look_at_finger(struct prefilter_scratch *s, struct block b, size_t place)
{
	const finger_words *of_byte = s->pf->fingers->of_byte;
	unsigned char w[FINGER_WIDTH] = { 0 };
	finger_words met;
	uint32_t four;

	memcpy(w, b.data + place, b.n - place < sizeof(w) ? b.n - place : sizeof(w));
	memcpy(&four, w, sizeof(four));
	met = finger_window(of_byte[w[0]], of_byte[w[1]], of_byte[w[2]], of_byte[w[3]]);
	if (!finger_any(met)) /* the kernel takes some bytes for others */
		return;
	for (size_t g = 0; g < s->pf->fingers->n_groups; g++)
		for (uint32_t left = met[g]; left; left &= left - 1)
			look_in_bucket(s, b, place, four, g * FINGER_BUCKETS + (size_t)__builtin_ctz(left));
}

typedef void look_fn(struct prefilter_scratch *s, struct block b, size_t place);

static inline void look_at(struct prefilter_scratch *s, struct block b, size_t place, look_fn *look)
{
	uint64_t before = s->met;

	look(s, b, place);
	s->in_vain += s->met == before;
}

/* The places that the kernels marked among 64 probes, and in the bytes that these stand for. */
static void look_closer(struct prefilter_scratch *s, struct block b, size_t base, size_t which)
{
	size_t from = base + which * 64 * STRIDE;

	for (uint64_t left = s->found.probed[which]; left; left &= left - 1)
		look_at(s, b, from + (size_t)__builtin_ctzll(left) * STRIDE, look_at_probe);
	for (size_t k = 0; k < STRIDE; k++)
		for (uint64_t left = s->found.fingered[which * STRIDE + k]; left; left &= left - 1)
			look_at(s, b, from + k * 64 + (size_t)__builtin_ctzll(left), look_at_finger);
}

static void scan_chunk(struct prefilter_scratch *s, struct block b, size_t base, size_t n)
{
	const struct prefilter *pf = s->pf;
	struct chunk_bits *found = &s->found;
	size_t whole = n / STRIDE * STRIDE;

	*found = (struct chunk_bits){ 0 };
	if (pf->eight.n || pf->four.n) {
		pf->stride(&pf->probes, b.data + base, whole, found->probed);
		if (n > whole) /* the last few bytes of all */
			found->probed[whole / STRIDE / 64] |= UINT64_C(1) << (whole / STRIDE % 64);
	}
	if (pf->fingers)
		pf->kernel->finger(pf->fingers, b.data + base, n, b.n - base, found->fingered);
	for (size_t i = 0; i < ARRAY_LEN(found->probed); i++) {
		uint64_t any = found->probed[i];

#pragma GCC unroll 8
		for (size_t k = 0; k < STRIDE; k++)
			any |= found->fingered[i * STRIDE + k];
		if (any)
			look_closer(s, b, base, i);
	}
}

/* Tells of the hits that begin before limit: none can come any more that begins earlier. */
static void deliver(struct prefilter_scratch *s, size_t limit, prefilter_hit_fn *hit, void *arg)
{
	const struct prefilter *pf = s->pf;
	size_t i = 0;

	for (; i < s->n_hits && s->hits[i].start < limit; i++) {
		const struct needle *nd = &pf->needles[s->hits[i].needle];
		size_t start = s->hits[i].start;

		for (uint32_t o = nd->owners; o != none; o = pf->owners[o].next) {
			uint32_t id = pf->owners[o].id;

			if (start >= s->from[id])
				s->from[id] = hit(arg, id, start, start + nd->literal.n);
		}
	}
	s->n_hits -= i;
	if (i && s->n_hits)
		memmove(s->hits, s->hits + i, s->n_hits * sizeof(*s->hits));
}

void prefilter_scan(struct prefilter_scratch *s, const char *data, size_t n, prefilter_hit_fn *hit, void *arg)
{
	const struct block b = { data, n };
	size_t longest = s->pf->longest;

	if (longest == 0)
		return;
	memset(s->from, 0, s->pf->n_ids * sizeof(*s->from));
	s->n_hits = 0;
	for (size_t base = 0; base < n; base += CHUNK) {
		size_t end = n - base > CHUNK ? base + CHUNK : n;

		scan_chunk(s, b, base, end - base);
		if (s->n_hits)
			deliver(s, end == n ? n : end + 1 - (end < longest ? end + 1 : longest), hit, arg);
	}
}
