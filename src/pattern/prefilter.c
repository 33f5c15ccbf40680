/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/prefilter.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "pattern/prefilter_buckets.h"

static const uint32_t none = UINT32_MAX; /* the end of a list of indexes */

enum {
	FOLD_SHIFT = 20, /* NEEDLE_HEADS is 2 to the 12th */
	NEEDLE_HEADS = 4096,
	EIGHT_RUN =
		15,    /* so many hashable bytes have an aligned gram of eight in them, wherever they stand */
	FOUR_RUN = 11, /* one of four at a multiple of eight */
	TWICE_RUN = 7, /* one of four at a multiple of four */
	WORD_BITS_MIN = 8,
	WORD_BITS_MAX = 13, /* 32 KiB of filter */
	WORDS_PER_GRAM = 2,
	MANY_FINGERS = 160,
};

/* How a needle is found. */
enum way { WAY_EIGHT, WAY_FOUR, WAY_FINGER };

struct needle {
	struct literal literal; /* its classes are the prefilter's */
	uint32_t owners, last_owner;
	uint32_t same_hash;
	uint8_t run, run_at; /* its longest part of positions that fold to one byte each */
	uint8_t finger_at;
	bool busy; /* its grams of eight stand in the log again and again, its fingerprint less often */
	enum way way;
};

struct owner {
	uint32_t id, next;
};

/* A needle that is found by its fingerprint; of the four bytes there, the bits that it knows. */
struct fingered {
	uint32_t needle, mask, value;
};

/* A gram of a needle, and four more of its bytes, folded, that tell most of what only looks like it. */
struct gram {
	uint32_t hash;
	uint32_t needle;
	uint32_t check;
	uint8_t at, check_at, n; /* n: the needle's length */
};

/* All grams of one length: the bitmap for the kernel, and chains to tell what was met. */
struct grams {
	struct gram_bits bits;
	uint32_t *word;
	unsigned bucket_shift;
	uint32_t *first; /* of each bucket, and one more */
	struct gram *of;
	size_t n, room;
};

struct prefilter {
	atomic_size_t users;
	struct needle *needles;
	size_t n_needles, needle_room;
	struct owner *owners;
	size_t n_owners, owner_room;
	struct byteclass *classes;
	size_t n_classes, class_room;
	bool *has;
	size_t n_ids;
	size_t longest;
	uint32_t heads[NEEDLE_HEADS];

	const struct sample *sample; /* of the log, while this is built; NULL: none */
	const struct kernel *kernel;
	stride_fn *stride;
	struct kernel_cost cost;
	struct stride probes;
	struct grams eight, four;
	struct fingers *fingers; /* NULL where no needle needs them */
	uint32_t in_bucket[BUCKETS + 1];
	struct fingered *fingered; /* in the order of their buckets */
};

struct hit {
	size_t start;
	uint32_t needle;
};

struct prefilter_scratch {
	const struct prefilter *pf;
	size_t *from; /* for each id, the offset from which it is of interest */
	struct hit *hits;
	size_t n_hits, hit_room;
	uint64_t looked; /* places that were looked at closer, since the beginning */
	uint64_t met;	 /* literals that stood there */
	struct chunk_bits found;
};

/* ---- which kernel ---- */

static enum prefilter_path forced;

static const struct kernel *const kernels[PREFILTER_PATHS] = {
	[PREFILTER_SCALAR] = &kernel_scalar,
#if defined(__x86_64__)
	[PREFILTER_AVX2] = &kernel_avx2,
	[PREFILTER_AVX512] = &kernel_avx512,
#elif defined(__aarch64__)
	[PREFILTER_NEON] = &kernel_neon,
#endif
};

static bool usable(enum prefilter_path path)
{
	return path == PREFILTER_BEST || (kernels[path] && kernels[path]->usable());
}

bool prefilter_force(enum prefilter_path path)
{
	if (!usable(path))
		return false;
	forced = path;
	return true;
}

const char *prefilter_path_name(enum prefilter_path path)
{
	static const char *const names[] = { "best", "scalar", "neon", "avx2", "avx512" };

	return names[path];
}

static enum prefilter_path path_wanted(void)
{
	const char *named = getenv("GONOGO_PREFILTER");

	for (unsigned i = 0; named && i < PREFILTER_PATHS; i++)
		if (str_eq(named, prefilter_path_name(i)) && usable(i))
			return i;
	return forced;
}

static void choose_kernel(struct prefilter *pf)
{
	enum prefilter_path path = path_wanted();
	bool free_choice = path == PREFILTER_BEST;

	for (unsigned i = PREFILTER_PATHS - 1; path == PREFILTER_BEST; i--)
		if (usable(i))
			path = i;
	pf->kernel = kernels[path];
	pf->stride = pf->kernel->stride;
	pf->cost = pf->kernel->cost;
#if defined(__x86_64__)
	if (free_choice && path >= PREFILTER_AVX2 && !kernel_gather_pays(pf->kernel)) {
		pf->stride = stride_scalar;
		pf->cost.eight = kernel_scalar.cost.eight;
		pf->cost.four = kernel_scalar.cost.four;
		pf->cost.four_twice = kernel_scalar.cost.four_twice;
	}
#else
	(void)free_choice;
#endif
}

/* ---- adding ---- */

struct prefilter *prefilter_new(void)
{
	struct prefilter *pf = new0(struct prefilter);

	pf->users = 1;
	for (size_t i = 0; i < NEEDLE_HEADS; i++)
		pf->heads[i] = none;
	return pf;
}

static void grams_free(struct grams *g)
{
	free(g->word);
	free(g->first);
	free(g->of);
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

/* The same class has one number in all patterns. */
struct prefilter *prefilter_share(struct prefilter *pf)
{
	atomic_fetch_add(&pf->users, 1);
	return pf;
}

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

/* ---- grams: which of a literal's, and where they go ---- */

static uint32_t folded_four(const struct prefilter *pf, const struct literal *l, size_t at)
{
	uint8_t bytes[4];
	uint32_t four;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)literal_folded(pf->classes, l->at[at + i]);
	memcpy(&four, bytes, sizeof(four));
	return four;
}

static bool can_fold_four(const struct prefilter *pf, const struct literal *l, size_t at)
{
	for (size_t i = at; i < at + 4; i++)
		if (literal_folded(pf->classes, l->at[i]) < 0)
			return false;
	return true;
}

static uint32_t hash_gram(const struct prefilter *pf, const struct literal *l, size_t at, bool eight)
{
	uint32_t half[2] = { folded_four(pf, l, at), eight ? folded_four(pf, l, at + 4) : 0 };
	uint64_t whole;

	memcpy(&whole, half, sizeof(whole));
	return eight ? stride_hash8(whole) : stride_hash4(half[0]);
}

static unsigned rarity_of_four(const uint16_t *rarity)
{
	return (unsigned)rarity[0] + rarity[1] + rarity[2] + rarity[3];
}

static unsigned times_in_log(const struct prefilter *pf, const struct literal *l, size_t at, size_t gram)
{
	uint32_t hash = hash_gram(pf, l, at, gram == 8);

	return gram == 8 ? sample_eights(pf->sample, hash) : sample_fours(pf->sample, hash);
}

/* The place of a row of the needle's grams, so many of that length, that is met the least, and at which share
 * of all places. */
static size_t best_row(const struct prefilter *pf, const struct needle *nd, size_t gram, size_t row,
		       double *share)
{
	uint16_t rarity[LITERAL_MAX];
	uint64_t known;
	unsigned least = UINT_MAX;

	literal_rarity(pf->classes, nd->literal.at, nd->literal.n, rarity, NULL);
	size_t best = rarity_window(rarity + nd->run_at, nd->run, gram, row, &known) + nd->run_at,
	       rarest = best;

	*share = (double)known / (double)RARITY_ALL;
	if (!pf->sample)
		return best;
	for (size_t at = nd->run_at; at + row + gram - 1 <= (size_t)nd->run_at + nd->run; at++) {
		unsigned times = 0;

		for (size_t k = at; k < at + row; k++)
			times += times_in_log(pf, &nd->literal, k, gram);
		if (times > least || (times == least && at != rarest))
			continue;
		least = times;
		best = at;
	}
	*share = (double)least / SAMPLE_SIZE;
	return best;
}

/* Four of the run that the gram does not have, next to it; where there is no room, some that overlap it. */
static size_t check_place(const struct needle *nd, const uint16_t *rarity, size_t gram, size_t length)
{
	size_t end = (size_t)nd->run_at + nd->run;
	bool before = gram >= nd->run_at + 4U, behind = gram + length + 4 <= end;

	if (before && behind)
		return rarity_of_four(rarity + gram - 4) > rarity_of_four(rarity + gram + length)
			       ? gram - 4
			       : gram + length;
	if (before)
		return gram - 4;
	if (behind)
		return gram + length;
	return gram > nd->run_at ? nd->run_at : end - 4;
}

static void put_gram(const struct prefilter *pf, uint32_t needle, const uint16_t *rarity, size_t at,
		     struct grams *g)
{
	const struct needle *nd = &pf->needles[needle];
	bool eight = nd->way == WAY_EIGHT;
	size_t check_at = check_place(nd, rarity, at, eight ? 8 : 4);

	*ARRAY_ADD(g->of, g->n, g->room) = (struct gram){
		.hash = hash_gram(pf, &nd->literal, at, eight),
		.needle = needle,
		.check = folded_four(pf, &nd->literal, check_at),
		.at = (uint8_t)at,
		.check_at = (uint8_t)check_at,
		.n = (uint8_t)nd->literal.n,
	};
}

/* Bits enough to count to n. */
static unsigned bits_for(size_t n, unsigned min, unsigned max)
{
	unsigned bits = min;

	while (bits < max && (size_t)1 << bits < n)
		bits++;
	return bits;
}

static void sort_by_bucket(struct grams *g)
{
	unsigned bucket_bits = bits_for(g->n, 4, 16);
	size_t n_buckets = (size_t)1 << bucket_bits;
	struct gram *sorted = mem_zero(g->n, sizeof(*sorted));

	g->bucket_shift = 32 - bucket_bits;
	g->first = mem_zero(n_buckets + 1, sizeof(*g->first));
	for (size_t i = 0; i < g->n; i++)
		g->first[g->of[i].hash >> g->bucket_shift]++;
	for (size_t i = 1; i <= n_buckets; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = g->n; i-- > 0;)
		sorted[--g->first[g->of[i].hash >> g->bucket_shift]] = g->of[i];
	free(g->of);
	g->of = sorted;
}

static void grams_finish(struct grams *g)
{
	if (g->n == 0)
		return;
	unsigned word_bits = bits_for(g->n * WORDS_PER_GRAM, WORD_BITS_MIN, WORD_BITS_MAX);
	size_t bytes = ((size_t)1 << word_bits) * sizeof(*g->word);

	g->word = mem_check(aligned_alloc(64, bytes));
	memset(g->word, 0, bytes);
	g->bits = (struct gram_bits){ g->word, 32 - word_bits };
	for (size_t i = 0; i < g->n; i++) {
		uint32_t hash = g->of[i].hash, *word = &g->word[hash >> g->bits.shift];

		*word |= UINT32_C(1) << (hash >> FIRST_BIT & 31) | UINT32_C(1) << (hash >> SECOND_BIT & 31);
	}
	sort_by_bucket(g);
}

/* ---- fingerprints ---- */

static unsigned finger_position(const struct needle *nd, size_t k)
{
	size_t at = nd->finger_at + k;

	return at < nd->literal.n ? nd->literal.at[at] : LITERAL_ANY;
}

static size_t count_ways(const struct prefilter *pf, enum way way)
{
	size_t n = 0;

	for (size_t i = 0; i < pf->n_needles; i++)
		n += pf->needles[i].way == way;
	return n;
}

/* The buckets of those that are found by fingerprint, in the order of the needles. */
static void plan_fingers(const struct prefilter *pf, struct bucket_plan *plan)
{
	AUTO_FREE struct fingerprint *prints = mem_zero(pf->n_needles + 1, sizeof(*prints));
	size_t n = 0;

	for (size_t i = 0; i < pf->n_needles; i++) {
		if (pf->needles[i].way != WAY_FINGER)
			continue;
		for (size_t k = 0; k < FINGER_WIDTH; k++)
			prints[n].at[k] = literal_bytes(pf->classes, finger_position(&pf->needles[i], k));
		n++;
	}
	buckets_plan(prints, n, pf->kernel, pf->sample, plan);
}

static void finger_put(struct fingers *f, size_t bucket, size_t k, const struct byteset *bytes)
{
	size_t group = bucket / FINGER_BUCKETS;
	uint8_t bit = (uint8_t)(1U << (bucket % FINGER_BUCKETS));

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byteset_has(bytes, byte))
			continue;
		f->of_byte[byte][group] |= (uint32_t)bit << (8 * k);
		f->six_bits[group][k][finger_six_bits(byte)] |= bit;
		f->low_nibble[group][k][byte & 15] |= bit;
		f->high_nibble[group][k][byte >> 4] |= bit;
	}
}

static struct fingered fingered_of(const struct prefilter *pf, uint32_t needle)
{
	unsigned char mask[FINGER_WIDTH] = { 0 }, value[FINGER_WIDTH] = { 0 };
	struct fingered f = { .needle = needle };

	for (size_t k = 0; k < FINGER_WIDTH; k++) {
		unsigned position = finger_position(&pf->needles[needle], k);

		if (position >= LITERAL_ANY)
			continue;
		mask[k] = position < LITERAL_NOCASE ? 0xff : (unsigned char)~byte_fold(0);
		value[k] = (unsigned char)(position & mask[k]);
	}
	memcpy(&f.mask, mask, sizeof(mask));
	memcpy(&f.value, value, sizeof(value));
	return f;
}

static void fingers_finish(struct prefilter *pf, const struct bucket_plan *plan)
{
	if (plan->n_groups == 0)
		return;
	size_t room = (sizeof(*pf->fingers) + 63) / 64 * 64, nth = 0;
	uint32_t *in = pf->in_bucket;

	pf->fingers = mem_check(aligned_alloc(64, room));
	memset(pf->fingers, 0, room);
	pf->fingers->n_groups = plan->n_groups;
	pf->fingered = mem_zero(pf->n_needles, sizeof(*pf->fingered));
	for (size_t i = 0; i < pf->n_needles; i++) {
		const struct needle *nd = &pf->needles[i];

		if (nd->way != WAY_FINGER)
			continue;
		in[plan->bucket_of[nth]]++;
		for (size_t k = 0; k < FINGER_WIDTH; k++) {
			struct byteset bytes = literal_bytes(pf->classes, finger_position(nd, k));

			finger_put(pf->fingers, plan->bucket_of[nth], k, &bytes);
		}
		nth++;
	}
	for (size_t b = 1; b <= BUCKETS; b++)
		in[b] += in[b - 1];
	for (size_t i = pf->n_needles; i-- > 0;)
		if (pf->needles[i].way == WAY_FINGER)
			pf->fingered[--in[plan->bucket_of[--nth]]] = fingered_of(pf, (uint32_t)i);
}

/* ---- the plan: which literals are found in which way ---- */

/* From which run of hashable bytes on a literal goes there; more than LITERAL_MAX: never. */
struct split {
	size_t eight, four;
};

static const struct split splits[] = {
	{ EIGHT_RUN, TWICE_RUN },
	{ EIGHT_RUN, FOUR_RUN },
	{ EIGHT_RUN, LITERAL_MAX + 1 },
	{ LITERAL_MAX + 1, LITERAL_MAX + 1 },
};

static void split_needles(struct prefilter *pf, const struct split *split)
{
	for (size_t i = 0; i < pf->n_needles; i++) {
		struct needle *nd = &pf->needles[i];

		nd->way = nd->busy		    ? WAY_FINGER
			  : nd->run >= split->eight ? WAY_EIGHT
			  : nd->run >= split->four  ? WAY_FOUR
						    : WAY_FINGER;
	}
}

/* How often, in 64 bytes, a probe is expected to stop at a needle's grams of four. */
static double stops_at_four(const struct prefilter *pf, const struct needle *nd, bool twice)
{
	double share;

	best_row(pf, nd, 4, twice ? STRIDE / 2 : STRIDE, &share);
	return share * (twice ? 16 : 8);
}

static double cost_of_probes(const struct prefilter *pf, const struct split *split)
{
	bool twice = split->four < FOUR_RUN;
	double cost = count_ways(pf, WAY_EIGHT) ? pf->cost.eight : 0;

	if (count_ways(pf, WAY_FOUR) == 0)
		return cost;
	cost += twice ? pf->cost.four_twice : pf->cost.four;
	for (size_t i = 0; i < pf->n_needles; i++)
		if (pf->needles[i].way == WAY_FOUR)
			cost += stops_at_four(pf, &pf->needles[i], twice) * COST_OF_CANDIDATE;
	return cost;
}

/* The cheapest split; the needles' ways and plan are set to it. */
static const struct split *choose_split(struct prefilter *pf, struct bucket_plan *best)
{
	const struct split *chosen = NULL;
	AUTO_FREE uint8_t *bucket_of = mem_zero(pf->n_needles + 1, 1);
	struct bucket_plan plan = { .bucket_of = bucket_of };
	double least = 0;

	for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
		split_needles(pf, &splits[i]);
		if (chosen && count_ways(pf, WAY_FINGER) > (pf->sample ? 2 : 1) * MANY_FINGERS)
			continue;
		plan_fingers(pf, &plan);
		double cost = plan.cost + cost_of_probes(pf, &splits[i]);

		if (!chosen || cost < least) {
			chosen = &splits[i];
			least = cost;
			best->n_groups = plan.n_groups;
			memcpy(best->bucket_of, bucket_of, pf->n_needles);
		}
	}
	split_needles(pf, chosen);
	return chosen;
}

static void find_run(const struct prefilter *pf, struct needle *nd)
{
	size_t run = 0;

	for (size_t i = 0; i < nd->literal.n; i++) {
		run = literal_folded(pf->classes, nd->literal.at[i]) < 0 ? 0 : run + 1;
		if (run > nd->run) {
			nd->run = (uint8_t)run;
			nd->run_at = (uint8_t)(i + 1 - run);
		}
	}
}

/* The rarest positions for a fingerprint; how often they stand in the sample. */
static unsigned find_finger(const struct prefilter *pf, struct needle *nd)
{
	uint16_t rarity[LITERAL_MAX];
	const struct literal *l = &nd->literal;
	unsigned most = 0, least = UINT_MAX;

	literal_rarity(pf->classes, l->at, l->n, rarity, NULL);
	for (size_t i = 0; i + FINGER_WIDTH <= l->n; i++) {
		bool known = pf->sample && can_fold_four(pf, l, i);
		unsigned sum = rarity_of_four(rarity + i), times = known ? times_in_log(pf, l, i, 4) : 0;

		if (times > least || (times == least && sum <= most))
			continue;
		least = times;
		most = sum;
		nd->finger_at = (uint8_t)i;
	}
	return least;
}

/* Whether probes for its grams of eight would stop again and again, and more often than at its fingerprint.
 */
static bool is_busy(const struct prefilter *pf, const struct needle *nd, unsigned finger)
{
	double share;

	best_row(pf, nd, 8, STRIDE, &share);
	return share * SAMPLE_SIZE / STRIDE > finger + 1;
}

/* What is known of a literal before any choice; one of a large set that can be probed for gets no
 * fingerprint. */
static void measure(const struct prefilter *pf, struct needle *nd)
{
	unsigned finger = 0;

	find_run(pf, nd);
	if (nd->run < EIGHT_RUN || pf->n_needles <= MANY_FINGERS || pf->sample)
		finger = find_finger(pf, nd);
	nd->busy = pf->sample && nd->run >= EIGHT_RUN && is_busy(pf, nd, finger);
}

static void put_grams(struct prefilter *pf, bool twice)
{
	for (uint32_t i = 0; i < pf->n_needles; i++) {
		const struct needle *nd = &pf->needles[i];
		bool eight = nd->way == WAY_EIGHT;
		size_t row = eight || !twice ? STRIDE : STRIDE / 2;
		uint16_t rarity[LITERAL_MAX];
		double share;

		if (nd->way == WAY_FINGER)
			continue;
		literal_rarity(pf->classes, nd->literal.at, nd->literal.n, rarity, NULL);
		size_t at = best_row(pf, nd, eight ? 8 : 4, row, &share);

		for (size_t k = 0; k < row; k++)
			put_gram(pf, i, rarity, at + k, eight ? &pf->eight : &pf->four);
	}
}

void prefilter_build(struct prefilter *pf)
{
	AUTO_FREE uint8_t *bucket_of = mem_zero(pf->n_needles + 1, 1);
	struct bucket_plan plan = { .bucket_of = bucket_of };

	choose_kernel(pf);
	for (size_t i = 0; i < pf->n_needles; i++)
		measure(pf, &pf->needles[i]);
	bool twice = choose_split(pf, &plan)->four < FOUR_RUN;

	put_grams(pf, twice);
	grams_finish(&pf->eight);
	grams_finish(&pf->four);
	pf->probes = (struct stride){ pf->eight.bits, pf->four.bits, twice && pf->four.n };
	fingers_finish(pf, &plan);
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

	new->n_needles = new->needle_room = pf->n_needles;
	new->needles = copy_of(pf->needles, pf->n_needles, sizeof(*pf->needles));
	new->n_owners = new->owner_room = pf->n_owners;
	new->owners = copy_of(pf->owners, pf->n_owners, sizeof(*pf->owners));
	new->n_classes = new->class_room = pf->n_classes;
	new->classes = copy_of(pf->classes, pf->n_classes, sizeof(*pf->classes));
	new->n_ids = pf->n_ids;
	new->has = copy_of(pf->has, pf->n_ids, sizeof(*pf->has));
	new->longest = pf->longest;
	memcpy(new->heads, pf->heads, sizeof(new->heads));
	new->sample = sample;
	prefilter_build(new);
	new->sample = NULL;
	return new;
}

void prefilter_describe(const struct prefilter *pf, struct buf *out)
{
	buf_printf(out,
		   "%s%s: %zu literals, %zu by 8-grams, %zu by 4-grams%s, %zu by fingerprints in %zu groups",
		   pf->kernel->name, pf->stride == pf->kernel->stride ? "" : " without gather", pf->n_needles,
		   count_ways(pf, WAY_EIGHT), count_ways(pf, WAY_FOUR), pf->probes.four_twice ? " twice" : "",
		   count_ways(pf, WAY_FINGER), pf->fingers ? pf->fingers->n_groups : 0);
}

/* ---- scanning ---- */

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
	s->looked = s->met = 0;
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
	return s->looked > s->met ? s->looked - s->met : 0;
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

	s->looked++;
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

	s->looked++;
	memcpy(w, b.data + place, b.n - place < sizeof(w) ? b.n - place : sizeof(w));
	memcpy(&four, w, sizeof(four));
	met = finger_window(of_byte[w[0]], of_byte[w[1]], of_byte[w[2]], of_byte[w[3]]);
	if (!finger_any(met)) /* the kernel takes some bytes for others */
		return;
	for (size_t g = 0; g < s->pf->fingers->n_groups; g++)
		for (uint32_t left = met[g]; left; left &= left - 1)
			look_in_bucket(s, b, place, four, g * FINGER_BUCKETS + (size_t)__builtin_ctz(left));
}

/* The places that the kernels marked among 64 probes, and in the bytes that these stand for. */
static void look_closer(struct prefilter_scratch *s, struct block b, size_t base, size_t which)
{
	size_t from = base + which * 64 * STRIDE;

	for (uint64_t left = s->found.probed[which]; left; left &= left - 1)
		look_at_probe(s, b, from + (size_t)__builtin_ctzll(left) * STRIDE);
	for (size_t k = 0; k < STRIDE; k++)
		for (uint64_t left = s->found.fingered[which * STRIDE + k]; left; left &= left - 1)
			look_at_finger(s, b, from + k * 64 + (size_t)__builtin_ctzll(left));
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
