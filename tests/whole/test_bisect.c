// SPDX-License-Identifier: GPL-2.0-only
/*
 * Someone bisects: a git tree made from the pinned source, with 8 commits, one
 * of which breaks kthreads and one of which does not build.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/tree.h"
#include "lib/host.h"
#include "lib/util.h"
#include "users_tree.h"

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

static void assert_says(const char *said, const char *word)
{
	if (!strstr(said, word))
		fail_msg("'%s' is not in: %s", word, said);
}

/* A tree whose build says @words and fails; what bisect-step makes of that */
static int step_of_a_build(const char *words, char **said)
{
	__auto_free char *fake = fmt("%s/.git/fake", dir), *cache = NULL, *setup = NULL;
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	struct run_opts o = { .env = &env, .dir = fake, .out = said };
	int status;

	make_dirs(fake);
	setup = fmt("cd '%s' && git init -q && mkdir -p kernel && echo 'int a;' > kernel/kthread.c && printf '%%%%: FORCE\n\t@echo \"%s\"; exit 1\nFORCE:\n' > Makefile && git add -A && git -c user.name=a -c user.email=a@localhost commit -qm fake",
		    fake, words);
	assert_int_equal(system(setup), 0);
	cache = fmt("%s/cache", fake);
	strv_add(&env, "XDG_CACHE_HOME=%s", cache);
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "bisect-step ARCH=arm64 SERIES=none OVERLAY=none", " ");
	strv_add(&argv, "O=%s/out", fake);
	status = run(&argv, &o);
	remove_tree(fake);
	return status;
}

/* A full disk is nothing that a commit is to blame for, and would be all the way. */
static void host_that_cannot_build_stops_the_bisect(void **state)
{
	__auto_free char *full = NULL, *missing = NULL, *broken = NULL, *quoted = NULL;

	(void)state;
	assert_int_equal(step_of_a_build("cc1: fatal error: a.s: No space left on device", &full),
			 EXIT_ABORT);
	assert_says(full, "this host can't build the arm64 kernel of ");
	assert_int_equal(step_of_a_build("make[2]: *** [a.o] Error 127", &missing), EXIT_ABORT);
	assert_int_equal(step_of_a_build("a.c:1:2: error: expected", &broken), EXIT_UNTESTABLE);
	assert_int_equal(step_of_a_build("   12 | No space left on device", &quoted),
			 EXIT_UNTESTABLE);
}

static void what_does_not_build_is_skipped(void **state)
{
	__auto_strv struct strv argv = { 0 };

	(void)state;
	free(git("checkout -q", "main~5"));
	strv_add(&argv, "%s", respawn);
	/* Neither with the series nor, as that is left to choose, without */
	strv_split(&argv, "bisect-step ARCH=arm64 PLAN=kthread_lifecycle", " ");
	for (int again = 0; again < 2; again++) {
		__auto_free char *said = NULL;
		struct run_opts o = { .dir = dir, .out = &said };

		assert_int_equal(run(&argv, &o), EXIT_UNTESTABLE);
		assert_says(said, "does not build");
		assert_says(said, "tested without it");
		assert_says(said, "PLAN=kthread_lifecycle: this needs series");
		if (again)
			assert_says(said, "known from last time");
	}
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
	strv_split(&argv, "bisect-step ARCH=arm64 SERIES=none PLAN=hotplug KCMDLINE=rdinit=/nowhere", " ");
	assert_int_equal(run(&argv, &o), EXIT_UNTESTABLE);
	free(git("checkout -q", "main"));
}

/* respawn with these words and the state in a folder of the tree's own; its exit status */
static int ask_in(const char *folder, const char *words, const char *last, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = dir, .out = said };

	strv_add(&argv, "%s", respawn);
	strv_split(&argv, words, " ");
	strv_add(&argv, "O=%s/.git/%s", dir, folder);
	if (last)
		strv_add(&argv, "%s", last);
	return run(&argv, &o);
}

static int ask(const char *words, const char *last, char **said)
{
	return ask_in("respawn", words, last, said);
}

#define BISECT	"bisect ARCH=arm64 PRIOR=uniform GOOD=main~8 "

/* One seed in three fails from the commit on that breaks. */
static char *flaky(void)
{
	return fmt("TEST=test $((SEED %% 3)) != 0 || test $(git -C %s rev-list --count main~8..$COMMIT) -lt %d",
		   dir, BREAKS);
}

static void flaky_commit_is_named(void **state)
{
	__auto_free char *test = flaky(), *few = NULL, *all = NULL, *status = NULL, *log = NULL;
	__auto_free char *words = fmt(BISECT "TREE=%s RUNS=4", dir), *path = NULL, *replayed = NULL;
	__auto_free char *on = fmt(BISECT "TREE=%s", dir), *bad = NULL, *title = NULL;
	__auto_free char *other = NULL, *again = NULL;

	(void)state;
	/* The budget ends; what was seen is kept, and a second call goes on. */
	assert_int_equal(ask(words, test, &few), EXIT_BAD);
	assert_says(few, "no answer yet");
	assert_int_equal(ask(on, test, &all), EXIT_PASS);
	assert_says(all, "goes on behind ");
	assert_says(all, "the culprit:");
	assert_says(all, "kthread: change number 6");
	/* It is known now, and nothing is run. */
	assert_int_equal(ask(on, test, &again), EXIT_PASS);
	assert_null(strstr(again, " run "));
	assert_int_equal(ask("bisect-status", NULL, &status), EXIT_PASS);
	assert_says(status, "looks for: the command fails");
	assert_int_equal(ask(on, "TEST=false", &other), EXIT_ERROR);
	assert_says(other, "is of another question");
	/* Git comes to the same. */
	assert_int_equal(ask("bisect-log", NULL, &log), EXIT_PASS);
	path = fmt("%s/.git/respawn/log", dir);
	write_file(path, log, strlen(log));
	replayed = git("bisect replay", path);
	bad = git("rev-parse", "refs/bisect/bad");
	title = git("log -1 --format=%s", bad);
	assert_string_equal(title, "kthread: change number 6");
	free(git("bisect", "reset"));
}

static void what_was_seen_can_be_changed(void **state)
{
	__auto_free char *first = git("rev-parse", "main~7"), *words = NULL;
	__auto_free char *said = NULL, *undone = NULL, *wrong = NULL;

	(void)state;
	words = fmt("bisect-skip COMMIT=%s", first);
	assert_int_equal(ask(words, NULL, &said), EXIT_PASS);
	assert_int_equal(ask("bisect-undo", NULL, &undone), EXIT_PASS);
	assert_says(undone, "skipped");
	assert_int_equal(ask("bisect-skip COMMIT=0123abc", NULL, &wrong), EXIT_ERROR);
	assert_says(wrong, "between GOOD= and BAD=");
}

/* A failure that one has says which tree it is of, and which commit: not that of now. */
static void a_record_brings_its_commit(void **state)
{
	__auto_free char *words = fmt("stress ARCH=arm64 SERIES=none SMPBOOT=park SEED=1 CYCLES=5 OPS=offline,online,kthread-run,kthread-wake KCMDLINE=respawn.plant=progress TREE=%s",
				      dir);
	__auto_free char *pattern = fmt("%s/.git/brought/runs/*-seed1", dir), *of = NULL;
	__auto_free char *said = NULL, *path = NULL, *text = NULL, *main = git("rev-parse", "main");
	__auto_free char *bad = fmt("\"bad\": \"%s\"", main);
	glob_t g;

	(void)state;
	assert_int_equal(ask_in("brought", words, NULL, &said), EXIT_BAD);
	free(said);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	of = fmt("bisect GOOD=main~8 RUNS=1 RUN=%s", g.gl_pathv[0]);
	globfree(&g);
	free(git("checkout -q", "main~1"));
	assert_int_equal(ask_in("brought", of, NULL, &said), EXIT_BAD);
	free(git("checkout -q", "main"));
	assert_says(said, "1 runs, the last one failed");
	assert_says(said, "no answer yet");
	path = fmt("%s/.git/brought/bisect.json", dir);
	text = read_file(path, NULL);
	assert_non_null(text);
	assert_says(text, bad);
}

/* Two that worked on one state would each write it without what the other one saw. */
static void one_at_a_time_works_on_a_state(void **state)
{
	__auto_free char *busy = fmt("%s/.git/busy", dir), *file = fmt("%s/bisect.json", busy);
	__auto_free char *lock = fmt("%s/bisect.lock", busy), *said = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = &said };

	(void)state;
	make_dirs(busy);
	write_file(file, "{}", 2);
	strv_add(&argv, "flock");
	strv_add(&argv, "%s", lock);
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "bisect-skip COMMIT=0123abc", " ");
	strv_add(&argv, "O=%s", busy);
	assert_int_equal(run(&argv, &o), EXIT_ERROR);
	assert_says(said, "another bisect is at work in ");
	remove_tree(busy);
}

static void seeds_are_a_step(void **state)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .dir = dir, .out = &said };

	(void)state;
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "bisect-step ARCH=arm64 SERIES=none N=2 CYCLES=5", " ");
	strv_add(&argv, "O=%s/.git/respawn", dir);
	assert_int_equal(run(&argv, &o), EXIT_PASS);
	assert_says(said, "2 seeds: none failed");
}

static void users_tree_is_not_written_to(void **state)
{
	__auto_free char *words = fmt(BISECT "TREE=%s RUNS=4", dir), *test = flaky();
	__auto_free char *status = git("status --porcelain", NULL);
	__auto_free char *branches = git("for-each-ref", "--format=%(refname)");
	__auto_free char *before = NULL, *after = NULL, *said = NULL;

	(void)state;
	make_index_old(dir);
	before = users_tree(dir, "untouched");
	assert_int_equal(ask_in("untouched", words, test, &said), EXIT_BAD);
	after = users_tree(dir, "untouched");
	assert_string_equal(before, after);
	/* Nor do steps of git's own bisect leave anything. */
	assert_string_equal(status, "");
	assert_string_equal(branches, "refs/heads/main");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bisect_names_the_commit),
		cmocka_unit_test(what_does_not_build_is_skipped),
		cmocka_unit_test(what_does_not_boot_is_skipped),
		cmocka_unit_test(flaky_commit_is_named),
		cmocka_unit_test(what_was_seen_can_be_changed),
		cmocka_unit_test(a_record_brings_its_commit),
		cmocka_unit_test(one_at_a_time_works_on_a_state),
		cmocka_unit_test(seeds_are_a_step),
		cmocka_unit_test(harness_at_fault_stops_the_bisect),
		cmocka_unit_test(host_that_cannot_build_stops_the_bisect),
		cmocka_unit_test(users_tree_is_not_written_to),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("bisect", tests, make_tree, remove_made_tree);
}
