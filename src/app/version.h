/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/buf.h"

/* The version, and the libraries that are built in. */
void version_text(struct buf *out);
