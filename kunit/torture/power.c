// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine is suspended, and what is freezable has to stand still meanwhile.
 *
 * A machine of QEMU's has no state to be suspended to, so the module offers one, from
 * which it wakes at once. All that the kernel does before and after is done: tasks
 * freeze, devices are suspended, all CPUs but one go and come back.
 *
 * Locking: the mutex of a slot is held while its item is queued and waited for.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/suspend.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/* Set from when all is frozen until something may thaw */
static bool power_frozen;

/**
 * struct power_item - something freezable that is queued and runs
 * @lock: held while it is queued and waited for
 * @ran: where to wait for it
 * @queued: how often it was queued
 * @runs: how often it ran
 * @dwork: on a workqueue
 * @kwork: on the worker
 */
struct power_item {
	struct mutex lock;	/* see above */
	wait_queue_head_t ran;
	unsigned int queued;
	unsigned int runs;
	struct delayed_work dwork;
	struct kthread_delayed_work kwork;
};

static struct power_item power_items[TORTURE_FREEZABLES];
static struct kthread_worker *power_worker;

/*
 * Hardly anybody else has work for its workers: one that was not woken is woken by nobody
 * else.
 */
static struct workqueue_struct *power_quiet;

static void power_run(struct power_item *p)
{
	bool planted = torture_planted(TORTURE_ORACLE_FROZEN);

	torture_expect(TORTURE_ORACLE_FROZEN, !READ_ONCE(power_frozen) && !planted,
		       "freezable item %td runs while all is frozen", p - power_items);
	WRITE_ONCE(p->runs, p->runs + 1);
	wake_up(&p->ran);
}

static void power_work_fn(struct work_struct *work)
{
	power_run(container_of(to_delayed_work(work), struct power_item, dwork));
}

static void power_kwork_fn(struct kthread_work *work)
{
	power_run(container_of(work, struct power_item, kwork.work));
}

/* The last slot is the worker's; the others are those of three workqueues. */
static void power_queue(struct power_item *p, unsigned long delay)
{
	struct workqueue_struct *const queues[] = {
		power_quiet, system_freezable_wq, system_freezable_power_efficient_wq,
	};
	long slot = p - power_items;

	if (slot == TORTURE_FREEZABLES - 1)
		kthread_queue_delayed_work(power_worker, &p->kwork, delay);
	else
		queue_delayed_work(queues[slot % ARRAY_SIZE(queues)], &p->dwork, delay);
}

static void power_await(struct power_item *p)
{
	bool ran = wait_event_timeout(p->ran, READ_ONCE(p->runs) == p->queued,
				      TORTURE_BOUND);

	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, ran,
		       "freezable item %td ran %u times, not %u", p - power_items,
		       READ_ONCE(p->runs), p->queued);
}

/**
 * torture_freezable - queue something freezable, and leave it for a while
 * @call: the operation
 *
 * The next one to come here sees that it has run.
 *
 * Return: 0
 */
int torture_freezable(struct torture_call *call)
{
	struct power_item *p = &power_items[call->slot];

	mutex_lock(&p->lock);
	power_await(p);
	p->queued++;
	power_queue(p, torture_draw(call, 4));
	mutex_unlock(&p->lock);
	return 0;
}

#ifdef CONFIG_SUSPEND

/* What is queued while all is frozen has to run once it thaws. */
static void power_queue_frozen(struct power_item *p)
{
	/* Whoever has it may be frozen, too. */
	if (!mutex_trylock(&p->lock))
		return;
	if (READ_ONCE(p->runs) == p->queued) {
		p->queued++;
		power_queue(p, 0);
	}
	mutex_unlock(&p->lock);
}

static int power_begin(suspend_state_t state)
{
	struct power_item *p;

	WRITE_ONCE(power_frozen, true);
	for (p = power_items; p < power_items + TORTURE_FREEZABLES; p++)
		power_queue_frozen(p);
	return 0;
}

static int power_enter(suspend_state_t state)
{
	return 0;
}

static void power_end(void)
{
	WRITE_ONCE(power_frozen, false);
}

static const struct platform_suspend_ops power_ops = {
	.valid = suspend_valid_only_mem,
	.begin = power_begin,
	.enter = power_enter,
	.end = power_end,
};

static void power_offer(const struct platform_suspend_ops *ops)
{
	suspend_set_ops(ops);
}

#else

static const struct platform_suspend_ops power_ops;

static void power_offer(const struct platform_suspend_ops *ops)
{
}

#endif

/**
 * torture_power_init - be ready to be suspended
 *
 * Return: 0 or -errno
 */
int torture_power_init(void)
{
	struct power_item *p;

	power_quiet = alloc_workqueue("torture_freezable",
				      WQ_FREEZABLE | WQ_HIGHPRI | WQ_PERCPU, 0);
	if (!power_quiet)
		return -ENOMEM;
	power_worker = kthread_run_worker(KTW_FREEZABLE, "torture_frz");
	if (IS_ERR(power_worker)) {
		destroy_workqueue(power_quiet);
		return PTR_ERR(power_worker);
	}
	for (p = power_items; p < power_items + TORTURE_FREEZABLES; p++) {
		mutex_init(&p->lock);
		init_waitqueue_head(&p->ran);
		INIT_DELAYED_WORK(&p->dwork, power_work_fn);
		kthread_init_delayed_work(&p->kwork, power_kwork_fn);
	}
	power_offer(&power_ops);
	return 0;
}

/**
 * torture_power_drain - see all run that is queued
 */
void torture_power_drain(void)
{
	struct power_item *p;

	for (p = power_items; p < power_items + TORTURE_FREEZABLES; p++) {
		mutex_lock(&p->lock);
		power_await(p);
		mutex_unlock(&p->lock);
	}
}

/**
 * torture_power_exit - undo torture_power_init()
 */
void torture_power_exit(void)
{
	struct power_item *p;

	power_offer(NULL);
	for (p = power_items; p < power_items + TORTURE_FREEZABLES; p++) {
		cancel_delayed_work_sync(&p->dwork);
		kthread_cancel_delayed_work_sync(&p->kwork);
	}
	kthread_destroy_worker(power_worker);
	destroy_workqueue(power_quiet);
}
