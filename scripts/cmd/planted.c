// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bugs to plant: the patches of tests/bugs/, whose heads say what they are.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/planted.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "record/trial.h"

/* The value of a line as "Class: race" in the head of a patch, to be freed */
static char *header(const char *text, const char *name)
{
	__auto_free char *key = fmt("\n%s: ", name);
	const char *at = strstr(text, key), *diff = strstr(text, "\ndiff --git ");

	if (!at || !diff || at > diff)
		return NULL;
	at += strlen(key);
	return fmt("%.*s", (int)strcspn(at, "\n"), at);
}

static void read_bug(struct planted *b, const char *dir, const char *file)
{
	__auto_free char *text = NULL, *race = NULL, *origin = NULL, *threads = NULL;

	*b = (struct planted){
		.name = fmt("%.*s", (int)(strlen(file) - strlen(".patch")), file),
		.path = fmt("%s/%s", dir, file),
		.bare = fmt("%s/unpatched/%s", dir, file),
	};
	text = read_file(b->path, NULL);
	if (!text)
		die("cannot read %s: %s", b->path, strerror(errno));
	b->class = header(text, "Class");
	race = header(text, "Race");
	origin = header(text, "Origin");
	if (!b->class || !race || !origin)
		die("%s: its head has to say Class:, Origin: and Race:", b->path);
	b->race = !strcmp(race, "yes");
	threads = header(text, "Threads");
	b->threads = threads;
	b->historical = !strncmp(origin, "mainline", strlen("mainline"));
}

static int is_patch(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".patch");
}

static bool is_wanted(const char *file, const char *bugs)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, bugs, ", ");
	for (size_t i = 0; i < names.n; i++)
		if (strlen(file) == strlen(names.v[i]) + strlen(".patch") &&
		    !strncmp(file, names.v[i], strlen(names.v[i])))
			return true;
	return !names.n;
}

static void check_names(const char *dir, const char *names)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, names, ", ");
	if (*names && !all.n)
		die("BUGS=%s: this names no bug", names);
	for (size_t i = 0; i < all.n; i++) {
		__auto_free char *path = fmt("%s/%s.patch", dir, all.v[i]);

		if (!exists(path))
			die("BUGS=%s: no such bug in %s", all.v[i], dir);
	}
}

/**
 * planted_read - read which bugs there are to plant
 * @folder: folder of their patches, or empty for respawn's own
 * @names: of those that are wanted, comma separated; empty for all
 * @all: gets them
 *
 * Dies if there are none, if one that is wanted is not there, or if one does not say what it is.
 *
 * Return: how many
 */
size_t planted_read(const char *folder, const char *names, struct planted **all)
{
	__auto_free char *dir = *folder ? copy(folder) : fmt("%s/tests/bugs", host_source());
	struct dirent **files;
	int n = scandir(dir, &files, is_patch, alphasort);
	size_t used = 0;

	if (n < 0)
		die("cannot read %s: %s", dir, strerror(errno));
	check_names(dir, names);
	*all = calloc(n + 1, sizeof(**all));
	if (!*all)
		die("out of memory");
	for (int i = 0; i < n; i++) {
		if (is_wanted(files[i]->d_name, names))
			read_bug(&(*all)[used++], dir, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	if (!used)
		die("%s has no patch", dir);
	return used;
}

/**
 * planted_fits - can a machine have a bug? If not, say so.
 * @b: the bug
 * @r: what is asked
 *
 * Return: false if it takes something that the architecture does not have
 */
bool planted_fits(const struct planted *b, const struct request *r)
{
	if (!b->threads || r->arch->cpu_threads)
		return true;
	ui_note("%-8s %s takes cores with two threads", r->arch->name, b->name);
	return false;
}

/**
 * planted_open - the image of a kernel with a bug, not built yet
 * @b: the bug
 * @patch: one more patch on top of it, or empty
 * @i: gets the image
 * @r: what is asked otherwise; gets the patches
 *
 * Dies of patches that do not apply.
 */
void planted_open(const struct planted *b, const char *patch, struct image *i,
		  struct request *r)
{
	const char *bug = !request_has_series(r) && exists(b->bare) ? b->bare : b->path;

	r->patches = *patch ? fmt("%s %s", bug, patch) : bug;
	if (b->threads)
		r->threads = 2;
	trial_needs(r);
	image_open(i, r);
}

/**
 * planted_build - build a kernel with a bug
 * @b: the bug
 * @patch: one more patch on top of it, or empty
 * @i: gets the image
 * @r: what is asked otherwise; gets what the image is of
 */
void planted_build(const struct planted *b, const char *patch, struct image *i,
		   struct request *r)
{
	struct request chosen;

	planted_open(b, patch, i, r);
	chosen = i->kernel.req;
	tree_aside(&i->tree, "bugs");
	kernel_name(&i->kernel, &chosen, &i->tree);
	image_build(i);
	*r = i->kernel.req;
}
