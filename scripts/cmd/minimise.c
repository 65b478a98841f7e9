// SPDX-License-Identifier: GPL-2.0-only
/*
 * How little does it take to fail in the same way? One thing after the other is
 * made less, as long as one of a few seeds still shows the same failure.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/seeds.h"
#include "lib/ui.h"
#include "run/events_file.h"

/* Seeds that a smaller run is tried with: another length is another schedule. */
#define SEEDS	8

/**
 * struct shrink - what is being made smaller
 * @past: the trial that failed
 * @signature: how
 * @out: O=
 * @best: what the smallest trial so far that did was asked
 * @record: its record
 * @tries: trials that were made
 * @seeds: those that are being made
 * @seed: of the one that failed likewise
 */
struct shrink {
	const struct trial *past;
	const char *signature;
	const char *out;
	struct request best;
	char *record;
	unsigned int tries;
	struct seeds *seeds;
	uint64_t seed;
	char *found;
};

static void look(void *arg, const struct trial *t, const struct finding *f)
{
	struct shrink *s = arg;

	(void)t;
	if (!f->signature || strcmp(f->signature, s->signature) || s->found)
		return;
	s->seed = f->seed;
	s->found = copy(f->record);
	seeds_stop(s->seeds);
}

/* Does @r fail in that way, with the seed that the run had or with one near it? */
static bool fails(struct shrink *s, const struct request *r)
{
	struct seeds seeds = {
		.image = s->past->image, .req = *r, .accel = "virtual", .out = s->out,
		.first = r->seed, .last = r->seed + SEEDS - 1, .keep_going = true,
		.found = look, .arg = s,
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
	s->best.seed = s->seed;
	free(s->record);
	s->record = s->found;
	return true;
}

/* The least number from @least on that still fails, if a smaller one is no worse */
static void shrink_number(struct shrink *s, const char *name, size_t offset, uint64_t least)
{
	uint64_t good = *(uint64_t *)((char *)&s->best + offset);

	while (least < good) {
		uint64_t middle = least + (good - least) / 2;
		struct request w = s->best;

		*(uint64_t *)((char *)&w + offset) = middle;
		if (fails(s, &w))
			good = middle;
		else
			least = middle + 1;
	}
	ui_note("%-10s %llu", name, (unsigned long long)good);
}

static char *joined_but(const struct strv *ops, size_t but)
{
	__auto_strv struct strv left = { 0 };

	for (size_t i = 0; i < ops->n; i++)
		if (i != but)
			strv_add(&left, "%s", ops->v[i]);
	return strv_join(&left, ",");
}

/* Leave out one operation after the other that it takes no part of. */
static void shrink_ops(struct shrink *s, const char *dir)
{
	__auto_strv struct strv ops = { 0 };

	if (*s->best.ops)
		strv_split(&ops, s->best.ops, ",");
	else
		events_ops(dir, &ops);
	for (size_t i = 0; ops.n > 1 && i < ops.n;) {
		struct request w = s->best;

		w.ops = joined_but(&ops, i);
		if (!fails(s, &w)) {
			i++;
			continue;
		}
		free(ops.v[i]);
		ops.n--;
		memmove(&ops.v[i], &ops.v[i + 1], (ops.n - i) * sizeof(*ops.v));
	}
	ui_note("%-10s %s", "operations", s->best.ops);
}

/* Rarer and rarer, as long as it is steered at all */
static void shrink_steering(struct shrink *s)
{
	for (unsigned int one_in = 64; one_in <= 1 << 16; one_in *= 4) {
		struct request w = s->best;

		w.steer = fmt("one_in=%u", one_in);
		if (!fails(s, &w))
			break;
	}
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
	if (!fails(&s, &past.req)) {
		printf("%s does not fail again; 'make replay' says where it diverges\n", rec.dir);
		return EXIT_BAD;
	}
	shrink_number(&s, "cycles", offsetof(struct request, cycles), 1);
	shrink_ops(&s, rec.dir);
	shrink_number(&s, "actors", offsetof(struct request, actors), 0);
	shrink_number(&s, "CPUs", offsetof(struct request, smp), 2);
	shrink_steering(&s);
	shrink_number(&s, "cycles", offsetof(struct request, cycles), 1);
	ui_done("%u runs", s.tries);
	words = request_words(&s.best);
	printf("%s\n%s\nmake replay RUN=%s\n", s.signature, words, s.record);
	return EXIT_PASS;
}
