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

#include "build/initramfs.h"
#include "cmd/cmd.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "report/report.h"
#include "run/accel.h"

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
 * @o: what the user asked for
 * @before: the source without the patch
 * @after: the source with it
 * @series: how much of the series that is, as a request says it
 * @plan: all steps there are
 * @sparse: version of the checker, empty if there is none
 * @dir: folder of what is remembered
 */
struct walk {
	const struct options *o;
	struct patch *patches;
	size_t n;
	struct tree before;
	struct tree after;
	const char *series;
	struct plan plan;
	char *sparse;
	char *dir;
	unsigned int passed, failed, skipped;
};

/* What is asked of a kernel with a part of the series in it */
static struct request request_of(const struct walk *w, const struct arch *a)
{
	struct request r = options_request(w->o, a);

	r.series = w->series;
	/* What is sent upstream is tested as it is. */
	r.overlay = "none";
	return r;
}

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

	/* There is no history to find the commits in that messages name. */
	strv_split(&argv,
		   "perl scripts/checkpatch.pl --strict --terse --no-summary --ignore UNKNOWN_COMMIT_ID",
		   " ");
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
	struct request r = request_of(w, a);
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
	kernel_name(&k, &r, t);
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
	char *why = kernel_try(k, t, true);

	if (why) {
		strv_add(problems, "%s", why);
		free(why);
		return;
	}
	said = read_file(log, NULL);
	collect(p, said ? said : "", problems);
}

/* The trial of what is built: on part of the series that is the steps that need none. */
static void prepare(struct walk *w, const struct arch *a, struct image *i, struct trial *t)
{
	struct request r = request_of(w, a);

	*i = (struct image){ .tree = w->after, .plan = w->plan };
	kernel_name(&i->kernel, &r, &i->tree);
	i->initramfs = initramfs_path(&i->kernel, &i->plan);
	*t = (struct trial){
		.image = i, .req = r, .out = w->o->out,
		.accel = request_is_virtual(&r) ? "virtual" : r.accel,
	};
	trial_choose(&t->req, i);
}

static void boot(struct image *i, struct trial *t, struct strv *problems)
{
	const char *what;

	image_build(i);
	t->accel = accel_choose(i, &t->req);
	trial_run(t);
	trial_must_say(t);
	what = json_string_value(record_member(&t->record, "first_failure.what"));
	if (record_verdict(&t->record) != VERDICT_PASS)
		strv_add(problems, "%s: %s; see %s", record_text(&t->record, "verdict"),
			 what ? what : "nothing ran", t->record.dir);
	trial_free(t);
}

/* What passed is known by all that it was made of. */
static char *key_of(struct walk *w, const struct patch *p, const struct arch *a)
{
	struct request r = request_of(w, a);
	struct kernel before = { 0 };
	__auto_free char *trial = NULL;
	struct hash *h = hash_new();
	char key[HASH_LEN];
	struct image i;
	struct trial t;

	prepare(w, a, &i, &t);
	trial = trial_key(&t, "series");
	kernel_name(&before, &r, &w->before);
	hash_str(h, trial);
	hash_str(h, before.key);
	hash_str(h, p->text);
	hash_str(h, w->sparse);
	hash_end(h, key);
	return copy(key);
}

static void check_on(struct walk *w, const struct patch *p, const struct arch *a,
		     struct strv *problems)
{
	__auto_strv struct strv was = { 0 }, is = { 0 };
	struct image i;
	struct trial t;

	look_at(w, p, a, &w->before, &was, problems);
	look_at(w, p, a, &w->after, &is, problems);
	tell_new(&was, &is, problems);
	prepare(w, a, &i, &t);
	if (!problems->n)
		build(p, &i.kernel, &i.tree, problems);
	if (!problems->n)
		boot(&i, &t, problems);
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

	while (w->o->arch[arches])
		arches++;
	w->series = i + 1 == w->n ? "full" : "part";
	if (applies)
		check_style(p, &w->after);
	for (const struct arch **a = w->o->arch; *a; a++) {
		__auto_free char *key = NULL;
		json_t *known = NULL;
		__auto_strv struct strv problems = { 0 };
		double begun = now();

		for (size_t j = 0; j < p->problems.n; j++)
			strv_add(&problems, "%s", p->problems.v[j]);
		ui_within(i * arches + n++, w->n * arches);
		if (applies) {
			key = key_of(w, p, *a);
			known = memo_read(w->dir, key);
		}
		if (applies && !problems.n && !known) {
			check_on(w, p, *a, &problems);
			if (!problems.n)
				memo_write(w->dir, key, json_string("pass"));
		}
		json_decref(known);
		report(w, p, *a, &problems, now() - begun);
	}
}

/* ---- who has threads that respawn -------------------------------------------- */

#define USERS	"kernel-patch/users"

/* "file variable" of each user that the pinned kernel has */
static void users_there(const struct tree *t, struct strv *users)
{
	static const char what[] = "struct smp_hotplug_thread ";
	__auto_strv struct strv lines = { 0 };

	tree_grep(t, "struct smp_hotplug_thread [a-z0-9_]+ = \\{", &lines);
	for (size_t i = 0; i < lines.n; i++) {
		const char *name = strstr(lines.v[i], what) + strlen(what);

		strv_add(users, "%.*s %.*s", (int)strcspn(lines.v[i], ":"), lines.v[i],
			 (int)strcspn(name, " "), name);
	}
}

/* "file variable" of each user that was looked at, as @path has them */
static void users_known(const char *path, struct strv *users)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = read_file(path, NULL);

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		__auto_strv struct strv words = { 0 };

		if (lines.v[i][0] == '#')
			continue;
		strv_split(&words, lines.v[i], "\t ");
		if (words.n < 3)
			die(USERS ": '%s' has not a file, a variable and a reason", lines.v[i]);
		strv_add(users, "%s %s", words.v[0], words.v[1]);
	}
}

/* A user that nobody has looked at may keep a pointer to a thread that is gone. */
static void check_users(struct walk *w)
{
	__auto_free char *path = fmt("%s/" USERS, host_source());
	__auto_strv struct strv there = { 0 }, known = { 0 }, problems = { 0 };
	bool good;

	users_there(&w->before, &there);
	users_known(path, &known);
	for (size_t i = 0; i < there.n; i++)
		if (!strv_has(&known, there.v[i]))
			strv_add(&problems, "%s is not in " USERS ": look how it uses its threads",
				 there.v[i]);
	for (size_t i = 0; i < known.n; i++)
		if (!strv_has(&there, known.v[i]))
			strv_add(&problems, "%s is in " USERS ", and not in the kernel",
				 known.v[i]);
	good = !problems.n;
	ui_note("%-8s %-66s %s%s%s", "any", "users of struct smp_hotplug_thread",
		ui_on(stdout, good ? UI_GREEN : UI_RED), good ? "pass" : "fail",
		ui_off(stdout));
	for (size_t i = 0; i < problems.n; i++)
		printf("%8s %s\n", "", problems.v[i]);
	w->passed += good;
	w->failed += !good;
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
	plan_read(&w->plan, &w->o->request);
	tree_open_base(&w->before, &w->o->request);
	tree_aside(&w->before, "series");
	free(tree_apply(&w->before, files, 0));
	/* The tree has the checkpatch that looks at the patches. */
	tree_checkout(&w->before);
	tree_unlock(&w->before);
}

/**
 * cmd_check_series - check every patch of the series by itself
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_check_series(const struct options *o)
{
	__auto_strv struct strv files = { 0 };
	struct walk w = {
		.o = o, .series = "full", .dir = fmt("%s/memo/series", host_cache()),
	};
	bool applies = true;
	size_t i;

	tree_series(&files);
	open_walk(&w, &files);
	ui_stage("series", "check");
	check_users(&w);
	for (i = 0; applies && i < w.n; i++) {
		applies = apply(&w, &files, i);
		check_patch(&w, i, applies);
		w.before = w.after;
	}
	ui_within(0, 0);
	for (; i < w.n; i++) {
		for (const struct arch **a = o->arch; *a; a++) {
			ui_note("%-8s %-66s skip", (*a)->name, w.patches[i].name);
			w.skipped++;
		}
	}
	report_total(stdout, w.passed, w.failed, w.skipped);
	return w.failed ? EXIT_BAD : EXIT_PASS;
}
