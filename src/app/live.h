/* SPDX-License-Identifier: Apache-2.0 */
/* A live run: logs, probes, process and time into one story, until it is decided. */
#pragma once
#include "app/plan.h"

/* Launches argv (NULL: nothing), watches, decides, reports, alerts; the exit code. */
int live_run(const struct plan *p, const struct options *o, const struct library *l, char **argv);
