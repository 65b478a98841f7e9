// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is missing is said with its remedy, and a host that could not run a check is told
 * apart from one that can.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

/* With another environment for the time of one call */
static void with(const char *name, const char *value, int status, const char *text)
{
	__auto_free char *before = getenv(name) ? copy(getenv(name)) : NULL;

	setenv(name, value, 1);
	expect("doctor", status, text);
	if (before)
		setenv(name, before, 1);
	else
		unsetenv(name);
}

static void a_good_host_is_well(void **state)
{
	(void)state;
	expect("doctor", EXIT_PASS, "what builds kernels is there");
}

static void what_is_missing_is_said(void **state)
{
	__auto_free char *path = fmt("%s/bin", out);

	(void)state;
	make_dirs(path);
	with("PATH", path, EXIT_ERROR, "missing: git cc make");
	with("PATH", path, EXIT_ERROR, "missing: qemu-system-");
	with("PATH", path, EXIT_ERROR, "-> make deps");
	with("PATH", path, EXIT_ERROR, "lz4 for x86_64");
	with("PATH", path, EXIT_ERROR, "libelf.h for x86_64");
	with("PATH", path, EXIT_ERROR, "libc.a for arm64");
}

static void a_cache_that_has_no_place_is_said(void **state)
{
	(void)state;
	with("XDG_CACHE_HOME", "/proc/nowhere", EXIT_ERROR, "XDG_CACHE_HOME= names");
}

/* A cache without a kernel has all to build, and records take room, too. */
static void a_small_disk_is_said(void **state)
{
	__auto_free char *cache = fmt("%s/respawn", out), *kernel = fmt("%s/kernel/a", cache);

	(void)state;
	if (mount("none", out, "tmpfs", 0, "size=2000m")) {
		print_message("no file system can be mounted here\n");
		skip();
	}
	make_dirs(cache);
	with("XDG_CACHE_HOME", out, EXIT_ERROR, "6 GB are needed");
	make_dirs(kernel);
	with("XDG_CACHE_HOME", out, EXIT_PASS, "1 kernels in it");
	assert_int_equal(mount("none", out, "tmpfs", MS_REMOUNT, "size=100m"), 0);
	expect("doctor", EXIT_ERROR, "or O= names another place");
}

static void too_many_guests_are_said(void **state)
{
	(void)state;
	expect("doctor JOBS=1024", EXIT_PASS, "has fewer guests at once");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_good_host_is_well, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_is_missing_is_said, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_cache_that_has_no_place_is_said, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(a_small_disk_is_said, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(too_many_guests_are_said, fresh_out, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
