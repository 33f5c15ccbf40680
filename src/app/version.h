/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/buf.h"

/* The version, and of the libraries that it works with. */
void version_text(struct buf *out);
