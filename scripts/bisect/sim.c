// SPDX-License-Identifier: GPL-2.0-only
/*
 * A world that is made up: a history, a culprit, and what each seed shows at each
 * commit. Searches are tried on it, and the truth is known.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "bisect/sim.h"
#include "lib/util.h"

/* Branches: one in so many commits of the trunk, their length, how far back they begin */
#define BRANCH_ONE_IN	6
#define BRANCH_LENGTH	8
#define BRANCH_BACK	12
/* Commits in a row that can't be tested, at most */
#define UNTESTABLE_ROW	7

/**
 * struct world - a history and the truth of it
 * @kind: what it is like
 * @graph: the history
 * @culprit: the commit that broke it, or 0
 * @bug: of each commit
 * @untestable: of each commit
 * @built: of each commit, by the search
 * @prior: of each commit, as the engine is told
 * @shift: of each commit, the last one up to it that has all seeds show something else
 * @failed: seeds that have failed, and whether that was for the bug
 * @nr_failed: how many
 * @random: state of the generator of the history
 * @seed: of what seeds show
 * @r: what the search has taken
 */
struct world {
	const struct sim_kind *kind;
	struct graph graph;
	size_t culprit;
	bool *bug;
	bool *untestable;
	bool *built;
	double *prior;
	size_t *shift;
	struct {
		uint64_t seed;
		bool of_bug;
	} *failed;
	size_t nr_failed;
	uint64_t random;
	uint64_t seed;
	struct sim_result r;
};

/* splitmix64 */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = mix(*state);
	return *state % below;
}

static double share(uint64_t z)
{
	return (double)(mix(z) >> 11) / (1ULL << 53);
}

/* A branch that leaves the trunk some commits ago, and the commit that merges it */
static size_t add_branch(struct graph *g, size_t trunk, size_t most, uint64_t *random)
{
	size_t back = draw(random, BRANCH_BACK), length = 1 + draw(random, BRANCH_LENGTH);
	size_t tip = trunk;

	while (back-- && tip)
		tip = g->nodes[tip].nr_parents ? g->nodes[tip].parents[0] : 0;
	while (length-- && g->n < most) {
		graph_add(g, &tip, 1);
		tip = g->n - 1;
	}
	graph_add(g, (size_t[]){ trunk, tip }, 2);
	return g->n - 1;
}

/**
 * sim_graph - make a history up
 * @g: gets it, ready for use; to be freed with graph_free()
 * @commits: candidates in it
 * @merges: branches leave the trunk and are merged
 * @seed: another one makes another history
 */
void sim_graph(struct graph *g, size_t commits, bool merges, uint64_t seed)
{
	uint64_t random = mix(seed);
	size_t trunk = 0;

	graph_init(g);
	while (g->n <= commits) {
		if (merges && g->n + 2 <= commits && !draw(&random, BRANCH_ONE_IN)) {
			trunk = add_branch(g, trunk, commits, &random);
			continue;
		}
		graph_add(g, &trunk, 1);
		trunk = g->n - 1;
	}
	graph_close(g);
}

/* From 1 to 1024, each power of two as often as any other */
static void draw_prior(struct world *w)
{
	w->prior[0] = 0;
	for (size_t i = 1; i < w->graph.n; i++)
		w->prior[i] = w->kind->prior == SIM_NO_PRIOR ? 1 : 1 << draw(&w->random, 11);
}

static size_t draw_culprit(struct world *w)
{
	double sum = 0, at;
	size_t i = 1;

	if (w->kind->prior != SIM_RIGHT_PRIOR)
		return 1 + draw(&w->random, w->graph.n - 1);
	for (size_t k = 1; k < w->graph.n; k++)
		sum += w->prior[k];
	at = sum * share(draw(&w->random, UINT64_MAX));
	while (i < w->graph.n - 1 && at >= w->prior[i])
		at -= w->prior[i++];
	return i;
}

static void make_world(struct world *w, const struct sim_kind *kind, uint64_t seed)
{
	size_t n, bad = 0;

	*w = (struct world){ .kind = kind, .random = mix(seed), .seed = mix(~seed) };
	sim_graph(&w->graph, kind->commits, kind->merges, mix(w->random));
	n = w->graph.n;
	w->bug = need(n, sizeof(*w->bug));
	w->untestable = need(n, sizeof(*w->untestable));
	w->built = need(n, sizeof(*w->built));
	w->prior = need(n, sizeof(*w->prior));
	w->shift = need(n, sizeof(*w->shift));
	w->r.changed = share(draw(&w->random, UINT64_MAX)) >= kind->nothing;
	draw_prior(w);
	w->culprit = w->r.changed ? draw_culprit(w) : 0;
	while (bad < kind->untestable * n && n > 2) {
		size_t at = 1 + draw(&w->random, n - 2);
		size_t row = 1 + draw(&w->random, UNTESTABLE_ROW);

		for (; row-- && at < n - 1; at++) {
			bad += !w->untestable[at];
			w->untestable[at] = true;
		}
	}
	/* Parents stand before children. */
	for (size_t i = 0; i < n; i++) {
		w->bug[i] = !w->culprit || i == w->culprit;
		for (size_t k = 0; k < w->graph.nodes[i].nr_parents; k++)
			w->bug[i] |= w->bug[w->graph.nodes[i].parents[k]];
		w->shift[i] = i;
		if (w->graph.nodes[i].nr_parents &&
		    (kind->shift <= 0 || share(draw(&w->random, UINT64_MAX)) >= kind->shift))
			w->shift[i] = w->shift[w->graph.nodes[i].parents[0]];
	}
}

static void free_world(struct world *w)
{
	graph_free(&w->graph);
	free(w->bug);
	free(w->untestable);
	free(w->built);
	free(w->prior);
	free(w->shift);
	free(w->failed);
}

/* How likely a seed fails; one that has failed may do so again, for what it failed for. */
static double rate_of(const struct world *w, bool bug, uint64_t seed, bool *known)
{
	double rate = bug ? w->kind->after : w->kind->before;

	*known = false;
	for (size_t i = 0; i < w->nr_failed && !*known; i++) {
		if (w->failed[i].seed != seed)
			continue;
		*known = true;
		if (bug || !w->failed[i].of_bug)
			rate = w->kind->carry + (1 - w->kind->carry) * rate;
	}
	return rate;
}

/* Some fail with the bug for what is there without it. */
static void note_failed(struct world *w, bool bug, uint64_t seed)
{
	double other = w->kind->before / w->kind->after;

	w->failed = grow(w->failed, w->nr_failed + 1, sizeof(*w->failed));
	w->failed[w->nr_failed].seed = seed;
	w->failed[w->nr_failed++].of_bug = bug && share(w->seed ^ mix(~seed)) >= other;
}

/* The last commit up to @at that had a seed show something else */
static size_t shift_of(const struct world *w, size_t at, uint64_t seed)
{
	for (;;) {
		at = w->shift[at];
		if (!w->graph.nodes[at].nr_parents ||
		    share(w->seed ^ mix(seed) ^ mix(at + (1ULL << 41))) >= w->kind->carry)
			return at;
		at = w->graph.nodes[at].parents[0];
	}
}

static bool fails(struct world *w, size_t commit, uint64_t seed)
{
	const struct sim_kind *kind = w->kind;
	bool bug = w->bug[commit], known, fail;
	double rate;

	if (kind->shift > 0)
		return share(w->seed ^ mix(seed) ^
			     mix(shift_of(w, commit, seed) + (1ULL << 40))) <
		       (bug ? kind->after : kind->before);
	rate = rate_of(w, bug, seed, &known);
	fail = share(w->seed ^ mix(seed) ^ mix(commit + (1ULL << 40))) < rate;
	if (fail && !known)
		note_failed(w, bug, seed);
	return fail;
}

/* What a seed shows; the same each time */
static enum bisect_outcome run_seed(struct world *w, size_t commit, uint64_t seed,
				    const struct sim_limits *limits)
{
	if (!w->built[commit]) {
		w->built[commit] = true;
		w->r.builds++;
		w->r.cost += limits->build;
	}
	if (w->untestable[commit])
		return BISECT_UNTESTABLE;
	w->r.runs++;
	w->r.cost += limits->run;
	return fails(w, commit, seed) ? BISECT_FAIL : BISECT_PASS;
}

/* ---- searches -------------------------------------------------------------------- */

static void do_step(struct world *w, struct bisect *b, const struct bisect_step *step,
		    const struct sim_limits *limits)
{
	size_t n = step->carried + step->fresh;
	uint64_t *seeds = need(n, sizeof(*seeds));
	enum bisect_outcome outcome = BISECT_PASS;

	for (size_t i = 0; i < n; i++)
		seeds[i] = bisect_seed(b, step, i);
	for (size_t i = 0; i < n && outcome == BISECT_PASS && w->r.runs < limits->runs; i++) {
		outcome = run_seed(w, step->commit, seeds[i], limits);
		bisect_observe(b, step->commit, seeds[i], outcome);
	}
	free(seeds);
}

static bool holds(const size_t *commits, size_t n, size_t commit)
{
	for (size_t i = 0; i < n; i++)
		if (commits[i] == commit)
			return true;
	return false;
}

static void judge(struct world *w, struct bisect *b, const struct bisect_step *end)
{
	size_t *commits = need(w->graph.n, sizeof(*commits)), n;

	w->r.answered = end->what == BISECT_FOUND || end->what == BISECT_NOTHING;
	if (end->what == BISECT_NOTHING) {
		w->r.right = !w->culprit;
		w->r.stated = bisect_stated(bisect_nothing(b));
	} else if (end->what == BISECT_FOUND) {
		n = bisect_alike(b, end->commit, commits);
		w->r.right = holds(commits, n, w->culprit);
		for (size_t i = 0; i < n; i++)
			w->r.stated += bisect_probability(b, commits[i]);
		w->r.stated = bisect_stated(w->r.stated);
	} else {
		n = bisect_likeliest(b, .95, commits);
		w->r.right = w->culprit ? holds(commits, n, w->culprit) : bisect_nothing(b) > .05;
	}
	free(commits);
}

static void search_with_engine(struct world *w, const struct sim_limits *limits, bool greedy)
{
	double *build = need(w->graph.n, sizeof(*build));
	struct bisect_step step;
	struct bisect *b;

	for (size_t i = 0; i < w->graph.n; i++)
		build[i] = limits->build;
	b = bisect_new(&(struct bisect_setup){
		.graph = &w->graph, .prior = w->prior, .nothing = greedy ? 0 : BISECT_PRIOR_NOTHING,
		.confidence = limits->confidence, .run = limits->run, .build = build,
		.no_carry = greedy, .by_run = greedy,
	});
	do {
		step = bisect_next(b);
		if (step.what == BISECT_RUN)
			do_step(w, b, &step, limits);
	} while (step.what == BISECT_RUN && w->r.runs < limits->runs);
	judge(w, b, &step);
	bisect_free(b);
	free(build);
}

/* The commit that has nearest to half of the candidates among its ancestors */
static size_t middle(const struct world *w, const bool *candidate, const bool *skipped)
{
	size_t n = w->graph.n, all = 0, best = 0, best_of = 0;
	double *one = need(n, sizeof(*one)), *sums = need(n, sizeof(*sums));

	for (size_t i = 1; i < n; i++) {
		one[i] = candidate[i];
		all += candidate[i];
	}
	graph_sum(&w->graph, one, 1, sums);
	for (size_t i = 1; i < n; i++) {
		size_t of = sums[i], worth = of < all - of ? of : all - of;

		if (!candidate[i] || skipped[i] || worth <= best_of)
			continue;
		best = i;
		best_of = worth;
	}
	free(one);
	free(sums);
	return best;
}

static void search_by_halves(struct world *w, const struct sim_limits *limits)
{
	size_t n = w->graph.n, at;
	bool *candidate = need(n, sizeof(*candidate)), *skipped = need(n, sizeof(*skipped));
	bool *is = need(n, sizeof(*is));
	uint64_t seed = 1;

	for (size_t i = 1; i < n; i++)
		candidate[i] = true;
	while ((at = middle(w, candidate, skipped)) && w->r.runs < limits->runs) {
		enum bisect_outcome outcome = BISECT_PASS;

		for (size_t i = 0; i < limits->repeats && outcome == BISECT_PASS; i++)
			outcome = run_seed(w, at, seed++, limits);
		if (outcome == BISECT_UNTESTABLE) {
			skipped[at] = true;
			continue;
		}
		graph_ancestors(&w->graph, at, is);
		for (size_t i = 1; i < n; i++)
			candidate[i] &= (outcome == BISECT_FAIL) == is[i];
	}
	w->r.answered = !at;
	/* What is left can't be told apart: git says all of them. */
	w->r.right = candidate[w->culprit];
	free(candidate);
	free(skipped);
	free(is);
}

/**
 * sim_run - make a history up, and search it
 * @kind: what it is like
 * @limits: what the search may cost
 * @how: the search
 * @seed: of the history, the truth and all that runs show
 *
 * Return: how it ended
 */
struct sim_result sim_run(const struct sim_kind *kind, const struct sim_limits *limits,
			  enum sim_search how, uint64_t seed)
{
	struct world w;

	make_world(&w, kind, seed);
	if (how == SIM_BINARY)
		search_by_halves(&w, limits);
	else
		search_with_engine(&w, limits, how == SIM_GREEDY);
	free_world(&w);
	return w.r;
}
