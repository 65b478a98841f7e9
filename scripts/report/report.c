// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats of a report, a row each. All are made of records alone, so that a
 * report can be written of any run at any time.
 */
#define _GNU_SOURCE
#include <string.h>

#include "lib/util.h"
#include "report/report.h"

static const struct report_format *const formats[] = {
	&report_text, &report_ktap, &report_junit, &report_json, &report_kcidb, &report_github,
	&report_summary,
};

/**
 * report_names - what formats there are
 *
 * Return: their names with spaces between
 */
const char *report_names(void)
{
	static char *names;
	struct strv all = { 0 };

	if (names)
		return names;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		strv_add(&all, "%s", formats[i]->name);
	names = strv_join(&all, " ");
	strv_free(&all);
	return names;
}

/**
 * report_write - write a report
 * @r: what is in it
 * @name: the format
 * @f: where to
 */
void report_write(const struct report *r, const char *name, FILE *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i]->write(r, f);
	die("FORMAT=%s: no such format, there are: %s", name, report_names());
}

/**
 * report_total - the last line of what a command says
 * @f: where to
 * @passed: how many passed
 * @failed: how many failed
 * @skipped: how many were skipped
 */
void report_total(FILE *f, unsigned int passed, unsigned int failed,
		  unsigned int skipped)
{
	fprintf(f, "%u passed, %u failed, %u skipped\n", passed, failed, skipped);
}
