// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is laid over every kernel that is tested, whatever else is in it: the files of
 * kernel-overlay/files, and the few edits that make them part of the kernel.
 *
 * A patch knows a place by the lines around it, and so fits few kernels. An edit knows
 * it by a few words.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/overlay.h"
#include "lib/host.h"

/* The list of objects with yield points, which YIELD_FILES= adds to */
#define YIELD_POINTS	"scripts/Makefile.yield_points"

/**
 * struct overlay - files as they are to be in the tree
 * @tree: the tree
 * @files: those
 * @n: how many
 */
struct overlay {
	const struct tree *tree;
	struct tree_file *files;
	size_t n;
};

static void add_file(struct overlay *o, const char *path, char *text)
{
	o->files = reallocarray(o->files, o->n + 1, sizeof(*o->files));
	if (!o->files)
		die("out of memory");
	o->files[o->n++] = (struct tree_file){ .path = copy(path), .text = text };
}

/* A file of the overlay's, or else of the tree's; NULL if neither has it */
static struct tree_file *find_file(struct overlay *o, const char *path)
{
	char *text;

	for (size_t i = 0; i < o->n; i++)
		if (!strcmp(o->files[i].path, path))
			return &o->files[i];
	text = tree_read(o->tree, path);
	if (!text)
		return NULL;
	add_file(o, path, text);
	return &o->files[o->n - 1];
}

/* ---- files ------------------------------------------------------------------ */

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* All files below @dir; their names in the tree begin with @below. */
static void add_folder(struct overlay *o, const char *dir, const char *below)
{
	__auto_free char *path = fmt("%s/%s", dir, below);
	struct dirent **found;
	int n = scandir(path, &found, is_visible, alphasort);

	if (n < 0)
		die("cannot read %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		__auto_free char *name = fmt("%s%s", below, found[i]->d_name);
		__auto_free char *from = fmt("%s/%s", dir, name), *more = fmt("%s/", name);
		char *text;

		if (found[i]->d_type == DT_DIR) {
			add_folder(o, dir, more);
		} else {
			text = read_file(from, NULL);
			if (!text)
				die("cannot read %s: %s", from, strerror(errno));
			add_file(o, name, text);
		}
		free(found[i]);
	}
	free(found);
}

/* ---- edits ------------------------------------------------------------------ */

/**
 * struct edit - one of the table's
 * @at: where in the table it stands, for messages
 * @file: what it changes
 * @how: "append", "replace" or "replace-all"
 * @words: what is replaced
 * @text: what comes there
 */
struct edit {
	char *at;
	char *file;
	char *how;
	char *words;
	char *text;
};

static void free_edit(struct edit *e)
{
	free(e->at);
	free(e->file);
	free(e->how);
	free(e->words);
	free(e->text);
	*e = (struct edit){ 0 };
}

static char *append(const struct edit *e, const char *text)
{
	return fmt("%s\n%s", text, e->text);
}

static char *replace(const struct edit *e, const char *text)
{
	const char *place = strstr(text, e->words);
	size_t len = strlen(e->words);

	if (strstr(place + len, e->words))
		die_tree("%s: '%s' stands in %s of this tree more than once: which place is meant can't be told; OVERLAY=none does without",
			 e->at, e->words, e->file);
	return fmt("%.*s%.*s%s", (int)(place - text), text, (int)strlen(e->text) - 1, e->text,
		   place + len);
}

static char *replace_all(const struct edit *e, const char *text)
{
	size_t len = strlen(e->words);
	char *new = copy("");
	const char *place;

	while ((place = strstr(text, e->words))) {
		char *more = fmt("%s%.*s%.*s", new, (int)(place - text), text,
				 (int)strlen(e->text) - 1, e->text);

		free(new);
		new = more;
		text = place + len;
	}
	return fmt("%s%s", new, text);
}

/**
 * struct how - what can be done with a file
 * @name: as the table says it
 * @words: it takes words that know the place
 * @may_miss: a tree need not have that place
 * @fn: returns the text as it is to be
 */
static const struct how {
	const char *name;
	bool words;
	bool may_miss;
	char *(*fn)(const struct edit *e, const char *text);
} hows[] = {
	{ "append", false, false, append },
	{ "replace", true, false, replace },
	{ "replace-all", true, true, replace_all },
};

static const struct how *find_how(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++)
		if (!strcmp(hows[i].name, name))
			return &hows[i];
	return NULL;
}

static void apply(struct overlay *o, const struct edit *e)
{
	const struct how *how = find_how(e->how);
	struct tree_file *f = find_file(o, e->file);
	char *text;

	if (how->may_miss && (!f || !strstr(f->text, e->words)))
		return;
	if (!f)
		die_tree("%s: this tree has no %s, which the yield points need; OVERLAY=none does without",
			 e->at, e->file);
	if (*e->words && !strstr(f->text, e->words))
		die_tree("%s: %s of this tree has no '%s', which the yield points need; OVERLAY=none does without",
			 e->at, e->file, e->words);
	text = how->fn(e, f->text);
	free(f->text);
	f->text = text;
}

/* The first line of an edit; its text follows. */
static void begin_edit(struct edit *e, const char *path, size_t number, const char *line)
{
	size_t file = strcspn(line, " "), how = strcspn(line + file + !!line[file], " ");
	const char *words = line + file + !!line[file] + how;

	*e = (struct edit){
		.at = fmt("%s:%zu", path, number), .file = fmt("%.*s", (int)file, line),
		.how = fmt("%.*s", (int)how, line + file + !!line[file]),
		.words = copy(words + !!*words), .text = copy(""),
	};
	if (!find_how(e->how) || find_how(e->how)->words != !!*e->words)
		die("%s: '%s' is none of: FILE append, FILE replace WORDS, FILE replace-all WORDS",
		    e->at, line);
}

static void end_edit(struct overlay *o, struct edit *e)
{
	if (!e->file)
		return;
	if (!*e->text)
		die("%s: there is no text to it", e->at);
	apply(o, e);
	free_edit(e);
}

static void more_text(struct edit *e, const char *line)
{
	char *text = fmt("%s%s\n", e->text, line);

	free(e->text);
	e->text = text;
}

static void do_edits(struct overlay *o, const char *path)
{
	__auto_free char *text = read_file(path, NULL);
	struct edit e = { 0 };
	size_t number = 0;
	char *next;

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	for (char *line = text; *line; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		number++;
		if (*line == '\t' && e.file) {
			more_text(&e, line + 1);
		} else if (*line && *line != '#') {
			end_edit(o, &e);
			begin_edit(&e, path, number, line);
		}
	}
	end_edit(o, &e);
}

/* ---- a user's own yield points ------------------------------------------------ */

static void add_yield_files(struct overlay *o, const struct request *r)
{
	__auto_strv struct strv files = { 0 }, objects = { 0 };
	__auto_free char *list = NULL;
	struct tree_file *f = find_file(o, YIELD_POINTS);
	char *text;

	strv_split(&files, r->yield_files, " ,");
	for (size_t i = 0; i < files.n; i++) {
		__auto_free char *file = tree_path(files.v[i]), *source = NULL;
		size_t len = strlen(file);

		if (len < 3 || strcmp(file + len - 2, ".c"))
			die("YIELD_FILES=%s: this is no C file, as kernel/fork.c is", files.v[i]);
		source = tree_read(o->tree, file);
		if (!source)
			die("YIELD_FILES=%s: this tree has no such file", files.v[i]);
		strv_add(&objects, "%.*s.o", (int)len - 2, file);
	}
	if (!objects.n)
		return;
	list = strv_join(&objects, " ");
	text = fmt("%s\nyield-points += %s\n", f->text, list);
	free(f->text);
	f->text = text;
}

/**
 * overlay_has_points - has a file yield points anyway?
 * @file: a C file, from the top of the kernel
 *
 * Return: whether the overlay's own list names it
 */
bool overlay_has_points(const char *file)
{
	__auto_free char *path = fmt("%s/kernel-overlay/files/" YIELD_POINTS, host_source());
	__auto_free char *list = read_file(path, NULL);
	__auto_free char *object = fmt("%.*s.o", (int)strlen(file) - 2, file);

	return list && has_word(list, " \t\n\\", object);
}

/**
 * overlay_lay - lay the overlay over a kernel's source
 * @t: from tree_open(); gets the name of the content that this gives
 * @r: says whether, and which files have yield points beside the usual ones
 *
 * Called before anything is built. Dies of a tree that it does not fit, with a word on
 * which place is missing.
 */
void overlay_lay(struct tree *t, const struct request *r)
{
	__auto_free char *files = fmt("%s/kernel-overlay/files", host_source());
	__auto_free char *edits = fmt("%s/kernel-overlay/edits", host_source());
	struct overlay o = { .tree = t };

	if (!request_has_overlay(r))
		return;
	add_folder(&o, files, "");
	do_edits(&o, edits);
	add_yield_files(&o, r);
	tree_put(t, o.files, o.n);
	for (size_t i = 0; i < o.n; i++) {
		free(o.files[i].path);
		free(o.files[i].text);
	}
	free(o.files);
}
