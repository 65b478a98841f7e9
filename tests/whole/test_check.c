// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main job as a user runs it: make check passes on every architecture, and
 * does not once one line of the primitives is wrong.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static char *out;

static int fresh_out(void **state)
{
	(void)state;
	out = copy("/tmp/respawn-test.XXXXXX");
	return !mkdtemp(out);
}

static int remove_out(void **state)
{
	(void)state;
	remove_tree(out);
	free(out);
	return 0;
}

/* make with these words, in the source folder, as a user would type it */
static int make(const char *words, char **said)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *dir = fmt("%s/..", TESTS_DIR);
	struct run_opts o = { .dir = dir, .out = said };

	strv_add(&argv, "make");
	strv_add(&argv, "O=%s", out);
	strv_split(&argv, words, " ");
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	return run(&argv, &o);
}

static void expect(const char *words, int status, const char *text)
{
	char *said = NULL;
	int got = make(words, &said);

	if (got != status || !strstr(said, text))
		fail_msg("make %s: status %d, expected %d and '%s':\n%s", words, got,
			 status, text, said);
	free(said);
}

static void every_arch_passes(void **state)
{
	(void)state;
	expect("check", 0, " 0 failed, 0 skipped\n");
}

static void quiet_says_the_last_line(void **state)
{
	__auto_free char *said = NULL;
	unsigned int passed;

	(void)state;
	assert_int_equal(make("-s check ARCH=arm64", &said), 0);
	if (sscanf(said, "%u passed, 0 failed, 0 skipped", &passed) != 1 || !passed ||
	    strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("not one line: %s", said);
}

static void unknown_arch(void **state)
{
	(void)state;
	expect("check ARCH=sparc", 2, "no such architecture, there are: x86_64 arm64");
}

static void real_time_passes(void **state)
{
	(void)state;
	expect("check ARCH=arm64 TIMING=real ACCEL=tcg CYCLES=3", 0, " 0 failed, 0 skipped\n");
}

/* Two at a time, from one cache, into one folder, with different kernels */
static void two_runs_at_once(void **state)
{
	__auto_free char *patch = fmt("PATCHES=%s/bugs/harmless.patch", TESTS_DIR);
	__auto_free char *command = fmt("make O=%s host && for p in '' %s; do %s/respawn check ARCH=arm64 O=%s $p & done; wait %%1 && wait %%2",
					out, patch, out, out);
	__auto_free char *dir = fmt("%s/..", TESTS_DIR), *said = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = dir, .out = &said };

	(void)state;
	strv_add(&argv, "bash");
	strv_add(&argv, "-cm");
	strv_add(&argv, "%s", command);
	if (run(&argv, &o))
		fail_msg("%s", said);
}

/* Lines of the primitives that are broken on purpose, and who has to notice */
static const struct planted {
	const char *patch;
	const char *test;
} planted[] = {
	{ "destroy-returns-early", "kthread_lifecycle.destroyed_thread_is_dead" },
	{ "corefn-result-lost", "kthread_lifecycle.failed_corefn_is_not_called_again" },
	{ "wakeup-lost", "kthread_lifecycle.wakeup_during_corefn_is_kept" },
};

static void broken_primitives_are_caught(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++) {
		__auto_free char *words = fmt("check ARCH=arm64 PATCHES=%s/bugs/%s.patch",
					      TESTS_DIR, planted[i].patch);

		expect(words, 1, planted[i].test);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_arch_passes, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(quiet_says_the_last_line, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(unknown_arch, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(real_time_passes, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(two_runs_at_once, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(broken_primitives_are_caught, fresh_out, remove_out),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
