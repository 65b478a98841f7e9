// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checkouts: a copy of one tests itself, and the program is built anew for what it
 * is built from.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clone.h"

static char *must(const char *command, int status)
{
	char *said = NULL;
	int got = sh(command, &said);

	if (got != status)
		fail_msg("%s: status %d, not %d: %s", command, got, status, said);
	return said;
}

static int make_clone(void **state)
{
	__auto_free char *command = NULL;

	(void)state;
	clone_dir = copy("/tmp/respawn-copy.XXXXXX");
	if (!mkdtemp(clone_dir))
		return -1;
	command = fmt("mkdir one && cd %s/.. && cp -r Makefile scripts qemu kernel-overlay kernel-patch kunit initramfs configs %s/one",
		      TESTS_DIR, clone_dir);
	free(must(command, 0));
	free(must("make -s -C one CFLAGS=-O0 host && cp -a one two", 0));
	return 0;
}

static void expect_said(const char *command, int status, const char *text)
{
	__auto_free char *said = must(command, status);

	if (!strstr(said, text))
		fail_msg("%s: '%s' is not in: %s", command, text, said);
}

/* Each says where it looks for what it does not find. */
static void a_copy_uses_itself(void **state)
{
	(void)state;
	expect_said("one/build/respawn build CONFIG=nothing", 2, "/one/configs/flavour-nothing.config");
	expect_said("two/build/respawn build CONFIG=nothing", 2, "/two/configs/flavour-nothing.config");
	expect_said("cd two && make -s CFLAGS=-O0 build CONFIG=nothing", 2,
		    "/two/configs/flavour-nothing.config");
}

static void products_elsewhere_know_their_checkout(void **state)
{
	(void)state;
	expect_said("make -s -C one CFLAGS=-O0 O=$PWD/out host && out/respawn build CONFIG=nothing", 2,
		    "/one/configs/flavour-nothing.config");
}

/* What is misspelt would be left out, and the rest be done: of a patch, that is a pass. */
static void make_takes_no_word_that_nobody_reads(void **state)
{
#define BY_HAND	"unset MAKELEVEL MAKEFLAGS; make -s -C one CFLAGS=-O0 "
	(void)state;
	expect_said(BY_HAND "matrix-list CELS=x", 2, "CELS=: no such variable; did you mean CELLS=?");
	expect_said(BY_HAND "check PATCH='a b'", 2, "PATCH=: no such variable; did you mean PATCHES=?");
	expect_said(BY_HAND "matrix-list CELLS=arm64/default SEEDS=1..2", 2,
		    "SEEDS=: matrix-list does not read it, these do: explore");
	expect_said(BY_HAND "matrix-list KCMDLINE='a  CELS=x' CELLS=arm64/default", 0,
		    "arm64/default");
	expect_said(BY_HAND "matrix-list CELLS:=arm64/default https_proxy=", 0, "arm64/default");
	expect_said("unset RESPAWN_MAKE; MAKELEVEL=1 MAKEFLAGS=' -- C=x' one/build/respawn matrix-list",
		    0, "arm64/default");
	/* Whoever calls make in a make has words of another one. */
	expect_said("unset MAKEFLAGS; MAKELEVEL=1 make -s -C one CFLAGS=-O0 matrix-list CELS=x", 0,
		    "arm64/default");
}

/* What the program reads is no variable of the Makefile's own. */
static void make_hands_on_how_many_jobs(void **state)
{
	(void)state;
	expect_said(BY_HAND "-n doctor JOBS=4", 0, "build/respawn doctor");
	expect_said(BY_HAND "doctor JOBS=none", 2, "JOBS=none: a whole number");
	expect_said("unset MAKELEVEL MAKEFLAGS; JOBS=4 make -s -C one CFLAGS=-O0 matrix-list", 0,
		    "arm64/default");
}

/* Of two makes in one O= each has the status of its own. */
static void a_status_is_of_its_make(void **state)
{
	(void)state;
	free(must("mkdir one/build/judge.status", 0));
	free(must("printf 'TAP version 14\\n1..1\\nok 1 a\\n' > log", 0));
	expect_said(BY_HAND "judge LOG=$PWD/log", 0, "");
	expect_said("rmdir one/build/judge.status && ls one/build/*.status", 2, "No such file");
	/* In a container each of them is process 1. */
	free(must("mkdir one/build/judge.1.status", 0));
	expect_said("unset MAKELEVEL MAKEFLAGS; unshare -pf true || exit 0; "
		    "unshare -pf make -s -C one CFLAGS=-O0 judge LOG=$PWD/log", 0, "");
	expect_said("rmdir one/build/judge.1.status && ls one/build/*.status", 2, "No such file");
}

static void the_compiler_is_the_one_that_is_named(void **state)
{
	(void)state;
	expect_said(BY_HAND "matrix-list O=$PWD/cc CC='false --no'", 2, "Error 1");
	expect_said("ls cc/respawn", 2, "No such file");
}

/* Whoever writes to a pipe that nobody reads is told. */
static void what_make_has_begun_ends_with_it(void **state)
{
	(void)state;
	free(must("mkfifo one/log", 0));
	expect_said("unset MAKELEVEL MAKEFLAGS; trap '' PIPE; cd one; "
		    "make -s CFLAGS=-O0 judge LOG=$PWD/log & exec 9>log; kill $!; "
		    "for i in $(seq 50); do echo >&9 || exit 0; sleep 0.1; done; exit 1", 0, "");
	/* A test of the user's has the name of a shell further out. */
	expect_said("export RESPAWN_MAKE=$$; (one/build/respawn matrix-list; true)", 0,
		    "arm64/default");
	expect_said("unset MAKELEVEL MAKEFLAGS; setsid nohup make -s -C one CFLAGS=-O0 matrix-list",
		    0, "arm64/default");
}

static void a_dry_run_does_nothing(void **state)
{
	(void)state;
	expect_said("unset MAKEFLAGS; make -n -C one O=$PWD/dry check", 0, "dry/respawn check");
	expect_said("ls dry", 2, "No such file");
}

static void a_checkout_that_is_gone_is_said(void **state)
{
	(void)state;
	expect_said("cp two/build/respawn lost && ./lost build", 2, "checkout that this program belongs to is gone");
}

static void other_flags_are_another_program(void **state)
{
	__auto_free char *again = must("make -C two CFLAGS=-O0 host", 0);

	(void)state;
	assert_null(strstr(again, "CC "));
	expect_said("make -C two CFLAGS='-O0 -g' host", 0, "CC ");
	expect_said("make -C two CFLAGS=-O0 host", 0, "CC ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_uses_itself),
		cmocka_unit_test(products_elsewhere_know_their_checkout),
		cmocka_unit_test(make_takes_no_word_that_nobody_reads),
		cmocka_unit_test(make_hands_on_how_many_jobs),
		cmocka_unit_test(a_status_is_of_its_make),
		cmocka_unit_test(the_compiler_is_the_one_that_is_named),
		cmocka_unit_test(what_make_has_begun_ends_with_it),
		cmocka_unit_test(a_dry_run_does_nothing),
		cmocka_unit_test(a_checkout_that_is_gone_is_said),
		cmocka_unit_test(other_flags_are_another_program),
	};

	return cmocka_run_group_tests_name("copy", tests, make_clone, remove_clone);
}
