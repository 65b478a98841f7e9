// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses whom: a folder of scripts/ is a layer, which may use itself and those
 * below it. The includes say what a file uses.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"

#define SCRIPTS	TESTS_DIR "/../scripts/"

/* From below; what is in no folder is above all of them. */
static const char *const layers[] = {
	"lib", "bisect", "judge", "build", "run", "record", "report", "cmd",
};

/* The layer of a file that is named from scripts/ on */
static size_t layer_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		size_t len = strlen(layers[i]);

		if (!strncmp(path, layers[i], len) && path[len] == '/')
			return i;
	}
	return ARRAY_SIZE(layers);
}

/* The first include of a layer above, to be freed, or NULL */
static char *offence(const char *path, const char *text)
{
	static const char include[] = "#include \"";
	const char *at = text;

	while ((at = strstr(at, include))) {
		char *name;

		at += strlen(include);
		name = fmt("%.*s", (int)strcspn(at, "\"\n"), at);
		/* What the guest's modules share with the host is no layer. */
		if (strncmp(name, "../", 3) && layer_of(name) > layer_of(path))
			return name;
		free(name);
	}
	return NULL;
}

static size_t each_source(size_t (*fn)(const char *path, const char *text))
{
	static const char *const patterns[] = {
		SCRIPTS "*.[ch]", SCRIPTS "*/*.[ch]", SCRIPTS "*/*/*.[ch]",
	};
	size_t wrong = 0, files = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t g;

		assert_int_equal(glob(patterns[i], 0, NULL, &g), 0);
		for (size_t k = 0; k < g.gl_pathc; k++) {
			__auto_free char *text = read_file(g.gl_pathv[k], NULL);

			assert_non_null(text);
			wrong += fn(g.gl_pathv[k] + strlen(SCRIPTS), text);
			files++;
		}
		globfree(&g);
	}
	assert_true(files > 50);
	return wrong;
}

static size_t uses_above(const char *path, const char *text)
{
	__auto_free char *name = offence(path, text);

	if (name)
		print_error("scripts/%s uses %s, which is above it\n", path, name);
	return !!name;
}

static void no_layer_uses_one_above(void **state)
{
	(void)state;
	assert_int_equal(each_source(uses_above), 0);
}

/* Each include between two layers, one way and the other */
static void an_include_turned_round_is_seen(void **state)
{
	(void)state;
	for (size_t up = 0; up < ARRAY_SIZE(layers); up++) {
		for (size_t down = 0; down <= up; down++) {
			__auto_free char *above = fmt("%s/a.c", layers[up]);
			__auto_free char *below = fmt("%s/b.c", layers[down]);
			__auto_free char *good = fmt("#include <x.h>\n\n#include \"%s/b.h\"\n",
						     layers[down]);
			__auto_free char *bad = fmt("#include \"lib/util.h\"\n#include \"%s/a.h\"\n",
						    layers[up]);
			__auto_free char *none = offence(above, good);
			__auto_free char *one = offence(below, bad);

			assert_null(none);
			assert_int_equal(!!one, up != down);
		}
	}
	assert_string_equal(offence("cmd/a.c", "#include \"options.h\"\n"), "options.h");
}

/* Names of functions that a pure function of text does not call */
static size_t touches_files(const char *path, const char *text)
{
	static const char *const calls[] = {
		"fopen(", "open(", "read_file(", "write_file(", "run(", "exists(", "getenv(",
	};
	size_t wrong = 0;

	if (layer_of(path) != 1)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const char *at = strstr(text, calls[i]);

		if (!at || (at > text && strchr("_abcdefghijklmnopqrstuvwxyz", at[-1])))
			continue;
		print_error("scripts/%s calls %s)\n", path, calls[i]);
		wrong++;
	}
	return wrong;
}

static void the_judge_opens_no_files(void **state)
{
	(void)state;
	assert_int_equal(each_source(touches_files), 0);
}

/* What the user set is read by options.c, and handed down as a request. */
static size_t has_global_options(const char *path, const char *text)
{
	bool found = layer_of(path) < ARRAY_SIZE(layers) && strstr(text, "opt.");

	if (found)
		print_error("scripts/%s reads a global of options\n", path);
	return found;
}

static void nobody_reads_global_options(void **state)
{
	(void)state;
	assert_int_equal(each_source(has_global_options), 0);
}

/* The number of a process alone is that of another one in another container. */
static size_t makes_names(const char *path, const char *text)
{
	bool found = strcmp(path, "lib/file.c") &&
		     (strstr(text, "%d.tmp") || strstr(text, "%u.tmp"));

	if (found)
		print_error("scripts/%s makes a name that publish_name() is for\n", path);
	return found;
}

static void what_is_half_made_is_named_in_one_place(void **state)
{
	(void)state;
	assert_int_equal(each_source(makes_names), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_layer_uses_one_above),
		cmocka_unit_test(an_include_turned_round_is_seen),
		cmocka_unit_test(the_judge_opens_no_files),
		cmocka_unit_test(nobody_reads_global_options),
		cmocka_unit_test(what_is_half_made_is_named_in_one_place),
	};

	return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
