// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CI does is what a user can do, and what it keeps of a failure is enough to have it
 * again elsewhere, and no more. That its files are valid, test_matrix holds.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/program.h"

static char *text_of(const char *name)
{
	__auto_free char *path = fmt(TESTS_DIR "/../%s", name);
	char *text = read_file(path, NULL);

	if (!text)
		fail_msg("cannot read %s", name);
	return text;
}

static char *said_of(const char *words)
{
	char *said = NULL;

	assert_int_equal(call(words, &said), EXIT_PASS);
	return said;
}

static char *pipeline(void)
{
	return said_of("matrix-list FORMAT=gitlab CELLS=arm64/default");
}

/* Each make has its options before its target. */
static void expect_targets(const char *text, const char *targets)
{
	const char *at = text;

	while ((at = strstr(at, "make -"))) {
		__auto_strv struct strv words = { 0 };
		__auto_free char *line = fmt("%.*s", (int)strcspn(at, "\n\")"), at), *row = NULL;
		size_t i = 1;

		strv_split(&words, line, " ");
		while (i < words.n && words.v[i][0] == '-')
			i += 1 + !strcmp(words.v[i], "-C");
		assert_true(i < words.n);
		row = fmt("  %s ", words.v[i]);
		if (strcmp(words.v[i], "deps") && !strstr(targets, row))
			fail_msg("%s: there is no target %s", line, words.v[i]);
		at += strlen(line);
	}
}

static void what_is_called_is_a_target(void **state)
{
	__auto_free char *targets = said_of("targets"), *child = pipeline();
	__auto_free char *workflow = text_of(".github/workflows/check.yml");
	__auto_free char *gitlab = text_of(".gitlab-ci.yml");

	(void)state;
	expect_targets(workflow, targets);
	expect_targets(gitlab, targets);
	expect_targets(child, targets);
}

static void expect_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in:\n%s", what, text);
}

/* Snapshots are as large as all the rest; one that is needed is in a bundle. */
static void what_failed_is_kept(void **state)
{
	static const char upload[] = "actions/upload-artifact@";
	__auto_free char *workflow = text_of(".github/workflows/check.yml"), *child = pipeline();
	const char *at = workflow;

	(void)state;
	while ((at = strstr(at, upload))) {
		const char *end = strstr(at, "if-no-files-found");
		__auto_free char *step = NULL;

		assert_non_null(end);
		step = fmt("%.*s", (int)(end - at), at);
		expect_has(step, "/snapshot\n");
		expect_has(step, " respawn/build/*.bundle.tar.gz\n");
		at = end;
	}
	expect_has(workflow, "bundle RUN=build/matrix\n");
	expect_has(workflow, "bundle RUN=build/runs\n");
	expect_has(child, "bundle RUN=build/matrix\"");
	expect_has(child, "\"exclude\":[\"build/matrix/*/runs/*/snapshot\"]");
	expect_has(child, "\"build/*.bundle.tar.gz\"");
}

/* Work trees, build folders and snapshots are made again in less time than they are moved. */
static void what_is_cached_is_of_use(void **state)
{
	static const char *const parts[] = {
		"tree/*/git\n", "busybox\n", "ccache\n", "initramfs\n", "kernel\n",
	};
	static const char place[] = " .cache/respawn";
	__auto_free char *workflow = text_of(".github/workflows/check.yml"), *child = pipeline();
	const char *at = workflow;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		__auto_free char *path = fmt("\".cache/respawn/%.*s\"",
					     (int)strcspn(parts[i], "\n"), parts[i]);

		expect_has(child, path);
	}
	expect_has(child, "\"XDG_CACHE_HOME\":\"$CI_PROJECT_DIR/.cache\"");
	while ((at = strstr(at, place))) {
		size_t i = 0;

		at += strlen(place);
		while (i < ARRAY_SIZE(parts) &&
		       (*at != '/' || strncmp(at + 1, parts[i], strlen(parts[i]))))
			i++;
		if (i == ARRAY_SIZE(parts))
			fail_msg("%.*s is cached", (int)strcspn(at, "\n"), at);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_called_is_a_target, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_failed_is_kept, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_is_cached_is_of_use, fresh_out, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("ci", tests, NULL, NULL);
}
