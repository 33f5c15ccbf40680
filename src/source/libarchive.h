/* SPDX-License-Identifier: Apache-2.0 */
/* libarchive, loaded when first needed (see base/dynlib.h). */
#pragma once
#include <archive.h>

#include "base/err.h"

/* Before any other call of it. */
int libarchive_load(struct err *e);
