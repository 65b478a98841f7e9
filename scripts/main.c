// SPDX-License-Identifier: GPL-2.0-only
/*
 * respawn: a test harness for kernel-thread lifecycle under CPU hotplug.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cmd/bench.h"
#include "cmd/bugs.h"
#include "cmd/bundle.h"
#include "cmd/check.h"
#include "cmd/kernel_edit.h"
#include "cmd/explore.h"
#include "cmd/minimise.h"
#include "cmd/mutate.h"
#include "options.h"
#include "build/pin.h"
#include "cmd/replay.h"
#include "cmd/check_series.h"
#include "lib/util.h"

static int variables(void)
{
	options_help();
	return EXIT_PASS;
}

/**
 * struct command - what the program can be asked to do
 * @name: the word for it
 * @fn: does it, and returns an exit status
 * @help: what it does, for people
 * @defaults: variables whose default is another one for it, or NULL
 */
#define STRESS	"PLAN=stress STRATEGY=mix CYCLES=100"

static const struct command {
	const char *name;
	int (*fn)(void);
	const char *help;
	const char *defaults;
} commands[] = {
	{ "check", check, "build, boot and judge every architecture", "CYCLES=60" },
	{ "build", check_build, "build all that check boots", NULL },
	{ "stress", check, "one stress run, by SEED=, under a schedule that is the seed's too",
	  STRESS },
	{ "explore", explore, "many stress runs, a seed each, until one fails", STRESS },
	{ "replay", replay, "a run again, by its record: is it the same?", NULL },
	{ "minimise", minimise, "the least that fails as a record does", NULL },
	{ "bundle", bundle, "a record and all its replay needs, in one file", NULL },
	{ "bugs", bugs, "plant known bugs: does explore find them, and replay show them again?",
	  STRESS " ARCH=arm64 SEEDS=1..300" },
	{ "check-determinism", check_determinism,
	  "passing and failing runs again and again: is each the same to the last bit?",
	  "PLAN=stress STRATEGY=random CYCLES=20" },
	{ "mutate", mutate, "break the primitives line by line, see each break caught",
	  "ARCH=arm64 STALL=10 TIMEOUT=60" },
	{ "check-series", check_series, "check every patch of the series by itself", NULL },
	{ "bench-primitives", bench_primitives,
	  "measure the primitives beside mainline", "TIMING=real" },
	{ "bench-hotplug", bench_hotplug,
	  "measure how fast CPUs go and come back, in virtual and in real time, beside torture_onoff",
	  "OPS=offline,online ACTORS=0 CYCLES=2000 SMPBOOT=park N=3" },
	{ "shell", check_shell, "boot into a shell on the terminal", NULL },
	{ "bisect-step", check_bisect_step, "check the commit that git bisect run is at", NULL },
	{ "repin", pin_move, "move the pin to the newest kernel of its series", NULL },
	{ "kernel-edit", edit_open, "open the patched kernel as git commits", NULL },
	{ "kernel-export", edit_export, "write those commits back as the series", NULL },
	{ "variables", variables, "list the variables", NULL },
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "bisect-step"))
		die_for_bisect();
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		options_defaults(commands[i].defaults);
		options_parse(argc - 2, argv + 2);
		return commands[i].fn();
	}

	fprintf(stderr, "usage: respawn COMMAND [-s] [NAME=value]...\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "  %-17s %s\n", commands[i].name, commands[i].help);
	fprintf(stderr, "\nvariables:\n");
	options_help();
	return EXIT_ERROR;
}
