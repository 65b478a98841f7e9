// SPDX-License-Identifier: GPL-2.0-only
/* The guest is over: what it did not do, what went wrong, and what that makes of the run */
#define _GNU_SOURCE
#include <stdlib.h>

#include "judge/lines.h"
#include "judge/state.h"
#include "judge/utf8.h"

static const struct {
	const char *name;
	int status;
} verdicts[] = {
	[VERDICT_PASS]	= { "pass",	EXIT_PASS },
	[VERDICT_SKIP]	= { "skip",	EXIT_PASS },
	[VERDICT_FAIL]	= { "fail",	EXIT_BAD },
	[VERDICT_HANG]	= { "hang",	EXIT_BAD },
	[VERDICT_CRASH]	= { "crash",	EXIT_BAD },
	[VERDICT_ERROR]	= { "error",	EXIT_ERROR },
};

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

int verdict_exit_status(enum verdict v)
{
	return verdicts[v].status;
}

static char *test_path(const struct ktap_test *t)
{
	__auto_free char *up = NULL;

	if (!t->parent || !t->parent->parent)
		return copy(t->name);
	up = test_path(t->parent);
	return fmt("%s.%s", up, t->name);
}

static void collect_failed(const struct ktap_test *t, struct strv *names)
{
	bool below = false;

	for (const struct ktap_test *c = t->children; c; c = c->next) {
		if (c->status != KTAP_FAIL && c->status != KTAP_MISSING)
			continue;
		collect_failed(c, names);
		below = true;
	}
	if (!below && t->parent) {
		__auto_free char *path = test_path(t);

		strv_add(names, "%s", path);
	}
}

/**
 * judge_failed_tests - all tests that failed
 * @j: the judge
 * @names: gets their names, suite and case with a dot between
 */
void judge_failed_tests(const struct judge *j, struct strv *names)
{
	const struct ktap_test *root = ktap_root(j->ktap);

	if (root->children)
		collect_failed(root, names);
}

static const struct ktap_test *deepest_failed(const struct ktap_test *t)
{
	for (const struct ktap_test *c = t->children; c; c = c->next)
		if (c->status == KTAP_FAIL || c->status == KTAP_MISSING)
			return c;
	return NULL;
}

/*
 * Tests that failed, the deepest ones. In a guest that ended early only those that
 * said so: the others are what comes of that.
 */
static void note_tests(struct judge *j, const struct ktap_test *t, bool early)
{
	__auto_free char *path = NULL, *words = NULL;

	for (const struct ktap_test *c = t->children; c; c = c->next)
		if (c->status == KTAP_FAIL || c->status == KTAP_MISSING)
			note_tests(j, c, early);
	if (deepest_failed(t) || !t->parent || (early && !t->has_result))
		return;
	path = test_path(t);
	words = signature_words(t->reason ? t->reason : "");
	j->at = t->line;
	judge_note(j, BY_TEST, VERDICT_FAIL,
		   fmt("%s failed%s%s", path, t->reason ? ": " : "", t->reason ? t->reason : ""),
		   copy(path), fmt("%s failed%s%s", path, *words ? ": " : "", words));
}

static void note_results(struct judge *j)
{
	const struct ktap_test *root = ktap_root(j->ktap);

	if (root->status == KTAP_FAIL && !judge_noted(j, BY_TEST))
		judge_note(j, BY_RESULTS, VERDICT_FAIL,
			   fmt("the results are not whole%s%s", root->reason ? ": " : "",
			       root->reason ? root->reason : ""), NULL, NULL);
}

/* A KTAP test between two lines of the console for which @is holds */
static bool any_between(const struct ktap_test *t, size_t from, size_t to,
			bool (*is)(const struct ktap_test *t))
{
	if (t->parent && t->line > from && t->line < to && is(t))
		return true;
	for (const struct ktap_test *c = t->children; c; c = c->next)
		if (any_between(c, from, to, is))
			return true;
	return false;
}

static bool went_wrong(const struct ktap_test *t)
{
	return t->status == KTAP_FAIL || t->status == KTAP_MISSING;
}

static bool was_skipped(const struct ktap_test *t)
{
	return t->status == KTAP_SKIP;
}

static bool any_suite(const char *suites)
{
	return strcmp(suites, "-");
}

/*
 * kselftest's programs end with 4 where they skipped. A step with suites has to say
 * so in a document, too: 4 may be anything else of such a program.
 */
static bool step_skipped(const struct judge *j, const struct step_run *r, const char *suites)
{
	const struct ktap_test *root = ktap_root(j->ktap);

	if (r->status != EXIT_SKIPPED || any_between(root, r->begin, r->end, went_wrong))
		return false;
	return !any_suite(suites) || any_between(root, r->begin, r->end, was_skipped);
}

static const char *suites_of(const struct judge *j, size_t nr)
{
	return j->asked && nr < j->asked->n ? j->asked->steps[nr].suites : "-";
}

static void note_statuses(struct judge *j)
{
	for (size_t i = 0; i < j->n_runs; i++) {
		const struct step_run *r = &j->runs[i];

		if (r->status != EXIT_SKIPPED || step_skipped(j, r, suites_of(j, i)))
			continue;
		j->at = r->end;
		judge_note(j, BY_STEP, VERDICT_FAIL,
			   fmt("step %s ended with status %d", r->name, r->status),
			   fmt("step %s", r->name),
			   fmt("step %s ended with status %d", r->name, r->status));
	}
}

/*
 * Between the two lines of a step, which may not have run. Of suites with a bar between
 * them one is enough: their own plan has the others.
 */
static bool has_reported(const struct judge *j, const char *suites, const struct step_run *r)
{
	__auto_strv struct strv names = { 0 };
	bool found = false;

	strv_split(&names, suites, "|");
	for (size_t i = 0; r && i < names.n && !found; i++)
		found = ktap_find_suite(j->ktap, names.v[i], r->begin, r->end ?: SIZE_MAX);
	return found;
}

static void note_missing(struct judge *j, const struct strv *suites, const struct step_run *r)
{
	for (size_t k = 0; k < suites->n; k++)
		if (!has_reported(j, suites->v[k], r))
			judge_note(j, BY_SUITE, VERDICT_FAIL,
				   fmt("suite %s never reported", suites->v[k]), copy(suites->v[k]),
				   fmt("suite %s never reported", suites->v[k]));
}

static void note_suites(struct judge *j)
{
	for (size_t i = 0; i < j->n_runs; i++)
		note_missing(j, &j->runs[i].suites, &j->runs[i]);
	for (size_t i = 0; j->asked && i < j->asked->n; i++) {
		const struct step_run *r = i < j->n_runs ? &j->runs[i] : NULL;
		__auto_strv struct strv suites = { 0 };

		if (r && step_skipped(j, r, suites_of(j, i)))
			continue;
		strv_split(&suites, any_suite(suites_of(j, i)) ? suites_of(j, i) : "", ",");
		note_missing(j, &suites, r);
	}
}

/* The newest line that says something, whole if @whole */
static const char *last_line(const struct judge *j, bool whole)
{
	for (size_t i = j->last - (whole && j->cut && j->last); i > 0; i--) {
		const char *line = lines_at(j->lines, i);

		if (line && *line)
			return line;
	}
	return "(an empty console)";
}

/*
 * The line that a guest fell silent in may be cut anywhere, so the one before it
 * says where that was.
 */
static void note_end(struct judge *j, enum source source, enum verdict v, const char *what)
{
	__auto_free char *clean = utf8_copy(what);
	__auto_free char *head = signature_words(clean);
	__auto_free char *line = signature_words(last_line(j, true));

	judge_note(j, source, v,
		   fmt("%s%s; last line: %s", clean, j->cut ? ", in the middle of a line" : "",
		       last_line(j, false)), judge_running_name(j),
		   fmt("%s; last line: %s", head, line));
}

static void note_host(struct judge *j, const char *detail)
{
	/* A host at fault says nothing of the guest, whatever was seen of it. */
	while (j->n_failures) {
		struct failure *f = &j->failures[--j->n_failures];

		free(f->what);
		free(f->test);
		free(f->words);
	}
	j->more = 0;
	judge_note(j, BY_HOST, VERDICT_ERROR, utf8_copy(detail), judge_running_name(j), NULL);
}

/* What a guest that came to its end by itself did not do */
static void note_plan(struct judge *j)
{
	size_t n = judge_steps_asked(j);

	if (j->planned != (int)n || j->done != j->planned || judge_steps_ended(j) != n)
		judge_note(j, BY_PLAN, VERDICT_FAIL,
			   fmt("%zu steps were asked for, the guest planned %d and did %d", n,
			       j->planned, j->done), NULL, NULL);
}

/* A log from elsewhere, in which no guest speaks */
static bool is_plain(const struct judge *j)
{
	return !j->asked && !j->protocol;
}

static bool is_silent(enum ending ending)
{
	return ending == ENDING_SILENT || ending == ENDING_TIMEOUT || ending == ENDING_FLOOD;
}

static void note_failures(struct judge *j, enum ending ending, const char *detail)
{
	bool early = !is_plain(j) && (j->done < 0 || ending != ENDING_ITSELF);

	/* How it ended is worse than any case: it is noted first, while there is room. */
	j->at = j->last;
	if (is_silent(ending))
		note_end(j, BY_SILENCE, VERDICT_HANG, detail);
	else if (early && ending != ENDING_ENOUGH && !j->in_trouble)
		note_end(j, BY_ENDING, VERDICT_CRASH, "the guest ended before its plan was done");
	note_tests(j, ktap_root(j->ktap), early || j->in_trouble);
	if (early && (ending != ENDING_ENOUGH || j->n_failures))
		return;
	note_results(j);
	note_statuses(j);
	j->at = j->last;
	if (j->in_trouble || is_plain(j))
		return;
	note_suites(j);
	if (j->asked && j->asked->cpus && !j->has_cpus)
		judge_note(j, BY_CPUS, VERDICT_FAIL,
			   fmt("the guest did not say how many CPUs it has, and was to have %u",
			       j->asked->cpus), NULL, NULL);
	note_plan(j);
}

static int by_appearance(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (int)x->source - (int)y->source;
}

static void sign(const struct judge *j, struct failure *f)
{
	__auto_free char *place = f->row ? signature_place(f->row, j->lines, f->at) : copy("");
	__auto_free char *words = f->words ? copy(f->words) : signature_words(f->what);
	__auto_free char *hung = f->row && !strcmp(f->row->id, "hung-task") ?
				 signature_hung(f->row, j->lines, f->at) : NULL;

	if (hung) {
		f->signature = fmt("%s: %s: stuck in %s", verdict_name(f->verdict),
				   f->row->what, hung);
		return;
	}
	f->signature = fmt("%s: %s%s%s%s%s", verdict_name(f->verdict), f->row ? f->row->what : "",
			   f->row ? ": " : "", words, *place ? " at " : "", place);
}

static void find_first(struct judge *j)
{
	for (size_t i = 0; i < j->n_failures; i++)
		if (!j->first || j->failures[i].source < j->first->source)
			j->first = &j->failures[i];
}

static void show_all(struct judge *j)
{
	j->all = calloc(j->n_failures + 1, sizeof(*j->all));
	if (!j->all)
		die("out of memory");
	for (size_t i = 0; i < j->n_failures; i++) {
		const struct failure *f = &j->failures[i];

		j->all[i] = (struct judge_failure){ f->verdict, f->what, f->test, f->signature };
	}
}

static enum verdict verdict_without_failure(struct judge *j)
{
	struct ktap_counts n = ktap_count(ktap_root(j->ktap));
	bool skipped = n.skipped;

	for (size_t i = 0; i < j->n_runs; i++)
		skipped |= j->runs[i].status == EXIT_SKIPPED;
	if (n.passed)
		return VERDICT_PASS;
	if (skipped)
		return VERDICT_SKIP;
	/* Results that were begun, and of no test */
	if (is_plain(j))
		return ktap_root(j->ktap)->status == KTAP_MISSING ? VERDICT_PASS : VERDICT_SKIP;
	judge_note(j, BY_PLAN, VERDICT_FAIL, copy("no test reported anything"), NULL, NULL);
	return VERDICT_FAIL;
}

/* The step that was next, for what happened between two */
static void name_step(struct judge *j)
{
	size_t ended = judge_steps_ended(j);

	for (size_t i = 0; i < j->n_failures; i++) {
		struct failure *f = &j->failures[i];

		if (!f->test && j->n_runs && j->asked && ended < j->asked->n &&
		    f->at >= j->runs[0].begin)
			f->test = fmt("step %s", j->asked->steps[ended].name);
	}
}

/**
 * judge_decide - from what was seen to the verdict
 * @j: the judge, whose console has ended
 * @ending: how the guest ended
 * @detail: the same for people, where the host had a hand in it
 */
void judge_decide(struct judge *j, enum ending ending, const char *detail)
{
	j->at = j->last;

	if (ending == ENDING_KILLED || ending == ENDING_QEMU_FAILED)
		note_host(j, detail);
	else
		note_failures(j, ending, detail);
	if (!j->n_failures)
		j->verdict = verdict_without_failure(j);
	if (j->n_failures)
		qsort(j->failures, j->n_failures, sizeof(*j->failures), by_appearance);
	name_step(j);
	for (size_t i = 0; i < j->n_failures; i++)
		sign(j, &j->failures[i]);
	find_first(j);
	if (j->first)
		j->verdict = j->first->verdict;
	show_all(j);
}

/**
 * judge_counts - tests passed, failed and skipped
 * @j: the judge
 *
 * Return: the counts; a run that was cut short counts as one more that failed, and
 * so does one that went wrong in another way than by a test; one that tested nothing
 * counts as one skipped
 */
struct ktap_counts judge_counts(const struct judge *j)
{
	const struct ktap_test *root = ktap_root(j->ktap);
	struct ktap_counts n = ktap_count(root);

	/* Results that are not whole are no test. */
	if (!deepest_failed(root))
		n.failed = 0;
	if (j->verdict >= VERDICT_HANG || (j->verdict == VERDICT_FAIL && !n.failed))
		n.failed++;
	if (j->verdict == VERDICT_SKIP && !n.skipped)
		n.skipped++;
	return n;
}
