// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which operations of the stress driver get into the focus: one guest does each of
 * them alone, and says what it reached. What came of that is known by the image.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "record/aim.h"

/* What has a stress run try each operation alone */
#define CALIBRATES	"respawn.calibrate=1"

/* What a line of the console's has before an operation and what it reaches */
#define CALIBRATE	"# calibrate "

/* An operation gets into a range if it is there so often as one in so many of the best */
#define AS_GOOD		4

/* So many operations that reach a block are few. */
#define FEW		3

/* So many that get near are few. */
#define NEAR_FEW	6

/* Functions that nothing reaches which are named */
#define UNREACHED_MAX	4

/* A word RANGE:HITS:BLOCKS, as {"RANGE": [hits, blocks]} */
static void read_range(const char *word, json_t *reach)
{
	unsigned long long hits, blocks;
	unsigned int range;
	char key[24];

	if (sscanf(word, "%u:%llu:%llx", &range, &hits, &blocks) != 3)
		return;
	snprintf(key, sizeof(key), "%u", range);
	json_object_set_new(reach, key, json_pack("[I, I]", (json_int_t)hits,
						  (json_int_t)blocks));
}

/* The lines of a console as {"operation": {"range": [hits, blocks]}} */
static json_t *read_reach(const char *console)
{
	json_t *all = json_object();

	for (const char *at = console; (at = strstr(at, CALIBRATE));) {
		__auto_strv struct strv words = { 0 };
		__auto_free char *line = NULL;
		json_t *reach;

		at += strlen(CALIBRATE);
		line = fmt("%.*s", (int)strcspn(at, "\r\n"), at);
		strv_split(&words, line, " ");
		if (!words.n)
			continue;
		/* What an operation reaches may take several lines. */
		if (!json_object_get(all, words.v[0]))
			json_object_set_new(all, words.v[0], json_object());
		reach = json_object_get(all, words.v[0]);
		for (size_t i = 1; i < words.n; i++)
			read_range(words.v[i], reach);
	}
	return all;
}

/**
 * struct lookout - a guest that does each operation alone
 * @t: its trial
 * @key: by which what it says is known
 * @reach: what it says; NULL until then
 * @needed: nobody has run it yet
 * @runs: it was run now
 * @failed: that went wrong: @reach is of the operations before, and no more
 */
struct lookout {
	struct trial t;
	char *key;
	json_t *reach;
	bool needed;
	bool runs;
	bool failed;
};

/* One looks at the focus, one at what is near it. */
enum { FOCUS, NEAR, LOOKOUTS };

static struct trial *next_lookout(void *arg)
{
	struct lookout *p = arg;

	for (size_t i = 0; i < LOOKOUTS; i++) {
		if (!p[i].needed)
			continue;
		p[i].needed = false;
		p[i].runs = true;
		return &p[i].t;
	}
	return NULL;
}

static const struct lookout *first_failed(const struct lookout *p)
{
	for (size_t i = 0; i < LOOKOUTS; i++)
		if (p[i].failed && p[i].t.record.dir)
			return &p[i];
	return NULL;
}

/* The console is read while it is there. Both fail alike, if they do: one record will do. */
static void lookout_seen(void *arg, struct trial *t)
{
	__auto_free char *console = NULL;
	struct lookout *p = arg;

	trial_must_say(t);
	console = record_console(&t->record);
	if (first_failed(p))
		t->keep = KEEP_NOT;
	for (size_t i = 0; i < LOOKOUTS; i++) {
		if (t != &p[i].t)
			continue;
		p[i].reach = read_reach(console);
		p[i].failed = !record_is_good(&t->record);
	}
}

/* A guest that fails is a finding as any other, and must not get lost. */
static void tell_failed(const struct lookout *p, struct strv *failed)
{
	const struct record *rec = &p->t.record;

	ui_note("%s: %s\n  record: %s", record_text(rec, "verdict"),
		record_text(rec, "first_failure.what"), rec->dir);
	if (failed)
		strv_add(failed, "%s", rec->dir);
}

/* What each operation reaches, as far as that is not known. */
static void calibrate(struct lookout *p)
{
	ui_stage(p->t.req.arch->name, "calibrate");
	trials_snapshot(&p[FOCUS].t, 1);
	p[NEAR].t.from = p[FOCUS].t.from;
	trials_run(&(struct trial_source){
		.next = next_lookout, .seen = lookout_seen, .most = LOOKOUTS, .arg = p,
	});
	ui_done("%s", first_failed(p) ? "a guest fails already then" : "each operation alone");
}

/* What is known from an earlier run is not asked again. */
static void look_up(struct lookout *p, const char *dir, const struct trial *t, const char *ranges)
{
	p->t = *t;
	p->t.req.ranges = ranges;
	if (!*ranges)
		return;
	trial_choose(&p->t.req, t->image);
	p->key = trial_key(&p->t, "aim");
	p->reach = memo_read(dir, p->key);
	p->needed = !p->reach;
}

/* A failure is seen again next time: a busy host may have made it. */
static void lookout_end(struct lookout *p, const char *dir)
{
	if (p->runs && !p->failed)
		memo_write(dir, p->key, json_incref(p->reach));
	json_decref(p->reach);
	free(p->key);
	if (p->runs)
		trial_free(&p->t);
}

static json_int_t number_of(const json_t *reach, size_t range, size_t which)
{
	char key[24];

	snprintf(key, sizeof(key), "%zu", range);
	return json_integer_value(json_array_get(json_object_get(reach, key), which));
}

static json_int_t hits_of(const json_t *reach, size_t range)
{
	return number_of(reach, range, 0);
}

static uint64_t blocks_of(const json_t *reach, size_t range)
{
	return number_of(reach, range, 1);
}

static void add_op(struct strv *ops, const char *name)
{
	if (!strv_has(ops, name))
		strv_add(ops, "%s", name);
}

/* The operations that get into @range well */
static void best_of(json_t *all, size_t range, struct strv *good)
{
	const char *name;
	json_int_t best = 0;
	json_t *reach;

	json_object_foreach(all, name, reach)
		if (hits_of(reach, range) > best)
			best = hits_of(reach, range);
	json_object_foreach(all, name, reach)
		if (best && hits_of(reach, range) * AS_GOOD >= best)
			strv_add(good, "%s", name);
}

/* They are chosen, unless nearly all do. */
static void choose_by_hits(json_t *all, size_t range, struct strv *ops)
{
	__auto_strv struct strv good = { 0 };

	best_of(all, range, &good);
	if (good.n * 2 > json_object_size(all))
		return;
	for (size_t i = 0; i < good.n; i++)
		add_op(ops, good.v[i]);
}

/*
 * The operations that reach blocks of @range which few others do: a path that is taken
 * after an error is where some bugs are, and is no place that is come by often.
 */
static void choose_by_blocks(json_t *all, size_t range, struct strv *ops)
{
	const char *name;
	json_t *reach;

	for (unsigned int bit = 0; bit < 64; bit++) {
		__auto_strv struct strv there = { 0 };

		json_object_foreach(all, name, reach)
			if (blocks_of(reach, range) >> bit & 1)
				strv_add(&there, "%s", name);
		for (size_t i = 0; there.n <= FEW && i < there.n; i++)
			add_op(ops, there.v[i]);
	}
}

/*
 * The operations that get near the focus: those that alone, or with few others, get well
 * into a function of the same file.
 */
static void choose_near(json_t *all, const struct strv *aimed, struct strv *ops)
{
	for (size_t range = 0; range < FOCUS_RANGES; range++) {
		__auto_strv struct strv good = { 0 };

		best_of(all, range, &good);
		for (size_t i = 0; good.n <= NEAR_FEW && i < good.n; i++)
			if (!strv_has(aimed, good.v[i]))
				add_op(ops, good.v[i]);
	}
}

static bool is_reached(json_t *all, size_t range)
{
	const char *name;
	json_t *reach;

	json_object_foreach(all, name, reach)
		if (hits_of(reach, range))
			return true;
	return false;
}

/* A focus that nothing reaches is searched in vain: better known than not. */
static void say_unreached(json_t *all, const struct focus *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->of.n; i++) {
		if (is_reached(all, i))
			continue;
		if (n++ < UNREACHED_MAX)
			ui_note("focus: no operation reaches %s()", f->of.v[i]);
	}
	if (n > UNREACHED_MAX)
		ui_note("focus: and none reaches %zu more", n - UNREACHED_MAX);
	if (n && n == f->of.n)
		ui_note("focus: nothing of it is ever reached: a run says nothing of it");
}

/**
 * aim_is_calibration - did a run try each operation alone?
 * @rec: its record
 *
 * Return: whether it did, at whoever's word: the host's or the user's own
 */
bool aim_is_calibration(const struct record *rec)
{
	return strstr(record_text(rec, "request.kcmdline"), CALIBRATES);
}

/* What is asked of both guests */
static struct trial trial_alone(const struct request *r, const struct image *image,
				const char *out, const char *stress)
{
	struct trial t = { .image = image, .req = *r, .accel = "virtual", .out = out,
			   .keep = KEEP_FAILED };

	t.req.plan = stress;
	t.req.strategy = "random";
	t.req.seed = 1;
	t.req.kcmdline = fmt("%s%s%s", r->kcmdline, *r->kcmdline ? " " : "", CALIBRATES);
	t.req.actors = t.req.actors ?: 1;
	return t;
}

/**
 * trial_aim - find the operations that get into the focus, and those that get near it
 * @r: the request; gets them
 * @image: what is run, built
 * @out: O=
 * @failed: gets the record of a guest that failed at it, if one did; NULL if nobody asks
 *
 * Nothing is done where there is no focus, nothing that steers, or no stress, or where
 * the user has named operations.
 */
void trial_aim(struct request *r, const struct image *image, const char *out,
	       struct strv *failed)
{
	__auto_free char *dir = fmt("%s/memo/aim", host_cache());
	const struct step *stress = plan_stress(&image->plan);
	__auto_strv struct strv ops = { 0 }, near = { 0 };
	struct lookout p[LOOKOUTS] = { 0 };
	struct trial t;

	if (!image->focus.of.n || *r->aim || *r->ops || !strcmp(r->strategy, "none") ||
	    !request_is_virtual(r))
		return;
	if (!stress || (*r->plan && !has_word(r->plan, ", ", stress->name)))
		return;
	t = trial_alone(r, image, out, stress->name);
	look_up(&p[FOCUS], dir, &t, image->focus.ranges);
	look_up(&p[NEAR], dir, &t, image->focus.near_ranges);
	if (p[FOCUS].needed || p[NEAR].needed)
		calibrate(p);
	if (first_failed(p))
		tell_failed(first_failed(p), failed);
	if (json_object_size(p[FOCUS].reach)) {
		if (!p[FOCUS].failed)
			say_unreached(p[FOCUS].reach, &image->focus);
		for (size_t i = 0; i < image->focus.of.n; i++) {
			choose_by_hits(p[FOCUS].reach, i, &ops);
			choose_by_blocks(p[FOCUS].reach, i, &ops);
		}
		if (p[NEAR].reach)
			choose_near(p[NEAR].reach, &ops, &near);
		r->aim = strv_join(&ops, ",");
		r->near = strv_join(&near, ",");
	}
	for (size_t i = 0; i < LOOKOUTS; i++)
		lookout_end(&p[i], dir);
}
