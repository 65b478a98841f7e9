/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SIM_H
#define RESPAWN_SIM_H

#include "bisect/bisect.h"

/* Some commits are a thousand times as likely as others to be the culprit, they say. */
enum sim_prior {
	SIM_NO_PRIOR,
	SIM_RIGHT_PRIOR,	/* and so it is */
	SIM_WRONG_PRIOR,	/* but all are alike */
};

/**
 * struct sim_kind - histories of one kind
 * @commits: candidates
 * @merges: branches leave the trunk and are merged
 * @after: share of seeds that fail with the bug
 * @before: and without it
 * @carry: probability that a seed that failed fails elsewhere because of that
 * @shift: share of commits that have all schedules change; if that is not 0, a seed shows
 *	the same from one of these to the next, and @carry is how likely it does beyond that
 * @untestable: share of commits that can't be tested; they come in runs
 * @nothing: share of histories in which no commit changed anything: @after is the
 *	rate of all of them, GOOD too
 * @prior: what the engine is told of commits beforehand
 */
struct sim_kind {
	size_t commits;
	bool merges;
	double after;
	double before;
	double carry;
	double shift;
	double untestable;
	double nothing;
	enum sim_prior prior;
};

/**
 * struct sim_limits - what a search may cost, and what things cost in it
 * @runs: at most so many
 * @run: cost of one
 * @build: cost of the first of a commit
 * @confidence: at which the engine answers
 * @repeats: runs that a commit has to pass to be good, for plain binary search
 */
struct sim_limits {
	size_t runs;
	double run;
	double build;
	double confidence;
	size_t repeats;
};

enum sim_search {
	SIM_ENGINE,
	SIM_BINARY,		/* git bisect, where the first fail of some runs is bad */
	SIM_GREEDY,		/* the run that teaches most, at any cost */
	SIM_SEARCHES
};

/**
 * struct sim_result - how a search of one history ended
 * @changed: there was a culprit
 * @answered: the search gave an answer
 * @right: and it was the right one; if it gave none, the set that it left holds it
 * @stated: probability that it gave its answer
 * @runs: it took
 * @builds: and commits that were built
 * @cost: of all that
 */
struct sim_result {
	bool changed;
	bool answered;
	bool right;
	double stated;
	size_t runs;
	size_t builds;
	double cost;
};

struct sim_result sim_run(const struct sim_kind *kind, const struct sim_limits *limits,
			  enum sim_search how, uint64_t seed);
void sim_graph(struct graph *g, size_t commits, bool merges, uint64_t seed);

#endif /* RESPAWN_SIM_H */
