// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of a console, as many as are worth it: its beginning, its end, and
 * what is near to something that went wrong. A console without end has no end of
 * them, and the host has.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/lines.h"
#include "lib/util.h"

/* What a line costs beyond its text */
#define OVERHEAD	48

struct kept {
	size_t number;
	char *text;
};

/**
 * struct lines - the lines that are kept
 * @head: those kept for good, by number
 * @n: how many
 * @room: how many there is room for
 * @bytes: what they take
 * @pinned: what those of them take that came when the beginning was full
 * @pin_to: lines before this number are kept for good
 * @tail: the newest ones, in a ring
 * @added: how many lines went through it
 */
struct lines {
	struct kept *head;
	size_t n, room;
	size_t bytes;
	size_t pinned;
	size_t pin_to;
	struct kept tail[LINES_TAIL_MAX];
	size_t added;
};

/**
 * lines_new - keep lines
 *
 * Return: an empty store, to be freed with lines_free()
 */
struct lines *lines_new(void)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		die("out of memory");
	return l;
}

static void keep(struct lines *l, size_t number, const char *text)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->head = reallocarray(l->head, l->room, sizeof(*l->head));
		if (!l->head)
			die("out of memory");
	}
	l->head[l->n++] = (struct kept){ number, copy(text) };
}

/* For good, if there is room for it */
static bool keep_for_good(struct lines *l, size_t number, const char *text)
{
	size_t cost = strlen(text) + OVERHEAD;

	if (l->bytes + cost <= LINES_HEAD_MAX && !l->added)
		l->bytes += cost;
	else if (number < l->pin_to && l->pinned + cost <= LINES_PINNED_MAX)
		l->pinned += cost;
	else
		return false;
	keep(l, number, text);
	return true;
}

/**
 * lines_add - the next line
 * @l: the store
 * @number: its number, greater than that of any line before
 * @text: its text, which is copied
 */
void lines_add(struct lines *l, size_t number, const char *text)
{
	struct kept *k;

	if (keep_for_good(l, number, text))
		return;
	k = &l->tail[l->added++ % LINES_TAIL_MAX];
	free(k->text);
	*k = (struct kept){ number, copy(text) };
}

/**
 * lines_pin - keep lines for good
 * @l: the store
 * @from: number of the first one
 * @to: number behind the last one; they may be yet to come
 */
void lines_pin(struct lines *l, size_t from, size_t to)
{
	size_t have = l->n ? l->head[l->n - 1].number : 0;
	size_t first = l->added > LINES_TAIL_MAX ? l->added - LINES_TAIL_MAX : 0;

	if (to > l->pin_to)
		l->pin_to = to;
	for (size_t i = first; i < l->added; i++) {
		const struct kept *k = &l->tail[i % LINES_TAIL_MAX];

		if (k->number >= from && k->number > have)
			keep_for_good(l, k->number, k->text);
	}
}

/**
 * lines_at - one of the lines
 * @l: the store
 * @number: its number
 *
 * Return: its text, NULL if it is not kept
 */
const char *lines_at(const struct lines *l, size_t number)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (l->head[middle].number == number)
			return l->head[middle].text;
		if (l->head[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	for (size_t i = 0; i < LINES_TAIL_MAX && i < l->added; i++)
		if (l->tail[i].number == number)
			return l->tail[i].text;
	return NULL;
}

/**
 * lines_free - free a store
 * @l: the store
 */
void lines_free(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->head[i].text);
	for (size_t i = 0; i < LINES_TAIL_MAX; i++)
		free(l->tail[i].text);
	free(l->head);
	free(l);
}
