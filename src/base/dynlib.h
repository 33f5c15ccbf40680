/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared libraries that are loaded when they are first needed.  A scan of a plain log asks no server and
 * unpacks nothing: were it linked with libcurl, libpq and libarchive, it would spend half of its time and of
 * its memory on loading these and the forty others that they need.
 *
 * Each such library has a file here (lib*.c) that lists the functions we call and defines each of them, by
 * its own name, as a jump into the library.  So calls look as they always do, and the compiler compares the
 * list with the library's header; but lib*_load() must come before the first of them.
 */
#pragma once
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct dynlib_function {
	const char *name;
	void **at;
};

struct dynlib {
	const char *soname;
	const char *package; /* Debian's; others are named alike */
	const struct dynlib_function *functions;
	size_t n_functions;
	void *handle;
};

/*
 * From any thread, and as often as one likes.  What is loaded stays to the end: some of these libraries leave
 * exit handlers and threads behind.
 */
int dynlib_load(struct dynlib *l, struct err *e);

/*
 * DYNLIB(libx, "libx.so.1", "libx1", FUNCTIONS) defines libx_load() and what FUNCTIONS lists:
 *
 *	#define FUNCTIONS(F, V, P)
 *		F(x_open, struct x *, (const char *path), (path))	a function
 *		V(x_close, (struct x *x), (x))				a function that returns nothing
 *		P(x_set, by_hand)					a function with "..."
 *
 * The last sort is for the file itself to define; the library's own functions are in `table`.
 */
#define DYNLIB(lib, soname_, package_, LIST)                                                             \
	static struct {                                                                                  \
		LIST(DYNLIB_POINTER, DYNLIB_POINTER, DYNLIB_POINTER)                                     \
	} table;                                                                                         \
	static const struct dynlib_function functions[] = { LIST(DYNLIB_ROW, DYNLIB_ROW, DYNLIB_ROW) };  \
	LIST(DYNLIB_JUMP, DYNLIB_JUMP_VOID, DYNLIB_BY_HAND)                                              \
	int lib##_load(struct err *e)                                                                    \
	{                                                                                                \
		static struct dynlib lib = { soname_, package_, functions, ARRAY_LEN(functions), NULL }; \
                                                                                                         \
		return dynlib_load(&lib, e);                                                             \
	}

#define DYNLIB_POINTER(name, ...) __typeof__(name) *name;
#define DYNLIB_ROW(name, ...) { #name, (void **)&table.name },
#define DYNLIB_JUMP(name, type, params, args) \
	type name params                      \
	{                                     \
		return table.name args;       \
	}
#define DYNLIB_JUMP_VOID(name, params, args) \
	void name params                     \
	{                                    \
		table.name args;             \
	}
#define DYNLIB_BY_HAND(name, ...)
