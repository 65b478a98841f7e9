// SPDX-License-Identifier: GPL-2.0-only
/*
 * The series as files: patches, and a file named series that lists them in the order
 * they are applied in.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/series.h"
#include "lib/util.h"

/* What patches are called while others may still have their names */
#define INTERIM		"new-"

/* The lines of comment that the series file begins with, and what it lists */
static char *read_series(const char *path, struct strv *names)
{
	__auto_strv struct strv lines = { 0 };
	char *text = read_file(path, NULL);
	size_t n = 0;

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	while (text[n] == '#') {
		n += strcspn(text + n, "\n");
		n += text[n] == '\n';
	}
	strv_split(&lines, text + n, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i][0] != '#')
			strv_add(names, "%s", lines.v[i]);
	text[n] = '\0';
	return text;
}

static void write_series(const char *path, const char *comment, const char *prefix,
			 const struct strv *names)
{
	__auto_free char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f)
		fputs(comment, f);
	for (size_t i = 0; f && i < names->n; i++)
		if (strcmp(names->v[i], SERIES_COVER))
			fprintf(f, "%s%s\n", prefix, names->v[i]);
	if (!f || fclose(f))
		die("out of memory");
	write_file(path, text, len);
}

static int is_patch(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 6 && !strcmp(d->d_name + n - 6, ".patch");
}

static void list_patches(const char *from, struct strv *names)
{
	struct dirent **found;
	int n = scandir(from, &found, is_patch, alphasort);

	if (n < 0)
		die("cannot read %s: %s", from, strerror(errno));
	for (int i = 0; i < n; i++) {
		strv_add(names, "%s", found[i]->d_name);
		free(found[i]);
	}
	free(found);
}

static void copy_all(const char *from, const char *to, const char *prefix,
		     const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		__auto_free char *patch = fmt("%s/%s", from, names->v[i]);
		__auto_free char *copied = fmt("%s/%s%s", to, prefix, names->v[i]);

		copy_file(patch, copied);
	}
}

/* All those of @old that are none of @now */
static void remove_old(const char *dir, const struct strv *old, const struct strv *now)
{
	for (size_t i = 0; i < old->n; i++) {
		__auto_free char *path = fmt("%s/%s", dir, old->v[i]);

		if (!strv_has(now, old->v[i]))
			unlink(path);
	}
}

/* What we have under interim names, or had when we were interrupted */
static void remove_interim(const char *dir)
{
	static const char *const names[] = {
		INTERIM "*.patch", "*.patch.*.tmp", "series.*.tmp",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		__auto_free char *pattern = fmt("%s/%s", dir, names[i]);
		glob_t g = { 0 };

		glob(pattern, GLOB_NOSORT, NULL, &g);
		for (size_t j = 0; j < g.gl_pathc; j++)
			unlink(g.gl_pathv[j]);
		globfree(&g);
	}
}

/**
 * series_replace - have other patches in place of the series
 * @dir: folder of the series; the comment that its list begins with stays
 * @from: folder with the patches, named in their order, and the cover letter, which
 *	the list leaves out
 *
 * Whenever this is interrupted, the list names patches that are whole and belong
 * together, the old or the new ones. As new patches mostly have names of old ones, they
 * are listed under interim names until they have their own. Dies if it can't write.
 *
 * Return: how many patches there are now
 */
size_t series_replace(const char *dir, const char *from)
{
	__auto_strv struct strv old = { 0 }, names = { 0 };
	__auto_free char *path = fmt("%s/series", dir), *comment = read_series(path, &old);

	list_patches(from, &names);
	copy_all(from, dir, INTERIM, &names);
	write_series(path, comment, INTERIM, &names);
	copy_all(from, dir, "", &names);
	write_series(path, comment, "", &names);
	remove_interim(dir);
	remove_old(dir, &old, &names);
	return names.n - strv_has(&names, SERIES_COVER);
}
