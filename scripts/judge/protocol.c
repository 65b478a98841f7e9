// SPDX-License-Identifier: GPL-2.0-only
/* What the guest says of itself: its plan, its steps, what it is about to cause */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>

#include "judge/lines.h"
#include "judge/state.h"
#include "judge/utf8.h"

/**
 * judge_running - the step that runs
 * @j: the judge
 *
 * Return: the step, NULL between two
 */
struct step_run *judge_running(const struct judge *j)
{
	struct step_run *r = j->n_runs ? &j->runs[j->n_runs - 1] : NULL;

	return r && !r->end ? r : NULL;
}

/**
 * judge_running_name - what a failure is said to have happened in
 * @j: the judge
 *
 * Return: "step" and the name of the one that runs, to be freed; NULL between two
 */
char *judge_running_name(const struct judge *j)
{
	const struct step_run *r = judge_running(j);

	return r ? fmt("step %s", r->name) : NULL;
}

/**
 * judge_steps_ended - how many steps are over
 * @j: the judge
 *
 * Return: their number
 */
size_t judge_steps_ended(const struct judge *j)
{
	return j->n_runs - !!judge_running(j);
}

/**
 * judge_steps_asked - how many steps the guest has to do
 * @j: the judge
 *
 * Return: their number, 0 if that is not known
 */
size_t judge_steps_asked(const struct judge *j)
{
	if (j->asked)
		return j->asked->n;
	return j->planned > 0 ? j->planned : 0;
}

static void step_began(struct judge *j, const char *name)
{
	if (judge_running(j))
		judge_note(j, BY_STEP, VERDICT_FAIL,
			   fmt("step %s began before step %s ended", name, judge_running(j)->name),
			   judge_running_name(j), NULL);
	if (j->n_runs == KTAP_TESTS_MAX)
		return;
	j->runs = judge_room(j->runs, j->n_runs, sizeof(*j->runs));
	j->runs[j->n_runs++] = (struct step_run){ .name = copy(name), .begin = j->at };
}

static void step_ended(struct judge *j, const char *name, int status)
{
	size_t nr = judge_steps_ended(j);
	struct step_run *r = judge_running(j);

	if (!r || strcmp(r->name, name) ||
	    (j->asked && (nr >= j->asked->n || strcmp(j->asked->steps[nr].name, name))))
		judge_note(j, BY_STEP, VERDICT_FAIL,
			   fmt("step %s ended, which was not its turn", name), NULL, NULL);
	else if (status && status != EXIT_SKIPPED)
		judge_note(j, BY_STEP, VERDICT_FAIL,
			   fmt("step %s ended with status %d", name, status), judge_running_name(j),
			   fmt("step %s ended with status %d", name, status));
	if (j->expected.n)
		judge_note(j, BY_STEP, VERDICT_FAIL,
			   fmt("step %s did not cause what it has to: no trouble with '%s'", name,
			       j->expected.v[0]), judge_running_name(j), NULL);
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
	judge_note(j, BY_CPUS, VERDICT_FAIL,
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
	struct step_run *r = judge_running(j);

	if (r && r->suites.n < KTAP_TESTS_MAX)
		strv_split(&r->suites, s, ",");
}

static void take_error(struct judge *j, const char *s)
{
	judge_note(j, BY_INIT, VERDICT_FAIL, fmt("init says: %s", s), NULL, NULL);
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

	f = judge_note(j, j->in_trouble ? BY_TEST : BY_ORACLE, VERDICT_FAIL,
		       fmt("stress.%s", s), test,
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

/* "ADDRESS size BYTES", of memory of the guest */
static void read_area(const char *s, unsigned long long *at, size_t *size)
{
	unsigned long long address;
	size_t bytes;

	if (sscanf(s, "%llx size %zu", &address, &bytes) != 2)
		return;
	*at = address;
	*size = bytes;
}

static void take_events(struct judge *j, const char *s)
{
	read_area(s, &j->events_at, &j->events_size);
}

static void take_words(struct judge *j, const char *s)
{
	read_area(s, &j->words_at, &j->words_size);
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

/**
 * judge_protocol - take a line in which the guest speaks of itself
 * @j: the judge
 * @line: the line; what it says counts only if it comes from where it may come
 * @at_once: take what somebody waits for, else take the rest
 *
 * Return: whether it is such a line
 */
bool judge_protocol(struct judge *j, const struct console_line *line, bool at_once)
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
