// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/lib/proc.c: what of the caller reaches a program, and a program that
 * does not read what it is given.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "lib/util.h"

/* What would change a build, or where git looks */
static const char *const harmful[] = {
	"KCFLAGS", "KAFLAGS", "KCPPFLAGS", "CFLAGS", "LDFLAGS", "HOSTCFLAGS", "LLVM", "LLVM_IAS",
	"CC", "LD", "AS", "ARCH", "CROSS_COMPILE", "KBUILD_BUILD_USER", "KBUILD_OUTPUT",
	"KCONFIG_CONFIG", "LOCALVERSION", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "CPATH",
	"C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "SOURCE_DATE_EPOCH",
	"CCACHE_PREFIX", "CCACHE_DISABLE", "CCACHE_DIR", "CCACHE_SLOPPINESS", "GIT_DIR",
	"GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "LD_PRELOAD", "BASH_ENV", "ENV",
	"LANG", "LANGUAGE", "LC_MESSAGES", "TZ", "O", "V", "W",
};

static char *environment(const struct strv *more)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .env = more, .out = &said };

	strv_add(&argv, "env");
	assert_int_equal(run(&argv, &o), 0);
	return said;
}

static bool has_variable(const char *env, const char *name)
{
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, env, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strncmp(lines.v[i], name, strlen(name)) && lines.v[i][strlen(name)] == '=')
			return true;
	return false;
}

static void nothing_harmful_is_passed_on(void **state)
{
	__auto_free char *env = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(harmful); i++)
		setenv(harmful[i], "", 1);
	setenv("LC_ALL", "POSIX", 1);
	env = environment(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(harmful); i++) {
		if (has_variable(env, harmful[i]))
			fail_msg("%s reaches a program", harmful[i]);
		/* It is ours still. */
		assert_non_null(getenv(harmful[i]));
		unsetenv(harmful[i]);
	}
	assert_non_null(strstr(env, "LC_ALL=C\n"));
	assert_string_equal(getenv("LC_ALL"), "POSIX");
	unsetenv("LC_ALL");
}

static void what_is_needed_is_passed_on(void **state)
{
	__auto_strv struct strv more = { 0 };
	__auto_free char *env = NULL, *path = fmt("PATH=%s\n", getenv("PATH"));

	(void)state;
	setenv("https_proxy", "http://proxy.example:1", 1);
	strv_add(&more, "KBUILD_BUILD_USER=ours");
	strv_add(&more, "HOME=/ours");
	env = environment(&more);
	assert_non_null(strstr(env, path));
	assert_non_null(strstr(env, "https_proxy=http://proxy.example:1\n"));
	assert_non_null(strstr(env, "KBUILD_BUILD_USER=ours\n"));
	assert_non_null(strstr(env, "HOME=/ours\n"));
	unsetenv("https_proxy");
}

static void a_compiler_sees_no_folders_of_the_callers(void **state)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *header = fmt("%s/stdio.h", out), *said = NULL;
	struct run_opts o = { .out = &said };

	(void)state;
	write_file(header, "#error planted\n", 15);
	setenv("C_INCLUDE_PATH", out, 1);
	setenv("CPATH", out, 1);
	strv_split(&argv, "gcc -E -include stdio.h -x c /dev/null", " ");
	assert_int_equal(run(&argv, &o), 0);
	unsetenv("C_INCLUDE_PATH");
	unsetenv("CPATH");
}

static int feed(const char *script, size_t bytes, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct feed f;

	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", script);
	feed_begin(&f, &argv);
	for (size_t i = 0; i < bytes; i++)
		putc('x', f.to);
	return feed_end(&f, said);
}

/* More than a pipe and a stream hold */
#define MUCH	1048576

static void a_feed_is_read(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_equal(feed("wc -c; echo heard >&2", MUCH, &said), 0);
	assert_string_equal(said, "1048576\nheard\n");
}

static void a_feed_that_is_not_read_is_an_error(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exit 0", -1 },
		{ "head -c 10 >/dev/null", -1 },
		{ "exit 3", 3 },
		{ "kill -KILL $$", 128 + SIGKILL },
		/* We ignore it; the program does not. */
		{ "kill -PIPE $$", 128 + SIGPIPE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__auto_free char *said = NULL;

		assert_int_equal(feed(cases[i].script, MUCH, &said), cases[i].status);
	}
	/* As it was before */
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}

static void a_missing_program_is_an_error(void **state)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct feed f;

	(void)state;
	strv_add(&argv, "/nowhere/no-such-program");
	feed_begin(&f, &argv);
	for (size_t i = 0; i < MUCH; i++)
		putc('x', f.to);
	assert_int_equal(feed_end(&f, &said), 127);
	assert_non_null(strstr(said, "no-such-program"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_harmful_is_passed_on),
		cmocka_unit_test(what_is_needed_is_passed_on),
		cmocka_unit_test_setup_teardown(a_compiler_sees_no_folders_of_the_callers,
						fresh_out, remove_out),
		cmocka_unit_test(a_feed_is_read),
		cmocka_unit_test(a_feed_that_is_not_read_is_an_error),
		cmocka_unit_test(a_missing_program_is_an_error),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
