// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler's side: what processes ask of it while CPUs come and go, which are
 * policies, deadlines, affinities and cpusets, and CPUs for workers.
 *
 * One CPU never goes. A set of CPUs that has this one is never empty, so a task that
 * is confined to the set has to stay in it. What a task sees otherwise is an
 * oracle's: scheduled_as_asked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "stress.h"

#define CGROUP_PARTITION	CGROUPS "/partition"

/* As the kernel has them; the C library has no names for them. */
#define POLICY_DEADLINE		6
#define FLAG_RESET_ON_FORK	1

/* How often a task looks where it is, after it has asked for something */
#define LOOKS		4

/* How often it asks to run anywhere again */
#define FREE_TRIES	100
#define SLEEP_TRIES	100
/* How often, and for how long, a process sleeps to leave a runqueue */
#define LEAVE_TRIES	10
#define LEAVE_US	10000

/**
 * struct attr - what sched_setattr() takes
 * @size: of this structure
 * @policy: SCHED_OTHER and so on
 * @flags: FLAG_RESET_ON_FORK
 * @nice: of SCHED_OTHER and SCHED_BATCH
 * @priority: of SCHED_FIFO and SCHED_RR
 * @runtime: of a deadline task, in ns in each period
 * @deadline: by when it is to have had that, in ns
 * @period: in ns
 */
struct attr {
	unsigned int size;
	unsigned int policy;
	u64 flags;
	int nice;
	unsigned int priority;
	u64 runtime;
	u64 deadline;
	u64 period;
};

/**
 * struct deadlines - the deadline tasks of all actors, in shared memory
 * @now: how many there are, or may be
 * @ever: how many there ever were
 */
struct deadlines {
	unsigned long now;
	unsigned long ever;
};

static struct deadlines *deadlines;

/* This process is in a cpuset of its own. */
static bool confined;

static struct attr plain_attr(void)
{
	return (struct attr) { .size = sizeof(struct attr), .policy = SCHED_OTHER };
}

static bool is_fair(unsigned int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/*
 * Who comes back to the fair class does so with the nice value that it left with: a bug
 * (docs/found.md) has its lag taken for one of another weight.
 */
static int set_attr(const struct attr *a)
{
	struct attr back = plain_attr();
	bool was_fair = is_fair(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK);

	back.flags = a->flags;
	back.nice = getpriority(PRIO_PROCESS, 0);
	if (!was_fair && is_fair(a->policy) && !is_planted("known", "lag") &&
	    syscall(SYS_sched_setattr, 0, &back, 0))
		return -errno;
	return syscall(SYS_sched_setattr, 0, a, 0) ? -errno : 0;
}

/* The first thing that is not as it was asked for is told to the module. */
__printf(2, 3)
static void expect(bool good, const char *fmt, ...)
{
	char text[100];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (good && strcmp(planted, "scheduled_as_asked"))
		torture("expect", "scheduled_as_asked");
	else
		torture("expect", "scheduled_as_asked %s", text);
}

/* --- Policies --- */

/* A child process begins as if nothing had been asked for. */
static struct attr draw_attr(void)
{
	static const unsigned int policies[] = {
		SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR,
	};
	struct attr a = plain_attr();

	a.policy = policies[draw(sizeof(policies) / sizeof(*policies))];
	a.flags = FLAG_RESET_ON_FORK;
	if (a.policy == SCHED_FIFO || a.policy == SCHED_RR)
		a.priority = 1 + draw(99);
	else if (a.policy != SCHED_IDLE)
		a.nice = (int)draw(40) - 20;
	return a;
}

static bool has_attr(const struct attr *a)
{
	struct attr is;

	if (syscall(SYS_sched_getattr, 0, &is, sizeof(is), 0))
		return false;
	/* A task that is idle by policy keeps what it had. */
	if (a->policy == SCHED_IDLE)
		return is.policy == SCHED_IDLE;
	return is.policy == a->policy && is.nice == a->nice && is.priority == a->priority;
}

/**
 * do_policy - have this process scheduled in another way, until the next such operation
 * @op: the operation
 *
 * Return: 0 or -errno
 */
int do_policy(const struct op *op)
{
	struct attr a = draw_attr();
	int err = begin(op, a.policy, a.priority);

	if (err)
		return err;
	err = set_attr(&a);
	expect(err || has_attr(&a), "policy %u nice %d priority %u is not there", a.policy,
	       a.nice, a.priority);
	return end(op, a.policy, a.priority, err);
}

/**
 * deadline_now - how many deadline tasks there ever were
 *
 * Return: a number for deadline_since()
 */
unsigned long deadline_now(void)
{
	return __atomic_load_n(&deadlines->ever, __ATOMIC_SEQ_CST);
}

/**
 * deadline_since - may a deadline task have kept a CPU from going?
 * @when: what deadline_now() said before
 *
 * Return: whether there was one since
 */
bool deadline_since(unsigned long when)
{
	return __atomic_load_n(&deadlines->now, __ATOMIC_SEQ_CST) || deadline_now() != when;
}

/* Run up to where the time of this period is used up, or not nearly. */
static void meet_deadlines(u64 times)
{
	while (times--) {
		if (draw(3))
			sched_yield();
		else
			usleep(draw(1000));
	}
}

/**
 * do_deadline - be a deadline task for a while
 * @op: the operation
 *
 * Return: 0 or -errno; -EBUSY or -EPERM where there is no room for it, or not all CPUs
 *	that it would share
 */
int do_deadline(const struct op *op)
{
	struct attr plain = plain_attr(), a = plain_attr();
	int err;

	a.policy = POLICY_DEADLINE;
	a.flags = FLAG_RESET_ON_FORK;
	a.period = (1 + draw(10)) * 1000000;
	a.deadline = a.period / (1 + draw(2));
	a.runtime = a.deadline / (2 + draw(20));
	err = begin(op, 0, a.period);
	if (err)
		return err;
	__atomic_add_fetch(&deadlines->ever, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&deadlines->now, 1, __ATOMIC_SEQ_CST);
	err = set_attr(&a);
	if (!err)
		meet_deadlines(1 + draw(6));
	if (set_attr(&plain))
		fail("a process cannot be scheduled as it was: %s", strerror(errno));
	/* Its share is given back at the end of the period. */
	usleep(2 * a.period / 1000);
	__atomic_sub_fetch(&deadlines->now, 1, __ATOMIC_SEQ_CST);
	expect(has_attr(&plain), "a process is not scheduled as it was");
	return end(op, 0, a.period, err);
}

/* --- Where it may run --- */

/* CPUs that may go, and the one that never does */
static u64 draw_set(void)
{
	return (random_next(&rng) & movable) | (cpus & ~movable);
}

static u64 mask_of(const cpu_set_t *set)
{
	unsigned int cpu;
	u64 mask = 0;

	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, set))
			mask |= 1ULL << cpu;
	return mask;
}

static int set_affinity(u64 mask)
{
	unsigned int cpu;
	cpu_set_t set;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(mask, cpu))
			CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/*
 * A process that is not confined may run on CPUs that come late, too. If its cpuset changes
 * at that moment, as a CPU goes, it is told EINVAL.
 */
static void free_affinity(void)
{
	unsigned int tries = FREE_TRIES;
	int err;

	do
		err = set_affinity(cpus | late);
	while (err == -EINVAL && --tries);
	if (err)
		fail("an actor cannot run anywhere again: %s", strerror(-err));
}

/**
 * do_migrate - have the scheduler move this process; the CPU may go meanwhile
 * @op: the operation
 *
 * Return: 0 or -errno; -EINVAL if the CPU is offline, or outside of a cpuset
 */
int do_migrate(const struct op *op)
{
	unsigned int cpu = random_bit(&rng, cpus | late);
	int err = begin(op, cpu, 0);

	if (err)
		return err;
	err = set_affinity(1ULL << cpu);
	free_affinity();
	return end(op, cpu, 0, err);
}

/* What the kernel has of it; 0 if it does not say */
static u64 get_affinity(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 0 : mask_of(&set);
}

static long switches(void)
{
	struct rusage r;

	return getrusage(RUSAGE_THREAD, &r) ? 0 : r.ru_nvcsw;
}

/* A timer that is over before its process has let go of the CPU is no sleep. */
static void sleep_for_sure(unsigned int us)
{
	long before = switches();
	unsigned int tries = SLEEP_TRIES;

	do
		usleep(us);
	while (switches() == before && --tries);
}

static bool is_within(u64 mask)
{
	int cpu = sched_getcpu();

	return cpu >= 0 && bit(mask, cpu);
}

/*
 * Whatever goes and comes, this process is on one of these, once it has left a runqueue: the
 * kernel leaves it where it is if the CPU that it is to move to goes at that moment, see
 * docs/found.md. Who sleeps for a short time need not leave it: he stays on it until he has
 * had no more than his share.
 */
static void expect_within(u64 mask)
{
	bool known = is_planted("known", "affinity");
	unsigned int i, tries;

	for (i = 0; i < LOOKS; i++) {
		if ((i && draw(2)) || known)
			sched_yield();
		else
			sleep_for_sure(1 + draw(200));
		for (tries = LEAVE_TRIES; !known && !is_within(mask) && tries; tries--)
			sleep_for_sure(LEAVE_US);
		expect(is_within(mask), "CPU %d is outside of %#llx, the kernel has %#llx",
		       sched_getcpu(), mask, get_affinity());
	}
}

/**
 * keeps_affinity - does a task stay on the CPUs that it has asked for?
 *
 * Before Linux 6.2 it is given all CPUs of its cpuset each time one of them comes or
 * goes, whatever it has asked for; and sched_setaffinity() gives it all of them if one
 * goes meanwhile.
 *
 * Return: whether it does
 */
bool keeps_affinity(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return true;
	return major > 6 || (major == 6 && minor >= 2);
}

/**
 * do_affinity - be confined to some CPUs for a while
 * @op: the operation
 *
 * Return: 0 or -errno
 */
int do_affinity(const struct op *op)
{
	u64 mask = draw_set();
	int err = begin(op, 0, mask);

	if (err)
		return err;
	err = set_affinity(mask);
	if (!err)
		expect_within(mask);
	free_affinity();
	return end(op, 0, mask, err);
}

/* --- Cpusets --- */

static int write_cgroup(const char *dir, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return write_text(path, text);
}

static int join(const char *dir)
{
	return write_cgroup(dir, "cgroup.procs", "0");
}

static int set_cpus(const char *dir, u64 mask)
{
	unsigned int cpu, used = 0;
	char list[CPUS_MAX * 3 + 1] = "";

	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(mask, cpu))
			used += snprintf(list + used, sizeof(list) - used, "%u,", cpu);
	return write_cgroup(dir, "cpuset.cpus", list);
}

/* In a cpuset with the CPU that never goes, a task has no other CPUs than these. */
static void expect_confined(u64 mask)
{
	u64 has = get_affinity();

	expect(has && !(has & ~mask), "a process of cpuset %#llx may run on %#llx", mask, has);
	expect_within(mask);
}

static int leave(const char *dir)
{
	int err = join(CGROUPS);

	if (!err && rmdir(dir))
		err = -errno;
	return err;
}

static void own_cpuset(char *dir, size_t size)
{
	snprintf(dir, size, CGROUPS "/actor%u", actor);
}

/* Once in a while out of it, else to other CPUs */
static int move_cpuset(const char *dir, u64 mask)
{
	int err = 0;

	if (confined && !draw(3)) {
		confined = false;
		return leave(dir);
	}
	if (!confined && mkdir(dir, 0755))
		return -errno;
	err = set_cpus(dir, mask);
	if (!err && !confined)
		err = join(dir);
	/*
	 * The kernel leaves the affinity of a process as it is where its old and its new
	 * cpuset have the same CPUs online at the moment: see docs/found.md.
	 */
	if (!err && !confined && !is_planted("known", "cpuset"))
		free_affinity();
	confined = true;
	if (!err)
		expect_confined(mask);
	return err;
}

/**
 * do_cpuset - go to a cpuset of one's own, change it, or leave it
 * @op: the operation
 *
 * Return: 0 or -errno
 */
int do_cpuset(const struct op *op)
{
	u64 mask = draw_set();
	int err = begin(op, 0, mask);
	char dir[64];

	if (err)
		return err;
	own_cpuset(dir, sizeof(dir));
	return end(op, 0, mask, move_cpuset(dir, mask));
}

/**
 * do_partition - take CPUs that may go out of what all share, and be there for a while
 * @op: the operation
 *
 * Return: 0 or -errno; -EEXIST if another actor has done so
 */
int do_partition(const struct op *op)
{
	static const char *const kinds[] = { "root", "isolated" };
	const char *kind = kinds[draw(2)];
	u64 mask = random_next(&rng) & movable;
	int err = begin(op, 0, mask);

	if (err)
		return err;
	if (confined || mkdir(CGROUP_PARTITION, 0755))
		return end(op, 0, mask, confined ? -EEXIST : -errno);
	err = set_cpus(CGROUP_PARTITION, mask);
	if (!err)
		err = write_cgroup(CGROUP_PARTITION, "cpuset.cpus.partition", kind);
	/* There may be no CPU in it that is online. */
	if (!err && join(CGROUP_PARTITION) && errno != ENOSPC)
		err = -errno;
	usleep(draw(2000));
	if (leave(CGROUP_PARTITION))
		fail("%s cannot be removed: %s", CGROUP_PARTITION, strerror(errno));
	return end(op, 0, mask, err);
}

/* --- Where workers may run --- */

static char wq_cpus_were[64];

/**
 * do_wq_cpus - have the workers of unbound workqueues on some CPUs only, until the next such
 *	operation
 * @op: the operation
 *
 * All of the CPUs may be offline, or go: workers may be anywhere then.
 *
 * Return: 0 or -errno
 */
int do_wq_cpus(const struct op *op)
{
	u64 mask = draw(2) ? draw_set() : 1ULL << random_bit(&rng, cpus | late);
	int err = begin(op, 0, mask);
	char text[20];

	if (err)
		return err;
	snprintf(text, sizeof(text), "%llx", mask);
	return end(op, 0, mask, write_text(WQ_CPUS, text));
}

/* --- Before and after --- */

/**
 * prepare_sched - be ready for the operations above
 *
 * A kernel without cpusets has no such files, and these operations are left out.
 *
 * Return: true, or false when it has said why not
 */
bool prepare_sched(void)
{
	deadlines = mmap(NULL, sizeof(*deadlines), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (deadlines == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	read_text(WQ_CPUS, wq_cpus_were, sizeof(wq_cpus_were));
	if (access(CGROUPS, F_OK) || !access(CPUSETS, F_OK))
		return true;
	if (mount("none", CGROUPS, "cgroup2", 0, NULL))
		return fail("mount %s: %s", CGROUPS, strerror(errno));
	return access(CPUSETS, F_OK) ? true :
	       must_write(CGROUPS "/cgroup.subtree_control", "+cpuset");
}

/**
 * leave_cpuset - leave no cpuset behind
 *
 * Called by an actor at its end.
 */
void leave_cpuset(void)
{
	char dir[64];

	own_cpuset(dir, sizeof(dir));
	if (confined && leave(dir))
		fail("%s cannot be removed: %s", dir, strerror(errno));
}

/**
 * restore_sched - let workers run where they could before
 */
void restore_sched(void)
{
	if (*wq_cpus_were)
		must_write(WQ_CPUS, wq_cpus_were);
}
