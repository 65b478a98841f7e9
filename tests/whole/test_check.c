// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main job as a user runs it: make check passes on every architecture, and
 * does not once one line of the primitives is wrong.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "scratch.h"
#include "lib/util.h"

static char *build;

/* With what the tests themselves were built from: make finds nothing to compile. */
static int fresh_build(void **state)
{
	__auto_free char *command = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = build };

	if (fresh_out(state))
		return -1;
	command = fmt("cp -a obj flags source respawn respawn-deps %s", out);
	strv_split(&argv, command, " ");
	return run(&argv, &o);
}

/* make with these words, in the source folder, as a user would type it */
static int make(const char *words, char **said)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *dir = fmt("%s/..", TESTS_DIR);
	struct run_opts o = { .dir = dir, .out = said };

	strv_add(&argv, "make");
	strv_add(&argv, "O=%s", out);
	strv_split(&argv, words, " ");
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	return run(&argv, &o);
}

static void expect(const char *words, int status, const char *text)
{
	char *said = NULL;
	int got = make(words, &said);

	if (got != status || !strstr(said, text))
		fail_msg("make %s: status %d, expected %d and '%s':\n%s", words, got,
			 status, text, said);
	free(said);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What each guest of a run was asked, and the hash of its console, in some order */
static char *consoles(void)
{
	static const char *const asked[] = { "arch", "smpboot", "plan", "strategy" };
	__auto_free char *pattern = fmt("%s/runs/*/run.json", out), *runs = NULL;
	__auto_strv struct strv all = { 0 };
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		json_t *o = json_load_file(g.gl_pathv[i], 0, NULL);
		const json_t *r = json_object_get(o, "request");
		__auto_strv struct strv words = { 0 };
		__auto_free char *line = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(asked); k++)
			strv_add(&words, "%s", json_string_value(json_object_get(r, asked[k])));
		strv_add(&words, "%s", json_string_value(json_object_get(o, "console_sha256")));
		line = strv_join(&words, " ");
		strv_add(&all, "%s", line);
		json_decref(o);
	}
	globfree(&g);
	runs = fmt("%s/runs", out);
	remove_tree(runs);
	qsort(all.v, all.n, sizeof(*all.v), by_name);
	return strv_join(&all, "\n");
}

/* The same seed, the same console, time stamps and all. */
static void every_arch_passes_and_repeats(void **state)
{
	static const char *const guests[] = {
		"x86_64 respawn", "x86_64 park", "arm64 respawn", "arm64 park",
	};
	__auto_free char *one = NULL, *two = NULL;

	(void)state;
	expect("check", 0, " 0 failed, 0 skipped\n");
	one = consoles();
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		assert_non_null(strstr(one, guests[i]));
	expect("check", 0, " 0 failed, 0 skipped\n");
	two = consoles();
	assert_string_equal(one, two);
}

/* CPUs in the order they went and came back in, of the one record with that name */
static char *hotplug_order(const char *name)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *pattern = fmt("%s/runs/*%s*/console.log", out, name);
	__auto_free char *text = NULL;
	char *order = copy("");
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	text = read_file(g.gl_pathv[0], NULL);
	globfree(&g);
	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *at = strstr(lines.v[i], "hotplug: cycle "), *moves = at;
		char *more;

		if (at)
			moves = strstr(at, ": ") ? strrchr(at, ':') : NULL;
		if (!moves)
			continue;
		more = fmt("%s%s", order, moves);
		free(order);
		order = more;
	}
	assert_true(strlen(order) > 20);
	return order;
}

static void another_seed_is_another_order(void **state)
{
	__auto_free char *one = NULL, *two = NULL;

	(void)state;
	expect("check ARCH=arm64 SMPBOOT=park PLAN=hotplug SEED=1", 0, " 0 failed, 0 skipped\n");
	expect("check ARCH=arm64 SMPBOOT=park PLAN=hotplug SEED=2", 0, " 0 failed, 0 skipped\n");
	one = hotplug_order("seed1");
	two = hotplug_order("seed2");
	assert_string_not_equal(one, two);
}

static void quiet_says_the_last_line(void **state)
{
	__auto_free char *said = NULL;
	unsigned int passed;

	(void)state;
	assert_int_equal(make("-s check ARCH=arm64 PLAN=hotplug", &said), 0);
	if (sscanf(said, "%u passed, 0 failed, 0 skipped", &passed) != 1 || !passed ||
	    strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("not one line: %s", said);
}

static void unknown_arch(void **state)
{
	(void)state;
	expect("check ARCH=sparc", 2, "no such architecture, there are: x86_64 arm64");
}

static void real_time_passes(void **state)
{
	(void)state;
	/* All suites would do, on a host that has a CPU for each of the guest's. */
	expect("check ARCH=arm64 TIMING=real ACCEL=tcg PLAN=hotplug CYCLES=3", 0,
	       " 0 failed, 0 skipped\n");
}

/* Two at a time, from one cache, into one folder, with different kernels */
static void two_runs_at_once(void **state)
{
	__auto_free char *patch = fmt("PATCHES=%s/whole/harmless.patch", TESTS_DIR);
	__auto_free char *one = fmt("%s/respawn check ARCH=arm64 SMPBOOT=respawn O=%s", out, out);
	__auto_free char *command = fmt("make O=%s host && { %s & a=$!; %s %s & b=$!; wait $a && wait $b; }",
					out, one, one, patch);
	__auto_free char *dir = fmt("%s/..", TESTS_DIR), *said = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = dir, .out = &said };

	(void)state;
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, "%s", command);
	if (run(&argv, &o))
		fail_msg("%s", said);
}

/*
 * Lines of the primitives that are broken on purpose, and who has to notice: a
 * suite, so the threads of CPUs are not to be made of what is broken.
 */
static const struct planted {
	const char *patch;
	const char *test;
} planted[] = {
	{ "destroy-returns-early", "kthread_lifecycle.destroyed_thread_is_dead" },
	{ "corefn-result-lost", "kthread_lifecycle.failed_corefn_is_not_called_again" },
	{ "wakeup-lost", "kthread_lifecycle.wakeup_during_corefn_is_kept" },
};

static void broken_primitives_are_caught(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++) {
		__auto_free char *words = fmt("check ARCH=arm64 SMPBOOT=park PLAN=kthread_lifecycle PATCHES=%s/bugs/%s.patch",
					      TESTS_DIR, planted[i].patch);

		expect(words, 1, planted[i].test);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_arch_passes_and_repeats,
						fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(another_seed_is_another_order,
						fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(quiet_says_the_last_line, fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(unknown_arch, fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(real_time_passes, fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(two_runs_at_once, fresh_build, remove_out),
		cmocka_unit_test_setup_teardown(broken_primitives_are_caught,
						fresh_build, remove_out),
	};

	build = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	if (!build)
		return 2;
	*strrchr(build, '/') = '\0';
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
