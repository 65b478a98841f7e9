// SPDX-License-Identifier: GPL-2.0-only
/*
 * respawn: a test harness for kernel-thread lifecycle under CPU hotplug.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "lib/cache.h"
#include "lib/util.h"
#include "options.h"

#define GB	1000000000ULL

/* As cmd.h has them; those up to STEP fill the cache. */
enum kind { CHECK, JOB, STEP, LOOK, INNER };

/**
 * struct command - what the program can be asked to do
 * @kind: what make is to think of it
 * @name: the word for it
 * @fn: does it, and returns an exit status
 * @defaults: variables whose default is another one for it, or NULL
 * @help: what it does, for people
 */
static const struct command {
	enum kind kind;
	const char *name;
	int (*fn)(const struct options *o);
	const char *defaults;
	const char *help;
} commands[] = {
#define ROW(kind, word, fn, defaults, help)	{ kind, word, fn, defaults, help },
	COMMANDS(ROW)
};

int cmd_variables(const struct options *o)
{
	(void)o;
	options_help();
	return EXIT_PASS;
}

int cmd_targets(const struct options *o)
{
	(void)o;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].kind != INNER && commands[i].kind != STEP)
			printf("  %-18s %s\n", commands[i].name, commands[i].help);
	return EXIT_PASS;
}

static int usage(void)
{
	fprintf(stderr, "usage: respawn COMMAND [-s] [NAME=value]...\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "  %-18s %s\n", commands[i].name, commands[i].help);
	fprintf(stderr, "\n'respawn variables' lists the variables and their defaults.\n");
	return EXIT_ERROR;
}

/* What killed runs have left goes, and what was not used for longest. */
static void make_room(const struct options *o)
{
	__auto_free char *runs = fmt("%s/runs", o->out);

	cache_sweep(runs);
	cache_trim(o->cache_max * GB);
}

int main(int argc, char **argv)
{
	struct options o;

	if (argc > 1 && !strcmp(argv[1], "bisect-step"))
		die_for_bisect();
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		options_parse(&o, commands[i].defaults, argc - 2, argv + 2);
		if (commands[i].kind <= STEP)
			make_room(&o);
		return commands[i].fn(&o);
	}
	return usage();
}
