// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/script.c and blocks.c: what a script may say, and where its
 * places are in programs that the compilers make here. The truth is what objdump reads.
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
#include "build/blocks.h"
#include "build/script.h"
#include "build/toolchain.h"

static void a_script_is_read_to_its_end(void **state)
{
	static const struct {
		const char *script;
		const char *bad;
	} all[] = {
		{ "", NULL },
		{ "2:5,actor,kthread_park@3,1,64", NULL },
		{ "2:5,kworker/1:0,process_one_work@7,2,64r", NULL },
		{ "2:5,actor,kthread.c:park@3,1,64+1:0,cpuhp/1,cpuhp_thread_fun@0,1,1r", NULL },
		{ "2:5,actor,kthread_park@3,1,64+", NULL },
		{ "2:5", "2:5" },
		{ "2:5,actor,kthread_park,1,64", "2:5,actor,kthread_park,1,64" },
		{ "2:5,actor,kthread_park@3,0,64", "2:5,actor,kthread_park@3,0,64" },
		{ "2:5,actor,kthread_park@3,1,64x", "2:5,actor,kthread_park@3,1,64x" },
		{ "2:5,actor,kthread_park@3,1,64rr", "2:5,actor,kthread_park@3,1,64rr" },
		{ "2:5,a name of more than 15,f@3,1,64", "2:5,a name of more than 15,f@3,1,64" },
		{ "2:5,actor,f@3,1,64+x", "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		__auto_free char *bad = script_bad(all[i].script);

		if (all[i].bad)
			assert_string_equal(bad, all[i].bad);
		else
			assert_null(bad);
	}
}

static void a_script_has_so_many_places(void **state)
{
	__auto_strv struct strv places = { 0 };
	__auto_free char *full = NULL, *more = NULL, *bad = NULL;

	(void)state;
	for (int i = 0; i < 32; i++)
		strv_add(&places, "1:%d,actor,f@0,1,1", i);
	full = strv_join(&places, "+");
	more = fmt("%s+1:32,actor,f@0,1,1", full);
	assert_null(script_bad(full));
	bad = script_bad(more);
	assert_string_equal(bad, "1:32,actor,f@0,1,1");
}

/* ---- in a program --------------------------------------------------------------------- */

#define HOOK	"void __sanitizer_cov_trace_pc(void);\n" \
		"__attribute__((no_sanitize_coverage, noinline)) " \
		"void __sanitizer_cov_trace_pc(void) { __asm__ volatile(\"\"); }\n"
#define PARK	"int more(int);\n" \
		"__attribute__((noinline)) int park(int n)\n" \
		"{ int s = 0; while (n--) { if (n & 1) s += more(n); else s ^= more(-n); } return s; }\n"
#define MORE	"__attribute__((noinline)) int more(int n) { return n > 3 ? n * 7 : n; }\n"
#define OTHER	"__attribute__((noinline)) int other(int n)\n" \
		"{ int s = 1; while (n--) s *= n > 5 ? more(n) : 3; return s; }\n"
#define LOCAL	"__attribute__((noinline)) static int twice(int n) { return n ? more(n) : 2; }\n"

/* The path of a program of @text for @a; NULL where there is no compiler for it */
static char *program(const struct arch *a, const char *name, const char *text)
{
	__auto_free char *cc = toolchain_compiler(a), *file = fmt("%s/%s.c", out, name);
	char *to = fmt("%s/%s.%s", out, name, a->name);
	__auto_free char *cmd = fmt("%s -O1 -w -fsanitize-coverage=trace-pc -nostdlib -static -fno-pic -no-pie -Wl,-e,_start -o %s %s 2>/dev/null",
				    cc, to, file);

	write_file(file, text, strlen(text));
	if (!system(cmd))
		return to;
	free(to);
	return NULL;
}

/* Where the calls of the hook return to, in a function, as objdump has it */
static size_t truth(const struct arch *a, const char *path, const char *function, uint64_t *at)
{
	__auto_free char *cc = toolchain_compiler(a);
	__auto_free char *cmd = fmt("%.*sobjdump -d --no-show-raw-insn %s",
				    (int)(strlen(cc) - strlen("gcc")), cc, path);
	__auto_free char *begin = fmt("<%s>:\n", function);
	char line[256];
	bool inside = false, called = false;
	FILE *f = popen(cmd, "r");
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] && line[strlen(line) - 1] == '\n' && strstr(line, ">:\n"))
			inside = strstr(line, begin);
		if (called && strchr(line, ':'))
			at[n++] = strtoull(line, NULL, 16);
		called = inside && strstr(line, "<__sanitizer_cov_trace_pc>") && !strstr(line, ">:\n");
	}
	assert_int_equal(pclose(f), 0);
	return n;
}

static const struct symbol *find(const struct blocks *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->all[i].name, name))
			return &b->all[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static void yield_points_are_where_the_calls_are(void **state)
{
	static const char text[] = HOOK MORE PARK OTHER
		"void _start(void) { park(3); other(4); }\n";
	const struct arch *a = NULL;
	size_t tried = 0;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *path = a->call ? program(a, "one", text) : NULL;
		static const char *const functions[] = { "park", "other", "more" };
		struct blocks b;

		if (!path)
			continue;
		tried++;
		blocks_open(&b, path, a);
		for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
			uint64_t want[64], *at;
			size_t n = blocks_of(&b, find(&b, functions[i]), &at);

			assert_int_equal(truth(a, path, functions[i], want), n);
			assert_true(n > 1);
			assert_memory_equal(at, want, n * sizeof(*at));
			free(at);
		}
		blocks_close(&b);
	}
	assert_true(tried);
}

/* A script of one program, in another one where the function lies elsewhere */
static void a_script_holds_in_another_kernel(void **state)
{
	static const char one[] = HOOK MORE PARK LOCAL
		"void _start(void) { park(3); twice(3); }\n";
	static const char two[] = HOOK MORE OTHER PARK LOCAL
		"void _start(void) { other(9); park(3); twice(3); }\n";
	const struct arch *a = NULL;

	(void)state;
	while ((a = arch_next(a))) {
		__auto_free char *first = a->call ? program(a, "one", one) : NULL, *second = NULL;
		__auto_free char *script = NULL, *places = NULL, *want = NULL;
		__auto_strv struct strv lacks = { 0 };
		uint64_t at[64], there[64];

		if (!first)
			continue;
		second = program(a, "two", two);
		assert_non_null(second);
		assert_true(truth(a, first, "park", at) > 2);
		script = script_of((struct gave_way[]){
			{ at[2], "actor", 2, 5, 1, 64, true },
			{ at[0], "kworker/1:0", 1, 0, 3, 1, false },
		}, 2, first, a);
		assert_string_equal(script, "2:5,actor,park@2,1,64r+1:0,kworker/1:0,park@0,3,1");
		assert_true(truth(a, second, "park", there) > 2);
		assert_true(there[2] != at[2]);
		places = script_places(script, second, a, &lacks);
		assert_int_equal(lacks.n, 0);
		want = fmt("0+%llx:e8cd7ba:2:5:1:64:1+%llx:", (unsigned long long)there[2],
			   (unsigned long long)there[0]);
		assert_memory_equal(places, want, strlen(want));
	}
}

static void what_is_not_there_is_said(void **state)
{
	static const char text[] = HOOK MORE PARK "void _start(void) { park(3); }\n";
	const struct arch *a = arch_find("x86_64");
	__auto_free char *path = program(a, "one", text), *places = NULL;
	const struct gave_way nowhere = { 1, "actor", 1, 1, 1, 1, false };
	__auto_strv struct strv lacks = { 0 };
	uint64_t at[64];

	(void)state;
	if (!path)
		skip();
	places = script_places("1:1,actor,gone@0,1,1+1:2,actor,park@99,1,1", path, a, &lacks);
	assert_string_equal(places, "0");
	assert_int_equal(lacks.n, 2);
	assert_string_equal(lacks.v[1], "1:2,actor,park@99,1,1");
	/* No yield point, nobody counted, a name that can't be typed, nothing at all */
	assert_null(script_of(&nowhere, 1, path, a));
	assert_int_equal(truth(a, path, "park", at) > 2, 1);
	assert_null(script_of(&(struct gave_way){ at[1], "actor", 1, 1, 0, 1, false }, 1, path, a));
	assert_null(script_of(&(struct gave_way){ at[1], "a+b", 1, 1, 1, 1, false }, 1, path, a));
	assert_null(script_of(&nowhere, 0, path, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_script_is_read_to_its_end),
		cmocka_unit_test(a_script_has_so_many_places),
		cmocka_unit_test_setup_teardown(yield_points_are_where_the_calls_are, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(a_script_holds_in_another_kernel, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_said, fresh_out,
						remove_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
