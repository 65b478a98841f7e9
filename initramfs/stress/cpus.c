// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs come and go: the operations of the actor that moves them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

#define STATES_PATH	CPU_DIR "/hotplug/states"
#define THREADS_MAX	"/proc/sys/kernel/threads-max"
#define FAIL_NTH	"/proc/self/fail-nth"
#define SMT_CONTROL	CPU_DIR "/smt/control"

/* QEMU numbers the threads of a core one after the other; these go where there is one. */
#define SECOND_THREADS	0xaaaaaaaaaaaaaaaaULL

#define STATES_MAX	512

u64 cpus, late, movable, online;

static char threads_max[16];

/* The hotplug states, and those of them where a CPU may be left */
static int states[STATES_MAX], stops[STATES_MAX];
static size_t nr_states, nr_stops;
/* The first of @stops where a CPU on its way down is still online */
static size_t first_online;

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
	torture("op", "cpuhp %u 0 1 0", INTRUDER);
	torture("op", "cpuhp %u 0 1 0", INTRUDER);
	return -ENODEV;
}

/* A CPU does not go if the others could not take its share of the deadline tasks. */
static bool is_kept(int err, unsigned long since)
{
	return err == -EBUSY && deadline_since(since);
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
	unsigned long since = deadline_now();
	unsigned int cpu;
	u64 luck;
	int err;

	if (!from)
		return -EAGAIN;
	cpu = random_bit(&rng, from);
	/* What the callbacks of states draw from */
	luck = draw(1ULL << 32);
	err = begin(op, cpu, luck);
	if (err)
		return err;
	if (on && !strcmp(planted, "foreign_refusal"))
		err = move_refused();
	else
		err = move(cpu, on);
	end_meant(op, cpu, luck, err, is_kept(err, since));
	check_threads();
	return err;
}

int do_offline(const struct op *op)
{
	return move_one(op, movable & online, false);
}

int do_online(const struct op *op)
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
int do_set(const struct op *op)
{
	unsigned long since = deadline_now();
	pid_t child[CPUS_MAX];
	int result = 0, err;
	bool kept = false;
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
		kept |= is_kept(err, since);
		if (!err || is_kept(err, since))
			continue;
		not_moved |= 1ULL << cpu;
		result = err;
	}
	if (kept && !result)
		end_meant(op, 0, set, -EBUSY, true);
	else
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

/*
 * With PREEMPT_RT a CPU that is online but has no threads, or parked ones, expires no
 * timers: who sleeps there wakes when it moves on. A CPU that is left there, and someone
 * who keeps CPUs from moving meanwhile, wait for each other: see docs/found.md.
 */
static bool has_timers(const char *name, bool inside)
{
	static bool threadless;

	if (inside)
		threadless = true;
	if (!strcmp(name, "smpboot/threads:online"))
		threadless = false;
	return !threadless || !is_preempt_rt() || !strcmp(planted, "known:partial");
}

static bool read_states(void)
{
	static char text[TEXT_LEN];
	char *line, *save, name[NAME_LEN];
	int n = read_text(STATES_PATH, text, sizeof(text));
	bool inside = false, stop;
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
		stop = may_stop_at(name, &inside);
		if (has_timers(name, inside) && stop)
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
int do_partial(const struct op *op)
{
	unsigned long since = deadline_now();
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
	/* It is there already, and nothing is to be done. */
	if (!err && !draw(4))
		err = write_cpu(cpu, "hotplug/target", last);
	if (is_kept(err, since)) {
		on = true;
		err = write_cpu(cpu, "hotplug/target", states[nr_states - 1]);
	}
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

/* Any state fails; some can't fail. */
int do_failing(const struct op *op)
{
	unsigned long since = deadline_now();
	unsigned int cpu;
	int state, err;
	bool meant;

	if (!movable)
		return -EAGAIN;
	cpu = random_bit(&rng, movable);
	state = states[draw(nr_states)];
	err = fail_at(cpu, state);
	if (err)
		return err;
	err = begin(op, cpu, state);
	if (err)
		return err;
	err = move(cpu, !bit(online, cpu));
	/* What has failed must be told of, so a success is none then. */
	meant = ((err == -EAGAIN || !err) && has_failed(cpu)) || is_kept(err, since);
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

/*
 * One of the allocations on the way up fails. If it matters, the CPU stays offline. There
 * are 4 of them in mainline, some more if threads are spawned, and a module's: the first
 * ones fail more often, so that half of the draws have something fail in mainline, too.
 */
int do_starved(const struct op *op)
{
	return do_wanting(op, 1 + draw(1 + draw(20)), starve, feed);
}

static pid_t filler;

/*
 * For @us, no thread can be forked. It must not take longer: a work item may wait
 * for a worker, and the CPU for that work item. So another process restores the limit,
 * but not before it stands: it would stay as long as the CPU moves, then.
 */
static void fill(u64 us)
{
	int stands[2];
	char none;

	filler = -1;
	if (pipe(stands)) {
		fail("pipe to fill: %s", strerror(errno));
		return;
	}
	filler = fork_for("full");
	if (!filler) {
		close(stands[1]);
		/* Returns once the other end is closed. */
		if (read(stands[0], &none, sizeof(none)))
			fail("the limit is not waited for: %s", strerror(errno));
		usleep(us);
		_exit(!must_write(THREADS_MAX, threads_max));
	}
	if (filler < 0)
		fail("fork to fill: %s", strerror(errno));
	else
		must_write(THREADS_MAX, "20");
	close(stands[0]);
	close(stands[1]);
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

int do_full(const struct op *op)
{
	return do_wanting(op, 500 + draw(10000), fill, empty);
}

/* --- The machine is suspended --- */

/**
 * do_suspend - suspend the machine, as far as is drawn, and have it wake at once
 * @op: the operation
 *
 * Return: 0 or -errno
 */
int do_suspend(const struct op *op)
{
	static const char *const depths[] = {
		"freezer", "devices", "platform", "processors", "core", "none",
	};
	unsigned int depth = draw(sizeof(depths) / sizeof(*depths));
	int err = begin(op, 0, depth);

	if (err)
		return err;
	if (!must_write(PM_TEST, depths[depth]))
		return end(op, 0, depth, -EIO);
	err = write_text("/sys/power/state", "mem");
	must_write(PM_TEST, "none");
	end(op, 0, depth, err);
	check_threads();
	return err;
}

/* --- Cores have one thread each --- */

/**
 * has_threads - has a core of this machine more than one thread?
 *
 * Return: whether that is so, and can be changed
 */
bool has_threads(void)
{
	char text[32];

	return read_text(SMT_CONTROL, text, sizeof(text)) > 0 && !strncmp(text, "on", 2);
}

/*
 * All CPUs that are not the first thread of their core go. None of them comes back until
 * all may; the kernel refuses it, and if it did not, the census would see one too many.
 */
static int lose_threads(void)
{
	int err = write_text(SMT_CONTROL, "off");

	if (err)
		return err;
	online &= ~SECOND_THREADS;
	check_threads();
	write_cpu(random_bit(&rng, movable & SECOND_THREADS), "online", 1);
	usleep(draw(2000));
	check_threads();
	return 0;
}

/*
 * All threads of a core come if its first one is there. A core that is offline comes as
 * well, but on x86 from 6.17 on none of it does: either is right, and nothing in between.
 */
static void expect_threads(void)
{
	u64 seen, first;

	if (!read_online(&seen)) {
		fail("which CPUs are online is not known");
		return;
	}
	first = (online | seen) & ~SECOND_THREADS;
	online = (first | first << 1) & (cpus | late);
}

/**
 * do_smt - have each core do without its second thread, and then get it back
 * @op: the operation
 *
 * Return: 0 or -errno
 */
int do_smt(const struct op *op)
{
	unsigned long since = deadline_now();
	int err, again;

	/* The one that stays has to be the first of its core. */
	if (cpus & ~movable & SECOND_THREADS)
		return -EAGAIN;
	err = begin(op, 0, 0);
	if (err)
		return err;
	err = lose_threads();
	again = write_text(SMT_CONTROL, "on");
	if (!again)
		expect_threads();
	else if (!read_online(&online))
		fail("which CPUs are online is not known");
	err = err ? err : again;
	end_meant(op, 0, 0, err, is_kept(err, since));
	check_threads();
	return err;
}

/* --- Before and after --- */

static bool see_threads_max(void)
{
	int n = read_text(THREADS_MAX, threads_max, sizeof(threads_max));

	return n < 0 ? fail_file(THREADS_MAX, -n) : true;
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

/* A test of suspending would otherwise stand still for some seconds. */
static bool suspend_quickly(void)
{
	static const char delay[] = "/sys/module/suspend/parameters/pm_test_delay";

	return access(delay, F_OK) ? true : must_write(delay, "0");
}

/**
 * prepare_cpus - see which CPUs there are, and what can be done with them
 *
 * Return: true, or false when it has said why not
 */
bool prepare_cpus(void)
{
	if (!read_online(&cpus) || !read_late(cpus, &late) || !read_states())
		return false;
	online = cpus;
	if (!movable_cpus(cpus, &rng, &movable))
		return false;
	movable |= late;
	return open_cpus() && see_threads_max() && arm_failslab() && suspend_quickly();
}

/**
 * restore_cpus - bring all CPUs back, and those that were not there at the start
 *
 * A thread of a CPU that is offline may keep its dead task until it has a successor.
 */
void restore_cpus(void)
{
	unsigned int cpu;

	if (!read_online(&online))
		return;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit((cpus | late) & ~online, cpu) && move(cpu, true))
			fail("CPU %u does not come back", cpu);
}
