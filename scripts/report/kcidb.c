// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCIDB's JSON, version 5.3: a checkout and a build for each kernel, a test for each
 * case. That the harness failed is MISS there; that the test did is FAIL.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "judge/utf8.h"
#include "lib/util.h"
#include "report/cases.h"

#define ORIGIN		"respawn"
#define EXCERPT_MAX	16384

static const char *const words[] = {
	[CASE_PASS] = "PASS", [CASE_SKIP] = "SKIP", [CASE_FAIL] = "FAIL", [CASE_ERROR] = "MISS",
};

/* A path has dots between its parts, which have letters, digits, '-' and '_'. */
static char *path_of(const struct report_case *c)
{
	char *path = fmt("%s.%s.%s", ORIGIN, c->suite, c->name);

	for (char *at = path; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
			*at = '_';
	return path;
}

static bool has_id(const json_t *list, const char *id)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		if (!strcmp(json_string_value(json_object_get(o, "id")), id))
			return true;
	return false;
}

/* What left no record has a source that nobody knows. */
static const char *known(const struct record *rec, const char *path)
{
	return rec ? record_text(rec, path) : "unknown";
}

static char *checkout_id(const struct record *rec)
{
	return fmt(ORIGIN ":%s", known(rec, "image.tree"));
}

static char *build_id(const struct record *rec)
{
	return fmt(ORIGIN ":%s", known(rec, "image.id"));
}

static void add_source(const struct record *rec, json_t *checkouts, json_t *builds)
{
	__auto_free char *checkout = checkout_id(rec), *build = build_id(rec);

	if (!has_id(checkouts, checkout))
		report_append(checkouts,
			      json_pack("{s:s, s:s, s:s, s:b}", "id", checkout, "origin", ORIGIN,
					"comment", known(rec, "image.source"), "valid", 1));
	if (!has_id(builds, build))
		report_append(builds,
			      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", build,
					"checkout_id", checkout, "origin", ORIGIN, "architecture",
					known(rec, "request.arch"), "config_name",
					known(rec, "request.config"), "compiler",
					known(rec, "image.compiler"), "status",
					rec ? "PASS" : "MISS"));
}

static json_t *misc_of(const struct report_case *c)
{
	__auto_free char *advice = report_advice(c->rec);

	return json_pack("{s:s*, s:s, s:I, s:s}", "signature",
			 json_string_value(record_member(c->rec, "signature")), "replay", advice,
			 "seed", json_integer_value(record_member(c->rec, "request.seed")),
			 "smpboot", record_text(c->rec, "request.smpboot"));
}

/* A name as a part of an id: what is another one is another part. */
static char *part_of_id(const char *name, const char *keep)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		die("out of memory");
	for (; *name; name++)
		if (isalnum((unsigned char)*name) || strchr(keep, *name))
			fputc(*name, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*name);
	fclose(f);
	return out;
}

/*
 * One kernel may be tested more than once: what tells the runs apart is the record's name.
 * The path of a test says too little: 'a b' and 'a_b' have the same.
 */
static char *test_id(const struct report_case *c, const char *build)
{
	const char *dir = c->rec && c->rec->dir ? c->rec->dir : "none";
	const char *slash = strrchr(dir, '/');
	__auto_free char *record = part_of_id(slash && slash[1] ? slash + 1 : dir, "-_.");
	__auto_free char *suite = part_of_id(c->suite, "-_");
	__auto_free char *name = part_of_id(c->name, "-_.");

	return fmt("%s.%s.%s.%s", build, record, suite, name);
}

static json_t *test_of(const struct report_case *c)
{
	__auto_free char *path = path_of(c), *build = build_id(c->rec), *excerpt = NULL;
	__auto_free char *id = test_id(c, build);
	const char *text;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "id", id, "build_id", build,
			      "origin", ORIGIN, "path", path, "status", words[c->status],
			      "duration", c->guest);

	if (c->status < CASE_FAIL)
		return o;
	text = c->rec ? report_excerpt(c->rec) : c->reason;
	excerpt = fmt("%.*s", (int)utf8_cut(text, EXCERPT_MAX), text);
	if (json_object_set_new(o, "log_excerpt", json_string(excerpt)) ||
	    (c->rec && json_object_set_new(o, "misc", misc_of(c))))
		die("a report can't be written for KCIDB");
	return o;
}

static void write_kcidb(const struct report *r, FILE *f)
{
	json_t *checkouts = json_array(), *builds = json_array(), *tests = json_array(), *o;
	struct report_cases all;

	report_cases(r, &all);
	for (size_t i = 0; i < all.n; i++) {
		add_source(all.v[i].rec, checkouts, builds);
		report_append(tests, test_of(&all.v[i]));
	}
	o = json_pack("{s:{s:i, s:i}, s:o, s:o, s:o}", "version", "major", 5, "minor", 3,
		      "checkouts", checkouts, "builds", builds, "tests", tests);
	if (!o || json_dumpf(o, f, JSON_INDENT(1) | JSON_SORT_KEYS))
		die("a report can't be written for KCIDB");
	fputc('\n', f);
	json_decref(o);
	report_cases_free(&all);
}

const struct report_format report_kcidb = { "kcidb", write_kcidb };
