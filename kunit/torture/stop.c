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

static int stop_fn(void *count)
{
	atomic_inc(count);
	return 7;
}

/**
 * torture_stop_machine - stop all CPUs, and have one or all of them do something
 * @call: the operation
 *
 * Return: 0
 */
int torture_stop_machine(struct torture_call *call)
{
	bool all = torture_one_in(call, 2);
	atomic_t count = ATOMIC_INIT(0);
	int result, n;

	/* How many are online when it comes to it is not known. */
	result = stop_machine(stop_fn, &count, all ? cpu_online_mask : NULL);
	n = atomic_read(&count);
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
		       result == 7 && (all ? n >= 1 : n == 1),
		       "stop_machine() returns %d after %d CPUs", result, n);
	return 0;
}
