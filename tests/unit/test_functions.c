// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/functions.c: which functions a change is in.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/functions.h"

/* The line of each function's body is in its name. */
static const char source[] =
/*  1 */ "#include <linux/kthread.h>\n"
/*  2 */ "static int table[] = {\n"
/*  3 */ "\t1, 2,\n"
/*  4 */ "};\n"
/*  5 */ "static void declared(int a);\n"
/*  6 */ "\n"
/*  7 */ "/* one(): what it does */\n"
/*  8 */ "int one(int a)\n"
/*  9 */ "{\n"
/* 10 */ "\treturn two(a);\n"
/* 11 */ "}\n"
/* 12 */ "EXPORT_SYMBOL_GPL(one);\n"
/* 13 */ "static __printf(4, 0)\n"
/* 14 */ "struct task_struct *__two(int (*fn)(void *data),\n"
/* 15 */ "\t\t\t  void *data)\n"
/* 16 */ "\t__releases(&lock)\n"
/* 17 */ "{\n"
/* 18 */ "\tif (fn) {\n"
/* 19 */ "\t\tfn(data);\n"
/* 20 */ "\t}\n"
/* 21 */ "out:\n"
/* 22 */ "#ifdef CONFIG_X\n"
/* 23 */ "\treturn NULL;\n"
/* 24 */ "#endif\n"
/* 25 */ "}\n"
/* 26 */ "SYSCALL_DEFINE2(three, int, a, int, b)\n"
/* 27 */ "{\n"
/* 28 */ "}\n"
/* 29 */ "struct four {\n"
/* 30 */ "\tint (*call)(void);\n"
/* 31 */ "};\n"
/* 32 */ "#define FIVE(x) \\\n"
/* 33 */ "\tcall(x)\n"
/* 34 */ "void __sched six (void)\n"
/* 35 */ "{\n"
/* 36 */ "}\n";

static char *names_in(size_t first, size_t last)
{
	__auto_strv struct strv names = { 0 };
	struct span s = { first, last };

	functions_in(source, first ? &s : NULL, first ? 1 : 0, &names);
	return strv_join(&names, " ");
}

static void lines_belong_to_functions(void **state)
{
	static const struct {
		size_t first, last;
		const char *names;
	} cases[] = {
		{ 0, 0, "one __two three six" },
		{ 1, 7, "" }, { 8, 8, "one" }, { 10, 10, "one" }, { 11, 11, "one" },
		{ 12, 12, "" }, { 13, 13, "__two" }, { 16, 16, "__two" }, { 21, 21, "__two" },
		{ 23, 23, "__two" }, { 25, 26, "__two three" }, { 27, 27, "three" },
		{ 29, 33, "" }, { 34, 34, "six" }, { 1, 100, "one __two three six" },
		{ 37, 40, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__auto_free char *names = names_in(cases[i].first, cases[i].last);

		if (strcmp(names, cases[i].names))
			fail_msg("lines %zu to %zu: '%s', not '%s'", cases[i].first,
				 cases[i].last, names, cases[i].names);
	}
}

static const char diff[] =
	"diff --git a/kernel/one.c b/kernel/one.c\n"
	"index 1..2 100644\n"
	"--- a/kernel/one.c\n"
	"+++ b/kernel/one.c\n"
	"@@ -3 +3 @@ static int x\n"
	"-\told\n"
	"+\tnew\n"
	"@@ -10,2 +10,0 @@ int one(int a)\n"
	"-\tgone\n"
	"-\tgone + 1,2 @@\n"
	"@@ -20,0 +19,4 @@\n"
	"+++ b/no/file.c\n"
	"+\ta\n+\tb\n+\tc\n"
	"diff --git a/gone.c b/gone.c\n"
	"deleted file mode 100644\n"
	"--- a/gone.c\n"
	"+++ /dev/null\n"
	"@@ -1,2 +0,0 @@\n"
	"-\ta\n-\tb\n"
	"diff --git a/new.c b/new.c\n"
	"new file mode 100644\n"
	"--- /dev/null\n"
	"+++ b/new.c\n"
	"@@ -0,0 +1,7 @@\n"
	"+\ta\n";

static void a_diff_has_files_and_lines(void **state)
{
	struct changed *all;
	size_t n = functions_changed(diff, &all);

	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(all[0].file, "kernel/one.c");
	assert_int_equal(all[0].n, 3);
	assert_int_equal(all[0].spans[0].first, 3);
	assert_int_equal(all[0].spans[0].last, 3);
	assert_int_equal(all[0].spans[1].first, 10);
	assert_int_equal(all[0].spans[1].last, 10);
	assert_int_equal(all[0].spans[2].first, 19);
	assert_int_equal(all[0].spans[2].last, 22);
	assert_string_equal(all[1].file, "new.c");
	assert_int_equal(all[1].n, 1);
	assert_int_equal(all[1].spans[0].last, 7);
	functions_free(all, n);
	assert_int_equal(functions_changed("", &all), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_belong_to_functions),
		cmocka_unit_test(a_diff_has_files_and_lines),
	};

	return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
