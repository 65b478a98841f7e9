// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a seed that failed at one commit says at another one: as much as seeds travel, and
 * nobody knows how far they do.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bisect/state.h"
#include "lib/util.h"

/* Share of commits that no seed travels beyond, and how likely it is that large */
static const struct {
	double share;
	double weight;
} barriers[] = {
	{ 0, .85 }, { .003, .04 }, { .01, .04 }, { .03, .03 }, { .1, .02 }, { .3, .02 },
};

#define BARRIERS	ARRAY_SIZE(barriers)
static_assert(BARRIERS == BARRIERS_MAX);

/* Share of seeds that fail where they are carried to, with the bug, at a first guess */
#define CARRIED		0.7

/* The rates as BAD, and the commits that failed, show them without much thought */
static void glance(struct bisect *b)
{
	size_t bad = b->slot[b->same[b->s.graph->n - 1]];
	double fails = CARRIED * 2, runs = 2;

	b->after = .5;
	if (bad != NO_SLOT)
		b->after = (b->places[bad].fresh_fails + .5) / (b->places[bad].fresh + 1);
	for (size_t i = 0; i < b->nr_slots; i++) {
		if (!b->places[i].fails)
			continue;
		fails += b->places[i].carried_fails;
		runs += b->places[i].carried;
	}
	b->carried = fmax(b->after, fails / runs);
}

/*
 * A seed that failed far away had no barrier in its way, or it failed there by chance: so
 * how far did one get?
 */
static void find_barriers(struct bisect *b)
{
	size_t far = 0, passed = 0;

	for (size_t i = 0; i < b->nr_seeds; i++) {
		const struct seed *s = &b->seeds[i];
		size_t from = b->places[s->runs[0].slot].commit;

		for (size_t k = 1; s->fails && k < s->n; k++) {
			const struct place *p = &b->places[s->runs[k].slot];
			size_t d = p->commit > from ? p->commit - from : from - p->commit;

			if (!s->runs[k].fail || d <= far)
				continue;
			far = d;
			passed = p->carried - p->carried_fails;
		}
	}
	for (size_t i = 0; i < BARRIERS; i++) {
		double free = pow(1 - barriers[i].share, far);

		b->barriers[i] = barriers[i].weight;
		if (far)
			b->barriers[i] *= free * b->carried * pow(1 - b->carried, passed) +
					  (1 - free) * b->after * pow(1 - b->after, passed);
	}
}

static int by_commit(const void *x, const void *y)
{
	const struct place *one = x, *two = y;

	return one->commit < two->commit ? -1 : one->commit > two->commit;
}

/**
 * bisect_travel - how far do seeds travel?
 * @b: the bisect; gets what bisect_lost() asks for
 *
 * Called when something was observed. All of it follows from what was observed, in whatever
 * order.
 */
void bisect_travel(struct bisect *b)
{
	glance(b);
	find_barriers(b);
	b->order = grow(b->order, b->nr_slots + 1, sizeof(*b->order));
	memcpy(b->order, b->places, b->nr_slots * sizeof(*b->order));
	qsort(b->order, b->nr_slots, sizeof(*b->order), by_commit);
}

/* How likely no seed travels beyond one of @n commits, as far as seeds have travelled */
static double barrier_within(const struct bisect *b, size_t n)
{
	double all = 0, some = 0;

	for (size_t i = 0; i < BARRIERS; i++) {
		all += b->barriers[i];
		some += b->barriers[i] * (1 - pow(1 - barriers[i].share, n));
	}
	return some / all;
}

/**
 * bisect_count_crossed - count seeds that failed where the bug is, where it is not
 * @b: the bisect
 * @c: what says where the bug is
 * @counts: gets them on top of what is counted
 *
 * One that fails there once failed for what is everywhere, and from there on travels as any
 * other; and one that does not says so once.
 */
void bisect_count_crossed(const struct bisect *b, const struct class *c,
			  double counts[RATES_COUNTS])
{
	for (size_t i = 0; i < b->nr_seeds; i++) {
		const struct seed *s = &b->seeds[i];
		double fails = 0, passes = 0;

		for (size_t k = 1; c->bug[s->runs[0].slot] && k < s->n; k++) {
			if (!s->runs[k].counts || c->bug[s->runs[k].slot])
				continue;
			fails += s->runs[k].fail;
			passes += !s->runs[k].fail;
		}
		counts[CROSSED_FAIL] += fails > 0;
		counts[CROSSED_PASS] += !fails && passes;
		counts[CARRIED_FAIL] += fails > 0 ? fails - 1 : 0;
		counts[CARRIED_PASS] += fails > 0 ? passes : 0;
	}
}

/**
 * struct crossing - runs of a seed that are beyond some commit, with the bug
 * @passes: runs that passed
 * @fails: and that failed
 */
struct crossing {
	double passes;
	double fails;
};

/* Is @commit on the other side of a barrier behind @beyond than @from? */
static bool crosses(size_t from, size_t commit, size_t beyond)
{
	return (from <= beyond) != (commit <= beyond);
}

static struct crossing crossing_of(const struct bisect *b, const struct class *c,
				   const struct seed *s, size_t beyond)
{
	size_t from = b->places[s->runs[0].slot].commit;
	struct crossing sum = { 0 };

	for (size_t i = 1; c->bug[s->runs[0].slot] && i < s->n; i++) {
		const struct seed_run *r = &s->runs[i];

		if (!r->counts || !c->bug[r->slot] ||
		    !crosses(from, b->places[r->slot].commit, beyond))
			continue;
		sum.passes += !r->fail;
		sum.fails += r->fail;
	}
	return sum;
}

/*
 * A seed that did the same each time beyond says so once. One that did not is a fresh one
 * in each run: more of the schedule changes there than once.
 */
static struct crossing told_by(struct crossing x)
{
	if (!x.passes || !x.fails)
		return (struct crossing){ .passes = x.passes > 0, .fails = x.fails > 0 };
	return x;
}

/* What speaks for it that no seed travels beyond a commit, in the log domain */
static double speaks_for(const struct bisect *b, const struct class *c, size_t beyond)
{
	double l = 0;

	for (size_t i = 0; i < b->nr_seeds; i++) {
		struct crossing x = b->seeds[i].n > 1 ?
				    crossing_of(b, c, &b->seeds[i], beyond) :
				    (struct crossing){ 0 };
		struct crossing once = told_by(x);

		l += once.fails * log(b->after) - x.fails * log(b->carried) +
		     once.passes * log1p(-b->after) - x.passes * log1p(-b->carried);
	}
	return l;
}

/**
 * bisect_lost - how else may what carried seeds did be seen?
 * @b: the bisect, after bisect_travel()
 * @c: what says where the bug is; gets the last commit that seeds may not travel to
 * @counts: of all runs, as it sees them
 *
 * Runs are deterministic: a seed does the same at each commit until one has the schedule
 * change, and then it may do anything, and the same from there on. So what seeds did with
 * the bug may tell of such a commit, and not of how they travel. It is between two that were
 * run. The likeliest place is looked at.
 *
 * Return: what was counted where seeds travel, what beyond, and how likely that is so
 */
struct rates_lost bisect_lost(const struct bisect *b, struct class *c,
			      const double counts[RATES_COUNTS])
{
	struct rates_lost lost = { 0 };
	double best = 0;

	memcpy(lost.counts, counts, sizeof(lost.counts));
	if (b->s.steady || !counts[CARRIED_PASS_BUG])
		return lost;
	for (size_t i = 0; i + 1 < b->nr_slots; i++) {
		size_t beyond = b->order[i].commit, n = b->order[i + 1].commit - beyond;
		double share = barrier_within(b, n);
		double l = log(share) + speaks_for(b, c, beyond);

		if (lost.share > 0 && l <= best)
			continue;
		best = l;
		lost.share = share;
		c->beyond = beyond;
	}
	for (size_t i = 0; lost.share > 0 && i < b->nr_seeds; i++) {
		struct crossing x = crossing_of(b, c, &b->seeds[i], c->beyond);

		lost.counts[CARRIED_PASS_BUG] -= x.passes;
		lost.counts[CARRIED_FAIL_BUG] -= x.fails;
		lost.passes += told_by(x).passes;
		lost.fails += told_by(x).fails;
	}
	return lost;
}
