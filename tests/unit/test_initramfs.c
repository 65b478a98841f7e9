// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what scripts/build/initramfs.c takes out of an initramfs, which in a bundle is
 * somebody else's: modules, under their names, and nothing anywhere else; and of what goes
 * into one.
 */
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
#include "cpio.h"
#include "build/initramfs.h"
#include "lib/util.h"

static char *in_out(const char *name)
{
	return fmt("%s/%s", out, name);
}

/* An initramfs in which each file has its name for its content */
static char *initramfs_of(const char *const *names, size_t n)
{
	char *path = in_out("initramfs.cpio");

	cpio_write(path, names, names, n);
	return path;
}

static void modules_are_taken_out(void **state)
{
	static const char *const names[] = { "init", "modules/one.ko", "modules/two-2.ko" };
	__auto_free char *path = initramfs_of(names, ARRAY_SIZE(names));
	__auto_free char *one = in_out("one.ko"), *two = in_out("two-2.ko");
	__auto_free char *init = in_out("init"), *text = NULL;

	(void)state;
	initramfs_modules(path, out);
	text = read_file(one, NULL);
	assert_non_null(text);
	assert_string_equal(text, "modules/one.ko");
	assert_true(exists(two));
	assert_false(exists(init));
}

static void nothing_is_written_elsewhere(void **state)
{
	static const char *const names[] = {
		"modules/../evil.ko", "modules/deep/evil.ko", "../evil.ko", "evil.ko",
		"modules/.ko", "modules/..ko", "modules/.evil.ko", "modules/evil.ko.sh",
		"modules/evil", "modulesXevil.ko", "/modules/evil.ko", "modules/good.ko",
	};
	__auto_free char *path = initramfs_of(names, ARRAY_SIZE(names));
	__auto_free char *dir = in_out("record"), *good = in_out("record/good.ko");
	__auto_free char *line = fmt("%s\n", good), *said = NULL;
	__auto_strv struct strv find = { 0 };
	struct run_opts o = { .out = &said };

	(void)state;
	make_dirs(dir);
	initramfs_modules(path, dir);
	assert_true(exists(good));
	strv_split(&find, "find", " ");
	strv_add(&find, "%s", out);
	strv_split(&find, "-name *.ko*", " ");
	assert_int_equal(run(&find, &o), 0);
	assert_string_equal(said, line);
}

static int take_out(const void *path)
{
	initramfs_modules(path, out);
	return 0;
}

static int plan_in(const void *path)
{
	__auto_free char *text = initramfs_plan(path);

	return strcmp(text, "a - - -\n");
}

static void a_plan_is_taken_out(void **state)
{
	static const char *const names[] = { "plans", "bin/plan", "plan" };
	static const char *const texts[] = { "x", "y", "a - - -\n" };
	__auto_free char *path = in_out("initramfs.cpio"), *less = in_out("less.cpio");

	(void)state;
	cpio_write(path, names, texts, 3);
	assert_int_equal(in_a_child(plan_in, path), 0);
	cpio_write(less, names, texts, 2);
	assert_int_equal(in_a_child(plan_in, less), EXIT_ERROR);
}

static void a_damaged_one_is_an_error(void **state)
{
	static const char *const names[] = { "modules/one.ko" };
	__auto_free char *path = initramfs_of(names, ARRAY_SIZE(names));

	(void)state;
	assert_int_equal(in_a_child(take_out, path), 0);
	/* In the middle of the module: a header has 110 bytes. */
	assert_int_equal(truncate(path, 110 + 2 * strlen("modules/one.ko")), 0);
	assert_int_equal(in_a_child(take_out, path), EXIT_ERROR);
}

static void put(const char *name, const char *text, mode_t mode)
{
	__auto_free char *file = in_out(name), *dir = copy(file);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(file, text, strlen(text));
	chmod(file, mode);
}

static int selftests(const void *arg)
{
	struct tree t = { .src = in_out("src"), .name = "a tree" };
	struct kernel k = { .out = in_out("out"), .req = { .selftests = "mine", .series = "" } };

	(void)arg;
	while ((k.arch = arch_next(k.arch)) && !arch_is_host(k.arch))
		;
	kernel_selftests(&k, &t, out);
	return 0;
}

/* A kselftest that is older than a header of the tree's may be of another content. */
static void selftests_are_built_anew(void **state)
{
	__auto_free char *bin = in_out("bin"), *was = copy(getenv("PATH"));
	__auto_free char *path = fmt("%s:%s", bin, was);

	(void)state;
	put("bin/rsync", "#!/bin/sh\n", 0755);
	put("src/tools/testing/selftests/mine/Makefile", "", 0644);
	put("src/Makefile", "kselftest-install:\n\ttest ! -e $(O)/kselftest/mine/mine\n", 0644);
	put("out/kselftest/mine/mine", "old", 0755);
	setenv("PATH", path, 1);
	assert_int_equal(in_a_child(selftests, NULL), 0);
	setenv("PATH", was, 1);
}

static int plan(const void *suites)
{
	struct request r = { .suites = suites };
	struct plan p;

	plan_read(&p, &r);
	return 0;
}

/* The first one that is found would hide the other. */
static void a_program_is_of_one_folder(void **state)
{
	static const struct {
		const char *plan;
		const char *says;
	} plans[] = {
		{ "a - mine -\n", NULL },
		{ "a - hotplug -\n", NULL },
		{ "a - lost -\n", "program lost, which a plan names, is in no folder" },
		{ "a - both -\n", "program both, which a plan names, is in " },
		{ "a - stress -\n", "/initramfs and in " },
		{ "a - odd_caller -\n", "/initramfs and in " },
	};
	__auto_free char *one = in_out("one"), *two = in_out("two"), *said = in_out("said");
	__auto_free char *dirs = fmt("%s %s", one, two);

	(void)state;
	put("one/both.sh", "", 0755);
	put("one/mine.c", "", 0644);
	put("one/plan", "", 0644);
	put("two/both/main.c", "", 0644);
	put("two/stress.c", "", 0644);
	put("two/odd_caller.sh", "", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		__auto_free char *text = NULL;
		int status;

		put("two/plan", plans[i].plan, 0644);
		status = child_says(plan, dirs, said);
		text = read_file(said, NULL);
		assert_int_equal(status, plans[i].says ? EXIT_ERROR : 0);
		if (plans[i].says && !strstr(text, plans[i].says))
			fail_msg("%s: %s", plans[i].plan, text);
	}
}

/* The kernel need not be built to find that out. */
static void a_module_is_of_one_folder(void **state)
{
	static const struct {
		const char *kbuild;
		const char *says;
	} kbuilds[] = {
		{ "obj-m += mine.o helper.o\n", NULL },
		{ "obj-m := \\\n\tmine.o \\\n\tboth.o\n", "module both is made in " },
		{ "ifdef X\n  obj-$(CONFIG_X)+=both.o\nendif\n", "module both is made in " },
		{ "obj-m += mine.o deep/\n", "module low is made in " },
		{ "obj-m += mine.o deep/low.o\n", "module low is made in " },
		{ "obj-m += mine.o ./ ../two/ /\n", NULL },
		{ "obj-m += mine.o # both.o\nmine-y := both.o\n#obj-m += both.o\n", NULL },
		{ "obj-m += torture.o\n", "/kunit and in " },
		{ "obj-m += steer.o\n", "/kunit and in " },
	};
	__auto_free char *one = in_out("one"), *two = in_out("two"), *said = in_out("said");
	__auto_free char *dirs = fmt("%s %s", one, two);

	(void)state;
	put("one/Kbuild", "obj-m += both.o low.o helper.o\n", 0644);
	put("one/plan", "a both - -\nb low - -\n", 0644);
	put("two/plan", "c mine - -\n", 0644);
	put("two/deep/Makefile", "obj-y += low.o\n", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(kbuilds); i++) {
		__auto_free char *text = NULL;
		int status;

		put("two/Kbuild", kbuilds[i].kbuild, 0644);
		status = child_says(plan, dirs, said);
		text = read_file(said, NULL);
		if (status != (kbuilds[i].says ? EXIT_ERROR : 0) ||
		    (kbuilds[i].says && !strstr(text, kbuilds[i].says)))
			fail_msg("%s: %s", kbuilds[i].kbuild, text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(modules_are_taken_out, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(nothing_is_written_elsewhere,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_plan_is_taken_out, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_an_error,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(selftests_are_built_anew, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_program_is_of_one_folder, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_module_is_of_one_folder, fresh_out, remove_out),
	};

	return cmocka_run_group_tests_name("initramfs", tests, NULL, NULL);
}
