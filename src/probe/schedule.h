/* SPDX-License-Identifier: Apache-2.0 */
/* When a probe is asked, how long one try may take, and what the tries make of the whole. */
#pragma once
#include "base/mem.h"
#include "probe/probe.h"

struct schedule;
typedef void schedule_fn(void *arg, const struct probe_status *s);

/* All borrowed; they must outlive the schedule. */
struct schedule *schedule_new(const struct probe_common *common, const struct probe_kind *kind,
			      void *settings);
void schedule_free(struct schedule *s); /* stops it */
DEFINE_AUTO(schedule)

/* once: one try, at once, and no more.  fn may free the schedule. */
void schedule_start(struct schedule *s, struct loop *l, bool once, schedule_fn *fn, void *arg);
void schedule_stop(struct schedule *s);
