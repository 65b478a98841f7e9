// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for what kthread_spawn(), kthread_start() and kthread_destroy()
 * promise and the series' own suite cannot show, as it takes this guest: its
 * programs, allocations that fail, splats that are meant.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "lifecycle_guest.h"

#define RACES		200

/* Process 1, which is no kernel thread at all and stays */
static struct task_struct *a_process(void)
{
	struct task_struct *p;

	rcu_read_lock();
	p = pid_task(find_pid_ns(1, &init_pid_ns), PIDTYPE_PID);
	rcu_read_unlock();
	return p;
}

static void misuse_warns_and_fails(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *k;

	life_launch(test, l);
	expect_warning("kthread_start");
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(l->k), ERR_PTR(-KTHREAD_NOT_STARTED));
	expect_warning("lifecycle_of");
	KUNIT_EXPECT_EQ(test, kthread_destroy(NULL), -EINVAL);
	/* Once is enough: no more warnings of that kind, the same results. */
	KUNIT_EXPECT_EQ(test, kthread_destroy(ERR_PTR(-ENOMEM)), -EINVAL);
	KUNIT_EXPECT_EQ(test, kthread_destroy(current), -EINVAL);
	KUNIT_EXPECT_EQ(test, kthread_destroy(a_process()), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(ERR_PTR(-ENOMEM)),
			    ERR_PTR(-KTHREAD_NOT_STARTED));
	life_run(test, l);
	k = get_task_struct(l->k);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	expect_warning("kthread_destroy");
	KUNIT_EXPECT_EQ(test, kthread_destroy(k), -EINVAL);
	put_task_struct(k);

	/* An unpark is a start, too. */
	life_spawn(test, l);
	kthread_unpark(l->k);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(l->k), ERR_PTR(-KTHREAD_NOT_STARTED));
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/**
 * struct starter - starts a thread, as another one does
 * @work: does it
 * @k: the thread
 * @answer: what came of it
 */
struct starter {
	struct work_struct work;
	struct task_struct *k;
	struct task_struct *answer;
};

static void start_there(struct work_struct *work)
{
	struct starter *s = container_of(work, typeof(*s), work);

	s->answer = kthread_start(s->k);
}

static void start_races_with_start(struct kunit *test)
{
	struct starter *s = kunit_kcalloc(test, 2, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (int i = 0; i < RACES; i++) {
		struct life *l = life_new(test);
		int first;

		life_spawn(test, l);
		for (int j = 0; j < 2; j++) {
			s[j].k = l->k;
			INIT_WORK(&s[j].work, start_there);
			queue_work(system_dfl_wq, &s[j].work);
		}
		for (int j = 0; j < 2; j++)
			flush_work(&s[j].work);
		first = s[0].answer == l->k ? 0 : 1;
		KUNIT_ASSERT_PTR_EQ(test, s[first].answer, l->k);
		KUNIT_ASSERT_PTR_EQ(test, s[!first].answer, ERR_PTR(-KTHREAD_NOT_STARTED));
		KUNIT_ASSERT_EQ(test, atomic_read(&l->inits), 1);
		KUNIT_ASSERT_EQ(test, life_destroy(l), 0);
	}
}

static int destroy_self(void *data)
{
	struct life *l = data;

	l->core_result = kthread_destroy(current);
	complete(&l->ran);
	return 0;
}

static void destroy_of_oneself_is_refused(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, destroy_self, l, "self");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	expect_warning("kthread_destroy");
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, l->core_result, -EDEADLK);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void stop_is_refused(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	expect_warning("kernel/kthread.c");
	KUNIT_EXPECT_EQ(test, kthread_stop(l->k), -EINVAL);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* A pointer that is no error would be taken for a thread. */
static void result_that_is_no_errno_is_told(struct kunit *test)
{
	static const int results[] = { -MAX_ERRNO - 1, INT_MIN, -KTHREAD_NOT_STARTED };
	struct life *l = life_new(test);

	expect_warning("kernel/kthread_lifecycle.c");
	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		l->init_result = results[i];
		KUNIT_EXPECT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "no-errno"),
				    ERR_PTR(-EINVAL));
	}
	KUNIT_EXPECT_EQ(test, life_count_tasks("no-errno"), 0U);
}

static int return_asleep(void *data)
{
	struct life *l = data;

	atomic_inc(&l->cores);
	complete(&l->ran);
	set_current_state(TASK_INTERRUPTIBLE);
	return 0;
}

static void corefn_that_returns_on_its_way_to_sleep(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, return_asleep, l, "asleep");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	expect_warning("kernel/kthread_lifecycle.c");
	/* It is taken for woken, so it runs on and on; what counts is that it ends. */
	life_run(test, l);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(clean_environment),
	KUNIT_CASE(clean_environment_of_a_kthread),
	KUNIT_CASE(caller_does_it_without_workers),
	KUNIT_CASE(who_reaps_need_not_have_forked),
	KUNIT_CASE(users_cannot_move_it_before_the_start),
	KUNIT_CASE(threads_have_the_files_of_kthreadd),
	KUNIT_CASE(failed_fork_is_reported),
	KUNIT_CASE(failed_allocation_is_reported),
	KUNIT_CASE(every_failing_step_leaves_nothing),
	KUNIT_CASE(operations_are_counted),
	KUNIT_CASE(operations_are_traced),
	KUNIT_CASE_PARAM_ATTR(nothing_is_left_over, batch_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(nothing_is_left_over_after_failures),
	KUNIT_CASE(signals_of_processes_do_nothing),
	KUNIT_CASE(idle_thread_is_frozen_if_it_asked_for_it),
	KUNIT_CASE(wakeup_of_a_frozen_thread_is_kept),
	KUNIT_CASE(parked_thread_does_not_hold_up_a_freeze),
	KUNIT_CASE(frozen_thread_can_be_destroyed),
	KUNIT_CASE(misuse_warns_and_fails),
	KUNIT_CASE(start_races_with_start),
	KUNIT_CASE(destroy_of_oneself_is_refused),
	KUNIT_CASE(stop_is_refused),
	KUNIT_CASE(result_that_is_no_errno_is_told),
	KUNIT_CASE(corefn_that_returns_on_its_way_to_sleep),
	{}
};

static struct kunit_suite kthread_lifecycle_guest_suite = {
	.name = "kthread_lifecycle_guest",
	.suite_init = lifecycle_environment_init,
	.suite_exit = lifecycle_environment_exit,
	.test_cases = cases,
};

kunit_test_suite(kthread_lifecycle_guest_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
