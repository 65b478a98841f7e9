// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a thread's life costs with the primitives, beside mainline: measured in
 * one guest, the two taking turns; see kunit/bench/.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/bench.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "report/report.h"
#include "run/accel.h"

#define STEP	"bench_primitives"

/* What the guest says of one contestant with one number of callers */
struct score {
	char who[32];
	unsigned int callers;
	unsigned long long lives, elapsed, p50, p90, p99, max, switches;
};

struct scores {
	struct score *s;
	size_t n;
};

static bool read_score(const char *line, struct score *s)
{
	const char *at = strstr(line, "bench: ");

	return at && sscanf(at, "bench: %31s callers=%u lives=%llu elapsed_ns=%llu p50_ns=%llu p90_ns=%llu p99_ns=%llu max_ns=%llu switches=%llu",
			    s->who, &s->callers, &s->lives, &s->elapsed, &s->p50, &s->p90,
			    &s->p99, &s->max, &s->switches) == 9 && s->lives && s->elapsed;
}

static void read_scores(const struct record *rec, struct scores *all)
{
	__auto_free char *text = record_console(rec);
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, text, "\r\n");
	all->s = calloc(lines.n + 1, sizeof(*all->s));
	if (!all->s)
		die("out of memory");
	for (size_t i = 0; i < lines.n; i++)
		if (read_score(lines.v[i], &all->s[all->n]))
			all->n++;
	if (!all->n)
		die("%s has no results, though the guest passed", rec->dir);
}

static const struct score *find(const struct scores *all, const char *who,
				unsigned int callers)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->s[i].who, who) && all->s[i].callers == callers)
			return &all->s[i];
	return NULL;
}

static double rate(const struct score *s)
{
	return s->lives * 1e9 / s->elapsed;
}

static void row(const struct arch *a, const struct score *s)
{
	printf("%-8s %7u  %-11s %9.0f %9.1f %9.1f %9.1f %9.1f %9.1f\n", a->name,
	       s->callers, s->who, rate(s), s->p50 / 1e3, s->p90 / 1e3, s->p99 / 1e3,
	       s->max / 1e3, (double)s->switches / s->lives);
}

static double part(unsigned long long a, unsigned long long b)
{
	return b ? (double)a / b : 0;
}

/* How many times mainline's time the primitives take, and its rate they have */
static void ratio_row(const struct arch *a, const struct score *ours,
		      const struct score *theirs)
{
	printf("%s%-8s %7u  %-11s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f%s\n",
	       ui_on(stdout, UI_BOLD), a->name, ours->callers, "ratio",
	       rate(ours) / rate(theirs), part(ours->p50, theirs->p50),
	       part(ours->p90, theirs->p90), part(ours->p99, theirs->p99),
	       part(ours->max, theirs->max),
	       part(ours->switches * theirs->lives, theirs->switches * ours->lives),
	       ui_off(stdout));
}

static void scaling(const struct arch *a, const struct scores *all, const char *who)
{
	const struct score *one = find(all, who, 1), *four = find(all, who, 4);

	if (one && four)
		printf("%-8s %s: 4 callers have %.2f times the lives per second that 1 has\n",
		       a->name, who, rate(four) / rate(one));
}

static void table(const struct arch *a, const struct scores *all)
{
	printf("\n%s%-8s %7s  %-11s %9s %9s %9s %9s %9s %9s%s\n", ui_on(stdout, UI_BOLD),
	       "arch", "callers", "", "lives/s", "p50 us", "p90 us", "p99 us", "max us",
	       "switches", ui_off(stdout));
	for (size_t i = 0; i < all->n; i++) {
		const struct score *s = &all->s[i];
		const struct score *ours = find(all, "primitives", s->callers);

		row(a, s);
		if (ours && !strcmp(s->who, "mainline"))
			ratio_row(a, ours, s);
	}
	scaling(a, all, "primitives");
	scaling(a, all, "mainline");
}

static json_t *scores_json(const struct scores *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct score *s = &all->s[i];
		json_t *o = json_pack("{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
				      "contestant", s->who, "callers", s->callers,
				      "lives", (json_int_t)s->lives,
				      "elapsed_ns", (json_int_t)s->elapsed,
				      "p50_ns", (json_int_t)s->p50,
				      "p90_ns", (json_int_t)s->p90,
				      "p99_ns", (json_int_t)s->p99,
				      "max_ns", (json_int_t)s->max,
				      "switches", (json_int_t)s->switches);

		json_array_append_new(list, o);
	}
	return list;
}

static void ask(struct request *r)
{
	r->plan = STEP;
}

/* Boot one architecture and measure; the exit status its verdict asks for. */
static int measure(const struct options *o, const struct image *image, json_t *results)
{
	const struct request *r = &image->kernel.req;
	struct trial t = { .out = o->out, .req = *r, .image = image };
	struct scores all = { 0 };
	int status;

	t.accel = accel_choose(image, r);
	trial_choose(&t.req, image);
	ui_stage(r->arch->name, "bench");
	trial_run(&t);
	ui_done("%s, %llu CPUs", t.accel, (unsigned long long)r->smp);
	status = verdict_exit_status(record_verdict(&t.record));
	report_failure(&t.record, stdout);
	if (!status) {
		read_scores(&t.record, &all);
		table(r->arch, &all);
		json_object_set_new(results, r->arch->name,
				    json_pack("{s:s, s:I, s:s, s:o}", "accelerator", t.accel,
					      "cpus", (json_int_t)r->smp, "record", t.record.dir,
					      "results", scores_json(&all)));
		free(all.s);
	}
	trial_free(&t);
	return status;
}

/**
 * cmd_bench_primitives - measure the primitives beside mainline
 * @o: what the user asked for
 *
 * One guest after the other, so that none disturbs another. Results also go to
 * O=/bench-primitives.json.
 *
 * Return: an exit status
 */
int cmd_bench_primitives(const struct options *o)
{
	return bench_each(o, "bench-primitives", ask, measure);
}
