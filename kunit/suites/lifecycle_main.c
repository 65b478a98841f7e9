// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for kthread_spawn(), kthread_start() and kthread_destroy().
 *
 * Each case is named for what must hold. A thread that a case leaves behind,
 * because an assertion ended it early, is destroyed by an action.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "lifecycle_kunit.h"

int life_init(void *data)
{
	struct life *l = data;

	atomic_inc(&l->inits);
	if (l->slow)
		wait_for_completion(&l->release);
	l->inited = true;
	return l->init_result;
}

int life_core(void *data)
{
	struct life *l = data;

	if (!l->inited)
		atomic_inc(&l->core_early);
	atomic_inc(&l->cores);
	complete(&l->ran);
	while (l->loop && !signal_pending(current)) {
		set_current_state(l->loop);
		if (!signal_pending(current))
			schedule_timeout(10 * HZ);
		__set_current_state(TASK_RUNNING);
	}
	return l->core_result;
}

static void life_end(void *data)
{
	struct life *l = data;

	complete_all(&l->release);
	if (l->k)
		kthread_destroy(l->k);
}

struct life *life_new(struct kunit *test)
{
	struct life *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	init_completion(&l->ran);
	init_completion(&l->release);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, life_end, l), 0);
	return l;
}

void life_spawn(struct kunit *test, struct life *l)
{
	struct task_struct *k = kthread_spawn(life_init, life_core, l, "life/%d", 7);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(k));
	l->k = k;
}

void life_launch(struct kunit *test, struct life *l)
{
	life_spawn(test, l);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
}

int life_destroy(struct life *l)
{
	struct task_struct *k = l->k;

	l->k = NULL;
	return kthread_destroy(k);
}

/* See the thread asleep in @state: off its CPU, and not about to be on one. */
void life_sleeps(struct kunit *test, struct life *l, unsigned int state)
{
	unsigned long end = jiffies + BOUND;

	while (time_before(jiffies, end)) {
		if ((READ_ONCE(l->k->__state) & state) &&
		    !READ_ONCE(l->k->on_rq) && !READ_ONCE(l->k->on_cpu))
			return;
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_ASSERT_TRUE_MSG(test, false, "%s does not sleep", l->k->comm);
}

/* A wake-up, and corefn's answer to it */
void life_run(struct kunit *test, struct life *l)
{
	wake_up_process(l->k);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
}

static void spawned_thread_sleeps(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	/* A stray wake-up is no start either. */
	wake_up_process(l->k);
	life_sleeps(test, l, TASK_PARKED);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_STREQ(test, l->k->comm, "life/7");
	KUNIT_EXPECT_PTR_EQ(test, kthread_func(l->k), (void *)life_core);
	KUNIT_EXPECT_PTR_EQ(test, kthread_data(l->k), (void *)l);
}

/* One that is moved before it runs would start in a cgroup that is not its own. */
static void users_cannot_move_it_before_the_start(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	KUNIT_EXPECT_TRUE(test, l->k->no_cgroup_migration);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
	KUNIT_EXPECT_FALSE(test, l->k->no_cgroup_migration);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void signals_of_users_do_nothing(struct kunit *test)
{
	static const int signals[] = { SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGUSR1 };
	struct life *l = life_new(test);

	life_launch(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	for (int i = 0; i < ARRAY_SIZE(signals); i++)
		send_sig_info(signals[i], SEND_SIG_NOINFO, l->k);
	/* Had one of them woken it, corefn would run. */
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_FALSE(test, signal_pending(l->k));
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void signal_of_the_kernel_is_no_destroy(struct kunit *test)
{
	struct life *l = life_new(test);
	unsigned long switches;

	life_launch(test, l);
	for (int i = 0; i < 10; i++) {
		send_sig(SIGTERM, l->k, 1);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	/* It sleeps for good, and not just between two looks at a signal. */
	KUNIT_EXPECT_FALSE(test, signal_pending(l->k));
	switches = l->k->nvcsw + l->k->nivcsw;
	msleep(50);
	KUNIT_EXPECT_EQ(test, l->k->nvcsw + l->k->nivcsw, switches);
	KUNIT_EXPECT_EQ(test, l->k->exit_state, 0);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void start_runs_initfn_once(struct kunit *test)
{
	struct life *l = life_new(test);

	l->init_result = 42;
	life_launch(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_TRUE(test, l->inited);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->core_early), 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void failed_start_reaps(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *k;

	l->init_result = -ENODEV;
	life_spawn(test, l);
	k = get_task_struct(l->k);
	l->k = NULL;
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(k), ERR_PTR(-ENODEV));
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
	put_task_struct(k);
}

static void every_wakeup_runs_corefn(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	for (int i = 1; i <= 100; i++) {
		life_run(test, l);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), i);
	}
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, l->k->cpus_ptr));
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int wait_in_core(void *data)
{
	struct life *l = data;

	atomic_inc(&l->cores);
	complete(&l->ran);
	/* Not a sleep: a wake-up must find this thread running. */
	while (!try_wait_for_completion(&l->release) && !signal_pending(current)) {
		cond_resched();
		cpu_relax();
	}
	return 0;
}

static void wakeup_during_corefn_is_kept(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, wait_in_core, l, "kept");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	for (int i = 1; i <= 50; i++) {
		life_run(test, l);
		/* corefn runs and has seen all there was: wake it once more. */
		wake_up_process(l->k);
		complete(&l->release);
		KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), 2 * i);
		complete(&l->release);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void idle_thread_uses_no_cpu(struct kunit *test)
{
	struct life *l = life_new(test);
	unsigned long switches;
	u64 ran;

	life_launch(test, l);
	life_run(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	switches = l->k->nvcsw + l->k->nivcsw;
	ran = l->k->se.sum_exec_runtime;
	msleep(200);
	KUNIT_EXPECT_EQ(test, l->k->nvcsw + l->k->nivcsw, switches);
	KUNIT_EXPECT_EQ(test, l->k->se.sum_exec_runtime, ran);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void no_corefn_sleeps_until_destroyed(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, NULL, NULL, "nothing");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	for (int i = 0; i < 10; i++)
		wake_up_process(l->k);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void looping_corefn_ends(struct kunit *test, unsigned int state)
{
	struct life *l = life_new(test);
	ktime_t begun;

	l->loop = state;
	l->core_result = 5;
	life_launch(test, l);
	life_run(test, l);
	life_sleeps(test, l, state);
	begun = ktime_get();
	KUNIT_EXPECT_EQ(test, life_destroy(l), 5);
	/* Far less than the ten seconds it sleeps for at a time. */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begun), 5000);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
}

static void looping_corefn_sees_the_signal(struct kunit *test)
{
	looping_corefn_ends(test, TASK_INTERRUPTIBLE);
}

static void looping_corefn_is_woken_where_no_signal_does(struct kunit *test)
{
	looping_corefn_ends(test, TASK_IDLE);
}

static int park_in_core(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	while (!signal_pending(current)) {
		if (kthread_should_park())
			kthread_parkme();
		else
			schedule_timeout_interruptible(10 * HZ);
	}
	return -EXDEV;
}

static void parked_thread_can_be_destroyed(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, park_in_core, l, "parked");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
	life_sleeps(test, l, TASK_PARKED);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EXDEV);
}

/* Where one can't sleep, kthread_unpark() is a start that does not wait. */
static void unpark_is_a_start_without_the_wait(struct kunit *test)
{
	struct life *l = life_new(test);

	l->slow = true;
	life_spawn(test, l);
	preempt_disable();
	kthread_unpark(l->k);
	KUNIT_EXPECT_FALSE(test, l->inited);
	preempt_enable();
	complete(&l->release);
	/* It is the first wake-up, too. */
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 2);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void failed_start_by_unpark_is_for_the_destroyer(struct kunit *test)
{
	struct life *l = life_new(test);

	l->init_result = -ENXIO;
	life_spawn(test, l);
	kthread_unpark(l->k);
	while (READ_ONCE(l->k->exit_state) != EXIT_ZOMBIE)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -ENXIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
}

static int exit_itself(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	kthread_exit(l->core_result);
}

/* A function should return. One that does not leaves nobody waiting. */
static void thread_that_dies_in_initfn_fails_its_start(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *k;

	for (int i = 0; i < 2; i++) {
		l->core_result = i ? -EPIPE : 0;
		k = kthread_spawn(exit_itself, NULL, l, "dies");
		KUNIT_ASSERT_FALSE(test, IS_ERR(k));
		get_task_struct(k);
		KUNIT_EXPECT_PTR_EQ(test, kthread_start(k), ERR_PTR(i ? -EPIPE : -EINTR));
		KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
		put_task_struct(k);
	}
}

static void thread_that_dies_in_corefn_can_be_destroyed(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = -EPIPE;
	l->k = kthread_launch(NULL, exit_itself, l, "dies");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	/* Dead and not reaped, the pointer is as good as before. */
	while (READ_ONCE(l->k->exit_state) != EXIT_ZOMBIE)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, pid_alive(l->k));
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EPIPE);
}

static void failed_corefn_is_not_called_again(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = -EIO;
	life_launch(test, l);
	life_run(test, l);
	for (int i = 0; i < 10; i++) {
		wake_up_process(l->k);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	KUNIT_EXPECT_EQ(test, l->k->exit_state, 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EIO);
}

static void destroy_returns_last_result(struct kunit *test)
{
	static const int results[] = {
		0, 1, 255, 256, -1, -EINTR, -255, -256, -ERESTARTSYS, -MAX_ERRNO,
	};

	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		struct life *l = life_new(test);

		l->core_result = results[i];
		life_launch(test, l);
		life_run(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), results[i]);
	}
}

static void start_returns_full_range(struct kunit *test)
{
	static const int results[] = {
		-1, -EINTR, -255, -256, -ERESTARTSYS, -MAX_ERRNO,
	};

	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		struct life *l = life_new(test);

		l->init_result = results[i];
		KUNIT_EXPECT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "range"),
				    ERR_PTR(results[i]));
	}
}

static void destroyed_thread_is_dead(struct kunit *test)
{
	for (int i = 0; i < 50; i++) {
		struct life *l = life_new(test);
		struct task_struct *k;

		life_launch(test, l);
		k = get_task_struct(l->k);
		wake_up_process(k);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		/* Reaped: no longer to be found, by pid or as a child. */
		KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
		KUNIT_EXPECT_FALSE(test, pid_alive(k));
		KUNIT_EXPECT_TRUE(test, list_empty(&k->sibling));
		put_task_struct(k);
	}
}

static void destroy_before_start_runs_nothing(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EINTR);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
}

static void started_means_initfn_has_run(struct kunit *test)
{
	for (int i = 0; i < 100; i++) {
		struct life *l = life_new(test);

		life_launch(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->inits), 1);
	}
}

/* A caller of each operation that is being killed meanwhile */
static int killed_caller(void *data)
{
	struct life *l = data;
	struct task_struct *k;
	int ret;

	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	if (!fatal_signal_pending(current) && !signal_pending(current))
		return -EPROTO;
	k = kthread_launch(life_init, life_core, l, "uninterrupted");
	if (IS_ERR(k))
		return PTR_ERR(k);
	wake_up_process(k);
	wait_for_completion(&l->ran);
	ret = kthread_destroy(k);
	complete(&l->release);
	return ret;
}

static void killed_caller_gets_the_result(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *caller;

	l->core_result = -ENOTTY;
	caller = kthread_create(killed_caller, l, "killed_caller");
	KUNIT_ASSERT_FALSE(test, IS_ERR(caller));
	get_task_struct(caller);
	wake_up_process(caller);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&l->release, BOUND), 0);
	KUNIT_EXPECT_EQ(test, kthread_stop_put(caller), -ENOTTY);
}

static int where(void *data)
{
	*(int *)data = raw_smp_processor_id();
	return 0;
}

static void bound_thread_runs_on_its_cpu(struct kunit *test)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct life *l = life_new(test);
		int at = -1;

		l->k = kthread_spawn(where, NULL, &at, "bound/%u", cpu);
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
		kthread_bind(l->k, cpu);
		KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
		KUNIT_EXPECT_EQ(test, at, (int)cpu);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
}

static void name_is_formatted_and_cut(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_spawn(NULL, NULL, NULL, "%s-%d-%s", "abc", 12, "defghijklmnopq");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	KUNIT_EXPECT_STREQ(test, l->k->comm, "abc-12-defghijk");
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EINTR);
}

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

static void workers_are_up(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, keventd_up());
	/* Those that are left when memory is short: one forks, one reaps. */
	KUNIT_EXPECT_EQ(test, life_count_tasks("kworker/R-kthre"), 2U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(workers_are_up),
	KUNIT_CASE(clean_environment),
	KUNIT_CASE(clean_environment_of_a_kthread),
	KUNIT_CASE(caller_does_it_without_workers),
	KUNIT_CASE(who_reaps_need_not_have_forked),
	KUNIT_CASE(spawned_thread_sleeps),
	KUNIT_CASE(users_cannot_move_it_before_the_start),
	KUNIT_CASE(signals_of_users_do_nothing),
	KUNIT_CASE(signal_of_the_kernel_is_no_destroy),
	KUNIT_CASE(start_runs_initfn_once),
	KUNIT_CASE(failed_start_reaps),
	KUNIT_CASE(unpark_is_a_start_without_the_wait),
	KUNIT_CASE(failed_start_by_unpark_is_for_the_destroyer),
	KUNIT_CASE(thread_that_dies_in_initfn_fails_its_start),
	KUNIT_CASE(every_wakeup_runs_corefn),
	KUNIT_CASE(wakeup_during_corefn_is_kept),
	KUNIT_CASE(wakeup_storm_loses_nothing),
	KUNIT_CASE(idle_thread_uses_no_cpu),
	KUNIT_CASE(no_corefn_sleeps_until_destroyed),
	KUNIT_CASE(looping_corefn_sees_the_signal),
	KUNIT_CASE(looping_corefn_is_woken_where_no_signal_does),
	KUNIT_CASE(parked_thread_can_be_destroyed),
	KUNIT_CASE(failed_corefn_is_not_called_again),
	KUNIT_CASE(thread_that_dies_in_corefn_can_be_destroyed),
	KUNIT_CASE(destroy_returns_last_result),
	KUNIT_CASE(start_returns_full_range),
	KUNIT_CASE(destroyed_thread_is_dead),
	KUNIT_CASE(destroy_before_start_runs_nothing),
	KUNIT_CASE(started_means_initfn_has_run),
	KUNIT_CASE(failed_fork_is_reported),
	KUNIT_CASE(failed_allocation_is_reported),
	KUNIT_CASE(every_failing_step_leaves_nothing),
	KUNIT_CASE(killed_caller_gets_the_result),
	KUNIT_CASE(callers_at_once_from_work_items),
	KUNIT_CASE(callers_at_once_from_threads),
	KUNIT_CASE(slow_initfns_hold_up_nobody),
	KUNIT_CASE(slow_corefns_hold_up_nobody),
	KUNIT_CASE(nested_from_initfn),
	KUNIT_CASE(nested_from_corefn),
	KUNIT_CASE(destroy_races_with_start),
	KUNIT_CASE(destroy_comes_while_a_start_fails),
	KUNIT_CASE(destroy_races_with_end_of_corefn),
	KUNIT_CASE(destroy_races_with_wakeups),
	KUNIT_CASE(bound_thread_runs_on_its_cpu),
	KUNIT_CASE(name_is_formatted_and_cut),
	KUNIT_CASE(operations_are_counted),
	KUNIT_CASE(operations_are_traced),
	KUNIT_CASE_PARAM_ATTR(nothing_is_left_over, batch_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(nothing_is_left_over_after_failures),
	KUNIT_CASE(misuse_warns_and_fails),
	KUNIT_CASE(start_races_with_start),
	KUNIT_CASE(destroy_of_oneself_is_refused),
	KUNIT_CASE(stop_is_refused),
	KUNIT_CASE(no_errno_of_initfn_runs_it_twice),
	KUNIT_CASE(result_that_is_no_errno_is_told),
	KUNIT_CASE(corefn_that_returns_on_its_way_to_sleep),
	KUNIT_CASE(last_of_several_results),
	KUNIT_CASE(result_of_a_corefn_that_was_interrupted),
	KUNIT_CASE(each_way_to_wake_it_counts),
	KUNIT_CASE(woken_from_interrupts_on_its_cpu),
	KUNIT_CASE(idle_thread_parks_whatever_its_corefn),
	KUNIT_CASE(parked_thread_runs_once_it_is_unparked),
	KUNIT_CASE(parked_while_its_corefn_waits),
	KUNIT_CASE(signals_of_processes_do_nothing),
	KUNIT_CASE(destroyed_while_it_spawns),
	KUNIT_CASE(idle_thread_is_frozen_if_it_asked_for_it),
	KUNIT_CASE(wakeup_of_a_frozen_thread_is_kept),
	KUNIT_CASE(frozen_thread_can_be_destroyed),
	KUNIT_CASE(parked_thread_does_not_hold_up_a_freeze),
	KUNIT_CASE(threads_have_the_files_of_kthreadd),
	KUNIT_CASE(concurrent_spawns_keep_their_names),
	KUNIT_CASE(more_slow_threads_than_a_workqueue_may_have_workers),
	{}
};

static struct kunit_suite kthread_lifecycle_suite = {
	.name = "kthread_lifecycle",
	.suite_init = lifecycle_environment_init,
	.suite_exit = lifecycle_environment_exit,
	.test_cases = cases,
};

kunit_test_suite(kthread_lifecycle_suite);

MODULE_DESCRIPTION("KUnit suite for kthread_spawn(), kthread_start() and kthread_destroy()");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
