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

#include "build/arch.h"

/* What every guest needs, up to a PROBE_END; what else, the architecture says. */
static const struct need common[] = {
	{ PROBE_PROGRAM, "git", "git", "holds the kernel tree and applies the series", ANYWHERE },
	{ PROBE_PROGRAM, "cc", "gcc", "builds the host program", ANYWHERE },
	{ PROBE_PROGRAM, "make", "make", "builds the kernel", ANYWHERE },
	{ PROBE_PROGRAM, "flex", "flex", "Kconfig of the kernel", ANYWHERE },
	{ PROBE_PROGRAM, "bison", "bison", "Kconfig of the kernel", ANYWHERE },
	{ PROBE_PROGRAM, "bc", "bc", "timeconst.h of the kernel", ANYWHERE },
	{ PROBE_PROGRAM, "perl", "perl", "headers of the kernel", ANYWHERE },
	{ PROBE_PROGRAM, "ccache", "ccache", "compiles nothing twice", ANYWHERE },
	{ PROBE_PROGRAM, "pkg-config", "pkg-config", "finds the libraries", ANYWHERE },
	{ PROBE_HEADER, "archive.h", "libarchive-dev", "reads packages, writes the initramfs",
	  ANYWHERE },
	{ PROBE_HEADER, "jansson.h", "libjansson-dev", "reads and writes run records", ANYWHERE },
	{ PROBE_HEADER, "gelf.h", "libelf-dev", "finds functions in kernels", ANYWHERE },
	{ PROBE_HEADER, "elfutils/libdw.h", "libdw-dev", "finds the lines that addresses are of",
	  ANYWHERE },
	{ PROBE_HEADER, "nettle/sha2.h", "nettle-dev", "SHA-256", ANYWHERE },
	{ PROBE_HEADER, "libxml2/libxml/xmlwriter.h", "libxml2-dev", "writes JUnit XML", ANYWHERE },
	{ PROBE_HEADER, "cmocka.h", "libcmocka-dev", "unit tests of the host program", ANYWHERE },
	{ .probe = PROBE_END }
};

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

static bool have_program(const char *name)
{
	char *path = strdup(getenv("PATH") ?: "/usr/bin:/bin"), *save, *dir;
	char file[4096];
	bool found = false;

	for (dir = strtok_r(path, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof(file), "%s/%s", dir, name);
		found = !access(file, X_OK);
	}
	free(path);
	return found;
}

/* A compiler answers with a path if it has the file, else with the bare name. */
static bool have_lib(const char *cc, const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "%s -print-file-name=%s 2>/dev/null | grep -q /", cc, name);
	return shell(command);
}

static bool have_header(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "printf '#if !__has_include(<%s>)\\n#error\\n#endif\\n' | cc -E - >/dev/null 2>&1",
		 name);
	return shell(command);
}

static bool have(const struct need *n, const struct arch *a)
{
	char cc[64] = "cc";

	if (a && !arch_is_host(a))
		snprintf(cc, sizeof(cc), "%sgcc", a->cross);
	switch (n->probe) {
	case PROBE_PROGRAM:
		return have_program(n->name);
	case PROBE_HEADER:
		return have_header(n->name);
	case PROBE_LIB:
		return have_lib(cc, n->name);
	default:
		return true;
	}
}

static bool wanted_here(const struct need *n, const struct arch *a)
{
	return n->where == ANYWHERE || (n->where == WHERE_NATIVE) == arch_is_host(a);
}

/* Note what of these is missing; @a is the architecture they are for, or NULL. */
static void look_for(const struct need *n, const struct arch *a)
{
	for (; n->probe != PROBE_END; n++) {
		size_t used = strlen(packages), listed = strlen(names);

		if ((a && !wanted_here(n, a)) || have(n, a))
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

	if (geteuid() && !(have_program("sudo") && shell("sudo -n true 2>/dev/null"))) {
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
 * deps [ARCH [EXTRA...]]: see that what guests of these architectures need is there, and
 * what else is asked for
 */
int main(int argc, char **argv)
{
	look_for(common, NULL);
	/* What is no architecture, the host program says better; it needs @common. */
	look_for_arches(argc > 1 ? argv[1] : "");
	for (int i = 2; i < argc; i++)
		look_for_extra(argv[i]);
	if (!*packages)
		return 0;
	if (!have_program("apt-get")) {
		fprintf(stderr, "respawn: missing, to be installed with this system's own package manager:%s\n",
			names);
		return 2;
	}
	return install();
}
