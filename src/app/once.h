/* SPDX-License-Identifier: Apache-2.0 */
/* Probes asked once, outside a run. */
#pragma once
#include "app/plan.h"

struct once_answer {
	enum probe_result result;
	char *reason;
	double seconds;
	struct conf_pairs facts; /* copies */
};

/* Runs the loop until the probe has answered, at most its try_timeout; -1: interrupted. */
int once_ask(struct probe *p, struct loop *l, struct once_answer *a);
void once_answer_clear(struct once_answer *a);
/* Asks the probes of that time (none named: all), shows every answer; exit code 0 pass, 1 fail, 3 not yet. */
int once_ask_all(const struct plan *p, enum probe_when when, int n, char **names);
