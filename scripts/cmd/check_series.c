// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is each patch of the series good by itself? What reviewers and bisects meet
 * is not the whole series but every beginning of it: each has to apply, build
 * without a new warning, and boot.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/accel.h"
#include "run/guest.h"
#include "build/initramfs.h"
#include "options.h"
#include "record/record.h"
#include "cmd/check_series.h"
#include "lib/ui.h"

/**
 * struct patch - a patch of the series
 * @path: where it is
 * @name: its file's name
 * @text: all of it
 * @touched: files that it changes, as paths from the top of the kernel
 * @problems: what is wrong with it on every architecture
 */
struct patch {
	const char *path;
	const char *name;
	char *text;
	struct strv touched;
	struct strv problems;
};

/**
 * struct walk - the series, a patch at a time
 * @before: the source without the patch
 * @after: the source with it
 * @plan: all steps there are
 * @sparse: version of the checker, empty if there is none
 */
struct walk {
	struct patch *patches;
	size_t n;
	struct tree before;
	struct tree after;
	struct plan plan;
	char *sparse;
	unsigned int passed, failed, skipped;
};

/* ---- the patch as it is written --------------------------------------------- */

static bool is_trailer(const char *line)
{
	size_t word = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

	return word && !strncmp(line + word, ": ", 2) && isupper((unsigned char)*line);
}

/* The message is what is between the first empty line and "---". */
static void check_message(struct patch *p)
{
	const char *body = strstr(p->text, "\n\n");
	const char *end = body ? strstr(body, "\n---\n") : NULL;
	__auto_free char *message = NULL;
	__auto_strv struct strv lines = { 0 };
	bool why = false, signed_off = false;

	if (!end) {
		strv_add(&p->problems, "it has no commit message that '---' ends");
		return;
	}
	message = fmt("%.*s", (int)(end - body), body);
	strv_split(&lines, message, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		signed_off |= !strncmp(lines.v[i], "Signed-off-by: ", 15);
		why |= !is_trailer(lines.v[i]) && lines.v[i][strspn(lines.v[i], " \t")];
	}
	if (!why)
		strv_add(&p->problems, "its message does not say why");
	if (!signed_off)
		strv_add(&p->problems, "it has no Signed-off-by");
}

static void list_touched(struct patch *p)
{
	__auto_strv struct strv argv = { 0 }, lines = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .out = &said, .quiet_err = true };

	strv_split(&argv, "git apply --numstat", " ");
	strv_add(&argv, "%s", p->path);
	if (run(&argv, &o)) {
		strv_add(&p->problems, "git can't read it");
		return;
	}
	strv_split(&lines, said, "\n");
	for (size_t i = 0; i < lines.n; i++)
		strv_add(&p->touched, "%s", strrchr(lines.v[i], '\t') + 1);
}

static void read_patch(struct patch *p, const char *path)
{
	p->path = path;
	p->name = strrchr(path, '/') + 1;
	p->text = read_file(path, NULL);
	if (!p->text)
		die("cannot read %s: %s", path, strerror(errno));
	check_message(p);
	list_touched(p);
}

/* The tree's own checkpatch. That MAINTAINERS is not kept up is not its business. */
static void check_style(struct patch *p, const struct tree *t)
{
	__auto_strv struct strv argv = { 0 }, lines = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .out = &said, .dir = t->src };
	size_t name = strlen(p->path);

	strv_split(&argv, "perl scripts/checkpatch.pl --strict --terse --no-summary", " ");
	strv_split(&argv, "--ignore FILE_PATH_CHANGES", " ");
	strv_add(&argv, "%s", p->path);
	if (!run(&argv, &o))
		return;
	strv_split(&lines, said, "\n");
	for (size_t i = 0; i < lines.n; i++)
		strv_add(&p->problems, "checkpatch: line %s",
			 strncmp(lines.v[i], p->path, name) ? lines.v[i]
							    : lines.v[i] + name + 1);
	if (!lines.n)
		strv_add(&p->problems, "checkpatch.pl fails, and does not say why");
}

/* ---- what compiler and checker say ------------------------------------------ */

/* The file that a line of the compiler's is about, if the patch touches it */
static const char *about(const struct patch *p, const char *line)
{
	size_t len = strcspn(line, ":");

	for (size_t i = 0; i < p->touched.n; i++) {
		const char *file = p->touched.v[i];
		size_t n = strlen(file);

		if (len >= n && !strncmp(line + len - n, file, n) &&
		    (len == n || line[len - n - 1] == '/'))
			return file;
	}
	return NULL;
}

/*
 * Collect what is said of touched files, without line numbers: a patch moves
 * what was there before it.
 */
static void collect(const struct patch *p, const char *said, struct strv *messages)
{
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, said, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *file = about(p, lines.v[i]);
		const char *what = strstr(lines.v[i], ": warning: ");

		what = what ? what : strstr(lines.v[i], ": error: ");
		if (file && what)
			strv_add(messages, "%s%s", file, what);
	}
}

static bool has_object(const char *file, const struct arch *a)
{
	static const char *const no_kernel[] = {
		"Documentation/", "samples/", "scripts/", "tools/", "usr/",
	};
	__auto_free char *own = fmt("arch/%s/", a->srcarch);
	const char *dot = strrchr(file, '.');

	for (size_t i = 0; i < ARRAY_SIZE(no_kernel); i++)
		if (!strncmp(file, no_kernel[i], strlen(no_kernel[i])))
			return false;
	return dot && !strcmp(dot, ".c") &&
	       (strncmp(file, "arch/", 5) || !strncmp(file, own, strlen(own)));
}

/* All that is to be said of the C files that the patch touches, as they are in @t */
static void look_at(const struct walk *w, const struct patch *p, const struct arch *a,
		    struct tree *t, struct strv *messages, struct strv *problems)
{
	__auto_strv struct strv words = { 0 };
	__auto_free char *said = NULL, *why = NULL;
	struct kernel k = { 0 };
	size_t flags;

	strv_split(&words, "-k W=1", " ");
	if (*w->sparse)
		strv_add(&words, "C=2");
	flags = words.n;
	for (size_t i = 0; i < p->touched.n; i++) {
		const char *file = p->touched.v[i];
		__auto_free char *text = has_object(file, a) ? tree_read(t, file) : NULL;

		if (text)
			strv_add(&words, "%.*s.o", (int)strlen(file) - 2, file);
	}
	if (words.n == flags)
		return;
	kernel_name(&k, a, t);
	why = kernel_make(&k, t, &words, &said);
	if (why)
		strv_add(problems, "%s", why);
	else
		collect(p, said, messages);
}

/* What is in @now once more often than it was before */
static void tell_new(const struct strv *was, const struct strv *now, struct strv *problems)
{
	bool *used = calloc(was->n + 1, sizeof(*used));

	if (!used)
		die("out of memory");
	for (size_t i = 0; i < now->n; i++) {
		size_t j = 0;

		while (j < was->n && (used[j] || strcmp(was->v[j], now->v[i])))
			j++;
		if (j < was->n)
			used[j] = true;
		else
			strv_add(problems, "new: %s", now->v[i]);
	}
	free(used);
}

/* ---- one patch on one architecture ------------------------------------------ */

static void build(const struct patch *p, struct kernel *k, struct tree *t,
		  struct strv *problems)
{
	__auto_free char *log = fmt("%s/build.log", k->out), *said = NULL;
	char *why = kernel_build_partly(k, t);

	if (why) {
		strv_add(problems, "%s", why);
		free(why);
		return;
	}
	said = read_file(log, NULL);
	collect(p, said ? said : "", problems);
}

/* Boot what was built. On part of the series that is the steps that need none. */
static void boot(struct walk *w, struct kernel *k, struct strv *problems)
{
	__auto_strv struct strv steps = { 0 };
	__auto_free char *record = NULL;
	struct guest g = { .kernel = k, .steps = &steps, .smpboot = smpboot_next(NULL) };

	plan_chosen(&w->plan, &steps);
	g.initramfs = initramfs_build(k, &w->after, &w->plan);
	g.accel = accel_choose(k, g.initramfs, &w->plan);
	guest_prepare(&g, &w->plan);
	g.dir = record_begin(&g);
	guests_run(&g, 1);
	record = record_finish(&g, &w->after);
	if (judge_verdict(g.judge) == VERDICT_ERROR)
		die("%s", judge_failure(g.judge));
	if (judge_verdict(g.judge) != VERDICT_PASS)
		strv_add(problems, "%s: %s; see %s", verdict_name(judge_verdict(g.judge)),
			 judge_failure(g.judge) ? judge_failure(g.judge) : "nothing ran", record);
	guest_free(&g);
}

/* What passed is known by all that it was made of. */
static char *memo_path(struct walk *w, const struct patch *p, const struct arch *a)
{
	__auto_free char *dir = fmt("%s/series", opt.cache), *initramfs = NULL;
	__auto_free char *how = fmt("%s %u %llu %s %s", opt.timing, opt.smp,
				    (unsigned long long)opt.seed, opt.plan, w->sparse);
	struct kernel before = { 0 }, after = { 0 };
	struct hash *h = hash_new();
	char key[HASH_LEN];

	kernel_name(&before, a, &w->before);
	kernel_name(&after, a, &w->after);
	initramfs = initramfs_path(&after, &w->plan);
	hash_str(h, "series 1");
	hash_str(h, p->text);
	hash_str(h, before.key);
	hash_str(h, after.key);
	hash_str(h, initramfs);
	hash_str(h, how);
	hash_end(h, key);
	make_dirs(dir);
	return fmt("%s/%.24s", dir, key);
}

static void check_on(struct walk *w, const struct patch *p, const struct arch *a,
		     struct strv *problems)
{
	__auto_strv struct strv was = { 0 }, is = { 0 };
	struct kernel k = { 0 };

	look_at(w, p, a, &w->before, &was, problems);
	look_at(w, p, a, &w->after, &is, problems);
	tell_new(&was, &is, problems);
	kernel_name(&k, a, &w->after);
	if (!problems->n)
		build(p, &k, &w->after, problems);
	if (!problems->n)
		boot(w, &k, problems);
}

static void report(struct walk *w, const struct patch *p, const struct arch *a,
		   const struct strv *problems, double seconds)
{
	bool good = !problems->n;

	ui_note("%-8s %-66s %s%s%s (%.1f s)", a->name, p->name,
		ui_on(stdout, good ? UI_GREEN : UI_RED), good ? "pass" : "fail",
		ui_off(stdout), seconds);
	if (!good && ui_quiet())
		printf("%-8s %s\n", a->name, p->name);
	for (size_t i = 0; i < problems->n; i++)
		printf("%8s %s\n", "", problems->v[i]);
	w->passed += good;
	w->failed += !good;
}

/* The first patch that does not apply ends the walk: what follows has no base. */
static bool apply(struct walk *w, const struct strv *files, size_t i)
{
	char *why;

	w->after = w->before;
	w->after.name = fmt("%s", w->patches[i].name);
	why = tree_apply(&w->after, files, i + 1);
	if (!why)
		return true;
	strv_add(&w->patches[i].problems, "%s", why);
	free(why);
	return false;
}

static void check_patch(struct walk *w, size_t i, bool applies)
{
	struct patch *p = &w->patches[i];
	size_t arches = 0, n = 0;

	while (opt.arch[arches])
		arches++;
	opt.series = i + 1 == w->n ? "full" : "part";
	if (applies)
		check_style(p, &w->after);
	for (const struct arch **a = opt.arch; *a; a++) {
		__auto_free char *memo = NULL;
		__auto_strv struct strv problems = { 0 };
		double begun = now();

		for (size_t j = 0; j < p->problems.n; j++)
			strv_add(&problems, "%s", p->problems.v[j]);
		ui_within(i * arches + n++, w->n * arches);
		if (applies)
			memo = memo_path(w, p, *a);
		if (applies && !problems.n && !exists(memo)) {
			check_on(w, p, *a, &problems);
			if (!problems.n)
				write_file(memo, "pass\n", 5);
		}
		report(w, p, *a, &problems, now() - begun);
	}
}

static void look_for_sparse(struct walk *w)
{
	__auto_free char *path = find_program("sparse");
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = &w->sparse };

	if (!path) {
		ui_note("sparse: not installed, skipped");
		w->sparse = copy("");
		return;
	}
	strv_split(&argv, "sparse --version", " ");
	run(&argv, &o);
}

static void open_walk(struct walk *w, const struct strv *files)
{
	w->n = files->n;
	w->patches = calloc(w->n + 1, sizeof(*w->patches));
	if (!w->patches)
		die("out of memory");
	for (size_t i = 0; i < w->n; i++)
		read_patch(&w->patches[i], files->v[i]);
	look_for_sparse(w);
	plan_read(&w->plan);
	tree_open_base(&w->before);
	tree_aside(&w->before, "series");
	free(tree_apply(&w->before, files, 0));
	/* The tree has the checkpatch that looks at the patches. */
	tree_checkout(&w->before);
	tree_unlock(&w->before);
}

/**
 * check_series - check every patch of the series by itself
 *
 * Return: an exit status
 */
int check_series(void)
{
	__auto_strv struct strv files = { 0 };
	struct walk w = { 0 };
	bool applies = true;
	size_t i;

	tree_series(&files);
	open_walk(&w, &files);
	ui_stage("series", "check");
	for (i = 0; applies && i < w.n; i++) {
		applies = apply(&w, &files, i);
		check_patch(&w, i, applies);
		w.before = w.after;
	}
	ui_within(0, 0);
	for (; i < w.n; i++) {
		for (const struct arch **a = opt.arch; *a; a++) {
			ui_note("%-8s %-66s skip", (*a)->name, w.patches[i].name);
			w.skipped++;
		}
	}
	printf("%u passed, %u failed, %u skipped\n", w.passed, w.failed, w.skipped);
	return w.failed ? EXIT_BAD : EXIT_PASS;
}
