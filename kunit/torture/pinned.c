// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that sleep where they must not be migrated: their CPU waits for them before it goes.
 *
 * Locking: none. Any number of actors may do so.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "torture.h"

#define PINNED_NAPS	4

static void pinned_expect_there(int cpu)
{
	torture_expect(TORTURE_ORACLE_ON_ITS_CPU, raw_smp_processor_id() == cpu,
		       "a task that is pinned to CPU %d runs on CPU %d", cpu,
		       raw_smp_processor_id());
	torture_expect(TORTURE_ORACLE_NONE_OFFLINE, cpu_online(cpu),
		       "a task is pinned to CPU %d, which is offline", cpu);
}

/**
 * torture_pinned - sleep some times with migration disabled
 * @call: the operation
 *
 * Return: 0
 */
int torture_pinned(struct torture_call *call)
{
	unsigned int naps = 1 + torture_draw(call, PINNED_NAPS);
	int cpu;

	migrate_disable();
	cpu = raw_smp_processor_id();
	while (naps--) {
		unsigned int us = 1 + torture_draw(call, 1000);

		usleep_range(us, 2 * us);
		pinned_expect_there(cpu);
	}
	migrate_enable();
	return 0;
}
