/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "app/version.h"

#include <archive.h>
#include <curl/curl.h>
#include <jansson.h>
#include <libfyaml.h>
#include <libpq-fe.h>
#include <pcre2.h>
#include <sqlite3.h>

void version_text(struct buf *out)
{
	char pcre[64] = "";

	pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	buf_printf(out, "gonogo %s\n", GONOGO_VERSION);
	buf_printf(out, "pcre2 %s, curl %s, jansson %s, libpq %d, sqlite %s, libfyaml %s, %s\n", pcre,
		   curl_version_info(CURLVERSION_NOW)->version, JANSSON_VERSION, PQlibVersion(),
		   sqlite3_libversion(), fy_library_version(), archive_version_string());
}
