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

/*
 * git where the user edits: the words, then more arguments, with @env; what it says,
 * to be freed. Dies if it fails.
 */
static char *git(const char *dir, const char *words, const struct strv *more,
		 const struct strv *env)
{
	__auto_strv struct strv argv = { 0 };
	char *out = NULL;
	struct run_opts o = { .out = &out, .env = env };

	strv_split(&argv, "git -C", " ");
	strv_add(&argv, "%s", dir);
	strv_split(&argv, words, " ");
	for (size_t i = 0; more && i < more->n; i++)
		strv_add(&argv, "%s", more->v[i]);
	if (run(&argv, &o))
		die("git %s failed in %s: %s", words, dir, out);
	return out;
}

/*
 * What the cover letter says, its subject first; git adds the rest: who wrote which
 * patches, and what they change.
 */
static char *cover_text(void)
{
	__auto_free char *path = fmt("%s/kernel-patch/" SERIES_COVER, host_source());
	__auto_free char *letter = read_file(path, NULL);
	static const char subject[] = "\nSubject: [PATCH] ", authors[] = "\n\nrespawn developers (";
	char *from, *body, *end;

	if (!letter)
		return copy("");
	from = strstr(letter, subject);
	body = from ? strstr(from, "\n\n") : NULL;
	end = body ? strstr(body, authors) : NULL;
	if (!end)
		die("%s is no cover letter of git format-patch", path);
	from += strlen(subject);
	/* A long subject goes on in the next line. */
	for (char *c = from; c < body; c++)
		if (*c == '\n')
			memmove(c, c + 1, strlen(c));
	body = strstr(from, "\n\n");
	end = strstr(body, authors);
	return fmt("%.*s", (int)(end - from), from);
}

/*
 * A distribution that keeps no kernel source in its repository has git ignore all of
 * it. Whoever adds a file to the series wants git to see it.
 */
static void see_new_files(const char *dir)
{
	__auto_free char *path = fmt("%s/.gitignore", dir);
	__auto_free char *text = read_file(path, NULL);
	static const char all[] = "\n/*\n";
	char *line = text ? strstr(text, all) : NULL;

	if (!line)
		return;
	memmove(line + 1, line + strlen(all), strlen(line + strlen(all)) + 1);
	write_file(path, text, strlen(text));
	/* That is no change of the series. */
	free(git(dir, "update-index --skip-worktree .gitignore", NULL, NULL));
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
	__auto_free char *objects = NULL, *commit = NULL, *cover = cover_text();
	__auto_strv struct strv description = { 0 };
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
	free(git(tmp, "init -q -b respawn", NULL, NULL));
	write_file(alternates, objects, strlen(objects));
	free(git(tmp, "update-ref refs/tags/base", &base, NULL));
	free(git(tmp, "reset -q --hard", &base, NULL));
	if (patches.n)
		free(git(tmp, "-c user.name=respawn -c user.email=respawn@localhost am -q -b",
			 &patches, NULL));
	see_new_files(tmp);
	strv_add(&description, "branch.respawn.description");
	strv_add(&description, "%s", cover);
	free(git(tmp, "config", &description, NULL));
	/* Not published as what is in the cache is: git makes it again. */
	if (rename(tmp, dir))
		die("cannot rename %s: %s", tmp, strerror(errno));
	ui_done("%s: the commits after the tag 'base' are the series", dir);
	return EXIT_PASS;
}

/* The letter is by whom the last patch is by, and as old: that makes it the same anew. */
static void export_identity(const char *dir, struct strv *env)
{
	__auto_free char *name = git(dir, "log -1 --format=%an", NULL, NULL);
	__auto_free char *email = git(dir, "log -1 --format=%ae", NULL, NULL);
	__auto_free char *date = git(dir, "log -1 --format=%aI", NULL, NULL);

	strv_add(env, "GIT_COMMITTER_NAME=%.*s", (int)strcspn(name, "\n"), name);
	strv_add(env, "GIT_COMMITTER_EMAIL=%.*s", (int)strcspn(email, "\n"), email);
	strv_add(env, "GIT_COMMITTER_DATE=%.*s", (int)strcspn(date, "\n"), date);
}

/* New files that nobody added count, too. */
static bool is_clean(const char *dir)
{
	__auto_free char *changes = git(dir, "status --porcelain", NULL, NULL);

	return !*changes;
}

/**
 * cmd_kernel_export - write the commits of the edited tree back as the series
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_kernel_export(const struct options *o)
{
	__auto_strv struct strv out = { 0 }, env = { 0 };
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
	strv_split(&out, "--no-thread --stat=80 --cover-letter --cover-from-description=subject", " ");
	strv_add(&out, "base..HEAD");
	export_identity(dir, &env);
	free(git(dir, "-c diff.noprefix=false -c diff.context=3 format-patch -q", &out, &env));
	n = series_replace(series, tmp);
	remove_tree(tmp);
	ui_note("%zu patches written to kernel-patch/", n);
	return EXIT_PASS;
}
