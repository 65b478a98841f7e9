// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main job: source, kernels, initramfs, guests, verdicts, for every
 * architecture that was asked for.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/check.h"
#include "cmd/past.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "record/aim.h"
#include "record/compare.h"
#include "record/trial.h"
#include "report/report.h"
#include "run/accel.h"
#include "run/smpboot.h"

/* Seconds that a trial may take of which nobody knows, so that it is begun early */
#define UNKNOWN	10.0

/**
 * struct job - what check works on
 * @o: what the user asked for
 * @images: one for each architecture
 * @nr_images: how many
 * @trials: in the order in which they are reported: each architecture in each mode
 *	of smpboot, and then the pairs
 * @n: how many
 * @pairs: how many times two of them, which come last, are to do the very same
 * @failed: records of guests that failed as an aim was looked for
 * @split: a stress run has a guest of its own
 * @built: a kernel was not in the cache
 */
struct job {
	const struct options *o;
	struct image *images;
	size_t nr_images;
	struct trial *trials;
	size_t n;
	size_t pairs;
	struct strv failed;
	bool split;
	bool built;
};

/* ---- what there is to do ---------------------------------------------------------- */

static void open_images(struct job *j, const struct options *o, bool to_run)
{
	*j = (struct job){ .o = o };
	while (o->arch[j->nr_images])
		j->nr_images++;
	j->images = calloc(j->nr_images, sizeof(*j->images));
	if (!j->images)
		die("out of memory");
	/* What can't be done is found out before the first one is built. */
	for (size_t i = 0; i < j->nr_images; i++) {
		struct request r = options_request(o, o->arch[i]);

		if (to_run)
			trial_needs(&r);
		image_open(&j->images[i], &r);
	}
	for (size_t i = 0; i < j->nr_images; i++) {
		j->built |= !exists(j->images[i].kernel.dir);
		image_build(&j->images[i]);
	}
}

static struct trial *add_trial(struct job *j, const struct image *image, const struct request *r)
{
	struct trial *t;

	j->trials = reallocarray(j->trials, j->n + 1, sizeof(*j->trials));
	if (!j->trials)
		die("out of memory");
	t = &j->trials[j->n++];
	*t = (struct trial){
		.image = image, .req = *r, .accel = accel_choose(image, r), .out = j->o->out,
	};
	return t;
}

/*
 * That a seed is a schedule is not taken on trust: on each architecture, one stress run
 * is done twice, and steered.
 */
static bool is_paired(const struct image *image)
{
	const struct request *r = &image->kernel.req;

	return !*r->plan && request_is_virtual(r) && plan_stress(&image->plan);
}

/* A trial of these steps, if there are any */
static void add_steps(struct job *j, const struct image *image, const struct request *r,
		      char *const *steps, size_t n)
{
	__auto_strv struct strv names = { 0 };
	struct request some = *r;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		strv_add(&names, "%s", steps[i]);
	some.plan = strv_join(&names, ",");
	add_trial(j, image, &some);
}

/*
 * A stress run has a guest of its own: its kernel is told more. All other steps share
 * one. Where both modes of smpboot are tried, some steps are done in the first one
 * only, and where a stress run is done twice, it is done there.
 */
static void add_mode(struct job *j, const struct image *image, const struct request *r, bool first)
{
	__auto_strv struct strv steps = { 0 }, together = { 0 }, alone = { 0 };

	strv_split(&steps, r->plan, ",");
	for (size_t i = 0; i < steps.n; i++) {
		const struct step *s = plan_find(&image->plan, steps.v[i]);
		bool stress = s->kind == STEP_STRESS;

		if ((s->once && !first) || (stress && first && is_paired(image)))
			continue;
		strv_add(j->split && stress ? &alone : &together, "%s", s->name);
	}
	add_steps(j, image, r, together.v, together.n);
	for (size_t i = 0; i < alone.n; i++)
		add_steps(j, image, r, &alone.v[i], 1);
}

static void add_image(struct job *j, const struct image *image)
{
	const struct smpboot *s = NULL;
	bool first = true;

	while ((s = smpboot_next(s, &image->kernel.req))) {
		struct request r = image->kernel.req;

		r.smpboot = s->name;
		trial_aim(&r, image, j->o->out, &j->failed);
		trial_choose(&r, image);
		add_mode(j, image, &r, first);
		first = false;
	}
}

/* In the first mode of smpboot; see is_paired(). */
static void add_pair(struct job *j, const struct image *image)
{
	struct request r = image->kernel.req;

	if (!is_paired(image))
		return;
	r.plan = plan_stress(&image->plan)->name;
	r.strategy = "random";
	trial_aim(&r, image, j->o->out, &j->failed);
	trial_choose(&r, image);
	add_trial(j, image, &r);
	add_trial(j, image, &r);
	j->pairs++;
}

static void plan_job(struct job *j)
{
	for (size_t i = 0; i < j->nr_images; i++)
		add_image(j, &j->images[i]);
	for (size_t i = 0; i < j->nr_images; i++)
		add_pair(j, &j->images[i]);
}

/* ---- in which order ---------------------------------------------------------------- */

/* How long a trial of this kind took last time, to begin with the longest */
static char *time_dir(void)
{
	return fmt("%s/memo/seconds", host_cache());
}

static char *time_key(const struct trial *t)
{
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, t->req.arch->name);
	hash_str(h, t->req.config);
	hash_str(h, t->req.smpboot);
	hash_str(h, t->req.plan);
	hash_str(h, t->accel);
	hash_add(h, &t->req.cycles, sizeof(t->req.cycles));
	hash_end(h, key);
	return copy(key);
}

static double expected(const struct trial *t)
{
	__auto_free char *dir = time_dir(), *key = time_key(t);
	json_t *known = memo_read(dir, key);
	double seconds = json_is_real(known) ? json_real_value(known) : UNKNOWN;

	json_decref(known);
	return seconds;
}

static void remember_time(const struct trial *t)
{
	__auto_free char *dir = time_dir(), *key = time_key(t);

	memo_write(dir, key, json_real(record_real(&t->record, "times.wall")));
}

static int by_expected(const void *a, const void *b)
{
	const struct trial *one = *(struct trial *const *)a, *two = *(struct trial *const *)b;

	if (one->expected != two->expected)
		return one->expected < two->expected ? 1 : -1;
	return one < two ? -1 : one > two;
}

/* ---- doing it ---------------------------------------------------------------------- */

/* A guest that takes all CPUs of the host has them for itself. */
static size_t places(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->trials[i].accel, "virtual"))
			return 1;
	return 0;
}

static void run_job(struct job *j)
{
	struct trial **order = calloc(j->n, sizeof(*order));

	if (!order)
		die("out of memory");
	for (size_t i = 0; i < j->n; i++) {
		j->trials[i].expected = expected(&j->trials[i]);
		order[i] = &j->trials[i];
	}
	qsort(order, j->n, sizeof(*order), by_expected);
	trials_run_all(order, j->n, j->o->guests ?: places(j));
	for (size_t i = 0; i < j->n; i++)
		remember_time(&j->trials[i]);
	free(order);
}

/* How many pairs are not the same */
static unsigned int compare_pairs(const struct job *j)
{
	unsigned int different = 0;

	for (size_t i = j->n - 2 * j->pairs; i < j->n; i += 2) {
		__auto_free char *what = runs_difference(j->trials[i].record.dir,
							 j->trials[i + 1].record.dir, EXTENT_ALL);

		if (what)
			printf("%s: the same seed twice, but they differ at %s\n",
			       j->trials[i].req.arch->name, what);
		different += !!what;
	}
	return different;
}

/* Has one of the trials failed in the same way? It says all there is to say, then. */
static bool is_told(const struct job *j, const struct record *rec)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct record *other = &j->trials[i].record;

		if (!record_is_good(other) && record_verdict(other) != VERDICT_ERROR &&
		    !strcmp(record_text(other, "signature"), record_text(rec, "signature")))
			return true;
	}
	return false;
}

static int report_job(const struct job *j)
{
	size_t n = j->n;
	const struct record **records = calloc(n + j->failed.n, sizeof(*records));
	struct record *alone = calloc(j->failed.n + 1, sizeof(*alone));
	unsigned int different = compare_pairs(j);
	int status = different ? EXIT_BAD : EXIT_PASS;

	if (!records || !alone)
		die("out of memory");
	for (size_t i = 0; i < j->n; i++)
		records[i] = &j->trials[i].record;
	for (size_t i = 0; i < j->failed.n; i++) {
		record_read(&alone[i], j->failed.v[i]);
		if (!is_told(j, &alone[i]))
			records[n++] = &alone[i];
	}
	for (size_t i = 0; i < n; i++) {
		int s = verdict_exit_status(record_verdict(records[i]));

		status = s > status ? s : status;
	}
	report_write(&(struct report){
		.records = records, .n = n, .same = j->pairs - different,
		.different = different,
	}, "text", stdout);
	for (size_t i = 0; i < j->failed.n; i++)
		record_free(&alone[i]);
	free(alone);
	free(records);
	return status;
}

/*
 * A guest that goes on from a snapshot costs next to nothing to begin. A kernel that
 * does not get as far boots once for all steps, and shows why.
 */
static void split_job(struct job *j)
{
	j->split = true;
	/* It may look for an aim first, which is a stage of its own. */
	plan_job(j);
	ui_stage("guests", "snapshot");
	if (trials_snapshot(j->trials, j->n)) {
		ui_done("%zu guests go on from one", j->n);
		return;
	}
	ui_done("there is none");
	j->split = false;
	j->n = 0;
	j->pairs = 0;
	strv_free(&j->failed);
	plan_job(j);
}

static int do_job(struct job *j)
{
	const struct request *r = &j->o->request;

	if (r->snapshot && request_is_virtual(r))
		split_job(j);
	else
		plan_job(j);
	ui_stage("guests", "run");
	run_job(j);
	ui_done("%zu guests, %llu CPUs each, seed %llu", j->n, (unsigned long long)r->smp,
		(unsigned long long)r->seed);
	return report_job(j);
}

/**
 * cmd_check - build, boot and judge every architecture that was asked for
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_check(const struct options *o)
{
	double begun = now();
	struct job j;
	int status;

	open_images(&j, o, true);
	status = do_job(&j);
	/* Of a whole one, as most people call it */
	if (!*o->request.plan && !*o->request.tree && o->arch[0] && o->arch[1] &&
	    !strcmp(o->request.config, "default"))
		past_remember(j.built ? PAST_COLD : PAST_WARM, now() - begun);
	return status;
}

/**
 * cmd_build - build all that check would boot
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_build(const struct options *o)
{
	struct job j;

	open_images(&j, o, false);
	for (size_t i = 0; i < j.nr_images; i++)
		ui_note("%-8s %s\n%-8s %s", o->arch[i]->name, j.images[i].kernel.image, "",
			j.images[i].initramfs);
	return EXIT_PASS;
}

/* Did init of each guest speak, and was there anything that it could test? */
static bool was_tested(const struct job *j)
{
	unsigned int tests = 0;

	for (size_t i = 0; i < j->n; i++) {
		struct ktap_counts n = record_counts(&j->trials[i].record);

		if (record_real(&j->trials[i].record, "times.boot") < 0)
			return false;
		tests += n.passed + n.failed;
	}
	return tests;
}

/**
 * check_commit - check one commit, as bisects want it
 * @o: what the user asked for
 *
 * Return: 0, 1, EXIT_UNTESTABLE or EXIT_ABORT
 */
int check_commit(const struct options *o)
{
	struct job j;
	int status;

	open_images(&j, o, true);
	status = do_job(&j);
	if (status == EXIT_ERROR)
		return EXIT_ABORT;
	return was_tested(&j) ? status : EXIT_UNTESTABLE;
}
