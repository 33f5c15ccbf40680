/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite, loaded when first needed (see base/dynlib.h). */
#pragma once
#include <sqlite3.h>

#include "base/err.h"

/* Before any other call of it. */
int libsqlite3_load(struct err *e);
