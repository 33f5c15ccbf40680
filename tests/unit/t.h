/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TEST(a_sentence_that_holds) { ... } is all a unit test needs: it registers itself, and main() runs them by
 * cmocka, which prints TAP when CMOCKA_MESSAGE_OUTPUT says so.  One program per file that includes this.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { T_MAX = 256 };
static struct CMUnitTest t_tests[T_MAX];
static size_t t_count;

#define TEST(name)                                                              \
	static void name(void **state);                                         \
	__attribute__((constructor)) static void register_##name(void)          \
	{                                                                       \
		assert_true(t_count < T_MAX);                                   \
		t_tests[t_count++] = (struct CMUnitTest)cmocka_unit_test(name); \
	}                                                                       \
	static void name(void **state __attribute__((unused)))

int main(void)
{
	return _cmocka_run_group_tests(T_PROGRAM, t_tests, t_count, NULL, NULL);
}
