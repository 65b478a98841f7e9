// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/lib/file.c: a file or folder is there whole or not at all, whenever the
 * power goes, and when the disk is full.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "faults.h"
#include "lib/util.h"

static int setup(void **state)
{
	forget_written(state);
	return fresh_out(state);
}

static void a_written_file_is_on_the_disk(void **state)
{
	__auto_free char *path = fmt("%s/file", out), *tmp = publish_name(path);

	(void)state;
	write_file(path, "text", 4);
	assert_published(tmp, path, out);
	assert_false(exists(tmp));
}

static void a_copied_file_is_on_the_disk(void **state)
{
	__auto_free char *from = fmt("%s/from", out), *path = fmt("%s/file", out);
	__auto_free char *tmp = publish_name(path), *text = NULL;

	(void)state;
	write_file(from, "text", 4);
	forget_written(NULL);
	copy_file(from, path);
	assert_published(tmp, path, out);
	text = read_file(path, NULL);
	assert_string_equal(text, "text");
}

/* Here the bytes can't be shared, and the length is not known beforehand. */
static void a_file_of_another_kind_is_copied(void **state)
{
	__auto_free char *path = fmt("%s/file", out), *text = NULL, *is = NULL;

	(void)state;
	copy_file("/proc/self/cmdline", path);
	text = read_file(path, NULL);
	is = read_file("/proc/self/cmdline", NULL);
	assert_string_equal(text, is);
	assert_true(strlen(text) > 0);
}

static void a_folder_is_on_the_disk(void **state)
{
	__auto_free char *path = fmt("%s/folder", out), *tmp = publish_name(path);
	__auto_free char *deep = fmt("%s/deep", tmp), *file = fmt("%s/deep/file", tmp);
	FILE *f;

	(void)state;
	make_dirs(deep);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("text", f);
	fclose(f);
	assert_true(publish_dir(tmp, path));
	assert_published(tmp, path, out);
	assert_in_range(when("sync", file, NULL), 0, when("rename", tmp, path));
	assert_in_range(when("sync", deep, NULL), 0, when("rename", tmp, path));
}

static void a_folder_that_is_there_stays(void **state)
{
	__auto_free char *path = fmt("%s/folder", out), *tmp = publish_name(path);
	__auto_free char *first = fmt("%s/first", path), *second = fmt("%s/second", tmp);

	(void)state;
	make_dirs(path);
	write_file(first, "1", 1);
	make_dirs(tmp);
	write_file(second, "2", 1);
	assert_false(publish_dir(tmp, path));
	assert_true(exists(first));
	assert_false(exists(tmp));
}

static int write_new(const void *path)
{
	cut_at = 1;
	write_file(path, "new", 3);
	return 0;
}

static int copy_new(const void *path)
{
	cut_at = 1;
	copy_file("/proc/self/cmdline", path);
	return 0;
}

static void a_power_cut_leaves_the_old_file(void **state)
{
	static int (*const ways[])(const void *path) = { write_new, copy_new };
	__auto_free char *path = fmt("%s/file", out);

	(void)state;
	write_file(path, "old", 3);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		__auto_free char *text = NULL;

		assert_int_equal(in_a_child(ways[i], path), STATUS_CUT);
		text = read_file(path, NULL);
		assert_string_equal(text, "old");
	}
}

#define TOO_MUCH	1048576

static int write_much(const void *path)
{
	char *text = calloc(1, TOO_MUCH);

	write_file(path, text, TOO_MUCH);
	return 0;
}

static int copy_much(const void *path)
{
	copy_file("/proc/self/exe", path);
	return 0;
}

static void a_full_disk_is_an_error(void **state)
{
	static int (*const ways[])(const void *path) = { write_much, copy_much };
	__auto_free char *path = fmt("%s/file", out), *command = fmt("find %s -name '*.tmp'", out);

	(void)state;
	if (mount("respawn-test", out, "tmpfs", 0, "size=16k"))
		skip();
	write_file(path, "old", 3);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		__auto_strv struct strv find = { 0 };
		__auto_free char *text = NULL, *left = NULL;
		struct run_opts o = { .out = &left };

		assert_int_equal(in_a_child(ways[i], path), EXIT_ERROR);
		text = read_file(path, NULL);
		assert_string_equal(text, "old");
		strv_split(&find, "sh -c", " ");
		strv_add(&find, "%s", command);
		assert_int_equal(run(&find, &o), 0);
		assert_string_equal(left, "");
	}
}

/* The number of a process is no name where several containers have one cache. */
static void a_name_is_of_one_process(void **state)
{
	__auto_free char *name = publish_name("file"), *again = publish_name("file");
	unsigned int token;
	int pid, end = 0, n;

	(void)state;
	assert_string_equal(name, again);
	n = sscanf(name, "file.%d-%8x.tmp%n", &pid, &token, &end);
	assert_int_equal(n, 2);
	assert_int_equal(pid, getpid());
	assert_int_equal(end, strlen(name));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_of_one_process),
		cmocka_unit_test_setup_teardown(a_written_file_is_on_the_disk, setup, remove_out),
		cmocka_unit_test_setup_teardown(a_copied_file_is_on_the_disk, setup, remove_out),
		cmocka_unit_test_setup_teardown(a_file_of_another_kind_is_copied,
						setup, remove_out),
		cmocka_unit_test_setup_teardown(a_folder_is_on_the_disk, setup, remove_out),
		cmocka_unit_test_setup_teardown(a_folder_that_is_there_stays, setup, remove_out),
		cmocka_unit_test_setup_teardown(a_power_cut_leaves_the_old_file,
						setup, remove_out),
		cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, setup, remove_out),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
