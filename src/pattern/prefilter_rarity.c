/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/prefilter_rarity.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

/* -log2 of each ASCII byte's share in the logs of Java servers and databases: from 4, one in sixteen, to 20,
 * not seen. */
static const uint8_t ascii_bits[128] = {
	/* clang-format off */
	 7, 20, 20, 20, 20, 20, 20, 20, 20,  8,  7, 20, 20, 13, 20, 20,
	20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 13, 20, 20, 20, 20,
	 4, 16, 10, 11, 10, 15, 13,  9,  8,  8, 11, 13,  8,  6,  5,  7,
	 6,  5,  6,  7,  7,  7,  7,  8,  8,  8,  6, 10, 13,  8, 12, 15,
	12,  8,  8,  7,  9,  8,  7, 11, 10,  7, 10, 12,  8,  8,  8,  8,
	 9, 11,  8,  7,  9,  9, 10,  9, 13, 12, 12,  8, 13,  8, 13,  9,
	17,  4,  7,  5,  6,  4,  6,  6,  6,  5,  7,  8,  5,  6,  5,  4,
	 6, 10,  4,  5,  4,  6,  7,  8,  7,  7, 11, 11, 12, 11, 15, 20,
	/* clang-format on */
};

/* What most lines of some log have. */
static const char *const everyday[] = {
	" DEBUG [",
	" INFO  [",
	" TRACE [",
	" FINE [",
	"level=info msg=",
	"2026-11-21T",
	"00:00:00",
	"127.0.0.1",
	"localhost-startStop-1",
	"http-nio-8080-exec-",
	"ajp-nio-8009-exec-",
	"[main]",
	"[Thread-",
	"pool-1-thread-",
	"Scheduler_Worker-",
	"concurrent.ThreadPoolExecutor",
	"\tat java.lang.reflect.Method.invoke",
	"\tat org.springframework.beans.factory.support.Abstract",
	"AutowireCapableBeanFactory.java:",
	"\tat org.apache.catalina.core.Standard",
	"[org.alfresco.repo.",
	"[alfresco.",
	"-exec-00] ",
	"org.hibernate.",
	"org.eclipse.jetty.",
	"org.apache.solr.core.",
	"com.sun.",
	"javax.",
	"jdk.internal.",
	"        ",
};

/* What some lines of many logs have. */
static const char *const frequent[] = {
	" ERROR ",  " WARN  [",	 "WARNING",    "SEVERE",     " FATAL ",	   "Exception: ", "Caused by: ",
	"Context",  "Service",	 "Handler",    "Manager",    "Listener",   "Server",	  "Session",
	"Impl",	    "bean",	 "class",      "config",     "connection", "content",	  "database",
	"default",  "directory", "failed",     "file",	     "for ",	   "from ",	  "has been ",
	"http://",  "is not ",	 "journal",    "name",	     "node",	   "null",	  "package",
	"path",	    "process",	 "property",   "properties", "request",	   "resource",	  "schema",
	"select ",  "start",	 "subsystem",  "system",     "thread",	   "time",	  "transaction",
	"type",	    "user",	 "value",      "version",    "with ",	   "--------",	  "========",
	"********", "########",	 "Unable to ", "Cannot ",    "Could not ", " in ",	  "ing ",
};

/* Four bytes of a word each, folded; by their hash, or as near behind it as there was room. */
enum { SLOT_BITS = 12, SLOTS = 1 << SLOT_BITS };
static struct slot {
	uint32_t four;
	uint8_t kind; /* enum rarity_word; RARITY_NO_WORD: free */
} slots[SLOTS];
static pthread_once_t prepare_once = PTHREAD_ONCE_INIT;

static struct slot *slot_of(uint32_t four)
{
	size_t i = four * UINT32_C(0x9e3779b1) >> (32 - SLOT_BITS);

	while (slots[i].kind != RARITY_NO_WORD && slots[i].four != four)
		i = (i + 1) % SLOTS;
	return &slots[i];
}

static void learn(const char *const *words, size_t n, enum rarity_word kind)
{
	for (size_t i = 0; i < n; i++) {
		for (const char *s = words[i]; strlen(s) >= 4; s++) {
			uint32_t four;

			memcpy(&four, s, 4);
			four |= UINT32_C(0x20202020);
			*slot_of(four) = (struct slot){ four, (uint8_t)kind };
		}
	}
}

static void learn_all(void)
{

	learn(frequent, ARRAY_LEN(frequent), RARITY_FREQUENT);
	learn(everyday, ARRAY_LEN(everyday), RARITY_EVERYDAY);
}

void rarity_prepare(void)
{
	pthread_once(&prepare_once, learn_all);
}

enum rarity_word rarity_word(uint32_t four_folded)
{
	return (enum rarity_word)slot_of(four_folded)->kind;
}

static unsigned byte_bits(unsigned byte)
{
	return byte < 128 ? ascii_bits[byte] : 18;
}

unsigned rarity_of_byte(unsigned byte)
{
	return byte_bits(byte) * RARITY_BIT;
}

/* log2 in eighths; the fraction is linear, which is off by less than an eighth. */
static unsigned log2_eighths(uint32_t x)
{
	unsigned whole = 31 - (unsigned)__builtin_clz(x);

	return whole * 8 + ((whole >= 3 ? x >> (whole - 3) : x << (3 - whole)) & 7);
}

unsigned rarity_of_set(const struct byteset *s)
{
	enum { WHOLE = 20 };
	uint32_t share = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		if (byteset_has(s, byte))
			share += UINT32_C(1) << (WHOLE - byte_bits(byte));
	if (share == 0)
		return 32 * RARITY_BIT; /* the empty set is met never */
	unsigned bits = log2_eighths(share);

	return bits >= WHOLE * RARITY_BIT ? 0 : WHOLE * RARITY_BIT - bits;
}

size_t rarity_window(const uint16_t *rarity, size_t n, size_t gram, size_t row, uint64_t *share)
{
	enum { GRAMS_MAX = 8 };
	uint64_t of[GRAMS_MAX] = { 0 }, sum = 0;
	size_t best = 0;
	unsigned bits = 0;

	*share = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		bits += rarity[i];
		if (i + 1 < gram)
			continue;
		size_t at = i + 1 - gram;

		sum -= of[at % row];
		of[at % row] = RARITY_ALL >> (bits / RARITY_BIT < 40 ? bits / RARITY_BIT : 40);
		sum += of[at % row];
		bits -= rarity[at];
		if (at + 1 >= row && sum < *share) {
			*share = sum;
			best = at + 1 - row;
		}
	}
	return best;
}
