// SPDX-License-Identifier: GPL-2.0-only
/*
 * What respawn needs of the machine: a table, and a probe for each row. The program that
 * installs packages has these, too, so nothing is used here but the C library.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/needs.h"

/* What every guest needs, up to a PROBE_END; what else, the architecture says. */
const struct need needs_common[] = {
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

/**
 * need_has_program - is there a program in the PATH?
 * @name: its name
 *
 * Return: whether there is
 */
bool need_has_program(const char *name)
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
	return !system(command);
}

static bool have_header(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "printf '#if !__has_include(<%s>)\\n#error\\n#endif\\n' | cc -E - >/dev/null 2>&1",
		 name);
	return !system(command);
}

static bool have(const struct need *n, const struct arch *a)
{
	char cc[64] = "cc";

	if (a && !arch_is_host(a))
		snprintf(cc, sizeof(cc), "%sgcc", a->cross);
	switch (n->probe) {
	case PROBE_PROGRAM:
		return need_has_program(n->name);
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

/**
 * need_is_met - has this machine what is needed?
 * @n: what
 * @a: the architecture that it is for, NULL if for all
 *
 * Return: whether it has, or another kind of host would need it
 */
bool need_is_met(const struct need *n, const struct arch *a)
{
	return (a && !wanted_here(n, a)) || have(n, a);
}
