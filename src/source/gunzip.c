/* SPDX-License-Identifier: Apache-2.0 */
#include "source/gunzip.h"

#define ZLIB_CONST
#include <zlib.h>

enum { ROOM = 256 << 10, GZIP_ONLY = 16 };

struct gunzip {
	z_stream z;
	char *out;
	bool ended;  /* between two members, or behind the last */
	bool padded; /* zeroes follow the last: nothing else may */
	bool over;   /* there is no more input */
};

struct gunzip *gunzip_new(void)
{
	struct gunzip *g = new0(struct gunzip);

	g->out = mem_check(malloc(ROOM));
	if (inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) != Z_OK)
		mem_check(NULL);
	return g;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g->out);
	free(g);
}

bool gunzip_hungry(const struct gunzip *g)
{
	return g->z.avail_in == 0 && !g->over;
}

void gunzip_give(struct gunzip *g, const char *data, size_t n)
{
	g->z.next_in = (const Bytef *)data;
	g->z.avail_in = (uInt)n;
	g->over = n == 0;
}

/* Behind a member another may begin; zeroes are padding, which ends the file. */
static int next_member(struct gunzip *g, struct err *e)
{
	while (g->z.avail_in && *g->z.next_in == 0) {
		g->padded = true;
		g->z.next_in++;
		g->z.avail_in--;
	}
	if (!g->z.avail_in)
		return 0;
	if (g->padded || *g->z.next_in != 0x1f)
		return err_set(e, "more follows after the end of the compressed data");
	inflateReset(&g->z);
	g->ended = false;
	return 1;
}

static ssize_t inflate_some(struct gunzip *g, struct err *e)
{
	int r;

	g->z.next_out = (Bytef *)g->out;
	g->z.avail_out = ROOM;
	r = inflate(&g->z, Z_NO_FLUSH);
	g->ended = r == Z_STREAM_END;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(e, "%s", g->z.msg ? g->z.msg : "cannot be decompressed");
	return ROOM - (ssize_t)g->z.avail_out;
}

ssize_t gunzip_next(struct gunzip *g, const char **data, struct err *e)
{
	ssize_t n = 0;

	*data = g->out;
	while (n == 0 && g->z.avail_in) {
		if (g->ended && (n = next_member(g, e)) <= 0)
			return n;
		n = inflate_some(g, e);
	}
	if (n == 0 && g->over && !g->ended)
		return err_set(e, "truncated gzip input");
	return n;
}
