// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aim: what is in the focus is reached, by the operations that get there, and a run
 * that was aimed is as repeatable as any other.
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

#include "program.h"

/* A seed of the pairs that are aimed */
#define STRESS	"stress ARCH=arm64 SMPBOOT=respawn STRATEGY=random SEED=2 CYCLES=20 "
#define WORKERS	"kernel/kthread.c:kthread_queue_delayed_work"

/* What the only record says */
static json_t *the_record(char **dir)
{
	__auto_free char *pattern = fmt("%s/runs/*/run.json", out);
	json_t *record;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	record = json_load_file(g.gl_pathv[0], 0, NULL);
	assert_non_null(record);
	*dir = fmt("%.*s", (int)(strrchr(g.gl_pathv[0], '/') - g.gl_pathv[0]), g.gl_pathv[0]);
	globfree(&g);
	return record;
}

static const char *asked(const json_t *record, const char *key)
{
	return json_string_value(json_object_get(json_object_get(record, "request"), key));
}

/* How often a range was come by that is of this function */
static json_int_t hits_of(const json_t *record, const char *function)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(record, "focus"), i, f)
		if (!strcmp(json_string_value(json_object_get(f, "functions")), function))
			return json_integer_value(json_object_get(f, "hits"));
	fail_msg("%s is not in the record's focus", function);
	return 0;
}

static void what_is_aimed_at_is_hit(void **state)
{
	__auto_free char *said = NULL, *dir = NULL, *again = NULL;
	json_t *record;

	(void)state;
	assert_int_equal(call(STRESS "FOCUS=" WORKERS, &said), EXIT_PASS);
	record = the_record(&dir);
	assert_string_equal(asked(record, "focus"), WORKERS);
	assert_string_equal(asked(record, "yield_files"), "");
	assert_non_null(strchr(asked(record, "ranges"), ':'));
	assert_true(has_word(asked(record, "aim"), ",", "kworker-hurry"));
	assert_false(has_word(asked(record, "aim"), ",", "memory"));
	/* It gets into other functions of the file. */
	assert_true(has_word(asked(record, "near"), ",", "kthread-crowd"));
	assert_false(has_word(asked(record, "near"), ",", "memory"));
	assert_true(hits_of(record, "kthread_queue_delayed_work") > 0);
	json_decref(record);
	again = fmt("replay RUN=%s", dir);
	expect(again, EXIT_PASS, "reproduced: pass");
}

static void what_nothing_reaches_is_said(void **state)
{
	(void)state;
	expect(STRESS "FOCUS=kernel/kthread.c:kthread_unuse_mm", EXIT_PASS,
	       "focus: no operation reaches kthread_unuse_mm()");
}

static void what_is_nowhere_is_said(void **state)
{
	(void)state;
	expect(STRESS "FOCUS=kthread_no_such_function", EXIT_PASS,
	       "focus: kthread_no_such_function is nowhere in this kernel");
}

static void none_is_none(void **state)
{
	__auto_free char *said = NULL, *dir = NULL;
	json_t *record;

	(void)state;
	assert_int_equal(call(STRESS "FOCUS=none", &said), EXIT_PASS);
	record = the_record(&dir);
	assert_string_equal(asked(record, "focus"), "none");
	assert_string_equal(asked(record, "ranges"), "");
	assert_string_equal(asked(record, "aim"), "");
	assert_null(json_object_get(record, "focus"));
	json_decref(record);
}

/* Each operation alone shows what the runs that were asked for need not show. */
static void what_fails_alone_counts(void **state)
{
	static const char words[] = "ARCH=arm64 SMPBOOT=park STRATEGY=random CYCLES=1 FOCUS="
				    WORKERS " KCMDLINE=respawn.plant=progress ";
	__auto_free char *stress = fmt("stress SEED=2 %s", words);
	__auto_free char *explore = fmt("explore SEEDS=1 %s", words);
	__auto_free char *said = NULL;

	(void)state;
	expect(stress, EXIT_BAD, "# calibrate offline");
	assert_int_equal(call(explore, &said), EXIT_BAD);
	assert_non_null(strstr(said, "arm64: 0 seeds tried"));
	assert_non_null(strstr(said, "shortest: each operation alone"));
}

static void what_can_not_be_is_refused(void **state)
{
	(void)state;
	expect(STRESS "FOCUS=kernel/nothing.c", EXIT_ERROR, "this tree has no kernel/nothing.c");
	expect(STRESS "FOCUS=kernel/kthread.c:nothing_at_all", EXIT_ERROR,
	       "there is no such function in kernel/kthread.c");
	expect(STRESS "FOCUS=./kernel/kthread.c:kthread_sto", EXIT_ERROR,
	       "there is no such function in kernel/kthread.c");
	expect(STRESS "FOCUS=include/linux/kthread.h", EXIT_ERROR,
	       "'include/linux/kthread.h' is no C file");
	expect(STRESS "FOCUS=kernel/Makefile:all", EXIT_ERROR, "'kernel/Makefile' is no C file");
	expect(STRESS "FOCUS=auto OVERLAY=none STRATEGY=none", EXIT_ERROR, "OVERLAY=none leaves");
	expect(STRESS "SINCE=HEAD", EXIT_ERROR, "SINCE=HEAD is a commit of TREE=");
	expect(STRESS "AIM=offline,nothing", EXIT_ERROR, "AIM=nothing: no such operation");
	expect(STRESS "NEAR=nothing", EXIT_ERROR, "NEAR=nothing: no such operation");
	expect(STRESS "RANGES=x", EXIT_ERROR, "this begins with no address");
	expect(STRESS "RANGES=1000", EXIT_ERROR, "this names no range");
	expect(STRESS "RANGES=1000+0:0", EXIT_ERROR, "at '+0:0'");
	expect(STRESS "RANGES=1000+0:20+10:8", EXIT_ERROR, "at '+10:8'");
	expect(STRESS "RANGES=1000+0:20,+10:8", EXIT_ERROR, "at ',+10:8'");
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, fresh_out, remove_out)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_aimed_at_is_hit),
		TEST(what_nothing_reaches_is_said),
		TEST(what_is_nowhere_is_said),
		TEST(none_is_none),
		TEST(what_fails_alone_counts),
		TEST(what_can_not_be_is_refused),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("focus", tests, NULL, NULL);
}
