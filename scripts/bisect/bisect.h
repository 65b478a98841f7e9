/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BISECT_H
#define RESPAWN_BISECT_H
/*
 * Which commit made a test fail that fails now and then: what was observed goes in,
 * what to do next comes out. Nothing here knows what a commit, a test or a second is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisect/graph.h"

/* A fair guess of how often nothing changed between two ends that somebody names */
#define BISECT_PRIOR_NOTHING	0.25

enum bisect_outcome {
	BISECT_PASS,
	BISECT_FAIL,		/* as it is looked for */
	BISECT_UNTESTABLE,	/* says nothing, nor would any other run of the commit */
};

/**
 * struct bisect_setup - what a bisect is about
 * @graph: the commits; the caller's, and stays
 * @prior: how likely each commit is the culprit beforehand, in any unit; NULL for all
 *	the same
 * @nothing: probability that no commit is: both ends fail, or pass, at one rate
 * @confidence: probability at which a question is answered
 * @run: what a run costs, until bisect_cost_run() says otherwise
 * @build: what it costs to get ready for the first run of each commit; the caller's,
 *	who may change it
 * @no_carry: no seed is run at a second commit
 * @steady: no commit has all schedules change: seeds travel as far as they like
 * @by_run: each step is one run, and no costs are considered
 */
struct bisect_setup {
	const struct graph *graph;
	const double *prior;
	double nothing;
	double confidence;
	double run;
	const double *build;
	bool no_carry;
	bool steady;
	bool by_run;
};

enum bisect_do {
	BISECT_RUN,
	BISECT_FOUND,		/* a commit, or several that can't be told apart */
	BISECT_NOTHING,		/* no commit changed anything */
	BISECT_STUCK,		/* no run of any commit would say more */
};

/**
 * struct bisect_step - what to do next
 * @what: kind of it
 * @commit: which one to run, or which one it was
 * @carried: seeds that failed elsewhere, to be run first
 * @fresh: and seeds that were run nowhere
 * @bits: what to expect to learn of it
 * @cost: what to expect it to cost, in the unit of the setup
 *
 * The runs of a step end at the first fail. See bisect_seed() for the seeds.
 */
struct bisect_step {
	enum bisect_do what;
	size_t commit;
	unsigned int carried;
	unsigned int fresh;
	double bits;
	double cost;
};

/**
 * struct bisect_rates - what is thought of the rates now
 * @before: share of fresh runs that fail without the bug
 * @after: and with it
 * @carry: probability that a failed seed fails at another commit that has the bug,
 *	because it failed before
 */
struct bisect_rates {
	double before;
	double after;
	double carry;
};

struct bisect;

struct bisect *bisect_new(const struct bisect_setup *setup);
void bisect_free(struct bisect *b);
void bisect_cost_run(struct bisect *b, double run);
void bisect_know_seed(struct bisect *b, uint64_t seed);
void bisect_skip_seed(struct bisect *b, size_t commit, uint64_t seed);
void bisect_same(struct bisect *b, size_t commit, size_t as);
void bisect_observe(struct bisect *b, size_t commit, uint64_t seed, enum bisect_outcome outcome);
struct bisect_step bisect_next(struct bisect *b);
uint64_t bisect_seed(struct bisect *b, const struct bisect_step *step, size_t i);
double bisect_probability(const struct bisect *b, size_t commit);
double bisect_stated(double p);
double bisect_bits(const struct bisect *b);
double bisect_nothing(const struct bisect *b);
struct bisect_rates bisect_rates(const struct bisect *b);
bool bisect_is_its_own(const struct bisect *b, size_t commit);
bool bisect_is_untestable(const struct bisect *b, size_t commit);
size_t bisect_likeliest(const struct bisect *b, double share, size_t *commits);
size_t bisect_alike(const struct bisect *b, size_t commit, size_t *commits);

#endif /* RESPAWN_BISECT_H */
