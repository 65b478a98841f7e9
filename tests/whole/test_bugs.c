// SPDX-License-Identifier: GPL-2.0-only
/*
 * Planted bugs: one is found, reproduced, made small, and shown by that on a neighbour,
 * too; what is no bug is not found; bad input is found before anything is built.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

#define BUGS		"bugs ARCH=arm64 REAL=0 "
#define PARKME		"BUGS=parkme-completion-early "
/* It takes no race, so that it does not depend on what else a kernel has. */
#define RESULT		"rollback-undoes-failed-step"
#define NEIGHBOUR	"NEIGHBOUR=" TESTS_DIR "/bugs/neighbour/checks.patch "

/* What bugs.json says of the only bug */
static json_t *the_bug(json_t **all)
{
	__auto_free char *path = fmt("%s/bugs.json", out);

	*all = json_load_file(path, 0, NULL);
	assert_int_equal(json_array_size(*all), 1);
	return json_array_get(*all, 0);
}

static void a_bug_is_found_and_made_small(void **state)
{
	json_t *all, *bug, *small, *there;

	(void)state;
	expect(BUGS "BUGS=" RESULT " SEEDS=1..20 TIME=300 MINIMISE=1 " NEIGHBOUR, 0,
	       "the smallest run fails likewise");
	bug = the_bug(&all);
	assert_string_equal(json_string_value(json_object_get(bug, "bug")), RESULT);
	assert_true(json_is_true(json_object_get(bug, "reproduced")));
	small = json_object_get(bug, "smallest");
	assert_true(json_integer_value(json_object_get(small, "operations")) <= 12);
	assert_true(json_integer_value(json_object_get(small, "places")) <= 8);
	there = json_object_get(small, "neighbour");
	assert_true(json_is_true(json_object_get(there, "smallest")));
	json_decref(all);
}

static void what_is_no_bug_is_not_found(void **state)
{
	json_t *all, *bug;

	(void)state;
	expect(BUGS "BUGS_DIR=" TESTS_DIR "/whole BUGS=harmless SEEDS=1..2", 1,
	       "0 passed, 1 failed, 0 skipped");
	bug = the_bug(&all);
	assert_true(json_is_null(json_object_get(bug, "found")));
	json_decref(all);
}

static void bad_input_is_found_first(void **state)
{
	static const struct {
		const char *words;
		const char *text;
	} bad[] = {
		{ BUGS PARKME NEIGHBOUR, "set that too" },
		{ BUGS PARKME "MINIMISE=1 NEIGHBOUR=" TESTS_DIR "/nowhere.patch", "nowhere.patch" },
		/* It is in there already. */
		{ BUGS PARKME "MINIMISE=1 NEIGHBOUR=" TESTS_DIR
		  "/bugs/parkme-completion-early.patch", "does not apply" },
		{ BUGS "BUGS=no-such-bug", "no such bug" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect(bad[i].words, 2, bad[i].text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_out, remove_out)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(bad_input_is_found_first),
		TEST(what_is_no_bug_is_not_found),
		TEST(a_bug_is_found_and_made_small),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("bugs", tests, NULL, NULL);
}
