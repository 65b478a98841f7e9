// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are two trials the same? Their consoles are, time stamps and all, and their event
 * logs, or there is a first difference.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "record/compare.h"
#include "run/events_file.h"

static char *console_difference(const char *dir, const char *other, enum extent extent)
{
	__auto_free char *one = fmt("%s/console.log", dir), *a = read_file(one, NULL);
	__auto_free char *two = fmt("%s/console.log", other), *b = read_file(two, NULL);
	const char *x = a ? a : "", *y = b ? b : "";
	unsigned int line = 1;

	while (*x && strcspn(x, "\n") == strcspn(y, "\n") &&
	       !strncmp(x, y, strcspn(x, "\n"))) {
		x += strcspn(x, "\n");
		y += strcspn(y, "\n");
		x += *x == '\n';
		y += *y == '\n';
		line++;
	}
	if ((!*x && !*y) || (extent != EXTENT_ALL && (!strchr(x, '\n') || !strchr(y, '\n'))))
		return NULL;
	return fmt("line %u of the console\n  then  %.*s\n  now   %.*s", line,
		   (int)strcspn(x, "\r\n"), x, (int)strcspn(y, "\r\n"), y);
}

static char *log_difference(const char *dir, const char *other, enum extent extent)
{
	__auto_free char *one = fmt("%s/events.bin", dir);
	__auto_free char *two = fmt("%s/events.bin", other);
	struct events a, b;
	bool was = events_read(&a, one), is = events_read(&b, two);
	char *what = NULL;

	if (was != is && extent == EXTENT_ALL)
		what = fmt("the event log, which only one of them has");
	else if (was && is)
		what = events_difference(&a, &b, extent);
	events_free(&a);
	events_free(&b);
	return what;
}

/**
 * runs_difference - is what two runs left the same?
 * @a: folder of a run
 * @b: folder of a later one
 * @extent: how far they are to be the same
 *
 * Return: NULL if it is, else the first difference, to be freed
 */
char *runs_difference(const char *a, const char *b, enum extent extent)
{
	char *what = console_difference(a, b, extent);

	return what ? what : log_difference(a, b, extent);
}

/* If the host ended it, at some moment, the guest may say more later. */
static enum extent extent_of(const struct record *rec)
{
	return strcmp(record_text(rec, "ended_by"), "host") ? EXTENT_ALL : EXTENT_SHORTER;
}

/**
 * record_difference - is a trial what a record tells?
 * @then: the record
 * @now: of the trial
 *
 * Return: NULL if it is, else the first difference, to be freed
 */
char *record_difference(const struct record *then, const struct record *now)
{
	const char *was = record_text(then, "verdict"), *is = record_text(now, "verdict");
	char *what = runs_difference(then->dir, now->dir, extent_of(then));

	if (!what && strcmp(was, is))
		what = fmt("the verdict: %s then, %s now", was, is);
	return what;
}
