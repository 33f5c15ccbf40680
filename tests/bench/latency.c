/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the write of a line to the event about it: latency LOG COUNT < EVENTS
 * Appends COUNT lines to LOG, some milliseconds apart, and waits for each to be told on standard input.  It
 * waits awake, so that only the others' sleep is measured.  Writes the microseconds, a line each; -1 for an
 * event that did not come within a second.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_KEY = 10000000 };

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void rest(void)
{
	struct timespec t = { .tv_nsec = 2000000 + rand() % 6000000 };

	nanosleep(&t, NULL);
}

/* Whether the key shows in what comes in until then; what came stays for the next call. */
static int comes(const char *key, int64_t until)
{
	static char seen[1 << 16];
	static size_t n;
	char *at;

	for (;;) {
		ssize_t more = read(STDIN_FILENO, seen + n, sizeof(seen) - 1 - n);

		n += more > 0 ? (size_t)more : 0;
		seen[n] = '\0';
		at = strstr(seen, key);
		if (at) {
			n -= (size_t)(at + 1 - seen);
			memmove(seen, at + 1, n);
			return 1;
		}
		if (more == 0 || now() > until)
			return 0;
		if (n > sizeof(seen) / 2) {
			memmove(seen, seen + n - 64, 64);
			n = 64;
		}
	}
}

int main(int argc, char **argv)
{
	int log = argc == 3 ? open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

	if (log < 0 || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
		return 64;
	for (int i = 0; i < atoi(argv[2]); i++) {
		char line[128], key[16];
		int64_t start;

		snprintf(key, sizeof(key), "%08d", FIRST_KEY + i);
		int n = snprintf(line, sizeof(line),
				 "2026-11-21 10:00:00,000 ERROR [org.acme.Node] [main] Broken pipe %s\n",
				 key);

		rest();
		start = now();
		if (write(log, line, (size_t)n) != n)
			return 74;
		if (comes(key, start + 1000000000))
			printf("%.1f\n", (double)(now() - start) / 1000);
		else
			printf("-1\n");
	}
	return 0;
}
