// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are the suites good for anything? The sources under test are broken in one
 * small way after the other, and each time a guest has to notice.
 *
 * While the guest of one mutant runs, the kernel of the next is built. What was
 * judged once is known by the content that was judged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <jansson.h>

#include "run/accel.h"
#include "run/guest.h"
#include "build/initramfs.h"
#include "build/mutants.h"
#include "cmd/mutate.h"
#include "options.h"
#include "record/record.h"
#include "judge/trouble.h"
#include "lib/ui.h"

/* Guests that run at the same time, beside a build */
#define GUESTS	2

/**
 * struct trial - a kernel that is to be judged
 * @m: the mutant that is in it, or NULL if it is as it should be
 * @broken: the file that the mutant changes, changed
 * @tree: its source
 * @kernel: where it lies once it was built
 * @steps: what its guest does
 * @initramfs: what its guest boots into
 * @memo: file that has the judgment, once there is one
 * @judgment: what that says, NULL before
 * @same: the unbroken kernel, or NULL; what is bit for bit the same as that is
 *	judged the same
 * @pid: process that has the guest, 0 if there is none
 */
struct trial {
	const struct mutant *m;
	char *broken;
	struct tree tree;
	struct kernel kernel;
	struct strv steps;
	char *initramfs;
	char *memo;
	json_t *judgment;
	const struct trial *same;
	pid_t pid;
};

/**
 * struct campaign - all that is to be judged
 * @mutants: the tables
 * @plan: all steps there are
 * @good: unbroken kernels, one for each combination of architecture and steps
 * @trials: broken ones
 */
struct campaign {
	struct mutants mutants;
	struct plan plan;
	struct trial *good;
	size_t n_good;
	struct trial *trials;
	size_t n;
};

/* ---- what there is to do ---------------------------------------------------- */

static bool chosen(const struct mutant *m)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, opt.mutants, ", ");
	for (size_t i = 0; i < names.n; i++)
		if (!strcmp(names.v[i], m->name))
			return true;
	return !names.n;
}

static void check_names(const struct mutants *all)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, opt.mutants, ", ");
	for (size_t i = 0; i < names.n; i++) {
		size_t j = 0;

		while (j < all->n && strcmp(all->m[j].name, names.v[i]))
			j++;
		if (j == all->n)
			die("MUTANTS=%s: no such mutant", names.v[i]);
	}
}

/* Every mutant has to apply before anything is built for any of them. */
static void check_all_apply(const struct mutants *all, const struct tree *t)
{
	size_t bad = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct mutant *m = &all->m[i];
		__auto_free char *text = tree_read(t, m->file), *broken = NULL, *why = NULL;

		if (text)
			broken = mutant_apply(m, text, &why);
		else
			why = fmt("the kernel has no %s", m->file);
		if (broken && strcmp(broken, text))
			continue;
		fprintf(stderr, "respawn: %s: mutant %s does not apply: %s\n", m->at,
			m->name, broken ? "it changes nothing" : why);
		bad++;
	}
	if (bad)
		die("%zu of %zu mutants do not apply to %s", bad, all->n, t->name);
}

/* Everything that the judgment depends on */
static char *memo_path(const struct trial *t)
{
	__auto_free char *dir = fmt("%s/mutate", opt.cache);
	__auto_free char *how = fmt("%s %u %u %u %u %llu %s%s", opt.timing, opt.smp,
				    opt.cycles, opt.stall, opt.timeout,
				    (unsigned long long)opt.seed,
				    smpboot_next(NULL)->cmdline, opt.kcmdline);
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, "mutate 1");
	hash_str(h, t->same ? t->same->kernel.key : t->kernel.key);
	hash_str(h, t->m ? t->m->file : "");
	hash_str(h, t->broken ? t->broken : "");
	hash_str(h, t->initramfs);
	hash_str(h, how);
	for (size_t i = 0; i < t->steps.n; i++)
		hash_str(h, t->steps.v[i]);
	for (size_t i = 0; i < trouble_rows; i++)
		hash_str(h, trouble_table[i].text);
	hash_end(h, key);
	make_dirs(dir);
	return fmt("%s/%.24s.json", dir, key);
}

static void name_good(struct trial *t, const struct arch *a, const struct tree *base,
		      const struct plan *plan)
{
	t->tree = *base;
	kernel_name(&t->kernel, a, &t->tree);
	t->initramfs = initramfs_path(&t->kernel, plan);
	t->memo = memo_path(t);
	t->judgment = json_load_file(t->memo, 0, NULL);
}

/* The kernel has no name before the tree is broken, which takes its time. */
static void name_broken(struct trial *t, const struct mutant *m, const struct trial *good)
{
	__auto_free char *text = tree_read(&good->tree, m->file), *why = NULL;

	t->m = m;
	t->same = good;
	t->kernel.arch = good->kernel.arch;
	t->broken = mutant_apply(m, text, &why);
	t->initramfs = good->initramfs;
	t->memo = memo_path(t);
	t->judgment = json_load_file(t->memo, 0, NULL);
}

static void steps_of(const struct mutant *m, const struct plan *plan, struct strv *steps)
{
	const char *asked = opt.plan;

	if (!*opt.plan)
		opt.plan = m->plan;
	plan_chosen(plan, steps);
	opt.plan = asked;
}

static bool same_steps(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]))
			return false;
	return a->n == b->n;
}

/* The unbroken kernel that this mutant is compared with */
static const struct trial *good_for(struct campaign *c, const struct arch *a,
				    const struct strv *steps, const struct tree *base)
{
	struct trial *t;

	for (size_t i = 0; i < c->n_good; i++)
		if (c->good[i].kernel.arch == a && same_steps(&c->good[i].steps, steps))
			return &c->good[i];
	t = &c->good[c->n_good++];
	for (size_t i = 0; i < steps->n; i++)
		strv_add(&t->steps, "%s", steps->v[i]);
	name_good(t, a, base, &c->plan);
	return t;
}

static void plan_campaign(struct campaign *c, const struct tree *base)
{
	size_t arches = 0;

	while (opt.arch[arches])
		arches++;
	c->trials = calloc(arches * c->mutants.n, sizeof(*c->trials));
	c->good = calloc(arches * c->mutants.n, sizeof(*c->good));
	if (!c->trials || !c->good)
		die("out of memory");
	for (size_t a = 0; a < arches; a++) {
		for (size_t i = 0; i < c->mutants.n; i++) {
			const struct mutant *m = &c->mutants.m[i];
			struct trial *t = &c->trials[c->n];

			if (!chosen(m) || (*m->arch && arch_find(m->arch) != opt.arch[a]))
				continue;
			steps_of(m, &c->plan, &t->steps);
			name_broken(t, m, good_for(c, opt.arch[a], &t->steps, base));
			c->n++;
		}
	}
	if (!c->n)
		die("none of these mutants is for the architectures of ARCH=");
}

/* ---- one guest, and what it says -------------------------------------------- */

static void list_cases(const struct ktap_test *t, const char *suite, json_t *names)
{
	for (const struct ktap_test *c = t->children; c; c = c->next) {
		__auto_free char *path = *suite ? fmt("%s.%s", suite, c->name) : copy(c->name);

		if (c->children)
			list_cases(c, path, names);
		else
			json_array_append_new(names, json_string(path));
	}
}

/* The case that noticed: the one that failed, or the one that was running */
static char *noticed_by(const struct guest *g, const json_t *cases)
{
	const char *next = NULL;

	if (judge_verdict(g->judge) == VERDICT_FAIL && judge_failed_test(g->judge))
		return copy(judge_failed_test(g->judge));
	next = json_string_value(json_array_get(cases, judge_cases_before(g->judge)));
	return copy(next ? next : "the end of the run");
}

static void write_memo(const struct trial *t, const json_t *judgment)
{
	__auto_free char *text = json_dumps(judgment, JSON_INDENT(2));

	if (!text)
		die("out of memory");
	write_file(t->memo, text, strlen(text));
}

static void remember(const struct trial *t, const struct guest *g)
{
	enum verdict v = judge_verdict(g->judge);
	json_t *o = json_pack("{s:s, s:f}", "verdict", verdict_name(v), "seconds", g->wall);

	if (v > VERDICT_SKIP) {
		__auto_free char *by = noticed_by(g, t->same ?
			json_object_get(t->same->judgment, "cases") : NULL);

		json_object_set_new(o, "by", json_string(by));
		json_object_set_new(o, "why", json_string(judge_failure(g->judge)));
	} else {
		json_t *cases = json_array();

		list_cases(ktap_root(judge_ktap(g->judge)), "", cases);
		json_object_set_new(o, "cases", cases);
	}
	write_memo(t, o);
	json_decref(o);
}

static void __noreturn judge_guest(const struct trial *t, const struct plan *plan)
{
	struct guest g = {
		.kernel = &t->kernel, .initramfs = t->initramfs, .steps = &t->steps,
		.smpboot = smpboot_next(NULL), .by_cpu = true, .eager = true,
	};

	ui_init(UI_QUIET);
	g.accel = accel_choose(g.kernel, g.initramfs, plan);
	guest_prepare(&g, plan);
	g.dir = record_begin(&g);
	guests_run(&g, 1);
	if (judge_verdict(g.judge) == VERDICT_ERROR)
		die("%s: %s", t->tree.name, judge_failure(g.judge));
	free(record_finish(&g, &t->tree));
	remember(t, &g);
	exit(EXIT_PASS);
}

/* Have a process of its own for the guest; finish() waits for it. */
static void start(struct trial *t, const struct plan *plan)
{
	pid_t self = getpid();

	fflush(NULL);
	t->pid = fork();
	if (t->pid < 0)
		die("fork: %s", strerror(errno));
	if (t->pid)
		return;
	/* It ends its guest then, as after Ctrl-C. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		_exit(EXIT_ERROR);
	judge_guest(t, plan);
}

/* Is the guest of @t over? Waits for it if @wait. */
static bool finish(struct trial *t, bool wait)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(t->pid, &status, wait ? 0 : WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (!pid)
		return false;
	t->pid = 0;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		exit(EXIT_ERROR);	/* it has said why */
	t->judgment = json_load_file(t->memo, 0, NULL);
	if (!t->judgment)
		die("%s: its guest left no judgment", t->tree.name);
	/* What is known of a mutant is its judgment: nobody boots it again. */
	if (t->m)
		remove_tree(t->kernel.dir);
	return true;
}

static void build_good(struct trial *t, const struct plan *plan)
{
	kernel_build(&t->kernel, t->kernel.arch, &t->tree);
	free(initramfs_build(&t->kernel, &t->tree, plan));
}

/* What a C file has inside is nothing that modules are built against. */
static void build_broken(struct trial *t)
{
	t->tree = t->same->tree;
	t->tree.name = fmt("%s, mutant %s", t->same->tree.name, t->m->name);
	tree_replace(&t->tree, t->m->file, t->broken);
	kernel_name(&t->kernel, t->kernel.arch, &t->tree);
	kernel_build_near(&t->kernel, &t->tree, &t->same->kernel, t->m->file);
}

/* ---- what came of it -------------------------------------------------------- */

enum outcome { CAUGHT, SURVIVED, EQUIVALENT, NOT_EQUIVALENT, OUTCOMES };

static const struct {
	const char *name;
	enum ui_color color;
} outcomes[] = {
	[CAUGHT]	= { "caught", UI_GREEN },
	[SURVIVED]	= { "survived", UI_RED },
	[EQUIVALENT]	= { "equivalent", UI_YELLOW },
	[NOT_EQUIVALENT] = { "caught, not equivalent", UI_RED },
};

static const char *text_of(const struct trial *t, const char *key)
{
	const char *s = json_string_value(json_object_get(t->judgment, key));

	return s ? s : "";
}

static enum outcome outcome(const struct trial *t)
{
	bool argued = *t->m->equivalent;

	if (!strcmp(text_of(t, "verdict"), "pass"))
		return argued ? EQUIVALENT : SURVIVED;
	return argued ? NOT_EQUIVALENT : CAUGHT;
}

/* Which case it was, or why there is none */
static char *caught_by(const struct trial *t)
{
	const char *verdict = text_of(t, "verdict");

	if (!strcmp(verdict, "pass"))
		return copy(*t->m->equivalent ? t->m->equivalent : text_of(t, "why"));
	if (!strcmp(verdict, "fail"))
		return copy(text_of(t, "by"));
	return fmt("%s (%s)", text_of(t, "by"), verdict);
}

static void tell(const struct trial *t, double seconds)
{
	__auto_free char *by = caught_by(t);
	enum outcome o = outcome(t);

	ui_note("%-8s %-30s %s%-10s%s %s (%.1f s)", t->kernel.arch->name, t->m->name,
		ui_on(stdout, outcomes[o].color), outcomes[o].name, ui_off(stdout), by,
		seconds);
	if (o == CAUGHT && strcmp(text_of(t, "verdict"), "fail"))
		ui_note("%-39s %.120s", "", text_of(t, "why"));
}

static void summary(const struct campaign *c, size_t count[OUTCOMES])
{
	if (!ui_quiet())
		printf("\n%s%-8s %-30s %-58s %s%s\n", ui_on(stdout, UI_BOLD), "arch",
		       "mutant", "what", "caught by", ui_off(stdout));
	for (size_t i = 0; i < c->n; i++) {
		const struct trial *t = &c->trials[i];
		__auto_free char *by = caught_by(t);
		enum outcome o = outcome(t);

		count[o]++;
		if (!ui_quiet() || o == SURVIVED || o == NOT_EQUIVALENT)
			printf("%-8s %-30s %-58s %s%s%s%s%s\n", t->kernel.arch->name,
			       t->m->name, t->m->what, ui_on(stdout, outcomes[o].color),
			       o == CAUGHT ? "" : outcomes[o].name, ui_off(stdout),
			       o == CAUGHT || !*by ? "" : ": ", by);
	}
	if (!ui_quiet())
		printf("\n");
	printf("%zu caught, %zu survived, %zu equivalent\n", count[CAUGHT],
	       count[SURVIVED], count[EQUIVALENT]);
}

/* ---- the campaign ----------------------------------------------------------- */

/* What can't be told from the good kernel is as good as that, guest or none. */
static bool is_the_same(struct trial *t)
{
	char good[HASH_LEN], broken[HASH_LEN];

	hash_file(t->same->kernel.image, good);
	hash_file(t->kernel.image, broken);
	if (strcmp(good, broken))
		return false;
	t->judgment = json_pack("{s:s, s:s}", "verdict", "pass", "why",
				"the compiler makes the same kernel of it");
	write_memo(t, t->judgment);
	remove_tree(t->kernel.dir);
	return true;
}

static void run_good(struct campaign *c)
{
	for (size_t i = 0; i < c->n_good; i++) {
		struct trial *t = &c->good[i];

		build_good(t, &c->plan);
		if (!t->judgment) {
			ui_stage(t->kernel.arch->name, "unbroken");
			start(t, &c->plan);
			finish(t, true);
			ui_done("%s", text_of(t, "verdict"));
		}
		if (strcmp(text_of(t, "verdict"), "pass"))
			die("the unbroken %s kernel does not pass (%s): %s", t->kernel.arch->name,
			    text_of(t, "verdict"), text_of(t, "why"));
	}
}

/**
 * struct running - trials whose guests run
 * @t: those, oldest first
 * @begun: when their builds began
 * @n: how many
 * @done: trials that are over
 */
struct running {
	struct trial *t[GUESTS];
	double begun[GUESTS];
	size_t n;
	size_t done;
};

/* Tell of the guests that are over; wait until there is @room for more. */
static void collect(struct running *r, size_t room)
{
	for (size_t i = 0; i < r->n;) {
		if (!finish(r->t[i], r->n + room > GUESTS)) {
			i++;
			continue;
		}
		tell(r->t[i], now() - r->begun[i]);
		r->n--;
		r->done++;
		memmove(&r->t[i], &r->t[i + 1], (r->n - i) * sizeof(r->t[0]));
		memmove(&r->begun[i], &r->begun[i + 1], (r->n - i) * sizeof(r->begun[0]));
	}
}

static void run_broken(struct campaign *c)
{
	struct running r = { 0 };
	size_t todo = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->trials[i].judgment)
			todo++;
		else
			tell(&c->trials[i], 0);
	}
	ui_stage("mutants", "run");
	for (size_t i = 0; i < c->n; i++) {
		struct trial *t = &c->trials[i];
		double begun = now();

		if (t->judgment)
			continue;
		ui_within(r.done + r.n, todo);
		ui_progress(0, 1, t->m->name);
		build_broken(t);
		if (is_the_same(t)) {
			tell(t, now() - begun);
			r.done++;
			continue;
		}
		collect(&r, 1);
		r.begun[r.n] = begun;
		r.t[r.n++] = t;
		start(t, &c->plan);
	}
	collect(&r, GUESTS);
	ui_within(0, 0);
	ui_done("%zu mutants, %zu of them known from before", c->n, c->n - todo);
}

/**
 * mutate - break the sources under test, one line at a time; is it noticed?
 *
 * Return: an exit status: 1 if a mutant survived, 2 if the table is wrong
 */
int mutate(void)
{
	__auto_free char *dir = *opt.mutants_dir ? copy(opt.mutants_dir) :
				fmt("%s/tests/mutants", source_dir());
	size_t count[OUTCOMES] = { 0 };
	struct campaign c = { 0 };
	struct tree base;

	mutants_read(&c.mutants, dir);
	check_names(&c.mutants);
	plan_read(&c.plan);
	tree_open(&base);
	check_all_apply(&c.mutants, &base);
	tree_aside(&base, "mutate");
	plan_campaign(&c, &base);
	run_good(&c);
	run_broken(&c);
	summary(&c, count);
	if (count[NOT_EQUIVALENT]) {
		fprintf(stderr, "respawn: %zu mutants are caught that the table calls equivalent\n",
			count[NOT_EQUIVALENT]);
		return EXIT_ERROR;
	}
	return count[SURVIVED] ? EXIT_BAD : EXIT_PASS;
}
