// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which operations of the stress driver get into the focus: one guest does each of
 * them alone, and says what it reached. What came of that is known by the image.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

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
 * struct once - a trial that is run alone
 * @t: the trial, NULL once it has begun
 * @reach: what its console says, NULL if it failed
 */
struct once {
	struct trial *t;
	json_t *reach;
};

static struct trial *next_once(void *arg)
{
	struct once *o = arg;
	struct trial *t = o->t;

	o->t = NULL;
	return t;
}

/* The console is read while it is there. */
static void once_seen(void *arg, struct trial *t)
{
	__auto_free char *console = NULL;
	struct once *o = arg;

	trial_must_say(t);
	if (!record_is_good(&t->record))
		return;
	console = record_console(&t->record);
	o->reach = read_reach(console);
}

/* What each operation reaches; NULL if the guest fails, which leaves its record */
static json_t *calibrate(struct trial *t)
{
	struct once o = { .t = t };

	ui_stage(t->req.arch->name, "calibrate");
	trials_snapshot(t, 1);
	trials_run(&(struct trial_source){
		.next = next_once, .seen = once_seen, .most = 1, .arg = &o,
	});
	ui_done("%s", o.reach ? "each operation alone" : "a guest fails already then");
	/* That is a finding as any other, and must not get lost. */
	if (!o.reach)
		ui_note("%s: %s\n  record: %s", record_text(&t->record, "verdict"),
			record_text(&t->record, "first_failure.what"), t->record.dir);
	trial_free(t);
	return o.reach;
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

/* The operations that get into @range well; none if nearly all of them do */
static void choose_by_hits(json_t *all, size_t range, struct strv *ops)
{
	__auto_strv struct strv good = { 0 };
	const char *name;
	json_int_t best = 0;
	json_t *reach;

	json_object_foreach(all, name, reach)
		if (hits_of(reach, range) > best)
			best = hits_of(reach, range);
	if (!best)
		return;
	json_object_foreach(all, name, reach)
		if (hits_of(reach, range) * AS_GOOD >= best)
			strv_add(&good, "%s", name);
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

/**
 * trial_aim - find the operations that get into the focus
 * @r: the request; gets them
 * @image: what is run, built
 * @out: O=
 *
 * Nothing is done where there is no focus, nothing that steers, or no stress, or where
 * the user has named operations.
 */
void trial_aim(struct request *r, const struct image *image, const char *out)
{
	__auto_free char *dir = fmt("%s/memo/aim", host_cache()), *key = NULL;
	const struct step *stress = plan_stress(&image->plan);
	__auto_strv struct strv ops = { 0 };
	struct trial t = { .image = image, .req = *r, .accel = "virtual", .out = out,
			   .keep = KEEP_FAILED };
	json_t *all;

	if (!image->focus.of.n || *r->aim || *r->ops || !strcmp(r->strategy, "none") ||
	    !request_is_virtual(r))
		return;
	if (!stress || (*r->plan && !has_word(r->plan, ", ", stress->name)))
		return;
	t.req.plan = stress->name;
	t.req.strategy = "random";
	t.req.seed = 1;
	t.req.kcmdline = CALIBRATES;
	t.req.actors = t.req.actors ?: 1;
	trial_choose(&t.req, image);
	key = trial_key(&t, "aim");
	all = memo_read(dir, key);
	if (!all) {
		all = calibrate(&t);
		/* A failure is seen again next time: a busy host may have made it. */
		if (all)
			memo_write(dir, key, json_incref(all));
	}
	if (!json_object_size(all)) {
		json_decref(all);
		return;
	}
	say_unreached(all, &image->focus);
	for (size_t i = 0; i < image->focus.of.n; i++) {
		choose_by_hits(all, i, &ops);
		choose_by_blocks(all, i, &ops);
	}
	r->aim = strv_join(&ops, ",");
	json_decref(all);
}
