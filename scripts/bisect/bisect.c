// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each commit between GOOD and BAD may be the culprit; or none is, and both ends are
 * alike. What was observed makes some likelier than others. Hypotheses that say the
 * same of all commits that were observed are a class: they share what is thought of the
 * rates, and there are few of them.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bisect/bisect.h"
#include "bisect/rates.h"
#include "lib/util.h"

#define NO_SLOT		SIZE_MAX
/* A class with less than this is not thought about when a step is chosen. */
#define NEGLIGIBLE	0.0000001
/* Classes with a smaller share of what is lost do not say where. */
#define FEW		0.05
/* Bits that are not worth a run, however cheap it is */
#define WORTHLESS	0.0001
/* Failing seeds that are looked for ahead of a step, at most */
#define MOST_SOUGHT	3
/* Steps that such a seed is of use to, for each bit that is to be learned */
#ifndef USES
#define USES		0.5
#endif
/* How much is left to later steps, for each bit that is to be learned, if all seeds travel */
#ifndef PATIENCE
#define PATIENCE	2.0
#endif
/* From this probability on a commit has the bug for sure. */
#define SURE		0.99
/* Share of commits that no seed travels beyond, and how likely it is that large */
static const struct {
	double share;
	double weight;
} barriers[] = {
	{ 0, .85 }, { .003, .04 }, { .01, .04 }, { .03, .03 }, { .1, .02 }, { .3, .02 },
};

#define BARRIERS	ARRAY_SIZE(barriers)
/* Share of seeds that fail where they are carried to, with the bug, at a first guess */
#define CARRIED		0.7

/* Fresh seeds of the first batch at BAD, and of each after that */
#define FIRST_BATCH	16
/* How much a prior is believed: the rest is spread evenly, as it may be wrong. */
#define TRUST		0.5

/*
 * How likely a commit can't be tested: of all together at first, and with an untestable
 * one near by. Those that break the build are mended some commits later.
 */
#define UNTESTABLE	0.05
#define UNTESTABLE_SURE	10.0
#define UNTESTABLE_NEAR	0.8
#define UNTESTABLE_RUN	4.0

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
	double barriers[BARRIERS];
	bool stale;
};

/* ---- classes -------------------------------------------------------------------- */

static struct class *add_class(struct bisect *b, const struct class *like)
{
	struct class *c;

	b->classes = grow(b->classes, b->nr_classes + 1, sizeof(*b->classes));
	c = &b->classes[b->nr_classes++];
	*c = (struct class){ .bug = need(b->max_slots, sizeof(*c->bug)) };
	if (like) {
		memcpy(c->bug, like->bug, b->nr_slots * sizeof(*c->bug));
		memcpy(c->counts, like->counts, sizeof(c->counts));
	}
	return c;
}

static void sum_priors(struct bisect *b)
{
	size_t n = b->s.graph->n;

	for (size_t k = 1; k < b->nr_classes; k++)
		b->classes[k].prior = 0;
	for (size_t i = 1; i < n; i++)
		b->classes[b->class[i]].prior += b->prior[i];
}

/* Tell hypotheses apart by whether @commit has the bug. */
static void split(struct bisect *b, size_t commit)
{
	size_t n = b->s.graph->n, slot = b->nr_slots, old = b->nr_classes;
	bool *is = need(n, sizeof(*is));
	/* Of each class: how many are ancestors, how many are not, and the new class */
	size_t (*parts)[3] = need(old, sizeof(*parts));

	graph_ancestors(b->s.graph, commit, is);
	for (size_t i = 1; i < n; i++)
		parts[b->class[i]][is[i]]++;
	b->slot[commit] = slot;
	if (b->nr_slots == b->max_slots) {
		b->max_slots *= 2;
		b->places = grow(b->places, b->max_slots, sizeof(*b->places));
		for (size_t k = 0; k < old; k++)
			b->classes[k].bug = grow(b->classes[k].bug, b->max_slots, sizeof(bool));
	}
	for (size_t k = 1; k < old; k++) {
		if (parts[k][0] && parts[k][1]) {
			parts[k][2] = b->nr_classes;
			add_class(b, &b->classes[k])->bug[slot] = true;
			b->classes[k].bug[slot] = false;
		} else {
			b->classes[k].bug[slot] = parts[k][1];
		}
	}
	b->classes[0].bug[slot] = true;
	b->places[slot] = (struct place){ .commit = commit };
	for (size_t i = 1; i < n; i++)
		if (is[i] && parts[b->class[i]][2])
			b->class[i] = parts[b->class[i]][2];
	b->nr_slots++;
	sum_priors(b);
	free(parts);
	free(is);
}

static size_t slot_of(struct bisect *b, size_t commit)
{
	if (b->slot[commit] == NO_SLOT)
		split(b, commit);
	return b->slot[commit];
}

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

/*
 * Seeds that failed where the bug is, and were carried to where it is not. One that fails
 * there once failed for what is everywhere, and from there on travels as any other; and one
 * that does not says so once.
 */
static void count_crossed(const struct bisect *b, const struct class *c,
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

static int by_commit(const void *x, const void *y)
{
	const struct place *one = x, *two = y;

	return one->commit < two->commit ? -1 : one->commit > two->commit;
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

/*
 * Runs are deterministic: a seed does the same at each commit until one has the schedule
 * change, and then it may do anything, and the same from there on. So what seeds did with
 * the bug may tell of such a commit, and not of how they travel. It is between two that were
 * run. The likeliest place is looked at.
 */
static struct rates_lost find_lost(const struct bisect *b, struct class *c,
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

/* How much each class has of the probability now */
static void refresh(struct bisect *b)
{
	double best = -INFINITY, sum = 0;

	if (!b->stale)
		return;
	glance(b);
	find_barriers(b);
	b->order = grow(b->order, b->nr_slots + 1, sizeof(*b->order));
	memcpy(b->order, b->places, b->nr_slots * sizeof(*b->order));
	qsort(b->order, b->nr_slots, sizeof(*b->order), by_commit);
	for (size_t k = 0; k < b->nr_classes; k++) {
		struct class *c = &b->classes[k];
		double counts[RATES_COUNTS];
		struct rates_lost lost;

		c->mass = 0;
		if (c->prior <= 0)
			continue;
		memcpy(counts, c->counts, sizeof(counts));
		count_crossed(b, c, counts);
		lost = find_lost(b, c, counts);
		rates_view(counts, &lost, &c->view);
		best = fmax(best, c->view.evidence + log(c->prior));
	}
	for (size_t k = 0; k < b->nr_classes; k++) {
		struct class *c = &b->classes[k];

		if (c->prior > 0)
			c->mass = exp(c->view.evidence + log(c->prior) - best);
		sum += c->mass;
	}
	for (size_t k = 0; k < b->nr_classes; k++)
		b->classes[k].mass /= sum;
	b->stale = false;
}

/* ---- what comes in --------------------------------------------------------------- */

/**
 * bisect_new - begin a bisect
 * @setup: what it is about
 *
 * Return: it, for bisect_free()
 */
struct bisect *bisect_new(const struct bisect_setup *setup)
{
	struct bisect *b = need(1, sizeof(*b));
	size_t n = setup->graph->n;
	double sum = 0;

	b->s = *setup;
	b->prior = need(n, sizeof(*b->prior));
	b->class = need(n, sizeof(*b->class));
	b->slot = need(n, sizeof(*b->slot));
	b->same = need(n, sizeof(*b->same));
	b->untestable = need(n, sizeof(*b->untestable));
	b->tested = need(n, sizeof(*b->tested));
	b->max_slots = 16;
	b->places = need(b->max_slots, sizeof(*b->places));
	b->fresh = 1;
	b->stale = true;
	for (size_t i = 1; i < n; i++)
		sum += setup->prior ? setup->prior[i] : 1;
	for (size_t i = 0; i < n; i++) {
		double own = setup->prior ? setup->prior[i] / sum : 1. / (n - 1);

		b->prior[i] = i ? (1 - setup->nothing) * (TRUST * own + (1 - TRUST) / (n - 1)) : 0;
		b->class[i] = 1;
		b->slot[i] = NO_SLOT;
		b->same[i] = i;
	}
	add_class(b, NULL)->prior = setup->nothing;
	add_class(b, NULL)->prior = 1 - setup->nothing;
	return b;
}

/**
 * bisect_free - end a bisect
 * @b: it
 */
void bisect_free(struct bisect *b)
{
	for (size_t k = 0; k < b->nr_classes; k++) {
		free(b->classes[k].bug);
		rates_free(&b->classes[k].view);
	}
	for (size_t i = 0; i < b->nr_seeds; i++)
		free(b->seeds[i].runs);
	free(b->places);
	free(b->order);
	free(b->classes);
	free(b->seeds);
	free(b->prior);
	free(b->class);
	free(b->slot);
	free(b->same);
	free(b->untestable);
	free(b->tested);
	free(b);
}

/**
 * bisect_cost_run - what a run costs is known better now
 * @b: the bisect
 * @run: it, in the unit of the setup
 */
void bisect_cost_run(struct bisect *b, double run)
{
	b->s.run = run;
}

static struct seed *find_seed(struct bisect *b, uint64_t seed)
{
	for (size_t i = 0; i < b->nr_seeds; i++)
		if (b->seeds[i].seed == seed)
			return &b->seeds[i];
	return NULL;
}

static struct seed *add_seed(struct bisect *b, uint64_t seed)
{
	struct seed *s;

	b->seeds = grow(b->seeds, b->nr_seeds + 1, sizeof(*b->seeds));
	s = &b->seeds[b->nr_seeds++];
	*s = (struct seed){ .seed = seed };
	return s;
}

static bool ran_at(const struct seed *s, size_t slot)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->runs[i].slot == slot)
			return true;
	return false;
}

static void note_run(struct seed *s, struct seed_run run)
{
	s->runs = grow(s->runs, s->n + 1, sizeof(*s->runs));
	s->runs[s->n++] = run;
}

/**
 * bisect_know_seed - a seed is known to fail at BAD
 * @b: the bisect
 * @seed: it
 *
 * It was not drawn, so it says nothing of how often seeds fail.
 */
void bisect_know_seed(struct bisect *b, uint64_t seed)
{
	size_t slot = slot_of(b, b->s.graph->n - 1);

	if (find_seed(b, seed))
		return;
	note_run(add_seed(b, seed), (struct seed_run){ slot, true, true });
	b->tested[b->s.graph->n - 1] = true;
	b->places[slot].fails++;
	b->fails++;
}

/**
 * bisect_skip_seed - a run said nothing of what is looked for
 * @b: the bisect
 * @commit: what was run
 * @seed: with which seed, which is not to be tried there again
 */
void bisect_skip_seed(struct bisect *b, size_t commit, uint64_t seed)
{
	size_t slot = slot_of(b, b->same[commit]);
	struct seed *s = find_seed(b, seed);

	b->tested[b->same[commit]] = true;
	b->stale = true;
	if (seed >= b->fresh)
		b->fresh = seed + 1;
	if (s && !ran_at(s, slot))
		note_run(s, (struct seed_run){ slot, false, false });
}

/* Is it a run without the bug of a seed that failed with it, as class @c sees it? */
static bool has_crossed(const struct class *c, const struct seed *s, size_t slot)
{
	return s && !c->bug[slot] && c->bug[s->runs[0].slot];
}

/* A fresh run, or one of a carried seed, as class @c sees it */
static enum rates_count count_of(const struct class *c, size_t slot, bool carried, bool fail)
{
	bool bug = c->bug[slot];

	if (!carried)
		return bug ? (fail ? FRESH_FAIL_BUG : FRESH_PASS_BUG) :
			     (fail ? FRESH_FAIL : FRESH_PASS);
	return bug ? (fail ? CARRIED_FAIL_BUG : CARRIED_PASS_BUG) :
		     (fail ? CARRIED_FAIL : CARRIED_PASS);
}

static void note_place(struct place *p, bool carried, bool fail)
{
	p->fails += fail;
	p->fresh += !carried;
	p->fresh_fails += !carried && fail;
	p->carried += carried;
	p->carried_fails += carried && fail;
}

/**
 * bisect_observe - a run is over
 * @b: the bisect
 * @commit: what was run
 * @seed: with which seed; of no meaning if the commit is untestable
 * @outcome: what came of it
 *
 * A seed says the same thing each time at one commit: it is observed once there.
 */
void bisect_observe(struct bisect *b, size_t commit, uint64_t seed, enum bisect_outcome outcome)
{
	bool fail = outcome == BISECT_FAIL;
	struct seed *s;
	size_t slot;

	commit = b->same[commit];
	b->stale = true;
	if (outcome == BISECT_UNTESTABLE) {
		b->untestable[commit] = true;
		return;
	}
	b->tested[commit] = true;
	slot = slot_of(b, commit);
	s = find_seed(b, seed);
	if (s && ran_at(s, slot))
		return;
	for (size_t k = 0; k < b->nr_classes; k++)
		if (!has_crossed(&b->classes[k], s, slot))
			b->classes[k].counts[count_of(&b->classes[k], slot, s, fail)]++;
	if (seed >= b->fresh)
		b->fresh = seed + 1;
	b->fails += fail;
	note_place(&b->places[slot], s, fail);
	if (s) {
		s->fails += fail;
		note_run(s, (struct seed_run){ slot, true, fail });
	} else if (fail) {
		note_run(add_seed(b, seed), (struct seed_run){ slot, true, true });
	}
}

/**
 * bisect_same - two commits are the same in all that is run
 * @b: the bisect
 * @commit: one of them, which was not run
 * @as: the other one, which was
 *
 * Whatever has one of them and not the other has changed nothing.
 */
void bisect_same(struct bisect *b, size_t commit, size_t as)
{
	size_t n = b->s.graph->n;
	bool *one = need(n, sizeof(*one)), *two = need(n, sizeof(*two));

	graph_ancestors(b->s.graph, commit, one);
	graph_ancestors(b->s.graph, as, two);
	for (size_t i = 1; i < n; i++)
		if (one[i] != two[i])
			b->prior[i] = 0;
	sum_priors(b);
	b->same[commit] = b->same[as];
	b->stale = true;
	free(one);
	free(two);
}

/* ---- what comes out --------------------------------------------------------------- */

/**
 * bisect_stated - what may be claimed of an answer
 * @p: its probability, as the engine has it
 *
 * The probability is right on average over all rates there may be. Where they are unlike
 * what is expected, as a seed that travels every second time, it is too high; it is taken
 * for twice as likely to be wrong as it is thought to be, which a simulation bears out.
 *
 * Return: the confidence
 */
double bisect_stated(double p)
{
	return fmax(0, 1 - 2 * (1 - p));
}

/**
 * bisect_nothing - how likely is it that nothing changed?
 * @b: the bisect, not asked for a step since something was observed or later
 *
 * Return: the probability
 */
double bisect_nothing(const struct bisect *b)
{
	refresh((struct bisect *)b);
	return b->classes[0].mass;
}

/**
 * bisect_probability - how likely is a commit the culprit?
 * @b: the bisect
 * @commit: which one
 *
 * Return: the probability
 */
double bisect_probability(const struct bisect *b, size_t commit)
{
	const struct class *c = &b->classes[b->class[commit]];

	refresh((struct bisect *)b);
	return commit && c->prior > 0 ? c->mass * (b->prior[commit] / c->prior) : 0;
}

/**
 * bisect_bits - what is not known yet of which commit it is
 * @b: the bisect
 *
 * Return: bits
 */
double bisect_bits(const struct bisect *b)
{
	double bits = 0;

	for (size_t i = 1; i < b->s.graph->n; i++) {
		double p = bisect_probability(b, i);

		bits -= p > 0 ? p * log2(p) : 0;
	}
	return bits;
}

/**
 * bisect_rates - what is thought of the rates
 * @b: the bisect
 *
 * Return: what to expect; of the rate before, if something changed
 */
struct bisect_rates bisect_rates(const struct bisect *b)
{
	struct bisect_rates r = { 0 };
	double changed = 0;

	refresh((struct bisect *)b);
	for (size_t k = 0; k < b->nr_classes; k++) {
		const struct class *c = &b->classes[k];

		r.after += c->mass * c->view.after;
		r.carry += c->mass * c->view.carry;
		if (!k)
			continue;
		r.before += c->mass * c->view.before;
		changed += c->mass;
	}
	r.before = changed > 0 ? r.before / changed : 0;
	return r;
}

/**
 * bisect_is_its_own - is a commit unlike all that were built before?
 * @b: the bisect
 * @commit: which one
 *
 * Return: false if bisect_same() said what it is the same as: nothing is to be run of it
 */
bool bisect_is_its_own(const struct bisect *b, size_t commit)
{
	return b->same[commit] == commit;
}

/**
 * bisect_is_untestable - can no run of a commit say anything?
 * @b: the bisect
 * @commit: which one
 *
 * Return: whether that was observed, of it or of what it is the same as
 */
bool bisect_is_untestable(const struct bisect *b, size_t commit)
{
	return b->untestable[b->same[commit]];
}

static const struct bisect *sorting;

static int by_probability(const void *x, const void *y)
{
	double one = bisect_probability(sorting, *(const size_t *)x);
	double two = bisect_probability(sorting, *(const size_t *)y);

	if (one != two)
		return one < two ? 1 : -1;
	return *(const size_t *)x < *(const size_t *)y ? -1 : 1;
}

/**
 * bisect_likeliest - the smallest set of commits that holds some share of the
 *	probability that there is a culprit
 * @b: the bisect
 * @share: of it, from 0 to 1
 * @commits: gets them, the likeliest first; has room for all
 *
 * Return: how many
 */
size_t bisect_likeliest(const struct bisect *b, double share, size_t *commits)
{
	double want = share * (1 - bisect_nothing(b)), sum = 0;
	size_t n = 0;

	for (size_t i = 1; i < b->s.graph->n; i++)
		if (bisect_probability(b, i) > 0)
			commits[n++] = i;
	sorting = b;
	qsort(commits, n, sizeof(*commits), by_probability);
	for (size_t i = 0; i < n; i++) {
		sum += bisect_probability(b, commits[i]);
		if (sum >= want)
			return i + 1;
	}
	return n;
}

/* Does a commit tell others apart? One that was run does, if it was left out later, too. */
static bool tells(const struct bisect *b, size_t commit)
{
	size_t slot = b->slot[b->same[commit]];

	return !bisect_is_untestable(b, commit) ||
	       (slot != NO_SLOT && b->places[slot].fresh + b->places[slot].carried);
}

/* Rows of bits: of each commit, which ones that can be tested come after it, or are it */
static uint64_t *tested_after(const struct bisect *b, size_t words)
{
	size_t n = b->s.graph->n;
	uint64_t *rows = need(n * words, sizeof(*rows));

	/* Children stand behind parents. */
	for (size_t i = n; i-- > 0;) {
		const struct graph_node *node = &b->s.graph->nodes[i];
		const uint64_t *own = rows + i * words;

		if (tells(b, i))
			rows[i * words + i / 64] |= 1ULL << i % 64;
		for (size_t p = 0; p < node->nr_parents; p++)
			for (size_t w = i / 64; w < words; w++)
				rows[node->parents[p] * words + w] |= own[w];
	}
	return rows;
}

static uint64_t hash_of(const uint64_t *row, size_t words)
{
	uint64_t hash = 0;

	for (size_t w = 0; w < words; w++)
		hash = (hash ^ row[w]) * 0x9e3779b97f4a7c15 + (hash >> 29);
	return hash;
}

/* The last commit before @i, in order, that the same ones come after */
static size_t like_it(const uint64_t *rows, const uint64_t *hash, size_t words, size_t n, size_t i)
{
	for (size_t k = n; --k > i;)
		if (hash[k] == hash[i] &&
		    !memcmp(rows + k * words, rows + i * words, words * sizeof(*rows)))
			return k;
	return i;
}

/*
 * No test can tell two commits apart that the same testable ones come after: each shows the
 * bug with one of them if, and only if, it does with the other. The last one of such a group
 * stands for all. Each has at most one that can be tested, so others alone are looked at.
 */
static void groups(const struct bisect *b, size_t *group)
{
	size_t n = b->s.graph->n, words = (n + 63) / 64;
	uint64_t *rows, *hash;
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		group[i] = i;
		all &= tells(b, i);
	}
	if (all)
		return;
	rows = tested_after(b, words);
	hash = need(n, sizeof(*hash));
	for (size_t i = 0; i < n; i++)
		hash[i] = hash_of(rows + i * words, words);
	for (size_t i = n; i-- > 0;)
		if (!tells(b, i))
			group[i] = like_it(rows, hash, words, n, i);
	free(rows);
	free(hash);
}

/**
 * bisect_alike - commits that can't be told from one by any test
 * @b: the bisect
 * @commit: that one
 * @commits: gets them, @commit too; has room for all
 *
 * Return: how many
 */
size_t bisect_alike(const struct bisect *b, size_t commit, size_t *commits)
{
	size_t n = 0, *group = need(b->s.graph->n, sizeof(*group));

	groups(b, group);
	for (size_t i = 1; i < b->s.graph->n; i++)
		if (group[i] == group[commit] && bisect_probability(b, i) > 0)
			commits[n++] = i;
	free(group);
	return n;
}

/* Seeds that failed, and were not run at a commit */
static size_t seeds_for(const struct bisect *b, size_t commit)
{
	size_t slot = b->slot[b->same[commit]], n = 0;

	if (b->s.no_carry)
		return 0;
	if (slot == NO_SLOT)
		return b->nr_seeds < RATES_CARRIED ? b->nr_seeds : RATES_CARRIED;
	for (size_t i = 0; i < b->nr_seeds && n < RATES_CARRIED; i++)
		n += !ran_at(&b->seeds[i], slot);
	return n;
}

/* Runs of an end, which say how often seeds fail there */
static struct bisect_step first_batch(const struct bisect *b, size_t end)
{
	return (struct bisect_step){
		.what = BISECT_RUN, .commit = b->same[end], .cost = FIRST_BATCH * b->s.run,
		.fresh = b->s.by_run ? 1 : FIRST_BATCH,
	};
}

/* Does GOOD fail? Seeds that failed elsewhere say so first. */
static struct bisect_step ask_good(const struct bisect *b)
{
	struct bisect_step step = first_batch(b, 0);

	if (!b->s.by_run)
		step.carried = seeds_for(b, 0);
	return step;
}

static bool has_failed(const struct bisect *b, size_t commit)
{
	size_t slot = b->slot[b->same[commit]];

	return slot != NO_SLOT && b->places[slot].fails;
}

/*
 * Is it answered? That nothing changed is no answer before GOOD has failed: whatever speaks
 * for it, where the culprit is one of the first commits the same does, and an answer that
 * says that GOOD fails has to have seen it.
 */
static bool answered(const struct bisect *b, struct bisect_step *step)
{
	size_t n = b->s.graph->n, best = 1, *group;
	double *sum;

	if (bisect_stated(b->classes[0].mass) >= b->s.confidence) {
		*step = (struct bisect_step){ .what = BISECT_NOTHING };
		if (b->untestable[b->same[0]])
			step->what = BISECT_STUCK;
		else if (!has_failed(b, 0))
			*step = ask_good(b);
		return step->what == BISECT_NOTHING || step->what == BISECT_STUCK;
	}
	group = need(n, sizeof(*group));
	sum = need(n, sizeof(*sum));
	groups(b, group);
	for (size_t i = 1; i < n; i++) {
		sum[group[i]] += bisect_probability(b, i);
		if (sum[group[i]] > sum[best])
			best = group[i];
	}
	*step = (struct bisect_step){ .what = BISECT_FOUND, .commit = best };
	if (bisect_stated(sum[best]) < b->s.confidence)
		step->what = BISECT_STUCK;
	free(sum);
	free(group);
	return step->what == BISECT_FOUND;
}

/* ---- what to do next ---------------------------------------------------------------- */

/*
 * Batches that are thought about. Before fresh seeds are run, all that failed elsewhere
 * are. Carried seeds alone may be more than there are: it may pay to look for some first
 * where they are sure to be.
 */
static const struct {
	unsigned int carried;
	unsigned int fresh;
} batches[] = {
	{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 6, 0 }, { 8, 0 },
	{ 8, 1 }, { 8, 2 }, { 8, 4 }, { 8, 8 }, { 8, 16 }, { 8, 32 }, { 8, 64 }, { 8, 128 },
	{ 8, 256 },
};

#define BATCHES	ARRAY_SIZE(batches)

static unsigned int at_most(unsigned int n, size_t most)
{
	return n < most ? n : most;
}

/* Carried seeds of the @i-th batch, with so many at hand */
static unsigned int carried(size_t i, size_t seeds)
{
	return batches[i].fresh ? at_most(batches[i].carried, seeds) : batches[i].carried;
}

/* Can it be run, or be made ready for? */
static bool is_batch(const struct bisect *b, size_t i, size_t seeds)
{
	if (b->s.by_run || b->s.no_carry)
		return b->s.by_run ? batches[i].fresh == 1 : batches[i].fresh;
	return carried(i, seeds) <= seeds + MOST_SOUGHT;
}

static double entropy(double p)
{
	if (p <= 0 || p >= 1)
		return 0;
	return -(p * log2(p) + (1 - p) * log2(1 - p));
}

/*
 * Sums over hypotheses, of the probability that all runs of a batch pass, of its
 * entropy, and of the number of runs: if a commit has the bug, and if it has not
 */
enum { PASS, PASS_BUG, UNSURE, UNSURE_BUG, RUNS, RUNS_BUG, SUMS };

static void expect(const struct class *c, size_t i, size_t seeds, double lost,
		   double sums[SUMS])
{
	struct rates_batch r = rates_expect(&c->view, carried(i, seeds), batches[i].fresh, lost);

	sums[PASS] = r.pass;
	sums[PASS_BUG] = r.pass_bug;
	sums[UNSURE] = entropy(r.pass);
	sums[UNSURE_BUG] = entropy(r.pass_bug);
	sums[RUNS] = r.runs;
	sums[RUNS_BUG] = r.runs_bug;
}

/* How far each commit is from the nearest one of some, before or behind it */
static void distances(const bool *some, size_t n, double *to)
{
	double d = INFINITY;

	for (size_t i = 0; i < n; i++) {
		d = some[i] ? 0 : d + 1;
		to[i] = d;
	}
	d = INFINITY;
	for (size_t i = n; i-- > 0;) {
		d = some[i] ? 0 : d + 1;
		to[i] = fmin(to[i], d);
	}
}

/* How likely it is of each commit that it can't be tested, as far as others are known */
static double *guess_untestable(const struct bisect *b)
{
	size_t n = b->s.graph->n, known = 0, bad = 0;
	double *near = need(n, sizeof(*near)), *good = need(n, sizeof(*good)), rate;

	for (size_t i = 0; i < n; i++) {
		known += b->tested[i] || b->untestable[i];
		bad += b->untestable[i];
	}
	rate = (UNTESTABLE * UNTESTABLE_SURE + bad) / (UNTESTABLE_SURE + known);
	distances(b->untestable, n, near);
	distances(b->tested, n, good);
	for (size_t i = 0; i < n; i++)
		near[i] = b->tested[i] ? 0 :
			  rate + (1 - rate) * UNTESTABLE_NEAR * exp(-near[i] / UNTESTABLE_RUN) *
			  (1 - exp(-good[i] / UNTESTABLE_RUN));
	free(good);
	return near;
}

/**
 * struct choice - what is thought about while a step is chosen
 * @best: so far
 * @worth: its bits for what it costs
 * @seek: some of its seeds have to be found first
 * @bad: of each commit, how likely it can't be tested
 * @seeking: cost of finding one more seed that fails
 * @where: commit that it is looked for at, and can't be carried to
 * @uses: steps that will carry it
 * @patience: how much dearer fresh runs are taken to be where carried ones were run
 */
struct choice {
	struct bisect_step best;
	double worth;
	bool seek;
	const double *bad;
	double seeking;
	size_t where;
	double uses;
	double patience;
};

/* @sums of all hypotheses, each by whether @commit has the bug under it */
static void weigh(const struct bisect *b, struct choice *c, size_t commit, size_t i,
		  size_t seeds, const double *sums)
{
	double bits = entropy(sums[PASS]) - sums[UNSURE];
	double bad = c->bad[commit];
	double cost = sums[RUNS] * b->s.run * (1 - bad);
	unsigned int n = carried(i, seeds);
	double worth;

	bits *= 1 - bad;
	/* A seed that is found is of use to later steps, too, unless this is the end. */
	if (n > seeds)
		cost += (n - seeds) * c->seeking / (b->tested[commit] ? 1 : c->uses);
	if (!b->tested[commit])
		cost += b->s.build[commit];
	/* What a commit shows slowly, later ones will show on the way, if seeds travel. */
	if (b->tested[commit] && !n && !b->s.by_run)
		cost *= c->patience;
	worth = b->s.by_run ? bits : bits / cost;
	if (bits < WORTHLESS || worth <= c->worth || (n > seeds && commit == c->where))
		return;
	c->worth = worth;
	c->seek = n > seeds;
	c->best = (struct bisect_step){
		.what = BISECT_RUN, .commit = commit, .bits = bits, .cost = cost,
		.carried = n, .fresh = batches[i].fresh,
	};
}

/* A commit that was observed: each class says whether it has the bug. */
static void weigh_observed(const struct bisect *b, struct choice *choice, size_t commit)
{
	size_t slot = b->slot[commit], seeds = seeds_for(b, commit);

	for (size_t i = 0; i < BATCHES; i++) {
		double all[SUMS] = { 0 };

		if (!is_batch(b, i, seeds))
			continue;
		for (size_t k = 0; k < b->nr_classes; k++) {
			const struct class *c = &b->classes[k];
			double sums[SUMS];

			if (c->mass < NEGLIGIBLE)
				continue;
			expect(c, i, seeds, b->places[slot].commit <= c->beyond ? c->view.lost : 0,
			       sums);
			for (size_t s = 0; s < SUMS; s += 2)
				all[s] += c->mass * sums[s + c->bug[slot]];
		}
		weigh(b, choice, commit, i, seeds, all);
	}
}

/*
 * Of each batch, and of each commit as a hypothesis, what it adds to sums of commits that are
 * @beyond where seeds may travel to, or not
 */
static double *values_of(const struct bisect *b, size_t seeds, bool beyond,
			 double totals[BATCHES][SUMS])
{
	size_t n = b->s.graph->n, width = BATCHES * (SUMS / 2);
	double *values = need(n * width, sizeof(*values));
	double (*sums)[BATCHES][SUMS] = need(b->nr_classes, sizeof(*sums));

	memset(totals, 0, BATCHES * sizeof(*totals));
	for (size_t k = 0; k < b->nr_classes; k++) {
		const struct class *c = &b->classes[k];

		for (size_t i = 0; c->mass >= NEGLIGIBLE && i < BATCHES; i++) {
			if (!is_batch(b, i, seeds))
				continue;
			expect(c, i, seeds, beyond ? c->view.lost : 0, sums[k][i]);
			/* That nothing changed means that all have the bug. */
			for (size_t s = 0; s < SUMS; s += 2)
				totals[i][s] += c->mass * sums[k][i][s + !k];
		}
	}
	for (size_t h = 1; h < n; h++) {
		double w = bisect_probability(b, h);
		const double (*of)[SUMS] = (const double (*)[SUMS])sums[b->class[h]];

		for (size_t i = 0; w > 0 && i < BATCHES; i++)
			for (size_t s = 0; s < SUMS; s += 2)
				values[h * width + i * (SUMS / 2) + s / 2] =
					w * (of[i][s + 1] - of[i][s]);
	}
	free(sums);
	return values;
}

/* How likely it is that seeds were lost somewhere */
static double lost_at_all(const struct bisect *b)
{
	double lost = 0;

	for (size_t k = 0; k < b->nr_classes; k++)
		lost += b->classes[k].mass * b->classes[k].view.lost;
	return lost;
}

/* The last commit that seeds may not travel to, as one of those classes has it that count */
static size_t beyond_all(const struct bisect *b, double lost)
{
	size_t beyond = 0;

	for (size_t k = 0; k < b->nr_classes; k++) {
		const struct class *c = &b->classes[k];

		if (c->mass * c->view.lost > FEW * lost && c->beyond > beyond)
			beyond = c->beyond;
	}
	return beyond;
}

/* Commits that were not observed, from @first to before @end */
static void weigh_some(const struct bisect *b, struct choice *choice, size_t first, size_t end,
		       bool beyond)
{
	size_t n = b->s.graph->n, width = BATCHES * (SUMS / 2);
	size_t seeds = b->s.no_carry ? 0 : at_most(RATES_CARRIED, b->nr_seeds);
	double totals[BATCHES][SUMS];
	double *values = values_of(b, seeds, beyond, totals);
	double *sums = need(n * width, sizeof(*sums));

	graph_sum(b->s.graph, values, width, sums);
	for (size_t y = first; y < end; y++) {
		if (b->slot[y] != NO_SLOT || b->untestable[y] || b->same[y] != y)
			continue;
		for (size_t i = 0; i < BATCHES; i++) {
			double all[SUMS] = { 0 };

			if (!is_batch(b, i, seeds))
				continue;
			for (size_t s = 0; s < SUMS; s += 2)
				all[s] = totals[i][s] + sums[y * width + i * (SUMS / 2) + s / 2];
			weigh(b, choice, y, i, seeds, all);
		}
	}
	free(sums);
	free(values);
}

static void weigh_others(const struct bisect *b, struct choice *choice)
{
	double lost = lost_at_all(b);
	size_t split = lost > 0 ? beyond_all(b, lost) + 1 : 0;

	if (split)
		weigh_some(b, choice, 0, split, true);
	weigh_some(b, choice, split, b->s.graph->n, false);
}

/* The first commit that is all but sure to have the bug and was run; BAD is one. */
static size_t surely_bad(const struct bisect *b)
{
	for (size_t y = 0; y < b->s.graph->n; y++) {
		double bug = 0;

		if (b->slot[y] == NO_SLOT || !b->tested[y] || b->untestable[y])
			continue;
		for (size_t k = 0; k < b->nr_classes; k++)
			if (b->classes[k].bug[b->slot[y]])
				bug += b->classes[k].mass;
		if (bug > SURE)
			return y;
	}
	return b->same[b->s.graph->n - 1];
}

/* Look for a seed that fails where seeds fail. */
static struct bisect_step seek(const struct bisect *b, size_t where, double after)
{
	unsigned int fresh = 1;

	while (fresh < 2 / after && fresh < 256)
		fresh *= 2;
	return (struct bisect_step){
		.what = BISECT_RUN, .commit = where, .fresh = fresh,
		.cost = b->s.run / after,
	};
}

/**
 * bisect_next - what to do next
 * @b: the bisect
 *
 * Nothing is asked of other commits until BAD has failed: how often is not known, and
 * no run that passes says anything until then. After that it is the step that teaches
 * the most for what it costs.
 *
 * Return: the step
 */
struct bisect_step bisect_next(struct bisect *b)
{
	size_t last = b->s.graph->n - 1;
	struct choice c = { 0 };
	struct bisect_step end;
	double after, *bad;

	refresh(b);
	if (!b->fails)
		return first_batch(b, last);
	if (answered(b, &end))
		return end;
	if (end.what == BISECT_RUN)
		return end;
	bad = guess_untestable(b);
	c.bad = bad;
	after = bisect_rates(b).after;
	c.seeking = b->s.run / after;
	c.where = surely_bad(b);
	c.uses = 1 + USES * bisect_bits(b);
	c.patience = 1 + PATIENCE * bisect_bits(b) * pow(bisect_rates(b).carry, 2) *
		     pow(1 - lost_at_all(b), 4);
	for (size_t y = 0; y <= last; y++)
		if (b->slot[y] != NO_SLOT && !b->untestable[y])
			weigh_observed(b, &c, y);
	weigh_others(b, &c);
	free(bad);
	if (c.seek)
		return seek(b, c.where, after);
	return c.worth > 0 ? c.best : end;
}

/* A seed that failed at other commits before is likelier to do so again. */
static int promise(const struct seed *s)
{
	return (int)(2 * s->fails) - (int)s->n;
}

/**
 * bisect_seed - a seed of a step
 * @b: the bisect, nothing observed since
 * @step: from bisect_next()
 * @i: which one, below @step->carried + @step->fresh
 *
 * Return: it
 */
uint64_t bisect_seed(struct bisect *b, const struct bisect_step *step, size_t i)
{
	size_t slot = b->slot[b->same[step->commit]], n = 0;
	uint64_t order[RATES_CARRIED] = { 0 };
	int worth[RATES_CARRIED];

	if (i >= step->carried)
		return b->fresh + (i - step->carried);
	for (size_t k = 0; k < b->nr_seeds; k++) {
		const struct seed *s = &b->seeds[k];
		int w = promise(s);
		size_t at;

		if (slot != NO_SLOT && ran_at(s, slot))
			continue;
		/* Insert it where it belongs among the best. */
		for (at = n < RATES_CARRIED ? n++ : n; at && worth[at - 1] < w; at--) {
			if (at == RATES_CARRIED)
				continue;
			worth[at] = worth[at - 1];
			order[at] = order[at - 1];
		}
		if (at < RATES_CARRIED) {
			worth[at] = w;
			order[at] = s->seed;
		}
	}
	return order[i];
}
