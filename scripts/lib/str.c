// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings and vectors of strings, in memory that is freed by whoever has it.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/die.h"
#include "lib/str.h"

void free_ptr(void *p)
{
	free(*(void **)p);
}

/**
 * fmt - a formatted string in memory of its own
 * @format: as for printf()
 *
 * Return: the string, to be freed; there is no failure but death.
 */
char *fmt(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		die("out of memory");
	va_end(args);
	return s;
}

char *copy(const char *s)
{
	return fmt("%s", s);
}

/**
 * strv_add - append a formatted string to a vector
 * @s: vector, all zeroes if empty; @s->v always ends with NULL
 * @format: as for printf()
 */
void strv_add(struct strv *s, const char *format, ...)
{
	va_list args;

	s->v = reallocarray(s->v, s->n + 2, sizeof(*s->v));
	if (!s->v)
		die("out of memory");
	va_start(args, format);
	if (vasprintf(&s->v[s->n], format, args) < 0)
		die("out of memory");
	va_end(args);
	s->v[++s->n] = NULL;
}

/**
 * strv_split - append the words of a text to a vector
 * @s: vector
 * @text: words, or NULL for none
 * @delim: characters between words
 */
void strv_split(struct strv *s, const char *text, const char *delim)
{
	__auto_free char *t = copy(text ? text : "");
	char *save, *w;

	for (w = strtok_r(t, delim, &save); w; w = strtok_r(NULL, delim, &save))
		strv_add(s, "%s", w);
}

/**
 * strv_lines - append the lines of a text to a vector, the empty ones too
 * @s: vector
 * @text: lines
 */
void strv_lines(struct strv *s, const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		strv_add(s, "%.*s", (int)(end - text), text);
	}
}

/**
 * strv_join - the words of a vector as one text
 * @s: vector
 * @delim: what comes between two words
 *
 * Return: the text, to be freed
 */
char *strv_join(const struct strv *s, const char *delim)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < s->n; i++)
		fprintf(f, "%s%s", i ? delim : "", s->v[i]);
	if (!f || fclose(f))
		die("out of memory");
	return text;
}

bool strv_has(const struct strv *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], word))
			return true;
	return false;
}

/**
 * has_end - does a text end with another one?
 * @s: the text
 * @end: the other one
 *
 * Return: whether it does
 */
bool has_end(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/**
 * has_word - is a word one of a list?
 * @words: the list
 * @delim: characters between its words
 * @word: the word
 *
 * Return: whether it is
 */
bool has_word(const char *words, const char *delim, const char *word)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, words, delim);
	return strv_has(&all, word);
}

/* Letters to put in, leave out or exchange until @a is @b */
static size_t edits(const char *a, const char *b)
{
	size_t lb = strlen(b), *row = need(lb + 1, sizeof(*row)), result;

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0]++;

		for (size_t j = 0; j < lb; j++) {
			size_t change = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = change < corner + 1 ? change : corner + 1;
			if (row[j] + 1 < row[j + 1])
				row[j + 1] = row[j] + 1;
		}
	}
	result = row[lb];
	free(row);
	return result;
}

/**
 * strv_nearest - what may have been meant by a word that is none
 * @s: the words there are
 * @word: the one that is not among them
 *
 * Return: the one of @s that differs in the fewest letters, if these are at most two
 * and not half of @word, and of several the one that begins most alike; or NULL
 */
const char *strv_nearest(const struct strv *s, const char *word)
{
	const char *best = NULL;
	size_t least = 3, longest = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t n = edits(s->v[i], word), same = 0;

		while (word[same] && word[same] == s->v[i][same])
			same++;
		if (2 * n >= strlen(word) || n > least || (n == least && same <= longest))
			continue;
		least = n;
		longest = same;
		best = s->v[i];
	}
	return least < 3 ? best : NULL;
}

void strv_free(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){ 0 };
}
