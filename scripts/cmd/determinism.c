// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a run the same each time? One record after the other is run again and again,
 * and nothing of it may differ.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "lib/ui.h"
#include "record/compare.h"
#include "record/trial.h"
#include "report/report.h"

/**
 * struct repeat - one record, and trials that are to be the same
 * @rec: the record
 * @like: its trial
 * @left: trials that have not begun
 * @times: how many there are to be
 * @same: trials that were the same
 * @what: the first difference that was seen, or NULL
 * @record: of the trial that had it
 */
struct repeat {
	const struct record *rec;
	const struct trial *like;
	size_t left;
	size_t times;
	size_t same;
	char *what;
	char *record;
};

static struct trial *repeat_next(void *arg)
{
	struct repeat *r = arg;
	struct trial *t;

	if (!r->left)
		return NULL;
	r->left--;
	t = malloc(sizeof(*t));
	if (!t)
		die("out of memory");
	*t = *r->like;
	t->keep = KEEP_NOT;
	return t;
}

/* The first one that differs leaves its record. */
static void repeat_seen(void *arg, struct trial *t)
{
	struct repeat *r = arg;
	char *what;

	trial_must_say(t);
	what = record_difference(r->rec, &t->record);
	r->same += !what;
	if (!what || r->what) {
		free(what);
		return;
	}
	r->what = what;
	t->keep = KEEP_ALWAYS;
}

static void repeat_over(void *arg, struct trial *t)
{
	struct repeat *r = arg;

	if (t->record.dir)
		r->record = copy(t->record.dir);
	trial_free(t);
	free(t);
}

static void repeat_show(void *arg)
{
	const struct repeat *r = arg;

	ui_progress(r->times - r->left, r->times, "");
}

/* Run a record again and again. Are all the same? */
static bool is_repeatable(const struct options *o, const char *dir, const char *what)
{
	struct repeat r = { .left = o->count, .times = o->count };
	struct record rec;
	struct image image;
	struct trial like;

	record_read(&rec, dir);
	trial_again(&like, &rec, &image, o->out);
	r.rec = &rec;
	r.like = &like;
	ui_stage(like.req.arch->name, "repeat");
	trials_run(&(struct trial_source){
		.next = repeat_next, .seen = repeat_seen, .over = repeat_over,
		.show = repeat_show, .most = o->guests, .arg = &r,
	});
	ui_done("%s", what);
	printf("%-8s %s, seed %llu: %zu of %zu replays are bit-identical\n",
	       like.req.arch->name, what, (unsigned long long)like.req.seed, r.same, r.times);
	if (r.what)
		printf("  diverged at %s\n  record: %s\n", r.what, r.record);
	free(r.what);
	free(r.record);
	return r.same == r.times;
}

/* Trials that are not to differ when they are done again */
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

/* A trial to have a record of; it is known whether it passes. */
static char *first_run(const struct options *o, const struct image *image,
		       const struct request *r, const struct kind *kind)
{
	struct trial t = { .image = image, .req = *r, .accel = "virtual", .out = o->out };
	char *dir;

	t.req.kcmdline = kind->fails ? "respawn.plant=progress" : "";
	t.req.snapshot = kind->resumes;
	trial_choose(&t.req, image);
	if (kind->resumes && !trials_snapshot(&t, 1))
		die("there is no snapshot to try %s", kind->name);
	trial_run(&t);
	trial_must_say(&t);
	if (record_is_good(&t.record) == kind->fails)
		die("%s was to be %s, but its verdict is %s", t.record.dir, kind->name,
		    record_text(&t.record, "verdict"));
	dir = copy(t.record.dir);
	trial_free(&t);
	return dir;
}

/**
 * cmd_check_determinism - run RUN= N= times more, or passing and failing seeds of
 *	each architecture
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if no two runs of one differ, else EXIT_BAD
 */
int cmd_check_determinism(const struct options *o)
{
	unsigned int passed = 0, failed = 0, skipped = 0;

	if (!request_is_virtual(&o->request))
		die("TIMING=real is not deterministic: leave it out");
	if (*o->run) {
		passed = is_repeatable(o, o->run, o->run);
		failed = !passed;
	}
	for (size_t i = 0; !*o->run && o->arch[i]; i++) {
		struct request r = options_request(o, o->arch[i]);
		struct image image;

		trial_needs(&r);
		image_open(&image, &r);
		image_build(&image);
		for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
			__auto_free char *dir = NULL;
			bool good;

			if (kinds[n].resumes && !o->arch[i]->resumes) {
				skipped++;
				continue;
			}
			dir = first_run(o, &image, &image.kernel.req, &kinds[n]);
			good = is_repeatable(o, dir, kinds[n].name);
			passed += good;
			failed += !good;
		}
	}
	report_total(stdout, passed, failed, skipped);
	return failed ? EXIT_BAD : EXIT_PASS;
}
