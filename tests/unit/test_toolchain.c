// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/toolchain.c: what is compiled a second time comes from ccache,
 * but never with what a file had in it the first time.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "build/arch.h"
#include "build/toolchain.h"

/* Compile @source as a kernel does; whether that went well */
static bool compile(const struct arch *a, const char *source)
{
	__auto_strv struct strv env = { 0 };
	__auto_free char *cc = toolchain_cached(a, &env), *words = strv_join(&env, "' '");
	__auto_free char *cmd = fmt("cd %s && env '%s' %s -Wp,-MMD,it.d -c -o it.o %s", out, words,
				    cc, source);

	return !system(cmd);
}

static void put(const char *name, const char *text)
{
	__auto_free char *path = fmt("%s/%s", out, name), *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, text, strlen(text));
}

/* Is @text in the object? */
static bool holds(const char *text)
{
	__auto_free char *path = fmt("%s/it.o", out), *object = NULL;
	size_t len;

	object = read_file(path, &len);
	assert_non_null(object);
	return memmem(object, len, text, strlen(text));
}

static unsigned int hits(const struct arch *a)
{
	__auto_strv struct strv env = { 0 };
	__auto_free char *cc = toolchain_cached(a, &env), *words = strv_join(&env, "' '");
	__auto_free char *cmd = fmt("env '%s' ccache --print-stats", words);
	unsigned int n = 0, one;
	char line[256];
	FILE *f = popen(cmd, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "direct_cache_hit %u", &one) == 1)
			n += one;
	assert_int_equal(pclose(f), 0);
	return n;
}

/* The x86_64 kernel is put into the image that boots by a source that is often the same. */
static void a_file_that_is_put_in_is_looked_at(void **state)
{
	static const char *const sources[] = {
		"arch/piggy.S", "kernel/configs.c", "kernel/kheaders.c",
	};
	static const char *const texts[] = {
		".incbin \"blob\"\n", "__asm__(\".incbin \\\"blob\\\"\");\n",
		"__asm__(\".incbin \\\"blob\\\"\");\n",
	};
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		if (!arch_is_host(a))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
			__auto_free char *path = fmt("./%s", sources[i]);

			put(sources[i], texts[i]);
			put("blob", "what was first");
			assert_true(compile(a, path));
			assert_true(holds("what was first"));
			put("blob", "what is now...");
			assert_true(compile(a, path));
			assert_true(holds("what is now..."));
			assert_false(holds("what was first"));
		}
	}
}

static void nothing_is_compiled_twice(void **state)
{
	const struct arch *a = NULL;
	unsigned int before;

	(void)state;
	while ((a = arch_next(a))) {
		if (!arch_is_host(a))
			continue;
		put("kernel/twice.c", "int twice(int n);\nint twice(int n) { return 2 * n; }\n");
		assert_true(compile(a, "kernel/twice.c"));
		before = hits(a);
		assert_true(compile(a, "kernel/twice.c"));
		assert_int_equal(hits(a), before + 1);
	}
}

static int own_cache(void **state)
{
	__auto_free char *cache = NULL;
	int err = fresh_out(state);

	cache = fmt("%s/cache", out);
	return err || setenv("XDG_CACHE_HOME", cache, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_put_in_is_looked_at),
		cmocka_unit_test(nothing_is_compiled_twice),
	};

	return cmocka_run_group_tests(tests, own_cache, remove_out);
}
