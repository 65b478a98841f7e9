// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once, in their stoppers.
 *
 * Locking: none. Any number of actors may ask for it, and stop_machine() has to
 * do one after the other. The mutex is of the witness alone.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>

#include "../compat.h"
#include "torture.h"

/**
 * struct stop - a call of stop_machine()
 * @all: all CPUs do something, not one of them
 * @online: CPUs there were then
 * @count: CPUs that did
 * @result: what the call returned
 */
struct stop {
	bool all;
	int online;
	atomic_t count;
	int result;
};

/* For so long a CPU does something, which others must not. */
#define STOP_SPINS	64

/* Period of the witness, and how often it comes at most */
#define STOP_WITNESS_NS	(5 * NSEC_PER_USEC)
#define STOP_WITNESSES	400

/*
 * A timer of one CPU that fires all the time, but for when the machine stands still. Nothing
 * else would interrupt a CPU in the few instructions in which others stop already.
 */
static struct hrtimer stop_witness;
static int stop_witnesses;
static DEFINE_MUTEX(stop_witness_mutex);

/* CPUs that do something while all others stand still */
static atomic_t stop_inside;

static int stop_fn(void *stop)
{
	struct stop *s = stop;
	int i;

	atomic_inc(&stop_inside);
	WRITE_ONCE(s->online, num_online_cpus());
	atomic_inc(&s->count);
	for (i = 0; i < STOP_SPINS; i++)
		cpu_relax();
	atomic_dec(&stop_inside);
	return 7;
}

static void stop_once(void *arg)
{
	struct stop *s = arg;

	s->result = stop_machine(stop_fn, s, s->all ? cpu_online_mask : NULL);
}

/**
 * torture_expect_machine_goes - nothing else runs while the machine is stopped
 * @who: runs
 *
 * Context: any.
 */
void torture_expect_machine_goes(const char *who)
{
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, !atomic_read(&stop_inside),
		       "%s runs while the machine is stopped", who);
}

static enum hrtimer_restart stop_witness_fn(struct hrtimer *timer)
{
	torture_expect_machine_goes("an interrupt");
	if (!stop_witnesses--)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(STOP_WITNESS_NS));
	return HRTIMER_RESTART;
}

static void stop_witness_arm(void *unused)
{
	stop_witnesses = STOP_WITNESSES;
	hrtimer_start(&stop_witness, ns_to_ktime(STOP_WITNESS_NS), HRTIMER_MODE_REL_PINNED_HARD);
}

/* It has one for an operation at a time; where its CPU is offline there is none. */
static bool stop_witness_begin(struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);

	if (!torture_one_in(call, 2) || !mutex_trylock(&stop_witness_mutex))
		return false;
	smp_call_function_single(cpu, stop_witness_arm, NULL, 1);
	return true;
}

static void stop_witness_end(void)
{
	hrtimer_cancel(&stop_witness);
	mutex_unlock(&stop_witness_mutex);
}

static void stop_expect_done(const struct stop *s)
{
	int n = atomic_read(&s->count), due = s->all ? s->online : 1;

	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, s->result == 7 && n == due,
		       "stop_machine() returns %d after %d CPUs, not %d", s->result, n, due);
}

/**
 * torture_stop_machine - stop all CPUs, and have one or all of them do something
 * @call: the operation
 *
 * One in two has somebody else do the same at the same time.
 *
 * Return: 0
 */
int torture_stop_machine(struct torture_call *call)
{
	struct stop own = { .all = torture_one_in(call, 2) };
	struct stop other = { .all = torture_one_in(call, 2) };
	bool both = torture_one_in(call, 2), watched;
	struct torture_pair pair;

	if (both)
		torture_pair_begin(&pair, stop_once, &other, call);
	watched = stop_witness_begin(call);
	stop_once(&own);
	if (watched)
		stop_witness_end();
	if (both)
		torture_pair_end(&pair);
	stop_expect_done(&own);
	if (both)
		stop_expect_done(&other);
	return 0;
}

/**
 * torture_stop_init - be ready to stop the machine
 *
 * Return: 0
 */
int torture_stop_init(void)
{
	hrtimer_setup(&stop_witness, stop_witness_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}
