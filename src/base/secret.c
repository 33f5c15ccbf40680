/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static char **secrets;
static size_t n_secrets, room;

static bool plain_word(const char *value)
{
	enum { SHORT = 5 };

	return strlen(value) <= SHORT && strspn(value, "abcdefghijklmnopqrstuvwxyz") == strlen(value);
}

void secret_add(const char *value)
{
	if (!value || strlen(value) < 4 || plain_word(value))
		return;
	for (size_t i = 0; i < n_secrets; i++)
		if (strcmp(secrets[i], value) == 0)
			return;
	*ARRAY_ADD(secrets, n_secrets, room) = mem_strdup(value);
}

/* The longest secret that stands at s, so that one that begins another does not leave its tail. */
static size_t secret_at(const char *s, size_t n)
{
	size_t longest = 0;

	for (size_t i = 0; i < n_secrets; i++) {
		size_t len = strlen(secrets[i]);

		if (len > longest && len <= n && memcmp(s, secrets[i], len) == 0)
			longest = len;
	}
	return longest;
}

void secret_mask(struct buf *out, const char *text, size_t n)
{
	size_t plain = 0, i = 0;

	while (n_secrets && i < n) {
		size_t len = secret_at(text + i, n - i);

		if (!len) {
			i++;
			continue;
		}
		buf_add(out, text + plain, i - plain);
		buf_str(out, "***");
		plain = i += len;
	}
	buf_add(out, text + plain, n - plain);
}

char *secret_masked(const char *text)
{
	struct buf b = BUF_INIT(text ? strlen(text) * 4 + 1 : 0);

	if (!text)
		return NULL;
	secret_mask(&b, text, strlen(text));
	return buf_take(&b);
}

void secret_forget_all(void)
{
	for (size_t i = 0; i < n_secrets; i++) {
		explicit_bzero(secrets[i], strlen(secrets[i]));
		free(secrets[i]);
	}
	free(secrets);
	secrets = NULL;
	n_secrets = room = 0;
}
