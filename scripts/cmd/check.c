// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main job: source, kernels, initramfs, guests, verdicts, for every
 * architecture that was asked for.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/accel.h"
#include "cmd/check.h"
#include "run/guest.h"
#include "build/initramfs.h"
#include "options.h"
#include "record/record.h"
#include "cmd/replay.h"
#include "report/report.h"
#include "lib/ui.h"

/**
 * struct job - what check works on
 * @n: how many guests: each architecture in each of the SMPBOOT= modes, and then
 *	the twins
 * @twins: how many of them are twins: two in a row are to do the very same
 * @tree: the source of all their kernels
 * @plan: all steps there are
 * @steps: names of those to do
 * @stress: the step that twins do
 * @kernels: one for each architecture
 * @guests: @n of them
 */
struct job {
	size_t n;
	size_t twins;
	struct tree tree;
	struct plan plan;
	struct strv steps;
	struct strv stress;
	struct kernel *kernels;
	struct guest *guests;
};

static struct guest *add_guest(struct job *j, const struct kernel *k, const char *initramfs,
			       const struct smpboot *s)
{
	j->guests = reallocarray(j->guests, j->n + 1, sizeof(*j->guests));
	if (!j->guests)
		die("out of memory");
	j->guests[j->n] = (struct guest){
		.kernel = k, .initramfs = initramfs, .smpboot = s, .steps = &j->steps,
	};
	return &j->guests[j->n++];
}

static void build_arch(struct job *j, struct kernel *k, const struct arch *a)
{
	const struct smpboot *s = NULL;
	char *initramfs;

	kernel_build(k, a, &j->tree);
	initramfs = initramfs_build(k, &j->tree, &j->plan);
	while ((s = smpboot_next(s)))
		add_guest(j, k, initramfs, s);
}

/*
 * That a seed is a schedule is not taken on trust: on each architecture, one
 * stress run is done twice.
 */
static void add_twins(struct job *j)
{
	size_t n = j->n;

	if (*opt.plan || !options_whole_series() || strcmp(opt.timing, "virtual"))
		return;
	strv_add(&j->stress, "stress");
	for (size_t i = 0; i < n; i++) {
		if (i && j->guests[i].kernel == j->guests[i - 1].kernel)
			continue;
		for (int twin = 0; twin < 2; twin++) {
			struct guest *g = add_guest(j, j->guests[i].kernel,
						    j->guests[i].initramfs,
						    j->guests[i].smpboot);

			workload_from_options(&g->work, opt.seed);
			g->work.strategy = "random";
			g->steps = &j->stress;
			j->twins++;
		}
	}
}

/* Returns how many pairs of twins are not the same. */
static unsigned int compare_twins(const struct job *j, const struct strv *records)
{
	unsigned int different = 0;

	for (size_t i = j->n - j->twins; i < j->n; i += 2) {
		__auto_free char *what = runs_difference(records->v[i], records->v[i + 1],
						       EXTENT_ALL);

		if (what)
			printf("%s: the same seed twice, but they differ at %s\n",
			       j->guests[i].kernel->arch->name, what);
		different += !!what;
	}
	return different;
}

static void build_all(struct job *j)
{
	size_t arches = 0;

	plan_read(&j->plan);
	plan_chosen(&j->plan, &j->steps);
	tree_open(&j->tree);
	while (opt.arch[arches])
		arches++;
	j->kernels = calloc(arches, sizeof(*j->kernels));
	if (!j->kernels)
		die("out of memory");
	for (size_t i = 0; i < arches; i++)
		build_arch(j, &j->kernels[i], opt.arch[i]);
}

static int run_all(struct job *j)
{
	__auto_strv struct strv records = { 0 };
	unsigned int different;
	int status = EXIT_PASS;

	add_twins(j);
	for (size_t i = 0; i < j->n; i++) {
		struct guest *g = &j->guests[i];

		g->accel = accel_choose(g->kernel, g->initramfs, &j->plan);
	}
	/* The seeds of a stress run are those of explore. */
	if (opt.snapshot && !strcmp(opt.plan, "stress") && !strcmp(opt.timing, "virtual")) {
		ui_stage("guests", "snapshot");
		snapshots_use(j->guests, j->n, &j->plan);
		ui_done("%zu", j->n);
	}
	for (size_t i = 0; i < j->n; i++) {
		struct guest *g = &j->guests[i];

		guest_prepare(g, &j->plan);
		g->dir = record_begin(g);
	}
	ui_stage("guests", "run");
	guests_run(j->guests, j->n);
	ui_done("%zu guests, %u CPUs each, seed %llu", j->n, opt.smp,
		(unsigned long long)opt.seed);

	report_table(j->guests, j->n);
	for (size_t i = 0; i < j->n; i++) {
		__auto_free char *record = record_finish(&j->guests[i], &j->tree);
		int s = verdict_exit_status(judge_verdict(j->guests[i].judge));

		report_failure(&j->guests[i], record);
		strv_add(&records, "%s", record);
		status = s > status ? s : status;
	}
	different = compare_twins(j, &records);
	report_total(j->guests, j->n, j->twins / 2 - different, different);
	return different && status == EXIT_PASS ? EXIT_BAD : status;
}

/**
 * check - build, boot, judge
 *
 * Return: an exit status
 */
int check(void)
{
	struct job j = { 0 };

	build_all(&j);
	return run_all(&j);
}

/**
 * check_build - build all that check would boot
 *
 * Return: an exit status
 */
int check_build(void)
{
	struct job j = { 0 };

	build_all(&j);
	for (size_t i = 0; i < j.n; i++)
		if (!i || j.guests[i].kernel != j.guests[i - 1].kernel)
			ui_note("%-8s %s\n%-8s %s", j.guests[i].kernel->arch->name,
				j.guests[i].kernel->image, "", j.guests[i].initramfs);
	return EXIT_PASS;
}

/**
 * check_shell - boot into a shell on the terminal
 *
 * Return: an exit status
 */
int check_shell(void)
{
	struct job j = { 0 };

	opt.arch[1] = NULL;
	build_all(&j);
	opt.timing = "real";
	j.guests[0].accel = accel_choose(j.guests[0].kernel, j.guests[0].initramfs, &j.plan);
	ui_note("%s, %s; 'exit' ends it, so does Ctrl-A X",
		j.kernels[0].arch->name, j.tree.name);
	return guest_shell(&j.guests[0]);
}

/**
 * check_bisect_step - build and check one commit for git bisect run
 *
 * Tests the tree it is called in, unless TREE= says another one.
 *
 * Return: 0 for good, 1 for bad; what can't be tested ends the program with
 * EXIT_UNTESTABLE, a failure of the harness with EXIT_ABORT
 */
int check_bisect_step(void)
{
	struct job j = { 0 };
	int status;

	if (!*opt.tree)
		opt.tree = getcwd(NULL, 0);
	build_all(&j);
	status = run_all(&j);
	return status == EXIT_ERROR ? EXIT_ABORT : status;
}
