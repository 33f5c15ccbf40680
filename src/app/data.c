/* SPDX-License-Identifier: Apache-2.0 */
#include "app/data.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* The folder that the program is in; NULL where /proc does not tell. */
static char *own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	return mem_strdup(dirname(path));
}

char *data_folder(const char *name)
{
	AUTO_FREE char *own = own_folder();

	if (own && strcmp(own, GONOGO_BINDIR) != 0) {
		char *beside = mem_printf("%s/../%s", own, name);

		if (access(beside, R_OK | X_OK) == 0)
			return beside;
		free(beside);
	}
	return mem_printf("%s/%s", GONOGO_DATADIR, name);
}
