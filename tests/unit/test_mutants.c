// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutants: what their tables say, where they apply and where they do not.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/mutants.h"
#include "lib/util.h"

static const char source[] =
	"int one(int a);\n"
	"\n"
	"/* one(): not this */\n"
	"static int before_it(int a)\n"
	"{\n"
	"\treturn 0;\n"
	"}\n"
	"\n"
	"static int one(int a)\n"
	"{\n"
	"\tif (a)\n"
	"\t\treturn two();\n"
	"\treturn 1;\n"
	"}\n"
	"\n"
	"struct x *everyone(int a,\n"
	"\t\t   int b)\n"
	"{\n"
	"\treturn one(a);\n"
	"\treturn 1;\n"
	"}\n";

static struct mutant mutant(const char *in, struct change *changes, size_t n)
{
	return (struct mutant){
		.name = "m", .file = "k/x.c", .in = (char *)in, .changes = changes, .n = n,
	};
}

static void whole_lines_are_replaced(void **state)
{
	struct change c[] = {
		{ "\tif (a)\n\t\treturn two();\n", "\t(void)a;\n" },
		{ "\treturn one(a);\n", "" },
	};
	struct mutant m = mutant("", c, 2);
	__auto_free char *why = NULL, *text = mutant_apply(&m, source, &why);

	(void)state;
	assert_non_null(text);
	assert_null(strstr(text, "two"));
	assert_non_null(strstr(text, "{\n\t(void)a;\n\treturn 1;\n}"));
	assert_non_null(strstr(text, "int b)\n{\n\treturn 1;\n}\n"));
}

static void function_tells_lines_apart(void **state)
{
	struct change c[] = { { "\treturn 1;\n", "\treturn 2;\n" } };
	struct mutant m = mutant("one", c, 1);
	__auto_free char *why = NULL, *one = mutant_apply(&m, source, &why), *other = NULL;

	(void)state;
	assert_non_null(one);
	assert_non_null(strstr(one, "two();\n\treturn 2;\n}"));
	assert_non_null(strstr(one, "one(a);\n\treturn 1;\n}"));
	m.in = "everyone";
	other = mutant_apply(&m, source, &why);
	assert_non_null(other);
	assert_non_null(strstr(other, "one(a);\n\treturn 2;\n}"));
}

static void refused(const char *in, const char *find, const char *because)
{
	struct change c[] = { { (char *)find, "x\n" } };
	struct mutant m = mutant(in, c, 1);
	__auto_free char *why = NULL;

	assert_null(mutant_apply(&m, source, &why));
	assert_non_null(why);
	assert_non_null(strstr(why, because));
}

static void unclear_places_are_refused(void **state)
{
	(void)state;
	refused("", "\treturn 1;\n", "2 times");
	refused("", "\treturn 3;\n", "0 times");
	/* Part of a line is no line. */
	refused("", "if (a)\n", "0 times");
	refused("", "\tif (a\n", "0 times");
	/* There, but in another function. */
	refused("everyone", "\tif (a)\n", "0 times");
	refused("two", "\treturn 1;\n", "no function two()");
	refused("every", "\treturn 1;\n", "no function every()");
}

static void tables_are_read(void **state)
{
	static const char table[] =
		"# comment\n"
		"file kernel/a.c\n"
		"plan one,two\n"
		"\n"
		"mutant first\n"
		"what it is first\n"
		"in f\n"
		"-\ta\n"
		"-\tb\n"
		"+\tc\n"
		"-\td\n"
		"\n"
		"mutant second\n"
		"what it is second\n"
		"file kernel/b.c\n"
		"arch arm64\n"
		"equivalent nobody looks\n"
		"-\n"
		"-\tx\n";
	char dir[] = "/tmp/respawn-mutants.XXXXXX";
	__auto_free char *path = NULL;
	struct mutants all;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = fmt("%s/table", dir);
	write_file(path, table, strlen(table));
	mutants_read(&all, dir);
	remove_tree(dir);

	assert_int_equal(all.n, 2);
	assert_string_equal(all.m[0].name, "first");
	assert_string_equal(all.m[0].file, "kernel/a.c");
	assert_string_equal(all.m[0].in, "f");
	assert_string_equal(all.m[0].plan, "one,two");
	assert_string_equal(all.m[0].equivalent, "");
	assert_int_equal(all.m[0].n, 2);
	assert_string_equal(all.m[0].changes[0].find, "\ta\n\tb\n");
	assert_string_equal(all.m[0].changes[0].put, "\tc\n");
	assert_string_equal(all.m[0].changes[1].find, "\td\n");
	assert_string_equal(all.m[0].changes[1].put, "");
	assert_string_equal(all.m[1].what, "it is second");
	assert_string_equal(all.m[1].file, "kernel/b.c");
	assert_string_equal(all.m[1].arch, "arm64");
	assert_string_equal(all.m[1].plan, "one,two");
	assert_string_equal(all.m[1].in, "");
	assert_string_equal(all.m[1].equivalent, "nobody looks");
	assert_string_equal(all.m[1].changes[0].find, "\n\tx\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines_are_replaced),
		cmocka_unit_test(function_tells_lines_apart),
		cmocka_unit_test(unclear_places_are_refused),
		cmocka_unit_test(tables_are_read),
	};

	return cmocka_run_group_tests_name("mutants", tests, NULL, NULL);
}
