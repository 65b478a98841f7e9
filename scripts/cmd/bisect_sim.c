// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is the bisect right as often as it says, and what does it cost? Histories that are
 * made up, with a truth that is known, and other searches on the same ones.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bisect/sim.h"
#include "cmd/cmd.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "report/report.h"

/* A build takes as long as so many runs. */
#define BUILD		40
#define GREEDY_MOST	1000
#define MOST_RUNS	3000
/* Chance at which a row that is right as often as it says fails nevertheless */
#define FALSE_ALARM	0.0001

/* How often plain binary search repeats a run: the least of these that is right enough */
static const size_t repeats[] = { 1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384 };

/* The last of all searches of a history: what is not the engine, or the greedy one */
#define SEARCHES	(2 + ARRAY_SIZE(repeats))

/**
 * struct row - histories of one kind
 * @kind: which one; both linear ones and ones with merges
 */
struct row {
	struct sim_kind kind;
};

/**
 * struct sim - all of it
 * @o: what the user asked for
 * @rows: of the table
 * @n: how many
 * @results: of each row, history and search
 * @done: histories that are over, of all workers
 */
struct sim {
	const struct options *o;
	struct row *rows;
	size_t n;
	struct sim_result *results;
	size_t *done;
};

static void add_row(struct sim *s, struct sim_kind kind)
{
	s->rows = grow(s->rows, s->n + 1, sizeof(*s->rows));
	s->rows[s->n++] = (struct row){ .kind = kind };
}

static void make_rows(struct sim *s)
{
	static const double after[] = { 1, .5, .2, .05, .02 };
	static const double before[] = { 0, .01 }, untestable[] = { 0, .1 };
	static const double carry[] = { 0, .5, .9 };
	static const size_t commits[] = { 32, 512, 4096 };
	static const double shift[] = { .02, .1 }, beyond[] = { 0, .4 }, often[] = { .2, .05 };

	for (size_t a = 0; a < ARRAY_SIZE(after); a++)
		for (size_t b = 0; b < ARRAY_SIZE(before); b++)
			for (size_t u = 0; u < ARRAY_SIZE(untestable); u++)
				for (size_t c = 0; c < ARRAY_SIZE(carry); c++)
					add_row(s, (struct sim_kind){
						.commits = 128, .after = after[a],
						.before = before[b], .carry = carry[c],
						.untestable = untestable[u], .nothing = .2,
					});
	for (size_t n = 0; n < ARRAY_SIZE(commits); n++)
		add_row(s, (struct sim_kind){
			.commits = commits[n], .after = .2, .carry = .5, .nothing = .2,
		});
	for (size_t p = SIM_RIGHT_PRIOR; p <= SIM_WRONG_PRIOR; p++)
		for (size_t c = 0; c < ARRAY_SIZE(carry); c++)
			add_row(s, (struct sim_kind){
				.commits = 128, .after = .2, .carry = carry[c], .nothing = .2,
				.prior = p,
			});
	/* What fails before is a part of what fails after. */
	add_row(s, (struct sim_kind){
		.commits = 128, .after = .2, .before = .03, .carry = .9, .nothing = .2,
	});
	for (size_t a = 0; a < ARRAY_SIZE(often); a++)
		for (size_t n = 0; n < ARRAY_SIZE(shift); n++)
			for (size_t c = 0; c < ARRAY_SIZE(beyond); c++)
				add_row(s, (struct sim_kind){
					.commits = 128, .after = often[a], .shift = shift[n],
					.carry = beyond[c], .nothing = .2,
				});
	add_row(s, (struct sim_kind){ .commits = 128, .after = .3, .nothing = 1 });
}

/* ---- running them ------------------------------------------------------------------ */

static struct sim_result *result_of(const struct sim *s, size_t row, size_t history, size_t search)
{
	return &s->results[(row * s->o->count + history) * SEARCHES + search];
}

static void run_history(const struct sim *s, size_t row, size_t i)
{
	struct sim_kind kind = s->rows[row].kind;
	struct sim_limits limits = {
		.runs = MOST_RUNS, .run = 1, .build = BUILD, .confidence = s->o->confidence,
	};
	uint64_t seed = s->o->request.seed + i;

	kind.merges = i % 2;
	*result_of(s, row, i, 0) = sim_run(&kind, &limits, SIM_ENGINE, seed);
	/* It thinks about each commit before each run: not worth the time with so many. */
	if (kind.commits <= GREEDY_MOST)
		*result_of(s, row, i, 1) = sim_run(&kind, &limits, SIM_GREEDY, seed);
	for (size_t k = 0; k < ARRAY_SIZE(repeats); k++) {
		limits.repeats = repeats[k];
		*result_of(s, row, i, 2 + k) = sim_run(&kind, &limits, SIM_BINARY, seed);
	}
	__atomic_add_fetch(s->done, 1, __ATOMIC_RELAXED);
}

static void work(const struct sim *s, size_t worker, size_t workers)
{
	for (size_t row = 0; row < s->n; row++)
		for (size_t i = 0; i < s->o->count; i++)
			if ((row + i) % workers == worker)
				run_history(s, row, i);
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("out of memory");
	return p;
}

static void run_all(struct sim *s)
{
	size_t workers = s->o->guests ?: host_jobs(), left = workers;
	size_t all = s->n * s->o->count;

	s->results = shared(all * SEARCHES * sizeof(*s->results));
	s->done = shared(sizeof(*s->done));
	fflush(stdout);
	for (size_t w = 0; w < workers; w++) {
		pid_t pid = fork();

		if (pid < 0)
			die("cannot fork");
		if (!pid) {
			work(s, w, workers);
			_exit(0);
		}
	}
	while (left) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0 && status)
			die("a worker died of signal %d", WTERMSIG(status));
		left -= pid > 0;
		ui_progress(*s->done, all, "");
		if (!pid)
			usleep(100000);
	}
	if (*s->done != all)
		die("%zu of %zu histories were searched", *s->done, all);
}

/* ---- telling of them ---------------------------------------------------------------- */

/**
 * struct column - what one search came to on the histories of a row
 * @answers: it gave
 * @right: of them
 * @stated: sum of the probabilities it gave them
 * @open: histories without an answer
 * @runs: median
 * @builds: median
 * @cost: median
 */
struct column {
	size_t answers;
	size_t right;
	double stated;
	size_t open;
	double runs;
	double builds;
	double cost;
};

static int by_value(const void *a, const void *b)
{
	double one = *(const double *)a, two = *(const double *)b;

	return one < two ? -1 : one > two;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n ? values[n / 2] : 0;
}

/* @changed: histories with a culprit alone */
static struct column column_of(const struct sim *s, size_t row, size_t search, bool changed)
{
	double *values = need(3 * s->o->count, sizeof(*values));
	double *builds = values + s->o->count, *cost = builds + s->o->count;
	struct column c = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < s->o->count; i++) {
		const struct sim_result *r = result_of(s, row, i, search);

		if (changed && !r->changed)
			continue;
		c.answers += r->answered;
		c.open += !r->answered;
		c.right += r->answered && r->right;
		c.stated += r->stated;
		values[n] = r->runs;
		builds[n] = r->builds;
		cost[n++] = r->cost;
	}
	c.runs = median(values, n);
	c.builds = median(builds, n);
	c.cost = median(cost, n);
	free(values);
	return c;
}

static double share_of(const struct column *c)
{
	return c->answers ? (double)c->right / c->answers : 0;
}

/* Chance of so few right answers, if each is right as often as it was said */
static double chance(const struct column *c)
{
	double p = c->answers ? c->stated / c->answers : 1, sum = 0;

	for (size_t k = 0; k <= c->right; k++)
		sum += exp(lgamma(c->answers + 1) - lgamma(k + 1) - lgamma(c->answers - k + 1) +
			   k * log(p) + (c->answers - k) * log(1 - p));
	return c->right == c->answers ? 1 : sum;
}

/* Plain binary search with the fewest repeats that is right often enough, or most often */
static size_t best_repeats(const struct sim *s, size_t row, struct column *best)
{
	size_t at = 0;

	*best = column_of(s, row, 2, true);
	for (size_t k = 1; k < ARRAY_SIZE(repeats) && share_of(best) < s->o->confidence; k++) {
		struct column c = column_of(s, row, 2 + k, true);

		if (share_of(&c) <= share_of(best))
			continue;
		*best = c;
		at = k;
	}
	return repeats[at];
}

static void print_other(const struct column *c, const struct column *engine)
{
	if (c->answers)
		printf(" | %3.0f %% %5.0f %4.1f", 100 * share_of(c), c->runs,
		       engine->cost > 0 ? c->cost / engine->cost : 0);
	else
		printf(" |     - %5s %4s", "-", "-");
}

static bool print_row(const struct sim *s, size_t row, struct column *sum)
{
	static const char *const priors[] = {
		[SIM_NO_PRIOR] = "even", [SIM_RIGHT_PRIOR] = "right", [SIM_WRONG_PRIOR] = "wrong",
	};
	const struct sim_kind *k = &s->rows[row].kind;
	struct column all = column_of(s, row, 0, false), c = column_of(s, row, 0, true);
	struct column greedy = column_of(s, row, 1, true), plain;
	size_t times = best_repeats(s, row, &plain);
	bool good = chance(&all) > FALSE_ALARM;

	sum->answers += all.answers;
	sum->right += all.right;
	sum->stated += all.stated;
	printf("%7zu %4.0f %% %2.0f %% %3.0f %% %3.0f %% %4.1f %5s | %3.0f %% %3.0f %% %4zu %5.0f %6.0f %6.0f",
	       k->commits, 100 * k->after, 100 * (k->nothing < 1 ? k->before : k->after),
	       100 * k->untestable, 100 * k->shift, k->carry, priors[k->prior],
	       100 * share_of(&all), 100 * all.stated / (all.answers ?: 1), all.open, all.runs,
	       all.builds, all.cost);
	print_other(&plain, &c);
	if (plain.answers)
		printf(" x%-3zu", times);
	else
		printf("     ");
	print_other(&greedy, &c);
	printf("%s\n", good ? "" : "  <- is right less often than it says");
	return good;
}

/**
 * cmd_bisect_sim - try the bisect where the truth is known
 * @o: what the user asked for: N= histories of each kind, from SEED= on
 *
 * Return: EXIT_PASS if it is right as often as it says on each kind
 */
int cmd_bisect_sim(const struct options *o)
{
	struct sim s = { .o = o };
	struct column sum = { 0 };
	unsigned int good = 0;
	bool all_good;

	make_rows(&s);
	ui_stage("bisect", "simulate");
	run_all(&s);
	ui_done("%zu histories of each of %zu kinds", (size_t)o->count, s.n);
	printf("                                           | the engine, on all of them          | plain binary search      | most bits a run\n"
	       "commits after bef untest shift carry prior | right said open  runs builds   cost | right  runs cost repeats | right  runs cost\n");
	for (size_t row = 0; row < s.n; row++)
		good += print_row(&s, row, &sum);
	/* What no row shows all of them may: each has few histories. */
	all_good = chance(&sum) > FALSE_ALARM;
	printf("%zu answers: %.1f %% are right, %.1f %% are said to be%s\n", sum.answers,
	       100 * share_of(&sum), 100 * sum.stated / (sum.answers ?: 1),
	       all_good ? "" : "  <- are right less often than they say");
	report_total(stdout, good, s.n - good, 0);
	return good == s.n && all_good ? EXIT_PASS : EXIT_BAD;
}
