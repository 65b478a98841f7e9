// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benches, with little to do: each way is measured, and the numbers are there
 * for people and for programs. How good they are depends on the host.
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
#include "lib/util.h"

/* The list that a bench has written for arm64; fails if it is not there. */
static json_t *results(const char *name, const char *of)
{
	__auto_free char *path = fmt("%s/%s.json", out, name);
	json_t *all = json_load_file(path, 0, NULL), *list;

	assert_non_null(all);
	list = json_object_get(all, "arm64");
	if (of)
		list = json_object_get(list, of);
	assert_true(json_array_size(list));
	json_incref(list);
	json_decref(all);
	return list;
}

static double number(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void each_way_of_hotplug_is_measured(void **state)
{
	bool virtual = false, real = false, onoff = false;
	const char *what, *accel;
	json_t *list, *o;
	size_t i;

	(void)state;
	expect("bench-hotplug ARCH=arm64 CYCLES=300 N=1", 0,
	       "virtual time has ");
	list = results("bench-hotplug", NULL);
	json_array_foreach(list, i, o) {
		what = json_string_value(json_object_get(o, "what"));
		accel = json_string_value(json_object_get(o, "accelerator"));
		assert_non_null(what);
		assert_non_null(accel);
		assert_true(number(o, "cycles") > 0);
		assert_true(number(o, "cycles_per_second") > 0);
		onoff |= !strcmp(what, "torture_onoff");
		virtual |= !strcmp(what, "stress") && !strcmp(accel, "virtual");
		real |= !strcmp(what, "stress") && strcmp(accel, "virtual");
	}
	json_decref(list);
	assert_true(virtual && real && onoff);
}

static void both_contestants_are_measured(void **state)
{
	unsigned int ours = 0, theirs = 0;
	const char *who;
	json_t *list, *o;
	size_t i;

	(void)state;
	expect("bench-primitives ARCH=arm64 SMP=2", 0, "mainline");
	list = results("bench-primitives", "results");
	json_array_foreach(list, i, o) {
		who = json_string_value(json_object_get(o, "contestant"));
		assert_non_null(who);
		assert_true(number(o, "lives") > 0);
		ours += !strcmp(who, "primitives");
		theirs += !strcmp(who, "mainline");
	}
	json_decref(list);
	assert_true(ours);
	assert_int_equal(ours, theirs);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_way_of_hotplug_is_measured,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(both_contestants_are_measured,
						fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
