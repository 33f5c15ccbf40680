/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/folder.h"

#include <dirent.h>

#include "base/mem.h"
#include "base/str.h"

static int is_yaml(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(d->d_name, ".yaml");
}

int conf_each_file(const char *folder, conf_file_fn *fn, void *arg, struct err *e)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_yaml, alphasort);

	if (n < 0)
		return err_sys(e, "%s", folder);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, entries[i]->d_name);

		fn(arg, path);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
