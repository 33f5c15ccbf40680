/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/version.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "pattern/ask.h"

static const struct command *const commands[] = {
#define KIND(x) &command_##x,
#include "app/kinds.def"
#undef KIND
};

const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? commands[i] : NULL;
}

static int show(struct buf *out)
{
	struct err e;

	if (io_write_all(STDOUT_FILENO, buf_text(out), out->len, &e) == 0)
		return 0;
	log_error("standard output: %s", e.text);
	return EXIT_REPORT;
}

static int general_help(void)
{
	AUTO_BUF out = BUF_INIT(1 << 16);

	buf_str(&out, "gonogo watches a server come up after an upgrade and says GO or NO-GO, with the "
		      "evidence.\n\n"
		      "usage: gonogo COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		buf_printf(&out, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	buf_str(&out, "\ngonogo COMMAND --help shows a command's options.\n"
		      "exit: 0 GO, 1 NO-GO, 2 ROLLBACK, 3 UNDECIDED, 64 usage, 65 log unreadable,\n"
		      "      70 bug, 74 report not written, 78 wrong plan, set or probe file\n");
	return show(&out);
}

static int command_help(const struct command *c)
{
	AUTO_BUF out = BUF_INIT(1 << 16);

	buf_printf(&out, "usage: gonogo %s [OPTION...] %s\n%s\n\n", c->name, c->operands, c->help);
	options_help(c, &out);
	return show(&out);
}

static int show_version(void)
{
	AUTO_BUF out = BUF_INIT(1 << 12);

	version_text(&out);
	return show(&out);
}

static int usage_error(const char *what)
{
	log_error("%s", what);
	log_error("see gonogo --help");
	return EXIT_USAGE;
}

static int run_command(const struct command *c, struct options *o, int argc, char **argv)
{
	struct err e;
	int n = options_parse(o, c, argc, argv, &e);

	if (n < 0)
		return usage_error(e.text);
	if (o->no_prefilter)
		ask_without_prefilter();
	log_set_level(o->quiet ? LOG_QUIET : o->verbose ? LOG_INFO : LOG_WARN);
	if (o->help)
		return command_help(c);
	if (o->version)
		return show_version();
	return c->run(o, n, argv);
}

static int unknown_command(const char *name)
{
	const char *names[ARRAY_LEN(commands)], *near;
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i]->name;
	near = str_nearest(name, names, ARRAY_LEN(names));
	text = mem_printf("there is no command '%s'%s%s%s", name, near ? ", did you mean '" : "",
			  near ? near : "", near ? "'?" : "");
	return usage_error(text);
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct options o;
	int code;

	signal(SIGPIPE, SIG_IGN); /* a closed report pipe is an error of write(), not our death */
	if (argc < 2)
		return usage_error("what to do? (run, scan, follow, ...)");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return general_help();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return show_version();
	c = command_named(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	options_init(&o);
	code = run_command(c, &o, argc - 2, argv + 2);
	options_clear(&o);
	secret_forget_all();
	return code;
}
