/* SPDX-License-Identifier: Apache-2.0 */
#include "source/siblings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- names ---- */

static bool is_mark(char c)
{
	return c && strchr(".-_~:+TZ", c);
}

/* ".1", "-20261120", ".2026-11-20T10:00", ".old" */
static bool is_added(const char *s, size_t n)
{
	static const char *const words[] = { ".old", ".bak", ".prev", ".orig", "~" };
	size_t digits = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && memcmp(s, words[i], n) == 0)
			return true;
	for (size_t i = 0; i < n; i++) {
		if (!str_digit(s[i]) && !is_mark(s[i]))
			return false;
		digits += str_digit(s[i]);
	}
	return digits && is_mark(s[0]);
}

bool sibling_named(const char *name, const char *other)
{
	const char *ext = strrchr(name, '.');
	size_t stem = ext ? (size_t)(ext - name) : 0, len = strlen(other);

	if (str_starts(other, name))
		return is_added(other + strlen(name), len - strlen(name));
	return stem && strncmp(other, name, stem) == 0 && len > strlen(name) && str_ends(other, ext) &&
	       is_added(other + stem, len - strlen(name));
}

/* ---- files ---- */

/* Within one tick of the file system's clock only the names tell: app.log.1 is newer than app.log.2. */
static int by_age(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->id.born != y->id.born)
		return x->id.born < y->id.born ? -1 : 1;
	if (x->written != y->written)
		return x->written < y->written ? -1 : 1;
	return str_version_cmp(y->path, x->path);
}

static void consider(struct siblings *all, int folder, const char *path, const char *name,
		     siblings_wanted_fn *wanted, void *arg)
{
	struct sibling s = { .fd = -1 };
	struct stat st;

	if (identity_of_path(folder, name, false, &s.id, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	s.size = (uint64_t)st.st_size;
	s.written = st.st_mtim.tv_sec * CLOCK_SECOND + st.st_mtim.tv_nsec;
	if (!wanted(arg, &s))
		return;
	s.fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	s.error = errno;
	s.path = mem_printf("%.*s%s", (int)(strrchr(path, '/') ? strrchr(path, '/') - path + 1 : 0), path,
			    name);
	*ARRAY_ADD(all->items, all->n, all->room) = s;
}

static DIR *open_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");

	return opendir(folder);
}

void siblings_find(struct siblings *all, const char *path, siblings_wanted_fn *wanted, void *arg)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	DIR *folder = open_folder(path);
	struct dirent *f;

	if (!folder)
		return;
	while ((f = readdir(folder)))
		if (sibling_named(name, f->d_name))
			consider(all, dirfd(folder), path, f->d_name, wanted, arg);
	closedir(folder);
	if (all->n)
		qsort(all->items, all->n, sizeof(*all->items), by_age);
}

void siblings_free(struct siblings *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].fd >= 0)
			close(all->items[i].fd);
		free(all->items[i].path);
	}
	free(all->items);
	*all = (struct siblings){ 0 };
}
