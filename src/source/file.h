/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of following a file. */
#pragma once
#include "source/source.h"

/* How long a rotated file must have been quiet before the next one is begun (a second, if nothing is said).
 */
void source_file_set_grace(struct source *s, int64_t grace);
