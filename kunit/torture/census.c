// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads there are: each online CPU has to have its own, once, and an
 * offline one has none but those that are parked, if threads park.
 *
 * The actor that takes CPUs offline and online requests it between two of its
 * operations, so no CPU moves meanwhile.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "torture.h"

/* Threads that each CPU has, by the part of their names before the number */
static const char *const census_names[] = {
	"ksoftirqd/", "migration/", "cpuhp/", "torture/",
};

#define CENSUS_NAMES	ARRAY_SIZE(census_names)
#define CENSUS_TORTURE	(CENSUS_NAMES - 1)

#define CENSUS_MOMENT_MS	20

/**
 * struct census - the threads that were seen
 * @nr: how many, by name and CPU
 * @awake: how many of them are not parked
 */
struct census {
	unsigned char nr[CENSUS_NAMES][NR_CPUS];
	unsigned char awake[CENSUS_NAMES][NR_CPUS];
};

static struct census census;

/* A planted defect: a thread that has the name of another one */
static struct task_struct *census_stray;

static int census_fn(void *unused)
{
	return 0;
}

/* Plant a thread that has the name of @cpu's ksoftirqd. */
static void census_plant(enum torture_oracle o, unsigned int cpu)
{
	struct task_struct *k;

	if (cpu >= nr_cpu_ids || census_stray || !torture_planted(o))
		return;
	k = kthread_create(census_fn, NULL, "ksoftirqd/%u", cpu);
	if (!IS_ERR(k))
		census_stray = k;
}

static void census_count(struct task_struct *p)
{
	unsigned int cpu;
	int i;

	for (i = 0; i < CENSUS_NAMES; i++) {
		const char *name = census_names[i];
		size_t len;

		/* The first letter tells most of them apart. */
		len = *p->comm == *name ? str_has_prefix(p->comm, name) : 0;
		if (!len)
			continue;
		if (kstrtouint(p->comm + len, 10, &cpu) || !cpu_possible(cpu))
			return;
		census.nr[i][cpu]++;
		if (!(READ_ONCE(p->__state) & TASK_PARKED))
			census.awake[i][cpu]++;
	}
}

static void census_take(void)
{
	struct task_struct *p;

	memset(&census, 0, sizeof(census));
	rcu_read_lock();
	for_each_process(p)
		if ((p->flags & PF_KTHREAD) && !(p->flags & PF_EXITING))
			census_count(p);
	rcu_read_unlock();
}

static bool census_is_odd(void)
{
	unsigned int cpu;
	int i;

	for (i = 0; i < CENSUS_NAMES; i++)
		for_each_online_cpu(cpu)
			if (census.nr[i][cpu] > 1 || census.awake[i][cpu] < census.nr[i][cpu])
				return true;
	return false;
}

/*
 * A thread whose creator was killed is there for a moment, with its name: it ends when
 * it sees that nobody wants it any more. One that was unparked may be about to see that.
 */
static void census_take_settled(void)
{
	census_take();
	if (!census_is_odd())
		return;
	msleep(CENSUS_MOMENT_MS);
	census_take();
}

static void census_judge(int i, unsigned int cpu, bool parks)
{
	unsigned int nr = census.nr[i][cpu];
	unsigned int bad = parks ? census.awake[i][cpu] : nr;

	if (cpu_online(cpu)) {
		torture_expect(TORTURE_ORACLE_NONE_MISSING, nr,
			       "CPU %u has no %s%u", cpu, census_names[i], cpu);
		torture_expect(TORTURE_ORACLE_NONE_MISSING, census.awake[i][cpu] || !nr,
			       "CPU %u is online, and %s%u is parked", cpu, census_names[i],
			       cpu);
		torture_expect(TORTURE_ORACLE_NONE_TWICE, nr <= 1,
			       "CPU %u has %u %s%u", cpu, nr, census_names[i],
			       cpu);
	} else {
		torture_expect(TORTURE_ORACLE_NONE_OFFLINE, !bad,
			       "offline CPU %u has %u %s%u", cpu, bad,
			       census_names[i], cpu);
	}
}

/* With @parks, threads of an offline CPU may exist, parked. */
static void census_judge_all(bool parks, bool with_own)
{
	unsigned int cpu;
	int i;

	for (i = 0; i < CENSUS_NAMES; i++)
		for_each_possible_cpu(cpu)
			if (with_own || i != CENSUS_TORTURE)
				census_judge(i, cpu, parks);
}

static void census_expect_mask(u64 mask)
{
	unsigned int cpu;
	u64 seen = 0;

	for_each_online_cpu(cpu)
		seen |= BIT_ULL(cpu);
	torture_expect(TORTURE_ORACLE_MASK_AS_ASKED, seen == mask,
		       "CPUs %#llx are online, not %#llx", seen, mask);
}

/**
 * torture_census - check the threads of all CPUs
 * @text: "mask parks": the CPUs that should be online, and whether the threads
 *	of offline CPUs may exist, parked
 *
 * Called for each write to the file "census".
 *
 * Context: Process context, of the actor that takes CPUs offline and online.
 * Return: 0 or -EINVAL
 */
int torture_census(const char *text)
{
	unsigned long long mask;
	bool with_own;
	int parks;

	if (sscanf(text, "%llx %d", &mask, &parks) != 2)
		return -EINVAL;
	with_own = torture_percpu_hold();
	cpus_read_lock();
	census_plant(TORTURE_ORACLE_NONE_TWICE, cpumask_first(cpu_online_mask));
	census_plant(TORTURE_ORACLE_NONE_OFFLINE,
		     cpumask_next_zero(0, cpu_online_mask));
	census_expect_mask(mask);
	census_take_settled();
	census_judge_all(parks, with_own);
	cpus_read_unlock();
	torture_percpu_release();
	return 0;
}

/**
 * torture_census_drain - end the planted thread
 */
void torture_census_drain(void)
{
	if (census_stray)
		kthread_stop(census_stray);
	census_stray = NULL;
}
