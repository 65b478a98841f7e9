// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bisect from end to end: git histories are made from the pinned kernels, with a
 * planted bug that shows now and then, and all that gets in the way. Does the bisect
 * name the commit?
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "build/pin.h"
#include "cmd/bisection.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "report/report.h"

#define GIT	"git -c user.name=respawn -c user.email=respawn@localhost -c gc.auto=0"

#define FLUSHED	"fail: stress.work_not_lost: # of # items are done after a flush of their workqueue"
#define TASKLET	"fail: stress.work_not_lost: a tasklet fired # times, not #"

/**
 * struct spec - a history, and the truth of it
 * @name: what it is called
 * @pin: the kernel that it begins with, as PIN= has it
 * @bug: planted by the culprit; by a commit before GOOD if nothing is to change
 * @signature: how it shows, which is what is looked for
 * @other: another bug, which has nothing to do with it, or NULL
 * @commits: candidates
 * @culprit: which one of them it is, from 1 on; 0 if nothing changes
 * @other_at: commit that plants @other
 * @no_build: commit from which on the kernel does not build
 * @no_boot: commit from which on it does not boot
 * @branch: the first of three commits that are merged by a fourth
 */
static const struct spec {
	const char *name;
	const char *pin;
	const char *bug;
	const char *signature;
	const char *other;
	size_t commits;
	size_t culprit;
	size_t other_at;
	size_t no_build;
	size_t no_boot;
	size_t branch;
} specs[] = {
	{ "late", "", "flush-completes-early", FLUSHED, "killed-creator-not-told-of",
	  36, 30, 8, 13, 20, 24 },
	{ "early", "", "tasklet-clear-late", TASKLET, "killed-creator-not-told-of",
	  36, 9, 15, 26, 5, 20 },
	{ "old", "6.1", "flush-completes-early", FLUSHED, "killed-creator-not-told-of",
	  34, 20, 26, 10, 29, 14 },
	{ "nothing", "", "flush-completes-early", FLUSHED, NULL, 32, 0, 0, 16, 22, 8 },
	/* Not all of it: for a quick look */
	{ "short", "", "target-same-is-down", "", NULL, 10, 6, 0, 3, 8, 0 },
};

/* Files of the life of threads, and others */
static const char *const files[] = {
	"kernel/kthread.c", "lib/string.c", "kernel/smpboot.c", "Documentation/process/howto.rst",
	"kernel/cpu.c", "fs/filesystems.c", "kernel/workqueue.c", "kernel/user.c",
	"kernel/softirq.c", "MAINTAINERS", "kernel/stop_machine.c", "mm/mmzone.c",
};

/**
 * struct maker - a history that is being made
 * @s: what it is to be like
 * @t: the pinned kernel; its content is that of the commit made last
 * @dir: the user's tree
 * @tip: commit made last
 * @n: commits made
 */
struct maker {
	const struct spec *s;
	struct tree t;
	char *dir;
	char *tip;
	size_t n;
};

static char *git(const struct maker *m, const char *words, ...)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	char *out = NULL;
	struct run_opts o = { .out = &out, .dir = m->dir, .env = &env };
	va_list args;
	const char *w;

	/* The same history has the same names, so images are there the next time. */
	strv_add(&env, "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z");
	strv_add(&env, "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z");
	strv_split(&argv, GIT, " ");
	strv_split(&argv, words, " ");
	va_start(args, words);
	while ((w = va_arg(args, const char *)))
		strv_add(&argv, "%s", w);
	va_end(args);
	if (run(&argv, &o))
		die("git %s failed in %s: %s", words, m->dir, out);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

static void commit(struct maker *m, const char *other_parent, const char *format, ...)
{
	__auto_free char *subject = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&subject, format, args) < 0)
		die("out of memory");
	va_end(args);
	m->tip = git(m, "commit-tree", m->t.hash, "-m", subject, "-p", m->tip,
		     other_parent ? "-p" : NULL, other_parent, NULL);
	m->n++;
}

static void put(struct maker *m, const char *path, const char *text)
{
	struct tree_file file = { .path = (char *)path, .text = (char *)text };

	tree_put(&m->t, &file, 1);
}

/* Something small, in one file after the other; of code a kernel sees the difference. */
static void change(struct maker *m)
{
	const char *path = files[m->n % ARRAY_SIZE(files)], *end = strrchr(path, '.');
	__auto_free char *old = tree_read(&m->t, path), *new = NULL;

	if (!old)
		die("%s has no %s", m->t.name, path);
	if (end && !strcmp(end, ".c"))
		new = fmt("%s\nint respawn_change_%zu(int n);\nint respawn_change_%zu(int n)\n{\n\treturn n + %zu;\n}\n",
			  old, m->n, m->n, m->n);
	else
		new = fmt("%s\nChange %zu.\n", old, m->n);
	put(m, path, new);
	commit(m, NULL, "%s: change %zu", path, m->n);
}

static void append(struct maker *m, const char *path, const char *text, const char *subject)
{
	__auto_free char *old = tree_read(&m->t, path), *new = fmt("%s%s", old ?: "", text);

	put(m, path, new);
	commit(m, NULL, "%s", subject);
}

/* And its mending, which is the next commit but one */
static void undo(struct maker *m, const char *path, const char *text, const char *subject)
{
	__auto_free char *old = tree_read(&m->t, path), *new = NULL;
	char *at = old ? strstr(old, text) : NULL;

	if (!at)
		die("%s has no '%s' to be taken out", path, text);
	new = fmt("%.*s%s", (int)(at - old), old, at + strlen(text));
	put(m, path, new);
	commit(m, NULL, "%s", subject);
}

static void plant(struct maker *m, const char *bug)
{
	__auto_free char *why = NULL;
	struct strv patches = { 0 };

	strv_add(&patches, "%s/tests/bugs/%s.patch", host_source(), bug);
	m->t.base = m->t.hash;
	why = tree_apply(&m->t, &patches, 1);
	if (why)
		die("%s", why);
	strv_free(&patches);
}

/* The trunk does nothing meanwhile. */
static void merge(struct maker *m)
{
	char *trunk = m->tip, *branch;

	for (size_t i = 0; i < 3; i++)
		change(m);
	branch = m->tip;
	m->tip = trunk;
	commit(m, branch, "Merge branch 'topic'");
}

#define NO_BUILD	"\nthis does not build;\n"
#define NO_BOOT		"\nstatic int __init respawn_no_boot(void)\n{\n\tpanic(\"this does not boot\");\n}\npure_initcall(respawn_no_boot);\n"

static void make_commit(struct maker *m)
{
	const struct spec *s = m->s;
	size_t next = m->n + 1;

	if (next == s->culprit) {
		plant(m, s->bug);
		commit(m, NULL, "the culprit: %s", s->bug);
	} else if (s->other && next == s->other_at) {
		plant(m, s->other);
		commit(m, NULL, "another bug: %s", s->other);
	} else if (next == s->no_build) {
		append(m, "kernel/user.c", NO_BUILD, "user: does not build");
		change(m);
		undo(m, "kernel/user.c", NO_BUILD, "user: builds again");
	} else if (next == s->no_boot) {
		append(m, "kernel/user.c", NO_BOOT, "user: does not boot");
		undo(m, "kernel/user.c", NO_BOOT, "user: boots again");
	} else if (next == s->branch) {
		merge(m);
	} else {
		change(m);
	}
}

/* A git tree whose objects are the cache's; what nobody looks at is not checked out. */
static void begin(struct maker *m, const struct spec *s, const char *out)
{
	__auto_free char *alternates = NULL, *objects = NULL;
	struct pin p;

	*m = (struct maker){ .s = s, .dir = fmt("%s/check-bisect/%s", out, s->name) };
	pin_read(&p, s->pin);
	m->tip = tree_open_pin(&m->t, &p);
	m->t.hash = copy(m->t.base);
	remove_tree(m->dir);
	make_dirs(m->dir);
	free(git(m, "init -q -b main", NULL));
	alternates = fmt("%s/.git/objects/info/alternates", m->dir);
	objects = fmt("%s/objects\n", m->t.git);
	write_file(alternates, objects, strlen(objects));
	free(git(m, "sparse-checkout set kernel", NULL));
	if (!s->culprit) {
		plant(m, s->bug);
		commit(m, NULL, "before all: %s", s->bug);
		m->n = 0;
	}
	free(git(m, "update-ref refs/tags/good", m->tip, NULL));
}

static void make_history(struct maker *m, const struct spec *s, const char *out)
{
	begin(m, s, out);
	while (m->n < s->commits)
		make_commit(m);
	free(git(m, "reset -q --hard", m->tip, NULL));
}

/* What stays the same of a tree that is only read */
static char *state_of(const struct maker *m)
{
	__auto_free char *refs = git(m, "for-each-ref", NULL);
	__auto_free char *worktrees = git(m, "worktree list", NULL);
	__auto_free char *index = fmt("%s/.git/index", m->dir);
	char hex[HASH_LEN];

	hash_file(index, hex);
	return fmt("%s %s %s", refs, worktrees, hex);
}

static bool is_right(const struct bisection *b, const struct spec *s, const struct bisect_step *end)
{
	if (!s->culprit)
		return end->what == BISECT_NOTHING;
	return end->what == BISECT_FOUND &&
	       !strncmp(b->history.commits[end->commit].subject, "the culprit", 11);
}

static bool check(const struct options *o, const struct spec *s)
{
	struct options own = *o;
	struct bisection b;
	struct bisect_step end;
	struct maker m;
	__auto_free char *before = NULL, *after = NULL;
	bool right, same;

	ui_stage(s->name, "history");
	make_history(&m, s, o->out);
	ui_done("%zu commits behind %s", s->commits, m.t.name);
	before = state_of(&m);
	own.request.tree = m.dir;
	own.request.pin = "";
	own.good = "good";
	own.bad = "main";
	own.signature = s->signature;
	own.out = fmt("%s/check-bisect/%s-bisect", o->out, s->name);
	/* What an earlier check has seen is not what this one sees. */
	remove_tree(own.out);
	end = bisection_search(&own, &b);
	bisection_report(&b, &end, stdout);
	after = state_of(&m);
	same = !strcmp(before, after);
	right = is_right(&b, s, &end);
	printf("%s: %s%s\n\n", s->name, right ? "right" : "WRONG",
	       same ? "" : "; the user's tree was changed");
	return right && same;
}

/**
 * cmd_check_bisect - make histories, and bisect them
 * @o: what the user asked for; BUGS= names some of the histories
 *
 * Return: EXIT_PASS if each culprit was named
 */
int cmd_check_bisect(const struct options *o)
{
	__auto_strv struct strv names = { 0 }, wanted = { 0 };
	__auto_free char *all = NULL;
	unsigned int good = 0, n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		strv_add(&names, "%s", specs[i].name);
	all = strv_join(&names, " ");
	strv_split(&wanted, o->bugs, ", ");
	for (size_t i = 0; i < wanted.n; i++)
		if (!strv_has(&names, wanted.v[i]))
			die("BUGS=%s: no such history, there are: %s", wanted.v[i], all);
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		if (wanted.n ? !strv_has(&wanted, specs[i].name) :
			       !strcmp(specs[i].name, "short"))
			continue;
		good += check(o, &specs[i]);
		n++;
	}
	report_total(stdout, good, n - good, 0);
	return good == n ? EXIT_PASS : EXIT_BAD;
}
