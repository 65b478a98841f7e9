// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/kernel.c: what is remembered of a kernel that does not build.
 * The kernel is a Makefile, which says what is planted.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "build/kernel.h"
#include "lib/ui.h"

#define NO_KERNEL	7

static const struct arch *arch;

/* A tree whose build notes that it was tried, says @words, and fails */
static void plant(const char *words)
{
	__auto_free char *command =
		fmt("mkdir -p %s/user/kernel && cd %s/user && : >kernel/kthread.c && cat >Makefile <<'END' && git init -q && git add -A && git -c user.name=x -c user.email=x@localhost commit -qm x\n"
		    "Makefile:;\nallnoconfig:\n\tcp $(KCONFIG_ALLCONFIG) $(O)/.config\nmodules:\n"
		    "%%: FORCE\n\t@echo >>%s/tried; printf '%%b\\n' '%s'; exit 1\nFORCE:\nEND",
		    out, out, out, words);

	assert_int_equal(system(command), 0);
}

static int build(const void *unused)
{
	struct request r = {
		.arch = arch, .config = "default", .series = "none", .overlay = "none",
		.kunitconfig = "", .pin = "", .commit = "", .tarball = "", .patches = "",
	};
	__auto_free char *user = fmt("%s/user", out), *why = NULL;
	struct kernel k;
	struct tree t;

	(void)unused;
	r.tree = user;
	tree_open(&t, &r);
	kernel_name(&k, &r, &t);
	why = kernel_have(&k, &t);
	if (why)
		fprintf(stderr, "%s\n", why);
	fflush(stderr);
	return why ? NO_KERNEL : 0;
}

static size_t times_tried(void)
{
	__auto_free char *path = fmt("%s/tried", out), *text = read_file(path, NULL);

	return text ? strlen(text) : 0;
}

static int setup(void **state)
{
	arch = NULL;
	while ((arch = arch_next(arch)) && !arch_is_host(arch))
		;
	if (!arch)
		skip();
	return fresh_out(state);
}

static void what_is_wrong_with_the_source_is_remembered(void **state)
{
	/* Each is another source, and so another kernel. */
	static const char *const faults[] = {
		"kernel/a.c:1:2: error: expected",
		"$(CURDIR)/kernel/a.c:1:2: error: expected",
		"a.c:3:10: fatal error: linux/b.h: No such file or directory",
		"ERROR: modpost: \"f\" [drivers/a.ko] undefined!",
		"ld: a.c:12: undefined reference to f\\nmake[1]: *** [vmlinux] Error 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		__auto_free char *said = NULL, *log = NULL, *word = NULL;
		const char *last = strstr(faults[i], "or: ") ?: faults[i];
		size_t before = times_tried();

		plant(faults[i]);
		assert_int_equal(in_a_child(build, NULL), NO_KERNEL);
		log = fmt("%s/log", out);
		assert_int_equal(child_says(build, NULL, log), NO_KERNEL);
		if (times_tried() != before + 1)
			fail_msg("%s: tried %zu times", faults[i], times_tried() - before);
		said = read_file(log, NULL);
		word = fmt("%.*s; this is known from last time", (int)strcspn(last, "\\"), last);
		if (!strstr(said, word))
			fail_msg("'%s' is not in: %s", word, said);
	}
}

/* It may be gone next time. */
static void what_is_wrong_with_the_host_is_not(void **state)
{
	static const struct {
		const char *words;
		int status;
	} faults[] = {
		{ "cc1: fatal error: a.s: No space left on device", EXIT_ERROR },
		{ "gcc: fatal error: Killed signal terminated program cc1", EXIT_ERROR },
		{ "make[2]: *** [a.o] Error 127", EXIT_ERROR },
		{ "make[2]: *** [a.o] Interrupt", NO_KERNEL },
		{ "a.c:1:2: internal compiler error: Segmentation fault", NO_KERNEL },
		{ "a.c:1:2: fatal error: cannot write a.s", NO_KERNEL },
		{ "scripts/a.c:3:10: fatal error: openssl/a.h: No such file or directory",
		  NO_KERNEL },
		{ "$(CURDIR)/tools/a.c:1:2: error: expected", NO_KERNEL },
		{ "ld: cannot find -lelf: No such file or directory", NO_KERNEL },
		{ "scripts/a.c:12: undefined reference to f", NO_KERNEL },
		{ "make[2]: *** [a.o] Error 1\\na.c:1:2: error: expected", NO_KERNEL },
		{ "", NO_KERNEL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		size_t before = times_tried();

		plant(faults[i].words);
		for (size_t n = 1; n < 3; n++) {
			int status = in_a_child(build, NULL);

			if (status != faults[i].status || times_tried() != before + n)
				fail_msg("%s: status %d, tried %zu times of %zu", faults[i].words,
					 status, times_tried() - before, n);
		}
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, remove_out)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_with_the_source_is_remembered),
		TEST(what_is_wrong_with_the_host_is_not),
	};
	char cache[] = "/tmp/respawn-test.XXXXXX";
	int ret;

	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	ui_init(UI_QUIET);
	ret = cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
	remove_tree(cache);
	return ret;
}
