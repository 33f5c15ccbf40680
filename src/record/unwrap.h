/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes off a line what others put on it: terminal colours, NULs, the marks of a quotation, and the prefixes
 * of docker compose, syslog (RFC 3164, RFC 5424, journalctl), Kubernetes' CRI and the Java service wrapper,
 * and a time in front of the line's own (docker logs -t, Docker Desktop).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct unwrapped {
	const char *text; /* the cleaned line: inside the input, or inside scratch */
	size_t len;
	const char *prefix; /* what was taken off in front; len 0: nothing */
	size_t prefix_len;
	const char *container; /* of docker compose's prefix; len 0: none */
	size_t container_len;
	bool partial; /* CRI: the line goes on in the next one */
};

/* scratch is only used where the text itself has to change; its content lives until the next call. */
void unwrap_line(const char *text, size_t n, struct buf *scratch, struct unwrapped *out);
/* The same for what is known to hold no escape sequence and no NUL. */
void unwrap_prefix(const char *text, size_t n, struct unwrapped *out);
