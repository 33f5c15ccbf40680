/* SPDX-License-Identifier: Apache-2.0 */
/* Probes asked once, outside a run. */
#pragma once
#include "app/plan.h"

struct ask_answer {
	enum probe_result result;
	char *reason;
	double seconds;
	struct conf_pairs facts; /* copies */
};

/* Runs the loop until the probe has answered, at most its try_timeout; -1: interrupted. */
int ask_probe(struct probe *p, struct loop *l, struct ask_answer *a);
void ask_answer_clear(struct ask_answer *a);
/* Asks the probes of that time (none named: all), shows every answer; exit code 0 pass, 1 fail, 3 not yet. */
int ask_all(const struct plan *p, enum probe_when when, int n, char **names);
