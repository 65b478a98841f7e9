// SPDX-License-Identifier: GPL-2.0-only
/*
 * A matrix with one cell that passes, and one for each way in which a cell may not: it
 * fails, its kernel does not boot, it can't be run here. All are told, in all formats.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"
#include "lib/host.h"

static const char cells[] =
	"# comment\n"
	"good	ARCH=arm64 PLAN=hotplug CYCLES=3 SMPBOOT=park\n"
	"broken	ARCH=arm64 PLAN=stress CYCLES=20 SMPBOOT=park KCMDLINE=respawn.plant=progress\n"
	"no/boot	ARCH=arm64 PLAN=hotplug SMPBOOT=park KCMDLINE=rdinit=/nowhere\n"
	"missing	ARCH=arm64 PLAN=hotplug TIMING=real ACCEL=kvm SMPBOOT=park\n";

static char *file(const char *text)
{
	char *path = fmt("%s/cells", out);

	write_file(path, text, strlen(text));
	return path;
}

static char *said_of(const char *words, int status)
{
	char *said = NULL;
	int got = call(words, &said);

	if (got != status)
		fail_msg("%s: status %d, expected %d:\n%s", words, got, status, said);
	return said;
}

static void assert_says(const char *said, const char *what)
{
	if (!strstr(said, what))
		fail_msg("'%s' is not in:\n%s", what, said);
}

static void each_cell_is_told_of(void **state)
{
	__auto_free char *path = file(cells), *words = fmt("matrix MATRIX=%s", path);
	__auto_free char *said = NULL, *again = NULL, *one = NULL, *rest = NULL;
	__auto_free char *report = fmt("report RUN=%s/matrix FORMAT=junit", out), *junit = NULL;
	__auto_free char *text = fmt("report RUN=%s/matrix", out), *plain = NULL;
	__auto_free char *list = fmt("matrix-list FORMAT=json CELLS=no/* MATRIX=%s", path);
	__auto_free char *json = NULL, *gone = fmt("%s/matrix/good/result.json", out);

	(void)state;
	said = said_of(words, EXIT_ERROR);
	assert_says(said, "good                 ok");
	assert_says(said, "broken               not ok");
	assert_says(said, "no/boot              not ok");
	assert_says(said, "missing              ERROR");
	assert_says(said, "ACCEL=kvm");
	assert_says(said, "1 passed, 3 failed, 0 skipped");
	junit = said_of(report, EXIT_PASS);
	assert_says(junit, "<failure ");
	assert_says(junit, "<error ");
	assert_says(junit, "name=\"missing\"");
	plain = said_of(text, EXIT_PASS);
	assert_says(plain, "missing: error: respawn: ACCEL=kvm");
	/* One that was interrupted goes on with what is left. */
	assert_int_equal(unlink(gone), 0);
	rest = said_of(words, EXIT_ERROR);
	assert_says(rest, "3 of 4 cells are over already");
	json = said_of(list, EXIT_PASS);
	assert_string_equal(json, "[{\"name\":\"no/boot\",\"arch\":\"arm64\",\"words\":\"ARCH=arm64 PLAN=hotplug SMPBOOT=park KCMDLINE=rdinit=/nowhere\"}]\n");
}

static void refused(const char *text, const char *why)
{
	__auto_free char *path = file(text), *words = fmt("matrix MATRIX=%s", path);

	expect(words, EXIT_ERROR, why);
}

static void what_is_no_cell_is_refused(void **state)
{
	(void)state;
	refused("x PLAN=hotplug\n", "says ARCH= of one architecture");
	refused("x ARCH=pdp11\n", "says ARCH= of one architecture");
	refused("x ARCH=arm64 fast\n", "'fast' is no variable");
	refused("x ARCH=arm64\nx ARCH=x86_64\n", "two cells are called x");
	refused("../x ARCH=arm64\n", "a cell's name has letters");
	refused("# nothing\n", "no such cell");
	expect("matrix CELLS=nowhere/*", EXIT_ERROR, "no such cell");
}

/* A linter of these files, from npm, if this host has npm and a network */
static void workflow_is_valid(void **state)
{
	__auto_free char *npm = find_program("npm"), *dir = fmt("%s/npm", host_cache());
	__auto_free char *validator = fmt("%s/node_modules/.bin/action-validator", dir);
	__auto_free char *install = fmt("mkdir -p '%s' && cd '%s' && npm install --silent --no-fund --no-audit @action-validator/core @action-validator/cli",
					dir, dir);
	__auto_strv struct strv argv = { 0 }, broken = { 0 };
	__auto_free char *said = NULL, *more = NULL, *copy_of = fmt("%s/broken.yml", out);
	struct run_opts o = { .out = &said }, also = { .out = &more };
	static const char bad[] = "on: push\njobs:\n  a:\n    runs-on: x\n"
				  "    needs: nowhere\n    step: []\n";

	(void)state;
	if (!npm || (!exists(validator) && system(install))) {
		print_message("npm, or what it fetches from, is not there\n");
		skip();
	}
	strv_add(&argv, "%s", validator);
	strv_add(&argv, TESTS_DIR "/../.github/workflows/check.yml");
	if (run(&argv, &o))
		fail_msg("%s", said);
	write_file(copy_of, bad, strlen(bad));
	strv_add(&broken, "%s", validator);
	strv_add(&broken, "%s", copy_of);
	assert_int_not_equal(run(&broken, &also), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_cell_is_told_of, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_is_no_cell_is_refused, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(workflow_is_valid, fresh_out, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
