// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which run of a search comes next. A run that shows pairs of blocks that none did before
 * leads to more of its kind: the same operations, and another walk through them. Every
 * other run is such a one, as long as there are leads, of the run that showed the most; the
 * rest have seeds of their own.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/leads.h"
#include "lib/util.h"

/* A walk that has the number of its run's seed would be that seed's own. */
#define LEADS_FAR	1000000

/* So many more runs of one that showed something new */
#define LEADS_MORE	2

static void count(struct leads *l, size_t i)
{
	l->news[i] = pairs_add(&l->all, &l->pairs[i]);
	l->more[i] = l->news[i] ? LEADS_MORE : 0;
}

/* The run to have one more of; NULL if there is none */
static const struct lead *best(struct leads *l)
{
	size_t best = l->counted;

	for (size_t i = 0; i < l->counted; i++)
		if (l->more[i] && (best == l->counted || l->news[i] > l->news[best]))
			best = i;
	if (best == l->counted)
		return NULL;
	l->more[best]--;
	return &l->runs[best];
}

/* Count those that do so for the next run; false if one of them is not over. */
static bool catch_up(struct leads *l)
{
	while (l->counted + LEADS_LAG <= l->n) {
		if (!l->over[l->counted])
			return false;
		count(l, l->counted++);
	}
	return true;
}

/**
 * leads_next - what is run next
 * @l: the search, all zero but for its first seed when it begins
 * @run: gets it
 *
 * Return: false if that is not known before a run is over that was chosen long ago
 */
bool leads_next(struct leads *l, struct lead *run)
{
	const struct lead *like;
	size_t i = l->n;

	if (!catch_up(l))
		return false;
	like = i % 2 ? best(l) : NULL;
	if (like)
		*run = (struct lead){
			.seed = like->seed,
			.walk = i + 1 + (i + 1 == like->seed ? LEADS_FAR : 0),
		};
	else
		*run = (struct lead){ .seed = l->first + l->fresh++ };
	l->runs = grow(l->runs, i + 1, sizeof(*l->runs));
	l->pairs = grow(l->pairs, i + 1, sizeof(*l->pairs));
	l->over = grow(l->over, i + 1, sizeof(*l->over));
	l->more = grow(l->more, i + 1, sizeof(*l->more));
	l->news = grow(l->news, i + 1, sizeof(*l->news));
	l->runs[i] = *run;
	l->over[i] = false;
	l->n++;
	return true;
}

/* Its index; that of none if it does not count any more */
static size_t find(const struct leads *l, const struct lead *run)
{
	size_t i = l->counted;

	while (i < l->n && (l->runs[i].seed != run->seed || l->runs[i].walk != run->walk))
		i++;
	return i;
}

/**
 * leads_over - a run is over
 * @l: the search
 * @run: from leads_next()
 * @pairs: what it showed
 */
void leads_over(struct leads *l, const struct lead *run, const struct pairs *pairs)
{
	size_t i = find(l, run);

	if (i == l->n)
		return;
	l->pairs[i] = *pairs;
	l->over[i] = true;
}

/**
 * leads_pairs - what a run showed that is just over
 * @l: the search
 * @run: the run
 *
 * Return: the pairs; NULL if the search knows nothing of it
 */
const struct pairs *leads_pairs(const struct leads *l, const struct lead *run)
{
	size_t i = find(l, run);

	return i < l->n && l->over[i] ? &l->pairs[i] : NULL;
}

/**
 * leads_free - forget a search
 * @l: it
 */
void leads_free(struct leads *l)
{
	free(l->runs);
	free(l->pairs);
	free(l->over);
	free(l->more);
	free(l->news);
	memset(l, 0, sizeof(*l));
}
