/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dynlib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* What the loader says begins with the name of the file, which need not be said twice. */
static int failed(const struct dynlib *l, struct err *e)
{
	const char *why = dlerror();
	size_t n = strlen(l->soname);

	if (why && strncmp(why, l->soname, n) == 0 && strncmp(why + n, ": ", 2) == 0)
		why += n + 2;
	return err_set(e, "%s cannot be loaded: %s (is the package %s installed?)", l->soname,
		       why ? why : "no reason given", l->package);
}

static int find_functions(const struct dynlib *l, void *handle, struct err *e)
{
	for (size_t i = 0; i < l->n_functions; i++) {
		*l->functions[i].at = dlsym(handle, l->functions[i].name);
		if (!*l->functions[i].at)
			return failed(l, e);
	}
	return 0;
}

static int load(struct dynlib *l, struct err *e)
{
	void *handle = l->handle ? l->handle : dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return failed(l, e);
	if (!l->handle && find_functions(l, handle, e) < 0)
		return -1;
	l->handle = handle;
	return 0;
}

int dynlib_load(struct dynlib *l, struct err *e)
{
	int rc;

	pthread_mutex_lock(&loading);
	rc = load(l, e);
	pthread_mutex_unlock(&loading);
	return rc;
}
