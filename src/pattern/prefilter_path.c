/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the CPU's instruction sets a prefilter is built for. */
#include <stdlib.h>

#include "base/str.h"
#include "pattern/prefilter_impl.h"

static enum prefilter_path forced;

static const struct kernel *const kernels[PREFILTER_PATHS] = {
	[PREFILTER_SCALAR] = &kernel_scalar,
#if defined(__x86_64__)
	[PREFILTER_AVX2] = &kernel_avx2,
	[PREFILTER_AVX512] = &kernel_avx512,
#elif defined(__aarch64__)
	[PREFILTER_NEON] = &kernel_neon,
#endif
};

static bool usable(enum prefilter_path path)
{
	return path == PREFILTER_BEST || (kernels[path] && kernels[path]->usable());
}

bool prefilter_force(enum prefilter_path path)
{
	if (!usable(path))
		return false;
	forced = path;
	return true;
}

const char *prefilter_path_name(enum prefilter_path path)
{
	static const char *const names[] = { "best", "scalar", "neon", "avx2", "avx512" };

	return names[path];
}

static enum prefilter_path path_wanted(void)
{
	const char *named = getenv("GONOGO_PREFILTER");

	for (unsigned i = 0; named && i < PREFILTER_PATHS; i++)
		if (str_eq(named, prefilter_path_name(i)) && usable(i))
			return i;
	return forced;
}

void prefilter_choose_kernel(struct prefilter *pf)
{
	enum prefilter_path path = path_wanted();
	bool free_choice = path == PREFILTER_BEST;

	for (unsigned i = PREFILTER_PATHS - 1; path == PREFILTER_BEST; i--)
		if (usable(i))
			path = i;
	pf->kernel = kernels[path];
	pf->stride = pf->kernel->stride;
	pf->cost = pf->kernel->cost;
#if defined(__x86_64__)
	if (free_choice && path >= PREFILTER_AVX2 && !kernel_gather_pays(pf->kernel)) {
		pf->stride = stride_scalar;
		pf->cost.eight = kernel_scalar.cost.eight;
		pf->cost.four = kernel_scalar.cost.four;
		pf->cost.four_twice = kernel_scalar.cost.four_twice;
	}
#else
	(void)free_choice;
#endif
}
