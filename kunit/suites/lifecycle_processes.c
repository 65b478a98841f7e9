// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of the suite kthread_lifecycle_guest: what processes may do to a
 * thread, by signals and by the freezer of its cgroup.
 */
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "lifecycle_guest.h"
#include "shell.h"

static const char *const signals[] = { "TERM", "KILL", "INT", "STOP", "CONT", "CHLD" };

/* None of them moves the thread: it is in @state before and after. */
static void signals_do_nothing(struct kunit *test, struct life *l, unsigned int state)
{
	int cores = atomic_read(&l->cores);

	life_sleeps(test, l, state);
	for (int i = 0; i < ARRAY_SIZE(signals); i++) {
		KUNIT_EXPECT_EQ(test, user(test, "kill -%s %d", signals[i], task_pid_nr(l->k)), 0);
		life_sleeps(test, l, state);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&l->cores), cores, "%s", signals[i]);
	}
}

void signals_of_processes_do_nothing(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	signals_do_nothing(test, l, TASK_PARKED);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
	signals_do_nothing(test, l, TASK_INTERRUPTIBLE);
	KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
	signals_do_nothing(test, l, TASK_PARKED);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);

	l->k = kthread_launch(NULL, life_core_waits, l, "waits");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	signals_do_nothing(test, l, TASK_INTERRUPTIBLE);
	complete(&l->release);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int life_init_freezable(void *data)
{
	kthread_freezable();
	return life_init(data);
}

static struct life *life_freeze(struct kunit *test)
{
	struct life *l;

	freezer_begin(test);
	l = life_new(test);
	l->k = kthread_launch(life_init_freezable, life_core, l, "frozen");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_FALSE(test, l->k->flags & PF_NOFREEZE);
	freezer_freeze(test, l->k);
	life_sleeps(test, l, TASK_FROZEN);
	return l;
}

void idle_thread_is_frozen_if_it_asked_for_it(struct kunit *test)
{
	struct life *l = life_freeze(test);
	struct life *other = life_new(test);

	life_launch(test, other);
	KUNIT_EXPECT_TRUE(test, other->k->flags & PF_NOFREEZE);
	life_run(test, other);
	freezer_thaw(NULL);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	life_run(test, l);
}

void wakeup_of_a_frozen_thread_is_kept(struct kunit *test)
{
	struct life *l = life_freeze(test);

	wake_up_process(l->k);
	life_sleeps(test, l, TASK_FROZEN);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	freezer_thaw(NULL);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 2);
}

/* It does nothing, so a freeze need not wait for it; unparked it freezes as before. */
void parked_thread_does_not_hold_up_a_freeze(struct kunit *test)
{
	struct life *l;

	freezer_begin(test);
	l = life_new(test);
	l->k = kthread_launch(life_init_freezable, life_core, l, "frozen");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
	freezer_freeze(test, l->k);
	KUNIT_EXPECT_EQ(test, user(test, "busybox grep -qx FROZEN /tmp/freezer/x/freezer.state"),
			0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(l->k->__state), (unsigned int)TASK_PARKED);
	kthread_unpark(l->k);
	life_sleeps(test, l, TASK_FROZEN);
	freezer_thaw(NULL);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
}

/**
 * struct other_destroyer - destroys a thread elsewhere
 * @work: does it
 * @l: the thread
 * @result: what came of it
 */
struct other_destroyer {
	struct work_struct work;
	struct life *l;
	int result;
};

static void destroy_there(struct work_struct *work)
{
	struct other_destroyer *d = container_of(work, typeof(*d), work);

	d->result = life_destroy(d->l);
}

void frozen_thread_can_be_destroyed(struct kunit *test)
{
	struct other_destroyer d = { .l = life_freeze(test), .result = 1 };

	INIT_WORK_ONSTACK(&d.work, destroy_there);
	queue_work(system_dfl_wq, &d.work);
	schedule_timeout_uninterruptible(HZ / 20);
	freezer_thaw(NULL);
	flush_work(&d.work);
	destroy_work_on_stack(&d.work);
	KUNIT_EXPECT_EQ(test, d.result, 0);
}
