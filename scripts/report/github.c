// SPDX-License-Identifier: GPL-2.0-only
/*
 * For GitHub's actions: annotations, of which it shows so many and drops the rest
 * without a word, and the summary of a step in Markdown, which it refuses if it is long.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/utf8.h"
#include "lib/util.h"
#include "report/cases.h"

#define ERRORS_MAX	10
#define WARNINGS_MAX	10
#define SUMMARY_MAX	(1000 * 1000)
#define EXCERPT_MAX	20000
#define MESSAGE_MAX	1000

/* Its commands end with their line. */
static char *escape(const char *text, bool property)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		die("out of memory");
	for (size_t i = 0, end = utf8_cut(text, MESSAGE_MAX); i < end; i++) {
		if (strchr("%\r\n", text[i]) || (property && strchr(":,", text[i])))
			fprintf(f, "%%%02X", (unsigned char)text[i]);
		else
			fputc(text[i], f);
	}
	fclose(f);
	return out;
}

static void annotate(const struct report_case *c, const char *kind, FILE *f)
{
	__auto_free char *name = fmt("%s %s.%s", c->trial, c->suite, c->name);
	__auto_free char *title = escape(name, true), *advice = report_advice(c->rec);
	const char *reason = *c->reason ? c->reason : "it failed";
	/* If there is no room for both, it is the advice that is needed. */
	size_t room = strlen(advice) + 2 < MESSAGE_MAX ? MESSAGE_MAX - strlen(advice) - 2 : 0;
	__auto_free char *all = fmt("%.*s%s%s", (int)utf8_cut(reason, room), reason,
				    *advice ? "\n" : "", advice);
	__auto_free char *message = escape(all, false);

	fprintf(f, "::%s title=%s::%s\n", kind, title, message);
}

/* Cases of one status, up to @most; how many there are beyond these */
static size_t annotate_all(const struct report_cases *all, enum case_status status,
			   const char *kind, size_t most, FILE *f)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].status == status && n++ < most)
			annotate(&all->v[i], kind, f);
	return n > most ? n - most : 0;
}

/* Errors of the harness first: they say that what is below says less than it seems. */
static void write_github(const struct report *r, FILE *f)
{
	struct report_cases all;
	size_t errors, more;

	report_cases(r, &all);
	errors = all.counts[CASE_ERROR] < ERRORS_MAX ? all.counts[CASE_ERROR] : ERRORS_MAX - 1;
	more = annotate_all(&all, CASE_ERROR, "error", errors, f);
	/* One is left to say how many are left out. */
	more += annotate_all(&all, CASE_FAIL, "error",
			     all.counts[CASE_FAIL] + errors <= ERRORS_MAX && !more ?
			     ERRORS_MAX : ERRORS_MAX - 1 - errors, f);
	if (more)
		fprintf(f, "::error title=respawn::%zu more failed, see the summary\n", more);
	for (size_t i = 0, n = 0; i < r->n && n < WARNINGS_MAX; i++) {
		const struct record *rec = r->records[i];

		if (record_verdict(rec) != VERDICT_SKIP)
			continue;
		n++;
		fprintf(f, "::warning title=respawn::a trial on %s has tested nothing\n",
			record_text(rec, "request.arch"));
	}
	fprintf(f, "%u passed, %u failed, %u skipped\n", all.counts[CASE_PASS],
		all.counts[CASE_FAIL] + all.counts[CASE_ERROR], all.counts[CASE_SKIP]);
	report_cases_free(&all);
}

const struct report_format report_github = { "github", write_github };

/* ---- the summary ------------------------------------------------------------------- */

static void cell(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', f);
		fputc(*text == '\n' ? ' ' : *text, f);
	}
}

static void summary_row(const struct report_cases *all, size_t first, size_t end, FILE *f)
{
	unsigned int counts[CASE_ERROR + 1] = { 0 };
	bool good;

	for (size_t i = first; i < end; i++)
		counts[all->v[i].status]++;
	good = !counts[CASE_FAIL] && !counts[CASE_ERROR];
	fprintf(f, "| ");
	cell(f, all->v[first].trial);
	fprintf(f, " | ");
	cell(f, all->v[first].suite);
	fprintf(f, " | %s | %u | %u | %u |\n", good ? "ok" : "**not ok**", counts[CASE_PASS],
		counts[CASE_FAIL] + counts[CASE_ERROR], counts[CASE_SKIP]);
}

/* A fence that the text does not end */
static void write_excerpt(const char *text, FILE *f)
{
	fprintf(f, "\n``````\n");
	for (size_t i = 0, end = utf8_cut(text, EXCERPT_MAX); i < end; i++)
		fputc(text[i] == '`' ? '\'' : text[i], f);
	fprintf(f, "\n``````\n");
}

static void write_failure(const struct report_case *c, FILE *f)
{
	__auto_free char *advice = report_advice(c->rec);

	fprintf(f, "\n### %s: %s.%s\n\n", c->trial, c->suite, c->name);
	cell(f, c->reason);
	fputc('\n', f);
	if (!c->rec)
		return;
	write_excerpt(report_excerpt(c->rec), f);
	if (*advice)
		fprintf(f, "\n    %s\n", advice);
}

static void write_summary(const struct report *r, FILE *f)
{
	struct report_cases all;
	const struct record *told = NULL;
	size_t left = 0, size;
	char *text = NULL;
	FILE *m = open_memstream(&text, &size);

	if (!m)
		die("out of memory");
	report_cases(r, &all);
	fprintf(m, "## respawn: %u passed, %u failed, %u skipped\n\n", all.counts[CASE_PASS],
		all.counts[CASE_FAIL] + all.counts[CASE_ERROR], all.counts[CASE_SKIP]);
	fprintf(m, "| trial | suite | result | passed | failed | skipped |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < all.n; i = report_same_suite(&all, i)) {
		fflush(m);
		if (size > SUMMARY_MAX / 2)
			left++;
		else
			summary_row(&all, i, report_same_suite(&all, i), m);
	}
	if (left)
		fprintf(m, "\n%zu suites more\n", left);
	left = 0;
	/* The first failure of each trial, as long as there is room */
	for (size_t i = 0; i < all.n; i++) {
		const struct report_case *c = &all.v[i];

		if (c->status < CASE_FAIL || (told && c->rec == told))
			continue;
		told = c->rec;
		fflush(m);
		if (size > SUMMARY_MAX - 2 * EXCERPT_MAX)
			left++;
		else
			write_failure(c, m);
	}
	if (left)
		fprintf(m, "\n%zu trials more failed\n", left);
	fclose(m);
	fputs(text, f);
	free(text);
	report_cases_free(&all);
}

const struct report_format report_summary = { "summary", write_summary };
