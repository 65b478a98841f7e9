/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CASES_H
#define RESPAWN_CASES_H

#include "report/report.h"

/* What a case came to, from the best to the worst */
enum case_status {
	CASE_PASS,
	CASE_SKIP,
	CASE_FAIL,
	CASE_ERROR,		/* the harness or the host failed, so nothing is known */
};

/**
 * struct report_case - a test case, as all formats have it
 * @rec: the record it is from; NULL for what is of several
 * @trial: name of the trial: architecture, flavour, mode of smpboot
 * @suite: name of its suite
 * @name: its own
 * @status: what it came to
 * @reason: why it was skipped or failed, or empty
 * @guest: seconds of guest time
 */
struct report_case {
	const struct record *rec;
	char *trial;
	char *suite;
	char *name;
	enum case_status status;
	char *reason;
	double guest;
};

/**
 * struct report_cases - all cases of a report
 * @v: trial by trial, and in them suite by suite
 * @n: how many
 * @counts: of each status
 */
struct report_cases {
	struct report_case *v;
	size_t n;
	unsigned int counts[CASE_ERROR + 1];
};

void report_cases(const struct report *r, struct report_cases *all);
void report_cases_free(struct report_cases *all);
size_t report_same_suite(const struct report_cases *all, size_t first);
size_t report_same_trial(const struct report_cases *all, size_t first);
const char *report_excerpt(const struct record *rec);
char *report_dir(const struct record *rec);
void report_append(json_t *list, json_t *o);
char *report_advice(const struct record *rec);

#endif /* RESPAWN_CASES_H */
