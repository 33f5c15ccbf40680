/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/reader.h"

#include <string.h>

#include "base/log.h"
#include "pattern/ask.h"
#include "record/join.h"
#include "record/when.h"

enum {
	HELD_MAX = 1 << 20, /* what is held back until a product is recognised */
	CAPTURES_MAX = 64,
	LATEST_MAX = 128,
	SKIM_MIN = 16 << 10, /* less is read line by line: it is not worth the two border searches */
};

struct reader {
	const struct library *library;
	const struct reader_events *ev;
	void *arg;
	struct lines *lines;
	struct join *join;
	struct buf scratch; /* a cleaned line */
	struct buf torn;    /* a line within which its file ended: the next file may go on with it */
	struct line torn_at;
	uint64_t n_mended;

	struct set **given; /* by the user, or recognised */
	size_t n_given, room_given;
	struct set **active; /* given, and what they use, in the order in which they are asked */
	size_t n_active;

	bool recognising;
	struct set *fallback; /* reads what no set claims; NULL once one does */
	bool holding;	      /* nothing was recognised yet: the bytes are kept */
	struct buf held;
	struct lines *scout; /* the lines of what is held back */

	struct ask *ask; /* the rules of the active sets; NULL: to be made anew */
	size_t n_asks;	 /* how many there were: a new one may stand where the last one was */
	bool walk;	 /* every record is wanted */
	bool prefixed;	 /* something stands in front of lines: borders are not seen in the raw bytes */
	struct skim_hits hits;
	const struct skim_found *ahead; /* of the block that is fed; NULL: nothing was found ahead */
	bool found;			/* what the record under way may meet was found in its block */

	struct when_clock clock;
	const char *layout; /* the one that fitted last */
	struct buf latest;  /* how the latest record begins */
	struct capture captures[CAPTURES_MAX];
	size_t n_captures;
};

/* ---- which sets are active ---- */

/* Whether someone who stands in the list, and was not placed yet, uses s. */
static bool has_user_left(const struct reader *r, struct set *const *left, size_t n, const struct set *s)
{
	for (size_t i = 0; i < n; i++)
		if (left[i] && left[i] != s && library_uses(r->library, left[i], s))
			return true;
	return false;
}

static void add_once(struct set **list, size_t *n, struct set *s)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == s)
			return;
	list[(*n)++] = s;
}

/* Those given and all they use: a user before what it uses, otherwise as given. */
static void order_sets(struct reader *r)
{
	size_t max = library_count(r->library) + r->n_given, n = 0;
	AUTO_FREE struct set **all = mem_zero(max, sizeof(struct set *));

	for (size_t i = 0; i < r->n_given; i++)
		add_once(all, &n, r->given[i]);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < all[i]->uses.n; k++) {
			struct set *u = library_set(r->library, all[i]->uses.items[k]);

			if (u)
				add_once(all, &n, u);
		}
	}
	free(r->active);
	r->active = mem_zero(n, sizeof(struct set *));
	r->n_active = 0;
	for (size_t placed = 0; placed < n;) {
		for (size_t i = 0; i < n; i++) {
			if (!all[i] || has_user_left(r, all, n, all[i]))
				continue;
			r->active[r->n_active++] = all[i];
			all[i] = NULL;
			placed++;
			break;
		}
	}
	r->layout = NULL;
	ask_free(r->ask);
	r->ask = NULL;
}

/* Recognised sets stand in the order of their names, whatever was seen first: the same log gives the same
 * verdict. */
static void give(struct reader *r, struct set *s, bool by_name)
{
	size_t i = r->n_given;

	ARRAY_ADD(r->given, r->n_given, r->room_given);
	while (by_name && i > 0 && strcmp(r->given[i - 1]->meaning.name, s->meaning.name) > 0) {
		r->given[i] = r->given[i - 1];
		i--;
	}
	r->given[i] = s;
	order_sets(r);
}

static void say_unusable(struct reader *r, const struct set *s)
{
	AUTO_FREE char *id = mem_strdup("*");
	AUTO_FREE char *full = mem_printf("%s/%s", s->meaning.name, id);
	struct rule all = { .set = s->meaning.name, .id = id, .full = full, .effect = EFFECT_FAIL };
	struct record here = { .line = lines_count(r->lines) + 1 };

	if (r->ev->unusable)
		r->ev->unusable(r->arg, s);
	else
		r->ev->gave_up(r->arg, &all, &here);
}

/* From here on the rules are needed. */
static void check_usable(struct reader *r, struct set *s)
{
	AUTO(conf_problems) p = conf_problems_new();

	if (library_make_usable(r->library, s, p))
		return;
	for (size_t i = 0; i < conf_problems_count(p); i++)
		log_error("%s", conf_problems_text(p, i));
	say_unusable(r, s);
}

void reader_use(struct reader *r, struct set *set)
{
	check_usable(r, set);
	give(r, set, false);
}

static void give_recognised(struct reader *r, struct set *s, bool by_name)
{
	check_usable(r, s);
	give(r, s, by_name);
	r->ev->recognised(r->arg, s);
}

/* ---- recognition ---- */

static bool any_match(struct regex *const *list, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (regex_match(list[i], s, len) == REGEX_YES)
			return true;
	return false;
}

/* Whether a record begins here in the eyes of this set: its own layouts, or those of the sets it uses. */
static bool first_for(const struct reader *r, const struct set *s, const char *text, size_t len, size_t depth)
{
	if (any_match(s->first, s->n_first, text, len))
		return true;
	for (size_t i = 0; i < s->uses.n && depth < 8; i++) {
		const struct set *u = library_set(r->library, s->uses.items[i]);

		if (u && first_for(r, u, text, len, depth + 1))
			return true;
	}
	return false;
}

static struct ask *asked(struct reader *r)
{
	if (r->ask)
		return r->ask;
	r->n_asks++;
	r->ask = ask_new(r->active, r->n_active, r->recognising ? r->library : NULL);
	return r->ask;
}

/* A set that is not active yet and knows this line for a record's first line of its product. */
static struct set *claims(struct reader *r, const char *text, size_t len)
{
	struct ask *ask = asked(r);
	size_t from = 0;
	struct set *s;

	while ((s = ask_claim(ask, text, len, &from)))
		if (first_for(r, s, text, len, 0))
			return s;
	return NULL;
}

static void drop_fallback(struct reader *r)
{
	if (!r->fallback)
		return;
	for (size_t i = 0; i < r->n_given; i++) {
		if (r->given[i] != r->fallback)
			continue;
		memmove(&r->given[i], &r->given[i + 1], (r->n_given - i - 1) * sizeof(struct set *));
		r->n_given--;
	}
	r->fallback = NULL;
}

static void recognise(struct reader *r, const char *text, size_t len)
{
	struct set *s;

	while ((s = claims(r, text, len))) {
		drop_fallback(r);
		give_recognised(r, s, true);
	}
}

static void scout_line(void *arg, const struct line *l)
{
	struct reader *r = arg;
	struct unwrapped c;

	unwrap_line(l->text, l->len, &r->scratch, &c);
	if (!r->holding || !claims(r, c.text, c.len))
		return;
	recognise(r, c.text,
		  c.len); /* before the replay: what stands above this line is read by these sets as well */
	r->holding = false;
}

static void feed(struct reader *r, const char *data, size_t n);

static void stop_holding(struct reader *r)
{
	struct buf held = r->held;

	r->held = (struct buf)BUF_INIT(HELD_MAX);
	r->holding = false;
	feed(r, buf_text(&held), held.len);
	buf_free(&held);
}

/* Nobody claimed what was held back: the fallback reads it. */
static void fall_back(struct reader *r)
{
	if (!r->holding)
		return;
	if (r->fallback)
		give_recognised(r, r->fallback, false);
	stop_holding(r);
}

static void hold(struct reader *r, const char *data, size_t n)
{
	size_t room = HELD_MAX - r->held.len, take = n < room ? n : room;

	buf_add(&r->held, data, take);
	lines_feed(r->scout, data, take);
	if (!r->holding)
		stop_holding(r);
	else if (r->held.len == HELD_MAX)
		fall_back(r);
	if (take < n)
		reader_feed(r, data + take, n - take);
}

/* ---- records ---- */

static void take_captures(struct reader *r, const struct pattern *p, const struct record *rec)
{
	r->n_captures = 0;
	for (size_t i = 0; i < regex_names(p->regex) && r->n_captures < CAPTURES_MAX; i++) {
		size_t start, len;

		if (regex_capture(p->regex, i, &start, &len))
			r->captures[r->n_captures++] =
				(struct capture){ regex_name(p->regex, i), rec->text + start, len };
	}
}

/* Whether the rule may win the record: fills m. */
static bool meets(struct reader *r, const struct pattern *p, const struct record *rec, struct reader_match *m)
{

	switch (regex_match(p->regex, rec->text, rec->len)) {
	case REGEX_NO:
		return false;
	case REGEX_GAVE_UP:
		r->ev->gave_up(r->arg, &p->rule, rec);
		return false;
	case REGEX_YES:
		break;
	}
	take_captures(r, p, rec);
	*m = (struct reader_match){ rec, &p->rule, r->captures, r->n_captures, r };
	return r->ev->allows(r->arg, m);
}

static bool may_win(const struct reader *r, const struct pattern *p)
{
	return r->walk || !r->ev->may_win || r->ev->may_win(r->arg, &p->rule);
}

/* Whether a rule that any record may meet is no longer waiting for another one. */
static bool wants_every_record(struct reader *r)
{
	const struct ask *ask = asked(r);
	uint32_t id;

	if (!ask_can_skim(ask))
		return true;
	for (size_t i = 0; i < ask_waiting(ask); i++)
		if (may_win(r, ask_waiting_pattern(ask, i, &id)))
			return true;
	return false;
}

static void ask_about_record(struct reader *r, const struct record *rec)
{
	struct ask *ask = asked(r);
	uint32_t id;

	if (!r->found)
		ask_about(ask, rec->text, rec->len);
	for (size_t i = 0; i < ask_waiting(ask); i++)
		if (may_win(r, ask_waiting_pattern(ask, i, &id)))
			ask_hit(ask, id);
}

/* The first rule that may win it; false: none. */
static bool find_winner(struct reader *r, const struct record *rec, struct reader_match *m)
{
	struct ask *ask = asked(r);
	const struct pattern *p;

	buf_clear(&r->latest);
	buf_add(&r->latest, rec->text, rec->len < LATEST_MAX ? rec->len : LATEST_MAX);
	ask_about_record(r, rec);
	while ((p = ask_next(ask)))
		if (meets(r, p, rec, m))
			return true;
	return false;
}

static void judge_record(void *arg, const struct record *rec)
{
	struct reader *r = arg;
	struct reader_match m;

	if (find_winner(r, rec, &m))
		r->ev->met(r->arg, &m);
	else if (!rec->again)
		r->ev->unmet(r->arg, r, rec, !rec->piece && ask_is_error(r->ask, rec->text, rec->len));
}

/* Where no active set knows how records begin, each line that is not indented begins one. */
static bool begins_record(const struct reader *r, const struct unwrapped *c)
{
	bool known = false;

	for (size_t i = 0; i < r->n_active; i++) {
		if (any_match(r->active[i]->first, r->active[i]->n_first, c->text, c->len))
			return true;
		known |= r->active[i]->n_first > 0;
	}
	return !known && c->len && c->text[0] != ' ' && c->text[0] != '\t';
}

static void read_line(struct reader *r, const struct line *l)
{
	struct unwrapped c;

	unwrap_line(l->text, l->len, &r->scratch, &c);
	if (r->recognising && !r->found && !l->piece && claims(r, c.text, c.len)) {
		join_end(r->join); /* what came before is judged without the sets that become active here */
		recognise(r, c.text, c.len);
	}
	join_line(r->join, l, &c, !l->piece && begins_record(r, &c));
}

/* ---- lines that were torn between two files ---- */

static void hold_torn(struct reader *r, const struct line *l)
{
	buf_clear(&r->torn);
	buf_add(&r->torn, l->text, l->len);
	r->torn_at = *l;
}

/* Nothing goes on with it. */
static void release_torn(struct reader *r)
{
	struct line l = r->torn_at;

	r->torn_at.torn = false;
	l.text = buf_text(&r->torn);
	if (l.torn)
		read_line(r, &l);
}

/* What begins a record is a line of its own; anything else is what the torn one lacks. */
static void mend(struct reader *r, const struct line *l)
{
	struct unwrapped c;

	unwrap_line(l->text, l->len, &r->scratch, &c);
	if (l->piece || r->torn_at.piece || begins_record(r, &c)) {
		release_torn(r);
		read_line(r, l);
		return;
	}
	buf_add(&r->torn, l->text, l->len);
	r->torn_at.len = r->torn.len;
	r->torn_at.cut |= l->cut;
	r->n_mended++;
	release_torn(r);
}

static void take_line(void *arg, const struct line *l)
{
	struct reader *r = arg;

	if (r->torn_at.torn && l->file != r->torn_at.file)
		mend(r, l);
	else if (l->torn)
		hold_torn(r, l);
	else
		read_line(r, l);
}

/* ---- blocks ---- */

static bool raw_first(void *arg, const char *line, size_t n)
{
	struct reader *r = arg;
	struct unwrapped c;

	unwrap_prefix(line, n, &c); /* skim_fits() */
	r->prefixed |= c.prefix_len > 0;
	return begins_record(r, &c);
}

/* The record at these bytes, where nothing has to be cleaned away: read as it stands in the block. */
static bool read_in_place(struct reader *r, const char *text, size_t n)
{
	struct line here = lines_here(r->lines);
	bool one = memchr(text, '\n', n) == text + n - 1;
	uint64_t lines = one ? 1 : skim_count_lines(text, n);
	struct record rec = {
		.text = text, .outer = "", .offset = here.offset, .line = here.number, .file = here.file
	};

	rec.lines = lines;
	rec.len = n - 1;
	if (one && rec.len && text[rec.len - 1] == '\r')
		rec.len--;
	if (memchr(text, '\r', rec.len) || rec.len > RECORD_MAX_BYTES)
		return false;
	judge_record(r, &rec);
	lines_skip(r->lines, n, lines);
	return true;
}

/*
 * One record of a block, with what was found in it.  Where it may belong to a product that is not recognised
 * yet, its lines have to be looked at one by one.
 */
static void read_record(struct reader *r, const char *text, size_t n)
{
	r->found = !ask_may_recognise(r->ask);
	if (!r->found || r->prefixed || !read_in_place(r, text, n)) {
		lines_feed(r->lines, text, n);
		join_end(r->join);
	}
	r->found = false;
}

/*
 * A run of whole records: those in which a literal occurs are read, the rest is counted.  Returns how far it
 * came: a product that is recognised on the way changes what has to be looked for in the rest.
 */
static size_t skim(struct reader *r, const struct skim_block *b)
{
	struct ask *ask = asked(r);
	const struct skim_hit *hit, *last;
	size_t done = 0, n_asks = r->n_asks;

	if (!skim_take(r->ahead, ask_filter(ask), b->data, b->n, &r->hits))
		skim_find(ask_scratch(ask), b->data, b->n, &r->hits);
	ask_tune(ask, r->hits.in_vain, b->data, b->n);
	hit = r->hits.items;
	last = hit + r->hits.n;
	while (hit < last && r->ask && r->n_asks == n_asks && !wants_every_record(r)) {
		size_t start = skim_record_start(b, done, hit->at), end = skim_record_end(b, hit->at);

		ask_begin(ask);
		for (; hit < last && hit->at < end; hit++)
			ask_hit(ask, hit->id);
		lines_skip(r->lines, start - done, skim_found_lines(r->ahead, b->data + done, start - done));
		read_record(r, b->data + start, end - start);
		done = end;
	}
	if (!r->ask || r->n_asks != n_asks || wants_every_record(r))
		return done;
	lines_skip(r->lines, b->n - done, skim_found_lines(r->ahead, b->data + done, b->n - done));
	return b->n;
}

/* Lines up to here belong to a record that began before the block; from `last` on one may go on behind it. */
static void read_lines(struct reader *r, const char *data, size_t n)
{
	struct skim_block b = { data, n, raw_first, r };
	size_t first = skim_first_record(&b), last;

	lines_feed(r->lines, data, first);
	if (first == n)
		return;
	b.data += first;
	b.n -= first;
	last = skim_last_record(&b);
	if (!r->prefixed && last > 0) {
		join_end(r->join);
		while (last > 0 && !r->prefixed && !wants_every_record(r)) {
			struct skim_block part = { b.data, last, raw_first, r };
			size_t done = skim(r, &part);

			b.data += done;
			b.n -= done;
			last -= done;
		}
	}
	lines_feed(r->lines, b.data, b.n);
}

static void feed(struct reader *r, const char *data, size_t n)
{
	const char *lf;
	size_t whole;

	if (r->walk || r->prefixed || n < SKIM_MIN || wants_every_record(r) ||
	    !skim_found_fits(r->ahead, data, n)) {
		lines_feed(r->lines, data, n);
		return;
	}
	if (!lines_at_start(r->lines)) { /* the end of a line that began before */
		lf = memchr(data, '\n', n);
		whole = lf ? (size_t)(lf - data) + 1 : n;
		lines_feed(r->lines, data, whole);
		data += whole;
		n -= whole;
	}
	lf = n ? memrchr(data, '\n', n) : NULL;
	whole = lf ? (size_t)(lf - data) + 1 : 0;
	if (whole && lines_at_start(r->lines))
		read_lines(r, data, whole);
	else
		whole = 0;
	lines_feed(r->lines, data + whole, n - whole);
}

/* ---- construction and feeding ---- */

struct reader *reader_new(const struct library *l, const struct reader_events *ev, void *arg)
{
	struct reader *r = new0(struct reader);

	r->library = l;
	r->ev = ev;
	r->arg = arg;
	r->lines = lines_new(take_line, r);
	r->scout = lines_new(scout_line, r);
	r->join = join_new(judge_record, r);
	r->scratch.max = LINE_MAX_BYTES;
	r->torn.max = 2 * LINE_MAX_BYTES;
	r->held.max = HELD_MAX;
	r->latest.max = LATEST_MAX;
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	lines_free(r->lines);
	lines_free(r->scout);
	join_free(r->join);
	buf_free(&r->scratch);
	buf_free(&r->torn);
	buf_free(&r->held);
	buf_free(&r->latest);
	ask_free(r->ask);
	free(r->hits.items);
	free(r->given);
	free(r->active);
	free(r);
}

void reader_walk(struct reader *r)
{
	r->walk = true;
}

void reader_recognise(struct reader *r, struct set *fallback)
{
	r->recognising = true;
	ask_free(r->ask);
	r->ask = NULL;
	r->fallback = fallback;
	r->holding = r->n_given == 0;
}

void reader_feed(struct reader *r, const char *data, size_t n)
{
	if (r->holding)
		hold(r, data, n);
	else
		feed(r, data, n);
}

struct prefilter *reader_filter(struct reader *r)
{
	return r->walk || r->prefixed || r->holding || wants_every_record(r) ? NULL : ask_filter(r->ask);
}

void reader_ahead(struct reader *r, const struct skim_found *found)
{
	r->ahead = found;
}

void reader_quiet(struct reader *r)
{
	join_flush(r->join);
}

void reader_pause(struct reader *r)
{
	const struct record *rec = r->holding ? NULL : join_look(r->join);
	struct reader_match m;

	if (!rec || !find_winner(r, rec, &m) || rule_decides(m.rule))
		return;
	r->ev->met(r->arg, &m);
	join_told(r->join);
}

bool reader_waiting(const struct reader *r)
{
	return join_waiting(r->join);
}

void reader_end_file(struct reader *r)
{
	lines_flush(r->holding ? r->scout : r->lines);
	join_flush(r->join);
}

void reader_next_file(struct reader *r)
{
	if (r->holding) {
		lines_flush(r->scout);
		fall_back(r); /* places are told by file: what was held back belongs to the one before */
	}
	lines_restart(r->lines);
}

void reader_skip_to(struct reader *r, uint64_t offset, uint64_t line)
{
	lines_skip_to(r->lines, offset, line);
}

void reader_end(struct reader *r)
{
	if (r->holding) {
		lines_flush(r->scout);
		if (r->holding)
			fall_back(r);
		else
			stop_holding(r);
	}
	lines_flush(r->lines);
	release_torn(r);
	join_end(r->join);
}

void reader_oldest(const struct reader *r, uint64_t *file, uint64_t *offset)
{
	const struct record *open = join_open(r->join);
	struct line next = r->torn_at.torn ? r->torn_at : lines_here(r->lines);

	*file = open ? open->file : next.file;
	*offset = open ? open->offset : next.offset;
}

size_t reader_sets(const struct reader *r)
{
	return r->n_active;
}

struct set *reader_set(const struct reader *r, size_t i)
{
	return r->active[i];
}

/* ---- time ---- */

static const char *const outer_layouts[] = { "%Y-%m-%dT%H:%M:%S", "%b %e %H:%M:%S" };

static bool layout_fits(struct reader *r, const char *layout, const char *s, size_t n, struct when *w)
{
	if (!when_parse(layout, s, n, w))
		return false;
	r->layout = layout;
	return true;
}

static bool read_time(struct reader *r, const struct record *rec, struct when *w)
{
	if (r->layout && when_parse(r->layout, rec->text, rec->len, w))
		return true;
	for (size_t i = 0; i < r->n_active; i++)
		for (size_t k = 0; k < r->active[i]->time.n; k++)
			if (layout_fits(r, r->active[i]->time.items[k], rec->text, rec->len, w))
				return true;
	for (size_t i = 0; i < ARRAY_LEN(outer_layouts) && rec->outer_len; i++)
		if (when_parse(outer_layouts[i], rec->outer, rec->outer_len, w))
			return true;
	return false;
}

void reader_time(struct reader *r, const struct record *record, struct reader_when *out)
{
	struct when w;

	out->at = CLOCK_UNKNOWN;
	out->text[0] = '\0';
	out->clock = r->clock;
	if (!read_time(r, record, &w))
		return;
	out->at = when_clock_at(&out->clock, &w);
	when_text(w.dated ? w.at : out->at, w.dated || out->clock.dated, w.zoned, out->text);
}

void reader_told(struct reader *r, const struct reader_when *when)
{
	r->clock = when->clock;
}

const char *reader_latest(const struct reader *r, size_t *len)
{
	*len = r->latest.len;
	return buf_text(&r->latest);
}

int64_t reader_last_time(struct reader *r)
{
	struct record rec = { .text = buf_text(&r->latest), .len = r->latest.len };
	struct reader_when w;

	reader_time(r, &rec, &w);
	return w.at;
}

struct reader_counts reader_counts(const struct reader *r)
{
	return (struct reader_counts){
		.bytes = lines_bytes(r->lines) + r->held.len,
		.lines = lines_count(r->lines) - r->n_mended,
		.cut_lines = lines_cut(r->lines),
		.cut_records = join_cut(r->join),
	};
}
