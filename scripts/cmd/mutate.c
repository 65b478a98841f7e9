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
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <jansson.h>

#include "build/initramfs.h"
#include "build/mutants.h"
#include "build/overlay.h"
#include "cmd/cmd.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "run/accel.h"

/* Guests that run at the same time, beside a build */
#define GUESTS	2

/**
 * struct subject - a kernel that is to be judged
 * @m: the mutant that is in it, or NULL if it is as it should be
 * @broken: the file that the mutant changes, changed
 * @image: what is run
 * @trial: how
 * @key: of the judgment
 * @judgment: what is known of it, NULL before
 * @same: the unbroken kernel, or NULL; what is bit for bit the same as that is
 *	judged the same
 * @pid: process that has the guest, 0 if there is none
 */
struct subject {
	const struct mutant *m;
	char *broken;
	struct image image;
	struct trial trial;
	char *key;
	json_t *judgment;
	const struct subject *same;
	pid_t pid;
};

/**
 * struct campaign - all that is to be judged
 * @o: what the user asked for
 * @mutants: the tables
 * @good: unbroken kernels, one for each combination of architecture and steps
 * @subjects: broken ones
 * @dir: folder of judgments
 * @series: what SERIES= comes to
 */
struct campaign {
	const struct options *o;
	struct mutants mutants;
	struct subject *good;
	size_t n_good;
	struct subject *subjects;
	size_t n;
	char *dir;
	const char *series;
};

/* ---- what there is to do ---------------------------------------------------- */

static void check_names(const struct mutants *all, const char *wanted)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, wanted, ", ");
	for (size_t i = 0; i < names.n; i++) {
		size_t j = 0;

		while (j < all->n && strcmp(all->m[j].name, names.v[i]))
			j++;
		if (j == all->n)
			die("MUTANTS=%s: no such mutant; 'grep -h ^mutant tests/mutants/*' lists them",
			    names.v[i]);
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

/* What one mutant changes is all that its kernel differs in from the unbroken one. */
static char *key_of(const struct subject *t)
{
	const struct subject *good = t->same ? t->same : t;
	__auto_free char *trial = trial_key(&good->trial, "mutate");
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, trial);
	hash_str(h, t->m ? t->m->file : "");
	hash_str(h, t->broken ? t->broken : "");
	hash_end(h, key);
	return copy(key);
}

static void remember(const struct campaign *c, struct subject *t)
{
	t->key = key_of(t);
	t->judgment = memo_read(c->dir, t->key);
}

static void name_good(const struct campaign *c, struct subject *t, const struct request *r,
		      const struct tree *base)
{
	t->image.tree = *base;
	plan_read(&t->image.plan, r);
	kernel_name(&t->image.kernel, r, &t->image.tree);
	t->image.initramfs = initramfs_path(&t->image.kernel, &t->image.plan);
	/* Whether an accelerator works is only known of an image that is there. */
	if (!request_is_virtual(r))
		image_build(&t->image);
	t->trial = (struct trial){
		.image = &t->image, .req = *r, .accel = accel_choose(&t->image, r),
		.out = c->o->out, .eager = true,
	};
	trial_choose(&t->trial.req, &t->image);
	remember(c, t);
}

/* The kernel has no name before the tree is broken, which takes its time. */
static void name_broken(const struct campaign *c, struct subject *t, const struct mutant *m,
			const struct subject *good)
{
	__auto_free char *text = tree_read(&good->image.tree, m->file), *why = NULL;

	t->m = m;
	t->same = good;
	t->image = good->image;
	t->trial = good->trial;
	t->trial.image = &t->image;
	t->broken = mutant_apply(m, text, &why);
	remember(c, t);
}

/* The unbroken kernel that a mutant is compared with */
static const struct subject *good_for(struct campaign *c, const struct request *r,
				      const struct tree *base)
{
	struct subject *t;

	for (size_t i = 0; i < c->n_good; i++) {
		const struct request *other = &c->good[i].image.kernel.req;

		if (other->arch == r->arch && !strcmp(other->plan, r->plan))
			return &c->good[i];
	}
	t = &c->good[c->n_good++];
	name_good(c, t, r, base);
	return t;
}

static void plan_campaign(struct campaign *c, const struct tree *base)
{
	const struct options *o = c->o;
	size_t arches = 0;

	while (o->arch[arches])
		arches++;
	c->subjects = calloc(arches * c->mutants.n, sizeof(*c->subjects));
	c->good = calloc(arches * c->mutants.n, sizeof(*c->good));
	if (!c->subjects || !c->good)
		die("out of memory");
	for (size_t a = 0; a < arches; a++) {
		for (size_t i = 0; i < c->mutants.n; i++) {
			const struct mutant *m = &c->mutants.m[i];
			struct request r = options_request(o, o->arch[a]);

			r.series = c->series;
			if ((*o->mutants && !has_word(o->mutants, ", ", m->name)) ||
			    (*m->arch && arch_find(m->arch) != r.arch))
				continue;
			if (!*r.plan)
				r.plan = m->plan;
			name_broken(c, &c->subjects[c->n++], m, good_for(c, &r, base));
		}
	}
	if (!c->n)
		die("none of these mutants is for the architectures of ARCH=");
}

/* ---- one guest, and what it says -------------------------------------------- */

static void list_cases(const json_t *tests, const char *suite, json_t *names)
{
	size_t i;
	json_t *t;

	json_array_foreach(tests, i, t) {
		const char *name = json_string_value(json_object_get(t, "name"));
		__auto_free char *path = *suite ? fmt("%s.%s", suite, name) : copy(name);
		const json_t *parts = json_object_get(t, "tests");

		if (parts)
			list_cases(parts, path, names);
		else
			json_array_append_new(names, json_string(path));
	}
}

/* The case that noticed: the one that failed, or the one that was running */
static char *noticed_by(const struct record *rec, const json_t *cases)
{
	const char *test = json_string_value(record_member(rec, "first_failure.test"));
	size_t before = json_integer_value(record_member(rec, "cases_before"));
	const char *next = json_string_value(json_array_get(cases, before));

	if (record_verdict(rec) == VERDICT_FAIL && test)
		return copy(test);
	return copy(next ? next : "the end of the run");
}

/* What the guest showed, for all who ask later */
static void judge_record(const struct campaign *c, const struct subject *t,
			 const struct record *rec)
{
	json_t *o = json_pack("{s:s, s:f}", "verdict", record_text(rec, "verdict"),
			      "seconds", record_real(rec, "times.wall"));

	if (!record_is_good(rec)) {
		__auto_free char *by = noticed_by(rec, t->same ?
			json_object_get(t->same->judgment, "cases") : NULL);

		json_object_set_new(o, "by", json_string(by));
		json_object_set_new(o, "why", json_string(record_text(rec, "first_failure.what")));
	} else {
		json_t *cases = json_array();

		list_cases(record_member(rec, "results"), "", cases);
		json_object_set_new(o, "cases", cases);
	}
	memo_write(c->dir, t->key, o);
}

static void __noreturn run_guest(const struct campaign *c, struct subject *t)
{
	ui_init(UI_QUIET);
	trial_run(&t->trial);
	trial_must_say(&t->trial);
	judge_record(c, t, &t->trial.record);
	exit(EXIT_PASS);
}

/* Have a process of its own for the guest; finish() waits for it. */
static void start(const struct campaign *c, struct subject *t)
{
	pid_t self = getpid();

	fflush(NULL);
	t->pid = fork();
	if (t->pid < 0)
		die("fork: %s", strerror(errno));
	if (t->pid)
		return;
	/* It ends its guest then, as after Ctrl-C. */
	end_with_parent(self);
	run_guest(c, t);
}

/* Is the guest of @t over? Waits for it if @wait. */
static bool finish(const struct campaign *c, struct subject *t, bool wait)
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
	t->judgment = memo_read(c->dir, t->key);
	if (!t->judgment)
		die("%s: its guest left no judgment", t->image.tree.name);
	/* What is known of a mutant is its judgment: nobody boots it again. */
	if (t->m)
		cache_remove(t->image.kernel.dir);
	return true;
}

/* What a C file has inside is nothing that modules are built against. */
static void build_broken(struct subject *t)
{
	struct image *i = &t->image;

	i->tree.name = fmt("%s, mutant %s", t->same->image.tree.name, t->m->name);
	tree_put(&i->tree, &(struct tree_file){ t->m->file, t->broken }, 1);
	kernel_name(&i->kernel, &t->same->image.kernel.req, &i->tree);
	kernel_build_near(&i->kernel, &i->tree, &t->same->image.kernel, t->m->file);
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

static const char *text_of(const struct subject *t, const char *key)
{
	const char *s = json_string_value(json_object_get(t->judgment, key));

	return s ? s : "";
}

static enum outcome outcome(const struct subject *t)
{
	bool argued = *t->m->equivalent;

	if (!strcmp(text_of(t, "verdict"), "pass") || !strcmp(text_of(t, "verdict"), "skip"))
		return argued ? EQUIVALENT : SURVIVED;
	return argued ? NOT_EQUIVALENT : CAUGHT;
}

/* Which case it was, or why there is none */
static char *caught_by(const struct subject *t)
{
	const char *verdict = text_of(t, "verdict");

	if (!strcmp(verdict, "pass"))
		return copy(*t->m->equivalent ? t->m->equivalent : text_of(t, "why"));
	if (!strcmp(verdict, "fail"))
		return copy(text_of(t, "by"));
	return fmt("%s (%s)", text_of(t, "by"), verdict);
}

static void tell(const struct subject *t, double seconds)
{
	__auto_free char *by = caught_by(t);
	enum outcome o = outcome(t);

	ui_note("%-8s %-30s %s%-10s%s %s (%.1f s)", t->trial.req.arch->name, t->m->name,
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
		const struct subject *t = &c->subjects[i];
		__auto_free char *by = caught_by(t);
		enum outcome o = outcome(t);

		count[o]++;
		if (!ui_quiet() || o == SURVIVED || o == NOT_EQUIVALENT)
			printf("%-8s %-30s %-58s %s%s%s%s%s\n", t->trial.req.arch->name,
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
static bool is_the_same(const struct campaign *c, struct subject *t)
{
	char good[HASH_LEN], broken[HASH_LEN];

	hash_file(t->same->image.kernel.image, good);
	hash_file(t->image.kernel.image, broken);
	if (strcmp(good, broken))
		return false;
	t->judgment = json_pack("{s:s, s:s}", "verdict", "pass", "why",
				"the compiler makes the same kernel of it");
	memo_write(c->dir, t->key, json_incref(t->judgment));
	cache_remove(t->image.kernel.dir);
	return true;
}

static void run_good(struct campaign *c)
{
	for (size_t i = 0; i < c->n_good; i++) {
		struct subject *t = &c->good[i];

		image_build(&t->image);
		if (!t->judgment) {
			ui_stage(t->trial.req.arch->name, "unbroken");
			start(c, t);
			finish(c, t, true);
			ui_done("%s", text_of(t, "verdict"));
		}
		if (strcmp(text_of(t, "verdict"), "pass"))
			die("the unbroken %s kernel does not pass (%s): %s",
			    t->trial.req.arch->name, text_of(t, "verdict"), text_of(t, "why"));
	}
}

/**
 * struct running - subjects whose guests run
 * @t: those, oldest first
 * @begun: when their builds began
 * @n: how many
 * @done: subjects that are over
 */
struct running {
	struct subject *t[GUESTS];
	double begun[GUESTS];
	size_t n;
	size_t done;
};

/* Tell of the guests that are over; wait until there is @room for more. */
static void collect(const struct campaign *c, struct running *r, size_t room)
{
	for (size_t i = 0; i < r->n;) {
		if (!finish(c, r->t[i], r->n + room > GUESTS)) {
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
		if (!c->subjects[i].judgment)
			todo++;
		else
			tell(&c->subjects[i], 0);
	}
	ui_stage("mutants", "run");
	for (size_t i = 0; i < c->n; i++) {
		struct subject *t = &c->subjects[i];
		double begun = now();

		if (t->judgment)
			continue;
		ui_within(r.done + r.n, todo);
		ui_progress(0, 1, t->m->name);
		build_broken(t);
		if (is_the_same(c, t)) {
			tell(t, now() - begun);
			r.done++;
			continue;
		}
		collect(c, &r, 1);
		r.begun[r.n] = begun;
		r.t[r.n++] = t;
		start(c, t);
	}
	collect(c, &r, GUESTS);
	/*
	 * Guests that were begun meanwhile had what was over in use, too. A mutant that
	 * is known has no kernel but the unbroken one.
	 */
	for (size_t i = 0; i < c->n; i++) {
		const struct subject *t = &c->subjects[i];

		if (t->image.kernel.dir != t->same->image.kernel.dir)
			cache_remove(t->image.kernel.dir);
	}
	ui_within(0, 0);
	ui_done("%zu mutants, %zu of them known from before", c->n, c->n - todo);
}

/**
 * cmd_mutate - break the sources under test, one line at a time; is it noticed?
 * @o: what the user asked for
 *
 * Return: an exit status: 1 if a mutant survived, 2 if the table is wrong
 */
int cmd_mutate(const struct options *o)
{
	__auto_free char *dir = *o->mutants_dir ? copy(o->mutants_dir) :
				fmt("%s/tests/mutants", host_source());
	size_t count[OUTCOMES] = { 0 };
	struct campaign c = { .o = o, .dir = fmt("%s/memo/mutate", host_cache()) };
	struct request r = o->request;
	struct tree base;

	mutants_read(&c.mutants, dir);
	check_names(&c.mutants, o->mutants);
	tree_open(&base, &r);
	overlay_lay(&base, &r);
	c.series = r.series;
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
