/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to a tree.  libfyaml is known here alone: it finds the tokens and their structure; what they say
 * is read from the text itself (see scalar.h) and goes into nodes of our own.
 */
#include <libfyaml.h>
#include <search.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "base/text.h"
#include "conf/inside.h"
#include "conf/node.h"
#include "conf/scalar.h"
#include "conf/yaml_error.h"

enum {
	LEVELS_MAX = 64,
	VALUES_MAX = 1 << 18, /* also what aliases may multiply a file to */
};

struct anchor {
	char *name;
	struct conf_node *node; /* NULL until its list or map has ended */
};

struct level {
	struct conf_node *node; /* a list or map that has not ended */
	struct anchor *anchor;
	char bracket; /* [ or {; 0 if it needs none */
	int column;   /* from 0: how far a block is indented */
};

struct builder {
	struct conf *c;
	struct conf_problems *p;
	const char *text;
	size_t n;
	struct places places;
	size_t behind; /* the offset behind the last token */
	struct level levels[LEVELS_MAX];
	size_t depth;
	void *anchors; /* tsearch() tree of struct anchor, by name */
	bool has_document;
	bool failed; /* libfyaml or we gave up */
};

static struct place place(struct builder *b, size_t offset)
{
	return place_of(&b->places, offset);
}

/* Returns false: nothing after this can be read. */
static bool fatal(struct builder *b, struct place at, const char *what)
{
	problem_at(b->p, b->c->path, at.line, at.column, "%s", what);
	b->failed = true;
	return false;
}

/* ---- where tokens begin and end ---- */

static char byte_at(const struct builder *b, size_t offset)
{
	return offset < b->n ? b->text[offset] : '\0';
}

static size_t token_start(struct fy_token *t)
{
	const struct fy_mark *m = t ? fy_token_start_mark(t) : NULL;

	return m ? m->input_pos : 0;
}

static size_t token_end(struct fy_token *t)
{
	const struct fy_mark *m = t ? fy_token_end_mark(t) : NULL;

	return m ? m->input_pos : 0;
}

/* libfyaml's marks leave out quotes and the & or * before a name. */
static size_t with_opener(const struct builder *b, size_t start, const char *openers)
{
	char before = start ? byte_at(b, start - 1) : '\0';

	return before && strchr(openers, before) ? start - 1 : start;
}

static void move_behind(struct builder *b, size_t end)
{
	if (end > b->behind)
		b->behind = end < b->n ? end : b->n;
}

/* The next offset that is neither blank nor comment. */
static size_t skip_blank(const struct builder *b, size_t at)
{
	while (at < b->n && (str_space(b->text[at]) || b->text[at] == '#'))
		if (b->text[at] == '#')
			while (at < b->n && b->text[at] != '\n' && b->text[at] != '\r')
				at++;
		else
			at++;
	return at;
}

/* A block scalar is marked where its content begins; the value begins at its | or >. */
static size_t block_scalar_start(const struct builder *b, size_t content)
{
	size_t at = skip_blank(b, b->behind);

	while (at < content && byte_at(b, at) != '|' && byte_at(b, at) != '>')
		at = skip_blank(b, at + 1);
	return at < content ? at : content;
}

/* ---- putting the tree together ---- */

static bool attach(struct builder *b, struct conf_node *n, struct place at)
{
	struct conf_node *up = b->depth ? b->levels[b->depth - 1].node : NULL;

	if (!up) {
		b->c->root = n;
		return true;
	}
	if (up->weight + n->weight > VALUES_MAX)
		return fatal(b, at, "too many values (what an alias stands for counts each time)");
	/* a block map has no sign of its own: it is where its first key is */
	if (up->place.line == 0)
		up->place = at;
	node_add(up, n);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void anchor_free(void *p)
{
	struct anchor *a = p;

	free(a->name);
	free(a);
}

static char *token_text(const struct builder *b, struct fy_token *t)
{
	size_t start = token_start(t), end = token_end(t);

	return end > start && end <= b->n ? mem_strndup(b->text + start, end - start) : mem_strdup("");
}

/* The anchor of that name, made if need be; a later one of the same name takes over. */
static struct anchor *anchor_named(struct builder *b, struct fy_token *t)
{
	struct anchor *new, **found;

	if (!t)
		return NULL;
	new = new0(struct anchor);
	new->name = token_text(b, t);
	found = mem_check(tsearch(new, &b->anchors, by_name));
	if (*found != new)
		anchor_free(new);
	(*found)->node = NULL;
	return *found;
}

/* What stands before a value: its anchor (remembered by the caller) and its tag (refused). */
static void read_properties(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
	struct place at;

	if (anchor)
		move_behind(b, token_end(anchor));
	if (!tag)
		return;
	at = place(b, with_opener(b, token_start(tag), "!"));
	problem_at(b->p, b->c->path, at.line, at.column, "tags (!...) have no meaning here");
	move_behind(b, token_end(tag));
}

/* ---- one function an event ---- */

static bool open_level(struct builder *b, struct fy_event *e, enum conf_shape shape, struct fy_token *start)
{
	struct fy_token *anchor = fy_event_get_anchor_token(e);
	size_t at = token_start(start);
	char sign = byte_at(b, at);
	bool flow = fy_event_get_node_style(e) == FYNS_FLOW && (sign == '[' || sign == '{');
	struct place none = { 0, 0 };

	read_properties(b, anchor, fy_event_get_tag_token(e));
	if (b->depth == LEVELS_MAX)
		return fatal(b, place(b, at), "nested deeper than 64 levels");
	b->levels[b->depth++] = (struct level){
		.node = node_new(b->c, shape, flow || shape == CONF_LIST ? place(b, at) : none),
		.anchor = anchor_named(b, anchor),
		.bracket = flow ? sign : '\0',
		.column = start && fy_token_start_mark(start) ? fy_token_start_mark(start)->column : 0,
	};
	if (flow)
		move_behind(b, at + 1);
	else if (shape == CONF_LIST)
		move_behind(b, at);
	return true;
}

static bool close_level(struct builder *b, struct fy_token *end)
{
	struct level *l = &b->levels[--b->depth];
	char sign = byte_at(b, token_start(end));

	if (sign == ']' || sign == '}')
		move_behind(b, token_start(end) + 1);
	if (l->node->shape == CONF_MAP)
		node_check_keys(l->node, b->p);
	if (l->anchor)
		l->anchor->node = l->node;
	return attach(b, l->node, l->node->place);
}

/* Where a value that is not written at all would be: its key, or the sign of its item. */
static struct place empty_place(struct builder *b, struct fy_event *e)
{
	const struct conf_node *up = b->depth ? b->levels[b->depth - 1].node : NULL;
	struct fy_token *anchor = fy_event_get_anchor_token(e);
	size_t at;

	if (up && node_awaits_value(up))
		return up->keys[up->n]->place;
	if (fy_event_get_tag_token(e))
		return place(b, b->behind);
	if (anchor)
		return place(b, with_opener(b, token_start(anchor), "&"));
	at = skip_blank(b, b->behind);
	move_behind(b, at + 1);
	return place(b, at);
}

/* ---- scalars ---- */

struct scalar {
	enum fy_scalar_style style;
	size_t start, end; /* quotes left out; a block begins with its | or > */
	struct place place;
};

/* Reads b->text from s->start on; false with a problem. */
typedef bool scalar_read_fn(struct builder *b, const struct scalar *s, struct buf *out);

static bool read_plain(struct builder *b, const struct scalar *s, struct buf *out)
{
	scalar_plain(out, b->text + s->start, s->end - s->start);
	return true;
}

static bool read_single_quoted(struct builder *b, const struct scalar *s, struct buf *out)
{
	scalar_single_quoted(out, b->text + s->start, s->end - s->start);
	return true;
}

static bool read_double_quoted(struct builder *b, const struct scalar *s, struct buf *out)
{
	size_t at = 0;
	const char *wrong = scalar_double_quoted(out, b->text + s->start, s->end - s->start, &at);

	return wrong ? fatal(b, place(b, s->start + at), wrong) : true;
}

/* libfyaml 0.7.12 takes the lines below an empty block for its text; then nothing after it can be trusted. */
static bool read_block(struct builder *b, const struct scalar *s, struct buf *out)
{
	int parent = b->depth ? b->levels[b->depth - 1].column : -1;
	size_t end = s->start + scalar_block(out, b->text + s->start, b->n - s->start, parent);
	size_t first = end < s->end ? end : s->end, last = end < s->end ? s->end : end;

	if (skip_blank(b, first) >= last)
		return true;
	return fatal(b, s->place,
		     "the text that begins here is empty: indent its lines further than what is around it");
}

static scalar_read_fn *const readers[] = {
	[FYSS_PLAIN] = read_plain,
	[FYSS_SINGLE_QUOTED] = read_single_quoted,
	[FYSS_DOUBLE_QUOTED] = read_double_quoted,
	[FYSS_LITERAL] = read_block,
	[FYSS_FOLDED] = read_block,
};

static struct scalar find_scalar(struct builder *b, struct fy_event *e)
{
	struct fy_token *t = e->scalar.value;
	struct scalar s = { .style = FYSS_PLAIN };
	bool quoted;

	if (!t || !fy_token_start_mark(t)) {
		s.place = empty_place(b, e);
		return s;
	}
	s.style = fy_scalar_token_get_style(t);
	s.start = token_start(t);
	s.end = token_end(t);
	quoted = s.style == FYSS_SINGLE_QUOTED || s.style == FYSS_DOUBLE_QUOTED;
	if (s.style == FYSS_LITERAL || s.style == FYSS_FOLDED)
		s.start = block_scalar_start(b, s.start);
	s.place = place(b, quoted ? with_opener(b, s.start, "'\"") : s.start);
	move_behind(b, s.end + quoted);
	return s;
}

static bool add_scalar(struct builder *b, struct fy_event *e)
{
	struct fy_token *anchor_token = fy_event_get_anchor_token(e);
	AUTO_BUF text = BUF_INIT(2 * b->n + 1); /* an escape of two bytes may stand for three */
	struct conf_node *node;
	struct anchor *anchor;
	struct scalar s;

	read_properties(b, anchor_token, fy_event_get_tag_token(e));
	s = find_scalar(b, e);
	if (s.end > s.start && !readers[s.style](b, &s, &text))
		return false;
	node = node_new(b->c, CONF_SCALAR, s.place);
	node->text = buf_take(&text);
	node->quoted = s.style != FYSS_PLAIN;
	anchor = anchor_named(b, anchor_token);
	if (anchor)
		anchor->node = node;
	return attach(b, node, s.place);
}

/* A scalar is copied, so that it has the alias's place; a list or map is shared and has the place it was
 * written at. */
static bool add_alias(struct builder *b, struct fy_event *e)
{
	struct fy_token *t = e->alias.anchor;
	struct place at = place(b, with_opener(b, token_start(t), "*"));
	struct anchor wanted = { .name = token_text(b, t) };
	struct anchor **found = tfind(&wanted, &b->anchors, by_name);
	AUTO_FREE char *what =
		mem_printf("alias '*%s' %s", wanted.name,
			   found ? "stands inside what it names" : "names no anchor that was before it");
	struct conf_node *node = found ? (*found)->node : NULL;
	struct conf_node *copy;

	free(wanted.name);
	move_behind(b, token_end(t));
	if (!node)
		return fatal(b, at, what);
	if (b->depth + node->height > LEVELS_MAX)
		return fatal(b, at, "nested deeper than 64 levels");
	if (node->shape != CONF_SCALAR)
		return attach(b, node, at);
	copy = node_new(b->c, CONF_SCALAR, at);
	copy->text = mem_strdup(node->text);
	copy->quoted = node->quoted;
	return attach(b, copy, at);
}

/* A document without --- has no mark: it is what follows the last token, and a ... behind that. */
static size_t unmarked_start(const struct builder *b)
{
	size_t at = skip_blank(b, b->behind);

	while (b->n - at >= 3 && memcmp(b->text + at, "...", 3) == 0)
		at = skip_blank(b, at + 3);
	return at;
}

static bool open_document(struct builder *b, struct fy_event *e)
{
	struct fy_token *start = e->document_start.document_start;
	const struct fy_version *v = fy_document_start_event_version(e);
	size_t at = start ? token_start(start) : unmarked_start(b);

	if (b->has_document)
		return fatal(b, place(b, at), "a second document begins here; a file holds one");
	b->has_document = true;
	move_behind(b, token_end(start));
	if (v && (v->major != 1 || v->minor != 2))
		return fatal(b, place(b, at), "a %YAML line asks for another version than 1.2");
	return true;
}

static bool take_event(struct builder *b, struct fy_event *e)
{
	switch (e->type) {
	case FYET_DOCUMENT_START:
		return open_document(b, e);
	case FYET_MAPPING_START:
		return open_level(b, e, CONF_MAP, e->mapping_start.mapping_start);
	case FYET_SEQUENCE_START:
		return open_level(b, e, CONF_LIST, e->sequence_start.sequence_start);
	case FYET_MAPPING_END:
		return close_level(b, e->mapping_end.mapping_end);
	case FYET_SEQUENCE_END:
		return close_level(b, e->sequence_end.sequence_end);
	case FYET_SCALAR:
		return add_scalar(b, e);
	case FYET_ALIAS:
		return add_alias(b, e);
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		return true;
	}
	return true;
}

/* ---- what libfyaml has to say ---- */

/* The list or map in brackets that the place is in, if it began on an earlier line. */
static const struct level *unclosed(const struct builder *b, struct place at)
{
	for (size_t i = b->depth; i-- > 0;)
		if (b->levels[i].bracket)
			return b->levels[i].node->place.line < at.line ? &b->levels[i] : NULL;
	return NULL;
}

static void report(struct builder *b, const struct fy_diag_error *said)
{
	struct yaml_error e = { token_start(said->fyt), token_end(said->fyt), said->msg };
	const struct level *l;
	struct place at;

	yaml_error_reword(&e, b->text, b->n);
	at = place(b, e.start);
	l = unclosed(b, at);
	if (l)
		problem_at(b->p, b->c->path, at.line, at.column, "%s (the '%c' of line %zu is still open)",
			   e.message, l->bracket, l->node->place.line);
	else
		problem_at(b->p, b->c->path, at.line, at.column, "%s", e.message);
}

/* All warnings and the first error; what comes after that is its consequence. */
static bool report_all(struct builder *b, struct fy_diag *diag)
{
	const struct fy_diag_error *said;
	void *iter = NULL;
	bool any = false;

	while ((said = fy_diag_errors_iterate(diag, &iter))) {
		any = true;
		report(b, said);
		if (said->type != FYET_ERROR)
			continue;
		b->failed = true;
		break;
	}
	return any;
}

static void take_events(struct builder *b, struct fy_parser *parser)
{
	struct fy_event *e;
	bool more = true;

	while (more && (e = fy_parser_parse(parser))) {
		more = e->type != FYET_STREAM_END && take_event(b, e);
		fy_parser_event_free(parser, e);
	}
}

static void parse_with(struct builder *b, struct fy_diag *diag)
{
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_COLLECT_DIAG |
			 FYPCF_SLOPPY_FLOW_INDENTATION,
		.diag = diag,
	};
	struct fy_parser *parser = mem_check(fy_parser_create(&cfg));
	bool good = fy_parser_set_string(parser, b->text, b->n) == 0;

	if (good)
		take_events(b, parser);
	if (!report_all(b, diag) && (!good || fy_parser_get_stream_error(parser)))
		fatal(b, place(b, b->behind), "the YAML parser gives up here");
	fy_parser_destroy(parser);
}

static void parse(struct builder *b)
{
	/* neither a stream nor a function to print to: what it says is collected, and else nothing */
	struct fy_diag_cfg cfg = { .level = FYET_WARNING, .module_mask = ~0U };
	struct fy_diag *diag = mem_check(fy_diag_create(&cfg));

	fy_diag_set_collect_errors(diag, true);
	parse_with(b, diag);
	fy_diag_destroy(diag);
}

/* ---- from the outside ---- */

/* The first byte that YAML does not allow in a file, or that our strings could not hold; n if there is none.
 */
static size_t unfit_byte(const char *text, size_t n)
{
	size_t i = 0, len;

	for (; i < n; i += len) {
		unsigned char c = (unsigned char)text[i];

		len = c < 0x80 ? 1 : text_utf8_len(text + i, n - i);
		if (len == 0 || (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
			return i;
	}
	return n;
}

static bool check_bytes(struct builder *b)
{
	size_t at;
	unsigned char c;

	if (b->n > CONF_FILE_MAX)
		return fatal(b, (struct place){ 1, 1 }, "larger than 4 MiB");
	at = unfit_byte(b->text, b->n);
	if (at == b->n)
		return true;
	c = (unsigned char)b->text[at];
	AUTO_FREE char *what =
		c < 0x80 ? mem_printf("control character (in double quotes it is written \\x%02X)", c)
			 : mem_printf("the byte \\x%02X is not UTF-8", c);
	return fatal(b, place(b, at), what);
}

static bool ends_sign(const struct builder *b, size_t at)
{
	return at >= b->n || str_space(b->text[at]);
}

/* Over the blanks behind a ':'; whether there is a tab among them and then a sign that begins a block. */
static bool tab_before_sign(const struct builder *b, size_t *at)
{
	bool tab = false;

	for (; byte_at(b, *at) == ' ' || byte_at(b, *at) == '\t'; ++*at)
		tab = tab || b->text[*at] == '\t';
	return tab && *at < b->n &&
	       (strchr("?:|>", b->text[*at]) || (b->text[*at] == '-' && ends_sign(b, *at + 1)));
}

/* libfyaml 0.7.12 frees memory twice where the ':' of a '? key' is followed by a tab and such a sign. */
static bool check_tabs(struct builder *b)
{
	bool explicit_key = false;

	for (size_t i = 0; i < b->n; i++) {
		size_t at = i + 1;

		if (b->text[i] == '?' && ends_sign(b, at))
			explicit_key = true;
		if (explicit_key && b->text[i] == ':' && tab_before_sign(b, &at))
			return fatal(b, place(b, at), "only blanks may stand between ':' and this");
	}
	return true;
}

struct conf *conf_parse(const char *path, const char *text, size_t n, struct conf_problems *p)
{
	struct builder b = { .c = node_tree_new(path), .p = p, .text = text, .n = n };
	struct conf *c = b.c;

	places_init(&b.places, text, n);
	if (check_bytes(&b) && check_tabs(&b))
		parse(&b);
	tdestroy(b.anchors, anchor_free);
	if (c->root ? conf_is_null(c->root) : !b.failed)
		c->root = node_new(c, CONF_MAP, (struct place){ 1, 1 });
	if (c->root)
		return c;
	conf_free(c);
	return NULL;
}

struct conf *conf_load(const char *path, struct conf_problems *p)
{
	AUTO_BUF text = BUF_INIT(CONF_FILE_MAX);
	AUTO_FREE char *prefix = mem_printf("%s: ", path);
	struct err e;

	if (io_read_file(path, &text, &e) == 0)
		return conf_parse(path, buf_text(&text), text.len, p);
	problem_at(p, path, 1, 1, "%s", e.text + (str_starts(e.text, prefix) ? strlen(prefix) : 0));
	return NULL;
}
