// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hotplug state that a CPU goes through while it is born and while it dies: its
 * callbacks run with interrupts off, and can't refuse. The last things that one of
 * them does on a CPU that dies are to arm a timer there, and to queue work of its softirq:
 * both have to run elsewhere.
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
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/* Of a timer that no machine has which this runs on */
#define DYING_STATE	CPUHP_AP_ARMADA_TIMER_STARTING

/**
 * struct dying_last - something that is left to others when a CPU dies
 * @armed: how often that was
 * @shots: how often it came to pass
 * @due: when it has to, by ktime_get_mono_fast_ns()
 */
struct dying_last {
	unsigned int armed;
	unsigned int shots;
	u64 due;
};

/**
 * struct dying - the state of a CPU
 * @up: startups that no teardown has undone
 * @timer: armed when it dies
 * @fired: what became of that
 * @work: work of a softirq, queued when it dies
 * @ran: what became of that
 */
struct dying {
	int up;
	struct hrtimer timer;
	struct dying_last fired;
	struct work_struct work;
	struct dying_last ran;
};

static DEFINE_PER_CPU(struct dying, dyings);
static DEFINE_MUTEX(dying_mutex);
static DECLARE_WAIT_QUEUE_HEAD(dying_fired);
static bool dying_is_setup;

static bool dying_is_even(const struct dying_last *l)
{
	return READ_ONCE(l->shots) == READ_ONCE(l->armed);
}

static void dying_expect_even(const struct dying_last *l, const char *what, unsigned int cpu,
			      bool good)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, good,
		       "the last %s of CPU %u ran %u times, not %u", what, cpu,
		       READ_ONCE(l->shots), READ_ONCE(l->armed));
}

static void dying_shoot(struct dying_last *l)
{
	WRITE_ONCE(l->shots, l->shots + 1);
	wake_up(&dying_fired);
}

static enum hrtimer_restart dying_timer_fn(struct hrtimer *timer)
{
	dying_shoot(&container_of(timer, struct dying, timer)->fired);
	return HRTIMER_NORESTART;
}

static void dying_work_fn(struct work_struct *work)
{
	dying_shoot(&container_of(work, struct dying, work)->ran);
}

/* One that has not come to pass yet must not be armed anew. */
static bool dying_may_arm(struct dying_last *l, const char *what, unsigned int cpu)
{
	u64 now = ktime_get_mono_fast_ns();

	if (!dying_is_even(l)) {
		dying_expect_even(l, what, cpu, now < l->due + jiffies_to_nsecs(TORTURE_BOUND));
		return false;
	}
	l->due = now + NSEC_PER_MSEC;
	WRITE_ONCE(l->armed, l->armed + 1);
	return true;
}

static void dying_arm(struct dying *d, unsigned int cpu)
{
	if (dying_may_arm(&d->fired, "hrtimer", cpu))
		hrtimer_start(&d->timer, ns_to_ktime(NSEC_PER_MSEC), HRTIMER_MODE_REL_PINNED);
#ifdef HAVE_WQ_BH
	if (dying_may_arm(&d->ran, "work of a softirq", cpu))
		queue_work(system_bh_wq, &d->work);
#endif
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
 * torture_dying_bury - work of a softirq was left behind, and is over
 * @cpu: is dead, and whoever buries it has taken that over
 *
 * Later the CPU may come back, and see to it itself.
 *
 * Context: process.
 */
void torture_dying_bury(unsigned int cpu)
{
	const struct dying_last *l = &per_cpu_ptr(&dyings, cpu)->ran;

	dying_expect_even(l, "work of a softirq", cpu, dying_is_even(l));
}

/**
 * torture_dying_init - be ready for CPUs that die
 *
 * Return: 0
 */
int torture_dying_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct dying *d = per_cpu_ptr(&dyings, cpu);

		hrtimer_setup(&d->timer, dying_timer_fn, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED);
		INIT_WORK(&d->work, dying_work_fn);
	}
	return 0;
}

static void dying_await(const struct dying_last *l, const char *what, unsigned int cpu)
{
	dying_expect_even(l, what, cpu,
			  wait_event_timeout(dying_fired, dying_is_even(l), TORTURE_BOUND));
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

		dying_await(&d->fired, "hrtimer", cpu);
		dying_await(&d->ran, "work of a softirq", cpu);
		hrtimer_cancel(&d->timer);
		cancel_work_sync(&d->work);
	}
	mutex_unlock(&dying_mutex);
}
