// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/overlay.c: it comes to lie on any tree that has the places it
 * needs, and says which is missing on one that has not.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "build/focus.h"
#include "build/overlay.h"
#include "lib/util.h"

#define GCC	"#if defined(CONFIG_KCOV) && __has_attribute(__no_sanitize_coverage__)"

static struct request request;

static void sh(const char *command, const char *dir)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .dir = dir, .out = &said };

	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", command);
	if (run(&argv, &o))
		fail_msg("%s: %s", command, said);
}

static int setup(void **state)
{
	__auto_free char *user = NULL;

	fresh_out(state);
	user = fmt("%s/user", out);
	make_dirs(user);
	sh("mkdir -p kernel scripts lib include/linux;"
	   "echo 'obj-y = fork.o' > kernel/Makefile; echo 'int fork;' > kernel/fork.c;"
	   "echo 'int kthread;' > kernel/kthread.c;"
	   "echo '_c_flags = x' > scripts/Makefile.lib; echo 'endmenu' > lib/Kconfig.debug;"
	   "echo before > include/linux/compiler-gcc.h;"
	   "echo '" GCC "' >> include/linux/compiler-gcc.h;"
	   "echo after >> include/linux/compiler-gcc.h; git init -q;"
	   "mkdir -p arch/x86/kernel; echo 'schedule();x;schedule();' > arch/x86/kernel/smpboot.c",
	   user);
	request = (struct request){
		.pin = "", .commit = "", .tarball = "", .series = "none", .patches = "",
		.overlay = "full", .yield_files = "", .tree = copy(user),
	};
	return 0;
}

static void open_user_tree(struct tree *t, const char *change)
{
	sh(change, request.tree);
	sh("git add -A; git -c user.name=x -c user.email=x@example.org commit -qm x", request.tree);
	tree_open(t, &request);
}

static void assert_text(const struct tree *t, const char *file, const char *text)
{
	__auto_free char *is = tree_read(t, file);

	assert_non_null(is);
	assert_string_equal(is, text);
}

static void assert_has(const struct tree *t, const char *file, const char *text)
{
	__auto_free char *is = tree_read(t, file);

	assert_non_null(is);
	assert_non_null(strstr(is, text));
}

static void files_and_edits_are_there(void **state)
{
	struct tree t;

	(void)state;
	open_user_tree(&t, "true");
	overlay_lay(&t, &request);
	assert_text(&t, "kernel/Makefile",
		    "obj-y = fork.o\n\nobj-$(CONFIG_LIFECYCLE_YIELD_POINTS) += yield_points.o\n"
		    "# It is called from code that must not be seen to access anything.\n"
		    "KCSAN_SANITIZE_yield_points.o := n\n");
	assert_text(&t, "lib/Kconfig.debug", "endmenu\n\nsource \"lib/Kconfig.yield_points\"\n");
	assert_text(&t, "include/linux/compiler-gcc.h",
		    "before\n#if (defined(CONFIG_KCOV) || defined(CONFIG_LIFECYCLE_YIELD_POINTS)) && \\\n"
		    "\t__has_attribute(__no_sanitize_coverage__)\nafter\n");
	assert_has(&t, "kernel/yield_points.c", "int yield_points_attach(");
	assert_has(&t, "include/linux/yield_points.h", "yield_point_fn");
	assert_has(&t, "scripts/Makefile.yield_points", "\tkernel/cpu.o \\\n");
	assert_text(&t, "kernel/fork.c", "int fork;\n");
	assert_text(&t, "arch/x86/kernel/smpboot.c",
		    "cpu_relax(); schedule();x;cpu_relax(); schedule();\n");
}

/* A kernel need not have what only some have. */
static void what_may_be_missing_is_not_missed(void **state)
{
	struct tree t;

	(void)state;
	open_user_tree(&t, "rm arch/x86/kernel/smpboot.c");
	overlay_lay(&t, &request);
	assert_has(&t, "kernel/yield_points.c", "int yield_points_attach(");
	assert_null(tree_read(&t, "arch/x86/kernel/smpboot.c"));
}

struct named {
	const char *focus;
	const char *is;
	const char *says;
};

static int choose(const void *arg)
{
	const struct named *n = arg;
	struct request r = request;
	struct focus f;
	struct tree t;

	tree_open(&t, &r);
	r.focus = n->focus;
	focus_choose(&f, &t, &r);
	return strcmp(r.focus, n->is) ? 3 : 0;
}

/* What is no function of the file named would be looked for when all is built. */
static void a_focus_is_what_the_tree_has(void **state)
{
	static const struct named all[] = {
		{ "kernel/kthread.c:kthread_stop", "kernel/kthread.c:kthread_stop", NULL },
		{ "./kernel/kthread.c", "kernel/kthread.c:kthread_stop", NULL },
		{ "kthread_stop", "kthread_stop", NULL },
		{ "kernel/kthread.c:kthread_sto?,kthread_stop", "kthread_stop", NULL },
		{ "kernel/kthread.c:kthread_sto", "", "there is no such function" },
		{ "kernel/kthread.c:", "", "there is no such function" },
		{ "kernel/kthread.c:kthread_park", "", "there is no such function" },
		{ "include/linux/compiler-gcc.h", "", "compiler-gcc.h' is no C file" },
		{ "kernel/", "", "'kernel' is no C file" },
	};
	__auto_free char *said = fmt("%s/said", out);
	struct tree t;

	(void)state;
	open_user_tree(&t, "printf 'void kthread_park(void);\nint kthread_stop(void)\n{\n}\n' >kernel/kthread.c");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int status = child_says(choose, &all[i], said);
		__auto_free char *text = read_file(said, NULL);

		if (status != (all[i].says ? EXIT_ERROR : 0) ||
		    (all[i].says && !strstr(text, all[i].says)))
			fail_msg("%s: %d, %s", all[i].focus, status, text);
	}
}

static void none_changes_nothing(void **state)
{
	__auto_free char *hash = NULL;
	struct tree t;

	(void)state;
	request.overlay = "none";
	open_user_tree(&t, "true");
	hash = copy(t.hash);
	overlay_lay(&t, &request);
	assert_string_equal(t.hash, hash);
}

static void files_of_a_user_are_added(void **state)
{
	__auto_free char *hash = NULL;
	struct tree t, plain;

	(void)state;
	open_user_tree(&plain, "true");
	t = plain;
	overlay_lay(&plain, &request);
	request.yield_files = "./kernel/fork.c";
	overlay_lay(&t, &request);
	assert_has(&t, "scripts/Makefile.yield_points", "\nyield-points += kernel/fork.o\n");
	assert_string_not_equal(t.hash, plain.hash);
	/* And known the next time */
	hash = copy(t.hash);
	t.hash = copy(t.base);
	overlay_lay(&t, &request);
	assert_string_equal(t.hash, hash);
}

static int lay(const void *tree)
{
	struct tree t = *(const struct tree *)tree;

	overlay_lay(&t, &request);
	return EXIT_PASS;
}

static void what_does_not_fit_is_said(void **state)
{
	static const struct {
		const char *change;
		const char *yield_files;
		const char *said;
	} odd[] = {
		{ "rm scripts/Makefile.lib", "", "this tree has no scripts/Makefile.lib" },
		{ "sed -i s/KCOV/XCOV/ include/linux/compiler-gcc.h", "",
		  "include/linux/compiler-gcc.h of this tree has no '" GCC "'" },
		{ "echo '" GCC "' >> include/linux/compiler-gcc.h", "", "more than once" },
		{ "true", "kernel/nothing.c", "YIELD_FILES=kernel/nothing.c: this tree has no" },
		{ "true", "kernel/fork.o", "YIELD_FILES=kernel/fork.o: this is no C file" },
		{ "true", ".c", "YIELD_FILES=.c: this is no C file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		__auto_free char *path = NULL, *said = NULL;
		struct tree t;

		remove_out(state);
		setup(state);
		path = fmt("%s/said", out);
		open_user_tree(&t, odd[i].change);
		request.yield_files = odd[i].yield_files;
		assert_int_equal(child_says(lay, &t, path), EXIT_ERROR);
		said = read_file(path, NULL);
		if (!strstr(said, odd[i].said))
			fail_msg("'%s' gives: %s", odd[i].change, said);
		assert_int_equal(strcspn(said, "\n"), strlen(said) - 1);
	}
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, remove_out)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(files_and_edits_are_there),
		TEST(what_may_be_missing_is_not_missed),
		TEST(none_changes_nothing),
		TEST(a_focus_is_what_the_tree_has),
		TEST(files_of_a_user_are_added),
		TEST(what_does_not_fit_is_said),
	};

	char cache[] = "/tmp/respawn-test.XXXXXX";
	int ret;

	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	ret = cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
	remove_tree(cache);
	return ret;
}
