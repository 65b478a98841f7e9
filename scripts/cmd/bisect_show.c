// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a bisect has found, for people, for machines and for git; and what its user may
 * change in it between two calls.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/bisection.h"
#include "lib/ui.h"

/* Commits that are shown one by one */
#define SHOWN		12
#define BAR_WIDTH	20
/* From here on, and up to one less this, a commit counts as bad or good for git. */
#define SURE		0.95

static const struct history_commit *commit_of(const struct bisection *b, size_t commit)
{
	return &b->history.commits[commit];
}

static double seconds(const struct bisection *b)
{
	double sum = 0;

	for (size_t i = 0; i < b->n; i++)
		sum += b->log[i].seconds;
	return sum;
}

static size_t *list_of(const struct bisection *b)
{
	size_t *all = need(b->history.n, sizeof(*all));

	return all;
}

static void show_bar(FILE *f, double p)
{
	char bar[BAR_WIDTH + 1];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)(p * BAR_WIDTH + .5));
	bar[BAR_WIDTH] = '\0';
	fprintf(f, "  %5.1f %% %s ", 100 * p, bar);
}

static void show_commit(const struct bisection *b, size_t commit, FILE *f)
{
	struct bisection_counts n = bisection_counts(b, commit);
	const struct history_commit *c = commit_of(b, commit);

	show_bar(f, bisect_probability(b->engine, commit));
	fprintf(f, "%.12s %s", c->id, c->subject);
	if (bisect_is_untestable(b->engine, commit))
		fprintf(f, " (can't be tested)");
	else if (n.of[BISECTION_PASS] + n.of[BISECTION_FAIL])
		fprintf(f, " (%zu passed, %zu failed)", n.of[BISECTION_PASS],
			n.of[BISECTION_FAIL]);
	fputc('\n', f);
}

/**
 * bisection_show - how likely each commit is, and what is thought of the rates
 * @b: the bisection
 * @f: where to
 */
void bisection_show(const struct bisection *b, FILE *f)
{
	struct bisection_counts n = bisection_counts(b, BISECTION_ALL);
	struct bisect_rates r = bisect_rates(b->engine);
	size_t *all = list_of(b), left = bisect_likeliest(b->engine, SURE, all);

	for (size_t i = 0; i < left && i < SHOWN; i++)
		show_commit(b, all[i], f);
	if (left > SHOWN)
		fprintf(f, "          and %zu more that may be\n", left - SHOWN);
	show_bar(f, bisect_nothing(b->engine));
	fprintf(f, "nothing changed: both ends fail alike\n");
	fprintf(f, "%zu commits; %zu runs: %zu failed, %zu passed, %zu failed in another way",
		b->history.n - 1, bisection_runs(b), n.of[BISECTION_FAIL], n.of[BISECTION_PASS],
		n.of[BISECTION_OTHER]);
	if (n.of[BISECTION_UNFIT])
		fprintf(f, ", %zu did nothing of what they were to", n.of[BISECTION_UNFIT]);
	fprintf(f, "; %zu builds; %.0f s\n", n.of[BISECTION_BUILT], seconds(b));
	fprintf(f, "of fresh seeds fail %.1f %% with the bug, %.2f %% without; of seeds that failed elsewhere %.0f %% more\n",
		100 * r.after, 100 * r.before, 100 * r.carry);
	free(all);
}

/* A run with a record, of a commit with the culprit or of one without: the nearest to it */
static const struct bisection_entry *nearest(const struct bisection *b, enum bisection_what what,
					     bool bug, size_t culprit)
{
	bool *is = need(b->history.n, sizeof(*is));
	const struct bisection_entry *found = NULL;

	for (size_t i = 0; i < b->n; i++) {
		const struct bisection_entry *e = &b->log[i];

		if (e->what != what || !e->record)
			continue;
		graph_ancestors(b->graph, e->commit, is);
		if (is[culprit] == bug &&
		    (!found || (bug ? e->commit <= found->commit : e->commit >= found->commit)))
			found = e;
	}
	free(is);
	return found;
}

/* Is the @i-th entry the first of a failure that was not looked for? */
static bool is_other(const struct bisection *b, size_t i)
{
	if (b->log[i].what != BISECTION_OTHER)
		return false;
	for (size_t k = 0; k < i; k++)
		if (b->log[k].what == BISECTION_OTHER &&
		    !strcmp(b->log[k].signature, b->log[i].signature))
			return false;
	return true;
}

static void show_others(const struct bisection *b, FILE *f)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bisection_entry *e = &b->log[i];

		if (!is_other(b, i))
			continue;
		fprintf(f, "met on the way, at %.12s: %s\n", commit_of(b, e->commit)->id,
			e->signature);
		if (e->record)
			fprintf(f, "  make replay RUN=%s\n", e->record);
	}
}

static void show_culprit(const struct bisection *b, const struct bisect_step *end, FILE *f)
{
	size_t *all = list_of(b), n = bisect_alike(b->engine, end->commit, all);
	const struct bisection_entry *e;
	double p = 0;

	for (size_t i = 0; i < n; i++)
		p += bisect_probability(b->engine, all[i]);
	fprintf(f, "%s%s%s with %.1f %%\n", ui_on(f, UI_RED),
		n > 1 ? "one of these broke it, and no test can tell which:" : "the culprit:",
		ui_off(f), 100 * bisect_stated(p));
	for (size_t i = 0; i < n; i++) {
		const struct history_commit *c = commit_of(b, all[i]);

		fprintf(f, "\n  commit %s\n  Author: %s\n  Date:   %s\n\n      %s\n\n", c->id,
			c->author, c->date, c->subject);
	}
	e = nearest(b, BISECTION_FAIL, true, end->commit);
	if (e)
		fprintf(f, "fails with it, at %.12s: %s\n  make replay RUN=%s\n",
			commit_of(b, e->commit)->id, e->signature, e->record);
	e = nearest(b, BISECTION_PASS, false, end->commit);
	if (e)
		fprintf(f, "passes without it, at %.12s:\n  make replay RUN=%s\n",
			commit_of(b, e->commit)->id, e->record);
	free(all);
}

static void show_nothing(const struct bisection *b, FILE *f)
{
	struct bisection_counts good = bisection_counts(b, 0);
	struct bisection_counts bad = bisection_counts(b, b->history.n - 1);

	fprintf(f, "nothing changed between GOOD and BAD, with %.1f %%: GOOD fails as well, %zu of %zu runs; BAD %zu of %zu\n",
		100 * bisect_stated(bisect_nothing(b->engine)), good.of[BISECTION_FAIL],
		good.of[BISECTION_FAIL] + good.of[BISECTION_PASS], bad.of[BISECTION_FAIL],
		bad.of[BISECTION_FAIL] + bad.of[BISECTION_PASS]);
}

/* No answer: would more runs be of use? */
static void show_open(const struct bisection *b, const struct bisect_step *end, FILE *f)
{
	struct bisection_counts bad = bisection_counts(b, b->history.n - 1);

	if (!bisection_runs(b))
		fprintf(f, "no answer: there was no time for a run: TIME= allows more, and 'make bisect' goes on\n");
	else if (!bisection_counts(b, BISECTION_ALL).of[BISECTION_FAIL])
		fprintf(f, "BAD did not fail as it is looked for: %zu runs passed, %zu failed in another way; RUNS= and TIME= allow more, SIGNATURE= and OPS= say what to look for\n",
			bad.of[BISECTION_PASS], bad.of[BISECTION_OTHER]);
	else if (end->what == BISECT_RUN)
		fprintf(f, "no answer yet: RUNS= and TIME= allow more, and 'make bisect' goes on\n");
	else if (bisect_is_untestable(b->engine, 0))
		fprintf(f, "no answer: GOOD=%.12s can't be tested, so nothing can tell whether it fails, too: name one that can\n",
			commit_of(b, 0)->id);
	else
		fprintf(f, "no answer: no run of any commit that can be tested would say more\n");
}

/**
 * bisection_report - what it came to
 * @b: the bisection
 * @end: the last step
 * @f: where to
 */
void bisection_report(const struct bisection *b, const struct bisect_step *end, FILE *f)
{
	fputc('\n', f);
	if (end->what == BISECT_FOUND)
		show_culprit(b, end, f);
	else if (end->what == BISECT_NOTHING)
		show_nothing(b, f);
	else
		show_open(b, end, f);
	if (bisection_counts(b, BISECTION_ALL).of[BISECTION_FAIL])
		bisection_show(b, f);
	show_others(b, f);
}

static json_t *commit_json(const struct bisection *b, size_t commit)
{
	const struct history_commit *c = commit_of(b, commit);

	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:I, s:I}", "commit", c->id,
			 "subject", c->subject, "author", c->author, "date", c->date,
			 "probability", bisect_probability(b->engine, commit),
			 "passed", (json_int_t)bisection_counts(b, commit).of[BISECTION_PASS],
			 "failed", (json_int_t)bisection_counts(b, commit).of[BISECTION_FAIL]);
}

/* A run that can be replayed, or null */
static json_t *entry_json(const struct bisection *b, const struct bisection_entry *e)
{
	__auto_free char *replay = NULL;

	if (!e)
		return json_null();
	replay = e->record ? fmt("make replay RUN=%s", e->record) : NULL;
	return json_pack("{s:s, s:s*, s:s*, s:s*}", "commit", commit_of(b, e->commit)->id,
			 "signature", e->signature, "record", e->record, "replay", replay);
}

static json_t *others_json(const struct bisection *b)
{
	json_t *others = json_array();

	for (size_t i = 0; i < b->n; i++)
		if (is_other(b, i))
			json_array_append_new(others, entry_json(b, &b->log[i]));
	return others;
}

/**
 * bisection_json - the same for machines
 * @b: the bisection
 * @end: the last step
 *
 * Return: an object, for json_decref()
 */
json_t *bisection_json(const struct bisection *b, const struct bisect_step *end)
{
	static const char *const words[] = {
		[BISECT_RUN] = "open", [BISECT_FOUND] = "found", [BISECT_NOTHING] = "nothing changed",
		[BISECT_STUCK] = "open",
	};
	struct bisect_rates r = bisect_rates(b->engine);
	json_t *culprits = json_array(), *likeliest = json_array();
	struct bisection_counts counts = bisection_counts(b, BISECTION_ALL);
	const struct bisection_entry *fail = NULL, *pass = NULL;
	size_t *all = list_of(b), n = 0;
	double p = 0;

	if (end->what == BISECT_FOUND) {
		n = bisect_alike(b->engine, end->commit, all);
		fail = nearest(b, BISECTION_FAIL, true, end->commit);
		pass = nearest(b, BISECTION_PASS, false, end->commit);
	}
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(culprits, commit_json(b, all[i]));
		p += bisect_probability(b->engine, all[i]);
	}
	if (end->what == BISECT_NOTHING)
		p = bisect_nothing(b->engine);
	n = bisect_likeliest(b->engine, SURE, all);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(likeliest, commit_json(b, all[i]));
	free(all);
	return json_pack("{s:i, s:s, s:f, s:o, s:o, s:f, s:s*, s:{s:f, s:f, s:f}, s:o, s:o, s:o, s:I, s:I, s:f, s:O}",
			 "version", 1, "answer", words[end->what], "confidence",
			 bisect_stated(p), "culprits", culprits,
			 "likeliest", likeliest, "nothing", bisect_nothing(b->engine),
			 "signature", b->signature, "rates", "before", r.before, "after", r.after,
			 "carry", r.carry, "fails", entry_json(b, fail), "passes",
			 entry_json(b, pass), "others", others_json(b),
			 "runs", (json_int_t)bisection_runs(b),
			 "builds", (json_int_t)counts.of[BISECTION_BUILT], "seconds", seconds(b),
			 "question", b->question);
}

/**
 * cmd_bisect_status - where the bisect of O= stands
 * @o: what the user asked for
 *
 * Return: EXIT_PASS
 */
int cmd_bisect_status(const struct options *o)
{
	struct bisection b;

	bisection_load(&b, o, false);
	if (b.signature)
		printf("looks for: %s\n", b.signature);
	bisection_show(&b, stdout);
	return EXIT_PASS;
}

/* How likely it is that a commit has the bug */
static double has_bug(const struct bisection *b, size_t commit)
{
	bool *is = need(b->history.n, sizeof(*is));
	double sum = 0;

	graph_ancestors(b->graph, commit, is);
	for (size_t i = 1; i < b->history.n; i++)
		sum += is[i] ? bisect_probability(b->engine, i) : 0;
	free(is);
	return sum / (1 - bisect_nothing(b->engine));
}

static void git_line(const struct bisection *b, const char *word, size_t commit)
{
	const struct history_commit *c = commit_of(b, commit);

	printf("# %s: [%s] %s\ngit bisect %s %s\n", word, c->id, c->subject, word, c->id);
}

/*
 * Is anything known of a commit that does not follow for git from others? It was run, or
 * it is the likeliest culprit, or a parent of that.
 */
static bool is_telling(const struct bisection *b, size_t commit, size_t likeliest)
{
	struct bisection_counts n = bisection_counts(b, commit);
	const struct graph_node *node = &b->graph->nodes[likeliest];
	bool tells = commit == likeliest || n.of[BISECTION_PASS] + n.of[BISECTION_FAIL];

	for (size_t i = 0; i < node->nr_parents; i++)
		tells |= commit == node->parents[i];
	return tells;
}

/**
 * cmd_bisect_log - what is known so far, as 'git bisect replay' takes it
 * @o: what the user asked for
 *
 * Git knows good and bad alone: what is less likely than 95 % is left out.
 *
 * Return: EXIT_PASS
 */
int cmd_bisect_log(const struct options *o)
{
	struct bisection b;
	size_t *likeliest;

	bisection_load(&b, o, false);
	if (bisect_stated(bisect_nothing(b.engine)) >= SURE)
		die("nothing changed between GOOD and BAD, which git has no word for: see 'make bisect-status'");
	likeliest = list_of(&b);
	bisect_likeliest(b.engine, SURE, likeliest);
	printf("git bisect start\n");
	git_line(&b, "bad", b.history.n - 1);
	git_line(&b, "good", 0);
	/* Of several that are bad git believes the last line, so that is the oldest one. */
	for (size_t i = b.history.n - 1; i-- > 1;) {
		double bug = has_bug(&b, i);

		if (bisect_is_untestable(b.engine, i))
			git_line(&b, "skip", i);
		else if (is_telling(&b, i, likeliest[0]) && (bug >= SURE || bug <= 1 - SURE))
			git_line(&b, bug >= SURE ? "bad" : "good", i);
	}
	free(likeliest);
	return EXIT_PASS;
}

/**
 * cmd_bisect_skip - leave COMMIT= out of the bisect of O=
 * @o: what the user asked for
 *
 * Return: EXIT_PASS
 */
int cmd_bisect_skip(const struct options *o)
{
	struct bisection b;
	size_t commit;

	bisection_load(&b, o, true);
	commit = history_find(&b.history, o->request.commit);
	if (!*o->request.commit || commit == b.history.n)
		die("COMMIT=%s: a commit between GOOD= and BAD= is wanted, by its hash",
		    o->request.commit);
	bisection_note(&b, &(struct bisection_entry){
		.commit = commit, .what = BISECTION_SKIPPED,
	});
	bisection_show(&b, stdout);
	return EXIT_PASS;
}

/**
 * cmd_bisect_undo - forget what the bisect of O= has seen last
 * @o: what the user asked for
 *
 * Return: EXIT_PASS
 */
int cmd_bisect_undo(const struct options *o)
{
	struct bisection b;

	bisection_load(&b, o, true);
	if (!b.n)
		die("%s has seen nothing yet", b.path);
	printf("forgotten: %.12s %s\n", commit_of(&b, b.log[b.n - 1].commit)->id,
	       bisection_what_name(b.log[b.n - 1].what));
	bisection_undo(&b);
	bisection_show(&b, stdout);
	return EXIT_PASS;
}

/**
 * cmd_bisect_prior - how likely each commit is before anything is run
 * @o: what the user asked for: TREE=, GOOD=, BAD=
 *
 * Return: EXIT_PASS
 */
int cmd_bisect_prior(const struct options *o)
{
	struct bisection b;
	double changed;

	if (!*o->request.tree || !*o->good)
		die("TREE= and GOOD= are wanted, and BAD= if it is not HEAD");
	bisection_suspect(&b, o);
	changed = 1 - bisect_nothing(b.engine);
	for (size_t i = 1; i < b.history.n; i++)
		printf("%6.2f %% %.12s %s\n", 100 * bisect_probability(b.engine, i) / changed,
		       commit_of(&b, i)->id, commit_of(&b, i)->subject);
	return EXIT_PASS;
}
