// SPDX-License-Identifier: GPL-2.0-only
/* What went wrong so far */
#include <stdlib.h>

#include "judge/lines.h"
#include "judge/state.h"

/**
 * judge_room - room for one more of a list
 * @v: the list
 * @n: how many are in it
 * @size: bytes of one
 *
 * Return: the list, which may have moved
 */
void *judge_room(void *v, size_t n, size_t size)
{
	/* By powers of two, from 16 on */
	if (n && (n < 16 || (n & (n - 1))))
		return v;
	v = reallocarray(v, n ? 2 * n : 16, size);
	if (!v)
		die("out of memory");
	return v;
}

/**
 * judge_note - something is wrong
 * @j: the judge; it is about the line that this looks at
 * @source: where that comes from
 * @verdict: what it makes of the run
 * @what: a line about it
 * @test: the test or the step it happened in, or NULL
 * @words: what of @what is the same in other runs, or NULL if that is to be found out
 *
 * Takes the strings.
 *
 * Return: the failure, NULL if there are too many already
 */
struct failure *judge_note(struct judge *j, enum source source, enum verdict verdict,
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
	j->failures = judge_room(j->failures, j->n_failures, sizeof(*j->failures));
	f = &j->failures[j->n_failures++];
	*f = (struct failure){
		.source = source, .verdict = verdict, .what = what, .test = test,
		.words = words, .at = j->at,
	};
	lines_pin(j->lines, j->at > REPORT_BEFORE ? j->at - REPORT_BEFORE : 1,
		  j->at + REPORT_AFTER);
	return f;
}

/**
 * judge_noted - is something of a kind wrong?
 * @j: the judge
 * @source: where it comes from
 *
 * Return: whether it was noted
 */
bool judge_noted(const struct judge *j, enum source source)
{
	for (size_t i = 0; i < j->n_failures; i++)
		if (j->failures[i].source == source)
			return true;
	return false;
}
