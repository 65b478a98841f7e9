// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cells of configs/matrix: the one list of what CI checks.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/arch.h"
#include "cmd/cells.h"
#include "lib/host.h"
#include "lib/util.h"

/* A name is a path in the folder of records. */
static bool is_name(const char *name)
{
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("_-/", *at))
			return false;
	return *name && *name != '/';
}

/* What is apart in a name may be the same in a path. */
static void check_folder(const struct cells *all, const char *path, const struct cell *c)
{
	__auto_free char *own = cell_folder("", c);

	for (size_t i = 0; i < all->n; i++) {
		__auto_free char *other = cell_folder("", &all->v[i]);

		if (!strcmp(all->v[i].name, c->name))
			die("%s: two cells are called %s", path, c->name);
		if (!strcmp(own, other))
			die("%s: the cells %s and %s would have one folder: rename one of them",
			    path, all->v[i].name, c->name);
	}
}

static void add(struct cells *all, const char *path, const char *line)
{
	__auto_strv struct strv words = { 0 }, rest = { 0 };
	struct cell c = { 0 };

	strv_split(&words, line, " \t");
	for (size_t i = 1; i < words.n; i++) {
		if (!strncmp(words.v[i], "ARCH=", strlen("ARCH=")))
			c.arch = copy(words.v[i] + strlen("ARCH="));
		if (!strncmp(words.v[i], "PIN=", strlen("PIN=")))
			c.pin = copy(words.v[i] + strlen("PIN="));
		if (!strchr(words.v[i], '='))
			die("%s: '%s' is no variable, in: %s", path, words.v[i], line);
		strv_add(&rest, "%s", words.v[i]);
	}
	if (!is_name(words.v[0]))
		die("%s: a cell's name has letters, digits, '-', '_' and '/': %s", path, line);
	if (!c.arch || !arch_find(c.arch))
		die("%s: a cell says ARCH= of one architecture: %s", path, line);
	c.name = copy(words.v[0]);
	check_folder(all, path, &c);
	c.words = strv_join(&rest, " ");
	all->v = grow(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = c;
}

/**
 * cells_read - read the cells of a file
 * @all: gets them
 * @file: it; empty for configs/matrix
 *
 * Dies if there is something that is none.
 */
void cells_read(struct cells *all, const char *file)
{
	__auto_free char *path = *file ? copy(file) : fmt("%s/configs/matrix", host_source());
	__auto_free char *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };

	*all = (struct cells){ 0 };
	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i][0] != '#' && lines.v[i][strspn(lines.v[i], " \t")])
			add(all, path, lines.v[i]);
}

/**
 * cells_last - the file with the folders of the cells that ran last, a line for each
 * @matrix: folder of the matrix
 *
 * Return: its path, to be freed
 */
char *cells_last(const char *matrix)
{
	return fmt("%s/last", matrix);
}

/**
 * cell_folder - where a cell has its records
 * @out: O=
 * @c: the cell
 *
 * Return: the folder, to be freed
 */
char *cell_folder(const char *out, const struct cell *c)
{
	char *name = copy(c->name), *folder;

	for (char *at = name; *at; at++)
		if (*at == '/')
			*at = '-';
	folder = fmt("%s/matrix/%s", out, name);
	free(name);
	return folder;
}
