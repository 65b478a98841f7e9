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
	&report_text,
};

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
	die("there is no report format %s", name);
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
