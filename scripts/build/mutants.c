// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of mutants. A table has a block per mutant:
 *
 *	mutant <name>
 *	what <what is broken>
 *	in <function>
 *	-<a line as the source has it>
 *	+<a line that comes in its place>
 *
 * There may be several lines of each kind, and several such changes one after
 * the other. "equivalent <why>" says that nobody can see the difference. "file",
 * "plan" and "arch" hold for the mutant they stand in, or for all that follow if
 * they stand before the first one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/mutants.h"
#include "lib/util.h"

/* A table that is being read: where we are, and what holds for all in it */
struct reader {
	struct mutants *all;
	struct mutant common;
	struct mutant *now;
	const char *path;
	size_t line;
};

static void append(char **text, const char *line)
{
	char *more = fmt("%s%s\n", *text, line);

	free(*text);
	*text = more;
}

static void begin(struct reader *r, const char *name)
{
	struct mutants *a = r->all;

	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->m[i].name, name))
			die("%s:%zu: there is a mutant %s already, at %s", r->path,
			    r->line, name, a->m[i].at);
	a->m = reallocarray(a->m, a->n + 1, sizeof(*a->m));
	if (!a->m)
		die("out of memory");
	r->now = &a->m[a->n++];
	*r->now = (struct mutant){
		.name = copy(name), .what = copy(""), .in = copy(""),
		.equivalent = copy(""), .file = copy(r->common.file),
		.plan = copy(r->common.plan), .arch = copy(r->common.arch),
		.at = fmt("%s:%zu", r->path, r->line),
	};
}

/* A line of a source: one to be found, or one to be put in place of these. */
static void source_line(struct reader *r, const char *line)
{
	struct mutant *m = r->now;
	bool finds = *line == '-';

	if (!m)
		die("%s:%zu: a line of a source before the first mutant", r->path, r->line);
	if (finds && (!m->n || *m->changes[m->n - 1].put)) {
		m->changes = reallocarray(m->changes, m->n + 1, sizeof(*m->changes));
		if (!m->changes)
			die("out of memory");
		m->changes[m->n++] = (struct change){ copy(""), copy("") };
	}
	if (!m->n)
		die("%s:%zu: mutant %s puts lines in place of none", r->path, r->line, m->name);
	append(finds ? &m->changes[m->n - 1].find : &m->changes[m->n - 1].put, line + 1);
}

static void setting(struct reader *r, const char *line)
{
	struct mutant *m = r->now ? r->now : &r->common;
	const struct {
		const char *word;
		char **value;
	} words[] = {
		{ "what ", &m->what }, { "file ", &m->file }, { "in ", &m->in },
		{ "plan ", &m->plan }, { "arch ", &m->arch },
		{ "equivalent ", &m->equivalent },
	};

	if (!strncmp(line, "mutant ", 7)) {
		begin(r, line + 7);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i].word);

		if (strncmp(line, words[i].word, len))
			continue;
		free(*words[i].value);
		*words[i].value = copy(line + len);
		return;
	}
	die("%s:%zu: '%s' is no line of a table of mutants", r->path, r->line, line);
}

static void check_whole(const struct mutant *m)
{
	const char *dot = strrchr(m->file, '.');

	/* Modules see headers: they would have to be built for each mutant. */
	if (*m->file && (!strchr(m->file, '/') || !dot || strcmp(dot, ".c")))
		die("%s: mutant %s is of %s, which is no C file in a folder", m->at,
		    m->name, m->file);
	if (!*m->what || !*m->file || !m->n)
		die("%s: mutant %s has no %s", m->at, m->name,
		    !*m->what ? "line 'what'" : !*m->file ? "line 'file'" : "change");
}

static void read_table(struct mutants *all, const char *path)
{
	__auto_free char *text = read_file(path, NULL);
	struct reader r = {
		.all = all, .path = path,
		.common = { .what = copy(""), .file = copy(""), .in = copy(""),
			    .plan = copy(""), .arch = copy(""), .equivalent = copy("") },
	};
	size_t first = all->n;
	char *line, *rest = text;

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	while ((line = strsep(&rest, "\n"))) {
		r.line++;
		if (*line == '-' || *line == '+')
			source_line(&r, line);
		else if (*line && *line != '#')
			setting(&r, line);
	}
	for (size_t i = first; i < all->n; i++)
		check_whole(&all->m[i]);
}

static int is_table(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/**
 * mutants_read - read every table of a folder
 * @all: gets the mutants
 * @dir: the folder
 *
 * Dies of a table that is not as it should be.
 */
void mutants_read(struct mutants *all, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_table, alphasort);

	if (n < 0)
		die("cannot read %s: %s", dir, strerror(errno));
	*all = (struct mutants){ 0 };
	for (int i = 0; i < n; i++) {
		__auto_free char *path = fmt("%s/%s", dir, names[i]->d_name);

		read_table(all, path);
		free(names[i]);
	}
	free(names);
	if (!all->n)
		die("%s has no mutant", dir);
}

/* Where the body of function @name is; its head begins a line, and "}" ends it. */
static const char *function(const char *text, const char *name, const char **end)
{
	__auto_free char *call = fmt("%s(", name);
	const char *at = text, *line, *brace;

	while ((at = strstr(at, call))) {
		for (line = at; line > text && line[-1] != '\n'; line--)
			;
		brace = strpbrk(at, ";{");
		*end = strstr(at, "\n}");
		/* Not a call, a declaration, a comment or the end of another name. */
		if (!strchr("\t #/", *line) && brace && *brace == '{' && *end &&
		    (at == line || strchr(" *", at[-1])))
			return at;
		at += strlen(call);
	}
	return NULL;
}

/* Whole lines that are in the text from @from to @end; NULL if not just once. */
static const char *only_place(const char *text, const char *from, const char *end,
			      const char *lines, size_t *count)
{
	const char *found = NULL;

	*count = 0;
	for (const char *at = from; (at = strstr(at, lines)) && at < end; at++) {
		if (at > text && at[-1] != '\n')
			continue;
		found = at;
		++*count;
	}
	return *count == 1 ? found : NULL;
}

/**
 * mutant_apply - break a source
 * @m: how
 * @text: the source
 * @why: gets what is wrong with the mutant, if it does not apply
 *
 * Return: the broken source, to be freed, or NULL with @why, to be freed, set
 */
char *mutant_apply(const struct mutant *m, const char *text, char **why)
{
	char *now = copy(text);

	for (size_t i = 0; i < m->n; i++) {
		const struct change *c = &m->changes[i];
		const char *from = now, *end = now + strlen(now), *at = NULL;
		size_t count = 0;
		char *next;

		if (*m->in)
			from = function(now, m->in, &end);
		if (from)
			at = only_place(now, from, end, c->find, &count);
		if (!at) {
			*why = !from ? fmt("%s has no function %s()", m->file, m->in) :
			       fmt("%s%s%s has its lines %zu times, not once: '%.*s'", m->file,
				   *m->in ? ", " : "", m->in, count,
				   (int)strcspn(c->find, "\n"), c->find);
			free(now);
			return NULL;
		}
		next = fmt("%.*s%s%s", (int)(at - now), now, c->put, at + strlen(c->find));
		free(now);
		now = next;
	}
	return now;
}
