// SPDX-License-Identifier: GPL-2.0-only
/*
 * How little does it take to fail in the same way? One thing after the other is
 * made less, as long as one of a few seeds still shows the same failure.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/events.h"
#include "cmd/seeds.h"
#include "cmd/minimise.h"
#include "options.h"
#include "cmd/replay.h"
#include "lib/ui.h"

/* Seeds that a smaller run is tried with: another length is another schedule. */
#define SEEDS	8

/**
 * struct shrink - what is being made smaller
 * @past: the run that failed
 * @signature: how
 * @best: the smallest run so far that did
 * @record: its record
 * @tries: runs that were tried
 */
struct shrink {
	struct past *past;
	char *signature;
	struct workload best;
	char *record;
	unsigned int tries;
	struct hunt *hunt;
	struct finding found;
};

static void look(void *arg, const struct finding *f)
{
	struct shrink *s = arg;

	if (!f->signature || strcmp(f->signature, s->signature) || s->found.record)
		return;
	s->found = *f;
	s->found.record = copy(f->record);
	s->hunt->over = true;
}

/* Does @w fail in that way, with the seed that the run had or with one near it? */
static bool fails(struct shrink *s, const struct workload *w)
{
	const struct past *p = s->past;
	struct hunt h = {
		.kernel = &p->kernel, .initramfs = p->guest.initramfs, .tree = &p->tree,
		.plan = &p->plan, .steps = &p->steps, .accel = "virtual", .first = w->seed,
		.last = w->seed + SEEDS - 1, .keep_going = true, .found = look, .arg = s,
	};

	opt.smp = w->cpus;
	opt.cycles = w->cycles;
	opt.actors = w->actors;
	opt.ops = w->ops;
	opt.strategy = w->strategy;
	opt.steer = w->steer;
	opt.smpboot = p->guest.smpboot->name;
	s->hunt = &h;
	s->found = (struct finding){ 0 };
	hunt_run(&h);
	s->tries += h.tried;
	if (h.error)
		die("%s", h.error);
	if (!s->found.record)
		return false;
	s->best = *w;
	s->best.seed = s->found.seed;
	free(s->record);
	s->record = s->found.record;
	return true;
}

/* The least number from @least on that still fails, if a smaller one is no worse */
static void shrink_number(struct shrink *s, const char *name, size_t offset, unsigned int least)
{
	unsigned int good = *(unsigned int *)((char *)&s->best + offset);

	while (least < good) {
		unsigned int middle = least + (good - least) / 2;
		struct workload w = s->best;

		*(unsigned int *)((char *)&w + offset) = middle;
		if (fails(s, &w))
			good = middle;
		else
			least = middle + 1;
	}
	ui_note("%-10s %u", name, good);
}

static char *joined_but(const struct strv *ops, size_t but)
{
	char *all = copy("");

	for (size_t i = 0; i < ops->n; i++) {
		char *more;

		if (i == but)
			continue;
		more = fmt("%s%s%s", all, *all ? "," : "", ops->v[i]);
		free(all);
		all = more;
	}
	return all;
}

/* Leave out one operation after the other that it takes no part of. */
static void shrink_ops(struct shrink *s)
{
	__auto_strv struct strv ops = { 0 };

	if (*s->best.ops)
		strv_split(&ops, s->best.ops, ",");
	else
		events_ops(s->past->dir, &ops);
	for (size_t i = 0; ops.n > 1 && i < ops.n;) {
		struct workload w = s->best;

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
		struct workload w = s->best;

		w.steer = fmt("one_in=%u", one_in);
		if (!fails(s, &w))
			break;
	}
	ui_note("%-10s %s %s", "steering", s->best.strategy, s->best.steer);
}

/**
 * minimise - find the least that fails as RUN= did
 *
 * Return: EXIT_PASS if there is such a run, EXIT_BAD if not even RUN= fails again
 */
int minimise(void)
{
	__auto_free char *words = NULL;
	struct past p;
	struct shrink s = { .past = &p };

	past_open(&p, opt.run);
	s.signature = past_signature(&p);
	s.best = p.guest.work;
	ui_stage(p.kernel.arch->name, "minimise");
	if (!fails(&s, &p.guest.work)) {
		printf("%s does not fail again; 'make replay' says where it diverges\n", p.dir);
		return EXIT_BAD;
	}
	shrink_number(&s, "cycles", offsetof(struct workload, cycles), 1);
	shrink_ops(&s);
	shrink_number(&s, "actors", offsetof(struct workload, actors), 0);
	shrink_number(&s, "CPUs", offsetof(struct workload, cpus), 2);
	shrink_steering(&s);
	shrink_number(&s, "cycles", offsetof(struct workload, cycles), 1);
	ui_done("%u runs", s.tries);
	words = workload_words(&s.best);
	printf("%s\n%s\nmake replay RUN=%s\n", s.signature, words, s.record);
	return EXIT_PASS;
}
