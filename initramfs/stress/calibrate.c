// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each operation reaches of the code in the module steer's focus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

#define STEER		"/sys/module/steer/parameters/"

/* As many ranges as the module steer takes */
#define RANGES_MAX	64
/* What a line of the console's takes of them */
#define LINE_RANGES	16

/* How often each operation is tried alone, and one that works on what another one makes */
#define TRIALS		8
#define TRIALS_MADE	32
/* What is set off has happened by then, as a rule. */
#define AFTERMATH_US	2000

/**
 * struct reach - what an operation reaches
 * @hits: how often each range of the focus
 * @blocks: which blocks of it, as bits
 */
struct reach {
	unsigned long hits[RANGES_MAX];
	u64 blocks[RANGES_MAX];
};

/* Numbers of a parameter of the module's; returns how many there are */
static size_t read_numbers(const char *path, int base, u64 numbers[RANGES_MAX])
{
	char text[RANGES_MAX * 21], *at = text, *end;
	int n = read_text(path, text, sizeof(text));
	size_t i;

	if (n < 0)
		fail_file(path, -n);
	for (i = 0; n > 0 && i < RANGES_MAX; i++, at = end) {
		numbers[i] = strtoull(at, &end, base);
		if (end == at)
			break;
	}
	return n < 0 ? 0 : i;
}

/* Add what is reached by an operation, or by none if it is NULL. */
static void reach(const struct op *op, struct reach *sum)
{
	u64 before[RANGES_MAX], after[RANGES_MAX], blocks[RANGES_MAX];
	size_t i, nr;

	/* Whoever reads the blocks begins anew. */
	read_numbers(STEER "blocks", 16, blocks);
	nr = read_numbers(STEER "hits", 10, before);
	if (op)
		operate(op);
	usleep(AFTERMATH_US);
	if (read_numbers(STEER "hits", 10, after) != nr ||
	    read_numbers(STEER "blocks", 16, blocks) != nr)
		fail(STEER ": as many as before expected");
	for (i = 0; i < nr; i++) {
		sum->hits[i] += after[i] - before[i];
		sum->blocks[i] |= blocks[i];
	}
}

/*
 * A maker may undo what it has made, so that nothing may be there once it was tried alone:
 * it goes on making and undoing, in between.
 */
static void try_alone(const struct op *op, struct reach *sum)
{
	const struct op *maker = find_op(op->maker);
	unsigned int i, trials = maker ? TRIALS_MADE : TRIALS;

	for (i = 0; i < trials; i++) {
		if (maker && i % 2)
			operate(maker);
		reach(op, sum);
	}
}

/*
 * Lines "calibrate OPERATION RANGE:HITS:BLOCKS ..." of what the operation alone reaches,
 * one at least. No line is longer than the kernel takes it.
 */
static void say_reach(const char *name, const struct reach *sum, const struct reach *idle)
{
	char text[LINE_RANGES * 40] = "";
	size_t i, n = 0, used = 0;

	for (i = 0; i < RANGES_MAX; i++) {
		unsigned long hits = sum->hits[i] > idle->hits[i] ?
				     sum->hits[i] - idle->hits[i] : 0;
		u64 blocks = sum->blocks[i] & ~idle->blocks[i];

		if (!hits && !blocks)
			continue;
		if (n && n % LINE_RANGES == 0) {
			ktap_note("calibrate %s%s", name, text);
			used = 0;
		}
		n++;
		used += snprintf(text + used, sizeof(text) - used, " %zu:%lu:%llx", i,
				 hits, (unsigned long long)blocks);
	}
	ktap_note("calibrate %s%s", name, text);
}

void calibrate(void)
{
	static struct reach sum[OPS_MAX], idle;
	unsigned int i;
	size_t o;

	actor = HOTPLUG_ACTOR;
	for (i = 0; i < TRIALS; i++)
		reach(NULL, &idle);
	/* Those that make objects come before those that need some. */
	for (o = 0; o < nr_ops && !is_over(); o++)
		if (ops[o].weight)
			try_alone(&ops[o], &sum[o]);
	for (o = 0; o < nr_ops; o++)
		say_reach(ops[o].name, &sum[o], &idle);
	leave_cpuset();
	torture("stop", "1");
}
