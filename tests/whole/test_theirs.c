// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that others wrote: the tree's own KUnit suites, its torture modules and kselftests,
 * and what a user brings. Each passes, is the same when it is run again, and is seen to fail.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "program.h"
#include "lib/util.h"

/* One kernel has all of it. */
#define THEIRS	"check ARCH=arm64 CONFIG=torture KUNITCONFIG=lib/kunit SELFTESTS=cpu-hotplug "

static void check_said(const char *said, const char *const *texts)
{
	for (; *texts; texts++)
		if (!strstr(said, *texts))
			fail_msg("'%s' is not in:\n%s", *texts, said);
}

/* Begin with the errors: nothing may be fetched or built for them. */
static void what_is_not_there(void **state)
{
	(void)state;
	expect("check ARCH=arm64 KUNITCONFIG=lib/nowhere", EXIT_ERROR,
	       "has no such file, and no lib/nowhere/.kunitconfig");
	expect("check ARCH=arm64 KUNITCONFIG=./lib/nowhere/", EXIT_ERROR,
	       "has no such file, and no lib/nowhere/.kunitconfig");
	expect("check ARCH=arm64 KUNITCONFIG=/nowhere", EXIT_ERROR, "there is no such file");
	expect("check ARCH=arm64 PLAN=kunit", EXIT_ERROR, "the step needs KUNITCONFIG=");
	expect("check ARCH=arm64 PLAN=selftests", EXIT_ERROR, "the step needs SELFTESTS=");
	expect("check ARCH=arm64 PLAN=rcutorture", EXIT_ERROR,
	       "the step needs CONFIG_RCU_TORTURE_TEST, which CONFIG=default does not have");
	expect("check ARCH=arm64 SELFTESTS=nowhere", EXIT_ERROR,
	       "has no tools/testing/selftests/nowhere");
}

static char *latest_record(void)
{
	__auto_free char *pattern = fmt("%s/runs/*-seed1", out);
	char *path;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	path = copy(g.gl_pathv[g.gl_pathc - 1]);
	globfree(&g);
	return path;
}

static void theirs_pass_and_replay(void **state)
{
	static const char *const texts[] = {
		" example ", " kunit-resource-test ", " cpu-hotplug ", " rcutorture ",
		" locktorture ", " scftorture ", " 0 failed, ", NULL
	};
	__auto_free char *said = NULL, *record = NULL, *words = NULL;

	(void)state;
	assert_int_equal(call(THEIRS "PLAN=kunit,selftests,rcutorture,locktorture,scftorture CYCLES=3",
			      &said), EXIT_PASS);
	check_said(said, texts);
	record = latest_record();
	words = fmt("replay RUN=%s", record);
	expect(words, EXIT_PASS, "reproduced: pass");
}

/* The modules have broken locks and a broken RCU of their own, to be tested with. */
static void torture_that_is_broken(void **state)
{
	(void)state;
	expect(THEIRS "PLAN=rcutorture CYCLES=5 KCMDLINE=rcutorture.torture_type=busted",
	       EXIT_BAD, "failed: rcutorture.end_of_test");
	expect(THEIRS "PLAN=locktorture CYCLES=5 KCMDLINE=locktorture.torture_type=lock_busted",
	       EXIT_BAD, "failed: locktorture.end_of_test");
	expect(THEIRS "PLAN=locktorture CYCLES=1 KCMDLINE=locktorture.torture_type=none",
	       EXIT_BAD, "failed: locktorture.loaded");
	/* No CPU goes where none is to go. */
	expect(THEIRS "PLAN=scftorture CYCLES=1 KCMDLINE=scftorture.onoff_interval=0",
	       EXIT_BAD, "failed: scftorture.cpus_went");
}

static void theirs_fail(void **state)
{
	/* By its status, and by what it says */
	static const char *const texts[] = {
		"cpu-hotplug: cpu-on-off-test.sh ended with status 1",
		"cpu-hotplug: says-not-ok.sh says 'not ok', and ended with status 0",
		"failed: cpu-hotplug.cpu-on-off-test.sh", "0 passed, 2 failed", NULL
	};
	__auto_free char *said = NULL;

	(void)state;
	expect(THEIRS "PLAN=kunit,selftests PATCHES=" TESTS_DIR "/whole/theirs_fail.patch FOCUS=none",
	       EXIT_BAD, "failed: example.example_simple_test");
	assert_int_equal(call(THEIRS "PLAN=selftests PATCHES=" TESTS_DIR
			      "/whole/theirs_fail.patch FOCUS=none V=1", &said), EXIT_BAD);
	check_said(said, texts);
	/* KUnit is there and runs nothing. */
	expect(THEIRS "PLAN=kunit KCMDLINE=kunit.enable=0", EXIT_BAD, "never reported");
}

/* --- A user's own --- */

static void have(const char *name, const char *text)
{
	__auto_free char *path = fmt("%s/own/%s", out, name), *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, text, strlen(text));
	assert_int_equal(chmod(path, 0755), 0);
}

static char *own_words(const char *more)
{
	return fmt("check ARCH=arm64 SMPBOOT=park SUITES=%s/own %s", out, more);
}

static void script_and_program_of_several_sources(void **state)
{
	__auto_free char *words = own_words("PLAN=script,program"), *said = NULL;
	static const char *const texts[] = { " of_script ", " of_program ", " 0 failed, ", NULL };

	(void)state;
	have("plan", "script - script of_script\nprogram - program of_program\n");
	have("script.sh", "#!/bin/sh\necho KTAP version 1\necho 1..1\necho '    # Subtest: of_script'\n"
	     "echo '    1..1'\n/bin/ls /sys/devices/system/cpu/online && echo '    ok 1 a'\n"
	     "echo 'ok 1 of_script'\n");
	have("program/main.c", "#include \"kmsg.h\"\nvoid more(void);\n"
	     "int main(void)\n{\n\tkmsg_open();\n\tktap_begin(\"of_program\", 1);\n\tmore();\n"
	     "\treturn !ktap_end();\n}\n");
	have("program/more.c", "#include <stddef.h>\n#include \"kmsg.h\"\nvoid more(void);\n"
	     "void more(void)\n{\n\tktap_case(\"b\", 1, NULL);\n}\n");
	assert_int_equal(call(words, &said), EXIT_PASS);
	check_said(said, texts);
}

static void what_the_plan_names_and_nobody_has(void **state)
{
	__auto_free char *program = own_words("PLAN=lost"), *module = own_words("PLAN=lost");

	(void)state;
	have("plan", "lost - lost of_lost\n");
	expect(program, EXIT_ERROR, "program lost, which a plan names, is in no folder");
	have("plan", "lost lost - of_lost\n");
	expect(module, EXIT_ERROR, "step lost: no Kbuild of a folder of suites makes lost.ko");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_there, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(theirs_pass_and_replay, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(torture_that_is_broken, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(theirs_fail, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(script_and_program_of_several_sources,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_the_plan_names_and_nobody_has,
						fresh_out, remove_out),
	};

	if (argc < 2)
		return EXIT_ERROR;
	respawn = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
