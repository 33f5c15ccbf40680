/* SPDX-License-Identifier: Apache-2.0 */
/* What is told while it runs: a plain line per event for people, a line of JSON for programs (--events). */
#pragma once
#include "app/plan.h"
#include "verdict/story.h"

struct news;
struct news *news_new(const struct options *o, const struct plan *p, struct err *e);
void news_free(struct news *n);
void news_tell(void *arg, const struct story_news *s); /* a story_news_fn; arg is the news */
void news_verdict(struct news *n, const struct outcome *o);
