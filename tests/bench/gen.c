/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the log of a busy Java server, the same bytes each time: gen BYTES PERMILLE SAMPLES > LOG
 * PERMILLE of its lines are events, made from the sample lines that rules.py writes; the rest is what such
 * servers chatter about.  About 190 bytes a line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { LINE_MAX_BYTES = 4096, SAMPLES_MAX = 1000 };

static uint64_t state = 0x2545f4914f6cdd1dU;
static int64_t clock_ms = 36000000; /* since midnight */
static char *samples[SAMPLES_MAX];
static size_t n_samples;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x9e3779b97f4a7c15U >> 16;
}

static size_t below(size_t n)
{
	return (size_t)(draw() % n);
}

static const char *const words[] = {
	"node",	  "content", "workspace", "store",    "archive",  "user",    "aspect",	 "session",
	"cursor", "batch",   "document",  "folder",   "property", "version", "tenant",	 "channel",
	"index",  "locale",  "avatar",	  "group",    "template", "preview", "checkout", "binding",
	"reader", "writer",  "parent",	  "children", "request",  "policy",
};
static const char *const people[] = {
	"admin", "System",   "j.meier",		"m.g\xc3\xb6tz", "a.ren\xc3\xa9",
	"guest", "sync-job", "p.\xc5\x81uczak", "k.weber",
};
static const char *const classes[] = {
	"org.alfresco.repo.domain.node.AbstractNodeDAOImpl",
	"org.alfresco.repo.security.permissions.impl.acegi.MethodSecurityInterceptor",
	"org.alfresco.repo.transaction.RetryingTransactionHelper",
	"org.alfresco.repo.cache.lookup.EntityLookupCache",
	"org.alfresco.repo.content.filestore.FileContentReader",
	"org.alfresco.repo.policy.PolicyComponentImpl",
	"org.alfresco.repo.webdav.PropFindMethod",
	"org.springframework.beans.factory.support.DefaultListableBeanFactory",
	"org.springframework.jdbc.datasource.DataSourceTransactionManager",
	"org.springframework.extensions.webscripts.DeclarativeRegistry",
	"org.springframework.web.servlet.DispatcherServlet",
	"org.hibernate.engine.jdbc.spi.SqlStatementLogger",
	"org.apache.catalina.core.StandardWrapperValve",
	"org.apache.chemistry.opencmis.server.impl.atompub.CmisAtomPubServlet",
	"org.quartz.core.JobRunShell",
	"org.activiti.engine.impl.persistence.entity.ExecutionEntityManager",
};
static const char *const frames[] = {
	"\tat org.springframework.aop.framework.JdkDynamicAopProxy.invoke(JdkDynamicAopProxy.java:{n3})",
	"\tat org.alfresco.repo.transaction.RetryingTransactionHelper.doIn(RetryingTransactionHelper:{n3})",
	"\tat {c}.do{W}(Unknown Source)",
	"\tat {c}$$Lambda${n3}.run(Native Method)",
	"\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:{n3})",
	"\tat org.apache.coyote.http11.AbstractHttp11Processor.process(AbstractHttp11Processor.java:{n4})",
	"\tat sun.reflect.GeneratedMethodAccessor{n3}.invoke(Unknown Source)",
	"\tat java.util.concurrent.ThreadPoolExecutor$Worker.run(ThreadPoolExecutor.java:{n3})",
	"\tat com.sun.proxy.$Proxy{n2}.get{W}(Unknown Source)",
};

/* A template and how often, in a thousand lines, it is the next. */
static const struct {
	unsigned share;
	const char *text;
} chatter[] = {
	{ 97, "{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] Bound resource with key '{w}-{x}' to transaction "
	      "of user {u}: "
	      "{w} has {n} entries, {n} of them loaded, flush mode is COMMIT" },
	{ 90, "{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] Returning cached instance of singleton bean "
	      "'{w}{W}Service' for "
	      "{w} {p} in {n} microseconds after {n} look-ups" },
	{ 80, "{t} DEBUG [{c}] [DefaultScheduler_Worker-{n2}] Evaluating {w} policy of "
	      "workspace://SpacesStore/{x}-{n4}-4{n3}-"
	      "9{n3}-{x}{n4} for {u}: allowed, {n} behaviours were asked" },
	{ 80, "{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] Opened reader for content {w}: "
	      "store://2017/{n2}/{n2}/{n2}/{x}.bin, "
	      "size {n}, mimetype application/vnd.oasis.opendocument.text" },
	{ 70, "{t} DEBUG [{c}] [{w}-pool-{n2}] Method invocation returned: {w}={n}, {w}={n}, {w}='{p}', "
	      "{w}=[{u}, GROUP_{W}], "
	      "elapsed {n} ms" },
	{ 70, "{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] Looking up handler method for path "
	      "/service/api/{w}/{x}/{w} with "
	      "parameters {w}={n}&{w}={w}" },
	{ 60, "{t} DEBUG [{c}] [SearchScheduler_Worker-{n2}] Tracked {n} transactions, {n} nodes and {n} "
	      "access lists up to "
	      "commit time 15{n4}{n4}{n4}" },
	{ 90,
	  "{t} INFO  [{c}] [http-apr-8080-exec-{n2}] User {u} has viewed {p} ({n} bytes, revision 1.{n2})" },
	{ 80, "{t} INFO  [{c}] [DefaultScheduler_Worker-{n2}] Job {w}{W}Job finished, {n} items were "
	      "handled, {n} were skipped, "
	      "next run at 2026-11-21T1{n1}:00:00" },
	{ 70, "{t} INFO  [{c}] [localhost-startStop-1] Registered {n} web scripts and {n} extensions of "
	      "package {w}.{w} from "
	      "classpath*:alfresco/extension/{w}/*.desc.xml" },
	{ 40, "21-Nov-2026 {h} FINE [ajp-nio-8009-exec-{n2}] {c}.{w} Session {x}{x}{x}{x} of host localhost "
	      "accessed {n} times, "
	      "idle for {n} s" },
	{ 30, "{t} WARN  [{c}] [http-apr-8080-exec-{n2}] Slow {w} query took {n} ms for user {u}, {n} rows "
	      "were read from "
	      "{w}_{w}" },
	{ 68, "{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] select this_.id as id1_{n2}_, this_.version as "
	      "version2_{n2}_, "
	      "this_.protocol as protocol3_{n2}_, this_.identifier as ident4_{n2}_, this_.audit_creator as "
	      "audit5_{n2}_, "
	      "this_.{w}_{w} as {w}6_{n2}_, parent_.child_node_name as child7_{n2}_ from alf_node this_ "
	      "inner join "
	      "alf_child_assoc parent_ on parent_.child_node_id = this_.id where this_.store_id = ? and "
	      "this_.{w}_id in "
	      "(?, ?, ?, ?, ?, ?, ?, ?) order by this_.id asc limit {n}" },
	{ 50, "10.{n2}.{n2}.{n2} - {u} [21/Nov/2026:{h} +0100] \"GET /alfresco/service/api/{w}/{w}?{w}={n} "
	      "HTTP/1.1\" 200 {n} "
	      "\"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\"" },
	{ 25, NULL }, /* a stack trace that was logged at DEBUG */
};

static size_t number(char *at, unsigned digits)
{
	size_t n = 0;

	for (; n < digits; n++)
		at[n] = (char)('0' + below(10));
	return n;
}

static size_t hex(char *at)
{
	return (size_t)sprintf(at, "%08x", (unsigned)draw() & 0xffffffffU);
}

static size_t time_of_day(char *at, char fraction)
{
	clock_ms += (int64_t)below(7);
	int64_t s = clock_ms / 1000;

	return (size_t)sprintf(at, "%02d:%02d:%02d%c%03d", (int)(s / 3600 % 24), (int)(s / 60 % 60),
			       (int)(s % 60), fraction, (int)(clock_ms % 1000));
}

/* Most are plain, so that UTF-8 is on about one line in twenty. */
static const char *person(void)
{
	static const char *const plain[] = { "admin", "System", "guest", "j.meier" };

	return below(6) ? plain[below(LEN(plain))] : people[below(LEN(people))];
}

static size_t put(char *at, const char *text)
{
	size_t n = strlen(text);

	memcpy(at, text, n);
	return n;
}

static size_t path(char *at)
{
	size_t n = 0;

	for (size_t depth = 2 + below(3); depth; depth--)
		n += (size_t)sprintf(at + n, "/%s%zu", words[below(LEN(words))], below(90));
	return n;
}

static size_t fill(char *at, char what, char digit)
{
	size_t n;

	switch (what) {
	case 't':
		n = put(at, "2026-11-21 ");
		return n + time_of_day(at + n, ',');
	case 'h':
		return time_of_day(at, '.');
	case 'n':
		return digit ? number(at, (unsigned)(digit - '0'))
			     : (size_t)sprintf(at, "%zu", 1 + below(99999));
	case 'x':
		return hex(at);
	case 'p':
		return path(at);
	case 'c':
		return put(at, classes[below(LEN(classes))]);
	case 'u':
		return put(at, person());
	case 'W':
		n = put(at, words[below(LEN(words))]);
		at[0] = (char)(at[0] - 'a' + 'A');
		return n;
	default:
		return put(at, words[below(LEN(words))]);
	}
}

/* Appends the template with each {what} or {what digit} filled in; '{}' of other shapes stays as it is. */
static size_t expand(char *line, const char *text)
{
	size_t n = 0;

	while (*text) {
		if (*text == '{' && text[1] && strchr("tnxpcuwWh", text[1]) &&
		    (text[2] == '}' || text[3] == '}')) {
			char digit = text[2] == '}' ? '\0' : text[2];

			n += fill(line + n, text[1], digit);
			text += digit ? 4 : 3;
		} else {
			line[n++] = *text++;
		}
	}
	line[n++] = '\n';
	return n;
}

static size_t event(char *line)
{
	static const char *const heads[] = {
		['E'] = "{t} ERROR [{c}] [localhost-startStop-1] ",
		['W'] = "{t} WARN  [{c}] [http-apr-8080-exec-{n2}] ",
		['I'] = "{t} INFO  [{c}] [localhost-startStop-1] ",
		['J'] = "21-Nov-2026 {h} SEVERE [main] {c}.{w} ",
	};
	const char *sample = samples[below(n_samples)];
	size_t n = 0;

	if (*sample != '-')
		n = expand(line, heads[(unsigned char)*sample]) - 1;
	return n + expand(line + n, sample + 2);
}

static size_t chat(char *line, size_t *trace_left)
{
	if (*trace_left) {
		(*trace_left)--;
		return expand(line, frames[below(LEN(frames))]);
	}
	size_t at = below(1000);

	for (size_t i = 0; i < LEN(chatter); i++) {
		if (at < chatter[i].share && chatter[i].text)
			return expand(line, chatter[i].text);
		if (at < chatter[i].share)
			break;
		at -= chatter[i].share;
	}
	*trace_left = 8 + below(18);
	return expand(
		line,
		"{t} DEBUG [{c}] [http-apr-8080-exec-{n2}] Call of {w} {w} came from here: for {u}, {w} {p}");
}

static void load_samples(const char *file)
{
	static char text[256 * 1024];
	FILE *f = fopen(file, "re");

	if (!f || fread(text, 1, sizeof(text) - 1, f) == 0) {
		perror(file);
		exit(74);
	}
	fclose(f);
	for (char *s = text; *s && n_samples < SAMPLES_MAX;) {
		char *end = strchr(s, '\n');

		samples[n_samples++] = s;
		if (!end)
			break;
		*end = '\0';
		s = end + 1;
	}
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_BYTES * 2];

	if (argc != 4) {
		fprintf(stderr, "usage: gen BYTES PERMILLE SAMPLES > LOG\n");
		return 64;
	}
	uint64_t want = strtoull(argv[1], NULL, 10), permille = strtoull(argv[2], NULL, 10), written = 0;
	size_t trace_left = 0;

	load_samples(argv[3]);
	while (written < want) {
		bool eventful = below(1000) < permille;
		size_t n = eventful ? event(line) : chat(line, &trace_left);

		if (fwrite(line, 1, n, stdout) != n)
			break;
		written += n;
	}
	if (fclose(stdout) != 0) {
		perror("writing the log");
		return 74;
	}
	return 0;
}
