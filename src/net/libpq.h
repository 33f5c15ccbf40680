/* SPDX-License-Identifier: Apache-2.0 */
/* libpq, loaded when first needed (see base/dynlib.h). */
#pragma once
#include <libpq-fe.h>

#include "base/err.h"

/* Before any other call of it. */
int libpq_load(struct err *e);
