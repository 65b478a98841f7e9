// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the tables of the manual against those of the program: what has a row in the
 * one has a row in the other, in the same order.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../kunit/steer/steer_names.h"
#include "build/request.h"
#include "judge/judge.h"
#include "lib/util.h"

#define TOP	TESTS_DIR "/../"

static char *text_of(const char *path)
{
	__auto_free char *whole = fmt(TOP "%s", path);
	char *text = read_file(whole, NULL);

	if (!text)
		fail_msg("cannot read %s", path);
	return text;
}

/* The words of the first column, below the row that begins with @head */
static char *first_column(const char *text, const char *head)
{
	__auto_free char *row = fmt("\n| %s |", head);
	__auto_strv struct strv names = { 0 };
	const char *at = strstr(text, row);

	if (!at)
		fail_msg("no table of '%s'", head);
	/* The row after it is made of dashes. */
	at = strstr(strchr(at + 1, '\n'), "\n| ");
	while (at && !strncmp(at, "\n| ", 3)) {
		const char *from = at + 3 + strspn(at + 3, "`*");

		strv_add(&names, "%.*s", (int)strcspn(from, "`*|\n "), from);
		at = strchr(at + 1, '\n');
	}
	return strv_join(&names, " ");
}

/* What stands between @before and @after in each line of @text that has both */
static char *between(const char *text, const char *before, const char *after)
{
	__auto_strv struct strv lines = { 0 }, names = { 0 };

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *from = strstr(lines.v[i], before), *to;

		if (!from)
			continue;
		from += strlen(before);
		to = strstr(from, after);
		if (to)
			strv_add(&names, "%.*s", (int)(to - from), from);
	}
	return strv_join(&names, " ");
}

static void holds(const char *head, const char *expected)
{
	__auto_free char *manual = text_of("docs/manual.md");
	__auto_free char *names = first_column(manual, head);

	assert_string_equal(names, expected);
}

static void strategies(void **state)
{
#define NAME(name, ...)	#name " "
	(void)state;
	holds("`STRATEGY=`", "none " STEER_STRATEGIES(NAME) "mix");
#undef NAME
}

static void verdicts(void **state)
{
	__auto_strv struct strv names = { 0 };
	__auto_free char *expected = NULL;

	(void)state;
	for (int v = VERDICT_PASS; v <= VERDICT_ERROR; v++)
		strv_add(&names, "%s", verdict_name(v));
	expected = strv_join(&names, " ");
	holds("verdict", expected);
}

static void oracles(void **state)
{
	__auto_free char *module = text_of("kunit/torture/main.c");
	__auto_free char *names = between(module, "{ .name = \"", "\" }");
	__auto_free char *manual = text_of("docs/manual.md");
	const char *table = strstr(manual, "\n| case |");
	__auto_strv struct strv all = { 0 };

	(void)state;
	assert_non_null(table);
	strv_split(&all, names, " ");
	assert_true(all.n > 10);
	/* Two that belong together share a row. */
	for (size_t i = 0; i < all.n; i++) {
		__auto_free char *quoted = fmt("`%s`", all.v[i]);

		if (!strstr(table, quoted))
			fail_msg("the manual has no row for the case %s", all.v[i]);
	}
}

static void suites(void **state)
{
	__auto_free char *plan = text_of("initramfs/plan");
	__auto_strv struct strv lines = { 0 }, names = { 0 };
	__auto_free char *expected = NULL;

	(void)state;
	strv_split(&lines, plan, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		__auto_strv struct strv words = { 0 };

		if (lines.v[i][0] == '#')
			continue;
		strv_split(&words, lines.v[i], " ");
		assert_true(words.n > 3);
		if (strcmp(words.v[3], "-"))
			strv_split(&names, words.v[3], ",");
	}
	expected = strv_join(&names, " ");
	holds("suite", expected);
}

static void planted_bugs(void **state)
{
	__auto_strv struct strv names = { 0 };
	__auto_free char *expected = NULL;
	glob_t g;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/bugs/*.patch", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *name = strrchr(g.gl_pathv[i], '/') + 1;

		strv_add(&names, "%.*s", (int)strcspn(name, "."), name);
	}
	globfree(&g);
	expected = strv_join(&names, " ");
	holds("bug", expected);
}

static void members_of_a_request(void **state)
{
	__auto_free char *doc = text_of("docs/record.md");
	const char *at = strstr(doc, "\n`request` has a member"), *end;
	__auto_free char *list = NULL;

	(void)state;
	assert_non_null(at);
	end = strchr(strchr(at, ':'), '.');
	assert_non_null(end);
	list = fmt("%.*s", (int)(end - at), at);
	for (size_t i = 0; i < request_field_count; i++) {
		__auto_free char *quoted = fmt("`%s`", request_fields[i].name);

		for (char *c = quoted; *c; c++)
			*c = tolower(*c);
		if (!strstr(list, quoted))
			fail_msg("docs/record.md does not name %s", quoted);
	}
}

/* A row that is missing, and one too many, are seen. */
static void a_table_is_read(void **state)
{
	static const char text[] = "x\n| head | b |\n|---|---|\n"
				   "| `one` | 1 |\n| **two** | 2 |\n\n| no |\n";
	__auto_free char *names = first_column(text, "head");

	(void)state;
	assert_string_equal(names, "one two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_read),
		cmocka_unit_test(strategies),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(oracles),
		cmocka_unit_test(suites),
		cmocka_unit_test(planted_bugs),
		cmocka_unit_test(members_of_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
