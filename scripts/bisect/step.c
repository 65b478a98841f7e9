// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to do next: is it answered, and if not, which runs teach the most for what they cost?
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bisect/state.h"
#include "lib/util.h"

/* A class with less than this is not thought about when a step is chosen. */
#define NEGLIGIBLE	0.0000001
/* Classes with a smaller share of what is lost do not say where. */
#define FEW		0.05
/* Bits that are not worth a run, however cheap it is */
#define WORTHLESS	0.0001
/* Failing seeds that are looked for ahead of a step, at most */
#define MOST_SOUGHT	3
/* Steps that such a seed is of use to, for each bit that is to be learned */
#define USES		0.5
/* How much is left to later steps, for each bit that is to be learned, if all seeds travel */
#define PATIENCE	2.0
/* From this probability on a commit has the bug for sure. */
#define SURE		0.99
/* Fresh seeds of the first batch at BAD, and of each after that */
#define FIRST_BATCH	16
/*
 * How likely a commit can't be tested: of all together at first, and with an untestable
 * one near by. Those that break the build are mended some commits later.
 */
#define UNTESTABLE	0.05
#define UNTESTABLE_SURE	10.0
#define UNTESTABLE_NEAR	0.8
#define UNTESTABLE_RUN	4.0

/* Seeds that failed, and were not run at a commit */
static size_t seeds_for(const struct bisect *b, size_t commit)
{
	size_t slot = b->slot[b->same[commit]], n = 0;

	if (b->s.no_carry)
		return 0;
	if (slot == NO_SLOT)
		return b->nr_seeds < RATES_CARRIED ? b->nr_seeds : RATES_CARRIED;
	for (size_t i = 0; i < b->nr_seeds && n < RATES_CARRIED; i++)
		n += !bisect_ran_at(&b->seeds[i], slot);
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
	bisect_groups(b, group);
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

	bisect_refresh(b);
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

		if (slot != NO_SLOT && bisect_ran_at(s, slot))
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
