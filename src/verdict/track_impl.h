/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a track share: track.c (what happens), track_pending.c and track_facts.c. */
#pragma once
#include "verdict/track.h"

/* The slot's old evidence is forgotten. */
void track_keep_evidence(struct outcome_reason *slot, const struct track *t, const struct sighting *x);
/* A failure that follows from evidence found earlier: a promise that was not kept, a retry that went on too
 * long. */
void track_add_derived(struct track *t, const struct outcome_reason *from, bool rollback, const char *what);

/* ---- track_pending.c ---- */

void track_open_promise(struct track *t, const struct sighting *x);
void track_close_promise(struct track *t, const struct sighting *x, const char *closes);
/* Those that were due when this rule is met were not kept. */
void track_judge_due(struct track *t, const struct rule *met);
void track_clear_promises(struct track *t, bool history_too);
void track_retry(struct track *t, const struct sighting *x);
void track_end_retries(struct track *t, const struct rule *met);
void track_clear_retries(struct track *t);

/* ---- track_facts.c ---- */

void track_state_facts(struct track *t, const struct sighting *x);
