// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callbacks of RCU, on CPUs that go before they are called. Whoever waits for all that
 * there are has waited for those of an offline CPU, too; and none is called while somebody
 * reads who began before.
 *
 * Locking: a slot's mutex is held while callbacks are made. They do not take it.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include "torture.h"

/* CPUs that get a callback, at most */
#define RCU_CPUS	4

/* How long a reader reads, in us, and how often one looks whether it has begun */
#define RCU_READ	20
#define RCU_READS	50
#define RCU_PATIENCE	100

/**
 * struct rcu_user - callbacks of some CPUs
 * @lock: see above
 * @over: where to wait for them
 * @due: how many there are to be since the module was loaded
 * @runs: how many there were
 * @reads: somebody reads
 * @callback: of each CPU, and whether somebody read when it was made
 */
static struct rcu_user {
	struct mutex lock;	/* see above */
	wait_queue_head_t over;
	int due;
	atomic_t runs;
	bool reads;
	struct rcu_callback {
		struct rcu_head head;
		struct rcu_user *user;
		bool is_made;
		bool was_read;
	} callback[TORTURE_CPUS];
} rcu_users[TORTURE_RCU_USERS];

static void rcu_callback_fn(struct rcu_head *head)
{
	struct rcu_callback *c = container_of(head, struct rcu_callback, head);
	struct rcu_user *u = c->user;

	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, READ_ONCE(c->is_made),
		       "a callback of RCU is called twice");
	torture_expect(TORTURE_ORACLE_IN_TIME, !c->was_read || !READ_ONCE(u->reads),
		       "a callback of RCU is called while someone reads who began before");
	WRITE_ONCE(c->is_made, false);
	atomic_inc(&u->runs);
	wake_up(&u->over);
}

/* On the CPU that the callback is to be of, with interrupts off */
static void rcu_make(void *callback)
{
	struct rcu_callback *c = callback;

	c->was_read = READ_ONCE(c->user->reads);
	call_rcu(&c->head, rcu_callback_fn);
}

static void rcu_read(void *user)
{
	struct rcu_user *u = user;
	int i;

	rcu_read_lock();
	WRITE_ONCE(u->reads, true);
	for (i = 0; i < RCU_READS; i++)
		udelay(RCU_READ);
	WRITE_ONCE(u->reads, false);
	rcu_read_unlock();
}

static void rcu_await_reader(struct rcu_user *u)
{
	int patience = RCU_PATIENCE;

	while (!READ_ONCE(u->reads) && patience--)
		usleep_range(10, 20);
}

static bool rcu_is_even(struct rcu_user *u)
{
	return atomic_read(&u->runs) == u->due;
}

static void rcu_expect_even(struct rcu_user *u, const char *when)
{
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, rcu_is_even(u),
		       "%d callbacks of RCU were called %s, not %d",
		       atomic_read(&u->runs), when, u->due);
}

static void rcu_await(struct rcu_user *u)
{
	wait_event_timeout(u->over, rcu_is_even(u), TORTURE_BOUND);
	rcu_expect_even(u, "so far");
}

static void rcu_make_on(struct rcu_user *u, unsigned int cpu)
{
	struct rcu_callback *c = &u->callback[cpu];

	/* A drawn CPU may have one already. */
	if (READ_ONCE(c->is_made))
		return;
	WRITE_ONCE(c->is_made, true);
	u->due++;
	if (!smp_call_function_single(cpu, rcu_make, c, 1))
		return;
	/* The CPU is offline. */
	u->due--;
	WRITE_ONCE(c->is_made, false);
}

/**
 * torture_rcu - make callbacks on some CPUs, and wait for them now or next time
 * @call: the operation
 *
 * Return: 0
 */
int torture_rcu(struct torture_call *call)
{
	struct rcu_user *u = &rcu_users[call->slot];
	unsigned int n = 1 + torture_draw(call, RCU_CPUS);
	bool reads = torture_one_in(call, 2), waits = torture_one_in(call, 2);
	struct torture_pair reader;

	mutex_lock(&u->lock);
	rcu_await(u);
	if (reads) {
		torture_pair_begin(&reader, rcu_read, u, call);
		rcu_await_reader(u);
	}
	while (n--)
		rcu_make_on(u, torture_draw(call, nr_cpu_ids));
	if (waits) {
		rcu_barrier();
		rcu_expect_even(u, "before rcu_barrier() returns");
	}
	if (reads)
		torture_pair_end(&reader);
	mutex_unlock(&u->lock);
	return 0;
}

/**
 * torture_rcu_init - be ready for callbacks
 *
 * Return: 0
 */
int torture_rcu_init(void)
{
	struct rcu_user *u;
	int i;

	for (u = rcu_users; u < rcu_users + TORTURE_RCU_USERS; u++) {
		mutex_init(&u->lock);
		init_waitqueue_head(&u->over);
		for (i = 0; i < TORTURE_CPUS; i++)
			u->callback[i].user = u;
	}
	return 0;
}

/**
 * torture_rcu_drain - see all of them called
 */
void torture_rcu_drain(void)
{
	struct rcu_user *u;

	for (u = rcu_users; u < rcu_users + TORTURE_RCU_USERS; u++) {
		mutex_lock(&u->lock);
		rcu_await(u);
		mutex_unlock(&u->lock);
	}
	/* They are code of this module's, whatever was seen. */
	rcu_barrier();
}
