// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a console to a verdict. A guest passes if it did all it was asked to,
 * said so, and nothing else was seen: whatever is missing is a failure.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/console.h"
#include "judge/judge.h"
#include "judge/trouble.h"

/* Lines of console that a report shows before and after what went wrong */
#define LINES_BEFORE	8
#define LINES_AFTER	24

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

/**
 * struct judge - what is known of a guest so far
 * @plan: all steps there are
 * @steps: those it was asked to do
 * @lines: the console, cleaned
 * @expected: trouble that the running step said it would cause
 * @trouble: the first row of trouble that nobody expected
 * @at: index of the line that the report is about
 * @begun: how many steps have begun
 * @ended: how many steps have ended
 * @planned: what the guest said it would do, -1 before
 * @done: what the guest said it did, -1 before
 * @part: how far the running step is, from 0 to 1
 * @oracle: what the stress driver saw go wrong before any trouble was seen
 * @events_at: address of the event log in the guest, if @events_size
 * @events_size: bytes that it has
 * @words_at: address where the guest takes its words, if @words_size
 * @words_size: bytes that they may have
 */
struct judge {
	const struct plan *plan;
	const struct strv *steps;
	struct console *console;
	struct ktap *ktap;
	struct strv lines;
	struct strv expected;
	const struct trouble_row *trouble;
	ssize_t at;
	bool greeted;
	bool cut;
	unsigned int begun;
	unsigned int ended;
	int planned;
	int done;
	double when;
	double part;
	char *failed_step;
	char *guest_error;
	char *unmet;
	char *oracle;
	unsigned long long events_at;
	size_t events_size;
	unsigned long long words_at;
	size_t words_size;
	enum verdict verdict;
	char *failure;
	char *failed_test;
};

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Something is wrong; the first thing is what the report is about. */
static void note(struct judge *j, char **what, char *text)
{
	if (*what) {
		free(text);
		return;
	}
	*what = text;
	if (j->at < 0)
		j->at = j->lines.n - 1;
}

static void step_ended(struct judge *j, const char *name, int status)
{
	if (j->ended >= j->steps->n || strcmp(j->steps->v[j->ended], name))
		note(j, &j->failed_step, fmt("step %s ended, which was not its turn", name));
	else if (status)
		note(j, &j->failed_step, fmt("step %s ended with status %d", name, status));
	if (j->expected.n)
		note(j, &j->unmet, fmt("step %s did not cause what it has to: no trouble with '%s'",
				       name, j->expected.v[0]));
	strv_free(&j->expected);
	j->ended++;
	j->part = 0;
}

/* What init and the programs say of themselves */
static void protocol(struct judge *j, const char *s)
{
	char name[64];
	int n;

	if (starts(s, "guest "))
		j->greeted = true;
	else if (sscanf(s, "plan %d", &n) == 1)
		j->planned = n;
	else if (sscanf(s, "done %d", &n) == 1)
		j->done = n;
	else if (sscanf(s, "events at %llx size %zu", &j->events_at, &j->events_size) == 2)
		;
	else if (sscanf(s, "words at %llx size %zu", &j->words_at, &j->words_size) == 2)
		;
	else if (starts(s, "stress failed ") && !j->trouble)
		note(j, &j->oracle, fmt("stress.%s", s + strlen("stress failed ")));
	else if (starts(s, "expect "))
		strv_add(&j->expected, "%s", s + strlen("expect "));
	else if (starts(s, "error "))
		note(j, &j->guest_error, copy(s + strlen("error ")));
	else if (sscanf(s, "step %63s end %d", name, &n) == 2)
		step_ended(j, name, n);
	else if (starts(s, "step ") && strstr(s, " begin"))
		j->begun++;
}

/* Each announced trouble may come once. */
static bool was_expected(struct judge *j, const char *line)
{
	for (size_t i = 0; i < j->expected.n; i++) {
		if (!strstr(line, j->expected.v[i]))
			continue;
		free(j->expected.v[i]);
		j->expected.n--;
		memmove(&j->expected.v[i], &j->expected.v[i + 1],
			(j->expected.n - i + 1) * sizeof(*j->expected.v));
		return true;
	}
	return false;
}

static void watch_progress(struct judge *j, const char *line)
{
	unsigned int i, n;
	const char *cycle = strstr(line, ": cycle ");

	if (cycle && sscanf(cycle, ": cycle %u of %u", &i, &n) == 2 && n)
		j->part = (double)i / n;
}

static void one_line(void *arg, const char *line, double when, bool complete)
{
	const struct trouble_row *row;
	struct judge *j = arg;

	strv_add(&j->lines, "%s", line);
	if (when >= 0)
		j->when = when;
	j->cut = !complete;
	if (starts(line, "respawn: ")) {
		if (complete)
			protocol(j, line + strlen("respawn: "));
		return;
	}
	row = trouble_match(line);
	if (row && !was_expected(j, line) && !j->trouble) {
		j->trouble = row;
		j->at = j->lines.n - 1;
	}
	watch_progress(j, line);
	if (complete)
		ktap_line(j->ktap, line, when);
}

/**
 * judge_new - begin to judge a guest
 * @plan: all steps there are; has to live as long as the judge
 * @steps: names of the steps it was asked to do; likewise
 *
 * Return: the judge
 */
struct judge *judge_new(const struct plan *plan, const struct strv *steps)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		die("out of memory");
	j->plan = plan;
	j->steps = steps;
	j->at = -1;
	j->planned = -1;
	j->done = -1;
	j->console = console_new(one_line, j);
	j->ktap = ktap_new();
	j->verdict = VERDICT_ERROR;
	return j;
}

void judge_feed(struct judge *j, const char *text, size_t len)
{
	console_feed(j->console, text, len);
}

/**
 * judge_events - does the guest keep an event log?
 * @j: the judge
 * @at: gets its address in the guest
 * @size: gets how many bytes it has
 *
 * Return: whether the guest said where it is
 */
bool judge_events(const struct judge *j, uint64_t *at, size_t *size)
{
	*at = j->events_at;
	*size = j->events_size;
	return j->events_size;
}

/**
 * judge_words - does the guest wait for its words?
 * @j: the judge
 * @at: gets the address in the guest where it takes them
 * @size: gets how many bytes they may have
 *
 * Return: whether the guest said so
 */
bool judge_words(const struct judge *j, unsigned long long *at, size_t *size)
{
	*at = j->words_at;
	*size = j->words_size;
	return j->words_size;
}

bool judge_greeted(const struct judge *j)
{
	return j->greeted;
}

bool judge_in_trouble(const struct judge *j)
{
	return j->trouble;
}

double judge_guest_time(const struct judge *j)
{
	return j->when;
}

/**
 * judge_progress - how far the guest is
 * @j: the judge
 * @note: gets what it does at the moment
 * @len: size of @note
 *
 * Return: from 0 to 1
 */
double judge_progress(const struct judge *j, char *note, size_t len)
{
	snprintf(note, len, "%s", !j->begun ? "boot" :
		 j->ended < j->steps->n ? j->steps->v[j->ended] : "end");
	return (j->ended + j->part) / (j->steps->n ? j->steps->n : 1);
}

/* The first test that failed, deepest first, with its reason */
static const struct ktap_test *first_failed(const struct ktap_test *t)
{
	for (const struct ktap_test *c = t->children; c; c = c->next) {
		const struct ktap_test *f = first_failed(c);

		if (f)
			return f;
	}
	return t->parent && (t->status == KTAP_FAIL || t->status == KTAP_MISSING) ? t : NULL;
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

/* Where the console shows that test's own result */
static void find_line(struct judge *j, const struct ktap_test *t)
{
	for (size_t i = 0; i < j->lines.n && j->at < 0; i++) {
		const char *ok = strstr(j->lines.v[i], "not ok ");

		if (ok && *t->name && strstr(ok, t->name))
			j->at = i;
	}
}

static char *missing_suite(const struct judge *j)
{
	for (size_t i = 0; i < j->steps->n; i++) {
		__auto_strv struct strv suites = { 0 };
		const struct step *s = plan_find(j->plan, j->steps->v[i]);

		strv_split(&suites, s->suites, ",");
		for (size_t k = 0; k < suites.n; k++)
			if (strcmp(suites.v[k], "-") &&
			    !ktap_find_suite(j->ktap, suites.v[k]))
				return copy(suites.v[k]);
	}
	return NULL;
}

static const char *last_line(const struct judge *j)
{
	for (size_t i = j->lines.n; i > 0; i--)
		if (*j->lines.v[i - 1])
			return j->lines.v[i - 1];
	return "(an empty console)";
}

static void decide(struct judge *j, enum verdict v, char *why)
{
	j->verdict = v;
	j->failure = why;
	if (j->at < 0)
		j->at = j->lines.n - 1;
}

/* Whatever comes of it later, this is what the guest had to look out for. */
static void judge_oracle(struct judge *j)
{
	j->failed_test = fmt("%.*s", (int)strcspn(j->oracle, ":"), j->oracle);
	decide(j, VERDICT_FAIL, copy(j->oracle));
}

static void judge_unfinished(struct judge *j, enum ending ending, const char *detail)
{
	switch (ending) {
	case ENDING_KILLED:
	case ENDING_QEMU_FAILED:
		return decide(j, VERDICT_ERROR, copy(detail));
	case ENDING_SILENT:
	case ENDING_TIMEOUT:
		return decide(j, VERDICT_HANG, fmt("%s%s; last line: %s", detail,
						   j->cut ? ", in the middle of a line" : "",
						   last_line(j)));
	default:
		return decide(j, VERDICT_CRASH,
			      fmt("the guest ended before its plan was done%s; last line: %s",
				  j->cut ? ", in the middle of a line" : "", last_line(j)));
	}
}

static void judge_finished(struct judge *j)
{
	struct ktap_counts n = ktap_count(ktap_root(j->ktap));
	const struct ktap_test *t = first_failed(ktap_root(j->ktap));
	char *suite = missing_suite(j);

	if (t) {
		find_line(j, t);
		j->failed_test = test_path(t);
		decide(j, VERDICT_FAIL, fmt("%s failed%s%s", j->failed_test,
					    t->reason ? ": " : "", t->reason ? t->reason : ""));
	} else if (n.failed) {
		decide(j, VERDICT_FAIL, fmt("%u tests failed", n.failed));
	} else if (suite) {
		j->failed_test = copy(suite);
		decide(j, VERDICT_FAIL, fmt("suite %s never reported", suite));
	} else if (j->guest_error) {
		decide(j, VERDICT_FAIL, fmt("init says: %s", j->guest_error));
	} else if (j->failed_step || j->unmet) {
		decide(j, VERDICT_FAIL, copy(j->failed_step ? j->failed_step : j->unmet));
	} else if (j->planned != (int)j->steps->n || j->done != j->planned ||
		   j->ended != j->steps->n) {
		decide(j, VERDICT_FAIL, fmt("%zu steps were asked for, the guest planned %d and did %d",
					    j->steps->n, j->planned, j->done));
	} else if (n.passed || n.skipped) {
		j->verdict = n.passed ? VERDICT_PASS : VERDICT_SKIP;
	} else {
		decide(j, VERDICT_FAIL, copy("no test reported anything"));
	}
	free(suite);
}

/**
 * judge_end - the guest is over: decide
 * @j: the judge
 * @ending: how it ended
 * @detail: the same for people, where the host had a hand in it
 */
void judge_end(struct judge *j, enum ending ending, const char *detail)
{
	console_end(j->console);
	ktap_end(j->ktap);

	/* A host at fault says nothing of the guest, whatever was seen of it. */
	if (ending == ENDING_KILLED || ending == ENDING_QEMU_FAILED)
		judge_unfinished(j, ending, detail);
	else if (j->oracle)
		judge_oracle(j);
	else if (j->trouble)
		decide(j, j->trouble->class == TROUBLE_HANG ? VERDICT_HANG : VERDICT_CRASH,
		       fmt("%s: %s", j->trouble->what, j->lines.v[j->at]));
	else if (ending == ENDING_ENOUGH)
		judge_finished(j);
	else if (j->done < 0 || ending != ENDING_ITSELF)
		judge_unfinished(j, ending, detail);
	else
		judge_finished(j);

	if (!j->failed_test && j->verdict > VERDICT_SKIP && j->ended < j->steps->n && j->begun)
		j->failed_test = fmt("step %s", j->steps->v[j->ended]);
}

static bool any_failed(const struct ktap_test *t)
{
	for (const struct ktap_test *c = t->children; c; c = c->next)
		if (any_failed(c))
			return true;
	return !t->children && t->has_result && t->status == KTAP_FAIL;
}

/**
 * judge_has_failed - did a case say so far that it failed?
 * @j: the judge of a guest that still runs
 *
 * Return: whether the verdict can no longer be pass
 */
bool judge_has_failed(const struct judge *j)
{
	return any_failed(ktap_root(j->ktap));
}

enum verdict judge_verdict(const struct judge *j)
{
	return j->verdict;
}

/**
 * judge_failure - why the verdict is not pass
 * @j: the judge
 *
 * Return: a line, NULL if it is pass
 */
const char *judge_failure(const struct judge *j)
{
	return j->failure;
}

const char *judge_failed_test(const struct judge *j)
{
	return j->failed_test;
}

const struct ktap *judge_ktap(const struct judge *j)
{
	return j->ktap;
}

/**
 * judge_cases_before - how many cases had a result before what went wrong
 * @j: the judge
 *
 * The one after these is the case that ran when it did. In a guest that passed
 * it is all there are.
 *
 * Return: their number, over all suites
 */
size_t judge_cases_before(const struct judge *j)
{
	size_t to = j->failure && j->at >= 0 ? (size_t)j->at : j->lines.n, n = 0;

	for (size_t i = 0; i < to; i++) {
		const char *line = j->lines.v[i];
		size_t indent = strspn(line, " ");

		n += indent == 4 && (starts(line + indent, "ok ") ||
				     starts(line + indent, "not ok "));
	}
	return n;
}

/**
 * judge_counts - tests passed, failed and skipped
 * @j: the judge
 *
 * Return: the counts; a run that went wrong in another way than by a test
 * counts as one failed
 */
struct ktap_counts judge_counts(const struct judge *j)
{
	struct ktap_counts n = ktap_count(ktap_root(j->ktap));

	if (j->verdict > VERDICT_SKIP && !n.failed)
		n.failed = 1;
	return n;
}

/* The function's name in a line of a stack as "  kthread_park+0x2c/0x90", or NULL */
static char *frame(const char *line)
{
	char name[128];
	unsigned int offset;

	line += strspn(line, " ");
	/* One with a question mark was found on the stack, but may not be of it. */
	if (sscanf(line, "%127[A-Za-z0-9_.]+0x%x/", name, &offset) != 2)
		return NULL;
	return copy(name);
}

/**
 * judge_frames - the functions on top of the stack that the failure shows
 * @j: the judge
 * @most: how many at most
 *
 * Return: their names with spaces between, to be freed; empty if there are none
 */
char *judge_frames(const struct judge *j, unsigned int most)
{
	char *all = copy("");
	bool trace = false;

	if (!j->trouble || j->at < 0)
		return all;
	for (size_t i = j->at; i < j->lines.n && most; i++) {
		__auto_free char *name = trace ? frame(j->lines.v[i]) : NULL;
		char *more;

		trace |= strstr(j->lines.v[i], "Call trace:") || strstr(j->lines.v[i], "Call Trace:");
		if (!name || starts(name, "dump_") || starts(name, "panic"))
			continue;
		more = fmt("%s%s%s", all, *all ? " < " : "", name);
		free(all);
		all = more;
		most--;
	}
	return all;
}

/**
 * judge_excerpt - the console around what went wrong
 * @j: the judge
 *
 * Return: lines, to be freed; empty if nothing went wrong
 */
char *judge_excerpt(const struct judge *j)
{
	size_t from, to, len = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	if (j->failure && j->at >= 0) {
		from = j->at > LINES_BEFORE ? j->at - LINES_BEFORE : 0;
		to = j->at + LINES_AFTER;
		to = to < j->lines.n ? to : j->lines.n;
		for (size_t i = from; i < to; i++)
			fprintf(f, "%s %s\n", (ssize_t)i == j->at ? ">" : " ", j->lines.v[i]);
	}
	fclose(f);
	return text;
}

void judge_free(struct judge *j)
{
	console_free(j->console);
	ktap_free(j->ktap);
	strv_free(&j->lines);
	strv_free(&j->expected);
	free(j->failed_step);
	free(j->guest_error);
	free(j->unmet);
	free(j->oracle);
	free(j->failure);
	free(j->failed_test);
	free(j);
}
