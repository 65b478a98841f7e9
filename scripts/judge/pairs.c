// SPDX-License-Identifier: GPL-2.0-only
/*
 * What orders of the focus a run showed: which blocks came after which ones of another
 * task. The module steer prints them when it ends.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/pairs.h"
#include "lib/util.h"

/**
 * pairs_of_console - what a run showed
 * @console: its console
 * @p: gets the pairs, none if it does not say all
 *
 * Return: whether it says so; a run that failed or has no focus need not
 */
bool pairs_of_console(const char *console, struct pairs *p)
{
	static const char key[] = "steer: pairs from ";
	const char *at = console;
	size_t n = 0;

	memset(p, 0, sizeof(*p));
	while ((at = strstr(at, key))) {
		char *end;
		size_t i;

		i = strtoul(at + strlen(key), &end, 10);
		for (at = end + (*end == ':'); *at == ' ' && i < PAIRS_WORDS; at = end, n++)
			p->words[i++] = strtoull(at, &end, 16);
	}
	if (n != PAIRS_WORDS)
		memset(p, 0, sizeof(*p));
	return n == PAIRS_WORDS;
}

/**
 * pairs_text - pairs as text
 * @p: the pairs
 *
 * Return: words with a space between, to be freed
 */
char *pairs_text(const struct pairs *p)
{
	__auto_strv struct strv words = { 0 };

	for (size_t i = 0; i < PAIRS_WORDS; i++)
		strv_add(&words, "%llx", (unsigned long long)p->words[i]);
	return strv_join(&words, " ");
}

/**
 * pairs_of_text - the other way
 * @text: from pairs_text(); or NULL
 * @p: gets the pairs
 *
 * Return: whether the text is of pairs
 */
bool pairs_of_text(const char *text, struct pairs *p)
{
	__auto_strv struct strv words = { 0 };
	char *end;

	memset(p, 0, sizeof(*p));
	strv_split(&words, text, " ");
	for (size_t i = 0; words.n == PAIRS_WORDS && i < PAIRS_WORDS; i++) {
		p->words[i] = strtoull(words.v[i], &end, 16);
		if (*end)
			words.n = 0;
	}
	if (words.n == PAIRS_WORDS)
		return true;
	memset(p, 0, sizeof(*p));
	return false;
}

/**
 * pairs_add - have pairs among others
 * @all: where they are added
 * @more: the pairs
 *
 * Return: how many of them were not there
 */
size_t pairs_add(struct pairs *all, const struct pairs *more)
{
	size_t n = 0;

	for (size_t i = 0; i < PAIRS_WORDS; i++) {
		n += __builtin_popcountll(more->words[i] & ~all->words[i]);
		all->words[i] |= more->words[i];
	}
	return n;
}
