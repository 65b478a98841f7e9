// SPDX-License-Identifier: GPL-2.0-only
/*
 * How little does it take to fail in the same way? The operations that the run was
 * made of are left out, many at once and then fewer, as long as one of a few walks
 * through the rest still fails so. Each operation is the same whatever is left out
 * before it. What is left then needs few CPUs, and few switches between them.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/picture.h"
#include "cmd/seeds.h"
#include "lib/ui.h"
#include "run/events_file.h"

/*
 * Walks that less is tried with: what is left out changes what comes after it. As long as
 * many operations are left out at once, there are other ways to leave them out.
 */
#define WALKS		8
#define FEW_WALKS	4

/* An operation is noted when it is over, so these may have been in the making. */
#define IN_THE_MAKING	24

/**
 * struct shrink - what is being made smaller
 * @past: the trial that failed
 * @signature: how
 * @out: O=
 * @best: what the smallest trial so far that did was asked
 * @record: its record
 * @tries: trials that were made
 * @seeds: those that are being made
 * @steer: where CPUs gave way in the one of them that failed likewise
 * @found: its record
 */
struct shrink {
	const struct trial *past;
	const char *signature;
	const char *out;
	struct request best;
	char *record;
	unsigned int tries;
	struct seeds *seeds;
	char *steer;
	char *found;
};

/* ---- does it still fail? ---------------------------------------------------------- */

static void look(void *arg, const struct trial *t, const struct finding *f)
{
	struct shrink *s = arg;

	if (!f->signature || strcmp(f->signature, s->signature) || s->found)
		return;
	s->steer = copy(t->req.steer);
	s->found = copy(f->record);
	seeds_stop(s->seeds);
}

/* What is not steered has one walk. */
static bool is_steered(const struct request *r)
{
	return strcmp(r->strategy, "none");
}

static uint64_t walk_of(const struct request *r)
{
	const char *walk = strstr(r->steer, "walk=");

	return walk ? strtoull(walk + strlen("walk="), NULL, 10) : 0;
}

/* Does @r fail in that way, on its own walk or on one of @more others? */
static bool fails(struct shrink *s, const struct request *r, unsigned int more)
{
	uint64_t walk = walk_of(r);
	struct seeds seeds = {
		.image = s->past->image, .req = *r, .accel = "virtual", .out = s->out,
		.first = walk, .last = walk + (is_steered(r) ? more : 0), .keep_going = true,
		.walks = true, .found = look, .arg = s,
	};

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

/* ---- which operations -------------------------------------------------------------- */

/**
 * struct script - operations that are done
 * @d: them, in the order in which they were over
 * @n: how many
 */
struct script {
	struct draw *d;
	size_t n;
};

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
static char *script_text(const struct script *s)
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

/* What the run did, and what each actor may have been about to do */
static void script_read(struct script *s, const char *dir, const struct request *r)
{
	s->n = events_draws_of(dir, &s->d);
	s->d = reallocarray(s->d, s->n + (r->actors + 1) * IN_THE_MAKING, sizeof(*s->d));
	if (!s->d)
		die("out of memory");
	for (unsigned int actor = 1; actor <= r->actors + 1; actor++) {
		unsigned int next = 0;

		for (size_t i = 0; i < s->n; i++)
			if (s->d[i].actor == actor && s->d[i].number >= next)
				next = s->d[i].number + 1;
		for (unsigned int i = 0; i < IN_THE_MAKING; i++)
			s->d[s->n++] = (struct draw){ actor, next + i };
	}
}

/* Does it still fail without @n operations from the @from-th on? */
static bool script_cut(struct script *script, struct shrink *s, size_t from, size_t n)
{
	struct script less = { .d = draws_copy(script->d, script->n) };
	struct request w = s->best;
	bool good;

	less.n = script->n - n;
	memmove(&less.d[from], &less.d[from + n], (less.n - from) * sizeof(*less.d));
	w.keep = script_text(&less);
	good = *w.keep && fails(s, &w, n > 1 ? FEW_WALKS - 1 : WALKS - 1);
	if (!good) {
		free(less.d);
		return false;
	}
	free(script->d);
	*script = less;
	return true;
}

/* Leave out as many as can be, from the last ones on, and more than one at once first. */
static void shrink_script(struct shrink *s, const char *dir)
{
	struct script script;
	struct request w = s->best;
	size_t all;

	script_read(&script, dir, &w);
	all = script.n;
	w.keep = script_text(&script);
	if (!fails(s, &w, 4 * WALKS)) {
		ui_note("%-10s it takes more than those that were over", "operations");
		return;
	}
	for (size_t size = script.n / 2; size; size /= 2) {
		for (size_t at = script.n; at;) {
			size_t from = at > size ? at - size : 0;

			script_cut(&script, s, from, at - from);
			at = from;
			ui_progress(all - script.n, all, s->best.keep);
		}
	}
	ui_note("%-10s %zu of %zu: %s", "operations", script.n, all, s->best.keep);
	free(script.d);
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

/* As few changes of who goes first as will do, at most in so many basic blocks */
static bool shrink_changes(struct shrink *s)
{
	static const unsigned int spans[] = { 1000, 8000 };

	for (unsigned int changes = 1; changes <= 8; changes *= 2) {
		for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
			struct request w = s->best;

			w.strategy = "pct";
			w.steer = fmt("changes=%u,span=%u,every=1000000", changes, spans[i]);
			if (fails(s, &w, 2 * WALKS))
				return true;
		}
	}
	return false;
}

/* Rarer and rarer, as long as it is steered at all */
static void shrink_steering(struct shrink *s)
{
	struct request none = s->best;

	none.strategy = "none";
	none.steer = "";
	if (!is_steered(&s->best) || fails(s, &none, 0) || shrink_changes(s))
		goto out;
	for (unsigned int one_in = 64; one_in <= 1 << 16; one_in *= 4) {
		struct request w = s->best;

		w.steer = fmt("one_in=%u", one_in);
		if (!fails(s, &w, WALKS - 1))
			break;
	}
out:
	ui_note("%-10s %s %s", "steering", s->best.strategy, s->best.steer);
}

/* How a trial failed; dies if it did not, or another judge says so. */
static const char *failure_of(const struct record *rec)
{
	if (record_is_good(rec))
		die("%s: the run passes, there is nothing to make smaller", rec->dir);
	if (strcmp(record_text(rec, "respawn.judge"), judge_version()))
		die("%s was judged by another respawn; 'make replay' makes a record of this one's",
		    rec->dir);
	return record_text(rec, "signature");
}

/**
 * cmd_minimise - find the least that fails as RUN= did
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if there is such a run, EXIT_BAD if not even RUN= fails again
 */
int cmd_minimise(const struct options *o)
{
	__auto_free char *words = NULL;
	struct record rec;
	struct image image;
	struct trial past;
	struct shrink s = { .past = &past, .out = o->out };

	record_read(&rec, o->run);
	s.signature = failure_of(&rec);
	trial_again(&past, &rec, &image, o->request.suites, o->out);
	s.best = past.req;
	ui_stage(past.req.arch->name, "minimise");
	if (!fails(&s, &past.req, 0)) {
		printf("%s does not fail again; 'make replay' says where it diverges\n", rec.dir);
		return EXIT_BAD;
	}
	shrink_script(&s, rec.dir);
	shrink_number(&s, "CPUs", offsetof(struct request, smp), 2);
	shrink_steering(&s);
	ui_done("%u runs", s.tries);
	picture_of(s.record, &image, s.best.smp);
	words = request_words(&s.best);
	printf("%s\n%s\nmake replay RUN=%s\n", s.signature, words, s.record);
	return EXIT_PASS;
}
