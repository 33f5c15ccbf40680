/* SPDX-License-Identifier: Apache-2.0 */
/* What the YAML parser complains about, said for people who do not know its grammar. */
#pragma once
#include <stddef.h>

struct yaml_error {
	size_t start, end; /* offsets of the token it concerns */
	const char *message;
};

/* Moves start to where the mistake is and message to words for it, where the parser's own are no help. */
void yaml_error_reword(struct yaml_error *e, const char *text, size_t n);
