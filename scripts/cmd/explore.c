// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many seeds of the stress run. What each one showed is remembered as soon as it
 * is known, so that the next call goes on where this one ended, however that was.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "cmd/seeds.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "record/aim.h"
#include "report/report.h"
#include "run/accel.h"

/**
 * struct group - failures that look the same
 * @signature: what they have in common
 * @n: how many there are
 * @shortest: the shortest run
 * @guest: guest time of that one
 * @record: its record
 */
struct group {
	char *signature;
	size_t n;
	char *shortest;
	double guest;
	char *record;
};

/**
 * struct exploration - all that is known of the seeds of one image and request
 * @dir: folder of what is remembered
 * @n: how many runs are done with
 * @alone: how many of them are of no seed: they did each operation alone, and failed
 * @before: how many of them were so before
 * @failed: how many of them failed
 * @skipped: how many of them tested nothing
 * @events: operations and other events in all
 * @wall: host seconds of all runs
 * @groups: what went wrong
 * @nr_groups: how many of those
 * @seeds: the search
 */
struct exploration {
	char *dir;
	size_t n;
	size_t alone;
	size_t before;
	size_t failed;
	size_t skipped;
	uint64_t events;
	double wall;
	struct group *groups;
	size_t nr_groups;
	struct seeds seeds;
};

static struct group *group_of(struct exploration *x, const char *signature)
{
	struct group *g;

	for (size_t i = 0; i < x->nr_groups; i++)
		if (!strcmp(x->groups[i].signature, signature))
			return &x->groups[i];
	x->groups = reallocarray(x->groups, x->nr_groups + 1, sizeof(*x->groups));
	if (!x->groups)
		die("out of memory");
	g = &x->groups[x->nr_groups++];
	*g = (struct group){ .signature = copy(signature) };
	return g;
}

static void count_in(struct exploration *x, const char *name, const struct finding *f)
{
	struct group *g;

	x->n++;
	x->events += f->events;
	x->wall += f->wall;
	x->skipped += f->verdict == VERDICT_SKIP;
	if (!f->signature)
		return;
	x->failed++;
	g = group_of(x, f->signature);
	if (!g->n++ || f->guest < g->guest) {
		free(g->shortest);
		g->shortest = copy(name);
		g->guest = f->guest;
		free(g->record);
		g->record = copy(f->record);
	}
}

/* "seed 7", or "seed 7 walk 23" where CPUs give way as another seed says */
static char *run_name(uint64_t seed, uint64_t walk)
{
	return walk ? fmt("seed %llu walk %llu", (unsigned long long)seed,
			  (unsigned long long)walk) : fmt("seed %llu", (unsigned long long)seed);
}

static char *key_of(const struct trial *t)
{
	return trial_key(t, "seed");
}

static void take(void *arg, const struct trial *t, const struct finding *f)
{
	struct exploration *x = arg;
	__auto_free char *key = key_of(t), *name = run_name(f->seed, f->walk);
	__auto_free char *pairs = f->pairs ? pairs_text(f->pairs) : NULL;

	memo_write(x->dir, key,
		   json_pack("{s:I, s:I, s:s?, s:s, s:f, s:f, s:I, s:s?, s:s?}", "seed",
			     (json_int_t)f->seed, "walk", (json_int_t)f->walk, "pairs", pairs,
			     "verdict", verdict_name(f->verdict),
			     "guest", f->guest, "wall", f->wall, "events",
			     (json_int_t)f->events, "signature", f->signature,
			     "record", f->record));
	count_in(x, name, f);
	if (f->signature)
		ui_note("%-11s %s\n            %s", name, f->signature, f->record);
}

/* A guest that did each operation alone, and failed, is as good a finding as a seed. */
static void take_alone(struct exploration *x, const char *dir)
{
	struct record rec;
	struct finding f;

	record_read(&rec, dir);
	f = seeds_finding(&rec);
	count_in(x, "each operation alone", &f);
	x->alone++;
	record_free(&rec);
}

/* A failure whose record is gone is run again. */
static bool is_known(void *arg, const struct trial *t, struct pairs *pairs)
{
	struct exploration *x = arg;
	__auto_free char *key = key_of(t);
	json_t *o = memo_read(x->dir, key);
	struct finding f = {
		.seed = t->req.seed, .walk = seeds_walk(t->req.steer),
		.guest = json_real_value(json_object_get(o, "guest")),
		.wall = json_real_value(json_object_get(o, "wall")),
		.events = json_integer_value(json_object_get(o, "events")),
		.verdict = strcmp(json_string_value(json_object_get(o, "verdict")) ?: "", "skip") ?
			   VERDICT_PASS : VERDICT_SKIP,
		.signature = json_string_value(json_object_get(o, "signature")),
		.record = json_string_value(json_object_get(o, "record")),
	};
	bool known = o && (!f.signature || (f.record && exists(f.record)));

	/* What LEADS=0 left says nothing of them, and which run comes next depends on that. */
	if (!pairs_of_text(json_string_value(json_object_get(o, "pairs")), pairs) &&
	    x->seeds.feedback)
		known = false;
	if (known) {
		__auto_free char *name = run_name(f.seed, f.walk);

		count_in(x, name, &f);
		x->before++;
		if (f.signature && !x->seeds.keep_going)
			seeds_stop(&x->seeds);
	}
	json_decref(o);
	return known;
}

static int by_number(const void *a, const void *b)
{
	const struct group *one = a, *two = b;

	return one->n < two->n ? 1 : one->n > two->n ? -1 : 0;
}

static void summary(struct exploration *x)
{
	const struct seeds *s = &x->seeds;

	qsort(x->groups, x->nr_groups, sizeof(*x->groups), by_number);
	if (!ui_quiet()) {
		printf("\n%s: %zu seeds tried, %zu of them before; %.1f seeds a second now, %.0f guest operations a second of a host CPU\n",
		       s->req.arch->name, x->n - x->alone, x->before,
		       s->wall > 0 ? s->tried / s->wall : 0,
		       x->wall > 0 ? x->events / x->wall : 0);
		for (size_t i = 0; i < x->nr_groups; i++) {
			const struct group *g = &x->groups[i];

			printf("%s%5zu%s  %s\n       shortest: %s, %.3f s of guest time\n       make replay RUN=%s\n",
			       ui_on(stdout, UI_RED), g->n, ui_off(stdout), g->signature,
			       g->shortest, g->guest, g->record);
		}
	}
	report_total(stdout, x->n - x->failed - x->skipped, x->failed, x->skipped);
}

static int explore_image(const struct options *o, const struct image *image,
			 const struct request *r)
{
	struct exploration x = {
		.dir = fmt("%s/explore", o->out),
		.seeds = {
			.image = image, .req = *r, .accel = accel_choose(image, r),
			.out = o->out, .guests = o->guests, .seconds = o->time,
			.keep_going = o->keep_going, .feedback = o->leads, .known = is_known,
			.found = take,
		},
	};
	__auto_strv struct strv failed = { 0 };

	x.seeds.arg = &x;
	seeds_range(o->seeds, &x.seeds.first, &x.seeds.last);
	trial_aim(&x.seeds.req, image, o->out, &failed);
	for (size_t i = 0; i < failed.n; i++)
		take_alone(&x, failed.v[i]);
	if (!x.alone || o->keep_going) {
		ui_stage(r->arch->name, "explore");
		seeds_run(&x.seeds);
		ui_done("%zu seeds", x.seeds.tried);
	}
	if (x.seeds.error)
		die("%s; the seeds before are kept, call again to go on", x.seeds.error);
	summary(&x);
	return x.failed ? EXIT_BAD : EXIT_PASS;
}

/**
 * cmd_explore - run the seeds of SEEDS= until one fails, or all of them
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_explore(const struct options *o)
{
	int status = EXIT_PASS;
	uint64_t first, last;

	seeds_range(o->seeds, &first, &last);
	for (size_t i = 0; o->arch[i]; i++) {
		struct request r = options_request(o, o->arch[i]);
		struct image image;
		int s;

		trial_needs(&r);
		image_open(&image, &r);
		image_build(&image);
		s = explore_image(o, &image, &image.kernel.req);
		status = s > status ? s : status;
	}
	return status;
}
