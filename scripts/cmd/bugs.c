// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does respawn find bugs? Each patch of tests/bugs/ plants one; explore has to
 * find it, and replay to reproduce what it found. Beside it the same bug, in
 * real time and with nothing that steers, for as long. Then how little shows it, and
 * whether that does so on a neighbour, the kernel with one more patch.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "cmd/planted.h"
#include "cmd/seeds.h"
#include "cmd/shrink.h"
#include "lib/ui.h"
#include "record/aim.h"
#include "record/compare.h"
#include "report/report.h"
#include "run/accel.h"

/**
 * struct outcome - what became of a bug on one kernel
 * @tried: it was looked for
 * @signature: what the failure looked like; NULL if it was not found
 * @seeds: how many it took
 * @wall: host seconds it took
 * @reproduced: the failure came again, to the last digit
 * @diverged: what was different if not
 * @rec: the record that is replayed
 * @again: its trial, until it has begun
 */
struct outcome {
	bool tried;
	char *signature;
	size_t seeds;
	double wall;
	bool reproduced;
	char *diverged;
	const struct record *rec;
	struct trial *again;
};

/**
 * struct bug - what became of a planted bug
 * @p: the bug
 * @found: on the kernel that the user asked for
 * @unpatched: on the kernel without the series, where none respawns
 * @small: the least that shows it; no record if that is not asked
 * @neighbour: whether the neighbour was tried
 * @seed_holds: the seed that found it does so there
 * @small_holds: the least does
 * @real: runs in real time
 * @real_failed: how many of them failed
 * @real_wall: host seconds they took
 */
struct bug {
	struct planted p;
	struct outcome found;
	struct outcome unpatched;
	struct shrunk small;
	bool neighbour;
	bool seed_holds;
	bool small_holds;
	size_t real;
	size_t real_failed;
	double real_wall;
};

/* ---- one bug ---------------------------------------------------------------- */

/* What a search tells of: the first failure */
struct catch {
	struct outcome *found;
	char *record;
};

static void caught(void *arg, const struct trial *t, const struct finding *f)
{
	struct catch *c = arg;

	(void)t;
	if (!f->signature || c->record)
		return;
	c->found->signature = copy(f->signature);
	c->record = copy(f->record);
}

/* A trial leaves a record only if it is not what it was to be. */
static void compare(void *arg, struct trial *t)
{
	struct outcome *f = arg;

	trial_must_say(t);
	f->diverged = record_difference(f->rec, &t->record);
	f->reproduced = !f->diverged;
	t->keep = f->reproduced ? KEEP_NOT : KEEP_ALWAYS;
}

static struct trial *next_once(void *arg)
{
	struct outcome *f = arg;
	struct trial *t = f->again;

	f->again = NULL;
	return t;
}

static void play_again(struct outcome *f, const char *dir, const char *out)
{
	struct record rec;
	struct image image;
	struct trial t;

	record_read(&rec, dir);
	trial_again(&t, &rec, &image, out);
	f->rec = &rec;
	f->again = &t;
	trials_run(&(struct trial_source){
		.next = next_once, .seen = compare, .most = 1, .arg = f,
	});
	trial_free(&t);
	record_free(&rec);
}

/* The same in real time, with nothing that steers, for as long */
static void search_in_real_time(struct bug *b, struct seeds s)
{
	s.req.strategy = "none";
	s.req.aim = "";
	s.req.near = "";
	s.req.timing = "real";
	s.accel = "tcg";
	s.guests = 1;
	s.seconds = b->found.wall;
	s.found = NULL;
	s.tried = 0;
	s.failed = 0;
	s.over = false;
	seeds_run(&s);
	if (s.error)
		die("%s in real time: %s", b->p.name, s.error);
	b->real = s.tried;
	b->real_failed = s.failed;
	b->real_wall = s.wall;
}

/* Does a kernel fail likewise, asked what another one was asked? */
static bool fails_there(const struct image *there, const struct request *r,
			const char *signature, const char *out)
{
	struct trial t = { .image = there, .req = *r, .accel = "virtual", .out = out,
			   .keep = KEEP_NOT };
	bool same;

	/* Addresses are of the kernel that they were found on. */
	t.req.ranges = "";
	t.req.places = "";
	t.req.patches = there->kernel.req.patches;
	trial_choose(&t.req, there);
	trials_snapshot(&t, 1);
	trial_run(&t);
	trial_must_say(&t);
	same = !record_is_good(&t.record) &&
	       !strcmp(record_text(&t.record, "signature"), signature);
	trial_free(&t);
	return same;
}

/* How little shows the bug, and does it do so on the neighbour? */
static void make_small(struct bug *b, const struct options *o, const char *dir)
{
	struct record rec;
	struct image image, there;
	struct request r;
	struct trial past;

	record_read(&rec, dir);
	trial_again(&past, &rec, &image, o->out);
	ui_stage(b->p.name, "minimise");
	if (!shrink_trial(&b->small, &past, dir, b->found.signature, o->out,
			  o->time ?: SHRINK_SECONDS))
		die("%s: %s was reproduced, and is no more", b->p.name, dir);
	ui_done("%zu of %zu operations, strategy %s", b->small.operations, b->small.of,
		b->small.req.strategy);
	if (*o->neighbour) {
		r = past.req;
		planted_build(&b->p, o->neighbour, &there, &r);
		ui_stage(b->p.name, "neighbour");
		b->neighbour = true;
		b->seed_holds = fails_there(&there, &past.req, b->found.signature, o->out);
		b->small_holds = fails_there(&there, &b->small.req, b->found.signature, o->out);
		ui_done("%s", o->neighbour);
	}
	/* The smallest run is asked in words of the record, which stays. */
}

/* Look for a bug on one kernel. */
static void try_bug(struct bug *b, struct outcome *f, const struct options *o,
		    const struct request *r)
{
	struct catch c = { .found = f };
	struct image image;
	struct seeds s = {
		.image = &image, .req = *r, .accel = "virtual", .out = o->out,
		.guests = o->guests, .seconds = o->time, .feedback = o->leads,
		.found = caught, .arg = &c,
	};

	seeds_range(o->seeds, &s.first, &s.last);
	planted_build(&b->p, "", &image, &s.req);
	trial_aim(&s.req, &image, o->out, NULL);
	ui_stage(b->p.name, "explore");
	seeds_run(&s);
	if (s.error)
		die("%s: %s", b->p.name, s.error);
	f->tried = true;
	f->seeds = s.tried;
	f->wall = s.wall;
	if (c.record) {
		play_again(f, c.record, o->out);
		if (f == &b->found && o->real)
			search_in_real_time(b, s);
	}
	ui_done("%s", f->signature ? f->signature : "not found");
	if (o->minimise && f == &b->found && f->reproduced)
		make_small(b, o, c.record);
	free(c.record);
}

/* ---- all of them ------------------------------------------------------------ */

static bool is_good(const struct outcome *f)
{
	return f->signature && f->reproduced;
}

static char *outcome_text(const struct outcome *f)
{
	if (!f->tried)
		return copy("-");
	return fmt("%s, %zu seed%s", !f->signature ? "no" : f->reproduced ? "yes" : "diverged",
		   f->seeds, f->seeds == 1 ? "" : "s");
}

static void row_found(const struct outcome *f, const char *where)
{
	if (!f->tried)
		return;
	printf("  %s%s\n", where, f->signature ? f->signature : "not found");
	if (f->diverged)
		printf("  %sdiverged at %s\n", where, f->diverged);
}

static void row_small(const struct bug *b)
{
	const struct shrunk *s = &b->small;

	if (!s->record)
		return;
	printf("  smallest: %zu of %zu operations, strategy %s", s->operations, s->of,
	       s->req.strategy);
	if (s->places)
		printf(" of %zu place%s", s->places, s->places == 1 ? "" : "s");
	printf(", %u runs, %.1f s%s\n", s->tries, s->wall,
	       s->out_of_time ? ", out of time" : "");
	if (b->neighbour)
		printf("  neighbour: the seed %s, the smallest run %s\n",
		       b->seed_holds ? "fails likewise" : "does not",
		       b->small_holds ? "fails likewise" : "does not");
}

static void row(const struct bug *b)
{
	const struct outcome *f = &b->found;
	__auto_free char *unpatched = outcome_text(&b->unpatched);

	printf("%-30s %-14s %-5s %-10s %s%-5s%s %6zu %8.1f %-11s %-14s %zu of %zu, %.1f s\n",
	       b->p.name, b->p.class, b->p.race ? "yes" : "no",
	       b->p.historical ? "mainline" : "planted",
	       ui_on(stdout, f->signature ? UI_GREEN : UI_RED), f->signature ? "yes" : "no",
	       ui_off(stdout), f->seeds, f->wall,
	       !f->signature ? "-" : f->reproduced ? "reproduced" : "diverged", unpatched,
	       b->real_failed, b->real, b->real_wall);
	row_found(f, "");
	row_found(&b->unpatched, "unpatched: ");
	row_small(b);
}

static json_t *outcome_json(const struct outcome *f)
{
	if (!f->tried)
		return json_null();
	return json_pack("{s:s?, s:I, s:f, s:b}", "found", f->signature, "seeds",
			 (json_int_t)f->seeds, "seconds", f->wall, "reproduced", f->reproduced);
}

static json_t *small_json(const struct bug *b)
{
	const struct shrunk *s = &b->small;
	json_t *o;

	if (!s->record)
		return json_null();
	o = json_pack("{s:I, s:I, s:s, s:I, s:I, s:f, s:b}", "operations",
		      (json_int_t)s->operations, "of", (json_int_t)s->of,
		      "strategy", s->req.strategy, "places", (json_int_t)s->places,
		      "runs", (json_int_t)s->tries, "seconds", s->wall,
		      "out_of_time", s->out_of_time);
	if (b->neighbour)
		json_object_set_new(o, "neighbour",
				    json_pack("{s:b, s:b}", "seed", b->seed_holds,
					      "smallest", b->small_holds));
	return o;
}

static json_t *bug_json(const struct bug *b)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:b, s:I, s:I, s:f, s:o, s:o}",
			      "bug", b->p.name, "class", b->p.class, "race", b->p.race,
			      "historical", b->p.historical, "real_runs", (json_int_t)b->real,
			      "real_failed", (json_int_t)b->real_failed,
			      "real_seconds", b->real_wall,
			      "unpatched", outcome_json(&b->unpatched),
			      "smallest", small_json(b));
	json_t *found = outcome_json(&b->found);

	json_object_update(o, found);
	json_decref(found);
	return o;
}

static void write_results(const char *out, const struct bug *all, size_t n)
{
	__auto_free char *path = fmt("%s/bugs.json", out), *text = NULL;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, bug_json(&all[i]));
	text = json_dumps(list, JSON_INDENT(2));
	write_file(path, text, strlen(text));
	json_decref(list);
}

/* What mainline once had is looked for where nothing but mainline is, too. */
static void try_unpatched(struct bug *all, size_t n, const struct options *o)
{
	struct request r = o->request;

	if (!request_has_series(&r) || !strcmp(r.smpboot, "respawn"))
		return;
	r.series = "none";
	for (size_t i = 0; i < n; i++) {
		if (!all[i].p.historical)
			continue;
		try_bug(&all[i], &all[i].unpatched, o, &r);
		write_results(o->out, all, n);
	}
}

/* A neighbour that is none of some bug is found before anything is built. */
static void check_neighbour(const struct options *o, const struct bug *all, size_t n)
{
	if (!*o->neighbour)
		return;
	if (!o->minimise)
		die("NEIGHBOUR= is where what MINIMISE=1 leaves is tried: set that too");
	for (size_t i = 0; i < n; i++) {
		struct request r = o->request;
		struct image image;

		planted_open(&all[i].p, o->neighbour, &image, &r);
	}
}

/**
 * cmd_bugs - plant one bug after the other and look for it
 * @o: what the user asked for; of its architectures the first one counts
 *
 * Return: EXIT_PASS if each was found and reproduced, else EXIT_BAD
 */
int cmd_bugs(const struct options *o)
{
	struct planted *planted;
	size_t there = planted_read(o->bugs_dir, o->bugs, &planted), n = 0, good = 0, bad = 0;
	struct bug *all = calloc(there, sizeof(*all));
	uint64_t first, last;

	if (!all)
		die("out of memory");
	for (size_t i = 0; i < there; i++)
		if (planted_fits(&planted[i], &o->request))
			all[n++].p = planted[i];

	if (!request_is_virtual(&o->request))
		die("bugs compares virtual with real time by itself: leave TIMING= out");
	seeds_range(o->seeds, &first, &last);
	check_neighbour(o, all, n);
	for (size_t i = 0; i < n; i++) {
		try_bug(&all[i], &all[i].found, o, &o->request);
		write_results(o->out, all, i + 1);
	}
	/* Last, as another kernel is built then. */
	try_unpatched(all, n, o);
	printf("\n%s%-30s %-14s %-5s %-10s %-5s %6s %8s %-11s %-14s %s%s\n",
	       ui_on(stdout, UI_BOLD), "bug", "class", "race", "origin", "found", "seeds",
	       "seconds", "replay", "unpatched", "in real time, unsteered", ui_off(stdout));
	for (size_t i = 0; i < n; i++) {
		row(&all[i]);
		good += is_good(&all[i].found) + is_good(&all[i].unpatched);
		bad += !is_good(&all[i].found) +
		       (all[i].unpatched.tried && !is_good(&all[i].unpatched));
	}
	report_total(stdout, good, bad, there - n);
	return bad ? EXIT_BAD : EXIT_PASS;
}
