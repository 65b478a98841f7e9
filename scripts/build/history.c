// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commits between a good and a bad one, out of a user's tree, which is only read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/history.h"
#include "build/tree.h"
#include "judge/utf8.h"
#include "lib/ui.h"
#include "lib/util.h"

/*
 * How much likelier than others a commit is to have broken the life of threads, by what
 * it touches; the greatest of its files counts. The first row that fits a file is its
 * own. A path that ends in a slash is a folder, one that begins with a dot is an ending.
 */
static const struct {
	const char *path;
	double weight;
} weights[] = {
	{ ".rst", .02 },
	{ ".dts", .02 },
	{ ".dtsi", .02 },
	{ "kernel/kthread.c", 20 },
	{ "kernel/smpboot.c", 20 },
	{ "kernel/cpu.c", 20 },
	{ "kernel/stop_machine.c", 20 },
	{ "kernel/workqueue.c", 20 },
	{ "kernel/softirq.c", 12 },
	{ "include/linux/kthread.h", 20 },
	{ "include/linux/smpboot.h", 20 },
	{ "include/linux/cpuhotplug.h", 12 },
	{ "include/linux/workqueue.h", 12 },
	{ "kernel/fork.c", 8 },
	{ "kernel/exit.c", 8 },
	{ "kernel/signal.c", 8 },
	{ "kernel/freezer.c", 8 },
	{ "kernel/time/", 8 },
	{ "kernel/sched/", 8 },
	{ "kernel/rcu/", 8 },
	{ "kernel/cgroup/", 8 },
	{ "kernel/irq/", 4 },
	{ "kernel/", 2 },
	{ "arch/x86/", 1 },
	{ "arch/arm64/", 1 },
	{ "arch/", .02 },
	{ "Documentation/", .02 },
	{ "tools/", .02 },
	{ "samples/", .02 },
	{ "MAINTAINERS", .02 },
	{ "sound/", .1 },
	{ "drivers/", .3 },
	{ "fs/", .5 },
	{ "net/", .5 },
	{ "", 1 },
};

/* A merge that changes nothing of its own */
#define MERGE_WEIGHT	.1

static double weight_of(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		const char *path = weights[i].path;
		size_t n = strlen(path);

		if (*path == '.' ? len > n && !strcmp(file + len - n, path) :
		    !n || path[n - 1] == '/' ? !strncmp(file, path, n) : !strcmp(file, path))
			return weights[i].weight;
	}
	return 1;
}

/* A commit of a kernel; what is checked out meanwhile is of no interest. */
static char *resolve(const char *tree, const char *variable, const char *name)
{
	__auto_free char *commit = fmt("%s^{commit}", name), *kthread = NULL;
	char *id = tree_ask_user(tree, "rev-parse --verify --quiet --end-of-options", commit, NULL);

	if (!id)
		die("%s=%s: TREE=%s has no such commit", variable, name, tree);
	kthread = tree_ask_user(tree, "ls-tree --full-tree --name-only", id, "kernel/kthread.c",
				NULL);
	if (!kthread || !*kthread)
		die("TREE=%s is no tree of a kernel at %s=%s: it has no kernel/kthread.c", tree,
		    variable, name);
	return id;
}

static void check_tree(struct history *h)
{
	__auto_free char *top = tree_ask_user(h->tree, "rev-parse --show-toplevel", NULL);
	__auto_free char *changes = NULL;

	if (!exists(h->tree))
		die("TREE=%s: No such file or directory", h->tree);
	if (!top) {
		/* Where git itself will not go, its caller has the better word. */
		free(tree_user_commit(h->tree, ""));
		die("TREE=%s is no git tree with a work tree", h->tree);
	}
	changes = tree_ask_user(h->tree, "status --porcelain --untracked-files=no", NULL);
	h->dirty = changes && *changes;
}

static bool is_shallow(const char *tree)
{
	__auto_free char *says = tree_ask_user(tree, "rev-parse --is-shallow-repository", NULL);

	return says && !strcmp(says, "true");
}

static void __noreturn lacks_commits(const char *tree, const char *good, const char *bad)
{
	die("TREE=%s is a shallow clone, which lacks commits between GOOD=%s and BAD=%s: 'git fetch --unshallow' has them",
	    tree, good, bad);
}

/* A commit at which a shallow clone was cut off seems to have no parents, and all files. */
static void check_depth(const struct history *h, const char *good, const char *bad)
{
	__auto_free char *path = NULL, *text = NULL;
	__auto_strv struct strv cut = { 0 };

	if (!is_shallow(h->tree))
		return;
	path = tree_ask_user(h->tree, "rev-parse --path-format=absolute --git-path shallow", NULL);
	text = path ? read_file(path, NULL) : NULL;
	strv_split(&cut, text ?: "", "\n");
	for (size_t i = 1; i < h->n; i++)
		if (!text || strv_has(&cut, h->commits[i].id))
			lacks_commits(h->tree, good, bad);
}

static void check_ends(const struct history *h, const char *good, const char *bad,
		       const char *good_id, const char *bad_id)
{
	__auto_free char *both = fmt("%s %s", good_id, bad_id);
	__auto_free char *words = fmt("merge-base %s", both), *base = NULL;

	if (!strcmp(good_id, bad_id))
		die("GOOD=%s and BAD=%s are the same commit", good, bad);
	base = tree_ask_user(h->tree, words, NULL);
	if (base && !strcmp(base, good_id))
		return;
	if (is_shallow(h->tree))
		lacks_commits(h->tree, good, bad);
	if (!base)
		die("GOOD=%s and BAD=%s have no commit in common", good, bad);
	if (!strcmp(base, bad_id))
		die("GOOD=%s comes after BAD=%s: exchange them", good, bad);
	die("GOOD=%s is no ancestor of BAD=%s; their merge base is %.12s: try GOOD=%.12s",
	    good, bad, base, base);
}

static struct history_commit *add_commit(struct history *h, const char *id)
{
	struct history_commit *c;

	h->commits = grow(h->commits, h->n + 1, sizeof(*h->commits));
	c = &h->commits[h->n++];
	*c = (struct history_commit){ .id = copy(id) };
	return c;
}

/* What somebody wrote may do things to a terminal. */
static char *readable(const char *text)
{
	char *all = utf8_copy(text);

	for (unsigned char *c = (unsigned char *)all; *c; c++) {
		if (*c == 0xc2 && c[1] < 0xa0) {
			*c++ = '?';
			*c = '?';
		} else if (*c < ' ' || *c == 0x7f) {
			*c = '?';
		}
	}
	return all;
}

/*
 * What git log says of a commit, a line each; then its files, of a merge those that differ
 * from what each parent has. A line that begins with a byte 1 is the first one of a commit,
 * if it is none of a subject: git quotes a file's name that has such bytes. None of the rest
 * can have a line's end in it.
 */
enum line { COMMIT, PARENTS, DATE, AUTHOR, SUBJECT, FIELDS };
#define BEGIN		'\001'
#define LOG	"-c i18n.logOutputEncoding=UTF-8 -c diff.relative=false log --topo-order --reverse --no-color --no-show-signature --no-renames -c --name-only --date=short --format=%x01%H%n%P%n%ad%n%an%n%s%n"

static void read_commit(struct history *h, char *const *lines, size_t n)
{
	struct history_commit *c = add_commit(h, lines[COMMIT] + 1);
	__auto_strv struct strv parents = { 0 };
	double most = -1;

	c->date = copy(lines[DATE]);
	c->author = readable(lines[AUTHOR]);
	c->subject = readable(lines[SUBJECT]);
	strv_split(&parents, lines[PARENTS], " ");
	c->parents = need(parents.n + 1, sizeof(*c->parents));
	for (size_t i = 0; i < parents.n; i++) {
		size_t at = history_find(h, parents.v[i]);

		if (at < h->n)
			c->parents[c->nr_parents++] = at;
	}
	for (size_t i = FIELDS; i < n; i++)
		if (*lines[i] && weight_of(lines[i]) > most)
			most = weight_of(lines[i]);
	c->weight = most < 0 ? MERGE_WEIGHT : most;
}

static void read_log(struct history *h, const char *range, const char *more)
{
	__auto_free char *log = tree_ask_user(h->tree, LOG, range, more, NULL);
	__auto_strv struct strv lines = { 0 };

	if (!log)
		die("TREE=%s: git log %s failed", h->tree, range);
	strv_lines(&lines, log);
	for (size_t i = 0, end; i < lines.n; i = end) {
		for (end = i + FIELDS; end < lines.n && *lines.v[end] != BEGIN; end++)
			;
		if (end > lines.n || *lines.v[i] != BEGIN)
			die("TREE=%s: git log says something of a commit that can't be read",
			    h->tree);
		read_commit(h, lines.v + i, end - i);
	}
}

/**
 * history_read - have what lies between two commits
 * @h: gets it
 * @tree: the user's tree
 * @good: name of a commit, as the user says
 * @bad: and of the other one
 *
 * Called by commands that bisect, before anything is built. Dies if @good is no
 * ancestor of @bad, or @tree is none that can be bisected.
 */
void history_read(struct history *h, const char *tree, const char *good, const char *bad)
{
	__auto_free char *good_id = NULL, *bad_id = NULL, *range = NULL;

	*h = (struct history){ .tree = tree };
	check_tree(h);
	good_id = resolve(tree, "GOOD", good);
	bad_id = resolve(tree, "BAD", bad);
	check_ends(h, good, bad, good_id, bad_id);
	read_log(h, good_id, "-1");
	range = fmt("%s..%s", good_id, bad_id);
	read_log(h, range, NULL);
	if (h->n < 2 || strcmp(h->commits[h->n - 1].id, bad_id))
		die("TREE=%s: git log %s does not end with BAD=%s", tree, range, bad);
	check_depth(h, good, bad);
}

/**
 * history_find - a commit by its name
 * @h: the history
 * @name: whole, or the beginning of it
 *
 * Return: its index; @h->n if there is none, or more than one
 */
size_t history_find(const struct history *h, const char *name)
{
	size_t found = h->n, len = strlen(name);

	/* A parent is near its child most often. */
	for (size_t i = h->n; i-- > 0;) {
		if (strncmp(h->commits[i].id, name, len))
			continue;
		if (h->commits[i].id[len] == '\0')
			return i;
		if (found < h->n)
			return h->n;
		found = i;
	}
	return found;
}

/**
 * history_free - free what a history has
 * @h: it
 */
void history_free(struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->commits[i].id);
		free(h->commits[i].subject);
		free(h->commits[i].author);
		free(h->commits[i].date);
		free(h->commits[i].parents);
	}
	free(h->commits);
	*h = (struct history){ 0 };
}
