/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_JUDGE_STATE_H
#define RESPAWN_JUDGE_STATE_H

/* What the parts of the judge share: what is known of a guest, and what went wrong. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "judge/console.h"
#include "judge/judge.h"
#include "judge/signature.h"
#include "judge/trouble.h"

/* What a program of kselftest ends with if it was skipped */
#define EXIT_SKIPPED	4

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

static inline bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

void *judge_room(void *v, size_t n, size_t size);
struct failure *judge_note(struct judge *j, enum source source, enum verdict verdict,
			   char *what, char *test, char *words);
bool judge_noted(const struct judge *j, enum source source);

struct step_run *judge_running(const struct judge *j);
char *judge_running_name(const struct judge *j);
size_t judge_steps_ended(const struct judge *j);
size_t judge_steps_asked(const struct judge *j);
bool judge_protocol(struct judge *j, const struct console_line *line, bool at_once);

void judge_look_for_trouble(struct judge *j, const struct console_line *line);
void judge_decide(struct judge *j, enum ending ending, const char *detail);

#endif /* RESPAWN_JUDGE_STATE_H */
