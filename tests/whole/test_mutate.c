// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutants from their table to the case that caught them, with tables that are
 * made here: good ones, and ones that are wrong.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "lib/util.h"

#define HEAD	"file kernel/kthread_lifecycle.c\nplan kthread_lifecycle\n\n"
#define HARMLESS \
	"mutant harmless\nwhat nothing at all\nin kthread_destroy\n-\tmight_sleep();\n"
#define CALLED_AGAIN \
	"mutant called-again\nwhat corefn is called again\nin lifecycle_run\n" \
	"-\t\tif (lc->result < 0)\n-\t\t\tcorefn = NULL;\n"
#define CASE	"kthread_lifecycle.idle_thread_parks_whatever_its_corefn"

static char *respawn;

static void mutate(const char *table, int status, char **said)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *path = fmt("%s/tables/table", out), *dir = fmt("%s/tables", out);
	struct run_opts o = { .out = said };
	int got;

	make_dirs(dir);
	write_file(path, table, strlen(table));
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "mutate V=0", " ");
	strv_add(&argv, "MUTANTS_DIR=%s", dir);
	strv_add(&argv, "O=%s/o", out);
	unsetenv("MAKEFLAGS");
	got = run(&argv, &o);
	if (got != status)
		fail_msg("status %d, expected %d:\n%s", got, status, *said);
}

static void assert_said(const char *said, const char *text)
{
	if (!strstr(said, text))
		fail_msg("'%s' is not in:\n%s", text, said);
}

/* Code that does nothing and that no kernel had before: no judgment is known. */
static char *new_code(void)
{
	static unsigned int n;

	return fmt("+\tasm volatile(\"\" : : \"r\" (\"test %d.%u.%.0f\"));\n", getpid(), n++,
		   now() * 1e6);
}

static void survivor_and_caught_are_told_apart(void **state)
{
	__auto_free char *one = new_code(), *two = new_code(), *said = NULL, *again = NULL;
	__auto_free char *kernel = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = &kernel };
	__auto_free char *table = fmt("%s%s%s\n%s%s", HEAD, HARMLESS, one, CALLED_AGAIN, two);

	(void)state;
	mutate(table, 1, &said);
	assert_said(said, "survived");
	assert_said(said, CASE);
	assert_said(said, "2 mutants, 0 of them known from before");
	assert_said(said, "1 caught, 1 survived, 0 equivalent\n");

	mutate(table, 1, &again);
	assert_said(again, "2 mutants, 2 of them known from before");
	assert_said(again, CASE);
	assert_said(again, "1 caught, 1 survived, 0 equivalent\n");

	/* The unbroken kernel is not one that nobody needs any more. */
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "build ARCH=arm64", " ");
	assert_int_equal(run(&argv, &o), EXIT_PASS);
	assert_null(strstr(kernel, "built,"));
}

static void argued_equivalence_is_put_to_the_test(void **state)
{
	__auto_free char *said = NULL, *again = NULL;

	(void)state;
	mutate(HEAD
	       "mutant same\nwhat nothing\nin kthread_destroy\nequivalent it is a comment\n"
	       "-\tmight_sleep();\n+\tmight_sleep(); /* a comment */\n", 0, &said);
	assert_said(said, "0 caught, 0 survived, 1 equivalent\n");

	mutate(HEAD CALLED_AGAIN "equivalent nobody would call it twice\n", 2, &again);
	assert_said(again, CASE);
	assert_said(again, "that the table calls equivalent\n");
}

/* A table that is wrong: the whole of it is refused, with nothing built. */
static void refused(const char *table, const char *because)
{
	__auto_free char *said = NULL;

	mutate(table, 2, &said);
	assert_said(said, because);
	assert_null(strstr(said, "mutants  run"));
}

static void wrong_tables_are_refused(void **state)
{
	(void)state;
	refused(HEAD "mutant fine\nwhat x\nin kthread_destroy\n-\tmight_sleep();\n\n"
		"mutant stale\nwhat x\n-\tthis_line_is_gone();\n",
		"mutant stale does not apply: kernel/kthread_lifecycle.c has its lines 0 times");
	refused(HEAD "mutant twice\nwhat x\n-\tmight_sleep();\n",
		"mutant twice does not apply: kernel/kthread_lifecycle.c has its lines 3 times");
	refused(HEAD "mutant same\nwhat x\nin kthread_destroy\n-\tmight_sleep();\n+\tmight_sleep();\n",
		"mutant same does not apply: it changes nothing");
	refused("mutant lost\nwhat x\nfile kernel/no_such.c\n-\tx\n", "the kernel has no kernel/no_such.c");
	refused(HEAD "mutant empty\nwhat x\n", "mutant empty has no change");
	refused(HEAD "mutant a\nwhat x\n-\tx\n\nmutant a\nwhat x\n-\tx\n", "there is a mutant a already");
	refused(HEAD "mutant a\nwhy x\n-\tx\n", "'why x' is no line of a table");
}

static void mutant_that_does_not_build_is_an_error(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	mutate(HEAD "mutant nonsense\nwhat x\nin kthread_destroy\n-\tmight_sleep();\n+\tno_such();\n",
	       2, &said);
	assert_said(said, "mutant nonsense does not build");
	assert_null(strstr(said, "1 caught"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wrong_tables_are_refused, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(survivor_and_caught_are_told_apart,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(argued_equivalence_is_put_to_the_test,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(mutant_that_does_not_build_is_an_error,
						fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("mutate", tests, NULL, NULL);
}
