// SPDX-License-Identifier: GPL-2.0-only
/*
 * A report of records that are there already.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/cells.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "report/report.h"

/*
 * Was the cell whose folder has @path in it one of the last matrix? @run is the folder of
 * the matrix, and may be any other.
 */
static bool is_of_last(const char *run, const char *path)
{
	__auto_free char *file = cells_last(run), *text = read_file(file, NULL), *name = NULL;
	const char *at = path + strlen(run) + 1;
	__auto_strv struct strv names = { 0 };

	name = fmt("%.*s", (int)strcspn(at, "/"), at);
	strv_split(&names, text ?: "", "\n");
	return !text || strv_has(&names, name);
}

/* The folders of the records that a pattern finds */
static void find_records(const char *run, const char *pattern, struct strv *dirs)
{
	glob_t g = { 0 };

	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		*strrchr(g.gl_pathv[i], '/') = '\0';
		/* What is half made is no record. */
		if (!has_end(g.gl_pathv[i], ".tmp") && is_of_last(run, g.gl_pathv[i]))
			strv_add(dirs, "%s", g.gl_pathv[i]);
	}
	globfree(&g);
}

/**
 * records_find - the records that RUN= names
 * @run: a record, a folder of records, or that of a matrix, which has those of its last cells
 * @dirs: gets their folders
 */
void records_find(const char *run, struct strv *dirs)
{
	__auto_free char *own = fmt("%s/run.json", run), *pattern = fmt("%s/*/run.json", run);
	__auto_free char *matrix = fmt("%s/*/runs/*/run.json", run);

	if (exists(own)) {
		strv_add(dirs, "%s", run);
		return;
	}
	find_records(run, pattern, dirs);
	find_records(run, matrix, dirs);
}

/* Read a record that can be told of; else what is wrong with it */
static char *read_sound(struct record *rec, const char *dir)
{
	char *flaw = record_load(rec, dir);

	return flaw ? flaw : record_flaw(rec);
}

/* Is there a record of a cell that is not good? Then that says what is wrong with it. */
static bool has_bad_record(const char *cell)
{
	__auto_free char *pattern = fmt("%s/runs/*/run.json", cell);
	bool bad = false;
	glob_t g = { 0 };

	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; !bad && i < g.gl_pathc; i++) {
		__auto_free char *dir = copy(g.gl_pathv[i]);
		__auto_free char *flaw = NULL;
		struct record r;

		*strrchr(dir, '/') = '\0';
		flaw = read_sound(&r, dir);
		bad = !flaw && verdict_exit_status(record_verdict(&r)) != EXIT_PASS;
		record_free(&r);
	}
	globfree(&g);
	return bad;
}

/* Why the cell that a result is of is to be told of beside its records, or NULL */
static const char *why_dead(const json_t *result, const char *cell)
{
	const json_t *status = json_object_get(result, "status");

	if (!json_is_integer(status))
		return "it did not come to its end";
	if (json_integer_value(status) < EXIT_ERROR &&
	    (!json_integer_value(status) || has_bad_record(cell)))
		return NULL;
	return json_string_value(json_object_get(result, "last_line")) ?: "";
}

/*
 * Cells of a matrix that say more than their records do: the harness failed, the same
 * seed did not show the same twice, or they did not come to their end.
 */
static void find_dead(const char *run, struct strv *dead)
{
	__auto_free char *pattern = fmt("%s/*/result.json", run);
	glob_t g = { 0 };

	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		json_t *o = json_load_file(g.gl_pathv[i], 0, NULL);
		__auto_free char *cell = copy(g.gl_pathv[i]);
		const char *why;

		*strrchr(cell, '/') = '\0';
		why = is_of_last(run, cell) ? why_dead(o, cell) : NULL;
		if (why) {
			strv_add(dead, "%s", json_string_value(json_object_get(o, "cell")) ?:
				 strrchr(cell, '/') + 1);
			strv_add(dead, "%s", why);
		}
		json_decref(o);
	}
	globfree(&g);
}

/* Read those that can be told of, and say what is wrong with the others. */
static size_t read_all(struct record *records, const struct strv *dirs)
{
	size_t n = 0;

	for (size_t i = 0; i < dirs->n; i++) {
		__auto_free char *flaw = read_sound(&records[n], dirs->v[i]);

		if (!flaw) {
			n++;
			continue;
		}
		fprintf(stderr, "respawn: %s\n", flaw);
		record_free(&records[n]);
	}
	return n;
}

/**
 * cmd_report - write a report of RUN= as FORMAT=
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if it is written, whatever it says; EXIT_ERROR if a record is damaged,
 * which is left out
 */
int cmd_report(const struct options *o)
{
	__auto_strv struct strv dirs = { 0 }, dead = { 0 };
	const struct record **all;
	struct record *records;
	size_t n;

	records_find(o->run, &dirs);
	find_dead(o->run, &dead);
	if (*o->run && !exists(o->run))
		die("RUN=%s: No such file or directory", o->run);
	if (!*o->run || !(dirs.n + dead.n))
		die("RUN=%s: a record, a folder of records, or that of a matrix is wanted", o->run);
	records = need(dirs.n, sizeof(*records));
	all = need(dirs.n, sizeof(*all));
	n = read_all(records, &dirs);
	for (size_t i = 0; i < n; i++)
		all[i] = &records[i];
	if (n + dead.n)
		report_write(&(struct report){ .records = all, .n = n, .dead = &dead }, o->format,
			     stdout);
	for (size_t i = 0; i < n; i++)
		record_free(&records[i]);
	free(records);
	free(all);
	return n < dirs.n ? EXIT_ERROR : EXIT_PASS;
}
