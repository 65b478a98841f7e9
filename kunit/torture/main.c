// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads and other objects that live on CPUs. A program in user space does
 * operations on them while it takes the CPUs offline and online.
 *
 * The program decides on the order, by seed. The module owns the objects. It does an
 * operation in the context of the process that writes it to the file "op". Oracles
 * check what has to hold meanwhile. The first one that is violated is printed and
 * noted in the event log. After that no operation is done any more.
 *
 * Locking: each object has a lock of its own, see its file. Outside of all of them
 * there is torture_alone, which excludes others while an operation is alone.
 * cpus_read_lock() nests inside of them; CPU hotplug waits until it is released.
 */
#define pr_fmt(fmt) "respawn: " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#include "../compat.h"
#include "../steer/pvpanic.h"
#include "../steer/steer.h"
#include "torture.h"

#define TEXT_MAX	160
#define WATCH_PERIOD	(HZ / 5)

/* As many tasks that are stuck are shown as the host looks at. */
#define STUCK_MAX	16

/* A planted defect comes at this chance, when all actors are at work. */
#define PLANT_AFTER	3

static const char *const torture_op_names[] = {
#define X(id, name) name,
	TORTURE_OPS(X)
#undef X
};

/**
 * struct torture_oracle_state - the state of an oracle
 * @name: of its case
 * @asked: how often it looked
 * @violated: what it saw that must not be, or empty
 */
static struct torture_oracle_state {
	const char *name;
	atomic_long_t asked;
	char violated[TEXT_MAX];
} torture_oracles[TORTURE_ORACLES] = {
	[TORTURE_ORACLE_ON_ITS_CPU]	= { .name = "thread_on_its_cpu" },
	[TORTURE_ORACLE_NONE_OFFLINE]	= { .name = "none_on_an_offline_cpu" },
	[TORTURE_ORACLE_NONE_MISSING]	= { .name = "no_thread_missing" },
	[TORTURE_ORACLE_NONE_TWICE]	= { .name = "no_thread_twice" },
	[TORTURE_ORACLE_PROGRESS]	= { .name = "progress" },
	[TORTURE_ORACLE_INITFN_ONCE]	= { .name = "initfn_exactly_once" },
	[TORTURE_ORACLE_COREFN_IN_ORDER] = { .name = "corefn_in_order" },
	[TORTURE_ORACLE_RESULTS_KEPT]	= { .name = "results_kept" },
	[TORTURE_ORACLE_IN_TIME]	= { .name = "operations_in_time" },
	[TORTURE_ORACLE_NOTHING_LEFT]	= { .name = "nothing_left" },
	[TORTURE_ORACLE_MASK_AS_ASKED]	= { .name = "online_mask_as_asked" },
	[TORTURE_ORACLE_HOOKS_BALANCED]	= { .name = "hooks_balanced" },
	[TORTURE_ORACLE_WORK_NOT_LOST]	= { .name = "work_not_lost" },
	[TORTURE_ORACLE_PARKED]		= { .name = "parked_means_parked" },
	[TORTURE_ORACLE_FROZEN]		= { .name = "frozen_means_frozen" },
	[TORTURE_ORACLE_SCHEDULED]	= { .name = "scheduled_as_asked" },
};

/**
 * struct torture_operation - an operation of the module's
 * @op: which one
 * @weight: how often it is done, relative to the others
 * @slots: how many objects there are to choose from
 * @fn: does it
 * @alone: no other operation of the module may run meanwhile
 * @maker: the operation that makes what this one is about, if that is another one
 */
static const struct torture_operation {
	enum torture_op op;
	unsigned int weight;
	unsigned int slots;
	int (*fn)(struct torture_call *call);
	bool alone;
	enum torture_op maker;
} torture_operations[] = {
#ifdef HAVE_LIFECYCLE
	{ TORTURE_SPAWN, 6, TORTURE_LIVES, torture_life_spawn },
	{ TORTURE_START, 8, TORTURE_LIVES, torture_life_start, .maker = TORTURE_SPAWN },
	{ TORTURE_LAUNCH, 8, TORTURE_LIVES, torture_life_launch },
	{ TORTURE_DESTROY, 8, TORTURE_LIVES, torture_life_destroy, .maker = TORTURE_LAUNCH },
	{ TORTURE_WAKE, 12, TORTURE_LIVES, torture_life_wake, .maker = TORTURE_LAUNCH },
	{ TORTURE_POKE, 6, TORTURE_LIVES, torture_life_poke, .maker = TORTURE_LAUNCH },
	{ TORTURE_STORM, 2, TORTURE_LIVES, torture_life_storm, .maker = TORTURE_LAUNCH },
	{ TORTURE_REBIND, 4, TORTURE_LIVES, torture_life_rebind },
	{ TORTURE_DESTROY_START, 4, TORTURE_LIVES, torture_life_destroy_start },
	{ TORTURE_FAULT, IS_ENABLED(CONFIG_FAILSLAB) ? 2 : 0, TORTURE_LIVES,
	  torture_life_fault },
#endif
	{ TORTURE_KTHREAD_RUN, 4, TORTURE_PLAINS, torture_kthread_run },
	{ TORTURE_KTHREAD_STOP, 3, TORTURE_PLAINS,
	  torture_kthread_stop, .maker = TORTURE_KTHREAD_RUN },
	{ TORTURE_KTHREAD_PARK, 5, TORTURE_PLAINS,
	  torture_kthread_park, .maker = TORTURE_KTHREAD_RUN },
	{ TORTURE_KTHREAD_UNPARK, 5, TORTURE_PLAINS,
	  torture_kthread_unpark, .maker = TORTURE_KTHREAD_PARK },
	{ TORTURE_KTHREAD_WAKE, 4, TORTURE_PLAINS,
	  torture_kthread_wake, .maker = TORTURE_KTHREAD_RUN },
	{ TORTURE_KTHREAD_CROWD, 1, 1, torture_kthread_crowd, true },
	{ TORTURE_KTHREAD_SCHED, 4, TORTURE_PLAINS,
	  torture_kthread_sched, .maker = TORTURE_KTHREAD_RUN },
	{ TORTURE_KWORKER, 2, TORTURE_WORKERS, torture_kworker },
	{ TORTURE_KWORKER_DELAYED, 5, TORTURE_WORKERS,
	  torture_kworker_delayed, .maker = TORTURE_KWORKER },
	{ TORTURE_KWORKER_CANCEL, 2, TORTURE_WORKERS,
	  torture_kworker_cancel, .maker = TORTURE_KWORKER },
	{ TORTURE_KWORKER_FLUSH, 2, TORTURE_WORKERS,
	  torture_kworker_flush, .maker = TORTURE_KWORKER },
	{ TORTURE_KWORKER_FIGHT, 2, TORTURE_WORKERS,
	  torture_kworker_fight, .maker = TORTURE_KWORKER },
	{ TORTURE_KWORKER_HURRY, 2, TORTURE_WORKERS,
	  torture_kworker_hurry, .maker = TORTURE_KWORKER },
	{ TORTURE_WORK, 5, TORTURE_WORKS, torture_work },
	{ TORTURE_WORK_DELAYED, 5, TORTURE_WORKS, torture_work_delayed },
	{ TORTURE_WORK_CANCEL, 2, TORTURE_WORKS, torture_work_cancel },
	{ TORTURE_WORK_FLUSH, 2, TORTURE_WORKS, torture_work_flush },
	{ TORTURE_WORK_CROWD, 4, TORTURE_CROWDS, torture_work_crowd },
	{ TORTURE_CPUHP, 2, TORTURE_STATES, torture_cpuhp },
	{ TORTURE_CPUHP_INSTANCE, 2, TORTURE_INSTANCES, torture_cpuhp_instance },
	{ TORTURE_CPUHP_DYING, 2, 1, torture_cpuhp_dying },
	{ TORTURE_TIMER, 3, TORTURE_FUSES, torture_timer },
	{ TORTURE_HRTIMER, 3, TORTURE_FUSES, torture_hrtimer },
	{ TORTURE_SOFTIRQ, 3, TORTURE_FUSES, torture_softirq },
	{ TORTURE_STOP_MACHINE, 2, 1, torture_stop_machine },
	{ TORTURE_FREEZABLE, 2, TORTURE_FREEZABLES, torture_freezable },
	{ TORTURE_WQ_LIMIT, 4, TORTURE_QUEUE_USERS, torture_wq_limit },
	{ TORTURE_WQ_CHAIN, 1, TORTURE_CHAINS, torture_wq_chain },
	{ TORTURE_CLOCK, 2, TORTURE_FUSES, torture_clock },
	{ TORTURE_RCU, 3, TORTURE_RCU_USERS, torture_rcu },
	{ TORTURE_PINNED, 2, 1, torture_pinned },
	{ TORTURE_PERCPU, 2, 1, torture_percpu_toggle },
	{ TORTURE_PERCPU_WAKE, 4, TORTURE_CPUS, torture_percpu_wake, .maker = TORTURE_PERCPU },
};

/**
 * struct torture_look - an operation that an oracle watches
 * @o: the oracle
 * @op: the operation; TORTURE_NONE is any
 * @enough: after how many of them the oracle must have looked; 0 if it need not
 *	have looked, however many there were
 * @anyhow: count operations that failed, too
 *
 * An oracle that has not looked after enough operations does not work, so its case
 * must not pass. Some operations make it look only if a draw says so. For these,
 * @enough is so large that it has looked with a probability of 1 - 1e-12.
 */
static const struct torture_look {
	enum torture_oracle o;
	enum torture_op op;
	long enough;
	bool anyhow;
} torture_looks[] = {
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_PERCPU_WAKE, 1 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_START, 256 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_LAUNCH, 256 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_REBIND, 256 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_DESTROY_START, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_PERCPU, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_WORK, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_TIMER, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_HRTIMER, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_SOFTIRQ, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_CLOCK, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_KTHREAD_RUN, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_KTHREAD_WAKE, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_KTHREAD_UNPARK, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_KWORKER_DELAYED, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_KWORKER_HURRY, 0 },
	{ TORTURE_ORACLE_ON_ITS_CPU, TORTURE_PINNED, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_OFFLINE, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_ONLINE, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_SET, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_PARTIAL, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_FAILING, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_STARVED, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_FULL, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_SUSPEND, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_SMT, 0, true },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_START, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_LAUNCH, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_REBIND, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_WAKE, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_STORM, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_DESTROY_START, 0 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_PERCPU, 0 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_PERCPU_WAKE, 1 },
	{ TORTURE_ORACLE_NONE_OFFLINE, TORTURE_PINNED, 1 },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_OFFLINE, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_ONLINE, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_SET, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_PARTIAL, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_FAILING, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_STARVED, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_FULL, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_SUSPEND, 1, true },
	{ TORTURE_ORACLE_NONE_MISSING, TORTURE_SMT, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_OFFLINE, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_ONLINE, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_SET, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_PARTIAL, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_FAILING, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_STARVED, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_FULL, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_SUSPEND, 1, true },
	{ TORTURE_ORACLE_NONE_TWICE, TORTURE_SMT, 1, true },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_WAKE, 1 },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_STORM, 1 },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_KTHREAD_RUN, 1 },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_KTHREAD_UNPARK, 1 },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_KTHREAD_WAKE, 0 },
	{ TORTURE_ORACLE_PROGRESS, TORTURE_PERCPU_WAKE, 1 },
	{ TORTURE_ORACLE_INITFN_ONCE, TORTURE_START, 1 },
	{ TORTURE_ORACLE_INITFN_ONCE, TORTURE_LAUNCH, 1 },
	{ TORTURE_ORACLE_INITFN_ONCE, TORTURE_DESTROY, 1 },
	{ TORTURE_ORACLE_INITFN_ONCE, TORTURE_REBIND, 1 },
	{ TORTURE_ORACLE_INITFN_ONCE, TORTURE_DESTROY_START, 1 },
	{ TORTURE_ORACLE_COREFN_IN_ORDER, TORTURE_WAKE, 1 },
	{ TORTURE_ORACLE_COREFN_IN_ORDER, TORTURE_STORM, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_FORK, 1, true },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_SPAWN, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_START, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_LAUNCH, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_DESTROY, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_REBIND, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_DESTROY_START, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_FAULT, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_KTHREAD_RUN, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_KTHREAD_STOP, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_KTHREAD_CROWD, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_KWORKER, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_PERCPU, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_CPUHP, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_CPUHP_INSTANCE, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_CPUHP_DYING, 1 },
	{ TORTURE_ORACLE_RESULTS_KEPT, TORTURE_STOP_MACHINE, 1 },
	{ TORTURE_ORACLE_IN_TIME, TORTURE_NONE, 1, true },
	{ TORTURE_ORACLE_NOTHING_LEFT, TORTURE_NONE, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_OFFLINE, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_ONLINE, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_SET, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_PARTIAL, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_FAILING, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_STARVED, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_FULL, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_SUSPEND, 1, true },
	{ TORTURE_ORACLE_MASK_AS_ASKED, TORTURE_SMT, 1, true },
	{ TORTURE_ORACLE_HOOKS_BALANCED, TORTURE_PERCPU, 1 },
	{ TORTURE_ORACLE_HOOKS_BALANCED, TORTURE_PERCPU_WAKE, 1 },
	{ TORTURE_ORACLE_HOOKS_BALANCED, TORTURE_CPUHP, 1 },
	{ TORTURE_ORACLE_HOOKS_BALANCED, TORTURE_CPUHP_INSTANCE, 1 },
	{ TORTURE_ORACLE_HOOKS_BALANCED, TORTURE_CPUHP_DYING, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER_DELAYED, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER_CANCEL, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER_FLUSH, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER_FIGHT, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_KWORKER_HURRY, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WORK, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WORK_DELAYED, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WORK_CANCEL, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WORK_FLUSH, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WORK_CROWD, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_TIMER, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_HRTIMER, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_SOFTIRQ, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_CLOCK, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_FREEZABLE, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WQ_LIMIT, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_WQ_CHAIN, 1 },
	{ TORTURE_ORACLE_WORK_NOT_LOST, TORTURE_RCU, 1 },
	{ TORTURE_ORACLE_PARKED, TORTURE_KTHREAD_RUN, 1 },
	{ TORTURE_ORACLE_PARKED, TORTURE_KTHREAD_PARK, 1 },
	{ TORTURE_ORACLE_PARKED, TORTURE_KTHREAD_UNPARK, 1 },
	{ TORTURE_ORACLE_PARKED, TORTURE_PERCPU_WAKE, 1 },
	{ TORTURE_ORACLE_FROZEN, TORTURE_FREEZABLE, 1 },
	{ TORTURE_ORACLE_SCHEDULED, TORTURE_POLICY, 1 },
	{ TORTURE_ORACLE_SCHEDULED, TORTURE_KTHREAD_SCHED, 1 },
	{ TORTURE_ORACLE_SCHEDULED, TORTURE_AFFINITY, 1 },
	{ TORTURE_ORACLE_SCHEDULED, TORTURE_DEADLINE, 1 },
	{ TORTURE_ORACLE_SCHEDULED, TORTURE_CPUSET, 0 },
};

/**
 * struct torture_tally - how often an operation was done
 * @done: with whatever result
 * @good: with the result 0
 */
static struct torture_tally {
	atomic_long_t done;
	atomic_long_t good;
} torture_tallies[TORTURE_OP_COUNT];

/**
 * struct torture_part - a file of the module
 * @init: makes its objects, or NULL
 * @drain: ends what operations have left there, or NULL
 * @exit: undoes @init, or NULL
 */
static const struct torture_part {
	int (*init)(void);
	void (*drain)(void);
	void (*exit)(void);
} torture_parts[] = {
	{ NULL, torture_census_drain, NULL },
	{ torture_moves_init, NULL, torture_moves_exit },
#ifdef HAVE_LIFECYCLE
	{ torture_life_init, torture_life_drain, torture_life_exit },
#endif
	{ torture_percpu_init, torture_percpu_drain, torture_percpu_exit },
	{ torture_kthread_init, torture_kthread_drain, NULL },
	{ torture_work_init, torture_work_drain, torture_work_exit },
	{ torture_timer_init, torture_timer_drain, NULL },
	{ torture_power_init, torture_power_drain, torture_power_exit },
	{ torture_dying_init, torture_dying_drain, NULL },
	{ torture_stop_init, NULL, NULL },
	{ torture_queue_init, NULL, torture_queue_exit },
	{ torture_rcu_init, torture_rcu_drain, NULL },
};

/**
 * struct torture_busy - what an actor does
 * @since: when the operation began, or 0 if there is none
 * @forks: what torture_forks_failed() said then
 * @task: who is at it
 * @call: the operation
 */
static struct torture_busy {
	u64 since;
	unsigned int forks;
	struct task_struct *task;
	struct torture_call call;
} torture_busy[TORTURE_ACTORS];

static struct dentry *torture_dir;
static bool torture_stop;
static atomic_t torture_failed = ATOMIC_INIT(0);

static int torture_plant = -1;
/* A planted defect: the oracle that never looks, or -1 */
static int torture_blind = -1;
/* A planted defect: every hotplug state refuses to be set up. */
static bool torture_refusals;
/* Bugs of docs/found.md that are not stepped around */
static const char *const torture_bug_names[TORTURE_BUGS] = {
	[TORTURE_BUG_LAG] = "known:lag",
	[TORTURE_BUG_DRAIN] = "known:drain",
};

static bool torture_bugs[TORTURE_BUGS];
static atomic_t torture_plant_chances = ATOMIC_INIT(0);

/* The module steer is told where an operation begins, if it is loaded, and tells of switches. */
static void (*torture_tell_begin)(unsigned int actor, unsigned int draw);
static void (*torture_tell)(void (*fn)(const struct steer_switch *s));

/* --- For all files of the module --- */

/* SplitMix64, as the program has it */
static u64 torture_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * torture_draw - draw a number for an operation
 * @call: the operation
 * @below: the number is less
 *
 * Return: the number
 */
u32 torture_draw(struct torture_call *call, u32 below)
{
	return (torture_random(&call->rng) >> 32) % below;
}

/**
 * torture_one_in - draw a yes or no for an operation
 * @call: the operation
 * @n: one in how many is a yes
 *
 * Return: whether it is a yes
 */
bool torture_one_in(struct torture_call *call, u32 n)
{
	return !torture_draw(call, n);
}

/**
 * torture_over - is the run over?
 *
 * Return: true at the end of a run, or after an oracle was violated
 */
bool torture_over(void)
{
	return READ_ONCE(torture_stop);
}

/**
 * torture_planted - is this the place and time of the planted defect?
 * @o: the oracle that is to be violated
 *
 * For tests of whether the oracle sees it.
 *
 * Return: true if it is
 */
bool torture_planted(enum torture_oracle o)
{
	return READ_ONCE(torture_plant) == (int)o && !torture_over() &&
	       atomic_inc_return(&torture_plant_chances) >= PLANT_AFTER;
}

/**
 * torture_planted_refusal - must each hotplug state refuse to be set up?
 *
 * For tests of whether that excuses other operations. Called by the callbacks of
 * hotplug states.
 *
 * Context: Any context.
 * Return: true if that defect is planted
 */
bool torture_planted_refusal(void)
{
	return READ_ONCE(torture_refusals) && !torture_over();
}

/**
 * torture_known - is a bug of docs/found.md to come?
 * @bug: which one
 *
 * Context: Any context.
 * Return: true if what is done to step around it is not to be done
 */
bool torture_known(enum torture_bug bug)
{
	return READ_ONCE(torture_bugs[bug]);
}

/* Odd while no thread can be forked */
static unsigned int torture_fulls;

/**
 * torture_forks_failed - count the times in which no thread could be forked
 *
 * Return: a number for torture_forks_fail()
 */
unsigned int torture_forks_failed(void)
{
	return READ_ONCE(torture_fulls);
}

/**
 * torture_forks_fail - may a fork have failed?
 * @before: what torture_forks_failed() said before it
 *
 * Return: whether there was such a time since
 */
bool torture_forks_fail(unsigned int before)
{
	return before & 1 || torture_forks_failed() != before;
}

/**
 * torture_unless_killed - excuse what mainline does if the caller is killed
 * @err: what came of the creation of a thread
 *
 * kthread_create() gives up then; kthread_spawn() must not.
 *
 * Return: 0 if that is why it failed, else @err
 */
int torture_unless_killed(int err)
{
	return err == -EINTR && fatal_signal_pending(current) ? 0 : err;
}

/**
 * torture_expect_made - check that a thread was created, unless none can be forked
 * @what: kind of the object that has the thread
 * @number: number of that object
 * @before: what torture_forks_failed() returned before
 * @err: the result, a negative errno if there is no thread
 *
 * Called by each operation that creates threads.
 *
 * Context: Any context but NMI.
 * Return: whether @err is as it should be
 */
bool torture_expect_made(const char *what, int number, unsigned int before, int err)
{
	return torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
			      err >= 0 || torture_forks_fail(before),
			      "%s %d cannot be created: %d", what, number, err);
}

/* --- The moment of a failure, for those who look at it in a debugger --- */

static struct pvpanic torture_pvpanic;

static int torture_died(struct notifier_block *nb, unsigned long what, void *unused)
{
	if (what == DIE_OOPS)
		pvpanic_write(&torture_pvpanic);
	return NOTIFY_DONE;
}

static int torture_panicked(struct notifier_block *nb, unsigned long unused, void *why)
{
	pvpanic_write(&torture_pvpanic);
	return NOTIFY_DONE;
}

/* Before others that are told, which may not come back */
static struct notifier_block torture_die_nb = {
	.notifier_call = torture_died, .priority = INT_MAX,
};

static struct notifier_block torture_panic_nb = {
	.notifier_call = torture_panicked, .priority = INT_MAX,
};

static void torture_watch_failures(void)
{
	/* Without the device the guest does not stop; all else works. */
	if (pvpanic_open(&torture_pvpanic))
		return;
	register_die_notifier(&torture_die_nb);
	atomic_notifier_chain_register(&panic_notifier_list, &torture_panic_nb);
}

static void torture_unwatch_failures(void)
{
	unregister_die_notifier(&torture_die_nb);
	atomic_notifier_chain_unregister(&panic_notifier_list, &torture_panic_nb);
	pvpanic_close(&torture_pvpanic);
}

/* Is this the first violation of all? Only that one counts: others may follow from it. */
static bool torture_violates(enum torture_oracle o, bool good)
{
	if (READ_ONCE(torture_blind) == (int)o)
		return false;
	atomic_long_inc(&torture_oracles[o].asked);
	return !good && !atomic_xchg(&torture_failed, 1);
}

static void torture_vsay(enum torture_oracle o, const char *fmt, va_list args)
{
	struct torture_oracle_state *s = &torture_oracles[o];
	char text[TEXT_MAX];

	vsnprintf(s->violated, sizeof(s->violated), fmt, args);
	WRITE_ONCE(torture_stop, true);
	console_verbose();
	snprintf(text, sizeof(text), "%s: %s", s->name, s->violated);
	torture_note_failure(o, text);
	pvpanic_write(&torture_pvpanic);
	pr_err("stress failed %s\n", text);
}

static __printf(2, 3) void torture_say(enum torture_oracle o, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	torture_vsay(o, fmt, args);
	va_end(args);
}

/**
 * torture_expect - have an oracle look
 * @o: the oracle
 * @good: whether what it looks at is as it has to be
 * @fmt: printf-style, what it sees if not
 *
 * Only the first violation counts: others may follow from it.
 *
 * Context: Any context but NMI.
 * Return: @good
 */
bool torture_expect(enum torture_oracle o, bool good, const char *fmt, ...)
{
	va_list args;

	if (torture_violates(o, good)) {
		va_start(args, fmt);
		torture_vsay(o, fmt, args);
		va_end(args);
	}
	return good;
}

/* --- Operations --- */

/* When an actor began what it does, and who does that; 0 if nothing */
static u64 torture_busy_since(int actor, struct task_struct **task)
{
	/* Pairs with the release in torture_begin(): all else is there. */
	u64 since = smp_load_acquire(&torture_busy[actor].since);

	*task = torture_busy[actor].task;
	return since;
}

/*
 * For so many ns an actor has been at one operation, if that is long; else 0. Another
 * one may have begun after @now was.
 */
static u64 torture_busy_for(int actor, u64 now, struct task_struct **task)
{
	u64 since = torture_busy_since(actor, task);

	if (!since || since > now || now - since < TORTURE_OP_BOUND_NS / 2)
		return 0;
	return now - since;
}

static bool torture_is_busy(const struct task_struct *task, u64 now)
{
	struct task_struct *busy;
	int i;

	for (i = 0; i < TORTURE_ACTORS; i++)
		if (torture_busy_for(i, now, &busy) && busy == task)
			return true;
	return false;
}

/* Killable or not, and not idle */
static bool torture_waits_for_the_kernel(const struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	return (state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE;
}

/*
 * Where actors are that have been at one operation for long, and then what else sleeps
 * and is to be woken by nothing but the kernel. Who was the first to be noticed may wait
 * for another one; the host finds a task that does not.
 */
static void torture_show_stuck(void)
{
	const u64 now = ktime_get_mono_fast_ns();
	struct task_struct *process, *task;
	int i, shown = 0;

	console_verbose();
	/* A task that was at an operation stays until nobody reads any more. */
	rcu_read_lock();
	for (i = 0; i < TORTURE_ACTORS; i++) {
		const struct torture_call *call = &torture_busy[i].call;
		u64 took = torture_busy_for(i, now, &task);

		if (!took || task == current)
			continue;
		pr_err("stress stuck %s of slot %u by actor %d for %llu ms\n",
		       torture_op_names[call->op], call->slot, i,
		       took / NSEC_PER_MSEC);
		sched_show_task(task);
		shown++;
	}
	for_each_process_thread(process, task) {
		if (!torture_waits_for_the_kernel(task) ||
		    torture_is_busy(task, now) || shown++ >= STUCK_MAX)
			continue;
		pr_err("stress stuck task %s/%d\n", task->comm, task_pid_nr(task));
		sched_show_task(task);
	}
	rcu_read_unlock();
}

static void torture_expect_in_time(const struct torture_call *call, u64 took)
{
	if (!torture_violates(TORTURE_ORACLE_IN_TIME, took <= TORTURE_OP_BOUND_NS))
		return;
	torture_show_stuck();
	torture_say(TORTURE_ORACLE_IN_TIME, "%s of slot %u by actor %u takes %llu ms",
		    torture_op_names[call->op], call->slot, call->actor,
		    took / NSEC_PER_MSEC);
}

static void torture_watch(struct timer_list *timer);
static DEFINE_TIMER(torture_watchdog, torture_watch);

/* For operations that never end */
static void torture_watch(struct timer_list *timer)
{
	struct task_struct *task;
	u64 since;
	int i;

	for (i = 0; i < TORTURE_ACTORS; i++) {
		since = torture_busy_since(i, &task);
		if (since)
			torture_expect_in_time(&torture_busy[i].call,
					       ktime_get_mono_fast_ns() - since);
	}
	mod_timer(timer, jiffies + WATCH_PERIOD);
}

static void torture_begin(const struct torture_call *call)
{
	struct torture_busy *busy = &torture_busy[call->actor];

	busy->call = *call;
	busy->task = current;
	busy->forks = torture_forks_failed();
	/* Pairs with the acquire in torture_busy_since(). */
	smp_store_release(&busy->since, ktime_get_mono_fast_ns());
	if (torture_tell_begin)
		torture_tell_begin(call->actor, call->draw);
	if (torture_planted(TORTURE_ORACLE_IN_TIME))
		schedule_timeout_uninterruptible(11 * HZ);
}

static void torture_end(const struct torture_call *call, int result)
{
	struct torture_busy *busy = &torture_busy[call->actor];
	u64 since = busy->since;

	WRITE_ONCE(busy->since, 0);
	torture_note(call, since, result);
	atomic_long_inc(&torture_tallies[call->op].done);
	if (!result)
		atomic_long_inc(&torture_tallies[call->op].good);
	torture_expect_in_time(call, ktime_get_mono_fast_ns() - since);
}

/* Written by an operation that is to be alone, read by all others */
static DECLARE_RWSEM(torture_alone);

/* Returns 0 whatever the result of the operation is, which is in the event log. */
static int torture_do(const struct torture_operation *o, struct torture_call *call)
{
	/* The run may have ended while this one waited for the lock. */
	if (torture_over())
		return -ECANCELED;
	torture_begin(call);
	torture_end(call, o->fn(call));
	return 0;
}

static int torture_operate(struct torture_call *call)
{
	const struct torture_operation *o;
	int err;

	for (o = torture_operations; o->op != call->op; o++)
		if (o == &torture_operations[ARRAY_SIZE(torture_operations) - 1])
			return -EOPNOTSUPP;
	if (call->slot >= o->slots)
		return -ERANGE;
	torture_moves_await(call);
	if (o->alone) {
		down_write(&torture_alone);
		err = torture_do(o, call);
		up_write(&torture_alone);
	} else {
		down_read(&torture_alone);
		err = torture_do(o, call);
		up_read(&torture_alone);
	}
	return err;
}

/* What a command says: "op actor slot arg draw" */
static int torture_parse(const char *text, struct torture_call *call, int *used)
{
	char name[32];
	int op;

	if (sscanf(text, "%31s %hu %hu %u %u%n", name, &call->actor, &call->slot,
		   &call->arg, &call->draw, used) != 5)
		return -EINVAL;
	if (!call->actor || call->actor >= TORTURE_ACTORS)
		return -ERANGE;
	op = match_string(torture_op_names, ARRAY_SIZE(torture_op_names), name);
	if (op < 0)
		return -ENOENT;
	call->op = op;
	call->rng = (u64)call->arg << 32 | call->slot;
	return 0;
}

static int torture_op_write(const char *text)
{
	struct torture_call call;
	int used;
	int err = torture_parse(text, &call, &used);

	if (!err)
		err = torture_operate(&call);
	return err;
}

static bool torture_moves_cpus(const struct torture_call *call)
{
	return call->op >= TORTURE_OFFLINE && call->op <= TORTURE_SMT;
}

/* The program says where an operation of its own begins, */
static int torture_begin_write(const char *text)
{
	struct torture_call call;
	int used;
	int err = torture_parse(text, &call, &used);

	if (err)
		return err;
	if (torture_over())
		return -ECANCELED;
	if (torture_moves_cpus(&call))
		torture_hotplug_begin(&call);
	if (call.op == TORTURE_FULL)
		WRITE_ONCE(torture_fulls, torture_fulls + 1);
	torture_begin(&call);
	return 0;
}

static void torture_fork_ended(int result, unsigned int before)
{
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
		       !result || (result == -EAGAIN && torture_forks_fail(before)),
		       "fork of a process returns %d", result);
}

/*
 * and where it ends, with two more numbers: the result, and whether it failed because
 * of the failure that the program injected.
 */
static int torture_end_write(const char *text)
{
	struct torture_call call;
	struct torture_busy *busy;
	int used, result, meant;
	int err = torture_parse(text, &call, &used);

	if (err)
		return err;
	if (sscanf(text + used, "%d %d", &result, &meant) != 2)
		return -EINVAL;
	busy = &torture_busy[call.actor];
	if (!busy->since || busy->call.op != call.op)
		return -EPROTO;
	if (call.op == TORTURE_FULL)
		WRITE_ONCE(torture_fulls, torture_fulls + 1);
	torture_end(&call, result);
	if (torture_moves_cpus(&call))
		torture_hotplug_end(&call, result, meant);
	if (call.op == TORTURE_FORK)
		torture_fork_ended(result, busy->forks);
	return 0;
}

/* --- What the program sees and says besides --- */

static int torture_oracle_of(const char *text, size_t len)
{
	int o;

	for (o = 0; o < TORTURE_ORACLES; o++)
		if (strlen(torture_oracles[o].name) == len &&
		    !strncmp(torture_oracles[o].name, text, len))
			return o;
	return -ENOENT;
}

/* "oracle" if the program looked and all is well, "oracle what" if not */
static int torture_expect_write(const char *text)
{
	size_t len = strcspn(text, " ");
	int o = torture_oracle_of(text, len);

	if (o < 0)
		return o;
	text = skip_spaces(text + len);
	torture_expect(o, !*text, "%s", text);
	return 0;
}

/*
 * "oracle": violate it; "unasked:oracle": have it never look; "foreign_refusal";
 * "known:...": have the bug come
 */
static int torture_plant_write(const char *text)
{
	size_t len = str_has_prefix(text, "unasked:");
	int o = torture_oracle_of(text + len, strlen(text + len));
	int bug = match_string(torture_bug_names, TORTURE_BUGS, text);

	if (!strcmp(text, "foreign_refusal")) {
		WRITE_ONCE(torture_refusals, true);
		return 0;
	}
	if (bug >= 0) {
		WRITE_ONCE(torture_bugs[bug], true);
		return 0;
	}
	if (o < 0)
		return o;
	if (len)
		WRITE_ONCE(torture_blind, o);
	else
		WRITE_ONCE(torture_plant, o);
	return 0;
}

static int torture_stop_write(const char *text)
{
	WRITE_ONCE(torture_stop, true);
	return 0;
}

/*
 * A dead task is freed by an RCU callback. That one queues a second one, which frees
 * a part of the task.
 */
static int torture_settle_write(const char *text)
{
	rcu_barrier();
	rcu_barrier();
	return 0;
}

static void torture_drain(void)
{
	int i;

	for (i = ARRAY_SIZE(torture_parts) - 1; i >= 0; i--)
		if (torture_parts[i].drain)
			torture_parts[i].drain();
}

static DECLARE_COMPLETION(torture_drained);

static int torture_drain_fn(void *unused)
{
	torture_drain();
	complete(&torture_drained);
	return 0;
}

/*
 * After a failure a thread may never end, and the wait for it neither. So a thread of
 * its own waits. If that takes too long, the module can't be unloaded any more.
 */
static int torture_drain_write(const char *text)
{
	struct task_struct *k;

	WRITE_ONCE(torture_stop, true);
	k = kthread_create(torture_drain_fn, NULL, "torture_drain");
	if (IS_ERR(k))
		return PTR_ERR(k);
	get_task_struct(k);
	wake_up_process(k);
	if (wait_for_completion_timeout(&torture_drained, TORTURE_BOUND)) {
		kthread_stop_put(k);
		return 0;
	}
	__module_get(THIS_MODULE);
	torture_expect(TORTURE_ORACLE_NOTHING_LEFT, false,
		       "what there is cannot be ended");
	pr_err("torture: cannot clean up, and stays\n");
	return -ETIMEDOUT;
}

/**
 * struct torture_file - a file to write a line of text to
 * @name: its name
 * @write: gets the line
 */
static const struct torture_file {
	const char *name;
	int (*write)(const char *text);
} torture_files[] = {
	{ "op", torture_op_write },
	{ "begin", torture_begin_write },
	{ "end", torture_end_write },
	{ "expect", torture_expect_write },
	{ "plant", torture_plant_write },
	{ "census", torture_census },
	{ "stop", torture_stop_write },
	{ "settle", torture_settle_write },
	{ "drain", torture_drain_write },
};

static ssize_t torture_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	const struct torture_file *f = file->private_data;
	char text[TEXT_MAX];
	int err;

	if (len >= sizeof(text))
		return -EMSGSIZE;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	err = f->write(strim(text));
	return err < 0 ? err : len;
}

static const struct file_operations torture_write_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = torture_write,
};

static long torture_count(const struct torture_look *l)
{
	long n = 0;
	int i;

	for (i = 0; i < TORTURE_OP_COUNT; i++)
		if (l->op == i || l->op == TORTURE_NONE)
			n += atomic_long_read(l->anyhow ? &torture_tallies[i].done :
							  &torture_tallies[i].good);
	return n;
}

/* Count operations that an oracle watches; @must gets one that made it look. */
static long torture_watched(enum torture_oracle o, const char **must)
{
	const struct torture_look *l;
	long sum = 0;

	for (l = torture_looks; l < torture_looks + ARRAY_SIZE(torture_looks); l++) {
		long n = l->o == o ? torture_count(l) : 0;

		sum += n;
		if (l->enough && n >= l->enough)
			*must = l->op == TORTURE_NONE ? "any" : torture_op_names[l->op];
	}
	return sum;
}

/*
 * A line "oracle asked watched must violated" each: how often it looked, how many
 * operations it watches were done, one of them after which it must have looked or
 * "-", and what it saw that must not be.
 */
static int torture_oracles_show(struct seq_file *m, void *unused)
{
	const struct torture_oracle_state *s = torture_oracles;
	int i;

	for (i = 0; i < TORTURE_ORACLES; i++, s++) {
		const char *must = "-";
		long watched = torture_watched(i, &must);

		seq_printf(m, "%s %ld %ld %s %s\n", s->name,
			   atomic_long_read(&s->asked), watched, must, s->violated);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(torture_oracles);

static int torture_ops_show(struct seq_file *m, void *unused)
{
	const struct torture_operation *o = torture_operations;
	int i;

	for (i = 0; i < ARRAY_SIZE(torture_operations); i++, o++)
		seq_printf(m, "%s %u %u %s\n", torture_op_names[o->op], o->weight,
			   o->slots, torture_op_names[o->maker]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(torture_ops);

#ifdef HAVE_LIFECYCLE
static int torture_threads_show(struct seq_file *m, void *unused)
{
	torture_life_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(torture_threads);
#endif

static void torture_create_files(void)
{
	struct dentry *dir;
	int i;

	torture_dir = debugfs_create_dir("respawn", NULL);
	dir = debugfs_create_dir("torture", torture_dir);
	for (i = 0; i < ARRAY_SIZE(torture_files); i++)
		debugfs_create_file(torture_files[i].name, 0200, dir,
				    (void *)&torture_files[i],
				    &torture_write_fops);
	debugfs_create_file("oracles", 0400, dir, NULL, &torture_oracles_fops);
	debugfs_create_file("ops", 0400, dir, NULL, &torture_ops_fops);
#ifdef HAVE_LIFECYCLE
	debugfs_create_file("threads", 0400, dir, NULL, &torture_threads_fops);
#endif
}

/* --- The module --- */

static void torture_exit_parts(int n)
{
	while (n--)
		if (torture_parts[n].exit)
			torture_parts[n].exit();
}

static int torture_init_parts(void)
{
	int err;
	int i;

	for (i = 0; i < ARRAY_SIZE(torture_parts); i++) {
		err = torture_parts[i].init ? torture_parts[i].init() : 0;
		if (err) {
			torture_exit_parts(i);
			return err;
		}
	}
	return 0;
}

static int __init torture_init(void)
{
	int err = torture_events_init();

	if (err)
		return err;
	err = torture_init_parts();
	if (err) {
		torture_events_exit();
		return err;
	}
	torture_watch_failures();
	torture_tell_begin = symbol_get(steer_begin);
	torture_tell = symbol_get(steer_tell);
	if (torture_tell)
		torture_tell(torture_note_switch);
	mod_timer(&torture_watchdog, jiffies + WATCH_PERIOD);
	torture_create_files();
	return 0;
}

static void __exit torture_exit(void)
{
	debugfs_remove(torture_dir);
	timer_shutdown_sync(&torture_watchdog);
	torture_stop = true;
	torture_drain();
	torture_exit_parts(ARRAY_SIZE(torture_parts));
	if (torture_tell) {
		torture_tell(NULL);
		symbol_put(steer_tell);
	}
	if (torture_tell_begin)
		symbol_put(steer_begin);
	torture_unwatch_failures();
	torture_events_end();
	/* The log stays where it is: the host reads it when the guest is over. */
}

module_init(torture_init);
module_exit(torture_exit);

MODULE_DESCRIPTION("Stress for threads and other objects that live on CPUs");
MODULE_LICENSE("GPL");
