/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a value should be: `8022`, '>= 10000', '!= x', {matches: REGEX}, {equals: TEXT}, {exists: true},
 * {count: '> 0'}, or YAML's null for JSON's.  Whole numbers are compared exactly, texts that begin with a
 * digit as versions.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "pattern/regex.h"

/* A value that an answer holds: missing is not null, and null is equal to nothing. */
enum value_shape { VALUE_MISSING, VALUE_NULL, VALUE_TEXT, VALUE_NUMBER, VALUE_GROUP };

struct value {
	enum value_shape shape;
	const char *text; /* NUL-terminated; of a group as JSON */
	size_t n;	  /* bytes of text */
	size_t count;	  /* members of a group */
};

enum expect_op {
	EXPECT_EQUAL,
	EXPECT_UNEQUAL,
	EXPECT_BELOW,
	EXPECT_AT_MOST,
	EXPECT_ABOVE,
	EXPECT_AT_LEAST,
	EXPECT_MATCHES,
	EXPECT_EXISTS,
	EXPECT_ABSENT,
	EXPECT_NULL,
};

struct expect {
	enum expect_op op;
	bool counted; /* it is about the number of members */
	char *text;
	struct regex *regex;
};

/* From a scalar or a map as above; mistakes to p.  expect_clear() what it made, also then. */
void expect_from_conf(struct expect *x, const struct conf_node *n, const struct conf_vars *vars,
		      struct conf_problems *p);
/* op and what it compares with; a pattern that is none: -1 with the reason in e. */
int expect_set(struct expect *x, enum expect_op op, const char *text, struct err *e);
void expect_clear(struct expect *x);

/* 'text' on one line, masked, and cut where it is long. */
void say_quoted(struct buf *why, const char *text, size_t n);
/* Is v so?  If not, why gets "is 'N/A', expected >= 10000". */
bool expect_met(const struct expect *x, const struct value *v, struct buf *why);
