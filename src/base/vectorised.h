/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In front of a function whose loops over bytes or words shall use wide vectors where the CPU has them. clang
 * knows no such clones in C, and under ASan they are resolved before it is ready.
 */
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
#define VECTORISED __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define VECTORISED
#endif
