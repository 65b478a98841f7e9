// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work items, of workqueues and of workers of their own, on CPUs that go.
 *
 * Locking: a slot's mutex is held while something is queued or cancelled there,
 * so it is known how often the item has to run. Workers, timers and CPU hotplug do
 * not take it.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/**
 * struct job - an item that has to run as often as it was queued
 * @lock: held while it is queued or cancelled
 * @done: where to wait for it
 * @due: how often it was queued and not cancelled
 * @runs: how often it ran
 * @unsure: how many of @due may have been cancelled without that being reported: a
 *	modify or cancel of kthread work that meets its timer makes the timer do
 *	nothing, and then finds nothing pending
 * @home: where it is to run, or -1
 * @nap: how long it sleeps when it runs, in us
 * @inside: how often it runs right now
 */
struct job {
	struct mutex lock;	/* see above */
	wait_queue_head_t done;
	int due;
	int runs;
	int unsure;
	int home;
	unsigned int nap;
	atomic_t inside;
};

/* How many work items change an item at once, and how often each does */
#define FIGHTERS	3
#define BLOWS		8

/* How many duels come before that, and how often one looks whether the item runs */
#define DUELS		4
#define DUEL_PATIENCE	100

/* How often an item is queued to a worker that is about to go to sleep */
#define HURRIES		8

/* How many items of a crowd are on each CPU */
#define CROWD_DEPTH	4

/* An item of a workqueue */
static struct queued {
	struct job job;
	struct delayed_work work;
	struct workqueue_struct *wq;
} queueds[TORTURE_WORKS];

/**
 * struct manned - an item of a worker that comes and goes
 * @job: what it does
 * @work: the item
 * @worker: whose it is, or NULL
 * @home: CPU that the worker is bound to, or -1
 * @calm: since when that is so, see torture_moves_calm()
 * @timed: it was last queued for later, so that its timer may be in flight
 * @delay: what a duel modifies it to
 * @modified: a duel has modified it
 * @modified_first: and that was over before it last ended a run
 */
static struct manned {
	struct job job;
	struct kthread_delayed_work work;
	struct kthread_worker *worker;
	int home;
	unsigned int calm;
	bool timed;
	unsigned long delay;
	bool modified;
	bool modified_first;
} manneds[TORTURE_WORKERS];

static const unsigned int work_flags[] = {
	WQ_PERCPU, WQ_UNBOUND, WQ_PERCPU | WQ_HIGHPRI | WQ_MEM_RECLAIM,
};

static struct workqueue_struct *work_queues[ARRAY_SIZE(work_flags)];

/* --- Jobs --- */

static void job_init(struct job *j)
{
	mutex_init(&j->lock);
	init_waitqueue_head(&j->done);
	j->home = -1;
}

static void job_run(struct job *j)
{
	int cpu = raw_smp_processor_id();
	int home = READ_ONCE(j->home);
	unsigned int nap = READ_ONCE(j->nap);

	torture_expect_machine_goes("work");
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST,
		       atomic_inc_return(&j->inside) == 1,
		       "work runs on CPU %d while it runs elsewhere", cpu);
	if (home >= 0)
		torture_expect(TORTURE_ORACLE_ON_ITS_CPU, cpu == home,
			       "work of CPU %d runs on CPU %d", home, cpu);
	if (nap)
		usleep_range(nap, nap);
	WRITE_ONCE(j->runs, j->runs + 1);
	atomic_dec(&j->inside);
	wake_up(&j->done);
}

/* One that sleeps gives its worker's CPU to the next one. */
static void job_draw_nap(struct job *j, struct torture_call *call)
{
	unsigned int nap = 1 + torture_draw(call, 3000);

	WRITE_ONCE(j->nap, torture_one_in(call, 3) ? nap : 0);
}

static bool job_is_even(const struct job *j)
{
	int missing = j->due - READ_ONCE(j->runs);

	return missing >= 0 && missing <= j->unsure;
}

static void job_expect_even(struct job *j, const char *kind, int number)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, job_is_even(j),
		       "%s %d ran %d times, not %d", kind, number,
		       READ_ONCE(j->runs), j->due);
}

/* Nothing of it is pending, so it has to be queued. */
static void job_expect_queued(struct job *j, bool queued)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, queued, "an item that is idle can't be queued");
	j->due++;
}

static void job_await(struct job *j, const char *kind, int number)
{
	wait_event_timeout(j->done, job_is_even(j), TORTURE_BOUND);
	job_expect_even(j, kind, number);
}

/* --- Workqueues --- */

static void queued_fn(struct work_struct *work)
{
	struct queued *q = container_of(to_delayed_work(work), struct queued,
					work);

	job_run(&q->job);
}

static int queued_number(const struct queued *q)
{
	return q - queueds;
}

static unsigned long work_delay(struct torture_call *call)
{
	return torture_draw(call, 4);
}

/*
 * Do it where the CPU is sure to stay until it is done. As long as the item runs
 * from before, it is not to run anywhere else.
 */
static void queued_at_home(struct queued *q, struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);

	cpus_read_lock();
	/* One that is on its way leaves its workers to others. */
	if (q->wq != work_queues[1] && cpu_possible(cpu) && cpu_active(cpu)) {
		flush_delayed_work(&q->work);
		WRITE_ONCE(q->job.home, cpu);
		job_expect_queued(&q->job, queue_delayed_work_on(cpu, q->wq, &q->work, 0));
		job_await(&q->job, "work", queued_number(q));
		WRITE_ONCE(q->job.home, -1);
	}
	cpus_read_unlock();
}

/**
 * torture_work - queue work to a CPU, which may go any time
 * @call: the operation
 *
 * Return: 0
 */
int torture_work(struct torture_call *call)
{
	struct queued *q = &queueds[call->slot];
	unsigned int cpu = torture_draw(call, nr_cpu_ids);

	if (!cpu_possible(cpu))
		return -EAGAIN;
	mutex_lock(&q->job.lock);
	job_draw_nap(&q->job, call);
	if (torture_one_in(call, 4))
		queued_at_home(q, call);
	else
		q->job.due += queue_delayed_work_on(cpu, q->wq, &q->work, 0);
	mutex_unlock(&q->job.lock);
	return 0;
}

/**
 * torture_work_delayed - queue work for later, or change when that is
 * @call: the operation
 *
 * Return: 0
 */
int torture_work_delayed(struct torture_call *call)
{
	struct queued *q = &queueds[call->slot];
	unsigned long delay = work_delay(call);

	mutex_lock(&q->job.lock);
	if (torture_planted(TORTURE_ORACLE_WORK_NOT_LOST))
		cancel_delayed_work_sync(&q->work);
	q->job.due += !mod_delayed_work(q->wq, &q->work, delay);
	mutex_unlock(&q->job.lock);
	return 0;
}

/**
 * torture_work_cancel - cancel work that may be about to run
 * @call: the operation
 *
 * Return: 0
 */
int torture_work_cancel(struct torture_call *call)
{
	struct queued *q = &queueds[call->slot];

	mutex_lock(&q->job.lock);
	q->job.due -= cancel_delayed_work_sync(&q->work);
	job_expect_even(&q->job, "cancelled work", queued_number(q));
	mutex_unlock(&q->job.lock);
	return 0;
}

/**
 * torture_work_flush - have work run now, and see that it did
 * @call: the operation
 *
 * Return: 0
 */
int torture_work_flush(struct torture_call *call)
{
	struct queued *q = &queueds[call->slot];

	mutex_lock(&q->job.lock);
	if (torture_one_in(call, 2))
		flush_delayed_work(&q->work);
	else
		job_await(&q->job, "work", queued_number(q));
	job_expect_even(&q->job, "flushed work", queued_number(q));
	mutex_unlock(&q->job.lock);
	return 0;
}

/**
 * struct crowd - items for each CPU, on a workqueue of their own
 * @lock: held from the first one that is queued until the flush is over
 * @wq: the workqueue
 * @item: the items
 * @runs: how many ran
 */
static struct crowd {
	struct mutex lock;	/* see above */
	struct workqueue_struct *wq;
	struct crowd_item {
		struct work_struct work;
		struct crowd *crowd;
		unsigned int naps;
		unsigned int nap;
	} item[TORTURE_CPUS][CROWD_DEPTH];
	atomic_t runs;
} crowds[TORTURE_CROWDS];

static void crowd_fn(struct work_struct *work)
{
	struct crowd_item *item = container_of(work, struct crowd_item, work);
	unsigned int i;

	for (i = 0; i < item->naps; i++)
		usleep_range(item->nap, 2 * item->nap);
	atomic_inc(&item->crowd->runs);
}

/*
 * Workers that go to sleep and wake up as their CPU goes or comes are counted by
 * both; or they sleep through both.
 */
static void crowd_draw_naps(struct crowd_item *item, struct torture_call *call)
{
	switch (torture_draw(call, 4)) {
	case 0:
		item->naps = 0;
		break;
	case 1:
		item->naps = 1;
		item->nap = 1000 + torture_draw(call, 10000);
		break;
	default:
		item->naps = 1 + torture_draw(call, 40);
		item->nap = 5 + torture_draw(call, 100);
	}
}

static int crowd_queue(struct crowd *c, unsigned int cpu, struct torture_call *call)
{
	int i, due = 0;

	for (i = 0; i < CROWD_DEPTH; i++) {
		struct crowd_item *item = &c->item[cpu][i];

		if (torture_one_in(call, 3))
			continue;
		crowd_draw_naps(item, call);
		torture_expect(TORTURE_ORACLE_WORK_NOT_LOST,
			       queue_work_on(cpu, c->wq, &item->work),
			       "an item of a crowd that is idle can't be queued");
		due++;
	}
	return due;
}

/**
 * torture_work_crowd - queue work on many CPUs, and flush the workqueue
 * @call: the operation
 *
 * A CPU that goes has its workers counted anew, which mends what was wrong. So one
 * flush in two is done where they stay as they are.
 *
 * Return: 0
 */
int torture_work_crowd(struct torture_call *call)
{
	struct crowd *c = &crowds[call->slot];
	unsigned int cpu;
	int due = 0;

	mutex_lock(&c->lock);
	atomic_set(&c->runs, 0);
	for_each_possible_cpu(cpu)
		due += crowd_queue(c, cpu, call);
	if (torture_one_in(call, 2)) {
		cpus_read_lock();
		flush_workqueue(c->wq);
		cpus_read_unlock();
	} else {
		flush_workqueue(c->wq);
	}
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, atomic_read(&c->runs) == due,
		       "%d of %d items are done after a flush of their workqueue",
		       atomic_read(&c->runs), due);
	mutex_unlock(&c->lock);
	return 0;
}

static int crowd_init(struct crowd *c, int number)
{
	int i;

	mutex_init(&c->lock);
	for (i = 0; i < TORTURE_CPUS * CROWD_DEPTH; i++) {
		struct crowd_item *item = &c->item[i / CROWD_DEPTH][i % CROWD_DEPTH];

		INIT_WORK(&item->work, crowd_fn);
		item->crowd = c;
	}
	c->wq = alloc_workqueue("torture_crowd_%d", WQ_PERCPU, 0, number);
	return c->wq ? 0 : -ENOMEM;
}

/* --- Workers --- */

static void manned_fn(struct kthread_work *work)
{
	struct manned *m = container_of(work, struct manned, work.work);

	torture_expect_home("a worker", m->home, m->calm);
	job_run(&m->job);
	/* Pairs with the release in manned_duel_modify(): the modify is over. */
	WRITE_ONCE(m->modified_first, smp_load_acquire(&m->modified));
}

static int manned_number(const struct manned *m)
{
	return m - manneds;
}

static int manned_create(struct manned *m, struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);
	unsigned int forks = torture_forks_failed();
	struct kthread_worker *w;

	m->home = cpu_possible(cpu) && torture_one_in(call, 2) ? cpu : -1;
	m->calm = m->home < 0 ? 0 : torture_moves_calm(cpu);
	if (m->home >= 0)
		w = kthread_run_worker_on_cpu(cpu, 0, "manned.cpu/%u");
	else
		w = kthread_run_worker(0, "manned/%d", manned_number(m));
	torture_expect_made("worker", manned_number(m), forks,
			    torture_unless_killed(PTR_ERR_OR_ZERO(w)));
	if (IS_ERR(w))
		return PTR_ERR(w);
	/* The item remembers the worker it was last queued to. */
	kthread_init_delayed_work(&m->work, manned_fn);
	m->worker = w;
	return 0;
}

/* Returns with nothing of it pending or running. */
static void manned_take_back(struct manned *m, const char *kind)
{
	bool due = m->job.due > READ_ONCE(m->job.runs);
	bool pending = kthread_cancel_delayed_work_sync(&m->work);

	m->job.due -= pending;
	m->job.unsure += due && !pending && m->timed;
	job_expect_even(&m->job, kind, manned_number(m));
	/* It will not run any more: from here on all is known again. */
	m->job.due = READ_ONCE(m->job.runs);
	m->job.unsure = 0;
}

/* A timer that is still to fire would find the worker gone. */
static void manned_destroy(struct manned *m)
{
	manned_take_back(m, "work of a worker");
	kthread_destroy_worker(m->worker);
	m->worker = NULL;
}

/**
 * torture_kworker - create a worker, or destroy it
 * @call: the operation
 *
 * Return: 0 or -errno
 */
int torture_kworker(struct torture_call *call)
{
	struct manned *m = &manneds[call->slot];
	int err = 0;

	mutex_lock(&m->job.lock);
	if (m->worker)
		manned_destroy(m);
	else
		err = manned_create(m, call);
	mutex_unlock(&m->job.lock);
	return err;
}

static int manned_do(struct torture_call *call,
		     void (*fn)(struct manned *m, struct torture_call *call))
{
	struct manned *m = &manneds[call->slot];
	int err = -ENOENT;

	mutex_lock(&m->job.lock);
	if (m->worker) {
		fn(m, call);
		err = 0;
	}
	mutex_unlock(&m->job.lock);
	return err;
}

static void manned_modify(struct manned *m, unsigned long delay)
{
	bool due = m->job.due > READ_ONCE(m->job.runs), timed = m->timed;

	m->timed = delay;
	if (kthread_mod_delayed_work(m->worker, &m->work, delay))
		return;
	m->job.due++;
	/* Nothing was found pending: but if something should have been? */
	m->job.unsure += due && timed;
}

static void manned_queue(struct manned *m, struct torture_call *call)
{
	unsigned long delay = work_delay(call);

	job_draw_nap(&m->job, call);
	if (!torture_one_in(call, 2)) {
		manned_modify(m, delay);
	} else if (kthread_queue_delayed_work(m->worker, &m->work, delay)) {
		m->job.due++;
		m->timed = delay;
	}
}

static void manned_cancel(struct manned *m, struct torture_call *call)
{
	manned_take_back(m, "cancelled work of a worker");
}

/*
 * Whatever is queued next makes good for a wake-up that was lost. So one flush in
 * two queues nothing.
 *
 * kthread_flush_work() is not for an item whose timer is still to fire: it would
 * queue itself behind it on the list of those that wait for theirs, for good.
 */
static void manned_flush(struct manned *m, struct torture_call *call)
{
	if (torture_one_in(call, 2)) {
		kthread_flush_worker(m->worker);
		/* What waits for its timer is not the worker's yet. */
		if (!m->timed)
			job_expect_even(&m->job, "work of a flushed worker", manned_number(m));
	}
	job_await(&m->job, "flushed work of a worker", manned_number(m));
}

/* The worker is about to sleep when there is something to do again. */
static void manned_hurry(struct manned *m, struct torture_call *call)
{
	int i;

	manned_take_back(m, "work of a worker");
	WRITE_ONCE(m->job.nap, 0);
	m->timed = false;
	for (i = 0; i < HURRIES; i++) {
		job_expect_queued(&m->job,
				  kthread_queue_delayed_work(m->worker, &m->work, 0));
		job_await(&m->job, "hurried work of a worker", manned_number(m));
	}
}

/**
 * struct manned_fighter - a work item that changes an item while others do
 * @work: does it
 * @m: the item
 * @call: what is drawn from
 */
struct manned_fighter {
	struct work_struct work;
	struct manned *m;
	struct torture_call call;
};

static void manned_fight_once(struct manned *m, struct torture_call *call)
{
	unsigned long delay = torture_draw(call, 3);

	switch (torture_draw(call, 3)) {
	case 0:
		kthread_mod_delayed_work(m->worker, &m->work, delay);
		break;
	case 1:
		kthread_queue_delayed_work(m->worker, &m->work, delay);
		break;
	default:
		kthread_cancel_delayed_work_sync(&m->work);
	}
}

static void manned_fight_work(struct work_struct *work)
{
	struct manned_fighter *f = container_of(work, struct manned_fighter, work);
	int i;

	for (i = 0; i < BLOWS; i++)
		manned_fight_once(f->m, &f->call);
}

static void manned_duel_modify(void *arg)
{
	struct manned *m = arg;

	kthread_mod_delayed_work(m->worker, &m->work, m->delay);
	/* Pairs with the acquire in manned_fn(). */
	smp_store_release(&m->modified, true);
}

/* Returns whether the item runs, so that a cancel has to wait for it. */
static bool manned_runs(struct manned *m)
{
	int patience = DUEL_PATIENCE;

	kthread_queue_delayed_work(m->worker, &m->work, 0);
	while (!atomic_read(&m->job.inside) && patience--)
		usleep_range(10, 20);
	return patience > 0;
}

/*
 * One modifies an item that runs while one cancels it. If the first was done before the item
 * was, so before the second was, nothing must be left pending.
 */
static void manned_duel(struct manned *m, struct torture_call *call)
{
	struct torture_pair pair;

	WRITE_ONCE(m->job.nap, 500 + torture_draw(call, 2000));
	m->delay = torture_draw(call, 3);
	WRITE_ONCE(m->modified, false);
	WRITE_ONCE(m->modified_first, false);
	if (!manned_runs(m))
		return;
	torture_pair_begin(&pair, manned_duel_modify, m, call);
	kthread_cancel_delayed_work_sync(&m->work);
	torture_pair_end(&pair);
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST,
		       !READ_ONCE(m->modified_first) ||
		       (!timer_pending(&m->work.timer) && list_empty(&m->work.work.node)),
		       "work of worker %d is pending, and was cancelled", manned_number(m));
}

/* How often the item runs is not known, but it must not run after the last cancel. */
static void manned_fight(struct manned *m, struct torture_call *call)
{
	struct manned_fighter f[FIGHTERS];
	int i;

	for (i = torture_one_in(call, 2) ? DUELS : 0; i; i--)
		manned_duel(m, call);
	/* A cancel that meets an item that runs has to wait. */
	WRITE_ONCE(m->job.nap, 1 + torture_draw(call, 3000));
	for (i = 0; i < FIGHTERS; i++) {
		f[i].m = m;
		f[i].call = *call;
		f[i].call.rng += i;
		INIT_WORK_ONSTACK(&f[i].work, manned_fight_work);
		queue_work(system_dfl_wq, &f[i].work);
	}
	for (i = 0; i < FIGHTERS; i++) {
		flush_work(&f[i].work);
		destroy_work_on_stack(&f[i].work);
	}
	kthread_cancel_delayed_work_sync(&m->work);
	m->job.due = READ_ONCE(m->job.runs);
	m->job.unsure = 0;
	m->timed = false;
}

int torture_kworker_delayed(struct torture_call *call)
{
	return manned_do(call, manned_queue);
}

int torture_kworker_cancel(struct torture_call *call)
{
	return manned_do(call, manned_cancel);
}

int torture_kworker_flush(struct torture_call *call)
{
	return manned_do(call, manned_flush);
}

int torture_kworker_fight(struct torture_call *call)
{
	return manned_do(call, manned_fight);
}

int torture_kworker_hurry(struct torture_call *call)
{
	return manned_do(call, manned_hurry);
}

/* --- The file's part of the module's life --- */

/**
 * torture_work_exit - undo torture_work_init()
 */
void torture_work_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(work_queues); i++)
		if (work_queues[i])
			destroy_workqueue(work_queues[i]);
	for (i = 0; i < TORTURE_CROWDS; i++)
		if (crowds[i].wq)
			destroy_workqueue(crowds[i].wq);
}

/**
 * torture_work_init - have workqueues
 *
 * Return: 0 or -ENOMEM
 */
int torture_work_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(work_queues); i++) {
		work_queues[i] = alloc_workqueue("torture_%d", work_flags[i],
						 0, i);
		if (!work_queues[i]) {
			torture_work_exit();
			return -ENOMEM;
		}
	}
	for (i = 0; i < TORTURE_CROWDS; i++) {
		if (crowd_init(&crowds[i], i)) {
			torture_work_exit();
			return -ENOMEM;
		}
	}
	for (i = 0; i < TORTURE_WORKS; i++) {
		job_init(&queueds[i].job);
		INIT_DELAYED_WORK(&queueds[i].work, queued_fn);
		queueds[i].wq = work_queues[i % ARRAY_SIZE(work_queues)];
	}
	for (i = 0; i < TORTURE_WORKERS; i++)
		job_init(&manneds[i].job);
	return 0;
}

/**
 * torture_work_drain - cancel all work, destroy all workers
 */
void torture_work_drain(void)
{
	int i;

	for (i = 0; i < TORTURE_WORKS; i++) {
		mutex_lock(&queueds[i].job.lock);
		queueds[i].job.due -= cancel_delayed_work_sync(&queueds[i].work);
		job_expect_even(&queueds[i].job, "last work", i);
		mutex_unlock(&queueds[i].job.lock);
	}
	for (i = 0; i < TORTURE_WORKERS; i++) {
		mutex_lock(&manneds[i].job.lock);
		if (manneds[i].worker)
			manned_destroy(&manneds[i]);
		mutex_unlock(&manneds[i].job.lock);
	}
}
