// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the kernel's own kthread API, on any tree.
 *
 * Each case is named for what must hold. What a case leaves behind, because an
 * assertion ended it early, is stopped by an action. Nothing here sleeps for a
 * race to be over: a case waits, within a bound, for what it wants to see.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/freezer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smpboot.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "shell.h"

#define BOUND		(10 * HZ)	/* no operation here takes nearly as long */
#define FAR		(3600 * HZ)	/* a delay that no case waits for */
#define ROUNDS		200
#define ACTORS		6
#define RACES		500
#define CANCELS		100
#define BURST		50

/**
 * struct subject - a thread that a case works on, and what it saw
 * @k: the thread while the case has it, with a reference, else NULL
 * @result: what its function returns
 * @runs: times that it came by what it is there for
 * @cpu: where it was last
 * @strayed: times that it was not on the CPU it was first on
 * @node: memory node it was on
 * @seen: completed by each run
 * @release: it waits for this where it has to wait
 * @stopping: completed once it sees that it has to stop
 * @comp: what kthread_complete_and_exit() completes
 * @stopped: it was stopped by another thread, and must not be stopped again
 * @errand: what it is to do, where the case must look on
 * @arg: argument of @errand, or for what is special in a case
 * @gate: what @errand waits for in the end
 */
struct subject {
	struct task_struct *k;
	int result;
	atomic_t runs;
	int cpu;
	int strayed;
	int node;
	struct completion seen;
	struct completion release;
	struct completion stopping;
	struct completion *comp;
	bool stopped;
	int (*errand)(void *arg);
	void *arg;
	struct completion *gate;
};

static void subject_end(void *data)
{
	struct subject *s = data;

	complete_all(&s->release);
	if (s->gate)
		complete_all(s->gate);
	if (!s->k)
		return;
	if (!s->stopped)
		kthread_stop(s->k);
	put_task_struct(s->k);
	s->k = NULL;
}

static struct subject *subject_new(struct kunit *test)
{
	struct subject *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	init_completion(&s->seen);
	init_completion(&s->release);
	init_completion(&s->stopping);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, subject_end, s), 0);
	return s;
}

/* Have @k belong to @s from now on. */
static void subject_take(struct kunit *test, struct subject *s, struct task_struct *k)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(k));
	s->k = get_task_struct(k);
}

static int subject_stop(struct subject *s)
{
	struct task_struct *k = s->k;
	int ret = kthread_stop(k);

	s->k = NULL;
	put_task_struct(k);
	return ret;
}

/* It runs whenever it is woken, parks when it has to, and ends when it must. */
static int obey(void *data)
{
	struct subject *s = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			continue;
		}
		s->cpu = raw_smp_processor_id();
		atomic_inc(&s->runs);
		complete(&s->seen);
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return s->result;
}

/* It says that it is there, and lingers once it has to stop. */
static int linger(void *data)
{
	struct subject *s = data;

	complete(&s->seen);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	complete(&s->stopping);
	wait_for_completion(&s->release);
	return s->result;
}

/* It is over by itself. */
static int pass_by(void *data)
{
	struct subject *s = data;

	atomic_inc(&s->runs);
	s->cpu = raw_smp_processor_id();
	s->node = numa_node_id();
	complete(&s->seen);
	return s->result;
}

static struct subject *subject_create(struct kunit *test, int (*fn)(void *))
{
	struct subject *s = subject_new(test);

	subject_take(test, s, kthread_create(fn, s, "api/%d", 7));
	return s;
}

static void await(struct kunit *test, struct completion *c)
{
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(c, BOUND), 0UL);
}

static struct subject *subject_run(struct kunit *test, int (*fn)(void *))
{
	struct subject *s = subject_create(test, fn);

	wake_up_process(s->k);
	await(test, &s->seen);
	return s;
}

static bool off_cpu(struct task_struct *k, unsigned int state)
{
	return (READ_ONCE(k->__state) & state) && !READ_ONCE(k->on_rq) &&
	       !READ_ONCE(k->on_cpu);
}

/* See @k asleep in @state, and not about to be awake. */
static void sleeps(struct kunit *test, struct task_struct *k, unsigned int state)
{
	unsigned long end = jiffies + BOUND;

	while (time_before(jiffies, end)) {
		if (off_cpu(k, state))
			return;
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_ASSERT_TRUE_MSG(test, false, "%s does not sleep in state %x", k->comm, state);
}

/* See @k on its way out, which it is before it is dead. */
static void exits(struct kunit *test, struct task_struct *k)
{
	unsigned long end = jiffies + BOUND;

	while (!READ_ONCE(k->exit_state) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_ASSERT_NE(test, READ_ONCE(k->exit_state), 0);
}

static int do_errand(void *data)
{
	struct subject *s = data;

	s->result = s->errand(s->arg);
	complete(&s->seen);
	return 0;
}

/* Have a thread call @fn, which will wait for @gate: a case cannot wait itself. */
static struct subject *send(struct kunit *test, int (*fn)(void *), void *arg,
			    struct completion *gate)
{
	struct subject *s = subject_create(test, do_errand);

	s->errand = fn;
	s->arg = arg;
	s->gate = gate;
	wake_up_process(s->k);
	sleeps(test, s->k, TASK_UNINTERRUPTIBLE);
	KUNIT_ASSERT_FALSE(test, completion_done(&s->seen));
	return s;
}

/* A CPU that the boot CPU's work has nothing to do with */
static int other_cpu(struct kunit *test)
{
	int cpu = cpumask_last(cpu_online_mask);

	if (!cpu)
		kunit_skip(test, "there is one CPU only");
	return cpu;
}

/* The host takes the next trouble with that text for what it is: meant. */
static void expect_warning(const char *text)
{
	pr_info("respawn: expect %s\n", text);
}

/* --- Threads: create, run, stop --- */

static void created_thread_sleeps(struct kunit *test)
{
	struct subject *s = subject_create(test, obey);

	sleeps(test, s->k, TASK_UNINTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
	KUNIT_EXPECT_TRUE(test, s->k->flags & PF_KTHREAD);
	KUNIT_EXPECT_STREQ(test, s->k->comm, "api/7");
}

static void long_name_is_cut(struct kunit *test)
{
	struct subject *s = subject_new(test);

	subject_take(test, s, kthread_create(obey, s, "%s", "a-name-that-is-far-too-long"));
	KUNIT_EXPECT_EQ(test, strlen(s->k->comm), (size_t)TASK_COMM_LEN - 1);
	KUNIT_EXPECT_EQ(test, strncmp(s->k->comm, "a-name-that-is-far-too-long",
				      TASK_COMM_LEN - 1), 0);
}

static void thread_of_a_node_runs(struct kunit *test)
{
	struct subject *s = subject_new(test);
	int node = first_online_node;

	subject_take(test, s, kthread_create_on_node(pass_by, s, node, "node/%d", node));
	s->node = NUMA_NO_NODE;
	wake_up_process(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_TRUE(test, node_online(s->node));
	KUNIT_EXPECT_EQ(test, subject_stop(s), 0);
}

static void run_runs_at_once(struct kunit *test)
{
	struct subject *s = subject_new(test);

	s->result = 5;
	subject_take(test, s, kthread_run(obey, s, "api"));
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 5);
}

static void thread_is_a_plain_child_of_kthreadd(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);
	struct task_struct *parent;

	rcu_read_lock();
	parent = rcu_dereference(s->k->real_parent);
	KUNIT_EXPECT_STREQ(test, parent->comm, "kthreadd");
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, s->k->mm);
	KUNIT_EXPECT_EQ(test, task_nice(s->k), 0);
	KUNIT_EXPECT_EQ(test, s->k->policy, (unsigned int)SCHED_NORMAL);
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, s->k->cpus_ptr));
}

/* A creator with what a thread must not have of it */
static int odd_creator(void *data)
{
	struct subject *s = data;
	struct task_struct *k;

	set_user_nice(current, 7);
	set_cpus_allowed_ptr(current, cpumask_of(0));
	k = kthread_create(obey, s->arg, "of_odd");
	if (IS_ERR(k))
		return PTR_ERR(k);
	((struct subject *)s->arg)->k = get_task_struct(k);
	return 0;
}

static void nothing_of_the_creator_is_inherited(struct kunit *test)
{
	struct subject *child = subject_new(test);
	struct subject *s = subject_create(test, odd_creator);

	s->arg = child;
	wake_up_process(s->k);
	/* A thread that is stopped before it ran does not run. */
	exits(test, s->k);
	KUNIT_ASSERT_EQ(test, subject_stop(s), 0);
	KUNIT_ASSERT_NOT_NULL(test, child->k);
	wake_up_process(child->k);
	await(test, &child->seen);
	KUNIT_EXPECT_EQ(test, task_nice(child->k), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, child->k->cpus_ptr));
}

static void signals_do_nothing(struct kunit *test)
{
	static const int signals[] = { SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGUSR1 };
	struct subject *s = subject_run(test, obey);

	sleeps(test, s->k, TASK_INTERRUPTIBLE);
	for (int i = 0; i < ARRAY_SIZE(signals); i++)
		KUNIT_EXPECT_EQ(test, user(test, "kill -%d %d", signals[i],
					   task_pid_nr(s->k)), 0);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_INTERRUPTIBLE));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 1);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 0);
}

static void every_wakeup_is_a_run(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	for (int i = 2; i < ROUNDS; i++) {
		wake_up_process(s->k);
		await(test, &s->seen);
		KUNIT_ASSERT_EQ(test, atomic_read(&s->runs), i);
		sleeps(test, s->k, TASK_INTERRUPTIBLE);
	}
}

static void stop_returns_the_result(struct kunit *test)
{
	static const int results[] = {
		0, 1, -1, 255, 256, -EINTR, -512, 65536, INT_MAX, INT_MIN,
	};

	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		struct subject *s = subject_run(test, obey);

		s->result = results[i];
		KUNIT_EXPECT_EQ(test, subject_stop(s), results[i]);
	}
}

static void stop_before_the_first_run_runs_nothing(struct kunit *test)
{
	struct subject *s = subject_create(test, obey);

	KUNIT_EXPECT_EQ(test, subject_stop(s), -EINTR);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
}

static int stop_it(void *arg)
{
	struct subject *victim = arg;

	victim->stopped = true;
	return kthread_stop(victim->k);
}

static void stop_waits_for_the_thread(struct kunit *test)
{
	struct subject *s = subject_run(test, linger), *by;

	s->result = 11;
	by = send(test, stop_it, s, &s->release);
	await(test, &s->stopping);
	sleeps(test, by->k, TASK_UNINTERRUPTIBLE);
	KUNIT_EXPECT_FALSE(test, completion_done(&by->seen));
	complete_all(&s->release);
	await(test, &by->seen);
	KUNIT_EXPECT_EQ(test, by->result, 11);
	KUNIT_EXPECT_TRUE(test, s->k->flags & PF_EXITING);
}

static void stop_of_a_thread_that_has_returned(struct kunit *test)
{
	struct subject *s = subject_new(test);

	s->result = 42;
	subject_take(test, s, kthread_create(pass_by, s, "api"));
	wake_up_process(s->k);
	await(test, &s->seen);
	exits(test, s->k);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 42);
}

/* It leaves what kthread_should_stop() says at first and in the end. */
static int ask(void *data)
{
	struct subject *s = data;
	int early = kthread_should_stop();

	linger(s);
	return early << 1 | kthread_should_stop();
}

static void should_stop_is_for_the_one_stopped(struct kunit *test)
{
	struct subject *one = subject_run(test, ask), *two = subject_run(test, ask);

	complete_all(&one->release);
	KUNIT_EXPECT_EQ(test, subject_stop(one), 1);
	sleeps(test, two->k, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_FALSE(test, completion_done(&two->stopping));
	complete_all(&two->release);
	KUNIT_EXPECT_EQ(test, subject_stop(two), 1);
}

static int leave(void *data)
{
	struct subject *s = data;

	complete(&s->seen);
	kthread_complete_and_exit(s->comp, s->result);
	return 0;
}

static void exit_completes_and_passes_the_result(struct kunit *test)
{
	struct subject *s = subject_new(test);

	s->comp = &s->stopping;
	s->result = -300;
	subject_take(test, s, kthread_create(leave, s, "leave"));
	wake_up_process(s->k);
	await(test, &s->stopping);
	KUNIT_EXPECT_EQ(test, subject_stop(s), -300);
}

static void exit_without_a_completion_passes_the_result(struct kunit *test)
{
	struct subject *s = subject_new(test);

	s->result = 4711;
	subject_take(test, s, kthread_create(leave, s, "leave"));
	wake_up_process(s->k);
	await(test, &s->seen);
	exits(test, s->k);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 4711);
}

static int breed(void *data)
{
	struct subject *s = data;

	for (int i = 0; i < ROUNDS / 10; i++) {
		struct subject child = { .result = i };
		struct task_struct *k;

		init_completion(&child.seen);
		k = kthread_run(obey, &child, "child");
		if (IS_ERR(k))
			return PTR_ERR(k);
		wait_for_completion(&child.seen);
		if (kthread_stop(k) != i)
			return -EIO;
		atomic_inc(&s->runs);
	}
	complete(&s->seen);
	return 0;
}

static void many_create_and_stop_at_once(struct kunit *test)
{
	struct subject *s[ACTORS];

	for (int i = 0; i < ACTORS; i++)
		s[i] = subject_create(test, breed);
	for (int i = 0; i < ACTORS; i++)
		wake_up_process(s[i]->k);
	for (int i = 0; i < ACTORS; i++) {
		await(test, &s[i]->seen);
		KUNIT_EXPECT_EQ(test, atomic_read(&s[i]->runs), ROUNDS / 10);
		KUNIT_EXPECT_EQ(test, subject_stop(s[i]), 0);
	}
}

static void function_and_data_are_known(struct kunit *test)
{
	struct subject *s = subject_create(test, obey);
	struct task_struct *init = get_pid_task(find_vpid(1), PIDTYPE_PID);

	KUNIT_EXPECT_PTR_EQ(test, kthread_func(s->k), (void *)obey);
	KUNIT_EXPECT_PTR_EQ(test, kthread_data(s->k), (void *)s);
	KUNIT_ASSERT_NOT_NULL(test, init);
	KUNIT_EXPECT_NULL(test, kthread_func(init));
	put_task_struct(init);
}

/* --- Parking --- */

static void parked_thread_is_off_its_cpu(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
		KUNIT_ASSERT_TRUE(test, off_cpu(s->k, TASK_PARKED));
		kthread_unpark(s->k);
		await(test, &s->seen);
	}
	KUNIT_EXPECT_EQ(test, subject_stop(s), 0);
}

static void wakeup_does_not_unpark(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);
	int runs;

	KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
	runs = atomic_read(&s->runs);
	for (int i = 0; i < ROUNDS; i++)
		KUNIT_EXPECT_EQ(test, wake_up_process(s->k), 0);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_PARKED));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), runs);
	kthread_unpark(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_GT(test, atomic_read(&s->runs), runs);
}

static void park_before_the_first_run_runs_nothing(struct kunit *test)
{
	struct subject *s = subject_create(test, obey);

	KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_PARKED));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
	kthread_unpark(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 1);
}

/* Parked, it counts as woken: its function is called, and sees that it has to stop. */
static void stop_of_a_thread_parked_before_its_first_run(struct kunit *test)
{
	struct subject *s = subject_create(test, obey);

	s->result = 9;
	KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
}

static void stop_of_a_parked_thread_returns_the_result(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	s->result = 3;
	KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
	KUNIT_EXPECT_EQ(test, subject_stop(s), 3);
}

static void unpark_of_a_thread_not_parked_does_nothing(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	sleeps(test, s->k, TASK_INTERRUPTIBLE);
	kthread_unpark(s->k);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_INTERRUPTIBLE));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 1);
}

static void park_of_an_exited_thread_is_refused(struct kunit *test)
{
	struct subject *s = subject_run(test, pass_by);

	exits(test, s->k);
	expect_warning("kthread_park");
	KUNIT_EXPECT_EQ(test, kthread_park(s->k), -ENOSYS);
}

static void park_of_a_parked_thread_is_refused(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	KUNIT_ASSERT_EQ(test, kthread_park(s->k), 0);
	expect_warning("kthread_park");
	KUNIT_EXPECT_EQ(test, kthread_park(s->k), -EBUSY);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_PARKED));
}

/* It parks of its own will, between two runs. */
static int park_self(void *data)
{
	struct subject *s = data;
	int early;

	/* There is no request to park, so this returns immediately. */
	kthread_parkme();
	early = kthread_should_park();
	s->result = kthread_park(current);
	if (early || !kthread_should_park())
		s->result = -EIO;
	complete(&s->seen);
	kthread_parkme();
	atomic_inc(&s->runs);
	return linger(s);
}

static void thread_may_park_itself(struct kunit *test)
{
	struct subject *s = subject_run(test, park_self);

	KUNIT_EXPECT_EQ(test, s->result, 0);
	sleeps(test, s->k, TASK_PARKED);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
	complete_all(&s->release);
	kthread_unpark(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 1);
}

static DEFINE_PER_CPU(struct task_struct *, percpu_task);
static struct completion percpu_set_up, percpu_unparked;
static int percpu_cpu;

static int percpu_should_run(unsigned int cpu)
{
	return 0;
}

static void percpu_run(unsigned int cpu)
{
}

static void percpu_setup(unsigned int cpu)
{
	if (cpu == percpu_cpu)
		complete(&percpu_set_up);
}

/* A thread without this would not say that it is back. */
static void percpu_park(unsigned int cpu)
{
}

static void percpu_unpark(unsigned int cpu)
{
	if (cpu == percpu_cpu && raw_smp_processor_id() == cpu)
		complete(&percpu_unparked);
}

static struct smp_hotplug_thread percpu_threads = {
	.store = &percpu_task,
	.thread_should_run = percpu_should_run,
	.thread_fn = percpu_run,
	.setup = percpu_setup,
	.park = percpu_park,
	.unpark = percpu_unpark,
	.thread_comm = "api_percpu/%u",
};

static void percpu_end(void *data)
{
	smpboot_unregister_percpu_thread(&percpu_threads);
}

static void unpark_binds_a_percpu_thread_again(struct kunit *test)
{
	struct task_struct *k;

	percpu_cpu = other_cpu(test);
	init_completion(&percpu_set_up);
	init_completion(&percpu_unparked);
	KUNIT_ASSERT_EQ(test, smpboot_register_percpu_thread(&percpu_threads), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, percpu_end, NULL), 0);
	await(test, &percpu_set_up);
	k = per_cpu(percpu_task, percpu_cpu);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(k->cpus_ptr, cpumask_of(percpu_cpu)));

	KUNIT_ASSERT_EQ(test, kthread_park(k), 0);
	/* What the scheduler does to it when its CPU goes */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(k, cpumask_of(0)), 0);
	kthread_unpark(k);
	await(test, &percpu_unparked);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(k->cpus_ptr, cpumask_of(percpu_cpu)));
}

/* --- Binding --- */

/* It looks where it is, with every chance to be moved. */
static int roam(void *data)
{
	struct subject *s = data;

	s->cpu = raw_smp_processor_id();
	for (int i = 0; i < ROUNDS; i++) {
		if (raw_smp_processor_id() != s->cpu)
			s->strayed++;
		if (i % 8)
			schedule();
		else
			schedule_timeout_uninterruptible(1);
	}
	return obey(s);
}

static void bound_thread_runs_on_its_cpu(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct subject *s = subject_create(test, roam);

	kthread_bind(s->k, cpu);
	KUNIT_EXPECT_TRUE(test, s->k->flags & PF_NO_SETAFFINITY);
	wake_up_process(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->cpu, cpu);
	KUNIT_EXPECT_EQ(test, s->strayed, 0);
}

static void thread_created_on_a_cpu_is_bound_to_it(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct subject *s = subject_new(test);
	char name[TASK_COMM_LEN];

	subject_take(test, s, kthread_create_on_cpu(roam, s, cpu, "on/%u"));
	snprintf(name, sizeof(name), "on/%u", cpu);
	KUNIT_EXPECT_STREQ(test, s->k->comm, name);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(s->k->cpus_ptr, cpumask_of(cpu)));
	wake_up_process(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->cpu, cpu);
	KUNIT_EXPECT_EQ(test, s->strayed, 0);
}

static void cpu_comes_back(void *data)
{
	int *cpu = data;

	if (!cpu_online(*cpu))
		add_cpu(*cpu);
}

static void thread_is_bound_to_a_cpu_that_is_offline(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct subject *s = subject_new(test);

	s->cpu = cpu;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, cpu_comes_back, &s->cpu), 0);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	subject_take(test, s, kthread_create(roam, s, "offline"));
	kthread_bind(s->k, cpu);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	s->cpu = -1;
	wake_up_process(s->k);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->cpu, cpu);
	KUNIT_EXPECT_EQ(test, s->strayed, 0);
}

static void bind_of_a_thread_that_runs_is_refused(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct subject *s = subject_run(test, obey);

	sleeps(test, s->k, TASK_INTERRUPTIBLE);
	expect_warning("kthread_bind");
#ifdef HAVE_KTHREAD_STARTED
	expect_warning("kthread_bind");
#endif
	kthread_bind(s->k, cpu);
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, s->k->cpus_ptr));
	KUNIT_EXPECT_FALSE(test, s->k->flags & PF_NO_SETAFFINITY);
}

static void users_move_a_thread_unless_it_is_bound(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct subject *bound = subject_create(test, obey);
	struct subject *free = subject_run(test, obey);

	kthread_bind(bound->k, cpu);
	wake_up_process(bound->k);
	await(test, &bound->seen);
	KUNIT_EXPECT_EQ(test, user(test, "exec busybox taskset -p 1 %d >/dev/null",
				   task_pid_nr(free->k)), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(free->k->cpus_ptr, cpumask_of(0)));
	KUNIT_EXPECT_NE(test, user(test, "exec busybox taskset -p 1 %d >/dev/null 2>&1",
				   task_pid_nr(bound->k)), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(bound->k->cpus_ptr, cpumask_of(cpu)));
}

/* --- Workers --- */

/**
 * struct chore - a work of a case's
 * @d: the work; those without a delay use the one inside
 * @b: the bench it belongs to
 * @runs: times it ran
 * @place: how many works of the bench had begun when it began last
 * @when: jiffies when it began last
 * @cpu: where it ran last
 * @by: the task that ran it last
 * @again: times it still has to queue itself
 * @requeued: what that returned last
 * @slow: it waits for @release
 * @lasts: jiffies that it takes besides
 */
struct chore {
	struct kthread_delayed_work d;
	struct bench *b;
	atomic_t runs;
	int place;
	unsigned long when;
	int cpu;
	struct task_struct *by;
	int again;
	bool requeued;
	bool slow;
	unsigned long lasts;
	struct completion begun;
	struct completion release;
};

#define CHORES		6

/* A worker and its works; the first one holds the others up where it is asked to */
struct bench {
	struct kthread_worker *w;
	atomic_t begun;
	struct chore c[CHORES];
	atomic_t queued;
	atomic_t cancelled;
	bool over;
};

static void do_chore(struct kthread_work *work)
{
	struct chore *c = container_of(work, struct chore, d.work);

	c->place = atomic_inc_return(&c->b->begun);
	c->when = jiffies;
	c->cpu = raw_smp_processor_id();
	c->by = current;
	complete(&c->begun);
	if (c->slow)
		wait_for_completion(&c->release);
	if (c->lasts)
		schedule_timeout_uninterruptible(c->lasts);
	atomic_inc(&c->runs);
	if (c->again) {
		c->again--;
		c->requeued = kthread_queue_work(c->b->w, work);
	}
}

static void bench_end(void *data)
{
	struct bench *b = data;

	for (int i = 0; i < CHORES; i++) {
		b->c[i].again = 0;
		complete_all(&b->c[i].release);
	}
	if (!b->w)
		return;
	for (int i = 0; i < CHORES; i++)
		kthread_cancel_delayed_work_sync(&b->c[i].d);
	kthread_destroy_worker(b->w);
}

static struct bench *bench_new(struct kunit *test, struct kthread_worker *w)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(w));
	if (!b)
		kthread_destroy_worker(w);
	KUNIT_ASSERT_NOT_NULL(test, b);
	b->w = w;
	for (int i = 0; i < CHORES; i++) {
		struct chore *c = &b->c[i];

		kthread_init_delayed_work(&c->d, do_chore);
		init_completion(&c->begun);
		init_completion(&c->release);
		c->b = b;
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bench_end, b), 0);
	return b;
}

static struct bench *bench(struct kunit *test)
{
	return bench_new(test, kthread_run_worker(0, "bench/%d", 7));
}

static bool queue(struct chore *c)
{
	return kthread_queue_work(c->b->w, &c->d.work);
}

static bool queue_delayed(struct chore *c, unsigned long delay)
{
	return kthread_queue_delayed_work(c->b->w, &c->d, delay);
}

static bool mod_delayed(struct chore *c, unsigned long delay)
{
	return kthread_mod_delayed_work(c->b->w, &c->d, delay);
}

static int runs(struct chore *c)
{
	return atomic_read(&c->runs);
}

/* Have the worker busy with @c, until it is released. */
static void occupy(struct kunit *test, struct chore *c)
{
	c->slow = true;
	KUNIT_ASSERT_TRUE(test, queue(c));
	await(test, &c->begun);
}

static void work_runs_once_when_queued(struct kunit *test)
{
	struct bench *b = bench(test);
	struct chore *c = &b->c[0];

	for (int i = 1; i <= ROUNDS; i++) {
		KUNIT_ASSERT_TRUE(test, queue(c));
		kthread_flush_work(&c->d.work);
		KUNIT_ASSERT_EQ(test, runs(c), i);
	}
	KUNIT_EXPECT_PTR_EQ(test, c->by, b->w->task);
	KUNIT_EXPECT_STREQ(test, c->by->comm, "bench/7");
}

static void pending_work_is_not_queued_twice(struct kunit *test)
{
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	KUNIT_EXPECT_TRUE(test, queue(&b->c[1]));
	KUNIT_EXPECT_FALSE(test, queue(&b->c[1]));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 1);
}

static void running_work_may_be_queued_again(struct kunit *test)
{
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	KUNIT_EXPECT_TRUE(test, queue(&b->c[0]));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 2);
}

static void works_run_in_the_order_they_were_queued_in(struct kunit *test)
{
	static const int order[] = { 3, 1, 5, 2, 4 };
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	for (int i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_TRUE(test, queue(&b->c[order[i]]));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	for (int i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, b->c[order[i]].place, i + 2);
}

static void work_may_queue_itself(struct kunit *test)
{
	struct bench *b = bench(test);

	b->c[0].again = ROUNDS;
	KUNIT_ASSERT_TRUE(test, queue(&b->c[0]));
	for (int i = 0; i <= ROUNDS; i++)
		await(test, &b->c[0].begun);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), ROUNDS + 1);
}

static int flush_it(void *arg)
{
	struct chore *c = arg;

	kthread_flush_work(&c->d.work);
	return runs(c);
}

static void flush_work_waits_while_it_runs(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	occupy(test, &b->c[0]);
	s = send(test, flush_it, &b->c[0], &b->c[0].release);
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 1);
}

static void flush_work_waits_for_no_later_work(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	occupy(test, &b->c[0]);
	b->c[2].slow = true;
	KUNIT_ASSERT_TRUE(test, queue(&b->c[1]));
	KUNIT_ASSERT_TRUE(test, queue(&b->c[2]));
	s = send(test, flush_it, &b->c[1], &b->c[0].release);
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 1);
	await(test, &b->c[2].begun);
	KUNIT_EXPECT_EQ(test, runs(&b->c[2]), 0);
}

static void flush_of_idle_work_returns(struct kunit *test)
{
	struct bench *b = bench(test);

	/* While the worker is busy: there is nothing of it to wait for. */
	occupy(test, &b->c[0]);
	kthread_flush_work(&b->c[1].d.work);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 0);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 0);
}

static int flush_all(void *arg)
{
	struct bench *b = arg;

	kthread_flush_worker(b->w);
	return runs(&b->c[0]) + runs(&b->c[1]) + runs(&b->c[2]);
}

static void flush_worker_waits_for_all_works(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	occupy(test, &b->c[0]);
	KUNIT_ASSERT_TRUE(test, queue(&b->c[1]));
	KUNIT_ASSERT_TRUE(test, queue(&b->c[2]));
	s = send(test, flush_all, b, &b->c[0].release);
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 3);
}

static void cancel_of_pending_work_is_true(struct kunit *test)
{
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	KUNIT_ASSERT_TRUE(test, queue(&b->c[1]));
	KUNIT_EXPECT_TRUE(test, kthread_cancel_work_sync(&b->c[1].d.work));
	KUNIT_EXPECT_FALSE(test, kthread_cancel_work_sync(&b->c[1].d.work));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 0);
	/* It is as good as new. */
	KUNIT_EXPECT_TRUE(test, queue(&b->c[1]));
	kthread_flush_work(&b->c[1].d.work);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 1);
}

static int cancel_it(void *arg)
{
	struct chore *c = arg;
	bool was = kthread_cancel_work_sync(&c->d.work);

	return runs(c) << 1 | was;
}

static void cancel_waits_while_it_runs(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	occupy(test, &b->c[0]);
	s = send(test, cancel_it, &b->c[0], &b->c[0].release);
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 2);
}

static void work_being_cancelled_cannot_queue_itself(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	b->c[0].again = 1;
	b->c[0].requeued = true;
	occupy(test, &b->c[0]);
	s = send(test, cancel_it, &b->c[0], &b->c[0].release);
	/* Nor can anybody else. */
	KUNIT_EXPECT_FALSE(test, queue(&b->c[0]));
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_FALSE(test, b->c[0].requeued);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 1);
}

struct from_irq {
	struct irq_work irq;
	struct chore *c;
	bool in_irq;
	bool was_queued;
};

static void queue_from_irq(struct irq_work *irq)
{
	struct from_irq *f = container_of(irq, struct from_irq, irq);

	f->in_irq = in_hardirq();
	f->was_queued = queue(f->c);
}

static void work_is_queued_from_an_interrupt(struct kunit *test)
{
	struct from_irq *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct bench *b = bench(test);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->c = &b->c[0];
	/* Not in the thread that PREEMPT_RT has for it */
	f->irq = IRQ_WORK_INIT_HARD(queue_from_irq);
	KUNIT_ASSERT_TRUE(test, irq_work_queue(&f->irq));
	irq_work_sync(&f->irq);
	KUNIT_EXPECT_TRUE(test, f->in_irq);
	KUNIT_EXPECT_TRUE(test, f->was_queued);
	await(test, &b->c[0].begun);
}

static void worker_of_a_cpu_works_there(struct kunit *test)
{
	int cpu = other_cpu(test);
	struct bench *b = bench_new(test, kthread_run_worker_on_cpu(cpu, 0, "bench/%u"));

	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_ASSERT_TRUE(test, queue(&b->c[0]));
		kthread_flush_work(&b->c[0].d.work);
		KUNIT_ASSERT_EQ(test, b->c[0].cpu, cpu);
	}
	KUNIT_EXPECT_TRUE(test, b->w->task->flags & PF_NO_SETAFFINITY);
}

static int destroy_it(void *arg)
{
	struct bench *b = arg;
	struct kthread_worker *w = b->w;
	int all = 0;

	b->w = NULL;
	kthread_destroy_worker(w);
	for (int i = 0; i < CHORES; i++)
		all += runs(&b->c[i]);
	return all;
}

static void destroy_does_what_is_queued_first(struct kunit *test)
{
	struct bench *b = bench(test);
	struct subject *s;

	occupy(test, &b->c[0]);
	for (int i = 1; i < CHORES; i++)
		KUNIT_ASSERT_TRUE(test, queue(&b->c[i]));
	s = send(test, destroy_it, b, &b->c[0].release);
	complete_all(&b->c[0].release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, CHORES);
}

/* --- Works with a delay --- */

static void delayed_work_is_not_early(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long begin = jiffies;

	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], 20));
	await(test, &b->c[0].begun);
	KUNIT_EXPECT_TRUE(test, time_after_eq(b->c[0].when, begin + 20));
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 1);
}

static void no_delay_is_no_timer(struct kunit *test)
{
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[1], 0));
	KUNIT_EXPECT_FALSE(test, timer_pending(&b->c[1].d.timer));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 1);
}

static void waiting_delayed_work_is_not_queued_twice(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], FAR));
	KUNIT_EXPECT_FALSE(test, queue_delayed(&b->c[0], 1));
	KUNIT_EXPECT_FALSE(test, queue_delayed(&b->c[0], 0));
	KUNIT_EXPECT_TRUE(test, timer_pending(&b->c[0].d.timer));
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 0);
}

static void mod_of_idle_work_queues_it(struct kunit *test)
{
	struct bench *b = bench(test);

	for (int i = 1; i <= 3; i++) {
		KUNIT_EXPECT_FALSE(test, mod_delayed(&b->c[0], 2));
		await(test, &b->c[0].begun);
		kthread_flush_worker(b->w);
		KUNIT_EXPECT_EQ(test, runs(&b->c[0]), i);
	}
}

static void mod_makes_it_earlier(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], FAR));
	KUNIT_EXPECT_TRUE(test, mod_delayed(&b->c[0], 2));
	await(test, &b->c[0].begun);
	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], FAR));
	KUNIT_EXPECT_TRUE(test, mod_delayed(&b->c[0], 0));
	await(test, &b->c[0].begun);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 2);
}

static void mod_makes_it_later(struct kunit *test)
{
	struct bench *b = bench(test);
	unsigned long begin;

	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], HZ / 2));
	begin = jiffies;
	KUNIT_EXPECT_TRUE(test, mod_delayed(&b->c[0], HZ));
	await(test, &b->c[0].begun);
	KUNIT_EXPECT_TRUE(test, time_after_eq(b->c[0].when, begin + HZ));
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 1);
}

static void mod_takes_it_off_the_queue(struct kunit *test)
{
	struct bench *b = bench(test);

	occupy(test, &b->c[0]);
	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[1], 0));
	KUNIT_EXPECT_TRUE(test, mod_delayed(&b->c[1], FAR));
	complete_all(&b->c[0].release);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(&b->c[1]), 0);
	KUNIT_EXPECT_TRUE(test, kthread_cancel_delayed_work_sync(&b->c[1].d));
}

static void cancel_ends_the_timer(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_EXPECT_FALSE(test, kthread_cancel_delayed_work_sync(&b->c[0].d));
	KUNIT_ASSERT_TRUE(test, queue_delayed(&b->c[0], FAR));
	KUNIT_EXPECT_TRUE(test, kthread_cancel_delayed_work_sync(&b->c[0].d));
	KUNIT_EXPECT_FALSE(test, timer_pending(&b->c[0].d.timer));
	KUNIT_EXPECT_TRUE(test, list_empty(&b->w->delayed_work_list));
	KUNIT_EXPECT_FALSE(test, kthread_cancel_delayed_work_sync(&b->c[0].d));
	KUNIT_EXPECT_EQ(test, runs(&b->c[0]), 0);
}

static int cancel_delayed(void *arg)
{
	struct chore *c = arg;
	bool was = kthread_cancel_delayed_work_sync(&c->d);

	return runs(c) << 1 | was;
}

static void cancel_of_delayed_work_waits_while_it_runs(struct kunit *test)
{
	struct bench *b = bench(test);
	struct chore *c = &b->c[0];
	struct subject *s;

	c->slow = true;
	KUNIT_ASSERT_TRUE(test, queue_delayed(c, 1));
	await(test, &c->begun);
	/* It runs, and waits for its timer besides: the one is cancelled, the other awaited. */
	KUNIT_ASSERT_TRUE(test, queue_delayed(c, FAR));
	s = send(test, cancel_delayed, c, &c->release);
	KUNIT_EXPECT_FALSE(test, timer_pending(&c->d.timer));
	complete_all(&c->release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 3);
}

static void work_being_cancelled_is_not_modified(struct kunit *test)
{
	struct bench *b = bench(test);
	struct chore *c = &b->c[0];
	struct subject *s;

	occupy(test, c);
	s = send(test, cancel_delayed, c, &c->release);
	KUNIT_EXPECT_TRUE(test, mod_delayed(c, 1));
	KUNIT_EXPECT_TRUE(test, mod_delayed(c, 0));
	KUNIT_EXPECT_FALSE(test, queue_delayed(c, 1));
	KUNIT_EXPECT_FALSE(test, timer_pending(&c->d.timer));
	complete_all(&c->release);
	await(test, &s->seen);
	KUNIT_EXPECT_EQ(test, s->result, 2);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(c), 1);
	KUNIT_EXPECT_FALSE(test, kthread_cancel_delayed_work_sync(&c->d));
}

/*
 * One of those who queue, modify and cancel the same work. It counts what the
 * work must have run for, and what it must not have.
 */
static int race(void *arg)
{
	struct subject *s = arg;
	struct bench *b = s->arg;
	struct chore *c = &b->c[0];

	for (int i = 0; i < RACES && !kthread_should_stop(); i++) {
		unsigned long delay = (i + s->cpu) % 3;

		if (s->cpu % 3 == 0 && queue_delayed(c, delay))
			atomic_inc(&b->queued);
		else if (s->cpu % 3 == 1 && !mod_delayed(c, delay))
			atomic_inc(&b->queued);
		else if (s->cpu % 3 == 2 && kthread_cancel_delayed_work_sync(&c->d))
			atomic_inc(&b->cancelled);
		if (i % 16 == s->cpu)
			schedule_timeout_uninterruptible(1);
		else if (i % 4 == 0)
			cond_resched();
	}
	complete(&s->seen);
	return 0;
}

static void queue_mod_and_cancel_may_race(struct kunit *test)
{
	struct bench *b = bench(test);
	struct chore *c = &b->c[0];
	struct subject *s[ACTORS];
	int ran;

	for (int i = 0; i < ACTORS; i++) {
		s[i] = subject_create(test, race);
		s[i]->arg = b;
		s[i]->cpu = i;
	}
	for (int i = 0; i < ACTORS; i++)
		wake_up_process(s[i]->k);
	for (int i = 0; i < ACTORS; i++)
		await(test, &s[i]->seen);
	if (kthread_cancel_delayed_work_sync(&c->d))
		atomic_inc(&b->cancelled);
	KUNIT_EXPECT_FALSE(test, timer_pending(&c->d.timer));
	KUNIT_EXPECT_TRUE(test, list_empty(&c->d.work.node));
	ran = runs(c);
	kthread_flush_worker(b->w);
	KUNIT_EXPECT_EQ(test, runs(c), ran);
	KUNIT_EXPECT_GT(test, ran, 0);
	KUNIT_EXPECT_GT(test, atomic_read(&b->cancelled), 0);
	/* A timer that fires into a cancel is lost to both: there may be less, not more. */
	KUNIT_EXPECT_LE(test, ran + atomic_read(&b->cancelled), atomic_read(&b->queued));
}

/*
 * One of those who modify it until the one who cancels is done. A work that is
 * put off again and again never runs, so each burst ends with no delay.
 */
static int modify_on(void *arg)
{
	struct bench *b = arg;

	while (!READ_ONCE(b->over) && !kthread_should_stop()) {
		for (int delay = BURST; delay >= 0; delay--)
			mod_delayed(&b->c[0], delay & 3);
		schedule_timeout_uninterruptible(1);
	}
	return 0;
}

static int cancel_often(void *arg)
{
	struct bench *b = arg;

	for (int i = 0; i < CANCELS; i++) {
		/* It comes while the work runs, or else it would not wait for it. */
		if (!wait_for_completion_timeout(&b->c[0].begun, BOUND))
			return -ETIMEDOUT;
		kthread_cancel_delayed_work_sync(&b->c[0].d);
	}
	WRITE_ONCE(b->over, true);
	return 0;
}

/*
 * A work that is queued while it is cancelled takes along who waits for it: up
 * to 5.13 whoever cancelled it could wait for ever.
 */
static void cancel_ends_though_others_modify(struct kunit *test)
{
	struct bench *b = bench(test);
	struct chore *c = &b->c[0];
	struct subject *s[3];

	c->lasts = 1;
	for (int i = 0; i < ARRAY_SIZE(s); i++) {
		s[i] = subject_create(test, do_errand);
		s[i]->errand = i ? modify_on : cancel_often;
		s[i]->arg = b;
	}
	for (int i = 0; i < ARRAY_SIZE(s); i++)
		wake_up_process(s[i]->k);
	await(test, &s[0]->seen);
	KUNIT_EXPECT_EQ(test, s[0]->result, 0);
	for (int i = 1; i < ARRAY_SIZE(s); i++)
		await(test, &s[i]->seen);
	kthread_cancel_delayed_work_sync(&c->d);
	KUNIT_EXPECT_TRUE(test, list_empty(&c->d.work.node));
	KUNIT_EXPECT_FALSE(test, timer_pending(&c->d.timer));
}

/* --- The address space of another process --- */

#define WORD		8

struct borrower {
	struct mm_struct *mm;
	struct mm_struct *was, *during, *active, *after;
	char word[WORD];
	unsigned long missing;
	struct completion borrowed;
	struct completion release;
	struct completion done;
};

static int borrow(void *data)
{
	struct borrower *w = data;

	w->was = current->mm;
	kthread_use_mm(w->mm);
	w->during = current->mm;
	w->active = current->active_mm;
	complete(&w->borrowed);
	/* Another one uses it meanwhile, and this one is off its CPU. */
	wait_for_completion(&w->release);
	w->missing = copy_from_user(w->word, (void __user *)w->mm->arg_start, WORD);
	kthread_unuse_mm(w->mm);
	w->after = current->mm;
	complete(&w->done);
	return 0;
}

static void drop_mm(void *mm)
{
	mmput(mm);
}

static struct mm_struct *mm_of_init(struct kunit *test, char word[WORD])
{
	struct task_struct *init = get_pid_task(find_vpid(1), PIDTYPE_PID);
	struct mm_struct *mm;
	int got;

	KUNIT_ASSERT_NOT_NULL(test, init);
	mm = get_task_mm(init);
	if (!mm) {
		put_task_struct(init);
		kunit_skip(test, "process 1 has no memory to look at");
	}
	got = access_process_vm(init, mm->arg_start, word, WORD, 0);
	put_task_struct(init);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_mm, mm), 0);
	KUNIT_ASSERT_EQ(test, got, WORD);
	return mm;
}

static int borrow_of(void *data)
{
	struct subject *s = data;

	return borrow(s->arg);
}

static void threads_use_the_memory_of_a_process(struct kunit *test)
{
	struct borrower *w = kunit_kcalloc(test, 2, sizeof(*w), GFP_KERNEL);
	char word[WORD] = "";
	struct mm_struct *mm = mm_of_init(test, word);
	struct subject *s[2];

	KUNIT_ASSERT_NOT_NULL(test, w);
	for (int i = 0; i < 2; i++) {
		w[i].mm = mm;
		init_completion(&w[i].borrowed);
		init_completion(&w[i].release);
		init_completion(&w[i].done);
		s[i] = subject_create(test, borrow_of);
		s[i]->arg = &w[i];
		s[i]->gate = &w[i].release;
		wake_up_process(s[i]->k);
	}
	for (int i = 0; i < 2; i++)
		await(test, &w[i].borrowed);
	for (int i = 0; i < 2; i++) {
		complete_all(&w[i].release);
		await(test, &w[i].done);
		KUNIT_EXPECT_NULL(test, w[i].was);
		KUNIT_EXPECT_PTR_EQ(test, w[i].during, mm);
		KUNIT_EXPECT_PTR_EQ(test, w[i].active, mm);
		KUNIT_EXPECT_NULL(test, w[i].after);
		KUNIT_EXPECT_EQ(test, w[i].missing, 0UL);
		KUNIT_EXPECT_EQ(test, memcmp(w[i].word, word, WORD), 0);
	}
}

/* --- Freezing --- */

static void threads_are_not_frozen_unless_they_ask_for_it(struct kunit *test)
{
	struct subject *s = subject_run(test, obey);

	KUNIT_EXPECT_TRUE(test, s->k->flags & PF_NOFREEZE);
}

/* It lets itself be frozen, and counts. */
static int freezable(void *data)
{
	struct subject *s = data;
	bool frozen;

	set_freezable();
	complete(&s->seen);
	while (!kthread_freezable_should_stop(&frozen)) {
		if (frozen) {
			atomic_inc(&s->runs);
			complete(&s->stopping);
		}
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && !freezing(current))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return s->result;
}

static struct subject *subject_freeze(struct kunit *test)
{
	struct subject *s;

	freezer_begin(test);
	s = subject_run(test, freezable);
	sleeps(test, s->k, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_FALSE(test, s->k->flags & PF_NOFREEZE);
	freezer_freeze(test, s->k);
	sleeps(test, s->k, TASK_FROZEN);
	return s;
}

static void frozen_thread_does_nothing_until_it_is_thawed(struct kunit *test)
{
	struct subject *s = subject_freeze(test);

	for (int i = 0; i < ROUNDS; i++)
		KUNIT_EXPECT_EQ(test, wake_up_process(s->k), 0);
	KUNIT_EXPECT_TRUE(test, off_cpu(s->k, TASK_FROZEN));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
	freezer_thaw(NULL);
	await(test, &s->stopping);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 1);
}

/*
 * kthread_freezable_should_stop() promises more, that the thread ends while it
 * is frozen. That went when TASK_FROZEN came, as a stop no longer wakes it; a
 * tree that keeps the promise is welcome.
 */
static void frozen_thread_that_is_stopped_ends_once_it_is_thawed(struct kunit *test)
{
	struct subject *by = subject_create(test, do_errand);
	struct subject *s = subject_freeze(test);
	unsigned long end = jiffies + BOUND;

	s->result = 12;
	by->errand = stop_it;
	by->arg = s;
	wake_up_process(by->k);
	while (!off_cpu(by->k, TASK_UNINTERRUPTIBLE) && !completion_done(&by->seen) &&
	       time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	freezer_thaw(NULL);
	await(test, &by->seen);
	KUNIT_EXPECT_EQ(test, by->result, 12);
}

/**
 * struct frozen_job - work of a worker that freezes
 * @worker: the worker
 * @work: the work
 * @done: completed by each run of it
 */
struct frozen_job {
	struct kthread_worker *worker;
	struct kthread_work work;
	struct completion done;
};

static void frozen_job_end(void *data)
{
	kthread_destroy_worker(((struct frozen_job *)data)->worker);
}

static void frozen_work(struct kthread_work *work)
{
	complete(&container_of(work, struct frozen_job, work)->done);
}

/* A worker that asked for it does nothing while it is frozen, and all afterwards. */
static void frozen_worker_works_once_it_is_thawed(struct kunit *test)
{
	struct frozen_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, job);
	freezer_begin(test);
	init_completion(&job->done);
	kthread_init_work(&job->work, frozen_work);
	job->worker = kthread_run_worker(KTW_FREEZABLE, "freezable");
	KUNIT_ASSERT_FALSE(test, IS_ERR(job->worker));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, frozen_job_end, job), 0);
	/* It becomes freezable as it begins. */
	kthread_queue_work(job->worker, &job->work);
	await(test, &job->done);
	wake_up_process(job->worker->task);
	sleeps(test, job->worker->task, TASK_INTERRUPTIBLE);
	freezer_freeze(test, job->worker->task);
	sleeps(test, job->worker->task, TASK_FROZEN);
	for (int i = 0; i < 3; i++) {
		kthread_queue_work(job->worker, &job->work);
		KUNIT_EXPECT_TRUE(test, off_cpu(job->worker->task, TASK_FROZEN));
		KUNIT_EXPECT_FALSE(test, completion_done(&job->done));
	}
	freezer_thaw(NULL);
	await(test, &job->done);
}

/* --- A creator that is killed --- */

static int create_while_killed(void *data)
{
	struct subject *s = data;
	struct task_struct *k;

	allow_signal(SIGKILL);
	for (int i = 0; i < ROUNDS; i++) {
		send_sig(SIGKILL, current, 1);
		k = kthread_create(obey, s, "orphan");
		flush_signals(current);
		if (IS_ERR(k)) {
			if (PTR_ERR(k) != -EINTR)
				s->result = PTR_ERR(k);
			continue;
		}
		/* It was there before anybody looked at the signal. */
		if (kthread_stop(k) != -EINTR)
			s->result = -EPROTO;
	}
	complete(&s->seen);
	return 0;
}

static unsigned int orphans(void)
{
	struct task_struct *p;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_process(p)
		n += !strcmp(p->comm, "orphan");
	rcu_read_unlock();
	return n;
}

/* It need not wait, and what nobody waits for ends by itself. */
static void killed_creator_leaves_no_thread(struct kunit *test)
{
	struct subject *s = subject_create(test, create_while_killed);
	unsigned long end = jiffies + BOUND;

	wake_up_process(s->k);
	await(test, &s->seen);
	/* kthreadd does what it is asked for in order, and nobody waited for the others. */
	subject_create(test, obey);
	s->stopped = true;
	KUNIT_EXPECT_EQ(test, s->result, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->runs), 0);
	while (orphans() && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, orphans(), 0U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(created_thread_sleeps),
	KUNIT_CASE(long_name_is_cut),
	KUNIT_CASE(thread_of_a_node_runs),
	KUNIT_CASE(run_runs_at_once),
	KUNIT_CASE(thread_is_a_plain_child_of_kthreadd),
	KUNIT_CASE(nothing_of_the_creator_is_inherited),
	KUNIT_CASE(signals_do_nothing),
	KUNIT_CASE(every_wakeup_is_a_run),
	KUNIT_CASE(stop_returns_the_result),
	KUNIT_CASE(stop_before_the_first_run_runs_nothing),
	KUNIT_CASE(stop_waits_for_the_thread),
	KUNIT_CASE(stop_of_a_thread_that_has_returned),
	KUNIT_CASE(should_stop_is_for_the_one_stopped),
	KUNIT_CASE(exit_completes_and_passes_the_result),
	KUNIT_CASE(exit_without_a_completion_passes_the_result),
	KUNIT_CASE(many_create_and_stop_at_once),
	KUNIT_CASE(function_and_data_are_known),
	KUNIT_CASE(parked_thread_is_off_its_cpu),
	KUNIT_CASE(wakeup_does_not_unpark),
	KUNIT_CASE(park_before_the_first_run_runs_nothing),
	KUNIT_CASE(stop_of_a_thread_parked_before_its_first_run),
	KUNIT_CASE(stop_of_a_parked_thread_returns_the_result),
	KUNIT_CASE(unpark_of_a_thread_not_parked_does_nothing),
	KUNIT_CASE(park_of_an_exited_thread_is_refused),
	KUNIT_CASE(park_of_a_parked_thread_is_refused),
	KUNIT_CASE(thread_may_park_itself),
	KUNIT_CASE(unpark_binds_a_percpu_thread_again),
	KUNIT_CASE(bound_thread_runs_on_its_cpu),
	KUNIT_CASE(thread_created_on_a_cpu_is_bound_to_it),
	KUNIT_CASE(thread_is_bound_to_a_cpu_that_is_offline),
	KUNIT_CASE(bind_of_a_thread_that_runs_is_refused),
	KUNIT_CASE(users_move_a_thread_unless_it_is_bound),
	KUNIT_CASE(work_runs_once_when_queued),
	KUNIT_CASE(pending_work_is_not_queued_twice),
	KUNIT_CASE(running_work_may_be_queued_again),
	KUNIT_CASE(works_run_in_the_order_they_were_queued_in),
	KUNIT_CASE(work_may_queue_itself),
	KUNIT_CASE(flush_work_waits_while_it_runs),
	KUNIT_CASE(flush_work_waits_for_no_later_work),
	KUNIT_CASE(flush_of_idle_work_returns),
	KUNIT_CASE(flush_worker_waits_for_all_works),
	KUNIT_CASE(cancel_of_pending_work_is_true),
	KUNIT_CASE(cancel_waits_while_it_runs),
	KUNIT_CASE(work_being_cancelled_cannot_queue_itself),
	KUNIT_CASE(work_is_queued_from_an_interrupt),
	KUNIT_CASE(worker_of_a_cpu_works_there),
	KUNIT_CASE(destroy_does_what_is_queued_first),
	KUNIT_CASE(delayed_work_is_not_early),
	KUNIT_CASE(no_delay_is_no_timer),
	KUNIT_CASE(waiting_delayed_work_is_not_queued_twice),
	KUNIT_CASE(mod_of_idle_work_queues_it),
	KUNIT_CASE(mod_makes_it_earlier),
	KUNIT_CASE(mod_makes_it_later),
	KUNIT_CASE(mod_takes_it_off_the_queue),
	KUNIT_CASE(cancel_ends_the_timer),
	KUNIT_CASE(cancel_of_delayed_work_waits_while_it_runs),
	KUNIT_CASE(work_being_cancelled_is_not_modified),
	KUNIT_CASE(queue_mod_and_cancel_may_race),
	KUNIT_CASE(cancel_ends_though_others_modify),
	KUNIT_CASE(threads_use_the_memory_of_a_process),
	KUNIT_CASE(threads_are_not_frozen_unless_they_ask_for_it),
	KUNIT_CASE(frozen_thread_does_nothing_until_it_is_thawed),
	KUNIT_CASE(frozen_thread_that_is_stopped_ends_once_it_is_thawed),
	KUNIT_CASE(frozen_worker_works_once_it_is_thawed),
	KUNIT_CASE(killed_creator_leaves_no_thread),
	{}
};

static struct kunit_suite kthread_api_suite = {
	.name = "kthread_api",
	.test_cases = cases,
};

kunit_test_suite(kthread_api_suite);

MODULE_DESCRIPTION("KUnit suite for the kernel's kthread API");
MODULE_LICENSE("GPL");
