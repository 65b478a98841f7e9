// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/series.c: an export that is interrupted, wherever that is,
 * leaves the old series or the new one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "child.h"
#include "faults.h"
#include "build/series.h"
#include "lib/util.h"

#define COMMENT	"# what this is\n# and more\n"

static void put(const char *name, const char *text)
{
	__auto_free char *path = fmt("%s/%s", out, name);

	write_file(path, text, strlen(text));
}

static char *get(const char *name)
{
	__auto_free char *path = fmt("%s/%s", out, name);

	return read_file(path, NULL);
}

/* What the old series has in each patch is "old", the new one "new". */
static int setup(void **state)
{
	__auto_free char *dir = NULL, *from = NULL;

	fresh_out(state);
	dir = fmt("%s/dir", out);
	from = fmt("%s/from", out);
	make_dirs(dir);
	make_dirs(from);
	put("dir/pin", "package x\n");
	put("dir/0001-same.patch", "old");
	put("dir/0002-gone.patch", "old");
	put("dir/0003-same.patch", "old");
	put("dir/series", COMMENT "0001-same.patch\n0002-gone.patch\n0003-same.patch\n");
	put("from/0001-same.patch", "new");
	put("from/0002-came.patch", "new");
	put("from/0003-same.patch", "new");
	put("from/0004-more.patch", "new");
	return forget_written(state);
}

static int replace(const void *arg)
{
	__auto_free char *dir = fmt("%s/dir", out), *from = fmt("%s/from", out);

	cut_at = *(const int *)arg;
	return series_replace(dir, from) == 4 ? 0 : 1;
}

/* All old or all new; how many */
static size_t assert_whole(const char **which)
{
	__auto_free char *series = get("dir/series");
	__auto_strv struct strv names = { 0 };

	assert_non_null(series);
	assert_true(!strncmp(series, COMMENT, strlen(COMMENT)));
	strv_split(&names, series + strlen(COMMENT), "\n");
	*which = NULL;
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *name = fmt("dir/%s", names.v[i]), *text = get(name);

		if (!text)
			fail_msg("%s is listed and is not there", names.v[i]);
		if (!*which)
			*which = strcmp(text, "old") ? "new" : "old";
		assert_string_equal(text, *which);
	}
	return names.n;
}

static void assert_tidy(void)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL, *dir = fmt("%s/dir", out), *series = get("dir/series");
	struct run_opts o = { .out = &said };

	strv_add(&argv, "ls");
	strv_add(&argv, "%s", dir);
	assert_int_equal(run(&argv, &o), 0);
	assert_string_equal(said, "0001-same.patch\n0002-came.patch\n0003-same.patch\n"
			    "0004-more.patch\npin\nseries\n");
	assert_string_equal(series, COMMENT "0001-same.patch\n0002-came.patch\n"
			    "0003-same.patch\n0004-more.patch\n");
}

static void patches_are_replaced(void **state)
{
	int never = 0;

	(void)state;
	assert_int_equal(replace(&never), 0);
	assert_tidy();
}

static void an_interrupted_export_leaves_a_whole_series(void **state)
{
	bool was_old = false, was_new = false;
	int status, at = 0;

	do {
		const char *which;
		size_t n;

		remove_out(state);
		setup(state);
		at++;
		status = in_a_child(replace, &at);
		n = assert_whole(&which);
		assert_int_equal(n, strcmp(which, "old") ? 4 : 3);
		was_old |= !strcmp(which, "old");
		was_new |= status && !strcmp(which, "new");
	} while (status == STATUS_CUT);
	assert_int_equal(status, 0);
	/* A rename a patch, twice, and two for the list */
	assert_int_equal(at - 1, 10);
	assert_true(was_old && was_new);
}

static void the_next_export_tidies_up(void **state)
{
	int never = 0;

	for (int at = 1; at <= 10; at++) {
		const char *which;
		bool orphan;

		remove_out(state);
		setup(state);
		assert_int_equal(in_a_child(replace, &at), STATUS_CUT);
		/* From then on nobody knows that it was one of the series. */
		assert_whole(&which);
		orphan = !strcmp(which, "new");
		assert_int_equal(replace(&never), 0);
		if (orphan) {
			__auto_free char *path = fmt("%s/dir/0002-gone.patch", out);

			assert_int_equal(unlink(path), 0);
		}
		assert_tidy();
	}
}

static void a_list_without_an_end_of_line_is_read(void **state)
{
	int never = 0;

	(void)state;
	put("dir/series", "# only this");
	assert_int_equal(replace(&never), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(patches_are_replaced, setup, remove_out),
		cmocka_unit_test_setup_teardown(an_interrupted_export_leaves_a_whole_series,
						setup, remove_out),
		cmocka_unit_test_setup_teardown(the_next_export_tidies_up, setup, remove_out),
		cmocka_unit_test_setup_teardown(a_list_without_an_end_of_line_is_read,
						setup, remove_out),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
