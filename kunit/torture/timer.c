// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers, hrtimers and tasklets, armed on a CPU that may go before they fire:
 * they have to fire once all the same.
 *
 * Locking: a slot's mutex is held from one arming to the next look at whether
 * it has fired.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/wait.h>

#include "../compat.h"
#include "torture.h"

struct fuse_kind;

/**
 * struct fuse - something that fires
 * @lock: held while it is armed
 * @fired: where to wait for it
 * @kind: which kind of thing it is
 * @armed: how often it was armed
 * @shots: how often it fired
 * @delay: time until it is to fire, in jiffies
 */
struct fuse {
	struct mutex lock;	/* see above */
	wait_queue_head_t fired;
	const struct fuse_kind *kind;
	int armed;
	int shots;
	unsigned int delay;
	union {
		struct timer_list timer;
		struct hrtimer hrtimer;
		struct tasklet_struct tasklet;
	};
};

/**
 * struct fuse_kind - a kind of thing that fires
 * @name: what it is called
 * @setup: makes it ready
 * @arm: has it fire on the CPU that this runs on, with interrupts off
 * @end: makes sure that it fires no more
 */
struct fuse_kind {
	const char *name;
	void (*setup)(struct fuse *a);
	void (*arm)(void *fuse);
	void (*end)(struct fuse *a);
};

static void fuse_fire(struct fuse *a)
{
	WRITE_ONCE(a->shots, a->shots + 1);
	wake_up(&a->fired);
}

static void fuse_timer_fn(struct timer_list *timer)
{
	fuse_fire(container_of(timer, struct fuse, timer));
}

static void fuse_timer_setup(struct fuse *a)
{
	timer_setup(&a->timer, fuse_timer_fn, 0);
}

static void fuse_timer_arm(void *fuse)
{
	struct fuse *a = fuse;

	a->timer.expires = jiffies + a->delay;
	add_timer_on(&a->timer, smp_processor_id());
}

static void fuse_timer_end(struct fuse *a)
{
	timer_delete_sync(&a->timer);
}

static enum hrtimer_restart fuse_hrtimer_fn(struct hrtimer *timer)
{
	fuse_fire(container_of(timer, struct fuse, hrtimer));
	return HRTIMER_NORESTART;
}

static void fuse_hrtimer_setup(struct fuse *a)
{
	hrtimer_setup(&a->hrtimer, fuse_hrtimer_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED);
}

static void fuse_hrtimer_arm(void *fuse)
{
	struct fuse *a = fuse;

	hrtimer_start(&a->hrtimer, ns_to_ktime(1000 + 700000 * a->delay),
		      HRTIMER_MODE_REL_PINNED);
}

static void fuse_hrtimer_end(struct fuse *a)
{
	hrtimer_cancel(&a->hrtimer);
}

static void fuse_tasklet_fn(struct tasklet_struct *tasklet)
{
	fuse_fire(container_of(tasklet, struct fuse, tasklet));
}

static void fuse_tasklet_setup(struct fuse *a)
{
	tasklet_setup(&a->tasklet, fuse_tasklet_fn);
}

static void fuse_tasklet_arm(void *fuse)
{
	struct fuse *a = fuse;

	if (a->delay % 2)
		tasklet_schedule(&a->tasklet);
	else
		tasklet_hi_schedule(&a->tasklet);
}

static void fuse_tasklet_end(struct fuse *a)
{
	tasklet_kill(&a->tasklet);
}

enum { FUSE_TIMER, FUSE_HRTIMER, FUSE_TASKLET, FUSE_KINDS };

static const struct fuse_kind fuse_kinds[FUSE_KINDS] = {
	{ "timer", fuse_timer_setup, fuse_timer_arm, fuse_timer_end },
	{ "hrtimer", fuse_hrtimer_setup, fuse_hrtimer_arm, fuse_hrtimer_end },
	{ "tasklet", fuse_tasklet_setup, fuse_tasklet_arm, fuse_tasklet_end },
};

static struct fuse fuses[FUSE_KINDS][TORTURE_FUSES];

static bool fuse_is_even(const struct fuse *a)
{
	return READ_ONCE(a->shots) == a->armed;
}

static void fuse_await(struct fuse *a)
{
	wait_event_timeout(a->fired, fuse_is_even(a), TORTURE_BOUND);
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, fuse_is_even(a),
		       "a %s fired %d times, not %d", a->kind->name,
		       READ_ONCE(a->shots), a->armed);
}

/* Leave it armed: the next one to come here sees that it has fired. */
static int fuse_arm(struct fuse *a, struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);
	int err;

	a->delay = torture_draw(call, 8);
	mutex_lock(&a->lock);
	fuse_await(a);
	a->armed++;
	err = smp_call_function_single(cpu, a->kind->arm, a, 1);
	/* The CPU is offline. */
	if (err)
		a->armed--;
	mutex_unlock(&a->lock);
	return err;
}

int torture_timer(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_TIMER][call->slot], call);
}

int torture_hrtimer(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_HRTIMER][call->slot], call);
}

int torture_softirq(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_TASKLET][call->slot], call);
}

/**
 * torture_timer_init - be ready to arm
 *
 * Return: 0
 */
int torture_timer_init(void)
{
	struct fuse *a = fuses[0];
	int i;

	for (i = 0; i < FUSE_KINDS * TORTURE_FUSES; i++, a++) {
		mutex_init(&a->lock);
		init_waitqueue_head(&a->fired);
		a->kind = &fuse_kinds[i / TORTURE_FUSES];
		a->kind->setup(a);
	}
	return 0;
}

/**
 * torture_timer_drain - see all fire that are armed
 */
void torture_timer_drain(void)
{
	struct fuse *a = fuses[0];
	int i;

	for (i = 0; i < FUSE_KINDS * TORTURE_FUSES; i++, a++) {
		mutex_lock(&a->lock);
		fuse_await(a);
		a->kind->end(a);
		mutex_unlock(&a->lock);
	}
}
