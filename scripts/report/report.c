// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person reads after the guests are over.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report/report.h"
#include "lib/ui.h"

/* Failed tests that are named one by one */
#define NAMES_SHOWN	20

static enum ui_color color_of(bool good)
{
	return good ? UI_GREEN : UI_RED;
}

static void suite_row(const struct guest *g, const struct ktap_test *t)
{
	struct ktap_counts n = ktap_count(t);
	bool good = t->status == KTAP_PASS || t->status == KTAP_SKIP;
	double seconds = t->start >= 0 && t->end >= t->start ? t->end - t->start : 0;

	printf("%-8s %-8s %-20s %s%-6s%s %6u %6u %7u %9.3f s\n",
	       g->kernel->arch->name, g->smpboot->name, t->name,
	       ui_on(stdout, color_of(good)), good ? "ok" : "not ok", ui_off(stdout),
	       n.passed, n.failed, n.skipped, seconds);
}

static void guest_row(const struct guest *g)
{
	enum verdict v = judge_verdict(g->judge);

	printf("%-8s %-8s %-20s %s%-6s%s %*s guest %.1f s, host %.1f s, boot %.1f s\n",
	       g->kernel->arch->name, g->smpboot->name, g->accel,
	       ui_on(stdout, color_of(v <= VERDICT_SKIP)), verdict_name(v),
	       ui_off(stdout), 4, "", judge_guest_time(g->judge), g->wall, g->boot);
}

/**
 * report_table - architectures and suites, with counts and guest times
 * @g: guests, judged
 * @n: how many
 */
void report_table(const struct guest *g, size_t n)
{
	if (ui_quiet())
		return;
	printf("\n%s%-8s %-8s %-20s %-6s %6s %6s %7s %11s%s\n", ui_on(stdout, UI_BOLD),
	       "arch", "smpboot", "suite", "result", "passed", "failed", "skipped", "guest time",
	       ui_off(stdout));
	for (size_t i = 0; i < n; i++) {
		const struct ktap_test *root = ktap_root(judge_ktap(g[i].judge));

		for (const struct ktap_test *t = root->children; t; t = t->next)
			suite_row(&g[i], t);
		guest_row(&g[i]);
	}
}

/**
 * report_failure - say what went wrong with a guest, where, and what it left
 * @g: the guest, judged
 * @record: folder of its record
 */
void report_failure(const struct guest *g, const char *record)
{
	__auto_strv struct strv failed = { 0 };
	enum verdict v = judge_verdict(g->judge);
	__auto_free char *excerpt = NULL;

	if (v <= VERDICT_SKIP)
		return;
	ui_interrupt();
	excerpt = judge_excerpt(g->judge);
	printf("\n%s%s %s: %s%s: %s\n", ui_on(stdout, UI_RED),
	       g->kernel->arch->name, g->smpboot->name, verdict_name(v),
	       ui_off(stdout), judge_failure(g->judge));
	judge_failed_tests(g->judge, &failed);
	for (size_t i = 0; i < failed.n && i < NAMES_SHOWN; i++)
		printf("  failed: %s\n", failed.v[i]);
	if (failed.n > NAMES_SHOWN)
		printf("  failed: %zu more, see the record\n", failed.n - NAMES_SHOWN);
	if (!failed.n && judge_failed_test(g->judge))
		printf("  during: %s\n", judge_failed_test(g->judge));
	printf("  record: %s\n%s", record, excerpt);
}

/**
 * report_total - the last line
 * @g: guests, judged
 * @n: how many
 * @same: pairs of runs that had to be the same and are
 * @different: pairs that are not
 */
void report_total(const struct guest *g, size_t n, unsigned int same, unsigned int different)
{
	struct ktap_counts sum = { .passed = same, .failed = different };

	for (size_t i = 0; i < n; i++) {
		struct ktap_counts c = judge_counts(g[i].judge);

		sum.passed += c.passed;
		sum.failed += c.failed;
		sum.skipped += c.skipped;
	}
	if (!ui_quiet() && same + different)
		printf("\nthe same seed twice: %u of %u pairs agree to the last bit\n", same,
		       same + different);
	if (!ui_quiet())
		printf("\n");
	printf("%u passed, %u failed, %u skipped\n", sum.passed, sum.failed, sum.skipped);
}
