// SPDX-License-Identifier: GPL-2.0-only
/*
 * The series as commits, to work on, and the commits as the series.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/series.h"
#include "build/tree.h"
#include "cmd/cmd.h"
#include "lib/host.h"
#include "lib/ui.h"

static char *edit_dir(const struct options *o)
{
	return fmt("%s/kernel", o->out);
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
 * cmd_kernel_edit - open the patched kernel as a git tree, a commit per patch
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_kernel_edit(const struct options *o)
{
	__auto_strv struct strv base = { 0 }, patches = { 0 };
	__auto_free char *dir = edit_dir(o), *tmp = publish_name(dir);
	__auto_free char *alternates = fmt("%s/.git/objects/info/alternates", tmp);
	__auto_free char *objects = NULL, *commit = NULL;
	struct tree t;
	struct pin p;

	if (exists(dir))
		die("%s is there already; 'make kernel-export' writes it back", dir);
	pin_read(&p, "");
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
	/* Not published as what is in the cache is: git makes it again. */
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

/**
 * cmd_kernel_export - write the commits of the edited tree back as the series
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_kernel_export(const struct options *o)
{
	__auto_strv struct strv out = { 0 };
	__auto_free char *dir = edit_dir(o), *tmp = fmt("%s/kernel-patch.new", o->out);
	__auto_free char *series = fmt("%s/kernel-patch", host_source());
	size_t n;

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
	n = series_replace(series, tmp);
	remove_tree(tmp);
	ui_note("%zu patches written to kernel-patch/", n);
	return EXIT_PASS;
}
