// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, as docs/report.schema.json describes it.
 */
#define _GNU_SOURCE
#include <string.h>

#include <jansson.h>

#include "lib/util.h"
#include "report/cases.h"

#define VERSION	1

static const char *const words[] = {
	[CASE_PASS] = "pass", [CASE_SKIP] = "skip", [CASE_FAIL] = "fail", [CASE_ERROR] = "error",
};

static json_t *case_json(const struct report_case *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "trial", c->trial, "suite", c->suite,
			 "name", c->name, "status", words[c->status], "reason", c->reason,
			 "guest_seconds", c->guest);
}

static json_t *trial_json(const struct record *rec)
{
	__auto_free char *advice = report_advice(rec), *dir = report_dir(rec);

	return json_pack("{s:s, s:O, s:s, s:s*, s:s, s:f, s:f, s:s, s:s}",
			 "verdict", record_text(rec, "verdict"),
			 "request", record_member(rec, "request"),
			 "release", record_text(rec, "image.release"),
			 "signature", json_string_value(record_member(rec, "signature")),
			 "excerpt", report_excerpt(rec),
			 "guest_seconds", record_real(rec, "times.guest"),
			 "host_seconds", record_real(rec, "times.wall"),
			 "record", dir, "replay", record_is_good(rec) ? "" : advice);
}

static void write_json(const struct report *r, FILE *f)
{
	json_t *cases = json_array(), *trials = json_array(), *o;
	struct report_cases all;

	report_cases(r, &all);
	for (size_t i = 0; i < all.n; i++)
		report_append(cases, case_json(&all.v[i]));
	for (size_t i = 0; i < r->n; i++)
		report_append(trials, trial_json(r->records[i]));
	o = json_pack("{s:i, s:s, s:{s:i, s:i, s:i, s:i}, s:o, s:o}", "version", VERSION,
		      "verdict", all.counts[CASE_ERROR] ? "error" :
				 all.counts[CASE_FAIL] ? "fail" : "pass",
		      "counts", "passed", all.counts[CASE_PASS], "failed", all.counts[CASE_FAIL],
		      "skipped", all.counts[CASE_SKIP], "errors", all.counts[CASE_ERROR],
		      "trials", trials, "cases", cases);
	if (!o || json_dumpf(o, f, JSON_INDENT(1) | JSON_SORT_KEYS))
		die("a report can't be written as JSON");
	fputc('\n', f);
	json_decref(o);
	report_cases_free(&all);
}

const struct report_format report_json = { "json", write_json };
