// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kernels and programs of guests are built with: the compiler, what it calls
 * and what it links. All of it is part of what was built, so it is in the names of
 * that, by content.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "build/toolchain.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/util.h"

/* Some ten builds of each architecture */
#define CCACHE_LIMIT	"5G"

/* Programs that the compiler calls */
static const char *const called[] = { "cc1", "collect2", "as", "ld" };

/* Programs of the same kind that the kernel's make calls */
static const char *const binutils[] = {
	"as", "ld", "ar", "nm", "objcopy", "objdump", "strip", "readelf",
};

/* Programs of the host whose output goes into kernels */
static const char *const tools[] = { "gcc", "ld", "make", "lz4", "bc", "perl" };

/* What a static program is linked with */
static const char *const linked[] = {
	"crt1.o", "crti.o", "crtbeginT.o", "libc.a", "libgcc.a", "libgcc_eh.a",
	"crtend.o", "crtn.o",
};

/**
 * toolchain_compiler - the C compiler of an architecture
 * @a: the architecture
 *
 * Return: its name, to be freed
 */
char *toolchain_compiler(const struct arch *a)
{
	return fmt("%sgcc", arch_is_host(a) ? "" : a->cross);
}

/*
 * ccache goes by the files that make needs to know of. One that the assembler puts into
 * an object as it is (.incbin) is none of them: the object would be that of another
 * content. Sources that do so are assembler, and these two.
 */
static const char cached[] =
	"#!/bin/sh\n"
	"for word; do\n"
	"	case $word in\n"
	"	*.S | */kernel/configs.c | */kernel/kheaders.c) exec \"$@\" ;;\n"
	"	esac\n"
	"done\n"
	"exec ccache \"$@\"\n";

/**
 * toolchain_cached - the C compiler, as make is to call it
 * @a: the architecture
 * @env: gets what that takes in the environment
 *
 * What was compiled before is taken from ccache, if it is installed. It looks at the
 * compiler itself, but not at the assembler; and its own settings are neither the user's
 * nor the host's.
 *
 * Return: the words, to be freed; the same for each clone of respawn
 */
char *toolchain_cached(const struct arch *a, struct strv *env)
{
	__auto_free char *dir = fmt("%s/ccache", host_cache()), *script = fmt("%s/compile", dir);
	__auto_free char *cc = toolchain_compiler(a), *ccache = find_program("ccache"), *is = NULL;

	if (!ccache)
		return copy(cc);
	make_dirs(dir);
	cache_use(dir);
	is = read_file(script, NULL);
	if (!is || strcmp(is, cached))
		write_file(script, cached, strlen(cached));
	strv_add(env, "CCACHE_DIR=%s", dir);
	strv_add(env, "CCACHE_CONFIGPATH=/dev/null");
	strv_add(env, "CCACHE_MAXSIZE=" CCACHE_LIMIT);
	strv_add(env, "CCACHE_BASEDIR=%s", host_cache());
	strv_add(env, "CCACHE_NOHASHDIR=1");
	strv_add(env, "CCACHE_COMPILERCHECK=string:%s", toolchain_id(a));
	/* make has the dependencies anyway: no file is preprocessed twice. */
	strv_add(env, "CCACHE_DEPEND=1");
	strv_add(env, "CCACHE_NOCOMPRESS=1");
	return fmt("sh %s %s", script, cc);
}

/* What the compiler says when it is called with these words */
static char *ask(const struct arch *a, const char *words)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *cc = toolchain_compiler(a);
	char *said = NULL;
	struct run_opts o = { .out = &said };

	strv_add(&argv, "%s", cc);
	strv_split(&argv, words, " ");
	if (run(&argv, &o))
		die("%s %s fails: %.*s; 'make deps' installs what is missing", cc, words,
		    (int)strcspn(said, "\n"), said);
	return said;
}

/**
 * toolchain_version - what the compiler says of itself
 * @a: the architecture
 *
 * Called for records. Dies if there is no compiler.
 *
 * Return: one line, to be freed
 */
char *toolchain_version(const struct arch *a)
{
	char *said = ask(a, "--version");

	said[strcspn(said, "\n")] = '\0';
	return said;
}

/* One that is not there is not used, or what uses it will say so. */
static void hash_found(struct hash *h, const char *name, const char *path)
{
	char hex[HASH_LEN] = "";

	if (path)
		cache_hash_file(path, hex);
	hash_str(h, name);
	hash_str(h, hex);
}

static void hash_program(struct hash *h, const char *prefix, const char *name)
{
	__auto_free char *whole = fmt("%s%s", prefix, name), *path = find_program(whole);

	hash_found(h, name, path);
}

/* A file that the compiler knows the place of; without a "/" it knows none. */
static void hash_asked(struct hash *h, const struct arch *a, const char *how, const char *name)
{
	__auto_free char *words = fmt("-print-%s-name=%s", how, name);
	__auto_free char *place = ask(a, words), *path = NULL;

	place[strcspn(place, "\n")] = '\0';
	if (strchr(place, '/') ? exists(place) : !strcmp(how, "prog"))
		path = find_program(place) ?: copy(place);
	hash_found(h, name, path && exists(path) ? path : NULL);
}

static void compute(const struct arch *a, char id[HASH_LEN])
{
	/* The versions of all headers, and how the compiler is set up */
	__auto_free char *macros =
		ask(a, "-E -dM -include features.h -include linux/version.h -x c /dev/null");
	__auto_free char *cc = toolchain_compiler(a), *version = ask(a, "--version");
	const char *prefix = arch_is_host(a) ? "" : a->cross;
	struct hash *h = hash_new();

	hash_str(h, version);
	hash_str(h, macros);
	hash_program(h, "", cc);
	for (size_t i = 0; i < ARRAY_SIZE(called); i++)
		hash_asked(h, a, "prog", called[i]);
	for (size_t i = 0; i < ARRAY_SIZE(binutils); i++)
		hash_program(h, prefix, binutils[i]);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		hash_program(h, "", tools[i]);
	for (size_t i = 0; i < ARRAY_SIZE(linked); i++)
		hash_asked(h, a, "file", linked[i]);
	hash_end(h, id);
}

/**
 * toolchain_id - a hash of all that builds kernels and programs
 * @a: for which architecture
 *
 * Computed once in a process; what a file contains is remembered across them. Dies if
 * there is no compiler.
 *
 * Return: hex digits
 */
const char *toolchain_id(const struct arch *a)
{
	static struct {
		const struct arch *arch;
		char id[HASH_LEN];
	} *known;
	static size_t n;

	for (size_t i = 0; i < n; i++)
		if (known[i].arch == a)
			return known[i].id;
	known = reallocarray(known, n + 1, sizeof(*known));
	if (!known)
		die("out of memory");
	known[n].arch = a;
	compute(a, known[n].id);
	return known[n++].id;
}
