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

#include "bisect/state.h"
#include "lib/util.h"

/* How much a prior is believed: the rest is spread evenly, as it may be wrong. */
#define TRUST		0.5

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

/**
 * bisect_refresh - find how much each class has of the probability now
 * @b: the bisect
 */
void bisect_refresh(struct bisect *b)
{
	double best = -INFINITY, sum = 0;

	if (!b->stale)
		return;
	bisect_travel(b);
	for (size_t k = 0; k < b->nr_classes; k++) {
		struct class *c = &b->classes[k];
		double counts[RATES_COUNTS];
		struct rates_lost lost;

		c->mass = 0;
		if (c->prior <= 0)
			continue;
		memcpy(counts, c->counts, sizeof(counts));
		bisect_count_crossed(b, c, counts);
		lost = bisect_lost(b, c, counts);
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

/**
 * bisect_ran_at - was a seed run at a commit?
 * @s: one that failed somewhere
 * @slot: of the commit
 *
 * Return: whether it was
 */
bool bisect_ran_at(const struct seed *s, size_t slot)
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
	if (s && !bisect_ran_at(s, slot))
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
	if (s && bisect_ran_at(s, slot))
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
	bisect_refresh((struct bisect *)b);
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

	bisect_refresh((struct bisect *)b);
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

	bisect_refresh((struct bisect *)b);
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

/**
 * bisect_groups - which commits can no test tell apart?
 * @b: the bisect
 * @group: gets of each commit the last one that is in a group with it
 *
 * No test can tell two commits apart that the same testable ones come after: each shows the
 * bug with one of them if, and only if, it does with the other. The last one of such a group
 * stands for all. Each has at most one that can be tested, so others alone are looked at.
 */
void bisect_groups(const struct bisect *b, size_t *group)
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

	bisect_groups(b, group);
	for (size_t i = 1; i < b->s.graph->n; i++)
		if (group[i] == group[commit] && bisect_probability(b, i) > 0)
			commits[n++] = i;
	free(group);
	return n;
}
