// SPDX-License-Identifier: GPL-2.0-only
/*
 * A report of records that are there already.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "lib/util.h"
#include "report/report.h"

/* The folders of records that RUN= names: itself, or all that it has */
static void find(const char *run, struct strv *dirs)
{
	__auto_free char *own = fmt("%s/run.json", run), *pattern = fmt("%s/*/run.json", run);
	__auto_free char *matrix = fmt("%s/*/runs/*/run.json", run);
	glob_t g = { 0 };

	if (exists(own)) {
		strv_add(dirs, "%s", run);
		return;
	}
	glob(pattern, 0, NULL, &g);
	if (!glob(matrix, GLOB_APPEND, NULL, &g) || g.gl_pathc)
		for (size_t i = 0; i < g.gl_pathc; i++)
			strv_add(dirs, "%.*s", (int)(strrchr(g.gl_pathv[i], '/') - g.gl_pathv[i]),
				 g.gl_pathv[i]);
	globfree(&g);
}

/* Cells of a matrix that did not get as far as to a record, and those that are missing */
static void find_dead(const char *run, struct strv *dead)
{
	__auto_free char *pattern = fmt("%s/*/result.json", run);
	glob_t g = { 0 };

	if (!glob(pattern, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++) {
			json_t *o = json_load_file(g.gl_pathv[i], 0, NULL);

			if (json_integer_value(json_object_get(o, "status")) >= EXIT_ERROR) {
				strv_add(dead, "%s",
					 json_string_value(json_object_get(o, "cell")) ?: "?");
				strv_add(dead, "%s",
					 json_string_value(json_object_get(o, "last_line")) ?: "");
			}
			json_decref(o);
		}
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
	__auto_strv struct strv dirs = { 0 }, dead = { 0 };
	const struct record **all;
	struct record *records;

	find(o->run, &dirs);
	find_dead(o->run, &dead);
	if (!*o->run || !(dirs.n + dead.n))
		die("RUN=%s: a record, a folder of records, or that of a matrix is wanted", o->run);
	records = need(dirs.n, sizeof(*records));
	all = need(dirs.n, sizeof(*all));
	for (size_t i = 0; i < dirs.n; i++) {
		record_read(&records[i], dirs.v[i]);
		all[i] = &records[i];
	}
	report_write(&(struct report){ .records = all, .n = dirs.n, .dead = &dead }, o->format,
		     stdout);
	if (fflush(stdout) || ferror(stdout))
		die("the report can't be written: is the disk full?");
	for (size_t i = 0; i < dirs.n; i++)
		record_free(&records[i]);
	free(records);
	free(all);
	return EXIT_PASS;
}
