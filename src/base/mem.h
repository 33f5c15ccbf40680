/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that cannot fail (a small allocation that does ends the program), and cleanup by scope. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *mem_check(void *p);
void *mem_zero(size_t n, size_t size);
char *mem_strdup(const char *s); /* NULL stays NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
/* Room for one more element: returns the array, moved if need be. */
void *mem_grow(void *array, size_t used, size_t *room, size_t size);
/* Frees *slot and keeps a copy of s there. */
void mem_replace(char **slot, const char *s);

#define new0(T) ((T *)mem_zero(1, sizeof(T)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* Appends a zeroed element to the array a (count n, room cap) and gives its address. */
#define ARRAY_ADD(a, n, cap) ((a) = mem_grow((a), (n), &(cap), sizeof(*(a))), &(a)[(n)++])

static inline void mem_free_scope(void *p)
{
	free(*(void **)p);
}

static inline void mem_close_scope(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_FREE __attribute__((cleanup(mem_free_scope)))
#define AUTO_CLOSE __attribute__((cleanup(mem_close_scope))) int
/* DEFINE_AUTO(x) beside x_free(struct x *) allows AUTO(x) p = x_new(); */
#define DEFINE_AUTO(x)                                  \
	static inline void x##_free_scope(struct x **p) \
	{                                               \
		x##_free(*p);                           \
	}
#define AUTO(x) __attribute__((cleanup(x##_free_scope))) struct x *
