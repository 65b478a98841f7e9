// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often a test fails, before and after the commit that broke it, and how often a
 * seed that failed at one commit fails at another one: nobody knows. All three are
 * integrated out, on a grid, in the log domain.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bisect/rates.h"
#include "lib/util.h"

/*
 * Logarithm of a probability of 0: beyond what any count of likely events comes to, and
 * yet 0 times it is 0.
 */
#define NEVER		(-1e12)

/* Rates from LEAST up, so many to a decade */
#define LEAST		0.003
#define PER_DECADE	7
#define SPREAD		18
/* A change of the rate that is smaller is none. */
#define STEP		1.6

/* What is thought of the rates before anything is run */
#define ALWAYS		0.20	/* it always fails, or nearly so */
#define NEARLY		0.10
#define CLEAN		0.6	/* it never fails before */

/* How a failed seed travels: a probability, and how likely that is */
static const struct {
	double rate;
	double weight;
} carries[] = {
	{ 0, .2 }, { .2, .1 }, { .45, .15 }, { .7, .2 }, { .87, .2 }, { .97, .15 },
};

#define CARRIES	ARRAY_SIZE(carries)
/* Kinds of counts that are of fresh runs; they come first. */
#define FRESHES	CROSSED_FAIL
#define AFTER	(SPREAD + 2)
/* Partial sums of floats, for the compiler to take as many at once */
#define LANES	8
/* No more rates before than rates after, and the rate of 0 */
#define POINTS	(AFTER * (AFTER + 1) * CARRIES / LANES * LANES)

/**
 * struct point - a point of the grid
 * @weight: log of what is thought of it beforehand
 * @logs: log of the probability of one event of each kind
 * @before: share of fresh runs that fail without the bug
 * @after: and with it
 * @carry: probability that a failed seed fails elsewhere because of that
 */
struct point {
	double weight;
	double logs[RATES_COUNTS];
	double before;
	double after;
	double carry;
};

/**
 * struct grid - all points
 * @points: them
 * @n: how many
 * @pass: probability that so many fresh runs pass, see RATES_FRESH, without and with
 *	the bug
 * @runs: how many are run until one fails
 * @carried_pass: the same of carried ones
 * @carried_runs: and of these
 * @lost_pass: the same of carried ones that are as fresh ones are, with the bug
 * @lost_runs: and of these
 */
static struct grid {
	struct point points[POINTS];
	size_t n;
	float pass[2][RATES_FRESH + 1][POINTS];
	float runs[2][RATES_FRESH + 1][POINTS];
	float carried_pass[2][RATES_CARRIED + 1][POINTS];
	float carried_runs[2][RATES_CARRIED + 1][POINTS];
	float lost_pass[RATES_CARRIED + 1][POINTS];
	float lost_runs[RATES_CARRIED + 1][POINTS];
} grid;

static double log_of(double p)
{
	return p > 0 ? log(p) : NEVER;
}

static double rate_after(size_t i, double *weight)
{
	if (i == SPREAD) {
		*weight = NEARLY;
		return .97;
	}
	if (i > SPREAD) {
		*weight = ALWAYS;
		return .9999;
	}
	*weight = (1 - ALWAYS - NEARLY) / SPREAD;
	return LEAST * pow(10, (double)i / PER_DECADE);
}

/* How many fresh runs the @i-th batch has */
static unsigned int batch(unsigned int i)
{
	return i ? 1U << (i - 1) : 0;
}

/* Probability that @n runs pass which fail at @rate each, and how many are run */
static void expect(double rate, unsigned int n, float *pass, float *runs)
{
	double all = pow(1 - rate, n);

	*pass = all;
	*runs = rate > 0 ? (1 - all) / rate : n;
}

static void add_point(double before, double after, double carry, double weight)
{
	size_t n = grid.n++;
	struct point *p = &grid.points[n];
	double rates[2] = { before, after };
	/* So many of the seeds that fail with the bug fail for what is there without it. */
	double other = carry * before / after;
	double crossed = other + (1 - other) * before;
	double carried[2] = { crossed, carry + (1 - carry) * after };
	double old = carry + (1 - carry) * before;

	*p = (struct point){
		.weight = log(weight), .before = before, .after = after, .carry = carry,
		.logs = {
			[FRESH_FAIL_BUG] = log_of(after), [FRESH_PASS_BUG] = log_of(1 - after),
			[FRESH_FAIL] = log_of(before), [FRESH_PASS] = log_of(1 - before),
			[CROSSED_FAIL] = log_of(crossed), [CROSSED_PASS] = log_of(1 - crossed),
			[CARRIED_FAIL_BUG] = log_of(carried[1]),
			[CARRIED_PASS_BUG] = log_of(1 - carried[1]),
			[CARRIED_FAIL] = log_of(old), [CARRIED_PASS] = log_of(1 - old),
		},
	};
	for (size_t bug = 0; bug < 2; bug++) {
		for (unsigned int i = 0; i <= RATES_FRESH; i++)
			expect(rates[bug], batch(i), &grid.pass[bug][i][n], &grid.runs[bug][i][n]);
		for (unsigned int i = 0; i <= RATES_CARRIED; i++)
			expect(carried[bug], i, &grid.carried_pass[bug][i][n],
			       &grid.carried_runs[bug][i][n]);
	}
	for (unsigned int i = 0; i <= RATES_CARRIED; i++)
		expect(after, i, &grid.lost_pass[i][n], &grid.lost_runs[i][n]);
}

static void add_after(size_t i)
{
	double weight, ignored, after = rate_after(i, &weight);
	size_t before = 0;

	while (before < AFTER && rate_after(before, &ignored) * STEP <= after)
		before++;
	for (size_t b = 0; b <= before; b++) {
		double share = b ? (1 - CLEAN) / before : before ? CLEAN : 1;
		double rate = b ? rate_after(b - 1, &ignored) : 0;

		for (size_t c = 0; c < CARRIES; c++)
			add_point(rate, after, carries[c].rate, weight * share * carries[c].weight);
	}
}

static void make_grid(void)
{
	for (size_t i = 0; i < AFTER; i++)
		add_after(i);
}

/* Log of the probability of what was counted of carried seeds */
static double log_carried(const struct point *p, const double counts[RATES_COUNTS])
{
	double l = 0;

	for (size_t k = FRESHES; k < RATES_COUNTS; k++)
		l += counts[k] * p->logs[k];
	return l;
}

/* Log of a sum of two, and the share of the second one in it */
static double log_sum(double one, double two, double *share)
{
	double most = fmax(one, two), a = exp(one - most), b = exp(two - most);

	*share = b / (a + b);
	return most + log(a + b);
}

/**
 * rates_view - what to think of the rates
 * @counts: what was counted
 * @lost: how it is to be seen otherwise, or NULL
 * @v: gets it; zero, or from here; to be freed with rates_free()
 */
void rates_view(const double counts[RATES_COUNTS], const struct rates_lost *lost,
		struct rates_view *v)
{
	double best = -INFINITY, sum = 0, shared = lost ? lost->share : 0;
	static double logs[POINTS], shares[POINTS];
	bool none_carried = true;

	if (!grid.n)
		make_grid();
	for (size_t k = FRESHES; k < RATES_COUNTS; k++)
		none_carried &= !counts[k];
	/* Points that differ in the carry alone are neighbours: what they share is one sum. */
	for (size_t i = 0; i < grid.n; i += CARRIES) {
		double l = 0;

		for (size_t k = 0; k < FRESHES; k++)
			l += counts[k] * grid.points[i].logs[k];
		for (size_t c = 0; c < CARRIES; c++) {
			const struct point *p = &grid.points[i + c];
			double carried = none_carried ? 0 : log_carried(p, counts);

			if (shared > 0)
				carried = log_sum(log(1 - shared) + carried,
						  log(shared) + log_carried(p, lost->counts) +
						  lost->passes * p->logs[FRESH_PASS_BUG] +
						  lost->fails * p->logs[FRESH_FAIL_BUG],
						  &shares[i + c]);
			logs[i + c] = l + p->weight + carried;
			best = logs[i + c] > best ? logs[i + c] : best;
		}
	}
	if (!v->weights)
		v->weights = need(POINTS, sizeof(*v->weights));
	for (size_t i = 0; i < grid.n; i++) {
		size_t c = i % CARRIES;

		if (none_carried && c)
			logs[i] = logs[i - c] * (carries[c].weight / carries[0].weight);
		else
			/* What is that unlikely does not change a sum of doubles. */
			logs[i] = logs[i] < best - 40 ? 0 : exp(logs[i] - best);
		sum += logs[i];
	}
	v->evidence = best + log(sum);
	v->before = 0;
	v->after = 0;
	v->carry = 0;
	v->lost = 0;
	for (size_t i = 0; i < grid.n; i++) {
		double w = logs[i] / sum;

		v->weights[i] = w;
		v->before += w * grid.points[i].before;
		v->after += w * grid.points[i].after;
		v->carry += w * grid.points[i].carry;
		v->lost += shared > 0 ? w * shares[i] : 0;
	}
}

/**
 * rates_free - free what a view has
 * @v: the view
 */
void rates_free(struct rates_view *v)
{
	free(v->weights);
	v->weights = NULL;
}

/* What to expect of a batch, carried seeds first, then fresh ones, on average over the grid */
static void expect_both(const struct rates_view *v, const float *first, const float *first_runs,
			const float *then, const float *then_runs, double *pass, double *runs)
{
	float sum[LANES] = { 0 }, sum_runs[LANES] = { 0 };

	for (size_t i = 0; i < grid.n; i += LANES) {
		for (size_t k = 0; k < LANES; k++) {
			float w = v->weights[i + k], f = first[i + k];

			sum[k] += w * f * then[i + k];
			sum_runs[k] += w * (first_runs[i + k] + f * then_runs[i + k]);
		}
	}
	*pass = 0;
	*runs = 0;
	for (size_t k = 0; k < LANES; k++) {
		*pass += sum[k];
		*runs += sum_runs[k];
	}
}

/**
 * rates_expect - what to expect of a batch
 * @v: what is thought of the rates
 * @carried: seeds that failed elsewhere, with the bug; they are run first; up to
 *	RATES_CARRIED
 * @fresh: fresh seeds: 0, or a power of two below 1 << RATES_FRESH
 * @lost: how likely it is that carried seeds are no more than fresh ones there
 *
 * Return: it
 */
struct rates_batch rates_expect(const struct rates_view *v, unsigned int carried,
				unsigned int fresh, double lost)
{
	unsigned int at = fresh ? __builtin_ctz(fresh) + 1 : 0;
	double pass[2], runs[2], lost_pass, lost_runs;

	for (size_t bug = 0; bug < 2; bug++)
		expect_both(v, grid.carried_pass[bug][carried], grid.carried_runs[bug][carried],
			    grid.pass[bug][at], grid.runs[bug][at], &pass[bug], &runs[bug]);
	if (carried && lost > 0) {
		expect_both(v, grid.lost_pass[carried], grid.lost_runs[carried],
			    grid.pass[1][at], grid.runs[1][at], &lost_pass, &lost_runs);
		pass[1] += lost * (lost_pass - pass[1]);
		runs[1] += lost * (lost_runs - runs[1]);
	}
	return (struct rates_batch){
		.pass_bug = pass[1], .pass = pass[0], .runs_bug = runs[1], .runs = runs[0],
	};
}
