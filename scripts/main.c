// SPDX-License-Identifier: GPL-2.0-only
/*
 * respawn: a test harness for kernel-thread lifecycle under CPU hotplug.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "edit.h"
#include "options.h"
#include "pin.h"
#include "util.h"

static int variables(void)
{
	options_help();
	return EXIT_PASS;
}

static const struct command {
	const char *name;
	int (*fn)(void);
	const char *help;
} commands[] = {
	{ "check", check, "build, boot and judge every architecture" },
	{ "build", check_build, "build all that check boots" },
	{ "shell", check_shell, "boot into a shell on the terminal" },
	{ "bisect-step", check_bisect_step, "check the commit that git bisect run is at" },
	{ "repin", pin_move, "move the pin to the newest kernel of its series" },
	{ "kernel-edit", edit_open, "open the patched kernel as git commits" },
	{ "kernel-export", edit_export, "write those commits back as the series" },
	{ "variables", variables, "list the variables" },
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "bisect-step"))
		die_for_bisect();
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		options_parse(argc - 2, argv + 2);
		return commands[i].fn();
	}

	fprintf(stderr, "usage: respawn COMMAND [-s] [NAME=value]...\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "  %-14s %s\n", commands[i].name, commands[i].help);
	fprintf(stderr, "\nvariables:\n");
	options_help();
	return EXIT_ERROR;
}
