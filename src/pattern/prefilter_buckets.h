/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fingerprints share a bucket.  A bucket lets a place through whose four bytes are each, at its
 * position, one of any of its fingerprints' (or one that the kernel takes for it): together belong those that
 * let the least through that none of them has.
 */
#pragma once
#include "pattern/prefilter_kernel.h"
#include "pattern/prefilter_sample.h"

struct fingerprint {
	struct byteset at[FINGER_WIDTH];
};

struct bucket_plan {
	size_t n_groups;    /* 0: there are no fingerprints */
	uint8_t *bucket_of; /* of each fingerprint; the caller's */
	double cost;	    /* as in struct kernel_cost */
};

enum { BUCKETS = FINGER_BUCKETS * FINGER_GROUPS_MAX, COST_OF_CANDIDATE = 3000 };

/* The cheapest; sample (may be NULL): of the log. */
void buckets_plan(const struct fingerprint *f, size_t n, const struct kernel *k, const struct sample *sample,
		  struct bucket_plan *best);
