/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void *mem_check(void *p)
{
	if (p)
		return p;
	fputs("gonogo: out of memory\n", stderr);
	abort();
}

void *mem_zero(size_t n, size_t size)
{
	return mem_check(calloc(n ? n : 1, size ? size : 1));
}

char *mem_strdup(const char *s)
{
	return s ? mem_check(strdup(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	char *copy = mem_zero(n + 1, 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *mem_vprintf(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	return mem_check(text);
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	return text;
}

void *mem_grow(void *array, size_t used, size_t *room, size_t size)
{
	if (used == *room) {
		*room = *room ? *room * 2 : 8;
		array = mem_check(reallocarray(array, *room, size));
	}
	memset((char *)array + used * size, 0, size);
	return array;
}

void mem_replace(char **slot, const char *s)
{
	char *copy = mem_strdup(s);

	free(*slot);
	*slot = copy;
}
