/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BISECT_STATE_H
#define RESPAWN_BISECT_STATE_H

/* What the parts of the engine share: all that is known of a bisect. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisect/bisect.h"
#include "bisect/rates.h"

#define NO_SLOT		SIZE_MAX
/* Shares of commits that no seed travels beyond, see travel.c */
#define BARRIERS_MAX	6

/* What came of a seed at a commit */
struct seed_run {
	size_t slot;
	bool counts;		/* it was not skipped */
	bool fail;
};

/**
 * struct seed - one that failed somewhere
 * @seed: it
 * @runs: of it; it failed in the first one, which says what it fails for
 * @n: how many
 * @fails: commits other than the first where it failed
 */
struct seed {
	uint64_t seed;
	struct seed_run *runs;
	size_t n;
	size_t fails;
};

/**
 * struct place - a commit that was observed
 * @commit: it
 * @fails: runs of it that failed
 * @fresh: runs of fresh seeds
 * @fresh_fails: those that failed
 * @carried: runs of seeds that failed elsewhere first
 * @carried_fails: those that failed
 */
struct place {
	size_t commit;
	size_t fails;
	size_t fresh;
	size_t fresh_fails;
	size_t carried;
	size_t carried_fails;
};

/**
 * struct class - hypotheses that say the same of all commits that were observed
 * @bug: for each slot whether its commit has the bug
 * @counts: what was observed, under these hypotheses, but for seeds that have crossed
 * @view: what is thought of the rates
 * @beyond: no seed may travel to this commit and those before it, see find_lost()
 * @prior: of all of them together
 * @mass: and what has become of it
 *
 * The first class is the hypothesis that nothing changed: each commit has the bug,
 * GOOD too.
 */
struct class {
	bool *bug;
	double counts[RATES_COUNTS];
	struct rates_view view;
	size_t beyond;
	double prior;
	double mass;
};

/**
 * struct bisect - all that is known
 * @s: the question
 * @prior: of each commit; 0 for GOOD
 * @class: which one each commit belongs to as a hypothesis
 * @classes: them
 * @nr_classes: how many
 * @slot: of each commit, once it was observed
 * @places: of each slot
 * @order: them, in the order of commits
 * @nr_slots: how many
 * @max_slots: how many there is room for
 * @same: which commit each one is the same as, in all that is run
 * @untestable: of each commit
 * @tested: and whether it was run
 * @seeds: that failed
 * @nr_seeds: how many
 * @fresh: least seed that was run nowhere
 * @fails: runs that failed
 * @after: share of fresh runs that fail with the bug, at a glance
 * @carried: and of carried ones
 * @barriers: of each share of commits that no seed travels beyond, how likely it is now
 * @stale: something was observed since @mass of the classes was found
 */
struct bisect {
	struct bisect_setup s;
	double *prior;
	size_t *class;
	struct class *classes;
	size_t nr_classes;
	size_t *slot;
	struct place *places;
	struct place *order;
	size_t nr_slots;
	size_t max_slots;
	size_t *same;
	bool *untestable;
	bool *tested;
	struct seed *seeds;
	size_t nr_seeds;
	uint64_t fresh;
	size_t fails;
	double after;
	double carried;
	double barriers[BARRIERS_MAX];
	bool stale;
};

bool bisect_ran_at(const struct seed *s, size_t slot);
void bisect_refresh(struct bisect *b);
void bisect_groups(const struct bisect *b, size_t *group);

void bisect_travel(struct bisect *b);
void bisect_count_crossed(const struct bisect *b, const struct class *c,
			  double counts[RATES_COUNTS]);
struct rates_lost bisect_lost(const struct bisect *b, struct class *c,
			      const double counts[RATES_COUNTS]);

#endif /* RESPAWN_BISECT_STATE_H */
