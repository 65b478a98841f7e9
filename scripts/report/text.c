// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person reads on a terminal after the guests are over.
 */
#define _GNU_SOURCE
#include <string.h>

#include "lib/ui.h"
#include "record/aim.h"
#include "report/cases.h"

/* Failed tests that are named one by one */
#define NAMES_SHOWN	20

static enum ui_color color_of(bool good)
{
	return good ? UI_GREEN : UI_RED;
}

static unsigned int number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void suite_row(const struct record *rec, const json_t *t, FILE *f)
{
	const char *status = json_string_value(json_object_get(t, "status"));
	bool skipped = status && !strcmp(status, "skip");
	bool good = skipped || (status && !strcmp(status, "pass"));
	bool has_parts = json_object_get(t, "tests");

	fprintf(f, "%-8s %-8s %-25s %s%-6s%s %6u %6u %7u %9.3f s\n",
		record_text(rec, "request.arch"), record_text(rec, "request.smpboot"),
		json_string_value(json_object_get(t, "name")), ui_on(f, color_of(good)),
		good ? "ok" : "not ok", ui_off(f),
		has_parts ? number(t, "passed") : good && !skipped,
		has_parts ? number(t, "failed") : !good,
		has_parts ? number(t, "skipped") : skipped,
		json_real_value(json_object_get(t, "guest_seconds")));
}

/**
 * struct sum - trials on one architecture in one mode, added up
 * @guests: how many there are
 * @verdict: the worst
 * @guest: seconds of guest time
 * @wall: seconds of the host's
 * @boot: those of them until init spoke
 */
struct sum {
	size_t guests;
	enum verdict verdict;
	double guest, wall, boot;
};

static void sum_row(const struct record *rec, const struct sum *s, FILE *f)
{
	const char *timing = record_text(rec, "request.timing");
	bool is_virtual = !strcmp(timing, "virtual");
	bool good = s->verdict <= VERDICT_SKIP;

	fprintf(f, "%-8s %-8s %-25s %s%-6s%s %*s guest %.1f s, host %.1f s, boot %.1f s, %zu guest%s\n",
		record_text(rec, "request.arch"), record_text(rec, "request.smpboot"),
		is_virtual ? timing : record_text(rec, "accelerator"),
		ui_on(f, color_of(good)), verdict_name(s->verdict), ui_off(f), 4, "",
		s->guest, s->wall, s->boot, s->guests, s->guests == 1 ? "" : "s");
}

static bool is_alike(const struct record *a, const struct record *b)
{
	return !strcmp(record_text(a, "request.arch"), record_text(b, "request.arch")) &&
	       !strcmp(record_text(a, "request.smpboot"), record_text(b, "request.smpboot"));
}

static void add(struct sum *s, const struct record *rec)
{
	enum verdict v = record_verdict(rec);

	s->guests++;
	s->verdict = v > s->verdict ? v : s->verdict;
	s->guest += record_real(rec, "times.guest");
	s->wall += record_real(rec, "times.wall");
	s->boot += record_real(rec, "times.boot") > 0 ? record_real(rec, "times.boot") : 0;
}

/* Architectures and suites, with counts and guest times */
static void table(const struct report *r, FILE *f)
{
	struct sum sum = { 0 };

	fprintf(f, "\n%s%-8s %-8s %-25s %-6s %6s %6s %7s %11s%s\n", ui_on(f, UI_BOLD),
		"arch", "smpboot", "suite", "result", "passed", "failed", "skipped",
		"guest time", ui_off(f));
	for (size_t i = 0; i < r->n; i++) {
		const struct record *rec = r->records[i];
		size_t k;
		json_t *t;

		json_array_foreach(record_member(rec, "results"), k, t)
			suite_row(rec, t, f);
		add(&sum, rec);
		if (i + 1 < r->n && is_alike(rec, r->records[i + 1]))
			continue;
		sum_row(rec, &sum, f);
		sum = (struct sum){ 0 };
	}
}

static const char *name_at(const json_t *failed, size_t i)
{
	return json_string_value(json_array_get(failed, i)) ?: "";
}

/* How many names from the @i-th on are cases of one suite of which nothing was heard */
static size_t unheard(const json_t *failed, size_t i)
{
	static const char middle[] = ".(case ", end[] = " never reported)";
	const char *name = name_at(failed, i), *at = strstr(name, middle);
	size_t n = 0, len = at ? at - name + strlen(middle) : 0;

	while (at && i + n < json_array_size(failed) &&
	       !strncmp(name_at(failed, i + n), name, len) && strstr(name_at(failed, i + n), end))
		n++;
	return n;
}

static void failed_names(const json_t *failed, FILE *f)
{
	size_t n = json_array_size(failed), shown = 0;

	for (size_t i = 0; i < n; shown++) {
		size_t silent = unheard(failed, i);
		const char *name = name_at(failed, i);

		if (shown == NAMES_SHOWN) {
			fprintf(f, "  failed: %zu more, see the record\n", n - i);
			return;
		}
		if (silent > 1)
			fprintf(f, "  failed: %.*s: %zu cases never reported\n",
				(int)(strstr(name, ".(case ") - name), name, silent);
		else
			fprintf(f, "  failed: %s\n", name);
		i += silent > 1 ? silent : 1;
	}
}

/**
 * report_failure - say what went wrong in a trial, where, and what it left
 * @rec: its record; nothing is said of one that passed
 * @f: where to
 */
void report_failure(const struct record *rec, FILE *f)
{
	const json_t *failed = record_member(rec, "failed_tests");
	const char *test = json_string_value(record_member(rec, "first_failure.test"));
	size_t n = json_array_size(failed);

	if (record_is_good(rec))
		return;
	ui_interrupt();
	fprintf(f, "\n%s%s %s: %s%s: %s\n", ui_on(f, UI_RED), record_text(rec, "request.arch"),
		record_text(rec, "request.smpboot"), record_text(rec, "verdict"), ui_off(f),
		record_text(rec, "first_failure.what"));
	failed_names(failed, f);
	if (!n && test)
		fprintf(f, "  during: %s\n", test);
	fprintf(f, "  record: %s\n%s", rec->dir ?: "none is kept", record_text(rec, "excerpt"));
}

/* Trials that fail in virtual time fail so again, whenever one likes. */
static void next_of(const struct record *rec, FILE *f)
{
	/* It may fail before the first event. */
	bool gets_smaller = record_member(rec, "events_sha256") &&
			    !aim_is_calibration(rec);

	fprintf(f, "\n%stry next:%s\n", ui_on(f, UI_BOLD), ui_off(f));
	if (strcmp(record_text(rec, "request.timing"), "virtual")) {
		fprintf(f, "  less %s/console.log\n", rec->dir);
		fprintf(f, "  make check ARCH=%s PLAN=%s TIMING=real   # is it so each time?\n",
			record_text(rec, "request.arch"), record_text(rec, "request.plan"));
		return;
	}
	fprintf(f, "  make replay RUN=%s GDB=1   # a debugger where it failed\n", rec->dir);
	if (gets_smaller)
		fprintf(f, "  make minimise RUN=%s       # the least that fails so\n", rec->dir);
	else
		fprintf(f, "  less %s/console.log\n", rec->dir);
}

/* The two commands that most people want after a failure, for the first one */
static void try_next(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct record *rec = r->records[i];

		if (record_is_good(rec) || record_verdict(rec) == VERDICT_ERROR || !rec->dir)
			continue;
		next_of(rec, f);
		return;
	}
}

/* A script of another kernel may not fit this one any more. */
static void script_row(const struct record *rec, FILE *f)
{
	const json_t *script = record_member(rec, "script"), *reached = NULL;
	long long places = json_integer_value(json_object_get(script, "places"));

	reached = json_object_get(script, "reached");
	if (json_is_integer(reached))
		fprintf(f, "script: %lld of its %lld places were come by\n",
			(long long)json_integer_value(reached), places);
}

static void write_text(const struct report *r, FILE *f)
{
	struct report_cases all;

	if (!ui_quiet())
		table(r, f);
	for (size_t i = 0; i < r->n; i++) {
		report_failure(r->records[i], f);
		script_row(r->records[i], f);
	}
	for (size_t i = 0; r->dead && i + 1 < r->dead->n; i += 2)
		fprintf(f, "%s: error: %s\n", r->dead->v[i], r->dead->v[i + 1]);
	if (!ui_quiet())
		try_next(r, f);
	if (!ui_quiet() && r->same + r->different)
		fprintf(f, "\nthe same seed twice: %u of %u pairs agree to the last bit\n",
			r->same, r->same + r->different);
	if (!ui_quiet())
		fprintf(f, "\n");
	report_cases(r, &all);
	report_total(f, all.counts[CASE_PASS], all.counts[CASE_FAIL] + all.counts[CASE_ERROR],
		     all.counts[CASE_SKIP]);
	report_cases_free(&all);
}

const struct report_format report_text = { "text", write_text };
