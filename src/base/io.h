/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes of descriptors and files. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

int io_write_all(int fd, const char *data, size_t n, struct err *e);
/* Appends the file's content; more than out->max is an error. */
int io_read_file(const char *path, struct buf *out, struct err *e);
/*
 * The file at path holds exactly data afterwards, or is untouched: a temporary file beside it, synced and
 * renamed. Only where path is absent or a regular file; anything else (a pipe, /dev/stdout) is written to
 * directly.
 * "-" is standard output.
 */
int io_replace_file(const char *path, const char *data, size_t n, struct err *e);
bool io_nonblock(int fd);
