// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each operation reaches of the code in the module steer's focus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

#define HITS		"/sys/module/steer/parameters/hits"

/* As many ranges as the module steer takes */
#define RANGES_MAX	64

/* How often each operation is tried alone */
#define TRIALS		8
/* What is set off has happened by then, as a rule. */
#define AFTERMATH_US	2000

static size_t read_hits(unsigned long hits[RANGES_MAX])
{
	char text[RANGES_MAX * 21], *at = text, *end;
	int n = read_text(HITS, text, sizeof(text));
	size_t i;

	if (n < 0)
		fail_file(HITS, -n);
	for (i = 0; n > 0 && i < RANGES_MAX; i++, at = end) {
		hits[i] = strtoul(at, &end, 10);
		if (end == at)
			break;
	}
	return n < 0 ? 0 : i;
}

/* Add what is reached by an operation, or by none if it is NULL. */
static void reach(const struct op *op, unsigned long sum[RANGES_MAX])
{
	unsigned long before[RANGES_MAX], after[RANGES_MAX];
	size_t i, nr = read_hits(before);

	if (op)
		operate(op);
	usleep(AFTERMATH_US);
	if (read_hits(after) != nr)
		fail("%s: as many as before expected", HITS);
	for (i = 0; i < nr; i++)
		sum[i] += after[i] - before[i];
}

/* A line "calibrate OPERATION RANGE:HITS ..." with what the operation alone reaches */
static void say_reach(const char *name, const unsigned long sum[RANGES_MAX],
		      const unsigned long idle[RANGES_MAX])
{
	char text[RANGES_MAX * 24] = "";
	size_t i, used = 0;

	for (i = 0; i < RANGES_MAX; i++)
		if (sum[i] > idle[i])
			used += snprintf(text + used, sizeof(text) - used, " %zu:%lu", i,
					 sum[i] - idle[i]);
	ktap_note("calibrate %s%s", name, text);
}

void calibrate(void)
{
	static unsigned long sum[OPS_MAX][RANGES_MAX], idle[RANGES_MAX];
	unsigned int i;
	size_t o;

	actor = HOTPLUG_ACTOR;
	for (i = 0; i < TRIALS; i++)
		reach(NULL, idle);
	/* Those that make objects come before those that need some. */
	for (o = 0; o < nr_ops && !is_over(); o++)
		for (i = 0; ops[o].weight && i < TRIALS; i++)
			reach(&ops[o], sum[o]);
	for (o = 0; o < nr_ops; o++)
		say_reach(ops[o].name, sum[o], idle);
	leave_cpuset();
	torture("stop", "1");
}
