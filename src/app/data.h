/* SPDX-License-Identifier: Apache-2.0 */
/* Where the shipped sets and probe definitions are. */
#pragma once

/*
 * The folder of that name: beside the build folder while the program runs from there, else the installed one.
 * Yours.
 */
char *data_folder(const char *name);
