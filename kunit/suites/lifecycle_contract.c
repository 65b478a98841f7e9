// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of the suite kthread_lifecycle: what is promised in a half-sentence, and
 * what the rest of the kernel may do to a thread: stop, park, freeze, interrupt.
 */
#include <linux/delay.h>
#include <linux/fdtable.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "knob.h"
#include "lifecycle_kunit.h"
#include "shell.h"

#define WAKES		20
#define CROWD		8

/* --- Errors --- */

void stop_is_refused(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	expect_warning("kernel/kthread.c");
	KUNIT_EXPECT_EQ(test, kthread_stop(l->k), -EINVAL);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* Those that user space knows, those that the kernel has for itself, and the last one */
static int next_errno(int err)
{
	if (err == EHWPOISON)
		err = ERESTARTSYS - 1;
	return err < ERECALLCONFLICT ? err + 1 : MAX_ERRNO;
}

/* None of them is "try again" to whoever waits for it. */
void no_errno_of_initfn_runs_it_twice(struct kunit *test)
{
	struct life *l = life_new(test);
	int err = 0;

	do {
		err = next_errno(err);
		if (err == KTHREAD_NOT_STARTED)
			continue;
		l->init_result = -err;
		atomic_set(&l->inits, 0);
		KUNIT_ASSERT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "errno"),
				    ERR_PTR(-err));
		KUNIT_ASSERT_EQ(test, atomic_read(&l->inits), 1);
	} while (err < MAX_ERRNO);
	KUNIT_EXPECT_EQ(test, life_count_tasks("errno"), 0U);
}

/* A pointer that is no error would be taken for a thread. */
void result_that_is_no_errno_is_told(struct kunit *test)
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

void corefn_that_returns_on_its_way_to_sleep(struct kunit *test)
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

/* --- Results --- */

static int count_up(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	return l->core_result++;
}

void last_of_several_results(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = 1;
	l->k = kthread_launch(NULL, count_up, l, "count");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	for (int i = 0; i < 5; i++) {
		life_run(test, l);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_EXPECT_EQ(test, life_destroy(l), 5);
}

static int wait_interruptibly(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	return wait_for_completion_interruptible(&l->release);
}

void result_of_a_corefn_that_was_interrupted(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, wait_interruptibly, l, "waits");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -ERESTARTSYS);
}

/* --- Wake-ups --- */

/* A wait queue wakes just whom it finds in TASK_INTERRUPTIBLE. */
static void wake_by_queue(struct task_struct *k)
{
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(queue);
	struct wait_queue_entry entry;

	init_waitqueue_entry(&entry, k);
	add_wait_queue(&queue, &entry);
	wake_up_interruptible(&queue);
	remove_wait_queue(&queue, &entry);
}

static void wake_process(struct task_struct *k)
{
	wake_up_process(k);
}

static void (*const ways_to_wake[])(struct task_struct *k) = {
	wake_process, wake_by_queue,
};

void each_way_to_wake_it_counts(struct kunit *test)
{
	for (int way = 0; way < ARRAY_SIZE(ways_to_wake); way++) {
		struct life *l = life_new(test);

		life_launch(test, l);
		for (int i = 1; i <= WAKES; i++) {
			ways_to_wake[way](l->k);
			KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
			life_sleeps(test, l, TASK_INTERRUPTIBLE);
			KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), i);
		}
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
}

/**
 * struct interrupted - a thread that interrupts its CPU
 * @l: the thread
 * @irq: the interrupt, in which the thread is woken
 */
struct interrupted {
	struct life *l;
	struct irq_work irq;
};

static void wake_from_interrupt(struct irq_work *irq)
{
	wake_up_process(container_of(irq, struct interrupted, irq)->l->k);
}

/* It is woken while it runs, on the CPU that it runs on. */
static int interrupt_itself(void *data)
{
	struct interrupted *i = data;

	if (atomic_inc_return(&i->l->cores) <= WAKES) {
		irq_work_queue(&i->irq);
		irq_work_sync(&i->irq);
	}
	complete(&i->l->ran);
	return 0;
}

void woken_from_interrupts_on_its_cpu(struct kunit *test)
{
	struct interrupted *i = kunit_kzalloc(test, sizeof(*i), GFP_KERNEL);
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, i);
	i->irq = IRQ_WORK_INIT_HARD(wake_from_interrupt);
	for_each_online_cpu(cpu) {
		struct life *l = life_new(test);

		i->l = l;
		l->k = kthread_spawn(NULL, interrupt_itself, i, "irq/%u", cpu);
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
		kthread_bind(l->k, cpu);
		KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
		/* Each run has it run again. */
		wake_up_process(l->k);
		for (int run = 0; run <= WAKES; run++)
			KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
		KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), WAKES + 1);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
}

/* --- Parking --- */

static void parks_and_ends(struct kunit *test, struct life *l, int result)
{
	int cores = atomic_read(&l->cores);

	for (int i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
		KUNIT_EXPECT_EQ(test, READ_ONCE(l->k->__state), (unsigned int)TASK_PARKED);
		wake_up_process(l->k);
		KUNIT_EXPECT_EQ(test, READ_ONCE(l->k->__state), (unsigned int)TASK_PARKED);
		kthread_unpark(l->k);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), result);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), cores);
}

void idle_thread_parks_whatever_its_corefn(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(life_init, NULL, l, "no-core");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	parks_and_ends(test, l, 0);

	l->core_result = -EIO;
	life_launch(test, l);
	life_run(test, l);
	parks_and_ends(test, l, -EIO);
}

/* Whatever woke it meanwhile is not lost. */
void parked_thread_runs_once_it_is_unparked(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	for (int i = 1; i <= WAKES; i++) {
		KUNIT_ASSERT_EQ(test, kthread_park(l->k), 0);
		wake_up_process(l->k);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), i - 1);
		kthread_unpark(l->k);
		KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), i);
	}
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/**
 * struct parker - parks a thread elsewhere
 * @work: does it
 * @k: the thread
 * @result: what kthread_park() said
 */
struct parker {
	struct work_struct work;
	struct task_struct *k;
	int result;
};

static void park_there(struct work_struct *work)
{
	struct parker *p = container_of(work, typeof(*p), work);

	p->result = kthread_park(p->k);
}

static int wait_uninterruptibly(void *data)
{
	struct life *l = data;

	atomic_inc(&l->cores);
	complete(&l->ran);
	wait_for_completion(&l->release);
	return 0;
}

/* The wake-up of the park ends no such wait: the thread looks for it afterwards. */
void parked_while_its_corefn_waits(struct kunit *test)
{
	struct life *l = life_new(test);
	struct parker p = { .result = 1 };

	l->k = kthread_launch(NULL, wait_uninterruptibly, l, "waits");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	life_sleeps(test, l, TASK_UNINTERRUPTIBLE);
	p.k = l->k;
	INIT_WORK_ONSTACK(&p.work, park_there);
	queue_work(system_unbound_wq, &p.work);
	schedule_timeout_uninterruptible(HZ / 20);
	KUNIT_EXPECT_EQ(test, p.result, 1);
	complete(&l->release);
	flush_work(&p.work);
	destroy_work_on_stack(&p.work);
	KUNIT_EXPECT_EQ(test, p.result, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(l->k->__state), (unsigned int)TASK_PARKED);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	complete(&l->release);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* --- Signals of processes --- */

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

	l->k = kthread_launch(NULL, wait_interruptibly, l, "waits");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	signals_do_nothing(test, l, TASK_INTERRUPTIBLE);
	complete(&l->release);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* --- Nesting --- */

/* Whatever it is at, it ends that first. */
static int spawn_until_stopped(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	while (!signal_pending(current)) {
		struct task_struct *k = kthread_launch(NULL, NULL, NULL, "nested");
		int err = IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);

		if (err)
			return err;
	}
	return 0;
}

void destroyed_while_it_spawns(struct kunit *test)
{
	struct life *l = life_new(test);

	for (int i = 0; i < WAKES; i++) {
		l->k = kthread_launch(NULL, spawn_until_stopped, l, "spawner");
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
		life_run(test, l);
		udelay(7 * i);
		KUNIT_ASSERT_EQ(test, life_destroy(l), 0);
		KUNIT_ASSERT_EQ(test, life_count_tasks("nested"), 0U);
	}
}

/* --- Freezing --- */

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
	queue_work(system_unbound_wq, &d.work);
	schedule_timeout_uninterruptible(HZ / 20);
	freezer_thaw(NULL);
	flush_work(&d.work);
	destroy_work_on_stack(&d.work);
	KUNIT_EXPECT_EQ(test, d.result, 0);
}

/* --- The environment --- */

/* From the first thread on, which PID 1 has forked, there being no workers yet */
void threads_have_the_files_of_kthreadd(struct kunit *test)
{
	static const char *const names[] = { "ksoftirqd/0", "migration/0", "cpuhp/0", "life/7" };
	struct files_struct *files = NULL;
	struct life *l = life_new(test);
	struct task_struct *p;
	unsigned int seen = 0;

	life_launch(test, l);
	rcu_read_lock();
	p = pid_task(find_pid_ns(2, &init_pid_ns), PIDTYPE_PID);
	if (p)
		files = p->files;
	for_each_process(p) {
		if (match_string(names, ARRAY_SIZE(names), p->comm) < 0)
			continue;
		seen++;
		KUNIT_EXPECT_PTR_EQ_MSG(test, p->files, files, "%s", p->comm);
		KUNIT_EXPECT_PTR_EQ_MSG(test, p->sighand->action[SIGINT - 1].sa.sa_handler,
					SIG_IGN, "%s", p->comm);
	}
	rcu_read_unlock();
	KUNIT_EXPECT_NOT_NULL(test, files);
	KUNIT_EXPECT_EQ(test, seen, (unsigned int)ARRAY_SIZE(names));
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/**
 * struct namer - spawns a thread of its name, among others that do
 * @work: does it
 * @number: in the name
 * @k: the thread
 */
struct namer {
	struct work_struct work;
	int number;
	struct task_struct *k;
};

static void spawn_by_name(struct work_struct *work)
{
	struct namer *n = container_of(work, typeof(*n), work);

	n->k = kthread_spawn(NULL, NULL, NULL, "named/%d", n->number);
}

void concurrent_spawns_keep_their_names(struct kunit *test)
{
	struct namer *n = kunit_kcalloc(test, CROWD, sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	for (int i = 0; i < CROWD; i++) {
		n[i].number = i * 1000 + i;
		INIT_WORK(&n[i].work, spawn_by_name);
	}
	for (int i = 0; i < CROWD; i++)
		queue_work(system_unbound_wq, &n[i].work);
	for (int i = 0; i < CROWD; i++) {
		char name[TASK_COMM_LEN];

		flush_work(&n[i].work);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(n[i].k));
		snprintf(name, sizeof(name), "named/%d", n[i].number);
		KUNIT_EXPECT_STREQ(test, n[i].k->comm, name);
		KUNIT_EXPECT_EQ(test, kthread_destroy(n[i].k), -EINTR);
	}
}

/* With a worker held for each, the last ones would wait for the first. */
void more_slow_threads_than_a_workqueue_may_have_workers(struct kunit *test)
{
	enum { SLOW = WQ_DFL_ACTIVE * 3 / 2 };
	struct life *l = life_new(test), *first = life_new(test);
	struct task_struct **k = kunit_kcalloc(test, SLOW, sizeof(*k), GFP_KERNEL);
	int slow = 0;

	KUNIT_ASSERT_NOT_NULL(test, k);
	for (; slow < SLOW; slow++) {
		k[slow] = kthread_launch(NULL, wait_interruptibly, l, "slow");
		if (IS_ERR(k[slow]))
			break;
		wake_up_process(k[slow]);
	}
	KUNIT_EXPECT_EQ(test, slow, (int)SLOW);
	life_launch(test, first);
	life_run(test, first);
	KUNIT_EXPECT_EQ(test, life_destroy(first), 0);
	while (slow--)
		KUNIT_EXPECT_LE(test, kthread_destroy(k[slow]), 0);
	KUNIT_EXPECT_EQ(test, life_count_tasks("slow"), 0U);
}
