// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions of C files a diff changes. This knows as much of C as kernel style
 * lets one get by with: a function's body is from a "{" to a "}" that begin a line.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "build/functions.h"

/* ---- a diff ------------------------------------------------------------------ */

static struct changed *add_file(struct changed **all, size_t *n, const char *name)
{
	*all = reallocarray(*all, *n + 1, sizeof(**all));
	if (!*all)
		die("out of memory");
	(*all)[*n] = (struct changed){ .file = fmt("%.*s", (int)strcspn(name, "\t\n"), name) };
	return &(*all)[(*n)++];
}

static void add_span(struct changed *c, size_t first, size_t lines)
{
	c->spans = reallocarray(c->spans, c->n + 1, sizeof(*c->spans));
	if (!c->spans)
		die("out of memory");
	c->spans[c->n++] = (struct span){ first, lines ? first + lines - 1 : first };
}

/* "@@ -12,0 +13,4 @@"; one line is meant where no number of them is given. */
static bool read_hunk(const char *line, size_t *first, size_t *lines)
{
	const char *plus = strchr(line, '+');

	*lines = 1;
	return plus && sscanf(plus, "+%zu,%zu", first, lines) >= 1;
}

/**
 * functions_changed - read a diff without context
 * @diff: what git diff -U0 says
 * @all: gets the files, for functions_free()
 *
 * Return: how many files there are; those that are gone do not count
 */
size_t functions_changed(const char *diff, struct changed **all)
{
	struct changed *c = NULL;
	size_t n = 0, first, lines;

	*all = NULL;
	for (const char *line = diff; *line; line += strcspn(line, "\n"), line += !!*line) {
		if (!strncmp(line, "diff --git ", 11))
			c = NULL;
		else if (!c && !strncmp(line, "+++ b/", 6))
			c = add_file(all, &n, line + 6);
		else if (c && !strncmp(line, "@@ ", 3) && read_hunk(line, &first, &lines))
			add_span(c, first, lines);
	}
	return n;
}

/**
 * functions_free - free what functions_changed() gave
 * @all: the files
 * @n: how many
 */
void functions_free(struct changed *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(all[i].file);
		free(all[i].spans);
	}
	free(all);
}

/* ---- a C file ---------------------------------------------------------------- */

/**
 * struct scan - where in a file we are
 * @head: what stands before the next body: the lines since the last thing that ended
 * @first: line that @head begins in
 * @inside: a body was begun and has not ended
 */
struct scan {
	char *head;
	size_t first;
	bool inside;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What may stand with brackets in a head and is not the function's name */
static bool is_attribute(const char *word, size_t len)
{
	static const char *const attributes[] = {
		"__attribute__", "__printf", "__scanf", "__releases", "__acquires",
		"__must_hold", "__aligned", "__section", "__no_sanitize", "__malloc",
		"__alloc_size", "__nonnull",
	};

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (strlen(attributes[i]) == len && !strncmp(attributes[i], word, len))
			return true;
	return false;
}

static bool is_macro(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (islower((unsigned char)word[i]))
			return false;
	return true;
}

/* Behind the bracket that closes the one at @at */
static const char *past_brackets(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		depth += (*at == '(') - (*at == ')');
		if (!depth)
			return at + 1;
	}
	return at;
}

/* The name of the function that @head declares, to be freed, or NULL */
static char *name_of(const char *head)
{
	for (const char *at = head; (at = strchr(at, '(')); at = past_brackets(at)) {
		const char *end = at, *word;

		while (end > head && isspace((unsigned char)end[-1]))
			end--;
		word = end;
		while (word > head && is_word(word[-1]))
			word--;
		if (word == end || is_attribute(word, end - word))
			continue;
		/* DEFINE_THIS(name, ...) */
		if (is_macro(word, end - word)) {
			word = at + 1 + strspn(at + 1, " \t\n");
			end = word;
			while (is_word(*end))
				end++;
		}
		return end > word ? fmt("%.*s", (int)(end - word), word) : NULL;
	}
	return NULL;
}

static bool overlaps(const struct span *spans, size_t n, size_t first, size_t last)
{
	for (size_t i = 0; i < n; i++)
		if (spans[i].first <= last && spans[i].last >= first)
			return true;
	return !spans;
}

static void more_head(struct scan *s, const char *line, size_t len, size_t number)
{
	char *head = fmt("%s%.*s\n", s->head ?: "", (int)len, line);

	if (!s->head)
		s->first = number;
	free(s->head);
	s->head = head;
}

static void drop_head(struct scan *s)
{
	free(s->head);
	s->head = NULL;
}

/* Is it part of no declaration: a comment, the preprocessor's, or the end of one? */
static bool ends_head(const char *line, size_t len)
{
	return !len || strchr("#/}*", *line) || !strncmp(line, " *", 2) || line[len - 1] == ';';
}

static void end_body(struct scan *s, size_t number, const struct span *spans, size_t n,
		     struct strv *names)
{
	__auto_free char *name = s->head ? name_of(s->head) : NULL;

	s->inside = false;
	if (name && overlaps(spans, n, s->first, number) && !strv_has(names, name))
		strv_add(names, "%s", name);
	drop_head(s);
}

static void scan_line(struct scan *s, const char *line, size_t len, size_t number,
		      const struct span *spans, size_t n, struct strv *names)
{
	if (s->inside) {
		if (*line == '}')
			end_body(s, number, spans, n, names);
	} else if (*line == '{') {
		s->inside = true;
	} else if (ends_head(line, len)) {
		drop_head(s);
	} else if (s->head || !isspace((unsigned char)*line)) {
		more_head(s, line, len, number);
	}
}

/**
 * functions_in - name the functions that lines of a C file belong to
 * @text: the file
 * @spans: the lines, or NULL for all
 * @n: how many spans
 * @names: gets the functions, each once
 */
void functions_in(const char *text, const struct span *spans, size_t n, struct strv *names)
{
	struct scan s = { 0 };
	size_t number = 0;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		scan_line(&s, line, len, ++number, spans, n, names);
		line += len + !!line[len];
	}
	drop_head(&s);
}
