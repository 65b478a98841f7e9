// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of kthread_create(): run, woken, parked and unparked, stopped, also
 * before they ever ran.
 *
 * Locking: a slot's mutex is held during all operations on its thread. The thread
 * itself, other slots, and CPU hotplug go on meanwhile.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/**
 * struct plain - a thread and its state
 * @lock: held during each operation
 * @answer: where to wait for the thread
 * @k: the thread, with a reference, or NULL
 * @home: CPU that it is bound to, or -1
 * @calm: since when that is so, see torture_moves_calm()
 * @result: what its function returns
 * @parked: kthread_park() has returned, and kthread_unpark() was not called yet
 * @entered: its function ran
 * @runs: how often it got round its loop
 * @asked: number of the last request
 * @answered: number of the last request it has seen
 */
static struct plain {
	struct mutex lock;	/* see above */
	wait_queue_head_t answer;
	struct task_struct *k;
	int home;
	unsigned int calm;
	int result;
	bool parked;
	bool entered;
	unsigned long runs;
	unsigned int asked;
	unsigned int answered;
} plains[TORTURE_PLAINS];

static int plain_number(const struct plain *p)
{
	return p - plains;
}

static void plain_work(struct plain *p)
{
	torture_expect(TORTURE_ORACLE_PARKED, !READ_ONCE(p->parked),
		       "thread plain/%d runs while it is parked",
		       plain_number(p));
	torture_expect_home("a thread", p->home, p->calm);
	torture_expect_machine_goes("a thread");
	WRITE_ONCE(p->runs, p->runs + 1);
	WRITE_ONCE(p->answered, READ_ONCE(p->asked));
	wake_up(&p->answer);
}

static bool plain_has_to_act(const struct plain *p)
{
	return kthread_should_stop() || kthread_should_park() ||
	       READ_ONCE(p->asked) != p->answered;
}

static int plain_fn(void *data)
{
	struct plain *p = data;

	WRITE_ONCE(p->entered, true);
	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		plain_work(p);
		set_current_state(TASK_INTERRUPTIBLE);
		if (!plain_has_to_act(p))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return p->result;
}

static void plain_await(struct plain *p)
{
	long left = wait_event_timeout(p->answer,
				       READ_ONCE(p->answered) == p->asked,
				       TORTURE_BOUND);

	torture_expect(TORTURE_ORACLE_PROGRESS, left,
		       "thread plain/%d is woken %u times, and %u seen",
		       plain_number(p), p->asked, READ_ONCE(p->answered));
}

static void plain_ask(struct plain *p)
{
	WRITE_ONCE(p->asked, p->asked + 1);
	if (!torture_planted(TORTURE_ORACLE_PROGRESS))
		wake_up_process(p->k);
	plain_await(p);
}

/* One that is bound loses that when its CPU goes: it is not per-CPU. */
static struct task_struct *plain_create(struct plain *p,
					struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);

	p->home = cpu_possible(cpu) && torture_one_in(call, 3) ? cpu : -1;
	p->calm = p->home < 0 ? 0 : torture_moves_calm(cpu);
	if (p->home >= 0)
		return kthread_create_on_cpu(plain_fn, p, cpu, "plain.cpu/%u");
	return kthread_create(plain_fn, p, "plain/%d", plain_number(p));
}

/* The function has not run yet, so a stop keeps it from running. */
static int plain_stop_early(struct plain *p)
{
	int result = kthread_stop_put(p->k);

	p->k = NULL;
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
		       result == -EINTR && !p->entered,
		       "stop of plain/%d, which never ran, returns %d",
		       plain_number(p), result);
	return result;
}

static int plain_begin(struct plain *p, struct torture_call *call)
{
	unsigned int forks = torture_forks_failed();
	struct task_struct *k;

	p->result = (int)torture_draw(call, 8192) - 4096;
	p->parked = false;
	p->entered = false;
	k = plain_create(p, call);
	torture_expect_made("thread plain", plain_number(p), forks,
			    torture_unless_killed(PTR_ERR_OR_ZERO(k)));
	if (IS_ERR(k))
		return PTR_ERR(k);
	p->k = get_task_struct(k);
	if (torture_one_in(call, 4))
		return plain_stop_early(p);
	plain_ask(p);
	return 0;
}

static int plain_end(struct plain *p)
{
	int result;

	WRITE_ONCE(p->parked, false);
	result = kthread_stop_put(p->k);
	p->k = NULL;
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, result == p->result,
		       "stop of plain/%d returns %d, not %d", plain_number(p),
		       result, p->result);
	return 0;
}

static int plain_park(struct plain *p)
{
	int err = kthread_park(p->k);

	torture_expect(TORTURE_ORACLE_PARKED,
		       !err && READ_ONCE(p->k->__state) & TASK_PARKED,
		       "thread plain/%d is asked to park, that returns %d, and its state is %#x",
		       plain_number(p), err, READ_ONCE(p->k->__state));
	torture_expect(TORTURE_ORACLE_PARKED, err || !READ_ONCE(p->k->on_rq),
		       "thread plain/%d is parked, and is still on a runqueue",
		       plain_number(p));
	WRITE_ONCE(p->parked, true);
	if (torture_planted(TORTURE_ORACLE_PARKED))
		kthread_unpark(p->k);
	return err;
}

static int plain_unpark(struct plain *p)
{
	WRITE_ONCE(p->parked, false);
	/* Whether it runs again is seen by the answer. */
	WRITE_ONCE(p->asked, p->asked + 1);
	kthread_unpark(p->k);
	plain_await(p);
	return 0;
}

static int plain_wake(struct plain *p)
{
	if (p->parked)
		wake_up_process(p->k);
	else
		plain_ask(p);
	return 0;
}

/* Do it if the thread is @parked or not, as it must be. */
static int plain_do(struct torture_call *call, int (*fn)(struct plain *p),
		    bool parked)
{
	struct plain *p = &plains[call->slot];
	int err = -ENOENT;

	mutex_lock(&p->lock);
	if (p->k)
		err = p->parked == parked ? fn(p) : -EAGAIN;
	mutex_unlock(&p->lock);
	return err;
}

int torture_kthread_run(struct torture_call *call)
{
	struct plain *p = &plains[call->slot];
	int err = -EEXIST;

	mutex_lock(&p->lock);
	if (!p->k)
		err = plain_begin(p, call);
	mutex_unlock(&p->lock);
	return err;
}

int torture_kthread_stop(struct torture_call *call)
{
	return plain_do(call, plain_end, torture_one_in(call, 2));
}

int torture_kthread_park(struct torture_call *call)
{
	return plain_do(call, plain_park, false);
}

int torture_kthread_unpark(struct torture_call *call)
{
	return plain_do(call, plain_unpark, true);
}

int torture_kthread_wake(struct torture_call *call)
{
	return plain_do(call, plain_wake, torture_one_in(call, 4));
}

/* Another policy, or priority, whatever the thread does and wherever it is */
static void plain_schedule(struct plain *p, struct torture_call *call)
{
	int nice = (int)torture_draw(call, 40) - 20;
	bool normal = torture_one_in(call, 2);

	/*
	 * Where it comes back to the fair class with another weight, its lag is taken for one
	 * of the new weight, which is a bug (docs/found.md).
	 */
	if (normal && p->k->policy == SCHED_FIFO && !torture_known(TORTURE_BUG_LAG))
		sched_set_normal(p->k, task_nice(p->k));
	if (normal)
		sched_set_normal(p->k, nice);
	else if (nice < 0)
		sched_set_fifo(p->k);
	else
		sched_set_fifo_low(p->k);
	torture_expect(TORTURE_ORACLE_SCHEDULED,
		       p->k->policy == (normal ? SCHED_NORMAL : SCHED_FIFO),
		       "thread plain/%d has policy %u", plain_number(p), p->k->policy);
}

/**
 * torture_kthread_sched - have a thread scheduled in another way
 * @call: the operation
 *
 * Return: 0, or -ENOENT if there is no thread
 */
int torture_kthread_sched(struct torture_call *call)
{
	struct plain *p = &plains[call->slot];
	int err = -ENOENT;

	mutex_lock(&p->lock);
	if (p->k) {
		plain_schedule(p, call);
		err = 0;
	}
	mutex_unlock(&p->lock);
	return err;
}

/* How many threads are created at once */
#define CREATORS	4

static int created_fn(void *unused)
{
	return 0;
}

static void create_work(struct work_struct *work)
{
	unsigned int forks = torture_forks_failed();
	struct task_struct *k = kthread_create(created_fn, NULL, "created");

	torture_expect_made("one of a crowd of", CREATORS, forks, PTR_ERR_OR_ZERO(k));
	if (!IS_ERR(k))
		kthread_stop(k);
}

/**
 * torture_kthread_crowd - create threads at once, and then none for a while
 * @call: the operation, alone
 *
 * The next request would mend it if kthreadd had missed the last one. So there are
 * few: the module does no other operation, and no CPU comes or goes.
 *
 * Return: 0
 */
int torture_kthread_crowd(struct torture_call *call)
{
	struct work_struct creator[CREATORS];
	int i;

	cpus_read_lock();
	for (i = 0; i < CREATORS; i++) {
		INIT_WORK_ONSTACK(&creator[i], create_work);
		queue_work(system_dfl_wq, &creator[i]);
	}
	for (i = 0; i < CREATORS; i++) {
		flush_work(&creator[i]);
		destroy_work_on_stack(&creator[i]);
	}
	cpus_read_unlock();
	return 0;
}

/**
 * torture_kthread_init - be ready for threads
 *
 * Return: 0
 */
int torture_kthread_init(void)
{
	struct plain *p;

	for (p = plains; p < plains + TORTURE_PLAINS; p++) {
		mutex_init(&p->lock);
		init_waitqueue_head(&p->answer);
	}
	return 0;
}

/**
 * torture_kthread_drain - stop all threads
 */
void torture_kthread_drain(void)
{
	struct plain *p;

	for (p = plains; p < plains + TORTURE_PLAINS; p++) {
		mutex_lock(&p->lock);
		if (p->k)
			plain_end(p);
		mutex_unlock(&p->lock);
	}
}
