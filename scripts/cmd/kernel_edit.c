// SPDX-License-Identifier: GPL-2.0-only
/*
 * The series as commits, to work on, and the commits as the series.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/kernel_edit.h"
#include "options.h"
#include "build/tree.h"
#include "lib/ui.h"

static char *edit_dir(void)
{
	return fmt("%s/kernel", opt.out);
}

/* git where the user edits: the words, then more arguments; dies if it fails */
static void git(const char *dir, const char *words, const struct strv *more)
{
	__auto_strv struct strv argv = { 0 };
	char *out = NULL;
	struct run_opts o = { .out = &out };

	strv_split(&argv, "git -C", " ");
	strv_add(&argv, "%s", dir);
	strv_split(&argv, words, " ");
	for (size_t i = 0; more && i < more->n; i++)
		strv_add(&argv, "%s", more->v[i]);
	if (run(&argv, &o))
		die("git %s failed in %s: %s", words, dir, out);
	free(out);
}

/**
 * edit_open - open the patched kernel as a git tree, a commit per patch
 *
 * Return: an exit status
 */
int edit_open(void)
{
	__auto_strv struct strv base = { 0 }, patches = { 0 };
	__auto_free char *dir = edit_dir(), *tmp = fmt("%s.tmp", dir);
	__auto_free char *alternates = fmt("%s/.git/objects/info/alternates", tmp);
	__auto_free char *objects = NULL, *commit = NULL;
	struct tree t;
	struct pin p;

	if (exists(dir))
		die("%s is there already; 'make kernel-export' writes it back", dir);
	pin_read(&p);
	commit = tree_open_pin(&t, &p);
	objects = fmt("%s/objects\n", t.git);
	strv_add(&base, "%s", commit);
	tree_series(&patches);

	ui_stage("kernel", "edit");
	remove_tree(tmp);
	make_dirs(tmp);
	git(tmp, "init -q -b respawn", NULL);
	write_file(alternates, objects, strlen(objects));
	git(tmp, "update-ref refs/tags/base", &base);
	git(tmp, "reset -q --hard", &base);
	if (patches.n)
		git(tmp, "-c user.name=respawn -c user.email=respawn@localhost am -q -b",
		    &patches);
	if (rename(tmp, dir))
		die("cannot rename %s: %s", tmp, strerror(errno));
	ui_done("%s: the commits after the tag 'base' are the series", dir);
	return EXIT_PASS;
}

static bool is_clean(const char *dir)
{
	__auto_strv struct strv argv = { 0 };

	strv_split(&argv, "git -C", " ");
	strv_add(&argv, "%s", dir);
	strv_split(&argv, "diff --quiet HEAD", " ");
	return !run(&argv, NULL);
}

static int is_patch(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 6 && !strcmp(d->d_name + n - 6, ".patch");
}

/* The series file's own first lines */
static char *series_comment(void)
{
	__auto_free char *path = fmt("%s/kernel-patch/series", source_dir());
	char *text = read_file(path, NULL);
	size_t n = 0;

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	while (text[n] == '#')
		n += strcspn(text + n, "\n") + 1;
	text[n] = '\0';
	return text;
}

/**
 * edit_export - write the commits of the edited tree back as the series
 *
 * Return: an exit status
 */
int edit_export(void)
{
	__auto_strv struct strv old = { 0 }, out = { 0 };
	__auto_free char *dir = edit_dir(), *series = NULL, *text = NULL;
	__auto_free char *tmp = fmt("%s/kernel-patch.new", opt.out);
	struct dirent **names;
	int n;

	if (!exists(dir))
		die("there is no %s; 'make kernel-edit' opens it", dir);
	if (!is_clean(dir))
		die("%s has changes that are not committed: commit or drop them", dir);
	remove_tree(tmp);
	make_dirs(tmp);
	strv_add(&out, "-o%s", tmp);
	strv_split(&out, "--zero-commit --no-signature --full-index --no-numbered", " ");
	strv_split(&out, "--no-thread --no-cover-letter --stat=80", " ");
	strv_add(&out, "base..HEAD");
	git(dir, "-c diff.noprefix=false -c diff.context=3 format-patch -q", &out);

	tree_series(&old);
	for (size_t i = 0; i < old.n; i++)
		unlink(old.v[i]);
	text = series_comment();
	n = scandir(tmp, &names, is_patch, alphasort);
	for (int i = 0; i < n; i++) {
		__auto_free char *from = fmt("%s/%s", tmp, names[i]->d_name);
		__auto_free char *to = fmt("%s/kernel-patch/%s", source_dir(),
					   names[i]->d_name);
		char *more = fmt("%s%s\n", text, names[i]->d_name);

		copy_file(from, to);
		free(text);
		text = more;
	}
	series = fmt("%s/kernel-patch/series", source_dir());
	write_file(series, text, strlen(text));
	remove_tree(tmp);
	ui_note("%d patches written to kernel-patch/", n);
	return EXIT_PASS;
}
