/* SPDX-License-Identifier: Apache-2.0 */
#include "net/libsqlite3.h"

#include "base/dynlib.h"

#define FUNCTIONS(F, V, P)                                                                                 \
	F(sqlite3_busy_timeout, int, (sqlite3 * db, int ms), (db, ms))                                     \
	F(sqlite3_close, int, (sqlite3 * db), (db))                                                        \
	F(sqlite3_column_bytes, int, (sqlite3_stmt * s, int i), (s, i))                                    \
	F(sqlite3_column_count, int, (sqlite3_stmt * s), (s))                                              \
	F(sqlite3_column_name, const char *, (sqlite3_stmt * s, int i), (s, i))                            \
	F(sqlite3_column_text, const unsigned char *, (sqlite3_stmt * s, int i), (s, i))                   \
	F(sqlite3_errmsg, const char *, (sqlite3 * db), (db))                                              \
	F(sqlite3_errstr, const char *, (int rc), (rc))                                                    \
	F(sqlite3_finalize, int, (sqlite3_stmt * s), (s))                                                  \
	F(sqlite3_libversion, const char *, (void), ())                                                    \
	F(sqlite3_open_v2, int, (const char *path, sqlite3 **db, int flags, const char *vfs),              \
	  (path, db, flags, vfs))                                                                          \
	F(sqlite3_prepare_v2, int,                                                                         \
	  (sqlite3 * db, const char *query, int n, sqlite3_stmt **s, const char **rest),                   \
	  (db, query, n, s, rest))                                                                         \
	V(sqlite3_progress_handler, (sqlite3 * db, int n, int (*fn)(void *), void *arg), (db, n, fn, arg)) \
	F(sqlite3_step, int, (sqlite3_stmt * s), (s))                                                      \
	F(sqlite3_stmt_readonly, int, (sqlite3_stmt * s), (s))

DYNLIB(libsqlite3, "libsqlite3.so.0", "libsqlite3-0", FUNCTIONS)
