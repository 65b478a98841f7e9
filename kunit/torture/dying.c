// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hotplug state that a CPU goes through while it is born and while it dies: its
 * callbacks run with interrupts off, and can't refuse. The last thing that one of
 * them does on a CPU that dies is to arm a timer there, which has to fire elsewhere.
 *
 * Locking: dying_mutex is held while the state is set up or removed. What belongs to
 * a CPU is written by its own callbacks and by its timer.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include "../compat.h"
#include "torture.h"

/* Of a timer that no machine has which this runs on */
#define DYING_STATE	CPUHP_AP_ARMADA_TIMER_STARTING

/**
 * struct dying - the state of a CPU
 * @up: startups that no teardown has undone
 * @last: the timer that is armed when it dies
 * @armed: how often that was
 * @shots: how often it fired
 * @due: when it has to, by ktime_get_mono_fast_ns()
 */
struct dying {
	int up;
	struct hrtimer last;
	unsigned int armed;
	unsigned int shots;
	u64 due;
};

static DEFINE_PER_CPU(struct dying, dyings);
static DEFINE_MUTEX(dying_mutex);
static DECLARE_WAIT_QUEUE_HEAD(dying_fired);
static bool dying_is_setup;

static bool dying_has_fired(const struct dying *d)
{
	return READ_ONCE(d->shots) == READ_ONCE(d->armed);
}

static void dying_expect_fired(const struct dying *d, unsigned int cpu, bool fired)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, fired,
		       "the last hrtimer of CPU %u fired %u times, not %u", cpu,
		       READ_ONCE(d->shots), READ_ONCE(d->armed));
}

static enum hrtimer_restart dying_timer_fn(struct hrtimer *timer)
{
	struct dying *d = container_of(timer, struct dying, last);

	WRITE_ONCE(d->shots, d->shots + 1);
	wake_up(&dying_fired);
	return HRTIMER_NORESTART;
}

/* One that has not fired yet must not be armed anew. */
static void dying_arm(struct dying *d, unsigned int cpu)
{
	u64 now = ktime_get_mono_fast_ns();

	if (!dying_has_fired(d)) {
		dying_expect_fired(d, cpu, now < d->due + jiffies_to_nsecs(TORTURE_BOUND));
		return;
	}
	d->due = now + NSEC_PER_MSEC;
	WRITE_ONCE(d->armed, d->armed + 1);
	hrtimer_start(&d->last, ns_to_ktime(NSEC_PER_MSEC), HRTIMER_MODE_REL_PINNED);
}

static void dying_expect_on(unsigned int cpu, const char *what)
{
	torture_expect(TORTURE_ORACLE_ON_ITS_CPU, smp_processor_id() == cpu,
		       "%s of CPU %u runs on CPU %u", what, cpu, smp_processor_id());
}

static int dying_come(unsigned int cpu)
{
	struct dying *d = per_cpu_ptr(&dyings, cpu);

	dying_expect_on(cpu, "a startup");
	torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, !d->up,
		       "startup on CPU %u, which is born, after %d without a teardown",
		       cpu, d->up);
	d->up++;
	return 0;
}

static int dying_go(unsigned int cpu)
{
	struct dying *d = per_cpu_ptr(&dyings, cpu);

	dying_expect_on(cpu, "a teardown");
	torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, d->up == 1,
		       "teardown on CPU %u, which dies, after %d startups", cpu, d->up);
	d->up--;
	if (!cpu_online(cpu) && !torture_over())
		dying_arm(d, cpu);
	return 0;
}

static int dying_setup(void)
{
	int err = cpuhp_setup_state(DYING_STATE, "respawn/torture:dying", dying_come, dying_go);

	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, !err,
		       "the setup of a state that can't refuse returns %d", err);
	dying_is_setup = !err;
	return err;
}

static void dying_remove(void)
{
	unsigned int cpu;

	cpuhp_remove_state(DYING_STATE);
	dying_is_setup = false;
	for_each_possible_cpu(cpu)
		torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, !per_cpu(dyings, cpu).up,
			       "after the removal, CPU %u had %d startups more than teardowns",
			       cpu, per_cpu(dyings, cpu).up);
}

/**
 * torture_cpuhp_dying - set the state up, or remove it
 * @call: the operation
 *
 * Return: 0 or -errno
 */
int torture_cpuhp_dying(struct torture_call *call)
{
	int err = 0;

	mutex_lock(&dying_mutex);
	if (dying_is_setup)
		dying_remove();
	else
		err = dying_setup();
	mutex_unlock(&dying_mutex);
	return err;
}

/**
 * torture_dying_init - be ready for CPUs that die
 *
 * Return: 0
 */
int torture_dying_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		hrtimer_setup(&per_cpu(dyings, cpu).last, dying_timer_fn, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED);
	return 0;
}

/**
 * torture_dying_drain - remove the state, and see the last timers fire
 */
void torture_dying_drain(void)
{
	unsigned int cpu;

	mutex_lock(&dying_mutex);
	if (dying_is_setup)
		dying_remove();
	for_each_possible_cpu(cpu) {
		struct dying *d = per_cpu_ptr(&dyings, cpu);

		dying_expect_fired(d, cpu,
				   wait_event_timeout(dying_fired, dying_has_fired(d),
						      TORTURE_BOUND));
		hrtimer_cancel(&d->last);
	}
	mutex_unlock(&dying_mutex);
}
