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

/**
 * struct text - what is left of a console, which may have any bytes
 * @all: all of it, NULL if there is none
 * @at: where it goes on
 * @left: bytes from there
 */
struct text {
	char *all;
	const char *at;
	size_t left;
};

static struct text open_console(const char *dir)
{
	__auto_free char *path = fmt("%s/console.log", dir);
	struct text t = { 0 };

	t.all = read_file(path, &t.left);
	if (!t.all)
		t.left = 0;
	t.at = t.all;
	return t;
}

/* Bytes of the line that comes next, without its newline */
static size_t line_len(const struct text *t)
{
	const char *end = t->left ? memchr(t->at, '\n', t->left) : NULL;

	return end ? (size_t)(end - t->at) : t->left;
}

static bool has_line(const struct text *t)
{
	return line_len(t) < t->left;
}

static void next_line(struct text *t)
{
	size_t n = line_len(t) + has_line(t);

	t->at += n;
	t->left -= n;
}

/* The line that comes next, for people */
static char *shown(const struct text *t)
{
	size_t n = line_len(t);
	char *line = calloc(1, n + 1);

	if (!line)
		die("out of memory");
	for (size_t i = 0; i < n; i++)
		line[i] = t->at[i] ?: '?';
	line[strcspn(line, "\r")] = '\0';
	return line;
}

static char *console_difference(const char *dir, const char *other, enum extent extent)
{
	struct text a = open_console(dir), b = open_console(other);
	__auto_free char *one = a.all, *two = b.all, *then = NULL, *now = NULL;
	unsigned int line = 1;

	/* Any console is longer than none. */
	if (!a.left)
		extent = EXTENT_ALL;
	while (a.left && b.left && line_len(&a) == line_len(&b) &&
	       !memcmp(a.at, b.at, line_len(&a))) {
		next_line(&a);
		next_line(&b);
		line++;
	}
	if ((!a.left && !b.left) || (extent != EXTENT_ALL && !(has_line(&a) && has_line(&b))))
		return NULL;
	then = shown(&a);
	now = shown(&b);
	return fmt("line %u of the console\n  then  %s\n  now   %s", line, then, now);
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

static char *other(const struct record *then, const struct record *now, const char *path,
		   const char *what)
{
	const char *was = json_string_value(record_member(then, path));
	const char *is = json_string_value(record_member(now, path));

	if (!was || !is || !strcmp(was, is))
		return NULL;
	return fmt("the record is of %s %s, this is %s", what, was, is);
}

/**
 * record_other_tools - was a trial run or judged by others than a record's?
 * @then: the record
 * @now: of the trial
 *
 * Called where the two differ, which then says nothing of the kernel.
 *
 * Return: NULL if it was not, else by whom, to be freed
 */
char *record_other_tools(const struct record *then, const struct record *now)
{
	char *qemu = other(then, now, "qemu.version", "QEMU");

	return qemu ? qemu : other(then, now, "respawn.judge", "judge");
}
