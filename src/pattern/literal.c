/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/literal.h"

#include <string.h>

struct byteclass byteclass_of(const struct byteset *bytes)
{
	struct byteclass c = { .bytes = *bytes, .rarity = (uint16_t)rarity_of_set(bytes), .folded = -1 };
	int folded = -1;

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byteset_has(bytes, byte))
			continue;
		if (folded >= 0 && folded != (int)byte_fold(byte))
			return c;
		folded = (int)byte_fold(byte);
	}
	c.folded = (int16_t)folded;
	return c;
}

struct byteset literal_bytes(const struct byteclass *classes, unsigned position)
{
	struct byteset s = { 0 };

	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].bytes;
	if (position == LITERAL_ANY) {
		byteset_invert(&s);
	} else {
		byteset_add(&s, position & 0xff);
		if (position >= LITERAL_NOCASE)
			byteset_add(&s, position & 0xff & ~0x20U);
	}
	return s;
}

int literal_folded(const struct byteclass *classes, unsigned position)
{
	if (position >= LITERAL_CLASS)
		return classes[position - LITERAL_CLASS].folded;
	return position == LITERAL_ANY ? -1 : (int)byte_fold(position & 0xff);
}

static void text_byte(unsigned byte, const char *special, struct buf *out)
{
	if (byte < ' ' || byte > '~')
		buf_printf(out, "\\x%02x", byte);
	else
		buf_printf(out, strchr(special, (int)byte) ? "\\%c" : "%c", (int)byte);
}

static void text_set(const struct byteset *s, struct buf *out)
{
	static const char special[] = "\\]^-[";

	buf_char(out, '[');
	for (unsigned from = 0; from < 256; from++) {
		unsigned to = from;

		if (!byteset_has(s, from))
			continue;
		while (to < 255 && byteset_has(s, to + 1))
			to++;
		text_byte(from, special, out);
		if (to > from) {
			buf_char(out, '-');
			text_byte(to, special, out);
		}
		from = to;
	}
	buf_char(out, ']');
}

static bool in_any_case(unsigned position)
{
	return position >= LITERAL_NOCASE && position < LITERAL_ANY;
}

/* Nothing to which case matters: may stand within (?i:...). */
static bool caseless(unsigned position)
{
	return in_any_case(position) || (position < LITERAL_NOCASE && !byte_is_letter(position));
}

void literal_text(const struct byteclass *classes, const struct literal *l, struct buf *out)
{
	static const char special[] = "\\.[](){}*+?^$|#";
	bool open = false;

	for (size_t i = 0; i < l->n; i++) {
		struct byteset s = literal_bytes(classes, l->at[i]);

		if (open && !caseless(l->at[i]))
			buf_char(out, ')');
		open = open && caseless(l->at[i]);
		if (!open && in_any_case(l->at[i])) {
			buf_str(out, "(?i:");
			open = true;
		}
		if (l->at[i] < LITERAL_ANY)
			text_byte(l->at[i] & 0xff, special, out);
		else
			text_set(&s, out);
	}
	if (open)
		buf_char(out, ')');
}
