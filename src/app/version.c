/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "app/version.h"

#include <jansson.h>
#include <libfyaml.h>
#include <pcre2.h>

#include "base/mem.h"
#include "net/libcurl.h"
#include "net/libpq.h"
#include "net/libsqlite3.h"
#include "source/libarchive.h"

static void say_curl(struct buf *out)
{
	buf_printf(out, "curl %s", curl_version_info(CURLVERSION_NOW)->version);
}

static void say_libpq(struct buf *out)
{
	buf_printf(out, "libpq %d", PQlibVersion());
}

static void say_sqlite(struct buf *out)
{
	buf_printf(out, "sqlite %s", sqlite3_libversion());
}

static void say_libarchive(struct buf *out)
{
	buf_str(out, archive_version_string());
}

/* What is not linked, but loaded when needed, may be missing. */
static const struct {
	int (*load)(struct err *e);
	void (*say)(struct buf *out);
} loaded[] = {
	{ libcurl_load, say_curl },
	{ libpq_load, say_libpq },
	{ libsqlite3_load, say_sqlite },
	{ libarchive_load, say_libarchive },
};

void version_text(struct buf *out)
{
	char pcre[64] = "";
	struct err e;

	pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	buf_printf(out, "gonogo %s\n", GONOGO_VERSION);
	buf_printf(out, "pcre2 %s, jansson %s, libfyaml %s", pcre, JANSSON_VERSION, fy_library_version());
	for (size_t i = 0; i < ARRAY_LEN(loaded); i++) {
		buf_str(out, ", ");
		if (loaded[i].load(&e) == 0)
			loaded[i].say(out);
		else
			buf_str(out, e.text);
	}
	buf_str(out, "\n");
}
