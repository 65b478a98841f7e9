// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run again, as its record tells it: the same kernel, initramfs and arguments.
 * It is reproduced if it says the same to the last digit, and not otherwise.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/bundle.h"
#include "cmd/debug.h"
#include "judge/events.h"
#include "cmd/seeds.h"
#include "build/initramfs.h"
#include "options.h"
#include "record/record.h"
#include "cmd/replay.h"
#include "report/report.h"
#include "lib/ui.h"

static const char *text_of(const struct past *p, const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (!s)
		die("%s/run.json is no whole record: it has no %s", p->dir, name);
	return s;
}

static void strings_of(const struct past *p, const char *name, struct strv *v)
{
	const json_t *all = json_object_get(p->json, name);
	size_t i;
	json_t *o;

	if (!json_is_array(all))
		die("%s/run.json is no whole record: it has no %s", p->dir, name);
	json_array_foreach(all, i, o)
		strv_add(v, "%s", json_string_value(o));
}

static void same_file(const struct past *p, const json_t *kernel, const char *what,
		      const char *path)
{
	__auto_free char *key = fmt("%s_sha256", what);
	const char *want = text_of(p, kernel, key);
	char is[HASH_LEN];

	if (!exists(path))
		die("%s is gone, so this run can't be replayed; a bundle would have kept it", path);
	hash_file(path, is);
	if (strcmp(is, want))
		die("%s is not the file that was run: its SHA-256 is %.12s..., the record says %.12s...",
		    path, is, want);
}

/* In a bundle the file lies beside the record. */
static char *file_of(const struct past *p, const json_t *kernel, const char *what)
{
	char *path = fmt("%s/%s", p->dir, what);

	if (exists(path))
		return path;
	free(path);
	return copy(text_of(p, kernel, what));
}

static const struct smpboot *mode_named(const char *name)
{
	static const struct smpboot none = { .name = "park", .cmdline = "" };
	const struct smpboot *s = NULL;

	while ((s = smpboot_next(s)))
		if (!strcmp(s->name, name))
			return s;
	return &none;
}

/* Files may lie elsewhere now than they did. */
static bool is_place(const char *option)
{
	return !strcmp(option, "-kernel") || !strcmp(option, "-initrd");
}

/*
 * What runs is what respawn would run, and not what the record says: that may come
 * from somebody else, who wants more than a replay. But it has to say the same.
 */
static void same_call(const struct past *p)
{
	__auto_strv struct strv was = { 0 };
	struct guest g;

	strings_of(p, "qemu", &was);
	past_guest(p, &g);
	for (size_t i = 0; i < was.n || i < g.argv.n; i++) {
		const char *then = i < was.n ? was.v[i] : "nothing";
		const char *now = i < g.argv.n ? g.argv.v[i] : "nothing";

		if (strcmp(then, now) && !(i && i < g.argv.n && is_place(g.argv.v[i - 1])))
			die("%s was called with '%s' where this respawn says '%s': the one that wrote it can replay it",
			    p->dir, then, now);
	}
	guest_free(&g);
}

/**
 * past_open - read a record
 * @p: gets what it tells
 * @dir: the record's folder
 *
 * Dies if it is not there or not whole, if the files that were run are gone or
 * other ones, of a run in real time, which has no schedule to replay, and of one
 * that calls QEMU as this respawn does not.
 */
void past_open(struct past *p, const char *dir)
{
	__auto_free char *path = fmt("%s/run.json", dir);
	const json_t *kernel;
	const char *lack, *slash;
	json_error_t err;

	*p = (struct past){ .dir = dir };
	if (!*dir)
		die("RUN=: say which record, as build/runs/<name>");
	if (!exists(path))
		die("%s: there is no record with that name", dir);
	p->json = json_load_file(path, 0, &err);
	if (!p->json)
		die("%s is corrupt: %s in line %d", path, err.text, err.line);
	lack = workload_from_json(&p->guest.work, p->json);
	if (lack)
		die("%s is no whole record: it has no %s", path, lack);
	if (strcmp(text_of(p, p->json, "timing"), "virtual"))
		die("%s ran in real time, where nothing can be replayed: TIMING=virtual can", dir);

	kernel = json_object_get(p->json, "kernel");
	p->kernel.arch = arch_find(text_of(p, p->json, "arch"));
	if (!p->kernel.arch)
		die("%s is of an architecture that respawn does not know", dir);
	p->tree.name = copy(text_of(p, kernel, "source"));
	p->tree.hash = copy(text_of(p, kernel, "tree"));
	p->kernel.image = file_of(p, kernel, "image");
	p->kernel.key = copy(text_of(p, kernel, "id"));
	slash = strrchr(p->kernel.image, '/');
	if (!slash)
		die("%s/run.json is corrupt: its kernel image is no path", dir);
	p->kernel.dir = fmt("%.*s", (int)(slash - p->kernel.image), p->kernel.image);
	p->guest.initramfs = file_of(p, kernel, "initramfs");
	same_file(p, kernel, "image", p->kernel.image);
	same_file(p, kernel, "initramfs", p->guest.initramfs);

	opt.config = text_of(p, p->json, "config");
	plan_read(&p->plan);
	strings_of(p, "plan", &p->steps);
	for (size_t i = 0; i < p->steps.n; i++)
		if (!plan_find(&p->plan, p->steps.v[i]))
			die("%s has a step %s, which no plan knows: name the folder it comes from with SUITES=",
			    dir, p->steps.v[i]);
	if (snapshot_of_record(&p->snapshot, p->json, dir))
		p->guest.from = &p->snapshot;
	p->guest.cmdline = copy(text_of(p, p->json, "cmdline"));
	p->guest.kernel = &p->kernel;
	p->guest.steps = &p->steps;
	p->guest.accel = "virtual";
	p->guest.smpboot = mode_named(text_of(p, p->json, "smpboot"));
	same_call(p);
}

/**
 * past_guest - a guest that does it again
 * @p: the run
 * @g: gets prepared, without a folder
 */
void past_guest(const struct past *p, struct guest *g)
{
	*g = p->guest;
	g->cmdline = copy(p->guest.cmdline);
	guest_prepare_again(g, &p->plan);
}

/* If the host ended it, at some moment, the guest may say more later. */
static enum extent extent_of(const struct past *p)
{
	return strcmp(text_of(p, p->json, "ended_by"), "host") ? EXTENT_ALL : EXTENT_SHORTER;
}

static char *console_difference(const char *dir, const char *other, enum extent extent)
{
	__auto_free char *one = fmt("%s/console.log", dir), *a = read_file(one, NULL);
	__auto_free char *two = fmt("%s/console.log", other), *b = read_file(two, NULL);
	const char *x = a ? a : "", *y = b ? b : "";
	unsigned int line = 1;

	while (*x && strcspn(x, "\n") == strcspn(y, "\n") &&
	       !strncmp(x, y, strcspn(x, "\n"))) {
		x += strcspn(x, "\n");
		y += strcspn(y, "\n");
		x += *x == '\n';
		y += *y == '\n';
		line++;
	}
	if ((!*x && !*y) || (extent != EXTENT_ALL && (!strchr(x, '\n') || !strchr(y, '\n'))))
		return NULL;
	return fmt("line %u of the console\n  then  %.*s\n  now   %.*s", line,
		   (int)strcspn(x, "\r\n"), x, (int)strcspn(y, "\r\n"), y);
}

static char *log_difference(const char *dir, const char *other, enum extent extent)
{
	__auto_free char *one = fmt("%s/events.bin", dir);
	__auto_free char *two = fmt("%s/events.bin", other);
	struct events a, b;
	bool was = events_read(&a, one), is = events_read(&b, two);
	char *what = NULL;

	if (was != is && extent == EXTENT_ALL)
		what = fmt("the event log, which only one of them has");
	else if (was && is)
		what = events_difference(&a, &b, extent);
	events_free(&a);
	events_free(&b);
	return what;
}

/**
 * runs_difference - is what two runs left the same?
 * @a: folder of a run
 * @b: folder of a later one
 * @extent: how far they are to be the same
 *
 * Return: NULL if it is, else the first difference, to be freed
 */
char *runs_difference(const char *a, const char *b, enum extent extent)
{
	char *what = console_difference(a, b, extent);

	return what ? what : log_difference(a, b, extent);
}

/**
 * past_difference - is a run what the record tells?
 * @p: the record
 * @g: the run, judged
 *
 * Return: NULL if it is, else the first difference, to be freed
 */
char *past_difference(const struct past *p, const struct guest *g)
{
	const char *was = text_of(p, p->json, "verdict");
	const char *is = verdict_name(judge_verdict(g->judge));
	char *what = runs_difference(p->dir, g->dir, extent_of(p));

	if (!what && strcmp(was, is))
		what = fmt("the verdict: %s then, %s now", was, is);
	return what;
}

/**
 * past_signature - how a run failed
 * @p: the run
 *
 * Runs it again. Dies if it does not fail.
 *
 * Return: the signature, to be freed
 */
char *past_signature(const struct past *p)
{
	char *signature;
	struct guest g;

	past_guest(p, &g);
	g.dir = record_begin(&g);
	guests_run(&g, 1);
	if (judge_verdict(g.judge) <= VERDICT_SKIP)
		die("%s: the run passes, there is nothing to make smaller", p->dir);
	signature = hunt_signature(g.judge);
	record_discard(&g);
	guest_free(&g);
	return signature;
}

/**
 * replay - run RUN= or BUNDLE= again
 *
 * Return: EXIT_PASS if it was reproduced, EXIT_BAD if it was not
 */
int replay(void)
{
	__auto_free char *what = NULL, *record = NULL;
	struct past p;
	struct guest g;

	past_open(&p, *opt.bundle ? bundle_open(opt.bundle) : opt.run);
	if (opt.gdb)
		return debug_past(&p);
	past_guest(&p, &g);
	g.dir = record_begin(&g);
	ui_stage(p.kernel.arch->name, "replay");
	guests_run(&g, 1);
	ui_done("%s", verdict_name(judge_verdict(g.judge)));
	if (judge_verdict(g.judge) == VERDICT_ERROR)
		die("%s", judge_failure(g.judge));
	what = past_difference(&p, &g);
	record = record_finish(&g, &p.tree);
	report_failure(&g, record);
	if (what)
		printf("diverged at %s\n  record of this run: %s\n", what, record);
	else
		printf("reproduced: %s, seed %llu, to the last digit of %.6f s\n",
		       verdict_name(judge_verdict(g.judge)),
		       (unsigned long long)g.work.seed, judge_guest_time(g.judge));
	return what ? EXIT_BAD : EXIT_PASS;
}

/* ---- again and again -------------------------------------------------------- */

/**
 * struct repeat - one record, run @times more
 * @p: the record
 * @tree: source of its kernel
 * @left: runs that have not begun
 * @times: how many there are to be
 * @same: runs that were the same
 * @what: the first difference that was seen, or NULL
 */
struct repeat {
	struct past *p;
	const struct tree *tree;
	size_t left;
	size_t times;
	size_t same;
	char *what;
};

static struct guest *repeat_next(void *arg)
{
	struct repeat *r = arg;
	struct guest *g;

	if (!r->left)
		return NULL;
	r->left--;
	g = calloc(1, sizeof(*g));
	if (!g)
		die("out of memory");
	past_guest(r->p, g);
	g->dir = record_begin(g);
	return g;
}

static void repeat_over(void *arg, struct guest *g)
{
	struct repeat *r = arg;
	__auto_free char *what = NULL;

	if (judge_verdict(g->judge) == VERDICT_ERROR)
		die("%s", judge_failure(g->judge));
	what = past_difference(r->p, g);
	r->same += !what;
	if (what && !r->what) {
		__auto_free char *record = record_finish(g, r->tree);

		r->what = fmt("%s\n  record: %s", what, record);
	} else {
		record_discard(g);
	}
	guest_free(g);
	free(g);
}

static void repeat_show(void *arg)
{
	const struct repeat *r = arg;

	ui_progress(r->times - r->left, r->times, "");
}

/* Run a record again and again. Are all the same? */
static bool is_repeatable(const char *record, const struct tree *t, const char *what)
{
	struct repeat r = { .tree = t, .left = opt.count, .times = opt.count };
	struct past p;

	past_open(&p, record);
	r.p = &p;
	ui_stage(p.kernel.arch->name, "repeat");
	guests_run_from(&(struct guest_source){
		.next = repeat_next, .over = repeat_over, .show = repeat_show,
		.most = opt.explore_jobs, .arg = &r,
	});
	ui_done("%s", what);
	printf("%-8s %s, seed %llu: %zu of %u replays are bit-identical\n",
	       p.kernel.arch->name, what, (unsigned long long)p.guest.work.seed, r.same,
	       opt.count);
	if (r.what)
		printf("  diverged at %s\n", r.what);
	free(r.what);
	return r.same == opt.count;
}

/* Runs that are not to differ when they are done again */
static const struct kind {
	const char *name;
	bool fails;
	bool resumes;
} kinds[] = {
	{ "a passing run", false, false },
	{ "a failing run", true, false },
	{ "a passing run from a snapshot", false, true },
	{ "a failing run from a snapshot", true, true },
};

/* A run to have a record of; it is known whether it passes. */
static char *first_run(const struct kernel *k, const char *initramfs, struct tree *t,
		       const struct plan *plan, const struct strv *steps, const struct kind *kind)
{
	struct guest g = {
		.kernel = k, .initramfs = initramfs, .steps = steps, .accel = "virtual",
		.smpboot = smpboot_next(NULL),
	};
	char *record;

	opt.kcmdline = kind->fails ? "respawn.plant=progress" : "";
	if (kind->resumes)
		snapshots_use(&g, 1, plan);
	if (kind->resumes && !g.from)
		die("there is no snapshot to try %s", kind->name);
	guest_prepare(&g, plan);
	g.dir = record_begin(&g);
	guests_run(&g, 1);
	record = record_finish(&g, t);
	if ((judge_verdict(g.judge) != VERDICT_PASS) != kind->fails)
		die("%s was to be %s, but its verdict is %s", record, kind->name,
		    verdict_name(judge_verdict(g.judge)));
	guest_free(&g);
	return record;
}

/**
 * check_determinism - run RUN= N= times more, or passing and failing seeds of
 *	each architecture
 *
 * Return: EXIT_PASS if no two runs of one differ, else EXIT_BAD
 */
int check_determinism(void)
{
	__auto_strv struct strv steps = { 0 };
	unsigned int passed = 0, failed = 0;
	struct plan plan;
	struct tree t;

	plan_read(&plan);
	plan_chosen(&plan, &steps);
	tree_open(&t);
	if (*opt.run) {
		passed = is_repeatable(opt.run, &t, opt.run);
		failed = !passed;
	}
	for (size_t i = 0; !*opt.run && opt.arch[i]; i++) {
		struct kernel k = { 0 };
		char *initramfs;

		kernel_build(&k, opt.arch[i], &t);
		initramfs = initramfs_build(&k, &t, &plan);
		for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
			__auto_free char *record = first_run(&k, initramfs, &t, &plan, &steps,
							     &kinds[n]);
			bool good = is_repeatable(record, &t, kinds[n].name);

			passed += good;
			failed += !good;
		}
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? EXIT_BAD : EXIT_PASS;
}
