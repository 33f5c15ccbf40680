/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML files of a folder. */
#pragma once
#include "base/err.h"

typedef void conf_file_fn(void *arg, const char *path);
/* Calls fn for each *.yaml that is not hidden, in the order of their names; -1: the folder cannot be read. */
int conf_each_file(const char *folder, conf_file_fn *fn, void *arg, struct err *e);
