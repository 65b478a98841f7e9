/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STRESS_H
#define RESPAWN_STRESS_H
/*
 * What the files of the program stress share. Each process of the program has a copy
 * of its own of all these variables, but for those that point to shared memory.
 */
#include "guest.h"

#define TORTURE_DIR	"/sys/kernel/debug/respawn/torture"
#define ORACLES		TORTURE_DIR "/oracles"
/* Threads that a user can see; without the primitives the module has none. */
#define THREADS		TORTURE_DIR "/threads"
#define RESPAWN_PATH	"/sys/module/smpboot/parameters/respawn"
#define DROP_CACHES	"/proc/sys/vm/drop_caches"
#define FAILSLAB_DIR	"/sys/kernel/debug/failslab"
#define PM_TEST		"/sys/power/pm_test"
#define CGROUPS		"/sys/fs/cgroup"
#define CPUSETS		CGROUPS "/cpuset.cpus.effective"
#define WQ_CPUS		"/sys/devices/virtual/workqueue/cpumask"
#define VISITOR		"/modules/visitor.ko"

#define OPS_MAX		96
#define NAME_LEN	32
#define ACTORS_MAX	14
#define TEXT_LEN	16384
#define HONEST_MAX	5

/* The module knows actors by these numbers. It is actor 0 itself. */
#define HOTPLUG_ACTOR	1
/* No actor: does operations inside of another one's, for a planted defect */
#define INTRUDER	15

/**
 * struct op - an operation
 * @name: its name in the event log
 * @weight: how often it is done, relative to the others; 0 is never
 * @fn: does it and returns 0 or -errno; NULL if the module does it
 * @hotplug: it belongs to the actor that moves CPUs
 * @slots: how many objects the module has for it
 * @needs: a file without which it can't be done, or NULL
 * @fits: has this kernel, or machine, what the operation relies on? NULL if all have
 * @maker: the operation that makes what it is about, or "none"
 * @honest: errnos that are no error of the driver; the module judges the errnos of
 *	operations on CPUs and of forks
 * @chosen: RESPAWN_OPS names it
 * @deadly: a process may be killed in the middle of it
 */
struct op {
	char name[NAME_LEN];
	unsigned int weight;
	int (*fn)(const struct op *op);
	bool hotplug;
	unsigned int slots;
	const char *needs;
	bool (*fits)(void);
	char maker[NAME_LEN];
	int honest[HONEST_MAX];
	bool chosen;
	bool deadly;
};

/* What is asked for, by main.c */
extern u64 seed, cycles, actors;
/* The defect to plant, or empty */
extern const char *planted;

/* Of what this actor does at the moment, which is its draw number @drawn */
extern u64 rng, drawn;
extern unsigned int actor;

/* There was an error of the driver. */
extern bool broken;
/* An actor hangs in an operation. The same operation would hang elsewhere, too. */
extern bool stuck;
/* The threads of an offline CPU may be there, parked. */
extern bool parks;
/* How many operations each actor did, in shared memory */
extern unsigned long *done;

bool is_planted(const char *kind, const char *what);
u64 draw(u64 below);
pid_t fork_for(const char *who);

/* module.c */

/**
 * struct oracle - what the module says of an oracle
 * @name: of its case
 * @asked: how often it looked
 * @watched: how many operations were done that it watches
 * @must: one of them after which it must have looked, or "-"
 * @seen: what it saw go wrong, or empty
 */
struct oracle {
	char name[NAME_LEN];
	long asked;
	long watched;
	char must[NAME_LEN];
	const char *seen;
};

#define ORACLES_MAX	32

extern struct oracle oracles[ORACLES_MAX];
extern size_t nr_oracles;

__printf(2, 3)
int torture(const char *file, const char *fmt, ...);
bool settle(void);
int begin(const struct op *op, unsigned int slot, u64 arg);
bool is_honest(const struct op *op, int err);
int end(const struct op *op, unsigned int slot, u64 arg, int result);
int end_meant(const struct op *op, unsigned int slot, u64 arg, int result, bool meant);
int do_in_module(const struct op *op);
bool read_oracles(void);
const struct oracle *violated(void);
bool is_over(void);

/* ops.c: which operations there are */
extern struct op ops[OPS_MAX];
extern size_t nr_ops;

struct op *find_op(const char *name);
bool read_ops_wanted(void);
unsigned int weight_of(bool hotplug);
const struct op *pick(bool hotplug);
const struct op *draw_deadly(void);
int operate(const struct op *op);

/* actors.c */
bool read_keep(void);
void run_actors(void);

/* cpus.c */
extern u64 cpus;	/* online at the start */
extern u64 late;	/* not online at the start; all are to be at the end */
extern u64 movable;	/* those that go and come back */
extern u64 online;	/* those that should be online now */

bool prepare_cpus(void);
void restore_cpus(void);
int do_offline(const struct op *op);
int do_online(const struct op *op);
int do_set(const struct op *op);
int do_partial(const struct op *op);
int do_failing(const struct op *op);
int do_starved(const struct op *op);
int do_full(const struct op *op);
int do_suspend(const struct op *op);
int do_smt(const struct op *op);
bool has_threads(void);

/* processes.c */
int do_toggle(const struct op *op);
int do_signal(const struct op *op);
int do_fork(const struct op *op);
int do_memory(const struct op *op);
int do_module(const struct op *op);
int do_killed(const struct op *op);

/* sched.c: the scheduler's side */
bool prepare_sched(void);
void restore_sched(void);
void leave_cpuset(void);
bool deadline_since(unsigned long when);
unsigned long deadline_now(void);
int do_migrate(const struct op *op);
int do_policy(const struct op *op);
int do_deadline(const struct op *op);
bool keeps_affinity(void);
int do_affinity(const struct op *op);
int do_cpuset(const struct op *op);
int do_partition(const struct op *op);
int do_wq_cpus(const struct op *op);

/* calibrate.c */
void calibrate(void);

#endif /* RESPAWN_STRESS_H */
