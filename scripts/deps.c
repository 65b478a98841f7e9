// SPDX-License-Identifier: GPL-2.0-only
/*
 * What respawn needs of the machine: a table, a probe for each row, and the
 * installation of what is missing. This is a program of its own that needs
 * nothing but the C library, because it runs before anything else can.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/needs.h"

static const struct need debugger[] = {
	{ PROBE_PROGRAM, "gdb-multiarch", "gdb-multiarch", "shows where a run failed", ANYWHERE },
	{ .probe = PROBE_END }
};

/* kselftest's own way to install them */
static const struct need selftests[] = {
	{ PROBE_PROGRAM, "rsync", "rsync", "installs kselftests", ANYWHERE },
	{ .probe = PROBE_END }
};

/* Of respawn itself */
static const struct need tests[] = {
	{ PROBE_PROGRAM, "gdb-multiarch", "gdb-multiarch", "shows where a run failed", ANYWHERE },
	{ PROBE_PROGRAM, "rsync", "rsync", "installs kselftests", ANYWHERE },
	{ PROBE_PROGRAM, "xmllint", "libxml2-utils", "checks JUnit XML", ANYWHERE },
	{ PROBE_PROGRAM, "jsonschema", "python3-jsonschema", "checks JSON reports", ANYWHERE },
	{ .probe = PROBE_END }
};

/* What not everybody needs */
static const struct {
	const char *name;
	const struct need *needs;
} extras[] = {
	{ "gdb", debugger }, { "selftests", selftests }, { "tests", tests },
};

/* What is missing, as apt takes it and as people read it */
static char packages[4096], names[4096];

static bool shell(const char *command)
{
	return system(command) == 0;
}

/* Note what of these is missing; @a is the architecture they are for, or NULL. */
static void look_for(const struct need *n, const struct arch *a)
{
	for (; n->probe != PROBE_END; n++) {
		size_t used = strlen(packages), listed = strlen(names);

		if (need_is_met(n, a))
			continue;
		snprintf(packages + used, sizeof(packages) - used, " %s", n->package);
		snprintf(names + listed, sizeof(names) - listed, "\n  %-24s %s (Debian: %s)",
			 n->name, n->why, n->package);
	}
}

static int install(void)
{
	static const char options[] =
		"DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends";
	const char *sudo = geteuid() ? "sudo -n " : "";
	char *command;

	if (geteuid() && !(need_has_program("sudo") && shell("sudo -n true 2>/dev/null"))) {
		fprintf(stderr, "respawn: packages are missing and this user may not install them; run: sudo apt-get install -y --no-install-recommends%s\n",
			packages);
		return 2;
	}
	printf("installing%s\n", packages);
	fflush(stdout);
	if (asprintf(&command,
		     "exec >/dev/null; %sapt-get update -q; %senv %s%s",
		     sudo, sudo, options, packages) < 0)
		return 2;
	if (!shell(command)) {
		fprintf(stderr, "respawn: apt-get could not install%s\n", packages);
		return 2;
	}
	free(command);
	return 0;
}

/* The architectures of ARCH=, all if it is empty */
static void look_for_arches(const char *list)
{
	const struct arch *a = NULL;
	char text[256], *name, *save;

	if (!list[strspn(list, " ,")]) {
		while ((a = arch_next_usual(a)))
			look_for(a->needs, a);
		return;
	}
	snprintf(text, sizeof(text), "%s", list);
	for (name = strtok_r(text, " ,", &save); name; name = strtok_r(NULL, " ,", &save)) {
		a = arch_find(name);
		if (a)
			look_for(a->needs, a);
	}
}

static void look_for_extra(const char *name)
{
	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++)
		if (!strcmp(extras[i].name, name))
			look_for(extras[i].needs, NULL);
}

/*
 * deps [look] [ARCH [EXTRA...]]: see that what guests of these architectures need is
 * there, and what else is asked for; with "look", say what is missing and install nothing
 */
int main(int argc, char **argv)
{
	bool look = argc > 1 && !strcmp(argv[1], "look");

	argc -= look;
	argv += look;
	look_for(needs_common, NULL);
	/* What is no architecture, the host program says better, once it can be built. */
	look_for_arches(argc > 1 ? argv[1] : "");
	for (int i = 2; i < argc; i++)
		look_for_extra(argv[i]);
	if (!*packages)
		return 0;
	if (look) {
		fprintf(stderr, "respawn: missing, 'make deps' installs them:%s\n", names);
		return 2;
	}
	if (!need_has_program("apt-get")) {
		fprintf(stderr, "respawn: missing, to be installed with this system's own package manager:%s\n",
			names);
		return 2;
	}
	return install();
}
