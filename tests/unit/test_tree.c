// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/tree.c: what somebody does by hand to the work tree in the cache
 * is undone before anything is built from it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "build/image.h"
#include "build/toolchain.h"
#include "lib/ui.h"
#include "lib/util.h"

static struct tree t;
/* Of the work tree as it should be */
static struct stat kept;
static char *sum;

static char *sh(const char *command, const char *dir)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .dir = dir, .out = &said };

	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", command);
	if (run(&argv, &o))
		fail_msg("%s: %s", command, said);
	return said;
}

/* Names, modes and contents of all there is, folders too */
static char *content(void)
{
	return sh("find . -printf '%p %m %l\\n' | sort; find . -type f | sort | xargs sha256sum",
		  t.src);
}

static void stat_kept(struct stat *st)
{
	__auto_free char *path = fmt("%s/kernel/kept.c", t.src);

	assert_int_equal(stat(path, st), 0);
}

static int setup(void **state)
{
	struct request r = { .pin = "", .commit = "", .tarball = "", .series = "none", .patches = "" };
	__auto_free char *user = NULL;

	fresh_out(state);
	user = fmt("%s/user", out);
	make_dirs(user);
	free(sh("mkdir kernel tools; echo 'int a = 1;' > kernel/kept.c; cp kernel/kept.c kernel/edit.c; cp kernel/kept.c kernel/kthread.c;"
		"echo '*.o' > .gitignore; echo tool > tools/tool; chmod +x tools/tool;"
		"ln -s kept.c kernel/link.c; git init -q; git add -A;"
		"git -c user.name=x -c user.email=x@example.org commit -qm x", user));
	r.tree = user;
	/* A cache for each test: the folder is part of the name. */
	tree_open(&t, &r);
	tree_checkout(&t);
	tree_unlock(&t);
	sum = content();
	stat_kept(&kept);
	return 0;
}

static int teardown(void **state)
{
	tree_unlock(&t);
	free(sum);
	return remove_out(state);
}

static void nothing_is_done_where_nothing_is_wrong(void **state)
{
	__auto_free char *index = fmt("%s/index", t.dir);
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(index, &before), 0);
	tree_checkout(&t);
	assert_int_equal(stat(index, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

/* Each with what is left alone as it was, its times too: make looks at them. */
static void assert_undone(const char *command)
{
	__auto_free char *is = NULL, *was = NULL;
	struct stat st;

	free(sh(command, t.src));
	was = content();
	if (!strcmp(was, sum))
		fail_msg("%s: changes nothing", command);
	tree_checkout(&t);
	tree_unlock(&t);
	is = content();
	if (strcmp(is, sum))
		fail_msg("%s: is not undone:\n%s", command, is);
	stat_kept(&st);
	assert_int_equal(st.st_mtim.tv_sec, kept.st_mtim.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, kept.st_mtim.tv_nsec);
	assert_int_equal(st.st_ino, kept.st_ino);
}

static void changes_by_hand_are_undone(void **state)
{
	static const char *const commands[] = {
		"echo more >> kernel/edit.c",
		/* Of the same size, and of the same time */
		"touch -r kernel/edit.c ../ref; echo 'int a = 2;' > kernel/edit.c; touch -r ../ref kernel/edit.c",
		"touch -r kernel/edit.c ../ref; echo 'int a = 3;' > new; touch -r ../ref new; mv new kernel/edit.c",
		"rm kernel/edit.c",
		"rm -r tools",
		"chmod -x tools/tool",
		"ln -sf edit.c kernel/link.c",
		"rm kernel/link.c; cp kernel/kept.c kernel/link.c",
		"echo 'int b;' > kernel/added.c",
		/* git would leave that out */
		"echo x > kernel/added.o",
		"mkdir include; echo x > include/kept.h",
		"mkdir nested; git init -q nested; echo x > nested/added.c",
		"rm -r tools; echo x > tools",
		"rm kernel/edit.c; mkdir kernel/edit.c; echo x > kernel/edit.c/x",
		"cp kernel/edit.c kernel/.gitignore",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		assert_undone(commands[i]);
}

static void a_work_tree_that_was_thrown_out_comes_back(void **state)
{
	__auto_free char *is = NULL;

	(void)state;
	remove_tree(t.src);
	tree_checkout(&t);
	is = content();
	assert_string_equal(is, sum);
}

/* What a user has set for git, or for one command, is nothing to ours. */
static void settings_of_the_users_do_not_count(void **state)
{
	__auto_free char *home = fmt("%s/home", out), *config = fmt("%s/.gitconfig", home);
	static const char text[] = "[core]\n\tautocrlf = true\n\tsymlinks = false\n"
		"\tfileMode = false\n\tignoreStat = true\n\ttrustctime = false\n";

	(void)state;
	make_dirs(home);
	write_file(config, text, strlen(text));
	setenv("HOME", home, 1);
	setenv("GIT_DIR", "/nowhere", 1);
	setenv("GIT_INDEX_FILE", "/nowhere", 1);
	changes_by_hand_are_undone(state);
	unsetenv("GIT_DIR");
	unsetenv("GIT_INDEX_FILE");
}

/* What is left to be chosen is what can be had. */
static void a_tree_that_the_series_is_not_for_has_none(void **state)
{
	struct request r = { .pin = "", .commit = "", .tarball = "", .series = "auto", .patches = "" };
	__auto_free char *user = fmt("%s/user", out);
	struct tree auto_tree;

	(void)state;
	r.tree = user;
	tree_open(&auto_tree, &r);
	assert_string_equal(r.series, "none");
	assert_false(auto_tree.series);
	assert_string_equal(auto_tree.hash, t.hash);
}

/* A folder with history of the user's tree, the base of it checked out again */
static char *user_history(const char *commands)
{
	__auto_free char *user = fmt("%s/user", out), *mbox = fmt("%s/series.mbox", out);
	__auto_free char *command = fmt("export GIT_CONFIG_GLOBAL=/dev/null; git config user.name x;"
		"git config user.email x@example.org; %s;"
		"git format-patch -q --stdout --cover-letter HEAD~2 >%s;"
		"git rev-parse HEAD^{tree}; git reset -q --hard HEAD~2", commands, mbox);
	char *want = sh(command, user);

	want[strcspn(want, "\n")] = '\0';
	return want;
}

static void open_with(struct tree *got, char *patches, const char *series)
{
	__auto_free char *user = fmt("%s/user", out);
	struct request r = {
		.pin = "", .commit = "", .tarball = "", .series = series, .patches = patches,
	};

	r.tree = user;
	tree_open(got, &r);
}

#define COMMIT	"git add -A; git commit -qm "

/* What one patch of a mailbox makes, the next one has to find. */
static void mails_apply_one_after_the_other(void **state)
{
	static const char *const commands[] = {
		/* Change and rename, change and delete, add and delete, add and take back */
		"echo b >>kernel/edit.c; " COMMIT "1; git mv kernel/edit.c kernel/moved.c; " COMMIT "2",
		"echo b >>kernel/edit.c; " COMMIT "1; git rm -q kernel/edit.c; " COMMIT "2",
		"echo b >kernel/new.c; " COMMIT "1; git rm -q kernel/new.c; " COMMIT "2",
		"echo b >kernel/new.c; " COMMIT "1; git revert --no-edit HEAD >a.o",
		/* Add and rename, rename twice */
		"echo b >kernel/new.c; " COMMIT "1; git mv kernel/new.c kernel/newer.c; " COMMIT "2",
		"git mv kernel/edit.c a.c; " COMMIT "1; git mv a.c b.c; " COMMIT "2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		__auto_free char *mbox = NULL, *want = NULL;
		struct tree got;

		if (i) {
			teardown(state);
			setup(state);
		}
		mbox = fmt("%s/series.mbox", out);
		want = user_history(commands[i]);
		open_with(&got, mbox, "none");
		if (strcmp(got.hash, want))
			fail_msg("%s: the mails give another tree", commands[i]);
	}
}

/* As a mail program may send them on */
static void mails_may_be_encoded(void **state)
{
	static const char mail[] = "From x@y Thu Jan  1 00:00:00 1970\nFrom: x <x@y>\nSubject: x\n"
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: base64\n\n";
	__auto_free char *user = fmt("%s/user", out), *mbox = fmt("%s/encoded.mbox", out);
	__auto_free char *want = user_history("echo b >>kernel/edit.c; " COMMIT "1;"
					      "echo c >>kernel/edit.c; " COMMIT "2");
	__auto_free char *make = fmt("printf '%s' >%s; git diff HEAD %s | base64 >>%s", mail, mbox,
				     want, mbox);
	struct request r = { .patches = mbox };
	struct tree got;

	(void)state;
	free(sh(make, user));
	tree_check_patches(&r);
	open_with(&got, mbox, "none");
	assert_string_equal(got.hash, want);
}

/* git may have a word of advice, as it has on grafts, which is no commit. */
static void changes_are_counted_from_a_commit(void **state)
{
	__auto_free char *user = fmt("%s/user", out), *want = NULL;
	static const char *const from[] = { "", "@{u}" };
	struct request r = { .commit = "" };

	(void)state;
	r.tree = user;
	want = sh("export GIT_CONFIG_GLOBAL=/dev/null; git config user.name x;"
		  "git config user.email x@example.org; git checkout -qb mine --track 2>&1 >a.o;"
		  "echo b >>kernel/edit.c; " COMMIT "1; git rev-parse @{u}^{tree};"
		  "git rev-parse HEAD HEAD~ | paste -sd ' ' >.git/info/grafts", user);
	want[strcspn(want, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		__auto_free char *since = NULL;

		r.since = from[i];
		since = tree_since(&r);
		assert_string_equal(since, want);
	}
}

/* The user had the same content in a branch, which is gone for good. */
static void what_the_user_threw_away_is_made_again(void **state)
{
	__auto_free char *user = fmt("%s/user", out), *mbox = fmt("%s/series.mbox", out);
	__auto_free char *want = user_history("echo b >>kernel/edit.c; " COMMIT "1;"
					      "echo c >>kernel/edit.c; " COMMIT "2");
	__auto_free char *text = NULL;
	struct tree got;

	(void)state;
	open_with(&got, mbox, "none");
	assert_string_equal(got.hash, want);
	free(sh("git reflog expire --expire=now --all; git gc -q --prune=now", user));
	open_with(&got, mbox, "none");
	assert_string_equal(got.hash, want);
	text = tree_read(&got, "kernel/edit.c");
	assert_non_null(text);
	assert_string_equal(text, "int a = 1;\nb\nc\n");
}

static int check_selftests(const void *names)
{
	struct request r = { .selftests = names };

	kernel_check_selftests(&r, &t);
	return 0;
}

static void selftests_are_looked_for_in_the_tree(void **state)
{
	__auto_free char *user = fmt("%s/user", out);

	(void)state;
	free(sh("mkdir -p tools/testing/selftests/mine; echo x >tools/testing/selftests/mine/Makefile;"
		"git add -A; git -c user.name=x -c user.email=x@example.org commit -qm x", user));
	open_with(&t, "", "none");
	assert_int_equal(in_a_child(check_selftests, ""), 0);
	assert_int_equal(in_a_child(check_selftests, "mine"), 0);
	assert_int_equal(in_a_child(check_selftests, "mine,other"), EXIT_ERROR);
}

static void paths_are_as_git_has_them(void **state)
{
	static const char *const paths[][2] = {
		{ "lib/kunit", "lib/kunit" }, { "lib/kunit/", "lib/kunit" },
		{ "./lib/kunit//", "lib/kunit" }, { ".//./lib", "lib" }, { "/", "/" },
		{ ".hidden", ".hidden" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		__auto_free char *path = tree_path(paths[i][0]);

		assert_string_equal(path, paths[i][1]);
	}
}

static int open_user(const void *tree)
{
	struct request r = {
		.pin = "", .commit = "", .tarball = "", .series = "none", .patches = "",
	};
	struct tree got;

	r.tree = tree;
	tree_open(&got, &r);
	return 0;
}

/* Its files are not there yet, and our own repository does not know where from. */
static void a_partial_clone_is_refused(void **state)
{
	__auto_free char *user = fmt("%s/user", out), *partial = fmt("%s/partial", out);
	__auto_free char *clone = fmt("git config uploadpack.allowfilter true; git clone -q -n --filter=blob:none file://%s %s 2>&1",
				      user, partial);
	__auto_free char *said = fmt("%s/said", out), *text = NULL;

	(void)state;
	free(sh(clone, user));
	assert_int_equal(child_says(open_user, partial, said), EXIT_ERROR);
	text = read_file(said, NULL);
	assert_non_null(strstr(text, "is a partial clone that lacks files of this commit"));
	free(sh("git fetch -q --refetch --no-filter 2>&1", partial));
	assert_int_equal(in_a_child(open_user, partial), 0);
}

static int open_tarball(const void *tarball)
{
	struct request r = { .pin = "", .commit = "", .tree = "", .series = "none", .patches = "" };
	__auto_free char *text = NULL;
	struct tree got;

	r.tarball = tarball;
	tree_open(&got, &r);
	text = tree_read(&got, "kernel/kthread.c");
	return text ? 0 : 3;
}

/* As 'tar cf x.tar ./linux' makes one; and what is none, or not in a folder */
static void a_tarball_has_a_kernel_in_a_folder(void **state)
{
	static const struct {
		const char *words;
		int status;
	} cases[] = {
		{ "user", 0 }, { "./user", 0 }, { "-C user .", EXIT_ERROR },
		{ "-C user kernel tools", EXIT_ERROR }, { "user/tools", EXIT_ERROR },
	};
	__auto_free char *tar = fmt("%s/x.tar", out);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__auto_free char *make = fmt("tar cf x.tar --exclude .git %s", cases[i].words);

		free(sh(make, out));
		/* Nor is it taken the next time. */
		for (int again = 0; again < 2; again++)
			if (in_a_child(open_tarball, tar) != cases[i].status)
				fail_msg("%s", cases[i].words);
	}
}

static int open_auto(const void *patches)
{
	struct tree got;

	die_for_bisect();
	open_with(&got, (char *)patches, "auto");
	return got.series ? 3 : 0;
}

/* A git that has come to grief says nothing of a patch, nor of the series. */
static void a_git_that_fails_is_no_patch_that_does(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "echo fatal: unable to write new index file >&2; exit 128", EXIT_ABORT },
		{ "echo error: unable to write file x >&2; exit 1", EXIT_ABORT },
		{ "echo error: x: patch does not apply >&2; kill -TERM $$", EXIT_ABORT },
		{ "exit 127", EXIT_ABORT },
		{ "echo error: corrupt patch at line 1 >&2; exit 128", EXIT_UNTESTABLE },
		{ "echo error: x: patch does not apply >&2; exit 1", EXIT_UNTESTABLE },
	};
	__auto_free char *real = find_program("git"), *was = copy(getenv("PATH"));
	__auto_free char *bin = fmt("%s/bin", out), *git = fmt("%s/git", bin);
	__auto_free char *path = fmt("%s:%s", bin, was), *patch = fmt("%s/patch", out);

	(void)state;
	make_dirs(bin);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__auto_free char *script = fmt("#!/bin/sh\ncase \"$*\" in\n*' apply '*) %s;;\n*) exec %s \"$@\";;\nesac\n",
					       cases[i].script, real);
		int status;

		write_file(git, script, strlen(script));
		chmod(git, 0755);
		/* Another one each time, as what was found out is remembered. */
		write_file(patch, script, strlen(script));
		setenv("PATH", path, 1);
		status = in_a_child(open_auto, patch);
		setenv("PATH", was, 1);
		if (status != cases[i].status)
			fail_msg("%s: status %d", cases[i].script, status);
	}
}

/* Is a step among those that can be done with these suites of the tree's own? */
static int has_rcutorture(const void *words)
{
	struct request r = {
		.pin = "", .commit = "", .tarball = "", .series = "none", .overlay = "none",
		.patches = "", .config = "default", .suites = "", .selftests = "", .plan = "",
		.focus = "none", .since = "", .yield_files = "", .kunitconfig = "kernel",
		.smpboot = "", .arch = arch_find("x86_64"),
	};
	__auto_free char *user = fmt("%s/user", out);
	__auto_strv struct strv steps = { 0 };
	struct image i;

	r.tree = user;
	r.plan = words;
	image_open(&i, &r);
	plan_chosen(&i.plan, &r, i.kernel.config, &steps);
	return strv_has(&steps, "rcutorture") ? 0 : 3;
}

static void a_file_of_the_tree_says_what_its_kernel_has(void **state)
{
	__auto_free char *user = fmt("%s/user", out);
	__auto_free char *compiler = toolchain_compiler(arch_find("x86_64"));
	__auto_free char *there = find_program(compiler);

	(void)state;
	if (!there)
		skip();
	free(sh("echo CONFIG_RCU_TORTURE_TEST=y >kernel/.kunitconfig; git add -A;"
		"git -c user.name=x -c user.email=x@localhost commit -qm x", user));
	assert_int_equal(in_a_child(has_rcutorture, "rcutorture"), 0);
	assert_int_equal(in_a_child(has_rcutorture, ""), 0);
	assert_int_equal(in_a_child(has_rcutorture, "locktorture"), EXIT_ERROR);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nothing_is_done_where_nothing_is_wrong),
		TEST(changes_by_hand_are_undone),
		TEST(a_work_tree_that_was_thrown_out_comes_back),
		TEST(settings_of_the_users_do_not_count),
		TEST(a_tree_that_the_series_is_not_for_has_none),
		TEST(mails_apply_one_after_the_other),
		TEST(mails_may_be_encoded),
		TEST(a_git_that_fails_is_no_patch_that_does),
		cmocka_unit_test(paths_are_as_git_has_them),
		TEST(selftests_are_looked_for_in_the_tree),
		TEST(a_file_of_the_tree_says_what_its_kernel_has),
		TEST(a_partial_clone_is_refused),
		TEST(a_tarball_has_a_kernel_in_a_folder),
		TEST(changes_are_counted_from_a_commit),
		TEST(what_the_user_threw_away_is_made_again),
	};
	char cache[] = "/tmp/respawn-test.XXXXXX";
	int ret;

	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	ui_init(UI_QUIET);
	ret = cmocka_run_group_tests_name("tree", tests, NULL, NULL);
	remove_tree(cache);
	return ret;
}
