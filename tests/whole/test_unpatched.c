// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels without the series: what needs it is left out or refused, the rest
 * runs; and pins that are not there.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"
#include "lib/host.h"
#include "lib/util.h"

/* One clear line, and nothing done */
static void expect_error(const char *words, const char *text)
{
	__auto_free char *said = NULL;

	assert_int_equal(call(words, &said), EXIT_ERROR);
	if (!strstr(said, text))
		fail_msg("'%s' is not in:\n%s", text, said);
	if (strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("more than a line:\n%s", said);
}

static void pin_that_is_not_there(void **state)
{
	(void)state;
	expect_error("check PIN=9.9", "PIN=9.9: there is no such pin, there are: 6.1");
}

static void two_kernels_at_once(void **state)
{
	(void)state;
	expect_error("check PIN=6.1 TREE=/tmp", "name two kernels");
}

static void step_that_needs_the_series(void **state)
{
	(void)state;
	expect_error("check ARCH=arm64 SERIES=none PLAN=kthread_api,kthread_lifecycle",
		     "PLAN=kthread_lifecycle: the step needs the series");
}

static void threads_that_only_the_series_respawns(void **state)
{
	(void)state;
	expect_error("check ARCH=arm64 SERIES=none SMPBOOT=respawn",
		     "SMPBOOT=respawn is what the series adds");
}

static void yield_points_that_were_left_out(void **state)
{
	(void)state;
	expect_error("check OVERLAY=none STRATEGY=mix", "STRATEGY=mix needs yield points");
	expect_error("check OVERLAY=none STRATEGY=pct", "STRATEGY=pct needs yield points");
	expect_error("check OVERLAY=none YIELD_FILES=kernel/fork.c", "OVERLAY=none leaves these out");
	expect_error("check OVERLAY=some", "OVERLAY=some: choose one of: full none");
}

static void need_that_nobody_has(void **state)
{
	__auto_free char *path = fmt("%s/plan", out);
	__auto_free char *words = fmt("check ARCH=arm64 SUITES=%s", out);
	static const char plan[] = "odd - - - luck\n";

	(void)state;
	write_file(path, plan, strlen(plan));
	expect_error(words, "step odd needs 'luck'");
}

static void kernel_as_it_is_passes(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_equal(call("check ARCH=arm64 SERIES=none", &said), EXIT_PASS);
	assert_non_null(strstr(said, " 0 failed, "));
	assert_non_null(strstr(said, " kthread_api "));
	assert_non_null(strstr(said, " cpuhp_api "));
	assert_non_null(strstr(said, " hotplug "));
	assert_non_null(strstr(said, " stress "));
	assert_non_null(strstr(said, "the same seed twice: 1 of 1 pairs agree"));
	assert_null(strstr(said, "kthread_lifecycle"));
}

/* docs/found.md says so, and has to say it when the pin has it mended. */
static void bug_that_was_found_is_there(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_equal(call("check ARCH=arm64 SERIES=none PLAN=lag SUITES=" TESTS_DIR "/found",
			      &said), EXIT_BAD);
	if (!strstr(said, "pick_task_fair") || !strstr(said, "(kernel/sched/fair.c:"))
		fail_msg("no task is found to run, in a function and a line that are named:\n%s",
			 said);
}

/*
 * It is not fetched for this: whoever tests that kernel has it. On x86_64 it gets through
 * its boot in virtual time by what the overlay does to it.
 */
static void old_kernel_passes(void **state)
{
	__auto_free char *source = fmt("%s/tree/linux-source-6.1/git/refs/respawn", host_cache());
	__auto_free char *said = NULL;

	(void)state;
	if (!exists(source)) {
		print_message("the source of 6.1 is not in the cache: 'make build PIN=6.1 SERIES=none' puts it there\n");
		skip();
	}
	assert_int_equal(call("check PIN=6.1 SERIES=none", &said), EXIT_PASS);
	assert_non_null(strstr(said, " 0 failed, "));
	assert_non_null(strstr(said, "the same seed twice: 2 of 2 pairs agree"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pin_that_is_not_there, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(two_kernels_at_once, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(step_that_needs_the_series,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(threads_that_only_the_series_respawns,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(yield_points_that_were_left_out,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(need_that_nobody_has, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(kernel_as_it_is_passes, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(bug_that_was_found_is_there,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(old_kernel_passes, fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("unpatched", tests, NULL, NULL);
}
