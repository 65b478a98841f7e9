// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the names of kernels and initramfs: whatever goes into one is in its name, and
 * what does not is not. Each name is computed in a process of its own, as they remember
 * what they know of the machine.
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
#include "build/initramfs.h"
#include "lib/host.h"
#include "lib/ui.h"

static char *path, *gcc;
static const struct arch *arch;
static struct request request;

/* Writes the name of the kernel and of the initramfs into a file. */
static int name_both(const void *to)
{
	struct tree t = { .dir = "/nowhere", .hash = "0123" };
	__auto_free char *initramfs = NULL, *text = NULL;
	struct kernel k = { 0 };
	struct plan p;

	plan_read(&p, &request);
	kernel_name(&k, &request, &t);
	initramfs = initramfs_path(&k, &p);
	text = fmt("%s %s", k.key, initramfs);
	write_file(to, text, strlen(text));
	return 0;
}

static char *names(void)
{
	__auto_free char *to = fmt("%s/names", out);
	char *text;

	assert_int_equal(in_a_child(name_both, to), 0);
	text = read_file(to, NULL);
	assert_non_null(text);
	return text;
}

static void plant(const char *name, const char *script)
{
	__auto_free char *bin = fmt("%s/bin", out), *program = fmt("%s/%s", bin, name);

	make_dirs(bin);
	write_file(program, script, strlen(script));
	chmod(program, 0755);
}

/* A compiler that is the usual one but for what it says when it is asked this */
static void plant_compiler(const char *asked, const char *answer)
{
	__auto_free char *script = fmt("#!/bin/sh\ncase \"$*\" in\n'%s') %s;;\n*) exec %s \"$@\";;\nesac\n",
				       asked, answer, gcc);

	plant("gcc", script);
}

static void plant_busybox(const char *text)
{
	__auto_free char *busybox = fmt("%s/busybox/%s", host_cache(), arch->name);
	__auto_free char *dir = fmt("%s/busybox", host_cache());

	make_dirs(dir);
	write_file(busybox, text, strlen(text));
}

static int setup(void **state)
{
	__auto_free char *planted = NULL;

	fresh_out(state);
	arch = NULL;
	while ((arch = arch_next(arch)) && !arch_is_host(arch))
		;
	if (!arch)
		skip();
	request = (struct request){
		.arch = arch, .config = "default", .series = "full", .overlay = "full", .suites = "",
		.kunitconfig = "", .selftests = "",
	};
	plant_busybox("one");
	path = copy(getenv("PATH"));
	/* Not the one that is planted later */
	gcc = find_program("gcc");
	planted = fmt("%s/bin:%s", out, path);
	setenv("PATH", planted, 1);
	return 0;
}

static int teardown(void **state)
{
	setenv("PATH", path, 1);
	free(path);
	free(gcc);
	return remove_out(state);
}

static void assert_kernel_differs(const char *a, const char *b, const char *why)
{
	if (!strncmp(a, b, 24))
		fail_msg("another %s gives a kernel of the same name", why);
	if (!strcmp(strrchr(a, '/'), strrchr(b, '/')))
		fail_msg("another %s gives an initramfs of the same name", why);
}

static void the_same_gives_the_same(void **state)
{
	__auto_free char *a = names(), *b = NULL;

	(void)state;
	setenv("KCFLAGS", "-DX=1", 1);
	setenv("CPATH", "/nowhere", 1);
	setenv("LANG", "de_DE.UTF-8", 1);
	b = names();
	unsetenv("KCFLAGS");
	unsetenv("CPATH");
	unsetenv("LANG");
	assert_string_equal(a, b);
}

static void tools_are_in_the_names(void **state)
{
	static const char *const tools[] = {
		"lz4", "as", "ld", "objcopy", "ar", "nm", "strip", "make", "bc", "perl",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		__auto_free char *a = NULL, *b = NULL;

		plant(tools[i], "#!/bin/sh\nexit 1\n");
		a = names();
		plant(tools[i], "#!/bin/sh\nexit 2\n");
		b = names();
		assert_kernel_differs(a, b, tools[i]);
	}
}

static void what_the_compiler_uses_is_in_the_names(void **state)
{
	static const char *const asked[] = {
		"-print-prog-name=cc1", "-print-prog-name=as", "-print-prog-name=ld",
		"-print-file-name=libc.a", "-print-file-name=crt1.o", "-print-file-name=libgcc.a",
	};
	__auto_free char *file = fmt("%s/planted", out), *answer = fmt("echo %s", file);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		__auto_free char *a = NULL, *b = NULL;

		plant_compiler(asked[i], answer);
		write_file(file, "one", 3);
		a = names();
		write_file(file, "two", 3);
		b = names();
		assert_kernel_differs(a, b, asked[i]);
	}
}

/* The same program of the same version may have other defaults, or other headers. */
static void macros_are_in_the_names(void **state)
{
	static const char asked[] =
		"-E -dM -include features.h -include linux/version.h -x c /dev/null";
	__auto_free char *a = NULL, *b = NULL;

	(void)state;
	plant_compiler(asked, "echo '#define LINUX_VERSION_CODE 1'");
	a = names();
	plant_compiler(asked, "echo '#define LINUX_VERSION_CODE 2'");
	b = names();
	assert_kernel_differs(a, b, "header");
}

static void busybox_is_in_the_initramfs_name(void **state)
{
	__auto_free char *a = names(), *b = NULL, *c = NULL;

	(void)state;
	plant_busybox("two");
	b = names();
	assert_int_equal(strncmp(a, b, 24), 0);
	assert_string_not_equal(a, b);
	plant_busybox("one");
	c = names();
	assert_string_equal(a, c);
}

static void a_missing_compiler_is_an_error(void **state)
{
	__auto_free char *to = fmt("%s/names", out);

	(void)state;
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(in_a_child(name_both, to), EXIT_ERROR);
}

/* ---- copies of folders with sources ------------------------------------------ */

static void put(const char *name, const char *text)
{
	__auto_free char *file = fmt("%s/%s", out, name), *dir = copy(file);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(file, text, strlen(text));
}

/* A file of a folder of suites, and of one that a link in there leads to */
static void all_of_a_suite_is_in_the_name(void **state)
{
	static const char *const files[] = {
		"suites/prog.c", "suites/inc/prog.h", "suites/prog/data.inc", "suites/Kbuild",
		"elsewhere/main.c", "elsewhere/part.h",
	};
	__auto_free char *suites = fmt("%s/suites", out), *link = fmt("%s/suites/linked", out);
	__auto_free char *nowhere = fmt("%s/suites/nowhere", out);

	(void)state;
	request.suites = suites;
	put("suites/plan", "mine - prog -\n");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i], "one");
	assert_int_equal(symlink("../elsewhere", link), 0);
	assert_int_equal(symlink("to/nowhere", nowhere), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		__auto_free char *a = names(), *b = NULL;

		put(files[i], "two");
		b = names();
		if (!strcmp(a, b))
			fail_msg("another %s gives an initramfs of the same name", files[i]);
	}
}

static void mirror(void)
{
	__auto_free char *from = fmt("%s/from", out), *to = fmt("%s/to", out);

	initramfs_mirror(from, to);
}

static bool has(const char *name)
{
	__auto_free char *file = fmt("%s/to/%s", out, name);

	return exists(file);
}

static void a_copy_loses_what_is_gone(void **state)
{
	static const char *const sources[] = {
		"Kbuild", "plan", "one.c", "gone.c", "gone.h", "sub/Kbuild", "sub/gone.c",
		"folder/Kbuild", "folder/gone.c", "folder/deep/Kbuild", "folder/deep/gone.c",
	};
	static const char *const left[] = { "Kbuild", "plan", "one.c", "sub/Kbuild" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		__auto_free char *name = fmt("from/%s", sources[i]);

		put(name, "x");
	}
	mirror();
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		assert_true(has(sources[i]));
	/* What make leaves there is none of ours. */
	put("to/one.o", "x");
	put("to/one.mod.c", "x");
	{
		__auto_free char *from = fmt("%s/from", out);

		remove_tree(from);
	}
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		__auto_free char *name = fmt("from/%s", left[i]);

		put(name, "x");
	}
	mirror();
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		assert_int_equal(has(sources[i]), !strstr(sources[i], "gone") &&
				 !strstr(sources[i], "folder"));
	assert_true(has("one.o"));
	assert_true(has("one.mod.c"));
}

static void a_copy_keeps_what_is_the_same(void **state)
{
	__auto_free char *one = fmt("%s/to/one.c", out), *two = fmt("%s/to/two.c", out);
	struct stat one_was, one_is, two_was, two_is;

	(void)state;
	put("from/Kbuild", "x");
	put("from/one.c", "x");
	put("from/two.c", "x");
	mirror();
	assert_int_equal(stat(one, &one_was), 0);
	assert_int_equal(stat(two, &two_was), 0);
	put("from/one.c", "x");
	put("from/two.c", "y");
	mirror();
	assert_int_equal(stat(one, &one_is), 0);
	assert_int_equal(stat(two, &two_is), 0);
	assert_int_equal(one_was.st_ino, one_is.st_ino);
	assert_int_not_equal(two_was.st_ino, two_is.st_ino);
}

static void no_two_folders_share_a_copy(void **state)
{
	static const char *const dirs[] = { "a/suites", "b/suites", "a-suites" };
	__auto_free char *own = fmt("%s/kunit", host_source()), *kunit = NULL;
	__auto_free char *link = fmt("%s/link", out), *target = fmt("%s/a/suites", out);
	__auto_free char *linked = NULL;
	char *name[ARRAY_SIZE(dirs)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		__auto_free char *dir = fmt("%s/%s", out, dirs[i]);

		make_dirs(dir);
		name[i] = initramfs_mirror_name(dir);
		assert_null(strchr(name[i], '/'));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name[i], name[j]);
	}
	assert_int_equal(symlink(target, link), 0);
	linked = initramfs_mirror_name(link);
	assert_string_equal(linked, name[0]);
	kunit = initramfs_mirror_name(own);
	assert_string_equal(kunit, "own-kunit");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		free(name[i]);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_same_gives_the_same),
		TEST(tools_are_in_the_names),
		TEST(what_the_compiler_uses_is_in_the_names),
		TEST(macros_are_in_the_names),
		TEST(busybox_is_in_the_initramfs_name),
		TEST(a_missing_compiler_is_an_error),
		TEST(all_of_a_suite_is_in_the_name),
		TEST(a_copy_loses_what_is_gone),
		TEST(a_copy_keeps_what_is_the_same),
		TEST(no_two_folders_share_a_copy),
	};
	char cache[] = "/tmp/respawn-test.XXXXXX";
	int ret;

	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	ui_init(UI_QUIET);
	ret = cmocka_run_group_tests_name("keys", tests, NULL, NULL);
	remove_tree(cache);
	return ret;
}
