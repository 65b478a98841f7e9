// SPDX-License-Identifier: GPL-2.0-only
/* Tests of scripts/record/compare.c: consoles of any bytes, the same or not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "lib/util.h"
#include "record/compare.h"

#define LONG	"a\0b\nc\0d\ne\n"

static char *console_of(const char *name, const char *text, size_t len)
{
	char *dir = fmt("%s/%s", out, name);
	__auto_free char *path = fmt("%s/console.log", dir);

	make_dirs(dir);
	write_file(path, text, len);
	return dir;
}

static void consoles_are_compared(void **state)
{
	static const struct {
		const char *then;
		size_t then_len;
		const char *now;
		size_t now_len;
		enum extent extent;
		const char *what;
	} pairs[] = {
		{ "", 0, "", 0, EXTENT_ALL, NULL },
		{ "a\n", 2, "a\n", 2, EXTENT_ALL, NULL },
		{ "a\nb\n", 4, "a\nc\n", 4, EXTENT_ALL,
		  "line 2 of the console\n  then  b\n  now   c" },
		{ "a\n", 2, "a\nb\n", 4, EXTENT_ALL,
		  "line 2 of the console\n  then" },
		{ "a\n", 2, "a\nb\n", 4, EXTENT_SHORTER, NULL },
		{ "a\nb", 3, "a\nc\n", 4, EXTENT_SHORTER, NULL },
		{ "", 0, "a\n", 2, EXTENT_SHORTER, "line 1 of the console\n  then" },
		{ "", 0, "", 0, EXTENT_SHORTER, NULL },
		/* What is behind a NUL counts. */
		{ LONG, sizeof(LONG) - 1, LONG, sizeof(LONG) - 1, EXTENT_ALL, NULL },
		{ "a\0b\nc\0x\ne\n", 10, LONG, sizeof(LONG) - 1, EXTENT_ALL,
		  "line 2 of the console\n  then  c?x\n  now   c?d" },
		{ "a\0b\n", 4, LONG, sizeof(LONG) - 1, EXTENT_ALL,
		  "line 2 of the console\n  then" },
		{ "a\0x\nb\n", 6, "a\0y\nb\n", 6, EXTENT_SHORTER,
		  "line 1 of the console\n  then  a?x\n  now   a?y" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		__auto_free char *a = console_of("then", pairs[i].then, pairs[i].then_len);
		__auto_free char *b = console_of("now", pairs[i].now, pairs[i].now_len);
		__auto_free char *what = runs_difference(a, b, pairs[i].extent);

		if (!what != !pairs[i].what ||
		    (what && strncmp(what, pairs[i].what, strlen(pairs[i].what))))
			fail_msg("%zu: %s", i, what ?: "the same");
	}
}

/* A console that is not there has no line. */
static void a_console_is_missing(void **state)
{
	__auto_free char *a = console_of("then", "a\n", 2), *b = fmt("%s/none", out);
	__auto_free char *what = runs_difference(a, b, EXTENT_ALL);

	(void)state;
	assert_non_null(what);
	assert_null(runs_difference(b, b, EXTENT_ALL));
}

static struct record made_by(const char *qemu, const char *judge)
{
	return (struct record){ .json = json_pack("{s:{s:s}, s:{s:s}}", "qemu", "version", qemu,
						  "respawn", "judge", judge) };
}

static void other_tools_are_told(void **state)
{
	static const struct {
		const char *qemu, *judge, *what;
	} pairs[] = {
		{ "7.2", "a", NULL },
		{ "8.0", "a", "the record is of QEMU 7.2, this is 8.0" },
		{ "7.2", "b", "the record is of judge a, this is b" },
		{ "8.0", "b", "the record is of QEMU 7.2, this is 8.0" },
	};
	struct record then = made_by("7.2", "a");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct record now = made_by(pairs[i].qemu, pairs[i].judge);
		__auto_free char *what = record_other_tools(&then, &now);

		if (pairs[i].what)
			assert_string_equal(what, pairs[i].what);
		else
			assert_null(what);
		json_decref(now.json);
	}
	json_decref(then.json);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(consoles_are_compared, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_console_is_missing, fresh_out, remove_out),
		cmocka_unit_test(other_tools_are_told),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
