// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once, in their stoppers.
 *
 * Locking: none. Any number of actors may ask for it, and stop_machine() has to
 * do one after the other.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/stop_machine.h>

#include "torture.h"

/**
 * struct stop - a call of stop_machine()
 * @all: all CPUs do something, not one of them
 * @count: CPUs that did
 * @result: what the call returned
 */
struct stop {
	bool all;
	atomic_t count;
	int result;
};

static int stop_fn(void *count)
{
	atomic_inc(count);
	return 7;
}

static void stop_once(void *arg)
{
	struct stop *s = arg;

	s->result = stop_machine(stop_fn, &s->count, s->all ? cpu_online_mask : NULL);
}

static void stop_expect_done(const struct stop *s)
{
	int n = atomic_read(&s->count);

	/* How many were online when it came to it is not known. */
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
		       s->result == 7 && (s->all ? n >= 1 : n == 1),
		       "stop_machine() returns %d after %d CPUs", s->result, n);
}

/**
 * torture_stop_machine - stop all CPUs, and have one or all of them do something
 * @call: the operation
 *
 * One in two has somebody else do the same at the same time.
 *
 * Return: 0
 */
int torture_stop_machine(struct torture_call *call)
{
	struct stop own = { .all = torture_one_in(call, 2) };
	struct stop other = { .all = torture_one_in(call, 2) };
	bool both = torture_one_in(call, 2);
	struct torture_pair pair;

	if (both)
		torture_pair_begin(&pair, stop_once, &other, call);
	stop_once(&own);
	if (both)
		torture_pair_end(&pair);
	stop_expect_done(&own);
	if (both)
		stop_expect_done(&other);
	return 0;
}
