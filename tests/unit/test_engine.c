// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/bisect/: what it makes of observations, beside an enumeration of all
 * hypotheses, one by one.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bisect/rates.h"
#include "bisect/sim.h"
#include "lib/util.h"

#define NOTHING	0.25
#define RUNS	60
#define CLOSE	0.000000001

/* A run, in the order in which it was made */
struct seen {
	size_t commit;
	uint64_t seed;
	bool fail;
};

static uint64_t state = 1;

static size_t draw(size_t below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % below;
}

/* Is @a an ancestor of @b, or @b? By the parents alone. */
static bool leads_to(const struct graph *g, size_t a, size_t b)
{
	if (a == b)
		return true;
	for (size_t i = 0; i < g->nodes[b].nr_parents; i++)
		if (leads_to(g, a, g->nodes[b].parents[i]))
			return true;
	return false;
}

/* Log of the probability of all that was seen if @culprit is it; 0 is that none is. */
static double evidence(const struct graph *g, size_t culprit, const struct seen *seen, size_t n)
{
	double counts[RATES_COUNTS] = { 0 };
	struct rates_view v = { 0 };
	double e;

	for (size_t i = 0; i < n; i++) {
		bool bug = !culprit || leads_to(g, culprit, seen[i].commit);
		const struct seen *first = NULL;
		bool carried, old, crossed, other = false, told = false;

		/* Where the seed failed first, before this */
		for (size_t k = 0; k < i && !first; k++)
			if (seen[k].seed == seen[i].seed && seen[k].fail)
				first = &seen[k];
		old = first && culprit && !leads_to(g, culprit, first->commit);
		carried = first && (bug || old);
		crossed = first && !carried;
		/* What the seed did elsewhere without the bug, before and after this */
		for (size_t k = 0; crossed && k < n; k++) {
			if (seen[k].seed != seen[i].seed || &seen[k] == first ||
			    leads_to(g, culprit, seen[k].commit))
				continue;
			other |= seen[k].fail;
			told |= k < i && seen[k].fail == seen[i].fail;
		}
		/* One that failed once travels as any other; one that did not says so once. */
		if (crossed && !other && told)
			continue;
		if (crossed && other && (told || !seen[i].fail)) {
			counts[seen[i].fail ? CARRIED_FAIL : CARRIED_PASS]++;
			continue;
		}
		counts[(crossed ? CROSSED_FAIL : (carried ? CARRIED_FAIL_BUG : FRESH_FAIL_BUG) +
			(bug ? 0 : 2)) + (seen[i].fail ? 0 : 1)]++;
	}
	rates_view(counts, NULL, &v);
	e = v.evidence;
	rates_free(&v);
	return e;
}

static void enumerate(const struct graph *g, const struct seen *seen, size_t n, double *p)
{
	double best = -INFINITY, sum = 0;

	for (size_t c = 0; c < g->n; c++) {
		p[c] = log(c ? (1 - NOTHING) / (g->n - 1) : NOTHING) + evidence(g, c, seen, n);
		best = fmax(best, p[c]);
	}
	for (size_t c = 0; c < g->n; c++)
		sum += p[c] = exp(p[c] - best);
	for (size_t c = 0; c < g->n; c++)
		p[c] /= sum;
}

static struct bisect *begin(const struct graph *g, const double *build)
{
	return bisect_new(&(struct bisect_setup){
		.graph = g, .nothing = NOTHING, .confidence = .95, .run = 1, .build = build,
	});
}

/* One that thinks of no commit that has all schedules change */
static struct bisect *begin_steady(const struct graph *g, const double *build)
{
	return bisect_new(&(struct bisect_setup){
		.graph = g, .nothing = NOTHING, .confidence = .95, .run = 1, .build = build,
		.steady = true,
	});
}

static double probability(const struct bisect *b, size_t c)
{
	return c ? bisect_probability(b, c) : bisect_nothing(b);
}

/* Runs of some commits, most of them fresh, others of seeds that were run before */
static size_t make_runs(const struct graph *g, struct seen *seen, size_t most)
{
	size_t n = 0;

	while (n < most) {
		struct seen s = {
			.commit = draw(g->n), .fail = !draw(4),
			.seed = n && !draw(3) ? seen[draw(n)].seed : n + 1,
		};
		bool failed = false, twice = false;

		for (size_t i = 0; i < n; i++) {
			failed |= seen[i].seed == s.seed && seen[i].fail;
			twice |= seen[i].seed == s.seed && seen[i].commit == s.commit;
		}
		/* What passed is carried nowhere. */
		if (s.seed != n + 1 && (!failed || twice))
			continue;
		seen[n++] = s;
	}
	return n;
}

static void observe(struct bisect *b, const struct seen *s)
{
	bisect_observe(b, s->commit, s->seed, s->fail ? BISECT_FAIL : BISECT_PASS);
}

static void agrees_with_an_enumeration(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 40; round++) {
		struct seen seen[RUNS];
		double p[16], build[16] = { 0 };
		struct bisect *b;
		struct graph g;
		size_t n;

		sim_graph(&g, 4 + draw(10), round % 2, round);
		b = begin_steady(&g, build);
		n = make_runs(&g, seen, 1 + draw(RUNS));
		for (size_t i = 0; i < n; i++)
			observe(b, &seen[i]);
		enumerate(&g, seen, n, p);
		for (size_t c = 0; c < g.n; c++)
			if (fabs(p[c] - probability(b, c)) > CLOSE)
				fail_msg("round %zu, commit %zu: %g, but %g", (size_t)round, c,
					 probability(b, c), p[c]);
		bisect_free(b);
		graph_free(&g);
	}
}

/* Runs of one seed stand in an order; those of different ones do not. */
static void order_does_not_matter(void **state)
{
	struct seen seen[RUNS];
	double build[16] = { 0 };
	struct bisect *one, *two;
	struct graph g;
	size_t n;

	(void)state;
	sim_graph(&g, 12, true, 7);
	one = begin(&g, build);
	two = begin(&g, build);
	n = make_runs(&g, seen, RUNS);
	for (size_t i = 0; i < n; i++)
		observe(one, &seen[i]);
	/* Seed by seed, the last one first */
	for (size_t seed = n + 1; seed--;)
		for (size_t i = 0; i < n; i++)
			if (seen[i].seed == seed)
				observe(two, &seen[i]);
	for (size_t c = 0; c < g.n; c++)
		assert_true(fabs(probability(one, c) - probability(two, c)) < CLOSE);
	bisect_free(one);
	bisect_free(two);
	graph_free(&g);
}

/* How likely it is that a commit has the bug */
static double has_bug(const struct graph *g, const struct bisect *b, size_t commit)
{
	double sum = bisect_nothing(b);

	for (size_t c = 1; c < g->n; c++)
		if (leads_to(g, c, commit))
			sum += bisect_probability(b, c);
	return sum;
}

static void a_pass_is_no_reason_for_suspicion(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 40; round++) {
		double build[16] = { 0 };
		struct bisect *b;
		struct graph g;

		sim_graph(&g, 12, round % 2, round);
		b = begin(&g, build);
		for (uint64_t seed = 1; seed < 40; seed++) {
			size_t commit = draw(g.n);
			double before = has_bug(&g, b, commit);
			bool fail = commit == g.n - 1 && !draw(3);

			bisect_observe(b, commit, seed, fail ? BISECT_FAIL : BISECT_PASS);
			if (fail)
				assert_true(has_bug(&g, b, commit) >= before - CLOSE);
			else
				assert_true(has_bug(&g, b, commit) <= before + CLOSE);
		}
		bisect_free(b);
		graph_free(&g);
	}
}

/* The chances of all that can happen come to one, for each kind of run. */
static void chances_come_to_one(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < RATES_COUNTS; kind += 2) {
		struct rates_view v = { 0 };
		double sum = 0;

		for (size_t fails = 0; fails <= 3; fails++) {
			double counts[RATES_COUNTS] = { [FRESH_FAIL_BUG] = 2, [FRESH_PASS] = 5 };
			double given, ways = fails == 1 || fails == 2 ? 3 : 1;

			rates_view(counts, NULL, &v);
			given = v.evidence;
			counts[kind] += fails;
			counts[kind + 1] += 3 - fails;
			rates_view(counts, NULL, &v);
			sum += ways * exp(v.evidence - given);
		}
		rates_free(&v);
		assert_true(fabs(sum - 1) < 0.000001);
	}
}

static void sums_are_over_all_ancestors(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 20; round++) {
		struct graph g;
		double values[64], sums[64];

		sim_graph(&g, 20 + draw(40), true, round);
		for (size_t i = 0; i < g.n; i++)
			values[i] = draw(100);
		graph_sum(&g, values, 1, sums);
		for (size_t i = 0; i < g.n; i++) {
			double sum = 0;

			for (size_t a = 0; a < g.n; a++)
				sum += leads_to(&g, a, i) ? values[a] : 0;
			assert_true(sum == sums[i]);
		}
		graph_free(&g);
	}
}

/* A line of commits of which the @first to @last can't be tested */
static struct bisect *with_gap(struct graph *g, const double *build, size_t first, size_t last)
{
	struct bisect *b;

	sim_graph(g, 12, false, 1);
	b = begin(g, build);
	for (size_t i = first; i <= last; i++)
		bisect_observe(b, i, 0, BISECT_UNTESTABLE);
	for (uint64_t seed = 1; seed < 30; seed++) {
		bisect_observe(b, last + 1, seed, BISECT_FAIL);
		bisect_observe(b, g->n - 1, seed + 100, BISECT_FAIL);
		bisect_observe(b, first - 1, seed + 200, BISECT_PASS);
		bisect_observe(b, 0, seed + 300, BISECT_PASS);
	}
	return b;
}

/* The answer is that it is one of @n commits from @first on, and no test tells which. */
static void assert_one_of(struct bisect *b, size_t first, size_t n)
{
	struct bisect_step step = bisect_next(b);
	size_t commits[16];

	assert_int_equal(step.what, BISECT_FOUND);
	assert_int_equal(bisect_alike(b, step.commit, commits), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(commits[i], first + i);
}

static void what_no_test_tells_apart_is_said_together(void **state)
{
	double build[16] = { 0 };
	struct bisect *b;
	struct graph g;

	(void)state;
	b = with_gap(&g, build, 5, 7);
	assert_one_of(b, 5, 4);
	bisect_free(b);
	graph_free(&g);
}

/* What made no difference to what is run made none to the test. */
static void commits_that_are_the_same_hold_no_culprit(void **state)
{
	double build[16] = { 0 };
	size_t commits[16];
	struct bisect_step step;
	struct bisect *b;
	struct graph g;

	(void)state;
	b = with_gap(&g, build, 5, 7);
	bisect_same(b, 8, 7);
	assert_true(bisect_probability(b, 8) == 0);
	bisect_free(b);
	graph_free(&g);

	sim_graph(&g, 12, false, 1);
	b = begin(&g, build);
	for (uint64_t seed = 1; seed < 30; seed++) {
		bisect_observe(b, 12, seed, BISECT_FAIL);
		bisect_observe(b, 6, seed + 100, BISECT_FAIL);
		bisect_observe(b, 3, seed + 200, BISECT_PASS);
	}
	bisect_same(b, 5, 6);
	assert_true(bisect_probability(b, 6) == 0);
	assert_true(bisect_probability(b, 5) > .4);
	bisect_same(b, 4, 3);
	step = bisect_next(b);
	assert_int_equal(step.what, BISECT_FOUND);
	assert_int_equal(bisect_alike(b, step.commit, commits), 1);
	assert_int_equal(commits[0], 5);
	bisect_free(b);
	graph_free(&g);
}

static void nothing_is_asked_until_bad_has_failed(void **state)
{
	double build[16] = { 0 };
	struct bisect_step step;
	struct bisect *b;
	struct graph g;

	(void)state;
	sim_graph(&g, 12, false, 1);
	b = begin(&g, build);
	for (uint64_t seed = 1; seed < 100; seed++) {
		step = bisect_next(b);
		assert_int_equal(step.what, BISECT_RUN);
		assert_int_equal(step.commit, 12);
		assert_int_equal(step.carried, 0);
		bisect_observe(b, 12, bisect_seed(b, &step, 0), BISECT_PASS);
	}
	bisect_free(b);
	b = begin(&g, build);
	/* A seed that somebody brings is carried from BAD, and says nothing of rates. */
	bisect_know_seed(b, 4711);
	step = bisect_next(b);
	assert_int_not_equal(step.commit, 12);
	assert_true(step.carried >= 1);
	assert_int_equal(bisect_seed(b, &step, 0), 4711);
	bisect_free(b);
	graph_free(&g);
}

/* Both ends fail alike: no commit is to blame. */
static void says_that_nothing_changed(void **state)
{
	struct sim_kind kind = { .commits = 64, .after = .3, .nothing = 1 };
	struct sim_limits limits = { .runs = 1000, .run = 1, .build = 40, .confidence = .95 };
	size_t right = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		kind.merges = seed % 2;
		right += sim_run(&kind, &limits, SIM_ENGINE, seed).right;
	}
	assert_true(right >= 198);
}

/* Two branches that both fail leave GOOD alone: it is asked before it is blamed. */
static void good_is_seen_before_it_is_blamed(void **state)
{
	double build[16] = { 0 };
	struct bisect_step step;
	struct bisect *b;
	struct graph g;

	(void)state;
	graph_init(&g);
	graph_add(&g, (size_t[]){ 0 }, 1);
	graph_add(&g, (size_t[]){ 0 }, 1);
	graph_add(&g, (size_t[]){ 1, 2 }, 2);
	graph_close(&g);
	b = begin(&g, build);
	for (uint64_t seed = 1; seed < 30; seed++)
		for (size_t commit = 1; commit < 4; commit++)
			bisect_observe(b, commit, 100 * commit + seed, BISECT_FAIL);
	assert_true(bisect_nothing(b) > .99);
	step = bisect_next(b);
	assert_int_equal(step.what, BISECT_RUN);
	assert_int_equal(step.commit, 0);
	assert_int_equal(step.carried, RATES_CARRIED);
	assert_true(step.fresh > 0);
	/* That it passes once does not make it fail. */
	bisect_observe(b, 0, 999, BISECT_PASS);
	assert_int_equal(bisect_next(b).what, BISECT_RUN);
	bisect_observe(b, 0, 1000, BISECT_FAIL);
	step = bisect_next(b);
	assert_true(step.what == BISECT_NOTHING || step.commit == 0);
	bisect_free(b);

	b = begin(&g, build);
	bisect_observe(b, 0, 0, BISECT_UNTESTABLE);
	for (uint64_t seed = 1; seed < 30; seed++)
		for (size_t commit = 1; commit < 4; commit++)
			bisect_observe(b, commit, 100 * commit + seed, BISECT_FAIL);
	assert_int_equal(bisect_next(b).what, BISECT_STUCK);
	bisect_free(b);
	graph_free(&g);
}

/* A commit may be left out after it was run, whatever is known of it. */
static void what_is_left_out_is_not_asked(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		double build[16] = { 0 };
		struct bisect_step step;
		struct bisect *b;
		struct graph g;

		sim_graph(&g, 12, seed % 2, seed);
		b = begin(&g, build);
		for (uint64_t i = 1; i < 40; i++)
			bisect_observe(b, 1 + draw(g.n - 1), i,
				       draw(3) ? BISECT_PASS : BISECT_FAIL);
		bisect_observe(b, g.n - 1, 100, BISECT_FAIL);
		for (size_t i = 0; i < 3; i++)
			bisect_observe(b, 1 + draw(g.n - 2), 0, BISECT_UNTESTABLE);
		step = bisect_next(b);
		if (step.what == BISECT_RUN)
			assert_false(bisect_is_untestable(b, step.commit));
		bisect_free(b);
		graph_free(&g);
	}
}

/* A merge of two commits that can't be tested, and what they come from: one of four. */
static void branches_that_no_test_tells_apart_are_said_together(void **state)
{
	double build[16] = { 0 };
	struct bisect *b;
	struct graph g;

	(void)state;
	graph_init(&g);
	graph_add(&g, (size_t[]){ 0 }, 1);
	graph_add(&g, (size_t[]){ 1 }, 1);
	graph_add(&g, (size_t[]){ 2 }, 1);
	graph_add(&g, (size_t[]){ 2 }, 1);
	graph_add(&g, (size_t[]){ 3, 4 }, 2);
	graph_add(&g, (size_t[]){ 5 }, 1);
	graph_close(&g);
	b = begin(&g, build);
	for (size_t i = 2; i <= 4; i++)
		bisect_observe(b, i, 0, BISECT_UNTESTABLE);
	for (uint64_t seed = 1; seed < 30; seed++) {
		bisect_observe(b, 6, seed + 100, BISECT_FAIL);
		bisect_observe(b, 5, seed + 200, BISECT_FAIL);
		bisect_observe(b, 1, seed + 300, BISECT_PASS);
		bisect_observe(b, 0, seed + 400, BISECT_PASS);
	}
	assert_one_of(b, 2, 4);
	bisect_free(b);
	graph_free(&g);
}

/* Seeds that were run at a commit are known at the one that is the same. */
static void seeds_are_known_where_nothing_differs(void **state)
{
	static const struct bisect_step step = { .commit = 7, .carried = 1 };
	double build[16] = { 0 };
	struct bisect *b;
	struct graph g;

	(void)state;
	sim_graph(&g, 12, false, 1);
	b = begin(&g, build);
	for (uint64_t seed = 1; seed <= 8; seed++) {
		bisect_observe(b, 12, seed, BISECT_FAIL);
		bisect_observe(b, 6, seed, seed % 2 ? BISECT_FAIL : BISECT_PASS);
	}
	assert_true(bisect_is_its_own(b, 7));
	bisect_same(b, 7, 6);
	assert_false(bisect_is_its_own(b, 7));
	bisect_observe(b, 12, 100, BISECT_FAIL);
	assert_int_equal(bisect_seed(b, &step, 0), 100);
	bisect_free(b);
	graph_free(&g);
}

/* What is said of a commit beforehand may be wrong. */
static void a_wrong_prior_does_not_mislead(void **state)
{
	struct sim_kind kind = {
		.commits = 128, .after = .2, .carry = .5, .prior = SIM_WRONG_PRIOR,
	};
	struct sim_limits limits = { .runs = 5000, .run = 1, .build = 40, .confidence = .95 };
	double stated = 0;
	size_t right = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 150; seed++) {
		struct sim_result r = sim_run(&kind, &limits, SIM_ENGINE, seed);

		assert_true(r.answered);
		right += r.right;
		stated += r.stated;
	}
	print_message("right %zu of 150, said %.1f\n", right, stated);
	assert_true(right > stated - 3 * sqrt(stated * (1 - stated / 150)));
}

static void is_right_as_often_as_it_says(void **state)
{
	struct sim_kind kind = {
		.commits = 64, .after = .2, .carry = .5, .untestable = .1, .nothing = .2,
	};
	struct sim_limits limits = { .runs = 5000, .run = 1, .build = 40, .confidence = .9 };
	double stated = 0;
	size_t right = 0, answers = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct sim_result r;

		kind.merges = seed % 2;
		r = sim_run(&kind, &limits, SIM_ENGINE, seed);
		answers += r.answered;
		right += r.answered && r.right;
		stated += r.stated;
	}
	assert_true(answers > 180);
	/* Three standard deviations below what it says */
	assert_true(right > stated - 3 * sqrt(stated * (1 - stated / answers)));
}

/* Histories of each kind */
#define MADE_UP	40

/* How often the answers are right, of histories of one kind, and what they say of that */
static size_t rights_of(struct sim_kind kind, size_t n, double *stated)
{
	struct sim_limits limits = { .runs = 3000, .run = 1, .build = 40, .confidence = .95 };
	size_t right = 0;

	*stated = 0;
	for (uint64_t seed = 1; seed <= n; seed++) {
		struct sim_result r;

		kind.merges = seed % 2;
		r = sim_run(&kind, &limits, SIM_ENGINE, seed);
		right += r.answered && r.right;
		*stated += r.stated;
	}
	return right;
}

/*
 * A seed that passes where all schedules have changed does not acquit; nor does one convict
 * that failed for what is there without the bug.
 */
static void seeds_are_not_believed_too_much(void **state)
{
	static const struct sim_kind kinds[] = {
		{ .commits = 128, .after = .2, .shift = .02 },
		{ .commits = 128, .after = .2, .shift = .1, .carry = .4 },
		{ .commits = 128, .after = .1, .before = .01, .carry = .5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		double stated;
		size_t right = rights_of(kinds[i], MADE_UP, &stated);

		print_message("right %zu of %d, said %.1f\n", right, MADE_UP, stated);
		/* Three standard deviations below what it says */
		assert_true(right > stated - 3 * sqrt(stated * (1 - stated / MADE_UP)));
	}
}

/* 10,000 commits, 100,000 runs: a decision takes less than 100 ms of CPU. */
static void decides_fast(void **state)
{
	double *build, best = INFINITY;
	struct bisect *b;
	struct graph g;

	(void)state;
	sim_graph(&g, 10000, true, 1);
	build = calloc(g.n, sizeof(*build));
	assert_non_null(build);
	for (size_t i = 0; i < g.n; i++)
		build[i] = 40;
	b = begin(&g, build);
	bisect_observe(b, g.n - 1, 1, BISECT_FAIL);
	bisect_observe(b, 4000, 0, BISECT_UNTESTABLE);
	for (uint64_t seed = 2; seed < 100000; seed++) {
		size_t commit = seed % 100 ? (seed % 60) * (g.n / 60) : g.n - 1;
		bool fail = commit > g.n / 2 && !draw(50);

		bisect_observe(b, commit, seed, fail ? BISECT_FAIL : BISECT_PASS);
	}
	for (int i = 0; i < 5; i++) {
		clock_t t = clock();
		struct bisect_step step;

		step = bisect_next(b);
		best = fmin(best, (double)(clock() - t) / CLOCKS_PER_SEC);
		bisect_observe(b, g.n - 1, 200000 + i, BISECT_PASS);
		assert_int_not_equal(step.what, BISECT_STUCK);
	}
	print_message("a decision: %.0f ms of CPU\n", 1000 * best);
	assert_true(best < .1);
	bisect_free(b);
	free(build);
	graph_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_enumeration),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(a_pass_is_no_reason_for_suspicion),
		cmocka_unit_test(chances_come_to_one),
		cmocka_unit_test(sums_are_over_all_ancestors),
		cmocka_unit_test(what_no_test_tells_apart_is_said_together),
		cmocka_unit_test(commits_that_are_the_same_hold_no_culprit),
		cmocka_unit_test(nothing_is_asked_until_bad_has_failed),
		cmocka_unit_test(says_that_nothing_changed),
		cmocka_unit_test(good_is_seen_before_it_is_blamed),
		cmocka_unit_test(what_is_left_out_is_not_asked),
		cmocka_unit_test(branches_that_no_test_tells_apart_are_said_together),
		cmocka_unit_test(seeds_are_known_where_nothing_differs),
		cmocka_unit_test(a_wrong_prior_does_not_mislead),
		cmocka_unit_test(is_right_as_often_as_it_says),
		cmocka_unit_test(seeds_are_not_believed_too_much),
		cmocka_unit_test(decides_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
