// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/judge/ktap.c. Each file tests/unit/ktap/NAME.ktap is a console,
 * NAME.tree the tree it has to give: one test a line, indented by its depth, as
 * "STATUS NUMBER name: reason", and the counts of the root in the last line.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "judge/console.h"
#include "judge/ktap.h"

#ifndef TESTS_DIR
#error "define TESTS_DIR, the path of the directory tests, as a string"
#endif

#define TREE_MAX (64 * 1024)

static const char * const status_names[] = { "pass", "FAIL", "skip", "MISSING" };

static void feed_line(void *arg, const struct console_line *line)
{
	ktap_line(arg, line);
}

static void feed(struct ktap *k, const char *text)
{
	ktap_line(k, &(struct console_line){ .text = text, .when = -1 });
}

static struct ktap *parse(const char *text)
{
	struct ktap *k = ktap_new();
	struct console *con = console_new(feed_line, k);

	assert_non_null(k);
	assert_non_null(con);
	console_feed(con, text, strlen(text));
	console_end(con);
	console_free(con);
	ktap_end(k);
	return k;
}

static void dump(FILE *f, const struct ktap_test *t, int depth)
{
	const struct ktap_test *c;

	fprintf(f, "%*s%s %u %s%s%s\n", 2 * depth, "", status_names[t->status], t->number,
		t->parent ? t->name : "root", t->reason ? ": " : "", t->reason ? t->reason : "");
	for (c = t->children; c; c = c->next) {
		assert_ptr_equal(c->parent, t);
		if (!c->next)
			assert_ptr_equal(t->last_child, c);
		dump(f, c, depth + 1);
	}
}

static char *tree_of(const struct ktap *k)
{
	struct ktap_counts n = ktap_count(ktap_root(k));
	char *tree = calloc(1, TREE_MAX);
	FILE *f = fmemopen(tree, TREE_MAX - 1, "w");

	assert_non_null(f);
	dump(f, ktap_root(k), 0);
	fprintf(f, "passed %u failed %u skipped %u\n", n.passed, n.failed, n.skipped);
	fclose(f);
	return tree;
}

static char *read_file(const char *path)
{
	char *text = calloc(1, TREE_MAX);
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("%s: no such file", path);
	assert_true(fread(text, 1, TREE_MAX - 1, f) < TREE_MAX - 1);
	fclose(f);
	return text;
}

static void test_trees(void **state)
{
	size_t i, wrong = 0;
	glob_t g;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/unit/ktap/*.ktap", 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		char path[512];
		char *text = read_file(g.gl_pathv[i]);
		struct ktap *k = parse(text);
		char *tree = tree_of(k);
		char *want;

		snprintf(path, sizeof(path), "%.*s.tree",
			 (int)(strlen(g.gl_pathv[i]) - strlen(".ktap")), g.gl_pathv[i]);
		want = read_file(path);
		if (strcmp(tree, want)) {
			print_error("%s gives:\n%s", g.gl_pathv[i], tree);
			wrong++;
		}
		free(want);
		free(tree);
		ktap_free(k);
		free(text);
	}
	assert_true(g.gl_pathc > 20);
	globfree(&g);
	assert_int_equal(wrong, 0);
}

static const char suite[] =
	"[    1.000000] KTAP version 1\n"
	"[    1.000000] 1..1\n"
	"[    1.500000]     KTAP version 1\n"
	"[    1.500000]     # Subtest: s\n"
	"[    1.500000]     # module: m\n"
	"[    1.500000]     1..2\n"
	"[    2.000000] noise of a\n"
	"[    2.250000]     # a: expectation\n"
	"[    2.500000]     ok 1 a\n"
	"[    2.750000]     ok 2 b # SKIP no disk\n"
	"[    3.000000] # s: pass:1 fail:0 skip:1 total:2\n"
	"[    3.500000] ok 1 s\n"
	"[    9.000000] noise after it all\n";

static void test_diag_and_times(void **state)
{
	struct ktap *k = parse(suite);
	const struct ktap_test *s = ktap_root(k)->children;
	const struct ktap_test *a = s->children;

	(void)state;
	assert_string_equal(a->diag, "noise of a\n    # a: expectation\n");
	assert_null(a->next->diag);
	assert_string_equal(s->diag, "    # module: m\n# s: pass:1 fail:0 skip:1 total:2\n");
	assert_null(ktap_root(k)->diag);
	assert_true(a->start == 2.0 && a->end == 2.5);
	assert_true(a->next->start == 2.75 && a->next->end == 2.75);
	assert_true(s->start == 1.5 && s->end == 3.5);
	assert_true(ktap_root(k)->start == 1.0 && ktap_root(k)->end == 3.5);
	assert_true(s->has_plan && s->plan == 2 && s->has_result);
	assert_string_equal(a->next->reason, "no disk");
	ktap_free(k);
}

static const struct ktap_test *find(const struct ktap *k, const char *name)
{
	return ktap_find_suite(k, name, 0, SIZE_MAX);
}

static void test_find_suite(void **state)
{
	/* Case "s" of suite "r" comes first. */
	struct ktap *k = parse("KTAP version 1\n1..2\n    KTAP version 1\n    # Subtest: r\n"
			       "    1..2\n    ok 1 s\n    ok 2 leaf\nok 1 r\n    KTAP version 1\n"
			       "    # Subtest: s\n    1..1\n    ok 1 x\nok 2 s\n"
			       "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: cut\n");

	(void)state;
	assert_int_equal(find(k, "r")->number, 1);
	assert_int_equal(find(k, "s")->number, 2);
	assert_non_null(find(k, "s")->children);
	assert_null(find(k, "leaf"));
	assert_null(find(k, "nothing"));
	assert_null(find(k, ""));
	/* Begun, no part, no result: it did not run. */
	assert_null(find(k, "cut"));
	/* The result of r is in line 8, that of s in line 13. */
	assert_non_null(ktap_find_suite(k, "r", 7, 9));
	assert_null(ktap_find_suite(k, "r", 8, 13));
	assert_null(ktap_find_suite(k, "r", 0, 8));
	assert_null(ktap_find_suite(k, "s", 0, 13));
	assert_non_null(ktap_find_suite(k, "s", 8, 14));
	ktap_free(k);
}

static void test_counts_of_inner(void **state)
{
	struct ktap *k = parse(suite);
	const struct ktap_test *s = ktap_root(k)->children;

	(void)state;
	assert_int_equal(ktap_count(s).passed, 1);
	assert_int_equal(ktap_count(s).skipped, 1);
	assert_int_equal(ktap_count(s->children).passed, 1);
	assert_int_equal(ktap_count(s->children->next).skipped, 1);
	ktap_free(k);
}

static void test_diag_is_bounded(void **state)
{
	struct ktap *k = ktap_new();
	char line[100];
	int i;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	feed(k, "KTAP version 1");
	for (i = 0; i < 1000; i++)
		feed(k, line);
	feed(k, "ok 1 a");
	ktap_end(k);
	assert_true(strlen(ktap_root(k)->children->diag) <= KTAP_DIAG_MAX);
	assert_true(strlen(ktap_root(k)->children->diag) > KTAP_DIAG_MAX - sizeof(line) - 1);
	assert_int_equal(ktap_root(k)->status, KTAP_PASS);
	assert_true(ktap_root(k)->children->start < 0);
	ktap_free(k);
}

static void test_tests_are_bounded(void **state)
{
	struct ktap *k = ktap_new();
	unsigned int i;

	(void)state;
	feed(k, "KTAP version 1");
	for (i = 1; i <= KTAP_TESTS_MAX + 10; i++) {
		char line[32];

		snprintf(line, sizeof(line), "ok %u a", i);
		feed(k, line);
	}
	ktap_end(k);
	assert_int_equal(ktap_count(ktap_root(k)).passed, KTAP_TESTS_MAX - 1);
	assert_int_equal(ktap_root(k)->status, KTAP_FAIL);
	assert_non_null(strstr(ktap_root(k)->reason, "more than 100000 tests"));
	ktap_free(k);
}

/* However often a number comes again, that takes no time to speak of. */
static void test_repeats_are_bounded(void **state)
{
	struct ktap *k = ktap_new();
	clock_t begun = clock();

	(void)state;
	feed(k, "KTAP version 1");
	for (unsigned int i = 1; i <= 90000; i++) {
		char line[32];

		snprintf(line, sizeof(line), "ok %u a", i < 70000 ? i : 69000);
		feed(k, line);
	}
	ktap_end(k);
	assert_true(clock() - begun < CLOCKS_PER_SEC);
	assert_string_equal(ktap_root(k)->reason, "number 69000 was reported twice");
	ktap_free(k);
}

static void test_absent_are_bounded(void **state)
{
	struct ktap *k = parse("KTAP version 1\n1..999999999\nok 1 a\n");
	struct ktap_counts n = ktap_count(ktap_root(k));

	(void)state;
	assert_int_equal(n.passed, 1);
	assert_int_equal(n.failed, KTAP_ABSENT_MAX + 1);
	assert_string_equal(ktap_root(k)->last_child->name,
			    "(more cases of 1002 to 999999999 never reported)");
	ktap_free(k);
}

static void test_depth_is_bounded(void **state)
{
	struct ktap *k = ktap_new();
	const struct ktap_test *t;
	int i, depth = 0;
	bool said = false;

	(void)state;
	for (i = 0; i < 40; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%*sKTAP version 1", i, "");
		feed(k, line);
	}
	ktap_end(k);
	for (t = ktap_root(k); t; t = t->children) {
		depth++;
		said |= t->reason && !strcmp(t->reason, "documents nested deeper than 16");
	}
	assert_int_equal(depth, KTAP_DEPTH_MAX);
	assert_true(said);
	assert_int_equal(ktap_root(k)->status, KTAP_FAIL);
	ktap_free(k);
}

/* Cut anywhere before its last line, a run that passed is one that failed. */
static void test_cut_anywhere(void **state)
{
	size_t end = (size_t)(strstr(suite, "ok 1 s\n") - suite);
	size_t i;

	(void)state;
	for (i = strlen("[    1.000000] KTAP version 1\n"); i < end; i++) {
		char *text = strndup(suite, i);
		struct ktap *k = parse(text);

		if (ktap_root(k)->status != KTAP_FAIL || !ktap_count(ktap_root(k)).failed)
			fail_msg("cut after %zu bytes it passes", i);
		ktap_free(k);
		free(text);
	}
}

/* Without any one of its lines of structure it fails as well. */
static void test_line_lost(void **state)
{
	const char *at = suite;

	(void)state;
	while (*at) {
		const char *next = strchr(at, '\n') + 1;
		bool counts = strstr(at, "ok ") && strstr(at, "ok ") < next;
		char text[sizeof(suite)];
		struct ktap *k;

		memcpy(text, suite, (size_t)(at - suite));
		memcpy(text + (at - suite), next, strlen(next) + 1);
		k = parse(text);
		if (counts && ktap_root(k)->status != KTAP_FAIL)
			fail_msg("without \"%.*s\" it passes", (int)(next - at - 1), at);
		ktap_free(k);
		at = next;
	}
}

static void test_nothing(void **state)
{
	struct ktap *k = parse("");

	(void)state;
	assert_int_equal(ktap_root(k)->status, KTAP_MISSING);
	assert_int_equal(ktap_count(ktap_root(k)).failed, 0);
	ktap_end(k);
	ktap_free(k);
	ktap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_diag_and_times),
		cmocka_unit_test(test_find_suite),
		cmocka_unit_test(test_counts_of_inner),
		cmocka_unit_test(test_diag_is_bounded),
		cmocka_unit_test(test_tests_are_bounded),
		cmocka_unit_test(test_repeats_are_bounded),
		cmocka_unit_test(test_absent_are_bounded),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_line_lost),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("ktap", tests, NULL, NULL);
}
