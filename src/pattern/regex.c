/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern/regex.h"

#include <pcre2.h>
#include <string.h>

enum {
	MATCH_LIMIT = 1000000,
	DEPTH_LIMIT = 20000,
	HEAP_LIMIT_KIB = 20000,
	JIT_STACK_MAX = 1 << 20,
	INTERPRETED_MAX = 2, /* matches of a slow pattern */
};

struct name {
	const char *text;
	uint32_t number;
};

struct regex {
	char *text;
	pcre2_code *code;
	pcre2_match_data *data;
	struct name *names;
	size_t n_names;
	bool slow;	      /* no letter of it must be there: it has to be tried at each place */
	unsigned interpreted; /* times */
	bool jit_tried;
};

/* One for the program: contexts hold only settings, and no two threads match at a time. */
static pcre2_match_context *match_context(void)
{
	static pcre2_match_context *mc;
	static pcre2_jit_stack *stack;

	if (mc)
		return mc;
	mc = mem_check(pcre2_match_context_create(NULL));
	pcre2_set_match_limit(mc, MATCH_LIMIT);
	pcre2_set_depth_limit(mc, DEPTH_LIMIT);
	pcre2_set_heap_limit(mc, HEAP_LIMIT_KIB);
	stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_MAX, NULL);
	if (stack)
		pcre2_jit_stack_assign(mc, NULL, stack);
	return mc;
}

static pcre2_compile_context *compile_context(void)
{
	static pcre2_compile_context *cc;

	if (!cc) {
		cc = mem_check(pcre2_compile_context_create(NULL));
		pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
	}
	return cc;
}

static void read_names(struct regex *r)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	r->names = mem_zero(n, sizeof(*r->names));
	r->n_names = n;
	for (size_t i = 0; i < n; i++, table += size) {
		r->names[i].number = (uint32_t)table[0] << 8 | table[1];
		r->names[i].text = (const char *)table + 2;
	}
}

uint32_t regex_options(void)
{
	return PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
}

static int compile(struct regex *r, struct err *e)
{
	PCRE2_SIZE at = 0;
	uint32_t needed = 0;
	int code = 0;

	r->code = pcre2_compile((PCRE2_SPTR)r->text, PCRE2_ZERO_TERMINATED, regex_options(), &code, &at,
				compile_context());
	if (!r->code) {
		unsigned char why[256];

		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(e, "%s (at character %zu of the pattern)", (const char *)why, (size_t)at + 1);
	}
	r->data = mem_check(pcre2_match_data_create_from_pattern(r->code, NULL));
	pcre2_pattern_info(r->code, PCRE2_INFO_LASTCODETYPE, &needed);
	r->slow = !needed;
	read_names(r);
	return 0;
}

struct regex *regex_new(const char *pattern, struct err *e)
{
	struct regex *r = new0(struct regex);

	r->text = mem_strdup(pattern);
	if (compile(r, e) == 0)
		return r;
	regex_free(r);
	return NULL;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r->names);
	free(r->text);
	free(r);
}

const char *regex_text(const struct regex *r)
{
	return r->text;
}

static enum regex_result match(const struct regex *r, pcre2_match_data *data, const char *s, size_t n)
{
	int rc = pcre2_match(r->code, (PCRE2_SPTR)(n ? s : ""), n, 0, 0, data, match_context());

	if (rc > 0)
		return REGEX_YES;
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GAVE_UP;
}

static void compile_to_machine_code(struct regex *r)
{
	if (r->jit_tried)
		return;
	r->jit_tried = true;
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* refused: pcre2_match() interprets */
}

enum regex_result regex_match(struct regex *r, const char *s, size_t n)
{
	compile_to_machine_code(r);
	return match(r, r->data, s, n);
}

/* Interpreting needs 20 KiB and more, which stay with the match data; so all patterns share one. */
static enum regex_result interpret(struct regex *r, const char *s, size_t n)
{
	static pcre2_match_data *shared;
	uint32_t pairs = pcre2_get_ovector_count(r->data);
	enum regex_result result;

	if (!shared || pcre2_get_ovector_count(shared) < pairs) {
		pcre2_match_data_free(shared);
		shared = mem_check(pcre2_match_data_create(pairs, NULL));
	}
	result = match(r, shared, s, n);
	if (result == REGEX_YES)
		memcpy(pcre2_get_ovector_pointer(r->data), pcre2_get_ovector_pointer(shared),
		       2 * pairs * sizeof(PCRE2_SIZE));
	return result;
}

/*
 * Compiling to machine code costs as much as a hundred matches that are refused because a letter is not
 * there, but less than ten that are tried at each place.  The limits mean less to the JIT: only what it gives
 * up as well is given up.
 */
enum regex_result regex_match_once(struct regex *r, const char *s, size_t n)
{
	enum regex_result result;

	if (r->slow && r->interpreted++ == INTERPRETED_MAX)
		compile_to_machine_code(r);
	result = r->jit_tried ? match(r, r->data, s, n) : interpret(r, s, n);
	return result == REGEX_GAVE_UP ? regex_match(r, s, n) : result;
}

/* ---- how far a match came ---- */

struct tracing {
	struct regex_trace *out;
	const char *pattern;
	bool *plain, *reached; /* by place in the pattern: a plain character, one that was tried for */
};

static bool is_plain(const char *pattern, size_t at, size_t len)
{
	return len == 1 && !strchr(".^$()[]{}*+?|\\", pattern[at]);
}

/* Called in front of each item of the pattern. */
static int on_item(pcre2_callout_block *b, void *arg)
{
	struct tracing *t = arg;

	if (is_plain(t->pattern, b->pattern_position, b->next_item_length))
		t->reached[b->pattern_position] = true;
	if (b->pattern_position > t->out->pattern_at ||
	    (b->pattern_position == t->out->pattern_at && b->current_position > t->out->subject_at)) {
		t->out->pattern_at = b->pattern_position;
		t->out->subject_at = b->current_position;
	}
	return 0;
}

static void keep_longer(struct regex_trace *out, size_t from, size_t end)
{
	if (end > from && end - from > out->run_len) {
		out->run_at = from;
		out->run_len = end - from;
	}
}

/* The last one that was reached is the one that failed, or the furthest place is behind it. */
static void longest_met(struct tracing *t, size_t n)
{
	for (size_t i = 0, from = 0; i <= n; i++) {
		if (i < n && t->reached[i])
			continue;
		keep_longer(t->out, from, i > from && i - 1 == t->out->pattern_at ? i - 1 : i);
		from = i + 1;
	}
}

static int note_plain(pcre2_callout_enumerate_block *b, void *arg)
{
	struct tracing *t = arg;

	if (is_plain(t->pattern, b->pattern_position, b->next_item_length))
		t->plain[b->pattern_position] = true;
	return 0;
}

static void longest_there(struct tracing *t, size_t n, const char *s, size_t len)
{
	for (size_t i = 0, from = 0; i <= n; i++) {
		if (i < n && t->plain[i])
			continue;
		if (i > from && memmem(s, len, t->pattern + from, i - from))
			keep_longer(t->out, from, i);
		from = i + 1;
	}
}

void regex_trace(const struct regex *r, const char *s, size_t n, struct regex_trace *out)
{
	size_t len = strlen(r->text);
	AUTO_FREE bool *plain = mem_zero(len + 1, sizeof(bool));
	AUTO_FREE bool *reached = mem_zero(len + 1, sizeof(bool));
	struct tracing t = { out, r->text, plain, reached };
	pcre2_match_context *mc = mem_check(pcre2_match_context_copy(match_context()));
	PCRE2_SIZE at;
	int code;
	pcre2_code *traced = pcre2_compile((PCRE2_SPTR)r->text, PCRE2_ZERO_TERMINATED,
					   regex_options() | PCRE2_AUTO_CALLOUT | PCRE2_NO_START_OPTIMIZE,
					   &code, &at, compile_context());

	*out = (struct regex_trace){ 0 };
	if (traced) {
		pcre2_set_callout(mc, on_item, &t);
		pcre2_match(traced, (PCRE2_SPTR)(n ? s : ""), n, 0, 0, r->data, mc);
		longest_met(&t, len);
		pcre2_callout_enumerate(traced, note_plain, &t);
		longest_there(&t, len, s, n);
	}
	pcre2_code_free(traced);
	pcre2_match_context_free(mc);
}

/* ---- captures ---- */

size_t regex_names(const struct regex *r)
{
	return r->n_names;
}

const char *regex_name(const struct regex *r, size_t i)
{
	return r->names[i].text;
}

bool regex_capture(const struct regex *r, size_t i, size_t *start, size_t *len)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->data);
	uint32_t number = r->names[i].number;

	if (number >= pcre2_get_ovector_count(r->data) || o[2 * number] == PCRE2_UNSET)
		return false;
	*start = o[2 * number];
	*len = o[2 * number + 1] - o[2 * number];
	return true;
}
