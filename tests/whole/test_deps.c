// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said and done when something is missing, on machines that are made
 * for the purpose: a PATH with a few tools in it, and an apt-get that only
 * writes down how it is called.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/util.h"

static char *deps;
static char *bin;

static void link_tool(const char *name)
{
	__auto_free char *from = find_program(name), *to = fmt("%s/%s", bin, name);

	if (from)
		assert_int_equal(symlink(from, to), 0);
}

static void stub(const char *name, const char *script)
{
	__auto_free char *path = fmt("%s/%s", bin, name);

	write_file(path, script, strlen(script));
	assert_int_equal(chmod(path, 0755), 0);
}

/* A machine with a compiler and a shell, and nothing else */
static int bare_machine(void **state)
{
	static const char *const tools[] = {
		"sh", "cc", "as", "ld", "grep", "echo", "printf", "env", "setpriv",
	};

	(void)state;
	bin = copy("/tmp/respawn-deps.XXXXXX");
	if (!mkdtemp(bin) || chmod(bin, 0755))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		link_tool(tools[i]);
	return 0;
}

static int remove_machine(void **state)
{
	(void)state;
	remove_tree(bin);
	free(bin);
	return 0;
}

static int run_with(const char *before, const char *words, char **said)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	struct run_opts o = { .env = &env, .out = said, .dir = "/" };

	strv_split(&argv, before, " ");
	strv_add(&argv, "%s", deps);
	strv_split(&argv, words, " ");
	strv_add(&env, "PATH=%s", bin);
	return run(&argv, &o);
}

static int run_deps(const char *before, char **said)
{
	return run_with(before, "", said);
}

static void assert_has(const char *said, const char *text)
{
	if (!strstr(said, text))
		fail_msg("'%s' is not in:\n%s", text, said);
}

static void without_apt_it_lists_what_is_missing(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_equal(run_deps("", &said), EXIT_ERROR);
	assert_has(said, "this system's own package manager");
	assert_has(said, "qemu-system-aarch64");
	assert_has(said, "(Debian: qemu-system-arm)");
	assert_null(strstr(said, "\n  cc "));
}

static void who_may_not_install_gets_the_command(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	if (geteuid())
		skip();
	stub("apt-get", "#!/bin/sh\nexit 1\n");
	assert_int_equal(run_deps("setpriv --reuid=65534 --clear-groups", &said), EXIT_ERROR);
	assert_has(said, "run: sudo apt-get install -y --no-install-recommends ");
	assert_has(said, " qemu-system-arm");
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void root_installs_what_is_missing(void **state)
{
	__auto_free char *said = NULL, *log = fmt("%s/log", bin), *called = NULL;
	__auto_free char *script = fmt("#!/bin/sh\necho \"$@\" >>%s\n", log);

	(void)state;
	if (geteuid())
		skip();
	stub("apt-get", script);
	assert_int_equal(run_deps("", &said), EXIT_PASS);
	called = read_file(log, NULL);
	assert_non_null(called);
	assert_has(called, "install -y -q --no-install-recommends");
	assert_has(called, " qemu-system-x86 ");
	assert_null(strstr(called, " gcc "));
}

static void failed_installation_is_an_error(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	if (geteuid())
		skip();
	stub("apt-get", "#!/bin/sh\nexit 100\n");
	assert_int_equal(run_deps("", &said), EXIT_ERROR);
	assert_has(said, "apt-get could not install");
}

/* make doctor asks so where the host program does not build. */
static void a_look_installs_nothing(void **state)
{
	__auto_free char *said = NULL, *log = fmt("%s/log", bin);
	__auto_free char *script = fmt("#!/bin/sh\necho \"$@\" >>%s\n", log);

	(void)state;
	stub("apt-get", script);
	assert_int_equal(run_with("", "look arm64", &said), EXIT_ERROR);
	assert_has(said, "missing, 'make deps' installs them:");
	assert_has(said, "(Debian: qemu-system-arm)");
	assert_null(strstr(said, "qemu-system-x86"));
	assert_false(exists(log));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_apt_it_lists_what_is_missing,
						bare_machine, remove_machine),
		cmocka_unit_test_setup_teardown(who_may_not_install_gets_the_command,
						bare_machine, remove_machine),
		cmocka_unit_test_setup_teardown(root_installs_what_is_missing,
						bare_machine, remove_machine),
		cmocka_unit_test_setup_teardown(failed_installation_is_an_error,
						bare_machine, remove_machine),
		cmocka_unit_test_setup_teardown(a_look_installs_nothing,
						bare_machine, remove_machine),
	};
	__auto_free char *program = fmt("%s-deps", argc > 1 ? argv[1] : "build/respawn");

	/* Whoever is not root may not be let into our folder: run a copy. */
	deps = fmt("/tmp/respawn-deps-%d", getpid());
	copy_file(program, deps);
	chmod(deps, 0755);
	int failed = cmocka_run_group_tests_name("deps", tests, NULL, NULL);

	unlink(deps);
	return failed;
}
