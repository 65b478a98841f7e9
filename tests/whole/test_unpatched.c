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

#include "scratch.h"
#include "util.h"

static char *respawn;

/* respawn with these words; what it says, to be freed */
static char *expect(const char *words, int status, const char *text)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .out = &said };

	strv_add(&argv, "%s", respawn);
	strv_split(&argv, words, " ");
	strv_add(&argv, "O=%s", out);
	assert_int_equal(run(&argv, &o), status);
	if (!strstr(said, text))
		fail_msg("'%s' is not in:\n%s", text, said);
	return said;
}

static void expect_error(const char *words, const char *text)
{
	__auto_free char *said = expect(words, EXIT_ERROR, text);

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
	__auto_free char *said = expect("check ARCH=arm64 SERIES=none", EXIT_PASS,
					" 0 failed, 0 skipped\n");

	(void)state;
	assert_non_null(strstr(said, " kthread_api "));
	assert_non_null(strstr(said, " cpuhp_api "));
	assert_null(strstr(said, "kthread_lifecycle"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pin_that_is_not_there, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(two_kernels_at_once, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(step_that_needs_the_series,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(need_that_nobody_has, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(kernel_as_it_is_passes, fresh_out, remove_out),
	};

	respawn = argc > 1 ? argv[1] : "build/respawn";
	return cmocka_run_group_tests_name("unpatched", tests, NULL, NULL);
}
