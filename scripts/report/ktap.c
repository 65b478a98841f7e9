// SPDX-License-Identifier: GPL-2.0-only
/*
 * KTAP, version 1: a test for each trial, in it one for each suite, in it the cases.
 */
#include <string.h>

#include "lib/util.h"
#include "report/cases.h"

static void line(FILE *f, int depth, const char *text)
{
	fprintf(f, "%*s%s\n", depth * 4, "", text);
}

static bool is_bad(const struct report_cases *all, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (all->v[i].status >= CASE_FAIL)
			return true;
	return false;
}

/* A reason is one line without what the format takes for its own. */
static void write_case(FILE *f, size_t number, const struct report_case *c)
{
	__auto_free char *reason = copy(c->reason);

	for (char *at = reason; *at; at++)
		if (*at == '\n' || *at == '#')
			*at = ' ';
	if (c->status >= CASE_FAIL && *reason)
		fprintf(f, "        # %s\n", reason);
	fprintf(f, "        %sok %zu %s%s%s%s\n", c->status >= CASE_FAIL ? "not " : "", number,
		c->name, c->status == CASE_SKIP ? " # SKIP" : "",
		c->status == CASE_SKIP && *reason ? " " : "",
		c->status == CASE_SKIP ? reason : "");
}

static void write_suite(const struct report_cases *all, size_t first, size_t end, size_t number,
			FILE *f)
{
	const char *name = all->v[first].suite;

	line(f, 2, "KTAP version 1");
	fprintf(f, "        # Subtest: %s\n        1..%zu\n", name, end - first);
	for (size_t i = first; i < end; i++)
		write_case(f, i - first + 1, &all->v[i]);
	fprintf(f, "    %sok %zu %s\n", is_bad(all, first, end) ? "not " : "", number, name);
}

static void write_trial(const struct report_cases *all, size_t first, size_t end, size_t number,
			FILE *f)
{
	const char *name = all->v[first].trial;
	size_t suites = 0, n = 0;

	for (size_t i = first; i < end; i = report_same_suite(all, i))
		suites++;
	line(f, 1, "KTAP version 1");
	fprintf(f, "    # Subtest: %s\n    1..%zu\n", name, suites);
	for (size_t i = first; i < end; i = report_same_suite(all, i))
		write_suite(all, i, report_same_suite(all, i), ++n, f);
	fprintf(f, "%sok %zu %s\n", is_bad(all, first, end) ? "not " : "", number, name);
}

static void write_ktap(const struct report *r, FILE *f)
{
	struct report_cases all;
	size_t trials = 0, n = 0;

	report_cases(r, &all);
	for (size_t i = 0; i < all.n; i = report_same_trial(&all, i))
		trials++;
	fprintf(f, "KTAP version 1\n1..%zu\n", trials);
	for (size_t i = 0; i < all.n; i = report_same_trial(&all, i))
		write_trial(&all, i, report_same_trial(&all, i), ++n, f);
	report_cases_free(&all);
}

const struct report_format report_ktap = { "ktap", write_ktap };
