// SPDX-License-Identifier: GPL-2.0-only
/* Tests of "respawn judge", which judges a console from anywhere. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"


static void expect_log(const char *text, int status, const char *says)
{
	__auto_free char *path = fmt("%s/console.log", out);
	__auto_free char *words = fmt("judge LOG=%s", path);

	write_file(path, text, strlen(text));
	expect(words, status, says);
}

/* One line that says what is wrong, before anything else is said */
static void expect_line(const char *words, const char *says)
{
	__auto_free char *said = NULL;

	assert_int_equal(call(words, &said), EXIT_ERROR);
	assert_non_null(strstr(said, says));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void a_log_that_is_none(void **state)
{
	__auto_free char *folder = fmt("judge LOG=%s", out);
	__auto_free char *missing = fmt("judge LOG=%s/no-such-file", out);
	__auto_free char *path = fmt("%s/empty", out);
	__auto_free char *empty = fmt("judge LOG=%s", path);

	(void)state;
	write_file(path, "", 0);
	expect_line("judge", "LOG= is needed");
	expect_line(folder, "is a folder");
	expect_line(missing, "cannot be read: No such file");
	expect_line(empty, "is empty");
	write_file(path, "# A page\nof words\n", 18);
	expect_line(empty, "has no KTAP results, and no line with a time");
}

static void plain_logs(void **state)
{
	(void)state;
	expect_log("[    1.000000] Linux version 6.12\n", EXIT_PASS,
		   "looked for: trouble of the kernel alone, as there are no KTAP results\n"
		   "pass: 0 passed, 0 failed, 0 skipped\n");
	expect_log("[    1.000000] BUG: scheduling while atomic: a/1/0x00000002\n", EXIT_BAD,
		   "first failure: slept in atomic context: BUG: scheduling while atomic");
	expect_log("KTAP version 1\n1..2\nok 1 a\nok 2 b # SKIP no\n", EXIT_PASS,
		   "pass: 1 passed, 0 failed, 1 skipped\n");
	expect_log("KTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n", EXIT_BAD,
		   "signature: fail: b failed\n");
	expect_log("TAP version 13\n1..0 # SKIP no\n", EXIT_PASS, "skip: 0 passed");
}

/* A guest is held to its own plan. */
static void logs_of_guests(void **state)
{
	(void)state;
	expect_log("respawn: plan 1\nrespawn: step s begin\nKTAP version 1\n1..1\nok 1 a\n"
		   "respawn: step s end 0\nrespawn: done 1\n", EXIT_PASS,
		   "looked for: a guest of respawn");
	expect_log("respawn: plan 1\nrespawn: step s begin\nKTAP version 1\n1..1\nok 1 a\n",
		   EXIT_BAD,
		   "first failure: the guest ended before its plan was done");
	expect_log("respawn: plan 2\nrespawn: step s begin\nKTAP version 1\n1..1\nnot ok 1 a\n"
		   "respawn: step s end 0\nrespawn: done 1\n", EXIT_BAD,
		   "all failures:\n  fail: a failed\n  fail: 2 steps were asked for");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_that_is_none, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(plain_logs, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(logs_of_guests, fresh_out, remove_out),
	};

	respawn = argc > 1 ? argv[1] : "build/respawn";
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
