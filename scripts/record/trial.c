// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trials: the one way to run a guest. Whatever is asked for becomes a guest, the
 * guest a verdict, and the verdict a record.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/script.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "run/main_loop.h"
#include "run/pool.h"
#include "run/qemu.h"
#include "run/smpboot.h"

/* Two seeds in a row have the same: modes of smpboot take turns with seeds, too. */
static const char *strategy_of(const struct request *r)
{
	static const char *const mix[] = { STEER_MIX };

	if (strcmp(r->strategy, "mix"))
		return r->strategy;
	return mix[r->seed / 2 % ARRAY_SIZE(mix)];
}

/* A script may be of another kernel, and have places that this one has not. */
static const char *places_of(const struct request *r, const struct image *image)
{
	static char *known, *places;
	__auto_free char *vmlinux = fmt("%s/vmlinux", image->kernel.dir);
	__auto_free char *key = fmt("%s %s", vmlinux, r->script);
	__auto_strv struct strv lacks = { 0 };

	/* Seeds of one request ask one after the other. */
	if (known && !strcmp(known, key))
		return places;
	free(known);
	known = copy(key);
	places = script_places(r->script, vmlinux, r->arch, &lacks);
	for (size_t i = 0; i < lacks.n; i++)
		ui_note("script: this kernel has no such place: %s", lacks.v[i]);
	return places;
}

/**
 * trial_choose - have a request say one thing, where it leaves several
 * @r: the request: its plan, its mode of smpboot and its strategy
 * @image: what is run
 *
 * Dies of a plan that the image can't do.
 */
void trial_choose(struct request *r, const struct image *image)
{
	__auto_strv struct strv steps = { 0 };

	plan_chosen(&image->plan, r, image->kernel.config, &steps);
	r->plan = strv_join(&steps, ",");
	r->smpboot = smpboot_of(r)->name;
	r->strategy = strategy_of(r);
	if (!*r->ranges && image->focus.ranges)
		r->ranges = image->focus.ranges;
	if (*r->script && !*r->places)
		r->places = places_of(r, image);
}

/**
 * trial_needs - die of what no guest can run without, before anything is built for it
 * @r: what it will be asked
 */
void trial_needs(const struct request *r)
{
	qemu_version(r->arch);
}

static void begin(struct trial *t)
{
	struct guest *g = &t->guest;

	*g = (struct guest){
		.image = t->image, .req = t->req, .accel = t->accel,
		.eager = t->eager, .gdb = t->gdb,
	};
	if (t->from)
		snapshot_use(g, t->from);
	guest_prepare(g);
	g->dir = record_begin(t->out, &t->req);
}

static struct trial *trial_of(struct guest *g)
{
	return (struct trial *)((char *)g - offsetof(struct trial, guest));
}

static struct guest *next_guest(void *arg)
{
	const struct trial_source *s = arg;
	struct trial *t = s->next(s->arg);

	if (!t)
		return NULL;
	begin(t);
	return &t->guest;
}

static bool is_kept(const struct trial *t)
{
	return t->keep == KEEP_ALWAYS ||
	       (t->keep == KEEP_FAILED && !record_is_good(&t->record));
}

static void guest_over(void *arg, struct guest *g)
{
	const struct trial_source *s = arg;
	struct trial *t = trial_of(g);

	record_make(&t->record, g, t->from);
	if (s->seen)
		s->seen(s->arg, t);
	if (is_kept(t))
		record_finish(&t->record, g, t->from);
	else
		record_discard(&t->record);
	if (s->over)
		s->over(s->arg, t);
}

static void show(void *arg)
{
	const struct trial_source *s = arg;

	if (s->show)
		s->show(s->arg);
}

/**
 * trials_run - run trials side by side until there are no more
 * @source: where they come from
 *
 * Does not return from Ctrl-C: then there is no record of those that ran.
 */
void trials_run(const struct trial_source *source)
{
	pool_run(&(struct pool_source){
		.next = next_guest, .over = guest_over, .show = show,
		.most = source->most, .arg = (void *)source,
	});
}

/* ---- all of a list -------------------------------------------------------------- */

/**
 * struct list - trials that are known beforehand
 * @t: the trials
 * @n: how many
 * @begun: how many have begun, in their order
 */
struct list {
	struct trial *const *t;
	size_t n;
	size_t begun;
};

static struct trial *list_next(void *arg)
{
	struct list *l = arg;

	return l->begun < l->n ? l->t[l->begun++] : NULL;
}

static double weight(const struct trial *t)
{
	return t->expected > 0 ? t->expected : 1;
}

static void list_show(void *arg)
{
	const struct list *l = arg;
	char note[64] = "", text[128] = "";
	double done = 0, total = 0;
	size_t used = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct trial *t = l->t[i];
		bool runs = i < l->begun && !t->record.json;

		total += weight(t);
		if (i < l->begun && !runs)
			done += weight(t);
		if (!runs)
			continue;
		done += weight(t) * judge_progress(t->guest.judge, note, sizeof(note));
		if (used < sizeof(text) - 1)
			used += snprintf(text + used, sizeof(text) - used, "%s%s:%s",
					 used ? " " : "", t->req.arch->name, note);
	}
	ui_progress(done, total, text);
}

/**
 * trials_run_all - run a list of trials
 * @t: the trials, begun in this order
 * @n: how many
 * @most: how many at once, 0 for as many as the host has CPUs
 *
 * Does not return from Ctrl-C.
 */
void trials_run_all(struct trial *const *t, size_t n, size_t most)
{
	struct list list = { .t = t, .n = n };

	trials_run(&(struct trial_source){
		.next = list_next, .show = list_show, .most = most, .arg = &list,
	});
}

/**
 * trial_run - run one trial
 * @t: the trial
 */
void trial_run(struct trial *t)
{
	trials_run_all(&t, 1, 1);
}

/**
 * trials_snapshot - have trials go on from snapshots rather than boot
 * @t: the trials, as they are before they run
 * @n: how many
 *
 * Those in virtual time do, if their requests let them.
 *
 * Return: whether all do
 */
bool trials_snapshot(struct trial *t, size_t n)
{
	struct snapshot *s = calloc(n + 1, sizeof(*s));
	struct guest *like = calloc(n + 1, sizeof(*like));
	bool all = true;

	if (!s || !like)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		like[i] = (struct guest){
			.image = t[i].image, .req = t[i].req, .accel = t[i].accel,
		};
		all &= t[i].req.snapshot && !strcmp(t[i].accel, "virtual") &&
		       t[i].req.arch->resumes;
	}
	all = all && n && snapshots_take(s, like, n);
	for (size_t i = 0; all && i < n; i++)
		t[i].from = &s[i];
	free(like);
	return all;
}

/* ---- again ---------------------------------------------------------------------- */

/**
 * trial_again - the trial of a record, to be run once more
 * @t: gets it
 * @rec: the record; has to live as long
 * @image: gets what it ran; likewise
 * @out: O=
 *
 * Dies if what it ran or said is gone or another one, of a run in real time, which has no
 * schedule to repeat, and of one that was called as this respawn does not call it.
 */
void trial_again(struct trial *t, const struct record *rec, struct image *image, const char *out)
{
	struct guest g;

	*t = (struct trial){ .image = image, .accel = "virtual", .out = out };
	record_request(rec, &t->req);
	if (!request_is_virtual(&t->req))
		die("%s ran in real time, where nothing can be replayed: TIMING=virtual can",
		    rec->dir);
	record_check_files(rec);
	record_image(rec, &t->req, image);
	if (record_member(rec, "snapshot")) {
		struct snapshot *s = calloc(1, sizeof(*s));

		if (!s)
			die("out of memory");
		record_snapshot(rec, s);
		t->from = s;
	}
	g = (struct guest){ .image = image, .req = t->req, .accel = t->accel };
	if (t->from)
		snapshot_use(&g, t->from);
	guest_prepare(&g);
	record_same_call(rec, &g);
	guest_free(&g);
}

/**
 * trial_must_say - die of a trial that says nothing, since the host was at fault
 * @t: the trial, over
 */
void trial_must_say(const struct trial *t)
{
	if (record_verdict(&t->record) == VERDICT_ERROR)
		die("%s", record_text(&t->record, "first_failure.what"));
}

/**
 * trial_key - all that what a trial shows depends on
 * @t: the trial, as it is before it runs
 * @kind: what is remembered of it
 *
 * This is the one key of all that is remembered of guests: image, request, QEMU and
 * how it is called, and the judge. Where a guest begins from a snapshot it shows the same.
 *
 * Return: hex digits of a hash, to be freed
 */
char *trial_key(const struct trial *t, const char *kind)
{
	json_t *o = request_to_json(&t->req);
	__auto_free char *request = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	struct guest g = { .image = t->image, .req = t->req, .accel = t->accel };
	struct hash *h = hash_new();
	char key[HASH_LEN];

	json_decref(o);
	if (!request)
		die("out of memory");
	/* What may be long is told by memory where there is a snapshot, and is in @request. */
	g.req.keep = "";
	g.req.aim = "";
	g.req.near = "";
	g.req.ranges = "";
	g.req.script = "";
	g.req.places = "";
	guest_prepare(&g);
	for (size_t i = 0; i < g.argv.n; i++)
		hash_str(h, g.argv.v[i]);
	guest_free(&g);
	main_loop_hash(h);
	hash_str(h, kind);
	hash_str(h, request);
	hash_str(h, t->image->kernel.key);
	hash_str(h, t->image->initramfs);
	hash_str(h, t->accel);
	hash_str(h, t->eager ? "to the first failure" : "to the end");
	/* They were the host's once, and a guest that stood in a queue was said to hang. */
	hash_str(h, "limits are seconds of QEMU's");
	hash_str(h, qemu_version(t->req.arch));
	hash_str(h, judge_version());
	hash_end(h, key);
	return copy(key);
}

/**
 * trial_free - free what a trial left in memory
 * @t: the trial, over; its record on disk stays
 */
void trial_free(struct trial *t)
{
	free((char *)t->guest.dir);
	guest_free(&t->guest);
	record_free(&t->record);
}
