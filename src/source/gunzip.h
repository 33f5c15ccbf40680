/* SPDX-License-Identifier: Apache-2.0 */
/* gzip with its checksums verified, which libarchive's filter does not do. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct gunzip;
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g);
DEFINE_AUTO(gunzip)

/* All that was given before is used up; n 0: there is no more. */
bool gunzip_hungry(const struct gunzip *g);
void gunzip_give(struct gunzip *g, const char *data, size_t n);
/* The next bytes at *data; 0: it wants more, or is at its end; -1: damaged. */
ssize_t gunzip_next(struct gunzip *g, const char **data, struct err *e);
