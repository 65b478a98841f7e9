// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a console to a verdict. A guest passes if it did all it was asked to,
 * said so, and nothing else was seen: whatever is missing is a failure.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "judge/console.h"
#include "judge/judge.h"
#include "judge/lines.h"
#include "judge/signature.h"
#include "judge/trouble.h"
#include "judge/utf8.h"

/* Lines of console that a report shows before and after what went wrong */
#define LINES_BEFORE	8
#define LINES_AFTER	24
/* Lines up to a call trace, and lines of it */
#define LINES_TO_TRACE	48
#define LINES_TRACE	24
/* What a program of kselftest ends with if it was skipped */
#define EXIT_SKIPPED	4

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

/*
 * Where a failure comes from, from what says most of a run to what says least:
 * the first of them is the one that the run is reported by.
 */
enum source {
	BY_HOST,
	BY_ORACLE,		/* the stress driver, before any trouble was seen */
	BY_TROUBLE,
	BY_STACK,		/* trouble of which only a stack is known */
	BY_SILENCE,		/* the host ended it */
	BY_LOSS,		/* what was lost cannot be judged */
	BY_CPUS,
	BY_ENDING,		/* it ended before its plan */
	BY_TEST,
	BY_RESULTS,		/* results that are not whole */
	BY_SUITE,
	BY_INIT,
	BY_STEP,
	BY_PLAN,
};

/**
 * struct failure - something that went wrong
 * @source: where it comes from
 * @verdict: what it makes of a run
 * @row: of the table of trouble, if it is of that
 * @what: a line about it
 * @test: the test or the step it happened in, or NULL
 * @words: what of @what is the same in other runs, or NULL if that is to be found out
 * @signature: what is the same in other runs, once all is known
 * @at: number of the line that it is about
 */
struct failure {
	enum source source;
	enum verdict verdict;
	const struct trouble_row *row;
	char *what;
	char *test;
	char *words;
	char *signature;
	size_t at;
};

/**
 * struct step_run - a step that the guest says it did
 * @name: its name
 * @begin: number of the line that said so
 * @end: number of the line that said that it has ended, 0 before
 * @status: it ended with
 * @suites: that have to report, as it said
 */
struct step_run {
	char *name;
	size_t begin;
	size_t end;
	int status;
	struct strv suites;
};

/* A line that may yet turn out to be half of one that is said again */
struct held {
	char *text;
	struct console_line line;
};

/**
 * struct judge - what is known of a guest so far
 * @asked: what it was asked for, NULL for a log from elsewhere
 * @lines: the console, cleaned
 * @held: its newest line, which is not looked at yet
 * @replay: the console says that it is said again
 * @at: number of the line that is looked at
 * @last: number of the newest line
 * @cut: the console ended, or paused, in the middle of a line
 * @expected: trouble that the running step said it would cause
 * @stacks_due: stacks that come with it, or that something else explains
 * @stuck: numbers of the lines after which the stack of a task comes that is stuck
 * @n_stuck: how many
 * @lockdep_done: lockdep has made the report that was expected of it
 * @failures: what went wrong, as it was found
 * @more: how many more there were than are kept
 * @in_trouble: trouble was seen that nobody expected
 * @has_cpus: it said how many CPUs it has
 * @runs: the steps it says it did
 * @protocol: it speaks as a guest does
 * @planned: how many steps the guest said it would do, -1 before
 * @done: how many it said it did, -1 before
 * @when: guest seconds of the newest line
 * @part: how far the running step is, from 0 to 1
 * @cases: numbers of the lines with a case's result
 * @events_at: address of the event log in the guest, if @events_size
 * @events_size: bytes that it has
 * @words_at: address where the guest takes its words, if @words_size
 * @words_size: bytes that they may have
 * @first: the failure that the run is reported by, once it is judged
 * @all: all of them, for others
 */
struct judge {
	const struct judge_asked *asked;
	struct console *console;
	struct ktap *ktap;
	struct lines *lines;
	struct held held;
	bool replay;
	size_t at;
	size_t last;
	bool cut;
	struct strv expected;
	unsigned int stacks_due;
	size_t stuck[STUCK_MAX];
	size_t n_stuck;
	bool lockdep_done;
	struct failure *failures;
	size_t n_failures;
	size_t more;
	bool in_trouble;
	bool has_cpus;
	struct step_run *runs;
	size_t n_runs;
	bool greeted;
	bool protocol;
	bool kernel;
	int planned;
	int done;
	double when;
	double part;
	size_t *cases;
	size_t n_cases;
	unsigned long long events_at;
	size_t events_size;
	unsigned long long words_at;
	size_t words_size;
	enum verdict verdict;
	const struct failure *first;
	struct judge_failure *all;
};

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static void *room_for(void *v, size_t n, size_t size)
{
	/* By powers of two, from 16 on */
	if (n && (n < 16 || (n & (n - 1))))
		return v;
	v = reallocarray(v, n ? 2 * n : 16, size);
	if (!v)
		die("out of memory");
	return v;
}

/* Something is wrong. Takes the strings; @test and @words may be NULL. */
static struct failure *note(struct judge *j, enum source source, enum verdict verdict,
			    char *what, char *test, char *words)
{
	struct failure *f;

	if (j->n_failures == JUDGE_FAILURES_MAX) {
		j->more++;
		free(what);
		free(test);
		free(words);
		return NULL;
	}
	j->failures = room_for(j->failures, j->n_failures, sizeof(*j->failures));
	f = &j->failures[j->n_failures++];
	*f = (struct failure){
		.source = source, .verdict = verdict, .what = what, .test = test,
		.words = words, .at = j->at,
	};
	lines_pin(j->lines, j->at > REPORT_BEFORE ? j->at - REPORT_BEFORE : 1,
		  j->at + REPORT_AFTER);
	return f;
}

static bool has(const struct judge *j, enum source source)
{
	for (size_t i = 0; i < j->n_failures; i++)
		if (j->failures[i].source == source)
			return true;
	return false;
}

/* --- What the guest says of itself --- */

static struct step_run *running(const struct judge *j)
{
	struct step_run *r = j->n_runs ? &j->runs[j->n_runs - 1] : NULL;

	return r && !r->end ? r : NULL;
}

static char *running_name(const struct judge *j)
{
	const struct step_run *r = running(j);

	return r ? fmt("step %s", r->name) : NULL;
}

static size_t steps_ended(const struct judge *j)
{
	return j->n_runs - !!running(j);
}

static void step_began(struct judge *j, const char *name)
{
	if (running(j))
		note(j, BY_STEP, VERDICT_FAIL,
		     fmt("step %s began before step %s ended", name, running(j)->name),
		     running_name(j), NULL);
	if (j->n_runs == KTAP_TESTS_MAX)
		return;
	j->runs = room_for(j->runs, j->n_runs, sizeof(*j->runs));
	j->runs[j->n_runs++] = (struct step_run){ .name = copy(name), .begin = j->at };
}

static void step_ended(struct judge *j, const char *name, int status)
{
	size_t nr = steps_ended(j);
	struct step_run *r = running(j);

	if (!r || strcmp(r->name, name) ||
	    (j->asked && (nr >= j->asked->n || strcmp(j->asked->steps[nr].name, name))))
		note(j, BY_STEP, VERDICT_FAIL,
		     fmt("step %s ended, which was not its turn", name), NULL, NULL);
	else if (status && status != EXIT_SKIPPED)
		note(j, BY_STEP, VERDICT_FAIL,
		     fmt("step %s ended with status %d", name, status), running_name(j),
		     fmt("step %s ended with status %d", name, status));
	if (j->expected.n)
		note(j, BY_STEP, VERDICT_FAIL,
		     fmt("step %s did not cause what it has to: no trouble with '%s'", name,
			 j->expected.v[0]), running_name(j), NULL);
	strv_free(&j->expected);
	j->stacks_due = 0;
	j->part = 0;
	if (r) {
		r->end = j->at;
		r->status = status;
	}
}

static void take_guest(struct judge *j, const char *s)
{
	const char *cpus = strstr(s, " cpus=");
	unsigned int n;

	if (!j->asked || !j->asked->cpus || !cpus || sscanf(cpus, " cpus=%u", &n) != 1)
		return;
	j->has_cpus = true;
	if (n == j->asked->cpus)
		return;
	note(j, BY_CPUS, VERDICT_FAIL,
	     fmt("the guest has %u CPUs, and was to have %u", n, j->asked->cpus), NULL, NULL);
}

/* A number of steps; -1 if that is none */
static int steps_said(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	return end == s || *end || n < 0 || n > INT_MAX ? -1 : (int)n;
}

static void take_plan(struct judge *j, const char *s)
{
	j->planned = steps_said(s);
}

static void take_done(struct judge *j, const char *s)
{
	j->done = steps_said(s);
}

static void take_step(struct judge *j, const char *s)
{
	char name[64], verb[8];
	int status;
	int n = sscanf(s, "%63s %7s %d", name, verb, &status);

	if (n < 2)
		return;
	name[utf8_cut(name, strlen(name) - utf8_unfinished(name, strlen(name)))] = '\0';
	if (n == 3 && !strcmp(verb, "end"))
		step_ended(j, name, status);
	else if (!strcmp(verb, "begin"))
		step_began(j, name);
}

/* A step that finds out in the guest which suites it has */
static void take_suites(struct judge *j, const char *s)
{
	struct step_run *r = running(j);

	if (r && r->suites.n < KTAP_TESTS_MAX)
		strv_split(&r->suites, s, ",");
}

static void take_error(struct judge *j, const char *s)
{
	note(j, BY_INIT, VERDICT_FAIL, fmt("init says: %s", s), NULL, NULL);
}

/* A task that has been at one operation for long; its stack comes, which is no trouble. */
static void take_stuck(struct judge *j, const char *s)
{
	(void)s;
	j->stacks_due++;
	if (j->n_stuck < STUCK_MAX)
		j->stuck[j->n_stuck++] = j->at;
}

/*
 * "name: what was seen"; of tasks that are stuck, where one of them is says more. How it
 * came there is up to the operation.
 */
static void take_oracle(struct judge *j, const char *s)
{
	size_t which = 0;
	__auto_free char *place = signature_stuck(j->lines, j->stuck, j->n_stuck, j->at, 1,
						       &which);
	__auto_free char *words = place ? fmt(": stuck in %s", place) :
				  signature_words(s + strcspn(s, ":"));
	char *test = fmt("stress.%.*s", (int)strcspn(s, ":"), s);
	struct failure *f;

	f = note(j, j->in_trouble ? BY_TEST : BY_ORACLE, VERDICT_FAIL, fmt("stress.%s", s), test,
		 fmt("%s%s", test, words));
	if (f && place)
		f->at = j->stuck[which];
	j->n_stuck = 0;
}

static void take_expect(struct judge *j, const char *s)
{
	/* No step has that many, and what a console can make us keep is bounded. */
	if (j->expected.n < 1000)
		strv_add(&j->expected, "%s", s);
}

static void take_events(struct judge *j, const char *s)
{
	unsigned long long at;
	size_t size;

	if (sscanf(s, "%llx size %zu", &at, &size) != 2)
		return;
	j->events_at = at;
	j->events_size = size;
}

static void take_words(struct judge *j, const char *s)
{
	unsigned long long at;
	size_t size;

	if (sscanf(s, "%llx size %zu", &at, &size) != 2)
		return;
	j->words_at = at;
	j->words_size = size;
}

static void greet(struct judge *j, const char *s)
{
	(void)s;
	j->greeted = true;
}

/**
 * struct word - what a line of the protocol begins with
 * @text: the word, behind "respawn: "
 * @facility: who says it: init and programs are users of the log, modules the kernel
 * @at_once: somebody waits for it
 * @take: takes what follows it
 */
static const struct word {
	const char *text;
	int facility;
	bool at_once;
	void (*take)(struct judge *j, const char *s);
} words[] = {
	{ "guest ", FACILITY_USER, true, greet },
	{ "guest ", FACILITY_USER, false, take_guest },
	{ "plan ", FACILITY_USER, false, take_plan },
	{ "step ", FACILITY_USER, false, take_step },
	{ "done ", FACILITY_USER, false, take_done },
	{ "error ", FACILITY_USER, false, take_error },
	{ "suites ", FACILITY_USER, false, take_suites },
	{ "expect ", FACILITY_KERNEL, false, take_expect },
	{ "stress stuck ", FACILITY_KERNEL, false, take_stuck },
	{ "stress failed ", FACILITY_KERNEL, false, take_oracle },
	{ "events at ", FACILITY_KERNEL, true, take_events },
	{ "words at ", FACILITY_KERNEL, true, take_words },
};

/* A line of the protocol counts from where it may come. */
static bool protocol(struct judge *j, const struct console_line *line, bool at_once)
{
	const char *s = line->text;

	if (!starts(s, "respawn: "))
		return false;
	s += strlen("respawn: ");
	for (size_t i = 0; i < ARRAY_SIZE(words) && line->end == LINE_WHOLE; i++) {
		const struct word *w = &words[i];

		if (w->at_once != at_once || !starts(s, w->text))
			continue;
		if (line->facility != FACILITY_UNKNOWN && line->facility != w->facility)
			continue;
		j->protocol |= w->facility == FACILITY_USER;
		w->take(j, s + strlen(w->text));
	}
	return true;
}

/* --- Trouble --- */

/*
 * What a test can mean to cause: a WARN() that is known by its place, and a report of
 * lockdep's that is announced in lockdep's own words. No text forgives a crash.
 */
static bool can_be_meant(const struct trouble_row *row, const char *text)
{
	if (!strcmp(row->id, "warning") || !strcmp(row->id, "warning-new"))
		return true;
	return starts(row->id, "lockdep-") &&
	       (strstr(row->text, text) || (row->text2 && strstr(row->text2, text)));
}

/* Each announced trouble may come once. */
static ssize_t expected(const struct judge *j, const struct trouble_row *row, const char *line)
{
	for (size_t i = 0; i < j->expected.n; i++)
		if (strstr(line, j->expected.v[i]) && can_be_meant(row, j->expected.v[i]))
			return i;
	return -1;
}

static void forget_expected(struct judge *j, size_t i)
{
	free(j->expected.v[i]);
	j->expected.n--;
	memmove(&j->expected.v[i], &j->expected.v[i + 1],
		(j->expected.n - i + 1) * sizeof(*j->expected.v));
}

/* Rows that only go on with a report, if there was one */
static bool goes_on(const struct trouble_row *row)
{
	static const char *const ids[] = {
		"panic", "oops", "oops-riscv", "oops-plain", "oops-counted", "arm64-oops",
		"arm64-internal", "rcu-starved", "rcu-blocking", "rcu-stall-ended",
		"rcu-stall-ended-meanwhile", "rcu-expedited-ended", "lockdep-off",
		"lockdep-turned-off", "stack-overrun", "cpu-unknown-state", "irq-disabled",
	};

	if (trouble_is_stack(row) || trouble_is_loud(row))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!strcmp(row->id, ids[i]))
			return true;
	return false;
}

/* The same again, as a warning that is not a WARN_ONCE() */
static bool is_known(const struct judge *j, const struct trouble_row *row, const char *line)
{
	__auto_free char *words = signature_words(line);

	for (size_t i = 0; i < j->n_failures; i++) {
		const struct failure *f = &j->failures[i];
		__auto_free char *theirs = f->row == row ? copy(f->words) : NULL;

		if (theirs && !strcmp(theirs, words))
			return true;
	}
	return false;
}

/* What prints a stack without being in trouble */
static bool explains_stack(const char *line)
{
	static const char *const texts[] = {
		"FAULT_INJECTION: forcing a failure", "sysrq: ", "NMI backtrace for cpu ",
		" invoked oom-killer: ",
		/* drivers/base/test: that it can't be added twice is what is tested. */
		"cannot create duplicate filename '/devices/platform/kunit-platform-add-2'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strstr(line, texts[i]))
			return true;
	return false;
}

static const enum verdict verdicts_of[] = {
	[TROUBLE_CRASH]	= VERDICT_CRASH,
	[TROUBLE_HANG]	= VERDICT_HANG,
	[TROUBLE_LOST]	= VERDICT_FAIL,
	[TROUBLE_FAILED] = VERDICT_FAIL,
};

/* Does a row say that the kernel itself is in trouble, so that what comes says less? */
static bool is_grave(const struct trouble_row *row)
{
	return verdicts_of[row->class] != VERDICT_FAIL;
}

static enum source source_of(const struct trouble_row *row)
{
	if (row->class == TROUBLE_LOST)
		return BY_LOSS;
	if (row->class == TROUBLE_FAILED)
		return BY_TEST;
	return trouble_is_stack(row) || trouble_is_loud(row) ? BY_STACK : BY_TROUBLE;
}

static void look_for_trouble(struct judge *j, const struct console_line *line)
{
	const struct trouble_row *row = trouble_match(line);
	struct failure *f;
	ssize_t i;

	j->stacks_due += explains_stack(line->text);
	if (!row)
		return;
	i = expected(j, row, line->text);
	if (i >= 0) {
		forget_expected(j, i);
		j->stacks_due++;
		j->lockdep_done |= starts(row->id, "lockdep-");
		return;
	}
	/* After a report that was meant, lockdep looks at nothing more, and says so. */
	if (j->lockdep_done && starts(row->id, "lockdep-") && goes_on(row))
		return;
	if (trouble_is_stack(row) && j->stacks_due) {
		j->stacks_due--;
		return;
	}
	if ((goes_on(row) && has(j, BY_TROUBLE)) || is_known(j, row, line->text))
		return;
	j->in_trouble |= is_grave(row);
	f = note(j, source_of(row), verdicts_of[row->class],
		 fmt("%s: %s", row->what, line->text), running_name(j),
		 signature_words(line->text));
	if (f)
		f->row = row;
}

/* --- Lines --- */

static void watch_progress(struct judge *j, const char *line)
{
	unsigned int i, n;
	const char *cycle = strstr(line, ": cycle ");

	if (cycle && sscanf(cycle, ": cycle %u of %u", &i, &n) == 2 && n)
		j->part = (double)i / n;
}

static void count_case(struct judge *j, const char *line)
{
	size_t indent = strspn(line, " ");

	if (indent != 4 || (!starts(line + indent, "ok ") && !starts(line + indent, "not ok ")) ||
	    j->n_cases == KTAP_TESTS_MAX)
		return;
	j->cases = room_for(j->cases, j->n_cases, sizeof(*j->cases));
	j->cases[j->n_cases++] = j->at;
}

static void look_at(struct judge *j, const struct console_line *line)
{
	j->at = line->number;
	if (protocol(j, line, false))
		return;
	look_for_trouble(j, line);
	watch_progress(j, line->text);
	/* What is left of a line is not taken for all of it, but if it is bad enough. */
	if (line->end == LINE_PIECE && !ktap_says_failed(line->text))
		return;
	count_case(j, line->text);
	ktap_line(j->ktap, line);
}

/* Look at the line that was held back. */
static void release(struct judge *j)
{
	if (!j->held.text)
		return;
	j->held.line.text = j->held.text;
	look_at(j, &j->held.line);
	free(j->held.text);
	j->held.text = NULL;
}

/* Half a line, and then all of it: the half does not count. */
static void said_again(struct judge *j, const struct console_line *line)
{
	if (j->held.text && starts(line->text, j->held.text)) {
		free(j->held.text);
		j->held.text = NULL;
	}
	j->replay = false;
}

static void one_line(void *arg, const struct console_line *line)
{
	struct judge *j = arg;

	lines_add(j->lines, line->number, line->text);
	j->last = line->number;
	j->cut = line->end != LINE_WHOLE;
	if (line->when >= 0)
		j->when = line->when;
	if (line->when >= 0 || line->level != LEVEL_UNKNOWN ||
	    !strncmp(line->text, "Linux version ", strlen("Linux version ")))
		j->kernel = true;
	if (!strcmp(line->text, CONSOLE_REPLAY)) {
		j->replay = true;
		return;
	}
	protocol(j, line, true);
	if (j->replay)
		said_again(j, line);
	release(j);
	j->held.text = copy(line->text);
	j->held.line = *line;
}

/**
 * judge_new - begin to judge a guest
 * @asked: what it was asked for, has to live as long as the judge; NULL for a log
 *	from elsewhere, which is judged by what it says itself
 *
 * Return: the judge
 */
struct judge *judge_new(const struct judge_asked *asked)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		die("out of memory");
	j->asked = asked;
	j->planned = -1;
	j->done = -1;
	j->lines = lines_new();
	j->console = console_new(one_line, j);
	j->ktap = ktap_new();
	if (!j->console || !j->ktap)
		die("out of memory");
	j->verdict = VERDICT_ERROR;
	return j;
}

/**
 * judge_feed - the next bytes of the console
 * @j: the judge
 * @text: the bytes, any at all
 * @len: how many
 */
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

/**
 * judge_in_trouble - was trouble seen that nobody expected?
 * @j: the judge
 *
 * The newest line counts too: it may be the last one that a kernel says. So does what
 * an oracle of the stress driver saw: what comes after it says no more.
 *
 * Return: whether it was
 */
bool judge_in_trouble(const struct judge *j)
{
	struct console_line line = j->held.line;
	const struct trouble_row *row;

	line.text = j->held.text;
	if (has(j, BY_ORACLE))
		return true;
	if (j->in_trouble || !line.text || starts(line.text, "respawn: "))
		return j->in_trouble;
	row = trouble_match(&line);
	return row && is_grave(row) && expected(j, row, line.text) < 0 &&
	       !(trouble_is_stack(row) && j->stacks_due);
}

double judge_guest_time(const struct judge *j)
{
	return j->when;
}

/* How many steps it has to do, as far as that is known */
static size_t steps_asked(const struct judge *j)
{
	if (j->asked)
		return j->asked->n;
	return j->planned > 0 ? j->planned : 0;
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
	size_t all = steps_asked(j), ended = steps_ended(j);

	snprintf(note, len, "%s", !j->n_runs ? "boot" : running(j) ? running(j)->name :
		 j->asked && ended < all ? j->asked->steps[ended].name : "end");
	return (ended + j->part) / (all ? all : 1);
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

/* --- The verdict --- */

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
	note(j, BY_TEST, VERDICT_FAIL,
	     fmt("%s failed%s%s", path, t->reason ? ": " : "", t->reason ? t->reason : ""),
	     copy(path), fmt("%s failed%s%s", path, *words ? ": " : "", words));
}

static void note_results(struct judge *j)
{
	const struct ktap_test *root = ktap_root(j->ktap);

	if (root->status == KTAP_FAIL && !has(j, BY_TEST))
		note(j, BY_RESULTS, VERDICT_FAIL,
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
		note(j, BY_STEP, VERDICT_FAIL,
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
			note(j, BY_SUITE, VERDICT_FAIL,
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

	note(j, source, v,
	     fmt("%s%s; last line: %s", clean, j->cut ? ", in the middle of a line" : "",
		 last_line(j, false)), running_name(j), fmt("%s; last line: %s", head, line));
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
	note(j, BY_HOST, VERDICT_ERROR, utf8_copy(detail), running_name(j), NULL);
}

/* What a guest that came to its end by itself did not do */
static void note_plan(struct judge *j)
{
	size_t n = steps_asked(j);

	if (j->planned != (int)n || j->done != j->planned || steps_ended(j) != n)
		note(j, BY_PLAN, VERDICT_FAIL,
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
		note(j, BY_CPUS, VERDICT_FAIL,
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
	note(j, BY_PLAN, VERDICT_FAIL, copy("no test reported anything"), NULL, NULL);
	return VERDICT_FAIL;
}

/* The step that was next, for what happened between two */
static void name_step(struct judge *j)
{
	size_t ended = steps_ended(j);

	for (size_t i = 0; i < j->n_failures; i++) {
		struct failure *f = &j->failures[i];

		if (!f->test && j->n_runs && j->asked && ended < j->asked->n &&
		    f->at >= j->runs[0].begin)
			f->test = fmt("step %s", j->asked->steps[ended].name);
	}
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
	release(j);
	ktap_end(j->ktap);
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

/* Suites that are built in report before there is a step. */
static bool counts_at_boot(enum source source)
{
	return (source <= BY_LOSS && source != BY_SILENCE) || source == BY_TEST ||
	       source == BY_RESULTS;
}

/**
 * judge_boot_trouble - what went wrong as a guest booted
 * @j: the judge of a guest that was to boot and no more, after judge_end()
 *
 * What such a guest did not do is no fault of it. Called before others go on from
 * where it is: their consoles do not have its lines.
 *
 * Return: a line, NULL if nothing that its kernel or a suite of that said speaks against it
 */
const char *judge_boot_trouble(const struct judge *j)
{
	for (size_t i = 0; i < j->n_failures; i++)
		if (counts_at_boot(j->failures[i].source))
			return j->failures[i].what;
	return NULL;
}

/**
 * judge_has_protocol - does the console speak as a guest's?
 * @j: the judge
 *
 * Return: whether init or a program of a guest said something
 */
bool judge_has_protocol(const struct judge *j)
{
	return j->protocol;
}

/**
 * judge_has_kernel - does a kernel speak on the console?
 * @j: the judge
 *
 * Return: whether there was a line with a time or a level, or the kernel's first one
 */
bool judge_has_kernel(const struct judge *j)
{
	return j->kernel;
}

enum verdict judge_verdict(const struct judge *j)
{
	return j->verdict;
}

/**
 * judge_failure - why the verdict is not pass
 * @j: the judge
 *
 * Return: a line, NULL if it is pass or skip
 */
const char *judge_failure(const struct judge *j)
{
	return j->first ? j->first->what : NULL;
}

/**
 * judge_failed_test - the test or the step in which that happened
 * @j: the judge
 *
 * Return: its name, or NULL
 */
const char *judge_failed_test(const struct judge *j)
{
	return j->first ? j->first->test : NULL;
}

/**
 * judge_signature - what failures of one bug have in common
 * @j: the judge of a run that failed
 *
 * Return: a line without what is of that run alone, to be freed; empty if the run
 * did not fail
 */
char *judge_signature(const struct judge *j)
{
	return copy(j->first ? j->first->signature : "");
}

/**
 * judge_failures - all that went wrong
 * @j: the judge
 * @all: gets the failures, in the order of the console's lines; they live as long as
 *	the judge
 *
 * The one that judge_failure() tells of is among them: the one that says most of
 * the run, which need not be the first in the console.
 *
 * Return: how many there are, JUDGE_FAILURES_MAX at most
 */
size_t judge_failures(const struct judge *j, const struct judge_failure **all)
{
	*all = j->all;
	return j->n_failures;
}

/**
 * judge_failures_more - how many failures are not among judge_failures()
 * @j: the judge
 *
 * Return: their number
 */
size_t judge_failures_more(const struct judge *j)
{
	return j->more;
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
	size_t n = 0;

	while (n < j->n_cases && (!j->first || j->cases[n] < j->first->at))
		n++;
	return n;
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

/* Where the registers are many, the stack comes late, and says the most. */
static size_t excerpt_end(const struct judge *j, size_t at)
{
	for (size_t i = at; i < at + LINES_TO_TRACE; i++) {
		const char *line = lines_at(j->lines, i);
		size_t end = i + LINES_TRACE;

		if (!line || !(strstr(line, "Call trace:") || strstr(line, "Call Trace:")))
			continue;
		for (i++; i < end; i++) {
			line = lines_at(j->lines, i);
			if (line && strstr(line, "---[ end trace"))
				end = i + 1;
		}
		return end > at + LINES_AFTER ? end : at + LINES_AFTER;
	}
	return at + LINES_AFTER;
}

/**
 * judge_excerpt - the console around what went wrong
 * @j: the judge
 *
 * Return: lines, to be freed; empty if nothing went wrong
 */
char *judge_excerpt(const struct judge *j)
{
	size_t len = 0, at = j->first ? j->first->at : 0;
	size_t from = at > LINES_BEFORE ? at - LINES_BEFORE : 1, to = excerpt_end(j, at);
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = from; at && i < to; i++) {
		const char *line = lines_at(j->lines, i);

		if (line)
			fprintf(f, "%s %s\n", i == at ? ">" : " ", line);
	}
	fclose(f);
	return text;
}

/**
 * judge_free - free a judge
 * @j: the judge
 */
void judge_free(struct judge *j)
{
	console_free(j->console);
	ktap_free(j->ktap);
	lines_free(j->lines);
	strv_free(&j->expected);
	for (size_t i = 0; i < j->n_failures; i++) {
		free(j->failures[i].what);
		free(j->failures[i].test);
		free(j->failures[i].words);
		free(j->failures[i].signature);
	}
	for (size_t i = 0; i < j->n_runs; i++) {
		free(j->runs[i].name);
		strv_free(&j->runs[i].suites);
	}
	free(j->failures);
	free(j->runs);
	free(j->cases);
	free(j->held.text);
	free(j->all);
	free(j);
}
