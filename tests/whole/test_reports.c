// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others read: the kernel's own parser counts what we count, in a run that passed
 * and in one that failed.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/tree.h"
#include "lib/util.h"
#include "scratch.h"

static char *respawn;

/* Its exit status, and what it said */
static int sh(const char *command, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = said };

	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", command);
	return run(&argv, &o);
}

/* The number in front of a word in the last line that has both */
static long number_before(const char *text, const char *word)
{
	const char *at = NULL, *next = text;

	while ((next = strstr(next, word))) {
		at = next;
		next += strlen(word);
	}
	if (!at)
		return 0;
	while (at > text && strchr(" 0123456789", at[-1]))
		at--;
	return atol(at);
}

static long number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? atol(at + strlen(word)) : 0;
}

static void compare(const char *words, int status)
{
	__auto_free char *run = fmt("%s %s O=%s", respawn, words, out), *said = NULL;
	__auto_free char *text = fmt("%s report RUN=%s/runs", respawn, out), *ours = NULL;
	__auto_free char *parse = NULL, *theirs = NULL;
	struct tree t;
	struct pin p;

	pin_read(&p, "");
	free(tree_open_pin(&t, &p));
	assert_int_equal(sh(run, &said), status);
	assert_int_equal(sh(text, &ours), EXIT_PASS);
	parse = fmt("%s report RUN=%s/runs FORMAT=ktap > %s/ktap && python3 %s/tools/testing/kunit/kunit.py parse %s/ktap",
		    respawn, out, out, t.src, out);
	/* Its own exit status is no verdict: it is 0 for a test that failed, too. */
	sh(parse, &theirs);
	if (number_before(ours, " passed,") != number_after(theirs, "passed: ") ||
	    number_before(ours, " failed,") != number_after(theirs, "failed: ") ||
	    number_before(ours, " skipped") != number_after(theirs, "skipped: "))
		fail_msg("ours:\n%s\ntheirs:\n%s", ours, theirs);
	assert_true(number_after(theirs, "passed: ") > 5);
	assert_int_equal(!!number_after(theirs, "failed: "), status == EXIT_BAD);
}

static void kunit_reads_a_pass(void **state)
{
	(void)state;
	compare("check ARCH=arm64 SMPBOOT=park PLAN=kthread_api,hotplug CYCLES=5", EXIT_PASS);
}

static void kunit_reads_a_failure(void **state)
{
	(void)state;
	compare("stress ARCH=arm64 SMPBOOT=park CYCLES=20 KCMDLINE=respawn.plant=nothing_left",
		EXIT_BAD);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kunit_reads_a_pass, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(kunit_reads_a_failure, fresh_out, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
