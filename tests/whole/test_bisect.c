// SPDX-License-Identifier: GPL-2.0-only
/*
 * Someone bisects: a git tree made from the pinned source, with 8 commits, one
 * of which breaks kthreads and one of which does not build.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/tree.h"
#include "lib/host.h"
#include "lib/util.h"

#define COMMITS		8
#define NO_BUILD	3
#define BREAKS		6

static char *respawn;
static char *dir;

/* git in the user's tree; dies if it fails, or gives its output */
static char *git(const char *words, const char *last)
{
	__auto_strv struct strv argv = { 0 };
	char *out = NULL;
	struct run_opts o = { .out = &out, .dir = dir };

	strv_split(&argv, "git -c user.name=user -c user.email=user@localhost", " ");
	strv_split(&argv, words, " ");
	if (last)
		strv_add(&argv, "%s", last);
	if (run(&argv, &o))
		fail_msg("git %s: %s", words, out);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

/* One small change to kernel/kthread.c as somebody might make it */
static void change(int i)
{
	__auto_free char *path = fmt("%s/kernel/kthread.c", dir);
	__auto_free char *text = read_file(path, NULL), *new = NULL;
	__auto_free char *title = fmt("kthread: change number %d", i);
	static const char broken[] = "this does not build;";
	static const char unpark[] = "\tif (test_bit(KTHREAD_IS_PER_CPU, &kthread->flags))\n\t\t__kthread_bind(";

	if (i == BREAKS) {
		char *at = strstr(text, unpark);

		assert_non_null(at);
		/* Nobody starts any more. */
		new = fmt("%.*s\tif (!strncmp(k->comm, \"life\", 4))\n\t\tfor (;;)\n\t\t\tschedule_timeout_uninterruptible(HZ);\n%s",
			  (int)(at - text), text, at);
	} else if (i == NO_BUILD + 1) {
		new = copy(text);
		memset(strstr(new, broken), ' ', strlen(broken));
	} else {
		new = fmt("%s\n/* Change number %d */\n%s\n", text, i,
			  i == NO_BUILD ? broken : "");
	}
	write_file(path, new, strlen(new));
	free(git("commit -q -a -m", title));
}

static int make_tree(void **state)
{
	__auto_free char *objects = NULL, *alternates = NULL, *base = NULL, *lock = NULL;
	struct tree t;
	struct pin p;

	(void)state;
	pin_read(&p, "");
	base = tree_open_pin(&t, &p);
	/*
	 * Always at the same place: a work tree in the cache belongs to a path,
	 * and one for every time the test runs would fill the disk.
	 */
	dir = fmt("%s/test-tree", host_cache());
	lock = fmt("%s.lock", dir);
	lock_file(lock, "testing the bisect");
	remove_tree(dir);
	make_dirs(dir);
	free(git("init -q -b main", NULL));
	alternates = fmt("%s/.git/objects/info/alternates", dir);
	objects = fmt("%s/objects\n", t.git);
	write_file(alternates, objects, strlen(objects));
	/* What is not looked at need not be checked out. */
	free(git("sparse-checkout set", "kernel"));
	free(git("reset -q --hard", base));
	for (int i = 1; i <= COMMITS; i++)
		change(i);
	return 0;
}

static int remove_made_tree(void **state)
{
	(void)state;
	remove_tree(dir);
	free(dir);
	return 0;
}

static void bisect_names_the_commit(void **state)
{
	__auto_free char *words = fmt("bisect run %s bisect-step ARCH=arm64 SMPBOOT=park PLAN=kthread_lifecycle STALL=40 O=%s/.git/respawn",
				      respawn, dir);
	__auto_free char *said = NULL, *bad = NULL, *title = NULL;

	(void)state;
	free(git("bisect start HEAD", "HEAD~8"));
	said = git(words, NULL);
	bad = git("rev-parse", "refs/bisect/bad");
	title = git("log -1 --format=%s", bad);
	assert_string_equal(title, "kthread: change number 6");
	free(git("bisect", "reset"));
}

/* What is wrong with the harness must stop the bisect, not mislead it. */
static void harness_at_fault_stops_the_bisect(void **state)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = dir };

	(void)state;
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "bisect-step ARCH=sparc", " ");
	assert_int_equal(run(&argv, &o), EXIT_ABORT);
}

static void what_does_not_build_is_skipped(void **state)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .dir = dir, .out = &said };

	(void)state;
	free(git("checkout -q", "main~5"));
	strv_add(&argv, "%s", respawn);
	/* Neither with the series nor, as that is left to choose, without */
	strv_split(&argv, "bisect-step ARCH=arm64 PLAN=kthread_lifecycle", " ");
	assert_int_equal(run(&argv, &o), EXIT_UNTESTABLE);
	assert_non_null(strstr(said, "does not build"));
	assert_non_null(strstr(said, "tested without it"));
	assert_non_null(strstr(said, "PLAN=kthread_lifecycle: this needs series"));
	free(git("checkout -q", "main"));
}

/* That says nothing of what the user looks for. */
static void what_does_not_boot_is_skipped(void **state)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = dir };

	(void)state;
	free(git("checkout -q", "main~8"));
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "bisect-step ARCH=arm64 PLAN=hotplug KCMDLINE=rdinit=/nowhere", " ");
	assert_int_equal(run(&argv, &o), EXIT_UNTESTABLE);
	free(git("checkout -q", "main"));
}

static void users_tree_is_not_written_to(void **state)
{
	__auto_free char *status = git("status --porcelain", NULL);
	__auto_free char *branches = git("for-each-ref", "--format=%(refname)");

	(void)state;
	assert_string_equal(status, "");
	assert_string_equal(branches, "refs/heads/main");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bisect_names_the_commit),
		cmocka_unit_test(what_does_not_build_is_skipped),
		cmocka_unit_test(what_does_not_boot_is_skipped),
		cmocka_unit_test(harness_at_fault_stops_the_bisect),
		cmocka_unit_test(users_tree_is_not_written_to),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("bisect", tests, make_tree, remove_made_tree);
}
