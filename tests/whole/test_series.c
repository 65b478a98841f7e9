// SPDX-License-Identifier: GPL-2.0-only
/*
 * The series as commits and back: a round trip changes nothing, and neither
 * does an edit that is not committed.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clone.h"
#include "lib/util.h"

static void must(const char *command)
{
	__auto_free char *said = NULL;

	if (sh(command, &said))
		fail_msg("%s: %s", command, said);
}

/* A copy of respawn as it is here, committed or not, to be written to */
static int make_clone(void **state)
{
	__auto_free char *command = NULL;

	(void)state;
	clone_dir = copy("/tmp/respawn-series.XXXXXX");
	if (!mkdtemp(clone_dir))
		return -1;
	command = fmt("cd %s/.. && cp -r Makefile scripts qemu kernel-overlay kernel-patch kunit %s", TESTS_DIR,
		      clone_dir);
	must(command);
	must("git init -q && git add . && git -c user.name=x -c user.email=x@localhost commit -q -m all");
	must("make -s kernel-edit");
	return 0;
}

static void round_trip_changes_nothing(void **state)
{
	(void)state;
	must("make -s kernel-export");
	must("test -z \"$(git status --porcelain kernel-patch)\"");
}

/* A bug that the series has moved away from would be found missing by a run of hours. */
static void planted_bugs_apply(void **state)
{
	(void)state;
	must("cd build/kernel && for p in " TESTS_DIR "/bugs/*.patch; do git apply --check $p || exit 1; done");
	must("cd build/kernel && export GIT_INDEX_FILE=$PWD/../index && git read-tree base && for p in "
	     TESTS_DIR "/bugs/unpatched/*.patch; do git apply --cached --check $p || exit 1; done");
}

static void edit_twice_is_refused(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_not_equal(sh("make -s kernel-edit", &said), 0);
	assert_non_null(strstr(said, "is there already"));
}

static void uncommitted_edit_is_not_lost(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	must("echo '/* more */' >> build/kernel/kernel/kthread_lifecycle.c");
	assert_int_not_equal(sh("make -s kernel-export", &said), 0);
	assert_non_null(strstr(said, "commit"));
	must("test -z \"$(git status --porcelain kernel-patch)\"");
	must("git -C build/kernel checkout -q .");
}

static void new_file_is_not_forgotten(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	must("echo '/* new */' > build/kernel/lib/new.c");
	assert_int_not_equal(sh("make -s kernel-export", &said), 0);
	assert_non_null(strstr(said, "commit"));
	must("rm build/kernel/lib/new.c");
	must("make -s kernel-export");
}

static void new_commit_is_a_new_patch(void **state)
{
	(void)state;
	must("echo '/* more */' >> build/kernel/kernel/kthread_lifecycle.c");
	must("git -C build/kernel -c user.name=x -c user.email=x@localhost commit -q -a -m 'kthread: Say more'");
	must("make -s kernel-export");
	must("tail -n 1 kernel-patch/series | grep -q kthread-Say-more.patch");
	must("grep -q '^+/. more ./' kernel-patch/*-kthread-Say-more.patch");
	/* That patch, the list and the cover letter */
	must("test \"$(git status --porcelain kernel-patch | wc -l)\" = 3");
	must("grep -q '^  kthread: Say more$' kernel-patch/0000-cover-letter.patch");
	must("! grep -q 0000- kernel-patch/series");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_changes_nothing),
		cmocka_unit_test(planted_bugs_apply),
		cmocka_unit_test(edit_twice_is_refused),
		cmocka_unit_test(uncommitted_edit_is_not_lost),
		cmocka_unit_test(new_file_is_not_forgotten),
		cmocka_unit_test(new_commit_is_a_new_patch),
	};

	return cmocka_run_group_tests_name("series", tests, make_clone, remove_clone);
}
