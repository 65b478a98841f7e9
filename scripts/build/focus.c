// SPDX-License-Identifier: GPL-2.0-only
/*
 * What matters more than all else in a kernel: functions that somebody names, or those
 * that a change touches. What is spent elsewhere, on another race, is lost.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/debuginfo.h"
#include "build/focus.h"
#include "build/functions.h"
#include "build/overlay.h"
#include "build/symbols.h"
#include "lib/ui.h"

/* A change of more files or functions than this is one of everything. */
#define FILES_MAX	200
#define NAMES_MAX	400

/* The ranges are one part in so many of the command line, at most. */
#define RANGES_SHARE	3

/* ---- which functions ----------------------------------------------------------- */

static bool is_c(const char *file)
{
	size_t len = strlen(file);

	return len > 2 && !strcmp(file + len - 2, ".c");
}

/* Folders with C files that are never in the part of the kernel that CPUs meet in */
static bool is_kernel_code(const char *file)
{
	static const char *const others[] = {
		"arch/", "Documentation/", "samples/", "scripts/", "tools/", "usr/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strncmp(file, others[i], strlen(others[i])))
			return false;
	return is_c(file);
}

static void add_functions(struct strv *to, const char *file, const char *text,
			  const struct span *spans, size_t n)
{
	__auto_strv struct strv names = { 0 };

	functions_in(text, spans, n, &names);
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *name = fmt("%s:%s", file, names.v[i]);

		if (!strv_has(to, name))
			strv_add(to, "%s", name);
	}
}

/* The functions that differ from the content @from to the content @to */
static void add_changed(struct focus *f, const struct tree *t, const char *from, const char *to)
{
	__auto_free char *diff = tree_diff(t, from, to);
	struct changed *all;
	size_t n = functions_changed(diff, &all);

	if (n > FILES_MAX)
		ui_note("focus: %zu files change, which is no focus; FOCUS= can name some", n);
	for (size_t i = 0; n <= FILES_MAX && i < n; i++) {
		__auto_free char *text = NULL;

		if (!is_kernel_code(all[i].file))
			continue;
		text = tree_read_of(t, to, all[i].file);
		if (text)
			add_functions(&f->names, all[i].file, text, all[i].spans, all[i].n);
	}
	functions_free(all, n);
}

/* What the user's patches change, and what the user's tree does since a commit */
static void choose_by_change(struct focus *f, const struct tree *t, const struct request *r)
{
	__auto_free char *without = NULL, *since = NULL;

	if (*r->patches) {
		without = tree_without_patches(t, r);
		add_changed(f, t, without, t->hash);
	}
	since = *r->tree ? tree_since(r) : NULL;
	if (since)
		add_changed(f, t, since, t->base);
	if (f->names.n > NAMES_MAX) {
		ui_note("focus: %zu functions change, which is no focus; FOCUS= can name some",
			f->names.n);
		strv_free(&f->names);
		f->names = (struct strv){ 0 };
	}
}

static bool has_function(const char *text, const char *name)
{
	__auto_strv struct strv names = { 0 };

	functions_in(text, NULL, 0, &names);
	return strv_has(&names, name);
}

/*
 * "kernel/kthread.c", "kernel/kthread.c:kthread_stop" or "kthread_stop". One with a
 * question mark behind may be missing: a bisect has one focus for many trees.
 */
static void add_named(struct focus *f, const struct tree *t, const char *named)
{
	bool may = *named && named[strlen(named) - 1] == '?';
	__auto_free char *plain = fmt("%.*s", (int)strlen(named) - may, named);
	__auto_free char *word = tree_path(plain);
	__auto_free char *file = fmt("%.*s", (int)strcspn(word, ":"), word), *text = NULL;
	const char *name = strchr(word, ':');

	if (!is_c(file)) {
		if (name || strchr(plain, '/'))
			die("FOCUS=%s: '%s' is no C file", word, file);
		strv_add(&f->names, "%s", word);
		return;
	}
	text = tree_read(t, file);
	if (may && (!text || (name && !has_function(text, name + 1))))
		return;
	if (!text)
		die("FOCUS=%s: this tree has no %s", word, file);
	if (!name)
		add_functions(&f->names, file, text, NULL, 0);
	else if (!has_function(text, name + 1))
		die("FOCUS=%s: there is no such function in %s of this tree", word, file);
	else
		strv_add(&f->names, "%s", word);
}

/*
 * A function goes wrong by what others make of the same data, and those are mostly in the
 * same file.
 */
static void add_near(struct focus *f, const struct tree *t)
{
	__auto_strv struct strv files = { 0 }, all = { 0 };

	for (size_t i = 0; i < f->names.n; i++) {
		__auto_free char *file = fmt("%.*s", (int)strcspn(f->names.v[i], ":"),
					     f->names.v[i]);

		if (is_c(file) && !strv_has(&files, file))
			strv_add(&files, "%s", file);
	}
	for (size_t i = 0; i < files.n; i++) {
		__auto_free char *text = tree_read(t, files.v[i]);

		if (text)
			add_functions(&all, files.v[i], text, NULL, 0);
	}
	for (size_t i = 0; i < all.n; i++)
		if (!strv_has(&f->names, all.v[i]))
			strv_add(&f->near, "%s", all.v[i]);
}

/* Files in the focus have yield points, or nothing would come of it. */
static void add_yield_files(const struct focus *f, struct request *r)
{
	__auto_strv struct strv files = { 0 };

	strv_split(&files, r->yield_files, " ,");
	for (size_t i = 0; i < f->names.n; i++) {
		__auto_free char *file = fmt("%.*s", (int)strcspn(f->names.v[i], ":"),
					     f->names.v[i]);

		if (is_c(file) && !overlay_has_points(file) && !strv_has(&files, file))
			strv_add(&files, "%s", file);
	}
	r->yield_files = strv_join(&files, " ");
}

/**
 * focus_choose - find out which functions matter
 * @f: gets their names
 * @t: the source, before the overlay is laid over it
 * @r: says which, and gets that in words that say the same next time: names for "auto",
 *	and the files that need yield points for it
 *
 * Dies of a file or function that is not there.
 */
void focus_choose(struct focus *f, const struct tree *t, struct request *r)
{
	__auto_strv struct strv words = { 0 };

	*f = (struct focus){ .ranges = copy(""), .near_ranges = copy("") };
	if (!request_has_overlay(r) || !strcmp(r->focus, "none"))
		return;
	strv_split(&words, r->focus, " ,");
	if (!words.n || !strcmp(r->focus, "auto"))
		choose_by_change(f, t, r);
	else
		for (size_t i = 0; i < words.n; i++)
			add_named(f, t, words.v[i]);
	add_yield_files(f, r);
	add_near(f, t);
	r->focus = f->names.n ? strv_join(&f->names, ",") : "none";
}

/* ---- where they are -------------------------------------------------------------- */

/**
 * struct range - code in the focus
 * @from: address
 * @to: the first address behind it
 * @of: whose it is
 */
struct range {
	uint64_t from;
	uint64_t to;
	char *of;
};

/* The compiler makes "fn.isra.0", "fn.cold" and others of a function. */
static bool is_of(const struct symbol *s, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	size_t len = strlen(name);

	return !strncmp(s->name, name, len) && (!s->name[len] || s->name[len] == '.') &&
	       (!*s->file || !*file || !strcmp(s->file, slash ? slash + 1 : file));
}

/**
 * struct ranges - some of them
 * @v: them
 * @n: how many
 */
struct ranges {
	struct range *v;
	size_t n;
};

static void add_range(struct ranges *r, uint64_t from, uint64_t to, const char *of)
{
	r->v = grow(r->v, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct range){ from, to, copy(of) };
}

static void find_symbols(struct ranges *r, const struct debuginfo *d, const char *file,
			 const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_of(&d->all[i], file, name))
			add_range(r, d->all[i].at, d->all[i].at + d->all[i].size, name);
}

/* Where the compiler has put it into those that call it */
static void find_inlined(struct ranges *r, const struct debuginfo *d, const char *file,
			 const char *name)
{
	struct debuginfo_span *spans;
	size_t n = debuginfo_inlined(d, file, name, &spans);

	for (size_t i = 0; i < n; i++)
		add_range(r, spans[i].from, spans[i].to, name);
	free(spans);
}

/* All of what matters, and the functions that are near it */
static struct ranges find_ranges(const struct strv *names, const struct debuginfo *d, bool all)
{
	struct ranges r = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		const char *word = names->v[i], *colon = strchr(word, ':');
		__auto_free char *file = fmt("%.*s", colon ? (int)(colon - word) : 0, word);

		find_symbols(&r, d, file, colon ? colon + 1 : word);
		if (all)
			find_inlined(&r, d, file, colon ? colon + 1 : word);
	}
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct range *one = a, *two = b;

	return one->from < two->from ? -1 : one->from > two->from;
}

static void merge(struct range *r, size_t *n, size_t i)
{
	char *of = has_word(r[i].of, ",", r[i + 1].of) ? copy(r[i].of) :
							  fmt("%s,%s", r[i].of, r[i + 1].of);

	free(r[i].of);
	free(r[i + 1].of);
	r[i].of = of;
	r[i].to = r[i].to > r[i + 1].to ? r[i].to : r[i + 1].to;
	memmove(&r[i + 1], &r[i + 2], (*n - i - 2) * sizeof(*r));
	--*n;
}

/* Those that overlap are one; and of more than @most, those next to each other are. */
static void merge_ranges(struct range *r, size_t *n, size_t most)
{
	for (size_t i = 0; i + 1 < *n;)
		if (r[i + 1].from < r[i].to)
			merge(r, n, i);
		else
			i++;
	while (*n > most) {
		size_t best = 0;

		for (size_t i = 1; i + 1 < *n; i++)
			if (r[i + 1].from - r[i].to < r[best + 1].from - r[best].to)
				best = i;
		merge(r, n, best);
	}
}

static char *ranges_text(const struct range *r, size_t n)
{
	__auto_strv struct strv all = { 0 };

	strv_add(&all, "%llx", (unsigned long long)r[0].from);
	for (size_t i = 0; i < n; i++)
		strv_add(&all, "%llx:%llx", (unsigned long long)(r[i].from - r[0].from),
			 (unsigned long long)(r[i].to - r[i].from));
	return strv_join(&all, "+");
}

static void say_missing(const struct focus *f, const struct ranges *r)
{
	for (size_t i = 0; i < f->names.n; i++) {
		const char *colon = strchr(f->names.v[i], ':');
		const char *name = colon ? colon + 1 : f->names.v[i];
		size_t j = 0;

		while (j < r->n && strcmp(r->v[j].of, name))
			j++;
		if (j == r->n)
			ui_note("focus: %s is nowhere in this kernel: it is not built, or not called",
				f->names.v[i]);
	}
}

/*
 * Returns the text for the module steer, which takes no more than its share of the kernel's
 * command line, "" if they are nowhere; @of gets what they are of.
 */
static char *place(const struct ranges *ranges, struct strv *of, const struct arch *a)
{
	struct range *r = ranges->v;
	size_t n = ranges->n;
	char *text = NULL;

	if (n)
		qsort(r, n, sizeof(*r), by_address);
	for (size_t most = FOCUS_RANGES; n && !text; most--) {
		merge_ranges(r, &n, most);
		text = ranges_text(r, n);
		if (most > 1 && strlen(text) > a->cmdline_max / RANGES_SHARE) {
			free(text);
			text = NULL;
		}
	}
	for (size_t i = 0; i < n; i++) {
		strv_add(of, "%s", r[i].of);
		free(r[i].of);
	}
	free(r);
	return text ?: copy("");
}

/**
 * focus_locate - find out where the functions are
 * @f: from focus_choose(); gets the ranges
 * @k: the kernel, built
 */
void focus_locate(struct focus *f, const struct kernel *k)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", k->dir);
	__auto_strv struct strv ignored = { 0 };
	struct ranges in, near;
	struct debuginfo d;

	if (!f->names.n)
		return;
	if (!debuginfo_open(&d, vmlinux))
		symbols_die(vmlinux);
	in = find_ranges(&f->names, &d, true);
	near = find_ranges(&f->near, &d, false);
	debuginfo_close(&d);
	say_missing(f, &in);
	free(f->ranges);
	f->ranges = place(&in, &f->of, k->req.arch);
	free(f->near_ranges);
	f->near_ranges = place(&near, &ignored, k->req.arch);
}
