// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a console to a verdict. A guest passes if it did all it was asked to,
 * said so, and nothing else was seen: whatever is missing is a failure.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/lines.h"
#include "judge/state.h"

/* Lines of console that a report shows before and after what went wrong */
#define LINES_BEFORE	8
#define LINES_AFTER	24
/* Lines up to a call trace, and lines of it */
#define LINES_TO_TRACE	48
#define LINES_TRACE	24

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
	j->cases = judge_room(j->cases, j->n_cases, sizeof(*j->cases));
	j->cases[j->n_cases++] = j->at;
}

static void look_at(struct judge *j, const struct console_line *line)
{
	j->at = line->number;
	if (judge_protocol(j, line, false))
		return;
	judge_look_for_trouble(j, line);
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
	judge_protocol(j, line, true);
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
	size_t all = judge_steps_asked(j), ended = judge_steps_ended(j);

	snprintf(note, len, "%s", !j->n_runs ? "boot" : judge_running(j) ? judge_running(j)->name :
		 j->asked && ended < all ? j->asked->steps[ended].name : "end");
	return (ended + j->part) / (all ? all : 1);
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
	judge_decide(j, ending, detail);
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
