// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for what lockdep makes of kthread_spawn() and its kin. Its first
 * report is its last one, so this comes at the end of a plan.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>

static DEFINE_MUTEX(needed);
static DECLARE_COMPLETION(ran);

static int needs_the_lock(void *data)
{
	mutex_lock(&needed);
	mutex_unlock(&needed);
	complete(&ran);
	return 0;
}

/* Spawned in one place, so of one class: these may destroy each other. */
static int destroys_its_kin(void *data)
{
	int *depth = data;
	struct task_struct *k;

	if (--*depth == 0)
		return 0;
	k = kthread_launch(destroys_its_kin, NULL, depth, "kin/%d", *depth);
	return IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
}

static void kin_may_destroy_each_other(struct kunit *test)
{
	struct task_struct *k;
	int depth = 5;

	k = kthread_launch(destroys_its_kin, NULL, &depth, "kin");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), 0);
	KUNIT_EXPECT_TRUE(test, debug_locks);
}

static int become_freezable(void *data)
{
	kthread_freezable();
	return 0;
}

static int count_locks(void *data)
{
	*(int *)data = current->lockdep_depth;
	complete(&ran);
	return 0;
}

static int locks_held(struct kunit *test, int (*initfn)(void *data))
{
	struct task_struct *k;
	int held = -1;

	k = kthread_launch(initfn, count_locks, &held, "count_locks");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	wake_up_process(k);
	wait_for_completion(&ran);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), 0);
	return held;
}

/* The freezer complains of any lock. */
static void freezable_thread_holds_no_lock(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, locks_held(test, NULL), 1);
	KUNIT_EXPECT_EQ(test, locks_held(test, become_freezable), 0);
}

/* The launch waits for initfn alone. */
static void launch_under_a_lock_that_corefn_needs_is_fine(struct kunit *test)
{
	struct task_struct *k;

	mutex_lock(&needed);
	k = kthread_launch(NULL, needs_the_lock, NULL, "launched_under");
	mutex_unlock(&needed);
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	wake_up_process(k);
	wait_for_completion(&ran);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), 0);
	KUNIT_EXPECT_TRUE(test, debug_locks);
}

/* What was not started runs nothing that the destroy could wait for. */
static void destroy_before_the_start_under_a_lock_is_fine(struct kunit *test)
{
	struct task_struct *k;

	k = kthread_spawn(NULL, needs_the_lock, NULL, "not_started");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	mutex_lock(&needed);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), -EINTR);
	mutex_unlock(&needed);
	k = kthread_spawn(NULL, needs_the_lock, NULL, "started");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(k), k);
	wake_up_process(k);
	wait_for_completion(&ran);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), 0);
	KUNIT_EXPECT_TRUE(test, debug_locks);
}

static int exits(void *data)
{
	complete(&ran);
	kthread_exit(-EPIPE);
}

/* A thread that exits with a lock held is reported. */
static void thread_that_dies_in_a_function_holds_no_lock(struct kunit *test)
{
	struct task_struct *k;

	k = kthread_launch(exits, NULL, NULL, "exits");
	KUNIT_EXPECT_PTR_EQ(test, k, ERR_PTR(-EPIPE));
	reinit_completion(&ran);
	k = kthread_launch(NULL, exits, NULL, "exits");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	wake_up_process(k);
	wait_for_completion(&ran);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), -EPIPE);
	KUNIT_EXPECT_TRUE(test, debug_locks);
}

/* The two do not meet here; lockdep knows that they could. */
static void destroy_under_a_lock_that_corefn_needs_is_reported(struct kunit *test)
{
	struct task_struct *k;

	KUNIT_ASSERT_TRUE(test, debug_locks);
	k = kthread_launch(NULL, needs_the_lock, NULL, "needs_the_lock");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	wake_up_process(k);
	wait_for_completion(&ran);
	KUNIT_EXPECT_TRUE(test, debug_locks);

	pr_info("respawn: expect possible circular locking dependency\n");
	mutex_lock(&needed);
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), 0);
	mutex_unlock(&needed);
	KUNIT_EXPECT_FALSE(test, debug_locks);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(kin_may_destroy_each_other),
	KUNIT_CASE(freezable_thread_holds_no_lock),
	KUNIT_CASE(launch_under_a_lock_that_corefn_needs_is_fine),
	KUNIT_CASE(destroy_before_the_start_under_a_lock_is_fine),
	KUNIT_CASE(thread_that_dies_in_a_function_holds_no_lock),
	KUNIT_CASE(destroy_under_a_lock_that_corefn_needs_is_reported),
	{}
};

static struct kunit_suite lifecycle_lockdep_suite = {
	.name = "kthread_lifecycle_lockdep",
	.test_cases = cases,
};

kunit_test_suite(lifecycle_lockdep_suite);

MODULE_DESCRIPTION("KUnit suite for the lockdep annotations of kthread_spawn()");
MODULE_LICENSE("GPL");
