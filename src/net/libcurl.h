/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, loaded when first needed (see base/dynlib.h). */
#pragma once
#include <curl/curl.h>

#include "base/err.h"

/* Before any other call of it. */
int libcurl_load(struct err *e);
