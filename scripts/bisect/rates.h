/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_RATES_H
#define RESPAWN_RATES_H

#include <stddef.h>

/*
 * What is counted of the runs under one hypothesis. A run is fresh, or it is carried:
 * its seed has failed at another commit. One that failed where the bug is, and is carried
 * to where it is not, has crossed: it is no more than a fresh one there, unless what fails
 * without the bug had it fail.
 */
enum rates_count {
	FRESH_FAIL_BUG,		/* with the bug */
	FRESH_PASS_BUG,
	FRESH_FAIL,		/* without it */
	FRESH_PASS,
	CROSSED_FAIL,
	CROSSED_PASS,
	CARRIED_FAIL_BUG,
	CARRIED_PASS_BUG,
	CARRIED_FAIL,
	CARRIED_PASS,
	RATES_COUNTS
};

/* Carried seeds in a batch that is thought about */
#define RATES_CARRIED	8
/* Fresh seeds in one are 0, or a power of two below 1 << RATES_FRESH. */
#define RATES_FRESH	10

/**
 * struct rates_lost - what else may be so: no seed travels beyond some commit, as that has
 *	all schedules change
 * @share: how likely that is; 0 if nothing speaks for it
 * @counts: what was counted of runs that no seed travelled so far for
 * @passes: seeds that passed beyond it, with the bug, once each: there they are fresh ones
 * @fails: and those that failed
 */
struct rates_lost {
	double share;
	double counts[RATES_COUNTS];
	double passes;
	double fails;
};

/**
 * struct rates_view - what is thought of the rates under one hypothesis
 * @evidence: log of the probability of what was counted
 * @before: expected share of fresh runs that fail without the bug
 * @after: and with it
 * @carry: expected probability that a seed that failed fails at another commit because
 *	it did so before, whatever the rate is
 * @lost: how likely it is that no seed travels beyond some commit
 * @weights: of each point of the grid, for rates_batch()
 */
struct rates_view {
	double evidence;
	double before;
	double after;
	double carry;
	double lost;
	float *weights;
};

/**
 * struct rates_batch - what to expect of a batch of runs that ends at the first fail
 * @pass_bug: probability that all pass at a commit with the bug
 * @pass: and at one without
 * @runs_bug: how many are run, on average, at a commit with the bug
 * @runs: and at one without
 */
struct rates_batch {
	double pass_bug;
	double pass;
	double runs_bug;
	double runs;
};

void rates_view(const double counts[RATES_COUNTS], const struct rates_lost *lost,
		struct rates_view *v);
void rates_free(struct rates_view *v);
struct rates_batch rates_expect(const struct rates_view *v, unsigned int carried,
				unsigned int fresh, double lost);

#endif /* RESPAWN_RATES_H */
