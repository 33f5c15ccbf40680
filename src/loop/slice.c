/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/slice.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

static const uint64_t SHORT = CLOCK_MS / 2;

/* struct sched_attr as it was at first; the kernel's header for it does not go with <sched.h>. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static bool shortened;
static uint64_t given;

static bool get(pid_t pid, struct attributes *a)
{
	*a = (struct attributes){ .size = sizeof(*a) };
	return syscall(SYS_sched_getattr, pid, a, sizeof(*a), 0) == 0 && a->policy == SCHED_OTHER;
}

uint64_t slice_of(pid_t pid)
{
	struct attributes a;

	return get(pid, &a) ? a.runtime : 0;
}

static bool set(uint64_t ns)
{
	struct attributes a;

	if (!get(0, &a))
		return false;
	a.runtime = ns;
	return syscall(SYS_sched_setattr, 0, &a, 0) == 0;
}

void slice_shorten(void)
{
	if (shortened)
		return;
	given = slice_of(0);
	shortened = given > SHORT && set(SHORT);
}

void slice_give_back(void)
{
	if (shortened)
		set(given);
}

void slice_take_again(void)
{
	if (shortened)
		set(SHORT);
}
