// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/package.c: a git that dies, is missing or has no room leaves an
 * error of one line, and nothing half imported.
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

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "faults.h"
#include "build/package.h"
#include "lib/util.h"

#define REF	"refs/respawn/test"
#define MUCH	(4 << 20)

static char *path, *package, *git;

static void add(struct archive *a, const char *name, const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, len);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	archive_entry_free(e);
}

/* Bytes that can't be packed */
static char *noise(size_t len)
{
	char *data = malloc(len);
	unsigned int x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245 + 12345;
		data[i] = x >> 16;
	}
	return data;
}

static void make_package(void)
{
	struct archive *a = archive_write_new();
	__auto_free char *data = noise(MUCH);

	archive_write_set_format_ustar(a);
	assert_int_equal(archive_write_open_filename(a, package), ARCHIVE_OK);
	add(a, "linux/Makefile", "all:\n", 5);
	add(a, "linux/much", data, MUCH);
	add(a, "linux/more", data, MUCH);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static int setup(void **state)
{
	__auto_free char *init = NULL;

	fresh_out(state);
	path = copy(getenv("PATH"));
	package = fmt("%s/linux.tar", out);
	git = fmt("%s/disk/git", out);
	make_package();
	make_dirs(git);
	init = fmt("git init -q --bare %s", git);
	forget_written(state);
	return system(init);
}

static int teardown(void **state)
{
	__auto_free char *disk = fmt("%s/disk", out);

	umount(disk);
	setenv("PATH", path, 1);
	free(path);
	free(package);
	free(git);
	return remove_out(state);
}

static int import(const void *arg)
{
	(void)arg;
	source_import(package, git, REF);
	return 0;
}

/* A git of our own is the only one, if there is any */
static void plant_git(const char *script)
{
	__auto_free char *bin = fmt("%s/bin", out), *program = fmt("%s/git", bin);

	make_dirs(bin);
	if (script) {
		write_file(program, script, strlen(script));
		chmod(program, 0755);
	}
	setenv("PATH", bin, 1);
}

/* Dies with one line that has this in it, and leaves nothing. */
static void assert_fails(const char *text)
{
	__auto_free char *said = fmt("%s/said", out), *line = NULL, *left = NULL;
	__auto_free char *ref = fmt("%s/" REF, git);
	__auto_free char *find = fmt("find %s -name 'tmp_*' -o -name 'fast_import*'", git);
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = &left };

	assert_int_equal(child_says(import, NULL, said), EXIT_ERROR);
	line = read_file(said, NULL);
	if (!strstr(line, text) || strchr(line, '\n') != line + strlen(line) - 1)
		fail_msg("expected one line with '%s': %s", text, line);
	assert_false(exists(ref));
	setenv("PATH", path, 1);
	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", find);
	assert_int_equal(run(&argv, &o), 0);
	assert_string_equal(left, "");
}

static void a_package_is_imported(void **state)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .out = &said };

	(void)state;
	assert_int_equal(in_a_child(import, NULL), 0);
	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", git);
	strv_split(&argv, "ls-tree -rl --abbrev " REF, " ");
	assert_int_equal(run(&argv, &o), 0);
	assert_non_null(strstr(said, "       5\tMakefile\n"));
	assert_non_null(strstr(said, " 4194304\tmore\n"));
	assert_non_null(strstr(said, " 4194304\tmuch\n"));
}

static void a_git_that_dies_is_an_error(void **state)
{
	static const struct {
		const char *script;
		const char *text;
	} cases[] = {
		{ "#!/bin/sh\nexit 1\n", "it said nothing" },
		{ "#!/bin/sh\nkill -KILL $$\n", "status 137" },
		{ "#!/bin/sh\nread x\nkill -TERM $$\n", "status 143" },
		{ "#!/bin/sh\necho fatal: write error: No space left on device >&2\nexit 128\n",
		  "write error: No space left on device" },
		/* It says that all is well. */
		{ "#!/bin/sh\nread x\nexit 0\n", "git fast-import did not store" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		plant_git(cases[i].script);
		assert_fails(cases[i].text);
	}
}

static void a_missing_git_is_an_error(void **state)
{
	(void)state;
	plant_git(NULL);
	assert_fails("git does not run");
}

static void a_full_disk_is_an_error(void **state)
{
	__auto_free char *disk = fmt("%s/disk", out), *init = fmt("git init -q --bare %s", git);

	(void)state;
	remove_tree(disk);
	make_dirs(disk);
	if (mount("respawn-test", disk, "tmpfs", 0, "size=2m"))
		skip();
	assert_int_equal(system(init), 0);
	assert_fails("is the disk full?");
}

static void a_broken_package_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(truncate(package, MUCH + (MUCH >> 1)), 0);
	/* What git has by then it leaves; the next import removes it. */
	assert_int_equal(in_a_child(import, NULL), EXIT_ERROR);
	make_package();
	assert_int_equal(in_a_child(import, NULL), 0);
}

static void an_extracted_file_is_on_the_disk(void **state)
{
	__auto_free char *to = fmt("%s/busybox", out), *tmp = publish_name(to), *text = NULL;
	__auto_free char *inner = fmt("%s/data.tar", out), *deb = fmt("%s/x.deb", out);
	__auto_free char *data = NULL;
	struct archive *a = archive_write_new();
	size_t len;

	(void)state;
	archive_write_set_format_ustar(a);
	assert_int_equal(archive_write_open_filename(a, inner), ARCHIVE_OK);
	add(a, "./bin/busybox", "program", 7);
	archive_write_close(a);
	archive_write_free(a);
	data = read_file(inner, &len);
	a = archive_write_new();
	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_filename(a, deb), ARCHIVE_OK);
	add(a, "data.tar", data, len);
	archive_write_close(a);
	archive_write_free(a);
	source_extract(deb, "bin/busybox", to);
	assert_published(tmp, to, out);
	text = read_file(to, NULL);
	assert_string_equal(text, "program");
	assert_int_equal(access(to, X_OK), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_package_is_imported),
		TEST(a_git_that_dies_is_an_error),
		TEST(a_missing_git_is_an_error),
		TEST(a_full_disk_is_an_error),
		TEST(a_broken_package_is_an_error),
		TEST(an_extracted_file_is_on_the_disk),
	};

	return cmocka_run_group_tests_name("package", tests, NULL, NULL);
}
