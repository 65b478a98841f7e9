/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_LEADS_H
#define RESPAWN_LEADS_H

#include "judge/pairs.h"

/*
 * What a run showed counts for those that begin so many later: which ones these are does
 * not depend on how many run at once then.
 */
#define LEADS_LAG	16

/**
 * struct lead - a run, as its seed and its walk say
 * @seed: decides on operations, and on where CPUs give way if @walk does not
 * @walk: decides on where CPUs give way; 0 for none of its own
 */
struct lead {
	uint64_t seed;
	uint64_t walk;
};

/**
 * struct leads - a search in which runs that show something new lead to more of their kind
 * @first: the first seed
 * @all: pairs that were seen
 * @runs: the runs, in the order they were chosen in
 * @pairs: what each of them showed
 * @over: whether it is over
 * @n: how many were chosen
 * @counted: how many of them count by now
 * @fresh: how many had a seed of their own
 * @more: of each run, how many more of its kind are to be run
 * @news: of each run, how many pairs it was the first to show
 */
struct leads {
	uint64_t first;
	struct pairs all;
	struct lead *runs;
	struct pairs *pairs;
	bool *over;
	size_t n;
	size_t counted;
	size_t fresh;
	unsigned int *more;
	size_t *news;
};

bool leads_next(struct leads *l, struct lead *run);
void leads_over(struct leads *l, const struct lead *run, const struct pairs *pairs);
const struct pairs *leads_pairs(const struct leads *l, const struct lead *run);
void leads_free(struct leads *l);

#endif /* RESPAWN_LEADS_H */
