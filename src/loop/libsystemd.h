/* SPDX-License-Identifier: Apache-2.0 */
/* libsystemd's event loop, loaded when first needed (see base/dynlib.h). */
#pragma once
#include <systemd/sd-event.h>

#include "base/err.h"

/* Before any other call of it. */
int libsystemd_load(struct err *e);
