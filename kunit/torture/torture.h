/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TORTURE_H
#define RESPAWN_TORTURE_H
/*
 * What the files of the module torture share. Each of them has the operations
 * on one kind of object, and what has to hold for it.
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "torture_log.h"

struct seq_file;

/* No request to a thread takes nearly as long. */
#define TORTURE_BOUND		(5 * HZ)
/* No operation does, whatever it waits for. */
#define TORTURE_OP_BOUND_NS	(10 * NSEC_PER_SEC)

/* Actor 0 is the module itself. */
#define TORTURE_ACTORS		16

/* How many objects of each kind there are */
#define TORTURE_LIVES		16
#define TORTURE_CPUS		8
#define TORTURE_PLAINS		4
#define TORTURE_WORKS		6
#define TORTURE_WORKERS		4
#define TORTURE_FUSES		4
#define TORTURE_CROWDS		2
#define TORTURE_STATES		2
#define TORTURE_INSTANCES	3
#define TORTURE_FREEZABLES	4
#define TORTURE_QUEUE_USERS	6
#define TORTURE_CHAINS		2
#define TORTURE_RCU_USERS	4

/* Bugs of docs/found.md that the module steps around */
enum torture_bug { TORTURE_BUG_LAG, TORTURE_BUG_DRAIN, TORTURE_BUGS };

/* What has to hold, in the order of the cases; main.c has their names. */
enum torture_oracle {
	TORTURE_ORACLE_ON_ITS_CPU,
	TORTURE_ORACLE_NONE_OFFLINE,
	TORTURE_ORACLE_NONE_MISSING,
	TORTURE_ORACLE_NONE_TWICE,
	TORTURE_ORACLE_PROGRESS,
	TORTURE_ORACLE_INITFN_ONCE,
	TORTURE_ORACLE_COREFN_IN_ORDER,
	TORTURE_ORACLE_RESULTS_KEPT,
	TORTURE_ORACLE_IN_TIME,
	TORTURE_ORACLE_NOTHING_LEFT,
	TORTURE_ORACLE_MASK_AS_ASKED,
	TORTURE_ORACLE_HOOKS_BALANCED,
	TORTURE_ORACLE_WORK_NOT_LOST,
	TORTURE_ORACLE_PARKED,
	TORTURE_ORACLE_FROZEN,
	TORTURE_ORACLE_SCHEDULED,
	TORTURE_ORACLES
};

/**
 * struct torture_call - an operation that was requested
 * @rng: its stream of random numbers
 * @arg: what the stream was seeded with
 * @op: enum torture_op
 * @actor: number of the actor that requests it
 * @slot: number of the object that it is about
 * @draw: which of its actor's draws it is
 */
struct torture_call {
	u64 rng;
	u32 arg;
	u16 op;
	u16 actor;
	u16 slot;
	u32 draw;
};

/* main.c */
u32 torture_draw(struct torture_call *call, u32 below);
bool torture_one_in(struct torture_call *call, u32 n);
bool torture_over(void);
bool torture_planted(enum torture_oracle o);
bool torture_planted_refusal(void);
bool torture_known(enum torture_bug bug);
unsigned int torture_forks_failed(void);
bool torture_forks_fail(unsigned int before);
int torture_unless_killed(int err);
bool torture_expect_made(const char *what, int number, unsigned int before, int err);
__printf(3, 4)
bool torture_expect(enum torture_oracle o, bool good, const char *fmt, ...);

struct steer_switch;

/* events.c */
int torture_events_init(void);
void torture_events_end(void);
void torture_events_exit(void);
void torture_note(const struct torture_call *call, u64 begun, int result);
void torture_note_failure(enum torture_oracle o, const char *text);
void torture_note_switch(const struct steer_switch *s);

/* moves.c: CPUs that come and go */
unsigned int torture_moves_stay(int cpu);
unsigned int torture_moves_calm(int cpu);
void torture_moves_disturb(const struct torture_call *call);
void torture_expect_home(const char *who, int home, unsigned int calm);
void torture_moves_await(struct torture_call *call);
int torture_moves_init(void);
void torture_moves_exit(void);

/**
 * struct torture_pair - what a work item does at the same time as its caller
 * @work: the work item
 * @fn: what it does
 * @arg: for @fn
 * @meets: the two wait for each other first
 * @there: the work item has begun
 * @go: the caller knows
 * @spins: how far behind the work item is then
 */
struct torture_pair {
	struct work_struct work;
	void (*fn)(void *arg);
	void *arg;
	bool meets;
	struct completion there;
	bool go;
	u32 spins;
};

/* pair.c: two at once */
void torture_pair_work(struct work_struct *work);
void torture_pair_start(struct torture_pair *p, void (*fn)(void *arg), void *arg,
			struct torture_call *call);
void torture_pair_end(struct torture_pair *p);

/*
 * To be ended in the same function. Work items of different places may do, under the
 * locks that the others' callers hold, what theirs do not: each has a lock class of its own.
 */
#define torture_pair_begin(p, fn, arg, call)				\
	do {								\
		INIT_WORK_ONSTACK(&(p)->work, torture_pair_work);	\
		torture_pair_start(p, fn, arg, call);			\
	} while (0)

/* census.c: which threads there are */
int torture_census(const char *text);
void torture_census_drain(void);

/* percpu.c: what comes and goes with a CPU */
int torture_percpu_init(void);
void torture_percpu_exit(void);
void torture_percpu_drain(void);
bool torture_percpu_hold(void);
bool torture_percpu_may_register(void);
void torture_percpu_release(void);
int torture_percpu_toggle(struct torture_call *call);
int torture_percpu_wake(struct torture_call *call);
int torture_cpuhp(struct torture_call *call);
int torture_cpuhp_instance(struct torture_call *call);
void torture_hotplug_begin(const struct torture_call *call);
void torture_hotplug_end(const struct torture_call *call, int result, bool meant);

/* kthread.c: threads of kthread_create() */
int torture_kthread_init(void);
void torture_kthread_drain(void);
int torture_kthread_run(struct torture_call *call);
int torture_kthread_stop(struct torture_call *call);
int torture_kthread_park(struct torture_call *call);
int torture_kthread_unpark(struct torture_call *call);
int torture_kthread_wake(struct torture_call *call);
int torture_kthread_crowd(struct torture_call *call);
int torture_kthread_sched(struct torture_call *call);

/* work.c: work items */
int torture_work_init(void);
void torture_work_drain(void);
void torture_work_exit(void);
int torture_work(struct torture_call *call);
int torture_work_delayed(struct torture_call *call);
int torture_work_cancel(struct torture_call *call);
int torture_work_flush(struct torture_call *call);
int torture_work_crowd(struct torture_call *call);
int torture_kworker(struct torture_call *call);
int torture_kworker_delayed(struct torture_call *call);
int torture_kworker_cancel(struct torture_call *call);
int torture_kworker_flush(struct torture_call *call);
int torture_kworker_fight(struct torture_call *call);
int torture_kworker_hurry(struct torture_call *call);

/* dying.c: what runs while a CPU is born or dies */
int torture_dying_init(void);
void torture_dying_drain(void);
void torture_dying_bury(unsigned int cpu);
int torture_cpuhp_dying(struct torture_call *call);

/* power.c: the machine is suspended */
int torture_power_init(void);
void torture_power_drain(void);
void torture_power_exit(void);
int torture_freezable(struct torture_call *call);

/* stop.c: the whole machine at once */
int torture_stop_init(void);
int torture_stop_machine(struct torture_call *call);
void torture_expect_machine_goes(const char *who);

/* queue.c: workqueues that run few items at a time, or go */
int torture_queue_init(void);
void torture_queue_exit(void);
int torture_wq_limit(struct torture_call *call);
int torture_wq_chain(struct torture_call *call);

/* rcu.c: callbacks of RCU */
int torture_rcu_init(void);
void torture_rcu_drain(void);
int torture_rcu(struct torture_call *call);

/* pinned.c: tasks that stay where they are */
int torture_pinned(struct torture_call *call);

/* timer.c: what is armed and fires */
int torture_timer_init(void);
void torture_timer_drain(void);
void torture_timer_bury(unsigned int cpu);
int torture_timer(struct torture_call *call);
int torture_hrtimer(struct torture_call *call);
int torture_softirq(struct torture_call *call);
int torture_clock(struct torture_call *call);

/* life.c: threads of kthread_spawn() */
int torture_life_init(void);
void torture_life_drain(void);
void torture_life_exit(void);
void torture_life_show(struct seq_file *m);
int torture_life_spawn(struct torture_call *call);
int torture_life_start(struct torture_call *call);
int torture_life_launch(struct torture_call *call);
int torture_life_destroy(struct torture_call *call);
int torture_life_wake(struct torture_call *call);
int torture_life_poke(struct torture_call *call);
int torture_life_storm(struct torture_call *call);
int torture_life_rebind(struct torture_call *call);
int torture_life_destroy_start(struct torture_call *call);
int torture_life_fault(struct torture_call *call);

#endif /* RESPAWN_TORTURE_H */
