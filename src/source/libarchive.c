/* SPDX-License-Identifier: Apache-2.0 */
#include "source/libarchive.h"

#include "base/dynlib.h"

#define FUNCTIONS(F, V, P)                                                                                \
	F(archive_error_string, const char *, (struct archive * a), (a))                                  \
	F(archive_filter_bytes, la_int64_t, (struct archive * a, int i), (a, i))                          \
	F(archive_filter_count, int, (struct archive * a), (a))                                           \
	F(archive_read_data_block, int,                                                                   \
	  (struct archive * a, const void **at, size_t *n, la_int64_t *offset), (a, at, n, offset))       \
	F(archive_read_free, int, (struct archive * a), (a))                                              \
	F(archive_read_new, struct archive *, (void), ())                                                 \
	F(archive_read_next_header, int, (struct archive * a, struct archive_entry * *entry), (a, entry)) \
	F(archive_read_open, int,                                                                         \
	  (struct archive * a, void *arg, archive_open_callback *opener, archive_read_callback *reader,   \
	   archive_close_callback *closer),                                                               \
	  (a, arg, opener, reader, closer))                                                               \
	F(archive_read_support_filter_bzip2, int, (struct archive * a), (a))                              \
	F(archive_read_support_filter_xz, int, (struct archive * a), (a))                                 \
	F(archive_read_support_filter_zstd, int, (struct archive * a), (a))                               \
	F(archive_read_support_format_empty, int, (struct archive * a), (a))                              \
	F(archive_read_support_format_raw, int, (struct archive * a), (a))                                \
	F(archive_version_string, const char *, (void), ())

DYNLIB(libarchive, "libarchive.so.13", "libarchive13", FUNCTIONS)
