// SPDX-License-Identifier: GPL-2.0-only
/*
 * How little does it take to fail in the same way? The operations that the run was
 * made of are left out, many at once and then fewer, as long as one of a few walks
 * through the rest still fails so. Each operation is the same whatever is left out
 * before it. What is left then needs few CPUs, and few switches between them. These get
 * names that hold on other kernels as well: a script.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/script.h"
#include "cmd/seeds.h"
#include "cmd/shrink.h"
#include "lib/ui.h"
#include "run/events_file.h"

/*
 * Walks that less is tried with: what is left out changes what comes after it. As long as
 * many operations are left out at once, there are other ways to leave them out.
 */
#define WALKS		8
#define FEW_WALKS	4

/* So few switches get names. */
#define SWITCHES_MAX	16

/* Walks that the last operations are tried with */
#define END_WALKS	8

/* In how many windows it is looked for, how often, and how many operations are few */
#define WINDOWS		32
#define WINDOW_WALKS	2
#define WINDOW_LEAST	16

/* Of all operations, so many parts are left out at once before there is a script. */
#define COARSE		16

/* An operation is noted when it is over, so these may have been in the making. */
#define IN_THE_MAKING	24

/**
 * struct choice - operations that are done
 * @d: them, in the order in which they were over
 * @n: how many
 * @over: of the whole run: as many were over, and those after them may have been begun
 */
struct choice {
	struct draw *d;
	size_t n;
	size_t over;
};

/**
 * struct shrink - what is being made smaller
 * @past: the trial that failed
 * @signature: how
 * @dir: what the trials have for O=: a folder that is removed in the end
 * @best: what the smallest trial so far that did was asked
 * @record: its record
 * @choice: the operations that it does
 * @all: how many there were
 * @ends: when no more are tried
 * @tries: trials that were made
 * @seeds: those that are being made
 * @steer: where CPUs gave way in the one of them that failed likewise
 * @found: its record
 */
struct shrink {
	const struct trial *past;
	const char *signature;
	char *dir;
	struct request best;
	char *record;
	struct choice choice;
	size_t all;
	double ends;
	unsigned int tries;
	struct seeds *seeds;
	char *steer;
	char *found;
};

/* ---- does it still fail? ---------------------------------------------------------- */

static void look(void *arg, const struct trial *t, const struct finding *f)
{
	struct shrink *s = arg;

	if (!f->signature)
		return;
	if (strcmp(f->signature, s->signature) || s->found) {
		remove_tree(f->record);
		return;
	}
	s->steer = copy(t->req.steer);
	s->found = copy(f->record);
	seeds_stop(s->seeds);
}

/* Does @r fail in that way, on its own walk or on one of @more others? */
static bool fails(struct shrink *s, const struct request *r, unsigned int more)
{
	uint64_t walk = seeds_walk(r->steer);
	struct seeds seeds = {
		.image = s->past->image, .req = *r, .accel = "virtual", .out = s->dir,
		.first = walk, .last = walk + (seeds_has_walks(r) ? more : 0), .keep_going = true,
		.walks = true, .found = look, .arg = s,
	};

	/* When there is no more time, what there is by then is the least. */
	if (now() > s->ends)
		return false;
	seeds.seconds = s->ends - now();
	s->seeds = &seeds;
	s->found = NULL;
	seeds_run(&seeds);
	s->tries += seeds.tried;
	if (seeds.error)
		die("%s", seeds.error);
	if (!s->found)
		return false;
	s->best = *r;
	s->best.steer = s->steer;
	free(s->record);
	s->record = s->found;
	return true;
}

/* As nothing goes back to what had more operations, its records are of no use. */
static void forget_larger(const struct shrink *s)
{
	__auto_free char *pattern = fmt("%s/runs/*", s->dir);
	glob_t g = { 0 };

	glob(pattern, GLOB_NOSORT, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (strcmp(g.gl_pathv[i], s->record))
			remove_tree(g.gl_pathv[i]);
	globfree(&g);
}

/* ---- which operations -------------------------------------------------------------- */

static struct draw *draws_copy(const struct draw *d, size_t n)
{
	struct draw *all = calloc(n + 1, sizeof(*all));

	if (!all)
		die("out of memory");
	return memcpy(all, d, n * sizeof(*all));
}

static int by_actor(const void *a, const void *b)
{
	const struct draw *one = a, *two = b;

	if (one->actor != two->actor)
		return one->actor < two->actor ? -1 : 1;
	return one->number < two->number ? -1 : one->number > two->number;
}

/* As KEEP= takes it: "1:0-7,9/2:3" */
static char *keep_of(const struct choice *s)
{
	struct draw *d = draws_copy(s->d, s->n);
	__auto_strv struct strv actors = { 0 };

	qsort(d, s->n, sizeof(*d), by_actor);
	for (size_t i = 0; i < s->n;) {
		__auto_strv struct strv ranges = { 0 };
		__auto_free char *text = NULL;
		unsigned int actor = d[i].actor;

		while (i < s->n && d[i].actor == actor) {
			unsigned int first = d[i].number, last = first;

			while (++i < s->n && d[i].actor == actor && d[i].number <= last + 1)
				last = d[i].number;
			if (last > first)
				strv_add(&ranges, "%u-%u", first, last);
			else
				strv_add(&ranges, "%u", first);
		}
		text = strv_join(&ranges, ",");
		strv_add(&actors, "%u:%s", actor, text);
	}
	free(d);
	return strv_join(&actors, "/");
}

static void choice_add(struct choice *s, unsigned int actor, unsigned int number)
{
	/* By powers of two, from 16 on */
	if (!s->n || (s->n >= 16 && !(s->n & (s->n - 1)))) {
		s->d = reallocarray(s->d, s->n ? 2 * s->n : 16, sizeof(*s->d));
		if (!s->d)
			die("out of memory");
	}
	s->d[s->n++] = (struct draw){ actor, number };
}

/*
 * What the run did, and what each actor may have been about to do. What was killed in the
 * middle was never over, and comes before what its actor did next.
 */
static void choice_read(struct choice *s, const char *dir, const struct request *r)
{
	unsigned int *next = calloc(r->actors + 2, sizeof(*next));
	struct draw *over;
	size_t n = events_draws_of(dir, &over);

	if (!next)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		unsigned int actor = over[i].actor;

		if (actor > r->actors + 1)
			continue;
		while (next[actor] <= over[i].number)
			choice_add(s, actor, next[actor]++);
	}
	s->over = s->n;
	for (unsigned int actor = 1; actor <= r->actors + 1; actor++)
		for (unsigned int i = 0; i < IN_THE_MAKING; i++)
			choice_add(s, actor, next[actor] + i);
	free(over);
	free(next);
}

/* Does it still fail with no other operations than @less, on one of so many walks? */
static bool choice_is(struct shrink *s, struct choice *less, uint64_t walk, unsigned int walks)
{
	struct request w = s->best;

	if (walk && seeds_has_walks(&w))
		w.steer = seeds_with_walk(w.steer, walk);
	w.keep = keep_of(less);
	if (!*w.keep || !fails(s, &w, walks - 1)) {
		free(less->d);
		return false;
	}
	free(s->choice.d);
	s->choice = *less;
	forget_larger(s);
	return true;
}

/* Does it still fail without @n operations from the @from-th on? */
static bool choice_cut(struct shrink *s, size_t from, size_t n)
{
	struct choice less = { .d = draws_copy(s->choice.d, s->choice.n), .n = s->choice.n - n };

	memmove(&less.d[from], &less.d[from + n], (less.n - from) * sizeof(*less.d));
	return choice_is(s, &less, 0, n > 1 ? FEW_WALKS : WALKS);
}

/* Does it fail with nothing else than @n operations from the @from-th on? */
static bool choice_take(struct shrink *s, size_t from, size_t n, uint64_t walk)
{
	struct choice less = { .d = draws_copy(s->choice.d + from, n), .n = n };

	return choice_is(s, &less, walk, WINDOW_WALKS);
}

/*
 * Up to @end, the last @per operations of each actor; after it, the next ones, and what
 * it was about to do
 */
static struct choice part_of(const struct choice *all, size_t end, size_t per)
{
	struct choice part = { .d = draws_copy(all->d, all->n) };

	for (size_t i = 0; i < all->n; i++) {
		size_t from = i < end ? i + 1 : end, to = i < end ? end : i, between = 0;

		for (size_t j = from; j < to; j++)
			between += all->d[j].actor == all->d[i].actor;
		if (between >= (i < end ? per : IN_THE_MAKING))
			continue;
		part.d[part.n++] = all->d[i];
		part.over += i < all->over;
	}
	return part;
}

/* When the actor that did least of all at the end had done its last operation */
static size_t when_one_stops(const struct choice *all)
{
	size_t first = all->over;

	for (size_t i = 0; i < all->over; i++) {
		size_t j = i + 1;

		while (j < all->over && all->d[j].actor != all->d[i].actor)
			j++;
		if (j == all->over && i + 1 < first)
			first = i + 1;
	}
	return first;
}

/*
 * Mostly a run ends soon after what made it fail, or one actor gets stuck by that, while
 * the others go on.
 */
static void shrink_to_end(struct shrink *s)
{
	static const size_t pers[] = { 2, 6, 16, 48, 144 };
	struct choice less = part_of(&s->choice, when_one_stops(&s->choice), SIZE_MAX);
	size_t ends[2], n_ends;

	/* What the others did after that changes nothing before it. */
	choice_is(s, &less, 0, 1);
	ends[0] = when_one_stops(&s->choice);
	ends[1] = s->choice.over;
	n_ends = ends[0] == ends[1] ? 1 : 2;
	for (size_t i = 0; i < ARRAY_SIZE(pers); i++) {
		for (size_t e = 0; e < n_ends; e++) {
			less = part_of(&s->choice, ends[e], pers[i]);
			ui_progress(i, ARRAY_SIZE(pers), "the end");
			if (less.n == s->choice.n)
				free(less.d);
			else if (choice_is(s, &less, 0, END_WALKS))
				return;
		}
	}
}

/*
 * A race takes few operations, close to each other, and one that is shown often enough to
 * be found here is shown again by another walk through one of a few windows.
 */
static bool shrink_to_window(struct shrink *s)
{
	size_t n = s->choice.n, size = n / WINDOWS;

	if (size < WINDOW_LEAST)
		size = WINDOW_LEAST;
	if (n < 2 * size)
		return false;
	for (size_t at = n; at >= size; at -= size) {
		if (choice_take(s, at - size, size, seeds_walk(s->best.steer) + 1))
			return true;
		ui_progress(n - at, n, "windows");
	}
	return false;
}

/*
 * Only what was over before the failure, or nearly so. That the guest is told which these
 * are takes some of its time, so this is another run; false if it does not fail likewise.
 */
static bool read_operations(struct shrink *s, const char *dir)
{
	struct request w = s->best;

	choice_read(&s->choice, dir, &w);
	s->all = s->choice.n;
	w.keep = keep_of(&s->choice);
	return fails(s, &w, 4 * WALKS);
}

/*
 * Leave out as many as can be, from the last ones on, and more than one at once first, but
 * no fewer than @least at once.
 */
static void shrink_operations(struct shrink *s, size_t least)
{
	size_t size = s->choice.n / 2;

	for (size = size > least ? size : least; size >= least; size /= 2) {
		for (size_t at = s->choice.n; at;) {
			size_t from = at > size ? at - size : 0;

			choice_cut(s, from, at - from);
			at = from;
			ui_progress(s->all - s->choice.n, s->all, s->best.keep);
		}
	}
}

/* As long as that leaves out a good part of them: fewer fail more often, or not at all. */
static void shrink_coarsely(struct shrink *s)
{
	size_t was;

	do {
		was = s->choice.n;
		shrink_operations(s, 1 + was / COARSE);
	} while (s->choice.n < was - was / 4);
}

/* ---- where -------------------------------------------------------------------------- */

/* The least number from @least on that still fails, if a smaller one is no worse */
static void shrink_number(struct shrink *s, const char *name, size_t offset, uint64_t least)
{
	uint64_t good = *(uint64_t *)((char *)&s->best + offset);

	while (least < good) {
		uint64_t middle = least + (good - least) / 2;
		struct request w = s->best;

		*(uint64_t *)((char *)&w + offset) = middle;
		if (fails(s, &w, WALKS - 1))
			good = middle;
		else
			least = middle + 1;
	}
	ui_note("%-10s %llu", name, (unsigned long long)good);
}

/* ---- which switches ----------------------------------------------------------------- */

/* Where CPUs gave way in the smallest trial so far */
static size_t switches_of(const struct shrink *s, struct gave_way **all)
{
	__auto_free char *path = fmt("%s/events.bin", s->record);
	struct events e;
	size_t n;

	if (!events_read(&e, path))
		die("%s is missing or damaged: where CPUs gave way is not known", path);
	n = events_switches(&e, all);
	events_free(&e);
	return n;
}

static size_t switches(const struct shrink *s)
{
	struct gave_way *all;
	size_t n = switches_of(s, &all);

	free(all);
	return n;
}

/**
 * struct part - a part of all that is drawn, see kunit/steer/script.c
 * @first: the first of its numbers
 * @last: the last one
 */
struct part {
	unsigned int first;
	unsigned int last;
};

static bool fails_with_parts(struct shrink *s, const char *steer, const struct part *p, size_t n,
			     unsigned int more)
{
	__auto_strv struct strv words = { 0 };
	__auto_free char *only = NULL;
	struct request w = s->best;

	for (size_t i = 0; i < n; i++)
		strv_add(&words, "%x-%x", p[i].first, p[i].last);
	only = strv_join(&words, ":");
	w.steer = fmt("%s%sonly=%s", steer, *steer ? "," : "", only);
	return n && fails(s, &w, more);
}

/*
 * Follow fewer of the switches that were drawn: what is left out does not change what is
 * drawn elsewhere. The parts are halved until there are few switches in them.
 */
static bool shrink_parts(struct shrink *s)
{
	__auto_free char *steer = copy(s->best.steer), *walk = NULL;
	struct part p[ONLY_PARTS] = { { 0, 0xffff } };
	unsigned int width = 0x10000;
	size_t n = 1;

	/* That switches are counted takes time, which may do for another schedule. */
	if (!fails_with_parts(s, steer, p, n, 2 * WALKS - 1))
		return false;
	walk = seeds_with_walk(steer, seeds_walk(s->best.steer));
	for (; width && n && switches(s) > SWITCHES_MAX; width /= 2) {
		for (size_t i = n; width < 0x10000 && i--;) {
			struct part was = p[i];

			memmove(&p[i], &p[i + 1], (n - i - 1) * sizeof(*p));
			if (fails_with_parts(s, walk, p, n - 1, 0)) {
				n--;
				continue;
			}
			memmove(&p[i + 1], &p[i], (n - i - 1) * sizeof(*p));
			p[i] = was;
		}
		if (2 * n > ARRAY_SIZE(p))
			return false;
		for (size_t i = n; width > 1 && i--;) {
			p[2 * i + 1] = (struct part){ p[i].first + width / 2, p[i].last };
			p[2 * i] = (struct part){ p[i].first, p[i].first + width / 2 - 1 };
		}
		n *= 2;
		ui_progress(0x10000 / width, 0x10000, s->best.steer);
	}
	return true;
}

static bool fails_by_script(struct shrink *s, const struct strv *places)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", s->past->image->kernel.dir);
	__auto_strv struct strv lacks = { 0 };
	struct request w = s->best;

	w.strategy = "script";
	w.steer = "";
	w.script = strv_join(places, "+");
	w.places = script_places(w.script, vmlinux, w.arch, &lacks);
	return places->n && fails(s, &w, 0);
}

/* The switches that are left get names, and of these as many as can be are left out. */
static bool shrink_places(struct shrink *s)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", s->past->image->kernel.dir), *text = NULL;
	__auto_strv struct strv places = { 0 };
	struct gave_way *all;
	size_t n = switches_of(s, &all);

	text = script_of(all, n, vmlinux, s->best.arch);
	free(all);
	if (!text)
		return false;
	strv_split(&places, text, "+");
	if (!fails_by_script(s, &places))
		return false;
	for (size_t i = places.n; i--;) {
		struct strv less = { 0 };

		for (size_t j = 0; j < places.n; j++)
			if (j != i)
				strv_add(&less, "%s", places.v[j]);
		if (fails_by_script(s, &less)) {
			strv_free(&places);
			places = less;
		} else {
			strv_free(&less);
		}
	}
	return true;
}

/* Go back to a trial that was smaller. */
static void go_back(struct shrink *s, const struct request *r, const char *record)
{
	s->best = *r;
	free(s->record);
	s->record = copy(record);
}

/* Can part of what it draws be left out? */
static bool has_parts(const struct request *r)
{
	static const char *const drawing[] = { "random", "hold", "burst" };

	for (size_t i = 0; i < ARRAY_SIZE(drawing); i++)
		if (!strcmp(r->strategy, drawing[i]))
			return true;
	return false;
}

/* The switches that the run has are drawn; leave out as many of them as can be. */
static bool script_of_drawn(struct shrink *s)
{
	const struct request was = s->best;
	__auto_free char *record = copy(s->record);

	if (has_parts(&was) && shrink_parts(s) && shrink_places(s))
		return true;
	go_back(s, &was, record);
	return false;
}

/*
 * Draw others, rarely and for long to begin with. There are few places in a short run,
 * and so many walks come by the right ones.
 */
static bool script_of_others(struct shrink *s)
{
	static const struct {
		const char *strategy;
		const char *steer;
	} ways[] = {
		{ "random", "one_in=512,most=64" }, { "random", "one_in=512" },
		{ "random", "one_in=128,most=16" }, { "random", "one_in=128" },
		{ "hold", "one_in=4" }, { "random", "one_in=32" }, { "random", "one_in=8" },
	};
	const struct request was = s->best;
	__auto_free char *record = copy(s->record);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct request w = was;

		ui_progress(i, ARRAY_SIZE(ways), "a script");
		w.strategy = ways[i].strategy;
		w.steer = ways[i].steer;
		if (fails(s, &w, 4 * WALKS - 1) && script_of_drawn(s))
			return true;
		go_back(s, &was, record);
	}
	return false;
}

/* Is it as good without any steering? */
static bool needs_none(struct shrink *s)
{
	struct request none = s->best;

	none.strategy = "none";
	none.steer = "";
	none.script = "";
	none.places = "";
	return !strcmp(s->best.strategy, "none") || fails(s, &none, 0);
}

static bool has_script(const struct shrink *s)
{
	return !strcmp(s->best.strategy, "script");
}

static void say(const struct shrink *s, const char *what)
{
	ui_note("%-10s %zu of %zu operations, strategy %s, after %u runs", what, s->choice.n,
		s->all, s->best.strategy, s->tries);
}

static size_t size_of(const struct shrink *s)
{
	return s->choice.n + strlen(s->best.script);
}

/*
 * What is steered everywhere goes another way when an operation is left out. So most of
 * them go first, many at once, then most switches, and the rest of both after that: fewer
 * switches may do with fewer operations, and these with fewer switches.
 */
static void shrink(struct shrink *s)
{
	size_t was = 0, is = 1;

	shrink_to_end(s);
	/* What takes no steering takes one run to try, and not several walks. */
	needs_none(s);
	say(s, "the end");
	shrink_coarsely(s);
	say(s, "many");
	if (shrink_to_window(s))
		shrink_coarsely(s);
	say(s, "a window");
	if (!has_script(s) && !needs_none(s) && !script_of_drawn(s)) {
		shrink_operations(s, 1);
		say(s, "one by one");
		if (!needs_none(s))
			script_of_others(s);
	}
	say(s, "switches");
	while (is != was) {
		was = size_of(s);
		if (has_script(s))
			shrink_places(s);
		shrink_operations(s, 1);
		is = has_script(s) ? size_of(s) : was;
	}
}

/* Where CPUs give way in the smallest run, if that is known by name */
static size_t places_left(const struct shrink *s)
{
	__auto_strv struct strv places = { 0 };

	if (has_script(s))
		strv_split(&places, s->best.script, "+");
	return places.n;
}

/* Where the trials are, also if the program ends early */
static char *trials;

static void remove_trials(void)
{
	if (trials)
		remove_tree(trials);
	trials = NULL;
}

/* Among the records, where what a killed process has left is swept away */
static char *make_dir(const char *out)
{
	__auto_free char *path = fmt("%s/runs/minimise", out);
	static bool begun;

	if (!begun)
		atexit(remove_trials);
	begun = true;
	trials = publish_name(path);
	return trials;
}

/**
 * shrink_trial - find the least that fails as a trial did
 * @small: gets it
 * @past: the trial, from trial_again()
 * @dir: its record
 * @signature: how it failed
 * @out: O=
 * @seconds: host time after which no less is tried
 *
 * Called by minimise and by bugs. Of all that it tries the smallest one alone leaves a
 * record.
 *
 * Return: false if the trial does not fail again
 */
bool shrink_trial(struct shrunk *small, const struct trial *past, const char *dir,
		  const char *signature, const char *out, double seconds)
{
	const double begun = now();
	struct shrink s = {
		.past = past, .signature = signature, .dir = make_dir(out),
		.ends = begun + seconds, .best = past->req,
	};

	if (!fails(&s, &past->req, 0)) {
		remove_trials();
		return false;
	}
	if (!read_operations(&s, dir))
		ui_note("%-10s those that were over do not do; fewer may", "operations");
	shrink(&s);
	/* Half of a core is none. */
	if (s.best.threads == 1)
		shrink_number(&s, "CPUs", offsetof(struct request, smp), 2);
	*small = (struct shrunk){
		.req = s.best, .record = record_move(s.record, out), .operations = s.choice.n,
		.of = s.all, .places = places_left(&s), .tries = s.tries,
		.wall = now() - begun, .out_of_time = now() > s.ends,
	};
	remove_trials();
	free(s.record);
	free(s.choice.d);
	return true;
}
