// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/debuginfo.c, on programs that the compilers make here. The truth
 * is what addr2line reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "build/arch.h"
#include "build/debuginfo.h"
#include "build/toolchain.h"

#define SAME	"static __attribute__((used, noinline)) int same(int n) { return n + 1; }\n"

static const char park[] =
	"#include <linux/inline.h>\n"
	SAME
	"void _start(void)\n"
	"{\n"
	"	twice(3);\n"
	"	callee(4);\n"
	"	for (;;)\n"
	"		;\n"
	"}\n"
	"__attribute__((noinline)) int callee(int n)\n"
	"{\n"
	"	volatile int sum = n;\n"
	"	while (n--)\n"
	"		sum += n;\n"
	"	return sum;\n"
	"}\n";

static const char inlined[] =
	"int callee(int n);\n"
	"static inline int twice(int n)\n"
	"{\n"
	"	return callee(n) + callee(n + 1);\n"
	"}\n";

static void write_source(const char *name, const char *text)
{
	__auto_free char *path = fmt("%s/%s", out, name), *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, text, strlen(text));
}

/* The path of the program for @a, built as a kernel is; NULL where there is no compiler for it */
static char *program(const struct arch *a, const char *options, const char *more)
{
	__auto_free char *cc = toolchain_compiler(a);
	__auto_free char *cmd = fmt("cd %s && %s -O1 -w %s -I./include -nostdlib -static -fno-pic -no-pie -Wl,-e,_start -o text.%s kernel/park.c kernel/more.c 2>/dev/null",
				    out, cc, options, a->name);

	write_source("kernel/park.c", park);
	write_source("include/linux/inline.h", inlined);
	write_source("kernel/more.c", more);
	return system(cmd) ? NULL : fmt("%s/text.%s", out, a->name);
}

/* What addr2line says of an address; NULL if that is nothing */
static char *truth(const struct arch *a, const char *path, uint64_t at)
{
	__auto_free char *cc = toolchain_compiler(a);
	__auto_free char *cmd = fmt("%.*saddr2line -i -e %s %#llx",
				    (int)(strlen(cc) - strlen("gcc")), cc, path,
				    (unsigned long long)at);
	static const char *const files[] = { "kernel/park.c", "include/linux/inline.h" };
	FILE *f = popen(cmd, "r");
	char line[256] = "", *all = NULL;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		/* It puts the folder before it in which the compiler ran. */
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			const char *name = strstr(line, files[i]);
			char *old = all;

			if (!name)
				continue;
			all = fmt("%s%s%.*s", old ?: "", old ? " " : "",
				  (int)strcspn(name, "\n "), name);
			free(old);
		}
	}
	assert_int_equal(pclose(f), 0);
	return all;
}

static const struct symbol *find(const struct debuginfo *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->all[i].name, name))
			return &d->all[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static void an_address_has_its_line(void **state)
{
	const struct arch *a = NULL;
	size_t lines = 0;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *path = program(a, "-g1", "");
		bool header = false;
		struct debuginfo d;

		if (!path)
			continue;
		assert_true(debuginfo_open(&d, path));
		for (size_t i = 0; i < d.n; i++) {
			for (uint64_t at = 0; at < d.all[i].size; at += a->align) {
				__auto_free char *is = debuginfo_line(&d, d.all[i].at + at);
				__auto_free char *want = truth(a, path, d.all[i].at + at);

				assert_string_equal(is ?: "", want ?: "");
				lines += is ? 1 : 0;
				/* Where it stands, and where it was inlined */
				header |= is && strstr(is, "include/linux/inline.h:") == is &&
					  strstr(is, " kernel/park.c:");
			}
		}
		assert_true(header);
		debuginfo_close(&d);
	}
	assert_true(lines);
}

static void a_splat_has_lines(void **state)
{
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *path = program(a, "-g1", "");
		__auto_free char *splat = NULL, *want = NULL, *is = NULL, *frame = NULL, *pc = NULL;
		const struct symbol *s;
		struct debuginfo d;

		if (!path)
			continue;
		assert_true(debuginfo_open(&d, path));
		s = find(&d, "_start");
		/* The kernel has it that a function goes on up to the next one. */
		splat = fmt("[    1.000000] pc : _start+0x%zx/0x%llx\n"
			    "[    1.000000]  _start+0x%zx/0x%llx\n"
			    "[    1.000000]  _start+0x8/0x1000\n"
			    "[    1.000000]  _start+0x8/0x%llx [torture]\n"
			    "[    1.000000]  nobody+0x8/0x10\n"
			    "x+0x", a->align, (unsigned long long)s->size + 8, a->align,
			    (unsigned long long)s->size, (unsigned long long)s->size);
		pc = truth(a, path, s->at + a->align);
		frame = truth(a, path, s->at + a->align - 1);
		want = fmt("[    1.000000] pc : _start+0x%zx/0x%llx (%s)\n"
			   "[    1.000000]  _start+0x%zx/0x%llx (%s)\n%s", a->align,
			   (unsigned long long)s->size + 8, pc, a->align,
			   (unsigned long long)s->size, frame,
			   strstr(splat, "[    1.000000]  _start+0x8/0x1000"));
		is = debuginfo_in_text(&d, splat);
		assert_string_equal(is, want);
		debuginfo_close(&d);
	}
}

/* Which of two it is, nobody knows; a line of the wrong one would mislead. */
static void two_of_a_name_have_no_line(void **state)
{
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *one = program(a, "-g1", ""), *path = NULL;
		__auto_free char *splat = NULL, *is = NULL, *both = NULL;
		struct debuginfo d;

		if (!one)
			continue;
		assert_true(debuginfo_open(&d, one));
		splat = fmt(" same+0x1/0x%llx ", (unsigned long long)find(&d, "same")->size);
		is = debuginfo_in_text(&d, splat);
		assert_string_not_equal(is, splat);
		debuginfo_close(&d);
		path = program(a, "-g1", SAME);
		assert_true(debuginfo_open(&d, path));
		both = debuginfo_in_text(&d, splat);
		assert_string_equal(both, splat);
		debuginfo_close(&d);
	}
}

static bool is_in(const struct debuginfo_span *spans, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++)
		if (at >= spans[i].from && at < spans[i].to)
			return true;
	return false;
}

/* Of each address, whether it is code of what was inlined, as its lines have it */
static void what_was_inlined_is_where_it_is_called(void **state)
{
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *path = program(a, "-g1", "");
		struct debuginfo_span *spans, *none;
		const struct symbol *s;
		struct debuginfo d;
		size_t n;

		if (!path)
			continue;
		assert_true(debuginfo_open(&d, path));
		s = find(&d, "_start");
		n = debuginfo_inlined(&d, "include/linux/inline.h", "twice", &spans);
		assert_true(n);
		for (uint64_t at = s->at; at < s->at + s->size; at += a->align) {
			__auto_free char *line = debuginfo_line(&d, at);
			bool inside = line && strchr(line, ' ');

			assert_int_equal(is_in(spans, n, at), inside);
		}
		assert_false(is_in(spans, n, find(&d, "callee")->at));
		/* It may be a static function of a file's own, and not of this one's. */
		assert_int_equal(debuginfo_inlined(&d, "mm/slub.c", "twice", &none), 0);
		assert_int_equal(debuginfo_inlined(&d, "kernel/park.c", "callee", &none), 0);
		free(spans);
		debuginfo_close(&d);
	}
}

static void without_lines_there_are_functions(void **state)
{
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *path = program(a, "-g0", "");
		__auto_free char *name = NULL, *half = NULL;
		const struct symbol *s;
		struct debuginfo d;

		if (!path)
			continue;
		assert_true(debuginfo_open(&d, path));
		s = find(&d, "callee");
		name = debuginfo_function(&d, s->at + 4);
		half = debuginfo_function(&d, (uint32_t)s->at + 4);
		assert_string_equal(name, "callee+0x4");
		assert_string_equal(half, "callee+0x4");
		assert_null(debuginfo_line(&d, s->at + 4));
		debuginfo_close(&d);
	}
}

static void what_is_no_kernel_says_nothing(void **state)
{
	__auto_free char *path = fmt("%s/none", out), *is = NULL, *name = NULL;
	struct debuginfo d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_false(debuginfo_open(&d, path));
		is = debuginfo_in_text(&d, "park+0x4/0x8");
		name = debuginfo_function(&d, 0x1234);
		assert_string_equal(is, "park+0x4/0x8");
		assert_string_equal(name, "0x1234");
		free(is);
		free(name);
		debuginfo_close(&d);
		write_file(path, "no ELF", 6);
	}
	is = NULL;
	name = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_address_has_its_line, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_splat_has_lines, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(two_of_a_name_have_no_line, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_was_inlined_is_where_it_is_called, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(without_lines_there_are_functions, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(what_is_no_kernel_says_nothing, fresh_out,
						remove_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
