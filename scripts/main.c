// SPDX-License-Identifier: GPL-2.0-only
/*
 * respawn: a test harness for kernel-thread lifecycle under CPU hotplug.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
			printf("  %-18s %s%s%s%s\n", commands[i].name, commands[i].help,
			       commands[i].defaults ? " [" : "", commands[i].defaults ?: "",
			       commands[i].defaults ? "]" : "");
	return EXIT_PASS;
}

static void usage(FILE *f)
{
	fprintf(f, "usage: respawn COMMAND [-s] [NAME=value]...\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-18s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\n'respawn variables' lists the variables and their defaults.\n");
}

static const struct command *find_command(const char *name)
{
	__auto_strv struct strv names = { 0 };
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name))
			return &commands[i];
		strv_add(&names, "%s", commands[i].name);
	}
	near = strv_nearest(&names, name);
	if (near)
		die("%s: no such command; did you mean %s?", name, near);
	die("%s: no such command; 'respawn help' lists them", name);
}

/*
 * make ends the shell that it has called this from, and nothing that the shell has
 * called; a shell may become what it calls last. What a test of the user's calls has the
 * name of a shell further out.
 */
static void end_with_make(void)
{
	const char *shell = getenv("RESPAWN_MAKE");
	pid_t pid = shell ? atoi(shell) : 0;

	if (pid == getpid() || pid == getppid())
		end_with_parent(getppid());
}

/*
 * What killed runs have left goes, and what was not used for longest. That may be what
 * a record needs, which nobody uses before the record is read.
 */
static void make_room(const struct options *o)
{
	__auto_free char *runs = fmt("%s/runs", o->out);

	cache_sweep(runs);
	if (!*o->run && !*o->bundle)
		cache_trim(o->cache_max * GB);
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct options o;
	int status;

	/* Whoever called this may not have cared for children, but what is here does. */
	signal(SIGCHLD, SIG_DFL);
	end_with_make();
	if (argc < 2) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (has_word("help -h --help", " ", argv[1])) {
		usage(stdout);
		return EXIT_PASS;
	}
	if (!strcmp(argv[1], "bisect-step"))
		die_for_bisect();
	c = find_command(argv[1]);
	options_parse(&o, c->name, c->defaults, argc - 2, argv + 2);
	if (c->kind <= STEP)
		make_room(&o);
	status = c->fn(&o);
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_PASS)
		die("what was to be printed could not be written: is the disk full?");
	return status;
}
