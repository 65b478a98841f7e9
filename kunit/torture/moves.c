// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that come and go: which times up they have had, and the instants at which an
 * operation has to begin to meet one on its way.
 *
 * Locking: none. One CPU moves at a time, and its callbacks alone write here.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/wait.h>

#include "torture.h"

/* Of an adapter that no machine has which this runs on; it comes after CPUHP_SOFTIRQ_DEAD */
#define MOVES_BURIAL	CPUHP_VIRT_NET_DEAD

/* One operation in so many waits for a CPU, and so long at most */
#define MOVES_AWAIT	8
#define MOVES_PATIENCE	msecs_to_jiffies(10)

/* What a CPU does */
enum moves_instant { MOVES_GOES, MOVES_BURIED, MOVES_COMES, MOVES_INSTANTS };

/**
 * struct moves_stays - how often a CPU has been up
 * @begun: so often
 * @up: it is now, and has not begun to go
 */
struct moves_stays {
	unsigned int begun;
	bool up;
};

static DEFINE_PER_CPU(struct moves_stays, moves_stays);
/* Twice for each operation that may move a CPU: as it begins, and as it ends */
static unsigned int moves_disturbed[TORTURE_CPUS];
static unsigned int moves_seen[MOVES_INSTANTS];
static DECLARE_WAIT_QUEUE_HEAD(moves_wait);
static enum cpuhp_state moves_state;

static void moves_tell(enum moves_instant i)
{
	WRITE_ONCE(moves_seen[i], moves_seen[i] + 1);
	wake_up_all(&moves_wait);
}

static int moves_come(unsigned int cpu)
{
	struct moves_stays *s = per_cpu_ptr(&moves_stays, cpu);

	WRITE_ONCE(s->begun, s->begun + 1);
	WRITE_ONCE(s->up, true);
	moves_tell(MOVES_COMES);
	return 0;
}

static int moves_go(unsigned int cpu)
{
	WRITE_ONCE(per_cpu_ptr(&moves_stays, cpu)->up, false);
	moves_tell(MOVES_GOES);
	return 0;
}

static int moves_bury(unsigned int cpu)
{
	torture_timer_bury(cpu);
	torture_dying_bury(cpu);
	moves_tell(MOVES_BURIED);
	return 0;
}

/**
 * torture_moves_stay - which of its times up has a CPU?
 * @cpu: the CPU
 *
 * Context: any. On that CPU with interrupts off it does not begin to go meanwhile.
 *
 * Return: a number that no other one of its times has; 0 if it is on its way up or down
 */
unsigned int torture_moves_stay(int cpu)
{
	const struct moves_stays *s = per_cpu_ptr(&moves_stays, cpu);

	return READ_ONCE(s->up) ? READ_ONCE(s->begun) : 0;
}

/**
 * torture_moves_disturb - an operation that moves CPUs begins, or has ended
 * @call: the operation
 *
 * One that moves several, or leaves it to others which ones, disturbs all.
 */
void torture_moves_disturb(const struct torture_call *call)
{
	bool all = call->op == TORTURE_SET || call->op == TORTURE_SUSPEND ||
		   call->op == TORTURE_SMT;
	int cpu;

	for (cpu = 0; cpu < TORTURE_CPUS; cpu++)
		if (all || cpu == call->slot)
			WRITE_ONCE(moves_disturbed[cpu], moves_disturbed[cpu] + 1);
}

/**
 * torture_moves_calm - since when has no operation moved a CPU?
 * @cpu: the CPU
 *
 * What is bound to a CPU that has been online all that time has been there, also where
 * a CPU goes part of the way and comes back.
 *
 * Context: any.
 *
 * Return: a number that no other such time of its has; 0 if it is offline, or one is at it
 */
unsigned int torture_moves_calm(int cpu)
{
	unsigned int n = READ_ONCE(moves_disturbed[cpu]);

	return cpu_online(cpu) && n % 2 == 0 ? n + 1 : 0;
}

/**
 * torture_expect_home - a thread that is bound to a CPU runs there, as long as that stays
 * @who: the thread
 * @home: the CPU, or -1
 * @calm: what torture_moves_calm() said before it was bound
 *
 * Context: that of the thread.
 */
void torture_expect_home(const char *who, int home, unsigned int calm)
{
	int cpu = raw_smp_processor_id();

	if (calm && torture_moves_calm(home) == calm)
		torture_expect(TORTURE_ORACLE_ON_ITS_CPU, cpu == home,
			       "%s that is bound to CPU %d runs on CPU %d", who, home, cpu);
}

/**
 * torture_moves_await - have some operations begin as a CPU begins to go, is buried, or is
 *	about to be up
 * @call: the operation
 *
 * Context: process, may sleep.
 */
void torture_moves_await(struct torture_call *call)
{
	unsigned int *seen = &moves_seen[torture_draw(call, MOVES_INSTANTS)];
	unsigned int before = READ_ONCE(*seen);

	if (torture_one_in(call, MOVES_AWAIT))
		wait_event_timeout(moves_wait, READ_ONCE(*seen) != before || torture_over(),
				   MOVES_PATIENCE);
}

/**
 * torture_moves_init - see CPUs come and go
 *
 * Return: 0 or -errno
 */
int torture_moves_init(void)
{
	int err, state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "respawn/torture:moves",
					   moves_come, moves_go);

	if (state < 0)
		return state;
	moves_state = state;
	err = cpuhp_setup_state_nocalls(MOVES_BURIAL, "respawn/torture:burial", NULL, moves_bury);
	if (err)
		cpuhp_remove_state(moves_state);
	return err;
}

/**
 * torture_moves_exit - undo torture_moves_init()
 */
void torture_moves_exit(void)
{
	cpuhp_remove_state_nocalls(MOVES_BURIAL);
	cpuhp_remove_state(moves_state);
}
