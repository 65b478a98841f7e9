// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an actor talks to the module torture: it requests operations, and says where
 * those of its own begin and end. What the module's oracles saw is read here, too.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress.h"

/*
 * ECANCELED means that the run is over. ETIMEDOUT comes with a message of the module
 * itself. Any other errno means that the driver did not do its work.
 */
__printf(2, 3)
int torture(const char *file, const char *fmt, ...)
{
	char path[64], text[160];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), TORTURE_DIR "/%s", file);
	err = write_kept(path, text);
	if (err && err != -ECANCELED && err != -ETIMEDOUT)
		fail("the module answers '%s %s' with: %s", file, text, strerror(-err));
	return err;
}

bool settle(void)
{
	return !torture("settle", "1");
}

/* Tell the module that an operation of the driver itself begins. */
int begin(const struct op *op, unsigned int slot, u64 arg)
{
	int err = torture("begin", "%s %u %u %llu %llu", op->name, actor, slot, arg, drawn);

	if (!err)
		done[actor]++;
	return err;
}

bool is_honest(const struct op *op, int err)
{
	size_t i;

	for (i = 0; i < HONEST_MAX; i++)
		if (op->honest[i] && op->honest[i] == -err)
			return true;
	return op->hotplug;
}

/*
 * Tell the module that an operation of the driver itself has ended. @meant: it failed
 * because of the failure that the driver injected.
 */
int end_meant(const struct op *op, unsigned int slot, u64 arg, int result, bool meant)
{
	torture("end", "%s %u %u %llu %llu %d %d", op->name, actor, slot, arg, drawn, result,
		meant);
	if (result && !is_honest(op, result))
		fail("%s ends with: %s", op->name, strerror(-result));
	return result;
}

int end(const struct op *op, unsigned int slot, u64 arg, int result)
{
	return end_meant(op, slot, arg, result, false);
}

int do_in_module(const struct op *op)
{
	unsigned int slot = draw(op->slots);
	int err = torture("op", "%s %u %u %llu %llu", op->name, actor, slot,
			  random_next(&rng) >> 32, drawn);

	if (!err)
		done[actor]++;
	return err;
}

struct oracle oracles[ORACLES_MAX];
size_t nr_oracles;

static bool read_oracle(const char *line)
{
	struct oracle *o = &oracles[nr_oracles];
	int at;

	if (nr_oracles == ORACLES_MAX)
		return fail("there are more than %d oracles", ORACLES_MAX);
	if (sscanf(line, "%31s %ld %ld %31s %n", o->name, &o->asked, &o->watched,
		   o->must, &at) != 4)
		return fail("%s: cannot make sense of %s", ORACLES, line);
	o->seen = line + at;
	nr_oracles++;
	return true;
}

bool read_oracles(void)
{
	static char text[TEXT_LEN];
	char *line, *save;
	int n = read_text(ORACLES, text, sizeof(text));

	nr_oracles = 0;
	if (n < 0)
		return fail_file(ORACLES, -n);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!read_oracle(line))
			return false;
	return true;
}

/* The first oracle that saw something go wrong, or NULL */
const struct oracle *violated(void)
{
	size_t i;

	for (i = 0; i < nr_oracles; i++)
		if (*oracles[i].seen)
			return &oracles[i];
	return NULL;
}

/* After an error of the driver a run is over as well. */
bool is_over(void)
{
	return broken || !read_oracles() || violated();
}
