/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TORTURE_LOG_H
#define RESPAWN_TORTURE_LOG_H
/*
 * The event log of a stress run, as it lies in the guest's memory. The torture
 * module writes it; the host reads it out of that memory, however the guest
 * ended. The console line "respawn: events at 0x<address> size <bytes>" says
 * where it lies.
 */
#include <linux/types.h>

/* Another one whenever the operations or the structures change */
#define TORTURE_LOG_MAGIC	0x52534c4f47303037ULL

/**
 * struct torture_event - an operation, or a failure
 * @time: when it was over, in ns of the guest's clock
 * @latency: how long it took, in ns, at most U32_MAX
 * @result: 0, a number, or a negative errno
 * @op: enum torture_op
 * @cpu: where it was noted
 * @actor: number of the actor, 0 for the module itself
 * @slot: number of the object or CPU; for the operation "set", the CPUs that did not
 *	move, as a mask; of a "switch", its number in the log's table of them, or
 *	TORTURE_SWITCHES
 * @arg: a further parameter, by operation; of a "switch", the low half of the address
 *	where its CPU had the others go first from there on
 * @draw: which of its actor's draws it was, as KEEP= counts them; of a "switch", in
 *	which one its task was
 */
struct torture_event {
	__u64 time;
	__u32 latency;
	__s32 result;
	__u16 op;
	__u16 cpu;
	__u16 actor;
	__u16 slot;
	__u32 arg;
	__u32 draw;
};

/* As many switches are described as a script has, and more. */
#define TORTURE_SWITCHES	64

/**
 * struct torture_switch - where a CPU had the others go first
 * @ip: the yield point
 * @task: who was there; see kunit/steer/steer.h
 * @nth: how often it had come by there in its operation, 0 if nobody counted
 * @times: how often it gave way in a row
 * @resched: 1 if it asked for another task as well
 */
struct torture_switch {
	__u64 ip;
	char task[16];
	__u32 nth;
	__u32 times;
	__u32 resched;
	__u32 unused;
};

/**
 * struct torture_log - what the log begins with
 * @magic: TORTURE_LOG_MAGIC, once the rest is valid
 * @entries: how many events there is room for
 * @entry_size: sizeof(struct torture_event)
 * @count: events that were ever noted; the last @entries of them are there
 * @digest: of all that were ever noted
 * @failure: what was the first thing to go wrong, or empty
 * @switches: the first ones; how many, the events say
 * @event: number n is in n modulo @entries
 */
struct torture_log {
	__u64 magic;
	__u32 entries;
	__u32 entry_size;
	__u64 count;
	__u64 digest;
	char failure[96];
	struct torture_switch switches[TORTURE_SWITCHES];
	struct torture_event event[];
};

/*
 * What an event is about: X(constant, name). The driver's operations come first;
 * OPS= knows them by these names. New ones go to the end of their group.
 */
#define TORTURE_OPS(X)				\
	X(NONE,			"none")			\
	X(OFFLINE,		"offline")		\
	X(ONLINE,		"online")		\
	X(SET,			"set")			\
	X(PARTIAL,		"partial")		\
	X(FAILING,		"failing")		\
	X(STARVED,		"starved")		\
	X(FULL,			"full")			\
	X(SUSPEND,		"suspend")		\
	X(SMT,			"smt")			\
	X(RESPAWN_TOGGLE,	"respawn-toggle")	\
	X(SIGNAL,		"signal")		\
	X(FORK,			"fork")			\
	X(MEMORY,		"memory")		\
	X(MIGRATE,		"migrate")		\
	X(MODULE,		"module")		\
	X(KILLED,		"killed")		\
	X(POLICY,		"policy")		\
	X(DEADLINE,		"deadline")		\
	X(AFFINITY,		"affinity")		\
	X(CPUSET,		"cpuset")		\
	X(PARTITION,		"partition")		\
	X(WQ_CPUS,		"wq-cpus")		\
	X(SPAWN,		"spawn")		\
	X(START,		"start")		\
	X(LAUNCH,		"launch")		\
	X(DESTROY,		"destroy")		\
	X(WAKE,			"wake")			\
	X(POKE,			"poke")			\
	X(STORM,		"storm")		\
	X(REBIND,		"rebind")		\
	X(DESTROY_START,	"destroy-start")	\
	X(FAULT,		"fault")		\
	X(KTHREAD_RUN,		"kthread-run")		\
	X(KTHREAD_STOP,		"kthread-stop")		\
	X(KTHREAD_PARK,		"kthread-park")		\
	X(KTHREAD_UNPARK,	"kthread-unpark")	\
	X(KTHREAD_WAKE,		"kthread-wake")		\
	X(KTHREAD_CROWD,	"kthread-crowd")	\
	X(KTHREAD_SCHED,	"kthread-sched")	\
	X(KWORKER,		"kworker")		\
	X(KWORKER_DELAYED,	"kworker-delayed")	\
	X(KWORKER_CANCEL,	"kworker-cancel")	\
	X(KWORKER_FLUSH,	"kworker-flush")	\
	X(KWORKER_FIGHT,	"kworker-fight")	\
	X(KWORKER_HURRY,	"kworker-hurry")	\
	X(WORK,			"work")			\
	X(WORK_DELAYED,		"work-delayed")		\
	X(WORK_CANCEL,		"work-cancel")		\
	X(WORK_FLUSH,		"work-flush")		\
	X(WORK_CROWD,		"work-crowd")		\
	X(PERCPU,		"percpu")		\
	X(PERCPU_WAKE,		"percpu-wake")		\
	X(CPUHP,		"cpuhp")		\
	X(CPUHP_INSTANCE,	"cpuhp-instance")	\
	X(CPUHP_DYING,		"cpuhp-dying")		\
	X(TIMER,		"timer")		\
	X(HRTIMER,		"hrtimer")		\
	X(SOFTIRQ,		"softirq")		\
	X(STOP_MACHINE,		"stop-machine")		\
	X(FREEZABLE,		"freezable")		\
	X(WQ_LIMIT,		"wq-limit")		\
	X(WQ_CHAIN,		"wq-chain")		\
	X(CLOCK,		"clock")		\
	X(RCU,			"rcu")			\
	X(PINNED,		"pinned")		\
	X(FAILURE,		"failure")		\
	X(SWITCH,		"switch")

enum torture_op {
#define X(id, name) TORTURE_##id,
	TORTURE_OPS(X)
#undef X
	TORTURE_OP_COUNT
};

#endif /* RESPAWN_TORTURE_LOG_H */
