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

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum probe {
	PROGRAM,	/* in the PATH */
	HEADER,		/* the host's C compiler finds it */
	HOST_LIB,	/* the host's C compiler finds it */
	ARM64_LIB,	/* the arm64 cross compiler finds it */
};

static const struct need {
	enum probe probe;
	const char *name;
	const char *package;	/* Debian's name for it */
	const char *why;
	const char *only;	/* for guests of this architecture, or "gdb"; or NULL */
} needs[] = {
	{ PROGRAM, "git", "git", "holds the kernel tree and applies the series", NULL },
	{ PROGRAM, "cc", "gcc", "builds the host program and x86_64 kernels", NULL },
	{ PROGRAM, "make", "make", "builds the kernel", NULL },
	{ HOST_LIB, "libc.a", "libc6-dev", "static programs of x86_64 guests", NULL },
	{ PROGRAM, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu",
	  "builds arm64 kernels", "arm64" },
	{ ARM64_LIB, "libc.a", "libc6-dev-arm64-cross",
	  "static programs of arm64 guests", "arm64" },
	{ PROGRAM, "flex", "flex", "Kconfig of the kernel", NULL },
	{ PROGRAM, "bison", "bison", "Kconfig of the kernel", NULL },
	{ PROGRAM, "bc", "bc", "timeconst.h of the kernel", NULL },
	{ PROGRAM, "perl", "perl", "headers of the kernel", NULL },
	{ HEADER, "libelf.h", "libelf-dev", "objtool of the kernel", "x86_64" },
	{ PROGRAM, "lz4", "lz4", "compresses the x86_64 kernel image", "x86_64" },
	{ PROGRAM, "ccache", "ccache", "compiles nothing twice", NULL },
	{ PROGRAM, "pkg-config", "pkg-config", "finds the libraries", NULL },
	{ HEADER, "archive.h", "libarchive-dev", "reads packages, writes the initramfs", NULL },
	{ HEADER, "jansson.h", "libjansson-dev", "reads and writes run records", NULL },
	{ HEADER, "nettle/sha2.h", "nettle-dev", "SHA-256", NULL },
	{ HEADER, "cmocka.h", "libcmocka-dev", "unit tests of the host program", NULL },
	{ PROGRAM, "gdb-multiarch", "gdb-multiarch", "shows where a run failed", "gdb" },
	{ PROGRAM, "qemu-system-x86_64", "qemu-system-x86", "boots x86_64 guests", "x86_64" },
	{ PROGRAM, "qemu-system-aarch64", "qemu-system-arm", "boots arm64 guests", "arm64" },
};

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

static bool have(const struct need *n)
{
	switch (n->probe) {
	case PROGRAM:
		return have_program(n->name);
	case HEADER:
		return have_header(n->name);
	case HOST_LIB:
		return have_lib("cc", n->name);
	case ARM64_LIB:
		return have_lib("aarch64-linux-gnu-gcc", n->name);
	}
	return false;
}

static bool wanted(const struct need *n, const char *arch, bool gdb)
{
	if (n->only && !strcmp(n->only, "gdb"))
		return gdb;
	return !n->only || !*arch || strstr(arch, n->only);
}

static int install(const char *packages)
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

/* deps [ARCH [gdb]]: see that what guests of these architectures need is there */
int main(int argc, char **argv)
{
	const char *arch = argc > 1 ? argv[1] : "";
	bool gdb = argc > 2 && !strcmp(argv[2], "gdb");
	char packages[4096] = "", names[4096] = "";
	size_t used = 0, listed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct need *n = &needs[i];

		if (!wanted(n, arch, gdb) || have(n))
			continue;
		used += snprintf(packages + used, sizeof(packages) - used, " %s",
				 n->package);
		listed += snprintf(names + listed, sizeof(names) - listed,
				   "\n  %-24s %s (Debian: %s)", n->name, n->why,
				   n->package);
	}
	if (!used)
		return 0;
	if (!have_program("apt-get")) {
		fprintf(stderr, "respawn: missing, to be installed with this system's own package manager:%s\n",
			names);
		return 2;
	}
	return install(packages);
}
