// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workqueues that run few items at a time, flushed by several at once; and workqueues
 * that are destroyed while their items queue themselves.
 *
 * Locking: a user's mutex is held while its items are pending or run. Users share
 * workqueues. A workqueue's lock is held while an item gets its place in the order.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/* Items of a user, how often it queues them, and an item of a chain itself, at most */
#define QUEUE_ITEMS	4
#define QUEUE_ROUNDS	8
#define CHAIN_LENGTH	6

/* What a workqueue keeps to, beside running each item that was queued */
enum queue_kind { QUEUE_ONE_A_CPU, QUEUE_FEW, QUEUE_ORDERED, QUEUE_KINDS };

/**
 * struct queue - a workqueue that runs few items at a time
 * @kind: what it keeps to
 * @wq: the workqueue
 * @lock: held from when an item gets its number until it is queued
 * @queued: number of the last one that was queued
 * @ran: number of the last one that has begun to run, of one that is ordered
 * @inside: how many run right now, by the CPU that they were queued on
 */
static struct queue {
	enum queue_kind kind;
	struct workqueue_struct *wq;
	spinlock_t lock;	/* see above */
	unsigned long queued;
	unsigned long ran;
	atomic_t inside[TORTURE_CPUS];
} queues[QUEUE_KINDS];

/**
 * struct queue_user - who queues items, and flushes
 * @lock: see above
 * @queue: the workqueue
 * @runs: how many of the items ran
 * @item: the items
 */
static struct queue_user {
	struct mutex lock;	/* see above */
	struct queue *queue;
	atomic_t runs;
	struct queue_item {
		struct work_struct work;
		struct queue_user *user;
		unsigned long number;
		unsigned int cpu;
		unsigned int nap;
	} item[QUEUE_ITEMS];
} queue_users[TORTURE_QUEUE_USERS];

static void queue_expect_order(struct queue *q, const struct queue_item *item)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, item->number == q->ran + 1,
		       "item %lu of an ordered workqueue runs after item %lu",
		       item->number, q->ran);
	q->ran = item->number;
}

static void queue_fn(struct work_struct *work)
{
	struct queue_item *item = container_of(work, struct queue_item, work);
	struct queue *q = item->user->queue;
	bool one = q->kind != QUEUE_FEW;

	if (one)
		torture_expect(TORTURE_ORACLE_WORK_NOT_LOST,
			       atomic_inc_return(&q->inside[item->cpu]) == 1,
			       "two items run at once of a workqueue that runs one");
	if (q->kind == QUEUE_ORDERED)
		queue_expect_order(q, item);
	if (item->nap)
		usleep_range(item->nap, 2 * item->nap);
	if (one)
		atomic_dec(&q->inside[item->cpu]);
	atomic_inc(&item->user->runs);
}

/* Once in a while as long as it takes to give a workqueue other CPUs */
static unsigned int queue_nap(struct torture_call *call)
{
	unsigned int most = torture_one_in(call, 4) ? 5000 : 500;

	return torture_one_in(call, 2) ? 1 + torture_draw(call, most) : 0;
}

/* It neither is pending nor runs. */
static void queue_item(struct queue_user *u, struct queue_item *item,
		       struct torture_call *call)
{
	struct queue *q = u->queue;
	unsigned int cpu = torture_draw(call, nr_cpu_ids);
	bool queued;

	if (!cpu_possible(cpu))
		cpu = 0;
	item->cpu = q->kind == QUEUE_ONE_A_CPU ? cpu : 0;
	item->nap = queue_nap(call);
	spin_lock(&q->lock);
	item->number = ++q->queued;
	if (q->kind == QUEUE_ONE_A_CPU)
		queued = queue_work_on(cpu, q->wq, &item->work);
	else
		queued = queue_work(q->wq, &item->work);
	spin_unlock(&q->lock);
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, queued,
		       "an item that is idle can't be queued");
}

static void queue_flush(void *arg)
{
	struct queue *q = arg;

	flush_workqueue(q->wq);
}

/* Queue some items, and flush them; in one of two somebody else flushes them beside that. */
static void queue_round(struct queue_user *u, struct torture_call *call)
{
	int i, n = 1 + torture_draw(call, QUEUE_ITEMS);
	bool both = torture_one_in(call, 2);
	struct torture_pair pair;

	atomic_set(&u->runs, 0);
	for (i = 0; i < n; i++)
		queue_item(u, &u->item[i], call);
	if (both)
		torture_pair_begin(&pair, queue_flush, u->queue, call);
	queue_flush(u->queue);
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, atomic_read(&u->runs) == n,
		       "%d of %d items are done after a flush of their workqueue",
		       atomic_read(&u->runs), n);
	if (both)
		torture_pair_end(&pair);
}

/**
 * torture_wq_limit - queue to a workqueue that runs few at a time, and flush it
 * @call: the operation
 *
 * Other users do so at the same time. One in four does it some times in a row, so that there
 * are items while a workqueue gets other CPUs.
 *
 * Return: 0
 */
int torture_wq_limit(struct torture_call *call)
{
	struct queue_user *u = &queue_users[call->slot];
	int rounds = torture_one_in(call, 4) ? 1 + torture_draw(call, QUEUE_ROUNDS) : 1;

	mutex_lock(&u->lock);
	if (u->queue->kind == QUEUE_FEW && torture_one_in(call, 4))
		workqueue_set_max_active(u->queue->wq, 1 + torture_draw(call, 4));
	while (rounds-- && !torture_over())
		queue_round(u, call);
	mutex_unlock(&u->lock);
	return 0;
}

/**
 * struct chain - a workqueue whose items queue themselves
 * @lock: held while there is one
 * @wq: the workqueue
 * @link: its items
 */
static struct chain {
	struct mutex lock;	/* see above */
	struct workqueue_struct *wq;
	struct chain_link {
		struct work_struct work;
		struct chain *chain;
		unsigned int left;
		unsigned int nap;
	} link[QUEUE_ITEMS];
} chains[TORTURE_CHAINS];

static void chain_fn(struct work_struct *work)
{
	struct chain_link *link = container_of(work, struct chain_link, work);

	if (link->nap)
		usleep_range(link->nap, 2 * link->nap);
	if (--link->left)
		queue_work(link->chain->wq, work);
}

static void chain_begin(struct chain *c, struct torture_call *call)
{
	int i;

	for (i = 0; i < QUEUE_ITEMS; i++) {
		struct chain_link *link = &c->link[i];
		unsigned int cpu = torture_draw(call, nr_cpu_ids);

		link->left = 1 + torture_draw(call, CHAIN_LENGTH);
		link->nap = torture_one_in(call, 2) ? 1 + torture_draw(call, 300) : 0;
		queue_work_on(cpu_possible(cpu) ? cpu : WORK_CPU_UNBOUND, c->wq, &link->work);
	}
}

/*
 * A drain may be over before the last item of an unbound workqueue with a limit is, and the
 * workqueue can't be destroyed then: a bug, see docs/found.md. A flush waits for it.
 */
static void chain_flush(struct chain *c)
{
	int i;

	for (i = 0; i <= CHAIN_LENGTH; i++)
		flush_workqueue(c->wq);
}

static void chain_expect_over(const struct chain *c)
{
	int i;

	for (i = 0; i < QUEUE_ITEMS; i++)
		torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, !c->link[i].left,
			       "an item was to run %u times more, and its workqueue is gone",
			       c->link[i].left);
}

/**
 * torture_wq_chain - have a workqueue, and destroy it while its items queue themselves
 * @call: the operation
 *
 * Return: 0 or -ENOMEM
 */
int torture_wq_chain(struct torture_call *call)
{
	static const unsigned int flags[] = { WQ_PERCPU, WQ_UNBOUND, WQ_UNBOUND | WQ_HIGHPRI };
	struct chain *c = &chains[call->slot];
	unsigned int kind = torture_draw(call, ARRAY_SIZE(flags));
	int limit = torture_draw(call, 3), err = -ENOMEM;

	mutex_lock(&c->lock);
	c->wq = alloc_workqueue("torture_chain_%u", flags[kind], limit, call->slot);
	if (c->wq) {
		chain_begin(c, call);
		if ((flags[kind] & WQ_UNBOUND) && limit && !torture_known(TORTURE_BUG_DRAIN))
			chain_flush(c);
		destroy_workqueue(c->wq);
		chain_expect_over(c);
		err = 0;
	}
	mutex_unlock(&c->lock);
	return err;
}

/**
 * torture_queue_exit - undo torture_queue_init()
 */
void torture_queue_exit(void)
{
	int i;

	for (i = 0; i < QUEUE_KINDS; i++)
		if (queues[i].wq)
			destroy_workqueue(queues[i].wq);
}

static void queue_init_items(void)
{
	struct queue_user *u;
	struct chain *c;
	int i;

	for (u = queue_users; u < queue_users + TORTURE_QUEUE_USERS; u++) {
		mutex_init(&u->lock);
		u->queue = &queues[(u - queue_users) % QUEUE_KINDS];
		for (i = 0; i < QUEUE_ITEMS; i++) {
			INIT_WORK(&u->item[i].work, queue_fn);
			u->item[i].user = u;
		}
	}
	for (c = chains; c < chains + TORTURE_CHAINS; c++) {
		mutex_init(&c->lock);
		for (i = 0; i < QUEUE_ITEMS; i++) {
			INIT_WORK(&c->link[i].work, chain_fn);
			c->link[i].chain = c;
		}
	}
}

/**
 * torture_queue_init - have the workqueues that are there all the time
 *
 * Return: 0 or -ENOMEM
 */
int torture_queue_init(void)
{
	int i;

	queue_init_items();
	queues[QUEUE_ONE_A_CPU].wq = alloc_workqueue("torture_one", WQ_PERCPU, 1);
	queues[QUEUE_FEW].wq = alloc_workqueue("torture_few", WQ_UNBOUND, 2);
	queues[QUEUE_ORDERED].wq = alloc_ordered_workqueue("torture_ordered", 0);
	for (i = 0; i < QUEUE_KINDS; i++) {
		queues[i].kind = i;
		spin_lock_init(&queues[i].lock);
		if (queues[i].wq)
			continue;
		torture_queue_exit();
		return -ENOMEM;
	}
	return 0;
}
