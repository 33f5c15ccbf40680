/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who works for a moment now and then and wants to be prompt asks for short slices of CPU time: then the
 * scheduler (Linux 6.12 and later, no privilege needed) does not let others finish theirs first, which would
 * take milliseconds on a busy machine.  Elsewhere nothing changes.
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>

void slice_shorten(void);
/* Around a fork: children begin with the slices that we were given, because they inherit what we have. */
void slice_give_back(void);
void slice_take_again(void);

uint64_t slice_of(pid_t pid); /* ns; 0: the kernel does not say; pid 0: ours */
