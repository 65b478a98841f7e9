// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stress for the objects of the module torture. One actor takes CPUs offline and
 * online. The others have the module spawn, start, wake and destroy threads, or do
 * what processes do.
 *
 * Each actor has its own stream of random numbers. RESPAWN_SEED seeds the streams.
 * RESPAWN_CYCLES is how often the first actor moves CPUs; the others go on until it
 * is done. RESPAWN_ACTORS is the number of the others. RESPAWN_OPS lists the
 * operations, as "name" or "name:weight"; without it the seed decides.
 * RESPAWN_AIM lists those that are to be done more often.
 * If RESPAWN_CALIBRATE is set, one operation after the other is done alone, and what
 * it reaches of the code in the module steer's focus is printed.
 * RESPAWN_PLANT names a defect to plant: a case that is to fail, or see plant().
 *
 * The module decides whether all holds that has to. After the first thing that
 * does not, it answers each operation with ECANCELED.
 *
 * What keeps this program from its own work is an error of the driver: it has a
 * line "respawn: error stress: ...", and the exit status is not 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define TORTURE_DIR	"/sys/kernel/debug/respawn/torture"
#define ORACLES		TORTURE_DIR "/oracles"
/* Threads that a user can see; without the primitives the module has none. */
#define THREADS		TORTURE_DIR "/threads"
#define RESPAWN_PATH	"/sys/module/smpboot/parameters/respawn"
#define DROP_CACHES	"/proc/sys/vm/drop_caches"
#define FAILSLAB_DIR	"/sys/kernel/debug/failslab"
#define STATES_PATH	CPU_DIR "/hotplug/states"
#define THREADS_MAX	"/proc/sys/kernel/threads-max"
#define FAIL_NTH	"/proc/self/fail-nth"
#define HITS		"/sys/module/steer/parameters/hits"
#define VISITOR		"/modules/visitor.ko"

/* Cycles between two progress messages */
#define SAY_CYCLES	10

#define OPS_MAX		64
#define NAME_LEN	32
#define ACTORS_MAX	14
#define STATES_MAX	512
#define TEXT_LEN	16384

/* How long actors may take to end after a failure, in polls */
#define POLL_NS		100000000
#define POLLS_MAX	10

/* How often the objects that are left over are counted before that is a failure */
#define LEFTOVER_TRIES	20

/* The module knows actors by these numbers. It is actor 0 itself. */
#define HOTPLUG_ACTOR	1
/* No actor: does operations inside of another one's, for a planted defect */
#define INTRUDER	15

#define ORACLES_MAX	32
#define HONEST_MAX	4

/* As many ranges as the module steer takes */
#define RANGES_MAX	64

/* How often each operation is tried alone */
#define TRIALS		8
/* What is set off has happened by then, as a rule. */
#define AFTERMATH_US	2000

/* How many draws in a row may name an operation that has nothing to do */
#define DRAWS_MAX	1000

/**
 * struct op - an operation
 * @name: its name in the event log
 * @weight: how often it is done, relative to the others; 0 is never
 * @fn: does it and returns 0 or -errno; NULL if the module does it
 * @hotplug: it belongs to the actor that moves CPUs
 * @slots: how many objects the module has for it
 * @needs: a file without which it can't be done, or NULL
 * @honest: errnos that are no error of the driver; the module judges the errnos of
 *	operations on CPUs and of forks
 * @chosen: RESPAWN_OPS names it
 */
struct op {
	char name[NAME_LEN];
	unsigned int weight;
	int (*fn)(const struct op *op);
	bool hotplug;
	unsigned int slots;
	const char *needs;
	int honest[HONEST_MAX];
	bool chosen;
};

static int do_offline(const struct op *op);
static int do_online(const struct op *op);
static int do_set(const struct op *op);
static int do_partial(const struct op *op);
static int do_failing(const struct op *op);
static int do_starved(const struct op *op);
static int do_full(const struct op *op);
static int do_toggle(const struct op *op);
static int do_signal(const struct op *op);
static int do_fork(const struct op *op);
static int do_memory(const struct op *op);
static int do_migrate(const struct op *op);
static int do_module(const struct op *op);
static int do_killed(const struct op *op);

static struct op ops[OPS_MAX] = {
	{ "offline", 8, do_offline, .hotplug = true },
	{ "online", 8, do_online, .hotplug = true },
	{ "set", 2, do_set, .hotplug = true },
	{ "partial", 3, do_partial, .hotplug = true, .needs = CPU_DIR "/cpu0/hotplug/target" },
	{ "failing", 4, do_failing, .hotplug = true, .needs = CPU_DIR "/cpu0/hotplug/fail" },
	{ "starved", 2, do_starved, .hotplug = true, .needs = FAILSLAB_DIR },
	{ "full", 1, do_full, .hotplug = true },
	{ "respawn-toggle", 1, do_toggle, .needs = RESPAWN_PATH },
	/* The thread is gone by now. */
	{ "signal", 3, do_signal, .needs = THREADS, .honest = { ESRCH } },
	{ "fork", 1, do_fork, .honest = { EAGAIN } },
	{ "memory", 1, do_memory, .needs = DROP_CACHES },
	/* The CPU is offline. */
	{ "migrate", 2, do_migrate, .honest = { EINVAL } },
	/* Another actor has the module; or it cannot have its threads at the moment. */
	{ "module", 1, do_module, .needs = VISITOR,
	  .honest = { EAGAIN, EBUSY, EEXIST, ENOENT } },
	/* No process can be forked at the moment. */
	{ "killed", 3, do_killed, .honest = { EAGAIN } },
};

static size_t nr_ops = 14;

static u64 seed = 1;
static u64 cycles = 20;
static u64 actors = 3;
static u64 rng;
static unsigned int actor;

static u64 cpus;	/* online at the start, and to be at the end */
static u64 movable;	/* those of them that go and come back */
static u64 online;	/* those that should be online now */
static bool parks;	/* the threads of an offline CPU may be there, parked */
static char respawn_was[8];
static char threads_max[16];

/* The hotplug states, and those of them where a CPU may be left */
static int states[STATES_MAX], stops[STATES_MAX];
static size_t nr_states, nr_stops;
/* The first of @stops where a CPU on its way down is still online */
static size_t first_online;
static size_t next_state;

/* There was an error of the driver. */
static bool broken;
/* An actor hangs in an operation. The same operation would hang elsewhere, too. */
static bool stuck;

/* How many operations each actor did */
static unsigned long *done;

/* Actors wait at one end until the other is closed, so that all of them exist. */
static int gate[2];

/* The defect to plant, or empty */
static const char *planted = "";

/* Is "@kind:@what" the defect to plant? */
static bool is_planted(const char *kind, const char *what)
{
	size_t len = strlen(kind);

	return !strncmp(planted, kind, len) && planted[len] == ':' &&
	       !strcmp(planted + len + 1, what);
}

static void tell(const char *what)
{
	kmsg_print("respawn: error stress: %s", what);
	broken = true;
}

static u64 draw(u64 below)
{
	return (random_next(&rng) >> 32) % below;
}

/* Fork a child process; @who says what it is for. */
static pid_t fork_for(const char *who)
{
	pid_t child;

	if (is_planted("unforked", who)) {
		errno = ENOSYS;
		return -1;
	}
	child = fork();
	if (!child && is_planted("killed", who))
		raise(SIGKILL);
	return child;
}

/* --- The module --- */

/*
 * ECANCELED means that the run is over. ETIMEDOUT comes with a message of the module
 * itself. Any other errno means that the driver did not do its work.
 */
__printf(2, 3)
static int torture(const char *file, const char *fmt, ...)
{
	char path[64], text[160];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), TORTURE_DIR "/%s", file);
	err = write_kept(path, text);
	if (err && err != -ECANCELED && err != -ETIMEDOUT)
		fail("the module answers '%s %s' with: %s", file, text, strerror(-err));
	return err;
}

static bool settle(void)
{
	return !torture("settle", "1");
}

/* Tell the module that an operation of the driver itself begins. */
static int begin(const struct op *op, unsigned int slot, u64 arg)
{
	int err = torture("begin", "%s %u %u %llu", op->name, actor, slot, arg);

	if (!err)
		done[actor]++;
	return err;
}

static bool is_honest(const struct op *op, int err)
{
	size_t i;

	for (i = 0; i < HONEST_MAX; i++)
		if (op->honest[i] && op->honest[i] == -err)
			return true;
	return op->hotplug;
}

/*
 * Tell the module that an operation of the driver itself has ended. @meant: it failed
 * because of the failure that the driver injected.
 */
static int end_meant(const struct op *op, unsigned int slot, u64 arg, int result, bool meant)
{
	torture("end", "%s %u %u %llu %d %d", op->name, actor, slot, arg, result, meant);
	if (result && !is_honest(op, result))
		fail("%s ends with: %s", op->name, strerror(-result));
	return result;
}

static int end(const struct op *op, unsigned int slot, u64 arg, int result)
{
	return end_meant(op, slot, arg, result, false);
}

static int do_in_module(const struct op *op)
{
	unsigned int slot = draw(op->slots);
	int err = torture("op", "%s %u %u %llu", op->name, actor, slot,
			  random_next(&rng) >> 32);

	if (!err)
		done[actor]++;
	return err;
}

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

static struct oracle oracles[ORACLES_MAX];
static size_t nr_oracles;

static bool read_oracle(const char *line)
{
	struct oracle *o = &oracles[nr_oracles];
	int at;

	if (nr_oracles == ORACLES_MAX)
		return fail("there are more than %d oracles", ORACLES_MAX);
	if (sscanf(line, "%31s %ld %ld %31s %n", o->name, &o->asked, &o->watched,
		   o->must, &at) != 4)
		return fail("%s: cannot make sense of %s", ORACLES, line);
	o->seen = line + at;
	nr_oracles++;
	return true;
}

static bool read_oracles(void)
{
	static char text[TEXT_LEN];
	char *line, *save;
	int n = read_text(ORACLES, text, sizeof(text));

	nr_oracles = 0;
	if (n < 0)
		return fail_file(ORACLES, -n);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!read_oracle(line))
			return false;
	return true;
}

/* The first oracle that saw something go wrong, or NULL */
static const struct oracle *violated(void)
{
	size_t i;

	for (i = 0; i < nr_oracles; i++)
		if (*oracles[i].seen)
			return &oracles[i];
	return NULL;
}

/* After an error of the driver a run is over as well. */
static bool is_over(void)
{
	return broken || !read_oracles() || violated();
}

/* --- CPUs come and go --- */

static int write_cpu(unsigned int cpu, const char *file, int value)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/%s", cpu, file);
	snprintf(text, sizeof(text), "%d", value);
	return write_kept(path, text);
}

static void expect_online(unsigned int cpu, bool on)
{
	if (on)
		online |= 1ULL << cpu;
	else
		online &= ~(1ULL << cpu);
}

/*
 * A planted defect: fail while the operation of another actor is refused. The refusal
 * must not excuse the failure.
 */
static int move_refused(void)
{
	/* If the state is set up, the first one removes it. */
	torture("op", "cpuhp %u 0 1", INTRUDER);
	torture("op", "cpuhp %u 0 1", INTRUDER);
	return -ENODEV;
}

/* A CPU that could not be moved is where it was. */
static int move(unsigned int cpu, bool on)
{
	int err = write_cpu(cpu, "online", on);

	if (!err)
		expect_online(cpu, on);
	return err;
}

/* A planted defect: move a CPU that is not to be moved. */
static void go_astray(void)
{
	static unsigned int chances;
	unsigned int cpu;

	if (strcmp(planted, "online_mask_as_asked") || !movable || ++chances < 3)
		return;
	cpu = random_bit(&rng, movable);
	write_cpu(cpu, "online", !bit(online, cpu));
}

/* After an error of the driver it is not known which CPUs should be online. */
static void check_threads(void)
{
	if (broken)
		return;
	go_astray();
	torture("census", "%llx %d", online, parks);
}

static int move_one(const struct op *op, u64 from, bool on)
{
	unsigned int cpu;
	int err;

	if (!from)
		return -EAGAIN;
	cpu = random_bit(&rng, from);
	err = begin(op, cpu, 0);
	if (err)
		return err;
	if (on && !strcmp(planted, "foreign_refusal"))
		err = move_refused();
	else
		err = move(cpu, on);
	end(op, cpu, 0, err);
	check_threads();
	return err;
}

static int do_offline(const struct op *op)
{
	return move_one(op, movable & online, false);
}

static int do_online(const struct op *op)
{
	return move_one(op, movable & ~online, true);
}

static pid_t move_aside(unsigned int cpu, bool on)
{
	pid_t child = fork_for("set");

	if (!child)
		_exit(-move(cpu, on));
	if (child < 0)
		fail("fork to move CPU %u: %s", cpu, strerror(errno));
	return child;
}

/* Returns 0, or -errno; -ECHILD if the process did not do its work. */
static int await_move(pid_t child, unsigned int cpu)
{
	int status;

	if (child < 0 || !await_child(child, &status) ||
	    !ended_well("the process that moves a CPU", status))
		return -ECHILD;
	if (WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	expect_online(cpu, !bit(online, cpu));
	return 0;
}

/* Move several CPUs at once, each by a process of its own. */
static int do_set(const struct op *op)
{
	pid_t child[CPUS_MAX];
	int result = 0, err;
	unsigned int cpu;
	u64 set, not_moved = 0;

	set = random_next(&rng) & movable;
	err = begin(op, 0, set);
	if (err)
		return err;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(set, cpu))
			child[cpu] = move_aside(cpu, !bit(online, cpu));
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		err = bit(set, cpu) ? await_move(child[cpu], cpu) : 0;
		if (!err)
			continue;
		not_moved |= 1ULL << cpu;
		result = err;
	}
	/* If a process did not do its work, the kernel did nothing wrong. */
	end_meant(op, not_moved, set, result, broken);
	check_threads();
	return result;
}

/*
 * Between these two states a CPU goes on by itself, with interrupts off. The kernel
 * accepts a state in between as a target, and hits a BUG() on the way.
 */
static bool may_stop_at(const char *name, bool *inside)
{
	if (!strcmp(name, "idle:dead"))
		*inside = true;
	if (!strcmp(name, "cpu:teardown"))
		*inside = false;
	return !*inside && strcmp(name, "cpu:teardown");
}

static bool read_states(void)
{
	static char text[TEXT_LEN];
	char *line, *save, name[NAME_LEN];
	int n = read_text(STATES_PATH, text, sizeof(text));
	bool inside = false;
	int state;

	if (n < 0)
		return fail_file(STATES_PATH, -n);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%d: %31s", &state, name) != 2)
			return fail("%s: cannot make sense of %s", STATES_PATH, line);
		if (nr_states == STATES_MAX)
			return fail("%s: there are more than %d", STATES_PATH, STATES_MAX);
		/* Another actor may remove these, and its operation would fail. */
		if (!strncmp(name, "respawn/", 8))
			continue;
		states[nr_states++] = state;
		if (may_stop_at(name, &inside))
			stops[nr_stops++] = state;
		if (inside)
			first_online = nr_stops;
	}
	return nr_stops ? true : fail("%s: no states", STATES_PATH);
}

/*
 * What a dead CPU has lost, such as its RCU callbacks, comes back only if it goes up
 * all the way. So a CPU on its way down stops while it is still online.
 */
static int draw_stop(unsigned int cpu)
{
	size_t first = bit(online, cpu) ? first_online : 0;

	return stops[first + draw(nr_stops - first)];
}

/* Move a CPU to a state in between, and then on or back. */
static int do_partial(const struct op *op)
{
	unsigned int cpu;
	int state, last, err;
	bool on;

	if (!movable)
		return -EAGAIN;
	cpu = random_bit(&rng, movable);
	state = draw_stop(cpu);
	/* The kernel refuses this target for the last CPU that is online. */
	on = draw(2) || __builtin_popcountll(online & ~(1ULL << cpu)) < 2;
	last = states[on ? nr_states - 1 : 0];
	err = begin(op, cpu, state);
	if (err)
		return err;
	err = write_cpu(cpu, "hotplug/target", state);
	if (!err)
		usleep(draw(2000));
	/* A CPU can't stop at some states. */
	if (!err || err == -EINVAL)
		err = write_cpu(cpu, "hotplug/target", last);
	/* The file "online" does not see that, and still has the former state. */
	if (!err)
		err = move(cpu, on);
	end(op, cpu, state, err);
	check_threads();
	return err;
}

/* The kernel resets the file when the state has failed. */
static bool has_failed(unsigned int cpu)
{
	char path[64], text[16];
	int n;

	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/hotplug/fail", cpu);
	n = read_text(path, text, sizeof(text));
	return n < 0 ? fail_file(path, -n) : atoi(text) < 0;
}

/* Returns 0, or -EINVAL if that state can't fail. */
static int fail_at(unsigned int cpu, int state)
{
	int err = write_cpu(cpu, "hotplug/fail", state);

	if (err && (err != -EINVAL || state < 0))
		fail("CPU %u: state %d is not to fail: %s", cpu, state, strerror(-err));
	return err;
}

/* Each state fails in turn; some can't fail. */
static int do_failing(const struct op *op)
{
	unsigned int cpu;
	int state, err;
	bool meant;

	if (!movable)
		return -EAGAIN;
	cpu = random_bit(&rng, movable);
	state = states[next_state++ % nr_states];
	err = fail_at(cpu, state);
	if (err)
		return err;
	err = begin(op, cpu, state);
	if (err)
		return err;
	err = move(cpu, !bit(online, cpu));
	meant = err == -EAGAIN && has_failed(cpu);
	fail_at(cpu, -1);
	end_meant(op, cpu, state, err, meant);
	check_threads();
	return err;
}

/*
 * Bring a CPU up while something is missing. @take takes it away and @give_back
 * returns it. @give_back gets the result, and says whether that is the reason for it.
 */
static int do_wanting(const struct op *op, u64 arg, void (*take)(u64 arg),
		      bool (*give_back)(int err))
{
	bool meant;
	unsigned int cpu;
	int err;

	if (!(movable & ~online))
		return -EAGAIN;
	cpu = random_bit(&rng, movable & ~online);
	err = begin(op, cpu, arg);
	if (err)
		return err;
	take(arg);
	err = move(cpu, true);
	meant = give_back(err);
	end_meant(op, cpu, arg, err, meant);
	check_threads();
	return err;
}

static int hunger;

/* Let the allocation @nth from now of this process fail. */
static void starve(u64 nth)
{
	/* It stays open: opening it again would take allocations, too. */
	hunger = open_file(FAIL_NTH, O_RDWR);
	if (hunger < 0 || dprintf(hunger, "%llu", nth) < 0)
		fail_file(FAIL_NTH, errno);
}

/* The counter is 0 once the allocation has failed. */
static bool feed(int err)
{
	char left[16] = "";
	bool ok;

	if (hunger < 0)
		return false;
	ok = pread(hunger, left, sizeof(left) - 1, 0) > 0 && pwrite(hunger, "0", 1, 0) == 1;
	if (!ok)
		fail_file(FAIL_NTH, errno);
	close(hunger);
	return ok && err == -ENOMEM && !atoi(left);
}

/* One of the allocations on the way up fails. If it matters, the CPU stays offline. */
static int do_starved(const struct op *op)
{
	return do_wanting(op, 1 + draw(60), starve, feed);
}

static pid_t filler;

/*
 * For @us, no thread can be forked. It must not take longer: a work item may wait
 * for a worker, and the CPU for that work item.
 */
static void fill(u64 us)
{
	filler = fork_for("full");
	if (filler < 0)
		fail("fork to fill: %s", strerror(errno));
	else if (filler)
		must_write(THREADS_MAX, "20");
	if (filler)
		return;
	usleep(us);
	_exit(!must_write(THREADS_MAX, threads_max));
}

static bool empty(int err)
{
	int status;

	must_write(THREADS_MAX, threads_max);
	if (filler < 0 || !await_child(filler, &status) ||
	    !ended_well("the process that restores threads-max", status))
		return false;
	return !WEXITSTATUS(status) && err == -EAGAIN;
}

static int do_full(const struct op *op)
{
	return do_wanting(op, 500 + draw(10000), fill, empty);
}

/* --- What processes do --- */

static int do_toggle(const struct op *op)
{
	bool on = draw(2);
	int err = begin(op, 0, on);

	if (err)
		return err;
	return end(op, 0, on, write_text(RESPAWN_PATH, on ? "Y" : "N"));
}

/* The @n-th thread that there is, or 0 */
static int find_thread(unsigned int n, unsigned int *slot)
{
	static char text[TEXT_LEN];
	char *line, *save;
	int pid, len;

	len = read_text(THREADS, text, sizeof(text));
	if (len < 0)
		fail_file(THREADS, -len);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%u %d", slot, &pid) != 2)
			fail("%s: cannot make sense of %s", THREADS, line);
		else if (!n--)
			return pid;
	}
	return 0;
}

/* A pid is not reused soon. At worst the thread is gone by now. */
static int do_signal(const struct op *op)
{
	int sig = 1 + draw(31);
	unsigned int slot;
	int pid = find_thread(draw(8), &slot);
	int err;

	if (!pid)
		return -ESRCH;
	err = begin(op, slot, sig);
	if (err)
		return err;
	return end(op, slot, sig, kill(pid, sig) ? -errno : 0);
}

/* Fork processes that end immediately. */
static int do_fork(const struct op *op)
{
	u64 n = 1 + draw(4);
	int err = begin(op, 0, n);
	pid_t child[4];
	int status;
	u64 i;

	if (err)
		return err;
	for (i = 0; i < n; i++) {
		child[i] = fork_for("fork");
		if (!child[i])
			_exit(0);
		if (child[i] < 0)
			err = -errno;
	}
	for (i = 0; i < n; i++)
		if (child[i] > 0 && await_child(child[i], &status))
			ended_well("a forked process", status);
	return end(op, 0, n, err);
}

/* Allocate and free pages, and drop caches. */
static int do_memory(const struct op *op)
{
	size_t size = (1 + draw(4)) << 18;
	char what[2] = { '1' + (char)draw(3), '\0' };
	int err = begin(op, 0, size);
	void *p;

	if (err)
		return err;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		err = -errno;
	else
		munmap(p, size);
	if (!draw(4))
		must_write(DROP_CACHES, what);
	return end(op, 0, size, err);
}

/* Have the scheduler move this process. The CPU may go offline meanwhile. */
static int do_migrate(const struct op *op)
{
	unsigned int cpu = random_bit(&rng, cpus), i;
	cpu_set_t set;
	int err = begin(op, cpu, 0);

	if (err)
		return err;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err = -errno;
	for (i = 0; i < CPUS_MAX; i++)
		if (bit(cpus, i))
			CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("an actor cannot run anywhere again: %s", strerror(errno));
	return end(op, cpu, 0, err);
}

/*
 * Load and unload a module. If two actors load it at once, the kernel reports success
 * to both. Both unload it then, and one of them gets an error, which is expected.
 */
static int do_module(const struct op *op)
{
	unsigned int us = draw(3000);
	int fd = open_file(VISITOR, O_RDONLY);
	int err;

	if (fd < 0) {
		fail_file(VISITOR, errno);
		return -ENOENT;
	}
	err = begin(op, 0, us);
	if (err) {
		close(fd);
		return err;
	}
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	if (!err) {
		usleep(us);
		if (syscall(SYS_delete_module, "visitor", O_NONBLOCK))
			err = -errno;
	}
	return end(op, 0, us, err);
}

/* One of the module's operations */
static const struct op *draw_in_module(void)
{
	size_t i, n = 0;

	for (i = 0; i < nr_ops; i++)
		n += !ops[i].fn && ops[i].weight;
	n = n ? draw(n) : nr_ops;
	for (i = 0; i < nr_ops; i++)
		if (!ops[i].fn && ops[i].weight && !n--)
			return &ops[i];
	return NULL;
}

/*
 * A process is killed in the middle of an operation of the module's, which notes what
 * comes of it. The kernel has to end what it began.
 */
static int do_killed(const struct op *op)
{
	const struct op *inner = draw_in_module();
	unsigned int slot = inner ? draw(inner->slots) : 0;
	u64 arg = random_next(&rng) >> 32, us = draw(300);
	pid_t child;
	int status;

	if (!inner)
		return -ENOENT;
	child = fork_for("killed");
	if (!child)
		_exit(-torture("op", "%s %u %u %llu", inner->name, actor, slot, arg));
	if (child < 0) {
		if (!is_honest(op, -errno))
			fail("fork to be killed: %s", strerror(errno));
		return -EAGAIN;
	}
	usleep(us);
	kill(child, SIGKILL);
	if (!await_child(child, &status))
		return -ECHILD;
	done[actor]++;
	/* The child may have been quicker, and have learnt that the run is over. */
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}

/* --- Actors --- */

/* The sum over the operations that an actor has */
static unsigned int weight_of(bool hotplug)
{
	unsigned int all = 0;
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].hotplug == hotplug)
			all += ops[i].weight;
	return all;
}

/* One of the operations that an actor has, or NULL if it has none */
static const struct op *pick(bool hotplug)
{
	unsigned int all = weight_of(hotplug), n;
	size_t i;

	if (!all)
		return NULL;
	n = draw(all);
	for (i = 0; i < nr_ops; i++) {
		if (ops[i].hotplug != hotplug)
			continue;
		if (n < ops[i].weight)
			break;
		n -= ops[i].weight;
	}
	return &ops[i];
}

static int operate(const struct op *op)
{
	return op->fn ? op->fn(op) : do_in_module(op);
}

/* Returns whether to go on. */
static bool act_once(bool hotplug)
{
	const struct op *op = pick(hotplug);

	if (!op)
		usleep(2000);
	return (!op || operate(op) != -ECANCELED) && !broken;
}

/*
 * Each operation that was drawn may have had nothing to do, such as taking a CPU
 * online while none is offline. A run has to move a CPU once at least.
 */
static void insist(void)
{
	unsigned int i;

	for (i = 0; i < DRAWS_MAX && !done[actor]; i++)
		if (!act_once(true))
			return;
	if (!done[actor])
		fail("no operation on CPUs could be done, in %d draws", DRAWS_MAX);
}

/* Two moves are a cycle: as a rule one off, one on. */
static void act_hotplug(void)
{
	bool go_on = true;
	u64 i;

	for (i = 0; go_on && i < 2 * cycles; i++) {
		if (!(i % (2 * SAY_CYCLES)))
			ktap_note("stress: cycle %llu of %llu", i / 2 + 1, cycles);
		go_on = act_once(true);
	}
	if (go_on && movable && cycles && weight_of(true))
		insist();
	torture("stop", "1");
}

static void act_threads(void)
{
	if (weight_of(false))
		while (act_once(false))
			;
}

static pid_t start_actor(unsigned int number)
{
	pid_t child = fork_for("actor");
	unsigned int i;

	if (child)
		return child;
	close(gate[1]);
	if (read(gate[0], &i, sizeof(i)))
		fail("actor %u cannot wait for the others: %s", number, strerror(errno));
	actor = number;
	rng = seed;
	for (i = 0; i < number; i++)
		rng = random_next(&rng);
	if (number == HOTPLUG_ACTOR)
		act_hotplug();
	else
		act_threads();
	_exit(broken);
}

/* Wait for a child, but not for long: a signal comes when one ends. */
static pid_t wait_a_bit(int *status)
{
	const struct timespec bit = { .tv_nsec = POLL_NS };
	sigset_t set;
	pid_t pid = waitpid(-1, status, WNOHANG);

	if (pid)
		return pid;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &bit);
	return waitpid(-1, status, WNOHANG);
}

/* The actor that moves CPUs may be gone. It does not stop the others then. */
static void give_up(void)
{
	broken = true;
	torture("stop", "1");
}

static void await_actors(unsigned int n)
{
	unsigned int polls = 0;
	int status;

	while (n && polls < POLLS_MAX) {
		if (wait_a_bit(&status) > 0) {
			n--;
			/* One that ends with a status has said why. */
			if (!ended_well("an actor", status) || status)
				give_up();
		} else if (is_over()) {
			polls++;
		}
	}
	stuck = n;
	if (stuck)
		ktap_note("stress: %u actors do not come back", n);
}

static void run_actors(void)
{
	unsigned int i, n = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* One of them may do "full" as soon as it runs: no process can be forked then. */
	if (pipe(gate)) {
		fail("pipe: %s", strerror(errno));
		return;
	}
	for (i = HOTPLUG_ACTOR; i <= HOTPLUG_ACTOR + actors; i++) {
		if (start_actor(i) < 0)
			fail("actor %u cannot be started: %s", i, strerror(errno));
		else
			n++;
	}
	if (broken)
		give_up();
	close(gate[0]);
	close(gate[1]);
	await_actors(n);
}

/* --- What is asked for --- */

static struct op *find_op(const char *name)
{
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

/* The module's operations, behind the driver's own */
static bool read_ops(void)
{
	static const char path[] = TORTURE_DIR "/ops";
	static char text[TEXT_LEN];
	char *line, *save;
	struct op *op;
	int n = read_text(path, text, sizeof(text));

	if (n < 0)
		return fail_file(path, -n);
	for (line = strtok_r(text, "\n", &save); line && nr_ops < OPS_MAX;
	     line = strtok_r(NULL, "\n", &save)) {
		op = &ops[nr_ops];
		if (sscanf(line, "%31s %u %u", op->name, &op->weight,
			   &op->slots) != 3 || !op->slots)
			return fail("%s: cannot make sense of %s", path, line);
		nr_ops++;
	}
	return line ? fail("%s: too many", path) : true;
}

static bool choose_op(char *word)
{
	char *colon = strchr(word, ':');
	unsigned int weight = 0;
	struct op *op;
	char after;

	if (colon) {
		*colon++ = '\0';
		if (sscanf(colon, "%u%c", &weight, &after) != 1 || !weight ||
		    weight > 1000)
			return fail("RESPAWN_OPS: %s:%s is no weight", word,
				    colon);
	}
	op = find_op(word);
	if (!op)
		return fail("RESPAWN_OPS: there is no operation %s", word);
	if (op->needs && access(op->needs, F_OK))
		return fail("RESPAWN_OPS: %s needs %s", word, op->needs);
	op->weight = weight ? weight : op->weight;
	op->chosen = true;
	return true;
}

/* Is this one of the operations that get where the run is aimed at? */
static bool is_aimed(const struct op *op)
{
	const char *aim = getenv("RESPAWN_AIM"), *at = aim;
	size_t len = strlen(op->name);

	while (at && (at = strstr(at, op->name))) {
		if ((at == aim || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

/*
 * Operations hide the effects of each other: a wake-up that was lost is made good by
 * the next one. So three seeds in four leave out about half of the operations, and
 * draw new weights for the rest. If the run is aimed, those that get there stay in, and
 * of the others fewer.
 */
static void draw_ops(void)
{
	bool aimed = getenv("RESPAWN_AIM");
	size_t i;

	rng = ~seed;
	if (seed % 4 == 1 || getenv("RESPAWN_CALIBRATE"))
		return;
	for (i = 0; i < nr_ops; i++) {
		if (aimed && is_aimed(&ops[i]))
			ops[i].weight *= 2 + draw(7);
		else
			ops[i].weight *= (aimed ? !draw(4) : draw(2)) * (1 + draw(4));
	}
	/* These two stay in, if rarely: each run has to move CPUs. */
	if (!find_op("offline")->weight)
		find_op("offline")->weight = 1;
	/* One of them has nothing to do without the other. */
	find_op("online")->weight = find_op("offline")->weight;
}

/* Those that are named, or all that there are, as far as they can be done */
static bool choose_ops(char *names)
{
	char *word, *save;
	size_t i;

	for (word = strtok_r(names, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		if (!choose_op(word))
			return false;
	for (i = 0; i < nr_ops; i++) {
		if (*names && !ops[i].chosen)
			ops[i].weight = 0;
		if (ops[i].needs && access(ops[i].needs, F_OK))
			ops[i].weight = 0;
	}
	return true;
}

/* Without actors, their operations are left out of the draw. */
static bool leave_out_actors(void)
{
	size_t i;

	for (i = 0; !actors && i < nr_ops; i++) {
		if (ops[i].hotplug)
			continue;
		if (ops[i].chosen)
			return fail("RESPAWN_OPS: %s needs an actor, and RESPAWN_ACTORS is 0",
				    ops[i].name);
		ops[i].weight = 0;
	}
	return true;
}

static void plant_in_draw(void)
{
	size_t i;

	if (strcmp(planted, "no_hotplug"))
		return;
	for (i = 0; i < nr_ops; i++)
		if (ops[i].hotplug)
			ops[i].weight = 0;
}

static bool read_ops_wanted(void)
{
	static char names[1024];
	const char *text = getenv("RESPAWN_OPS");

	if (text && snprintf(names, sizeof(names), "%s", text) >= (int)sizeof(names))
		return fail("RESPAWN_OPS: more than %zu bytes", sizeof(names) - 1);
	if (!read_ops())
		return false;
	if (!*names)
		draw_ops();
	if (!choose_ops(names) || !leave_out_actors())
		return false;
	plant_in_draw();
	if (!*names && !weight_of(true))
		return fail("no operation on CPUs was drawn");
	return weight_of(true) || weight_of(false) ? true :
	       fail("RESPAWN_OPS: no operation can be done");
}

/*
 * What there is to plant:
 *  - an oracle's name: what it looks out for, by the module or go_astray()
 *  - "unasked:ORACLE": it does not look
 *  - "foreign_refusal": a CPU does not come online while a hotplug state is refused
 *  - "unusable:FILE": it can be neither read nor written
 *  - "unforked:WHO", "killed:WHO": see fork_for()
 *  - "no_hotplug": no operation moves a CPU
 */
static bool plant(void)
{
	static const char *const ours[] = { "unusable:", "unforked:", "killed:", "no_hotplug" };
	const char *name = getenv("RESPAWN_PLANT");
	size_t i;

	if (!name || !*name)
		return true;
	planted = name;
	if (!strncmp(name, "unusable:", strlen("unusable:")))
		plant_unusable(name + strlen("unusable:"));
	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strncmp(name, ours[i], strlen(ours[i])))
			return true;
	return !torture("plant", "%s", name);
}

/* --- The run --- */

static struct census before, after;

/*
 * Threads may be parked if they are now, or if an operation switches to that. A
 * kernel that always parks has no such file.
 */
static bool see_respawn(void)
{
	int n = read_text(RESPAWN_PATH, respawn_was, sizeof(respawn_was));

	parks = *respawn_was != 'Y' || find_op("respawn-toggle")->weight;
	return n < 0 && n != -ENOENT ? fail_file(RESPAWN_PATH, -n) : true;
}

static bool see_threads_max(void)
{
	int n = read_text(THREADS_MAX, threads_max, sizeof(threads_max));

	return n < 0 ? fail_file(THREADS_MAX, -n) : true;
}

/* Without this, the kernel prints a line for each time that caches are dropped. */
static bool drop_quietly(void)
{
	return !find_op("memory")->weight || must_write(DROP_CACHES, "4");
}

/* Let allocations fail that may sleep, too, without a message. */
static bool arm_failslab(void)
{
	if (access(FAILSLAB_DIR, F_OK))
		return true;
	return must_write(FAILSLAB_DIR "/ignore-gfp-wait", "N") &&
	       must_write(FAILSLAB_DIR "/verbose", "0");
}

/* Open the files now, so that an injected failure does not hit the open(). */
static bool open_cpus(void)
{
	static const char *const files[] = { "online", "hotplug/target", "hotplug/fail" };
	unsigned int cpu;
	char path[64];
	size_t i;

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (i = 0; bit(movable, cpu) && i < sizeof(files) / sizeof(*files); i++) {
			snprintf(path, sizeof(path), CPU_DIR "/cpu%u/%s", cpu, files[i]);
			if (!access(path, F_OK) && !keep_open(path))
				return false;
		}
	}
	return true;
}

/* The hotplug thread exists from the beginning. */
static bool begin_percpu(void)
{
	const struct op *op = find_op("percpu");

	if (!op || !op->weight)
		return true;
	return !torture("op", "%s %u 0 0", op->name, HOTPLUG_ACTOR);
}

static bool prepare(void)
{
	done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (!read_online(&cpus) || !read_states() || !take_census(&before, settle))
		return false;
	online = cpus;
	rng = seed;
	if (!movable_cpus(cpus, &rng, &movable))
		return false;
	next_state = draw(nr_states);
	return open_cpus() && see_respawn() && see_threads_max() && drop_quietly() &&
	       arm_failslab() && begin_percpu();
}

static void restore(void)
{
	unsigned int cpu;

	if (read_online(&online))
		for (cpu = 0; cpu < CPUS_MAX; cpu++)
			if (bit(cpus & ~online, cpu) && move(cpu, true))
				fail("CPU %u does not come back", cpu);
	if (*respawn_was)
		must_write(RESPAWN_PATH, respawn_was);
}

/*
 * The CPU that a dead task ran on drops the last reference to it. Where CPUs run in
 * parallel, that may take some time. What has leaked stays.
 */
static bool take_last_census(void)
{
	unsigned int tries = 0;

	do {
		if (tries)
			usleep(10000);
		if (!take_census(&after, settle))
			return false;
	} while (after.slab != before.slab && ++tries < LEFTOVER_TRIES);
	return true;
}

/* What is left over is not an error of the driver: an oracle looks out for it. */
static void tell_leftover(const char *what)
{
	ktap_note("%s", what);
	torture("expect", "nothing_left %.100s", what);
}

static void count_leftovers(void)
{
	if (torture("drain", "1") || !take_last_census())
		return;
	fail_tell(tell_leftover);
	same_tasks(&before, &after);
	no_zombie(&after);
	same_slab(&before, &after);
	fail_tell(tell);
	torture("expect", "nothing_left");
}

/* Why an oracle has no result, or NULL. In a run that was cut short it needs none. */
static const char *no_result(const struct oracle *o, bool whole)
{
	if (whole && !o->asked && strcmp(o->must, "-")) {
		fail("%s was not looked at, though there were operations that need it (%s)",
		     o->name, o->must);
		return "an error of the driver: it was not looked at";
	}
	if (!o->watched)
		return "none of its operations was done";
	return o->asked ? NULL : "no operation came to it";
}

static void report(void)
{
	const struct oracle *o;
	bool whole;

	if (!read_oracles())
		return;
	whole = !violated() && !broken;
	for (o = oracles; o < oracles + nr_oracles; o++) {
		if (*o->seen) {
			ktap_note("%s: %s", o->name, o->seen);
			ktap_case(o->name, false, NULL);
		} else {
			ktap_case(o->name, true, no_result(o, whole));
		}
	}
}

static void say_rate(const struct timespec *begun)
{
	struct timespec now;
	unsigned long sum = 0;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (i = 0; i < actors; i++)
		sum += done[HOTPLUG_ACTOR + 1 + i];
	ktap_note("stress: %lu operations on CPUs and %lu others in %ld ms",
		  done[HOTPLUG_ACTOR], sum,
		  (now.tv_sec - begun->tv_sec) * 1000 +
		  (now.tv_nsec - begun->tv_nsec) / 1000000);
}

/* --- What operations reach --- */

static size_t read_hits(unsigned long hits[RANGES_MAX])
{
	char text[RANGES_MAX * 21], *at = text, *end;
	int n = read_text(HITS, text, sizeof(text));
	size_t i;

	if (n < 0)
		fail_file(HITS, -n);
	for (i = 0; n > 0 && i < RANGES_MAX; i++, at = end) {
		hits[i] = strtoul(at, &end, 10);
		if (end == at)
			break;
	}
	return n < 0 ? 0 : i;
}

/* Add what is reached by an operation, or by none if it is NULL. */
static void reach(const struct op *op, unsigned long sum[RANGES_MAX])
{
	unsigned long before[RANGES_MAX], after[RANGES_MAX];
	size_t i, nr = read_hits(before);

	if (op)
		operate(op);
	usleep(AFTERMATH_US);
	if (read_hits(after) != nr)
		fail("%s: as many as before expected", HITS);
	for (i = 0; i < nr; i++)
		sum[i] += after[i] - before[i];
}

/* A line "calibrate OPERATION RANGE:HITS ..." with what the operation alone reaches */
static void say_reach(const char *name, const unsigned long sum[RANGES_MAX],
		      const unsigned long idle[RANGES_MAX])
{
	char text[RANGES_MAX * 24] = "";
	size_t i, used = 0;

	for (i = 0; i < RANGES_MAX; i++)
		if (sum[i] > idle[i])
			used += snprintf(text + used, sizeof(text) - used, " %zu:%lu", i,
					 sum[i] - idle[i]);
	ktap_note("calibrate %s%s", name, text);
}

static void calibrate(void)
{
	static unsigned long sum[OPS_MAX][RANGES_MAX], idle[RANGES_MAX];
	unsigned int i;
	size_t o;

	actor = HOTPLUG_ACTOR;
	for (i = 0; i < TRIALS; i++)
		reach(NULL, idle);
	/* Those that make objects come before those that need some. */
	for (o = 0; o < nr_ops && !is_over(); o++)
		for (i = 0; ops[o].weight && i < TRIALS; i++)
			reach(&ops[o], sum[o]);
	for (o = 0; o < nr_ops; o++)
		say_reach(ops[o].name, sum[o], idle);
	torture("stop", "1");
}

static void run(void)
{
	struct timespec begun;

	ktap_note("stress: seed %llu, %llu cycles, %llu actors, CPUs %#llx, of which %#llx move",
		  seed, cycles, actors, cpus, movable);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	hush();
	if (getenv("RESPAWN_CALIBRATE"))
		calibrate();
	else
		run_actors();
	talk_again();
	say_rate(&begun);
	if (!stuck)
		restore();
	count_leftovers();
}

static bool read_environment(void)
{
	if (!read_number("RESPAWN_SEED", &seed) ||
	    !read_number("RESPAWN_CYCLES", &cycles) ||
	    !read_number("RESPAWN_ACTORS", &actors))
		return false;
	if (actors > ACTORS_MAX - 1)
		return fail("RESPAWN_ACTORS: %d are the most", ACTORS_MAX - 1);
	return plant() && read_ops_wanted();
}

int main(void)
{
	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	fail_tell(tell);
	if (!read_environment())
		return EXIT_FAILURE;
	ktap_begin("stress", 14);
	if (prepare())
		run();
	report();
	return ktap_end() && !broken ? EXIT_SUCCESS : EXIT_FAILURE;
}
