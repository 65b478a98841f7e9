// SPDX-License-Identifier: GPL-2.0-only
/* Trouble on the console: was it meant, is it known, or is it a failure? */
#define _GNU_SOURCE
#include <stdlib.h>

#include "judge/state.h"

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

/**
 * judge_look_for_trouble - is a line of the console trouble?
 * @j: the judge
 * @line: the line
 */
void judge_look_for_trouble(struct judge *j, const struct console_line *line)
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
	if ((goes_on(row) && judge_noted(j, BY_TROUBLE)) || is_known(j, row, line->text))
		return;
	j->in_trouble |= is_grave(row);
	f = judge_note(j, source_of(row), verdicts_of[row->class],
		       fmt("%s: %s", row->what, line->text), judge_running_name(j),
		       signature_words(line->text));
	if (f)
		f->row = row;
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
	if (judge_noted(j, BY_ORACLE))
		return true;
	if (j->in_trouble || !line.text || starts(line.text, "respawn: "))
		return j->in_trouble;
	row = trouble_match(&line);
	return row && is_grave(row) && expected(j, row, line.text) < 0 &&
	       !(trouble_is_stack(row) && j->stacks_due);
}
