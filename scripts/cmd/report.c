// SPDX-License-Identifier: GPL-2.0-only
/*
 * A report of records that are there already.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "lib/util.h"
#include "report/report.h"

/* The folders of records that RUN= names: itself, or all that it has */
static void find(const char *run, struct strv *dirs)
{
	__auto_free char *own = fmt("%s/run.json", run), *pattern = fmt("%s/*/run.json", run);
	glob_t g;

	if (exists(own)) {
		strv_add(dirs, "%s", run);
		return;
	}
	if (!glob(pattern, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++)
			strv_add(dirs, "%.*s", (int)(strrchr(g.gl_pathv[i], '/') - g.gl_pathv[i]),
				 g.gl_pathv[i]);
	globfree(&g);
}

/**
 * cmd_report - write a report of RUN= as FORMAT=
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if it is written, whatever it says
 */
int cmd_report(const struct options *o)
{
	__auto_strv struct strv dirs = { 0 };
	const struct record **all;
	struct record *records;

	find(o->run, &dirs);
	if (!*o->run || !dirs.n)
		die("RUN=%s: a record, or a folder of records, is wanted", o->run);
	records = calloc(dirs.n, sizeof(*records));
	all = calloc(dirs.n, sizeof(*all));
	if (!records || !all)
		die("out of memory");
	for (size_t i = 0; i < dirs.n; i++) {
		record_read(&records[i], dirs.v[i]);
		all[i] = &records[i];
	}
	report_write(&(struct report){ .records = all, .n = dirs.n }, o->format, stdout);
	if (fflush(stdout) || ferror(stdout))
		die("the report can't be written: is the disk full?");
	for (size_t i = 0; i < dirs.n; i++)
		record_free(&records[i]);
	free(records);
	free(all);
	return EXIT_PASS;
}
