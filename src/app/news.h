/* SPDX-License-Identifier: Apache-2.0 */
/* What is told while it runs: a plain line per event for people, a line of JSON for programs (--events). */
#pragma once
#include "app/options.h"
#include "verdict/story.h"

struct news;
/* lines: the descriptor that people read; -1: nobody does. */
struct news *news_new(const struct options *o, int lines, struct err *e);
void news_free(struct news *n);
void news_tell(void *arg, const struct story_news *s); /* a story_news_fn; arg is the news */
/* What is going on now; shown on a terminal only. */
void news_status(struct news *n, const char *text);
bool news_has_status(const struct news *n);
/* The live part is over: what comes next is the report. */
void news_settle(struct news *n);
void news_verdict(struct news *n, const struct outcome *o);
