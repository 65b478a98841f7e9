/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_REPORT_H
#define RESPAWN_REPORT_H

#include "record/record.h"

/**
 * struct report - what came of a command, as far as it is in records
 * @records: of its trials
 * @n: how many
 * @same: pairs of trials that had to be the same and are
 * @different: pairs that are not
 * @dead: what left no record since the harness failed: names, and after each its last word
 */
struct report {
	const struct record *const *records;
	size_t n;
	unsigned int same;
	unsigned int different;
	const struct strv *dead;
};

/**
 * struct report_format - a way to write a report
 * @name: what it is called
 * @write: writes it
 */
struct report_format {
	const char *name;
	void (*write)(const struct report *r, FILE *f);
};

extern const struct report_format report_text, report_ktap, report_junit, report_json;
extern const struct report_format report_kcidb, report_github, report_summary;

const char *report_names(void);
void report_write(const struct report *r, const char *name, FILE *f);
void report_failure(const struct record *rec, FILE *f);
void report_total(FILE *f, unsigned int passed, unsigned int failed,
		  unsigned int skipped);

#endif /* RESPAWN_REPORT_H */
