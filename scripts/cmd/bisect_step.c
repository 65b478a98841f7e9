// SPDX-License-Identifier: GPL-2.0-only
/*
 * One commit for those who bisect with git itself: what check says of it, or what so many
 * seeds of a stress run show.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check.h"
#include "cmd/seeds.h"
#include "lib/ui.h"
#include "record/aim.h"
#include "run/accel.h"

/**
 * struct commit_seeds - what the seeds of a commit showed
 * @signature: failure that is looked for; empty for any
 * @seeds: the search
 * @failed: one failed so
 * @others: how many failed in another way
 * @said: how many said anything
 */
struct commit_seeds {
	const char *signature;
	struct seeds seeds;
	bool failed;
	size_t others;
	size_t said;
};

static void seen(void *arg, const struct trial *t, const struct finding *f)
{
	struct commit_seeds *s = arg;

	if (!record_was_tested(&t->record) ||
	    (!f->signature && !record_was_steered(&t->record)))
		return;
	if (!f->signature || !*s->signature || !strcmp(f->signature, s->signature))
		s->said++;
	else
		s->others++;
	if (!f->signature || (*s->signature && strcmp(f->signature, s->signature)))
		return;
	s->failed = true;
	seeds_stop(&s->seeds);
	ui_note("%s\n  record: %s", f->signature, f->record);
}

static int step_of_seeds(const struct options *o)
{
	struct request r = o->request;
	struct commit_seeds s = { .signature = o->signature };
	struct image image;

	if (!*r.plan)
		r.plan = "stress";
	if (!strcmp(r.strategy, "none"))
		r.strategy = "mix";
	trial_needs(&r);
	image_open(&image, &r);
	image_build(&image);
	s.seeds = (struct seeds){
		.image = &image, .req = image.kernel.req, .accel = accel_choose(&image, &r),
		.out = o->out, .guests = o->guests, .first = 1, .last = o->count,
		.keep_going = true, .found = seen, .arg = &s,
	};
	trial_aim(&s.seeds.req, &image, o->out, NULL);
	ui_stage(r.arch->name, "seeds");
	seeds_run(&s.seeds);
	ui_done("%zu seeds: %s, %zu failed in another way", s.seeds.tried,
		s.failed ? "the last one failed" : "none failed", s.others);
	if (s.seeds.error)
		die("%s", s.seeds.error);
	if (s.failed)
		return EXIT_BAD;
	/* A commit whose runs meet other bugs may well have this one. */
	return s.said && 2 * s.said >= s.seeds.tried ? EXIT_PASS : EXIT_UNTESTABLE;
}

/**
 * cmd_bisect_step - build and check one commit for git bisect run
 * @o: what the user asked for
 *
 * Does what check does, or N= seeds of a stress run, in the tree that it is called in,
 * unless TREE= says another one.
 *
 * Return: 0 for good, 1 for bad, EXIT_UNTESTABLE for a kernel that does not get as far
 * as to init, or that nothing was tested of, or by less than half of the seeds; a tree
 * that does not build ends the program with that status, too, and a failure of the
 * harness with EXIT_ABORT
 */
int cmd_bisect_step(const struct options *o)
{
	if (o->count == 1 && *o->signature)
		die("SIGNATURE=%s: this is looked for in stress runs, and N= says how many",
		    o->signature);
	return o->count > 1 ? step_of_seeds(o) : check_commit(o);
}
