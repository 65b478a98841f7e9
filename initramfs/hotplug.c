// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes CPUs offline and online while the module percpu_threads keeps a thread
 * on each of them, and compares what the module says about its threads with /proc
 * and /sys.
 *
 * RESPAWN_SEED decides the order of events, RESPAWN_CYCLES is how often each CPU
 * goes and comes back.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

#define PERCPU_DIR	"/sys/kernel/debug/respawn/percpu"

/**
 * struct thread - what the module says of its thread of a CPU
 * @pid: its pid, 0 if there is none
 * @starts: how often its initfn ran
 * @runs: how often its corefn ran
 * @wrong: what it saw go wrong
 */
struct thread {
	int pid;
	unsigned long starts;
	unsigned long runs;
	unsigned long wrong;
};

/* What the module counted in all. */
struct stats {
	unsigned long spawned;
	unsigned long destroyed;
	unsigned long failed;
	unsigned long wrong;
};

static struct census before, after;

/* In each cycle, each CPU goes offline and comes back. */
enum move { MOVE_OFF, MOVE_ON, MOVE_NONE };

static u64 seed = 1;
static unsigned long cycles = 20;
static u64 rng;

static u64 cpus;		/* online at the start, and to be at the end */
static u64 movable;	/* those of them that go and come back */
static u64 online;		/* those that should be online now */
static struct thread threads[CPUS_MAX];

/* Context of a failure, for its message */
static const char *testcase;
static unsigned long cycle;
static int moved = -1;

/* --- What failed --- */

static void tell(const char *what)
{
	if (moved >= 0)
		ktap_note("%s: %s, at cycle %lu cpu %d %s", testcase, what,
			  cycle, moved, bit(online, moved) ? "on" : "off");
	else
		ktap_note("%s: %s", testcase, what);
}

/* --- CPUs --- */

static void cpu_path(char *path, size_t size, unsigned int cpu)
{
	snprintf(path, size, CPU_DIR "/cpu%u/online", cpu);
}

static bool set_online(unsigned int cpu, bool on)
{
	char path[64];

	moved = cpu;
	if (on)
		online |= 1ULL << cpu;
	else
		online &= ~(1ULL << cpu);
	cpu_path(path, sizeof(path), cpu);
	return must_write(path, on ? "1" : "0");
}

/* The CPU in a name as "percpu/3", or -1. */
static int percpu_of(const struct task *t)
{
	unsigned int cpu;
	char end;

	if (sscanf(t->comm, "percpu/%u%c", &cpu, &end) != 1 || cpu >= CPUS_MAX)
		return -1;
	return cpu;
}

/* --- The module's view of its threads --- */

static bool read_threads(struct thread found[CPUS_MAX])
{
	static const char path[] = PERCPU_DIR "/threads";
	char text[8192], *line, *save;
	struct thread t;
	unsigned int cpu;
	int n;

	memset(found, 0, CPUS_MAX * sizeof(*found));
	n = read_text(path, text, sizeof(text));
	if (n < 0)
		return fail_file(path, -n);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%u %d %lu %lu %lu", &cpu, &t.pid, &t.starts,
			   &t.runs, &t.wrong) != 5 || cpu >= CPUS_MAX)
			return fail("%s: cannot make sense of %s", path, line);
		found[cpu] = t;
	}
	return true;
}

static bool read_stats(struct stats *s)
{
	static const char path[] = PERCPU_DIR "/stats";
	char text[256];
	int n = read_text(path, text, sizeof(text));

	if (n < 0)
		return fail_file(path, -n);
	if (sscanf(text, "spawned %lu destroyed %lu failed %lu wrong %lu",
		   &s->spawned, &s->destroyed, &s->failed, &s->wrong) != 4)
		return fail("%s: cannot make sense of it", path);
	return true;
}

static bool tell_module(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), PERCPU_DIR "/%s", file);
	return must_write(path, "1");
}

/* --- What has to hold after each step --- */

static bool check_mask(void)
{
	u64 mask;

	if (!read_online(&mask))
		return false;
	if (mask != online)
		return fail("CPUs %#llx online expected, %#llx seen",
			    online, mask);
	return true;
}

/* A thread of a CPU that came back is a new one, all others stay. */
static bool check_thread(unsigned int cpu, const struct thread *was,
			 const struct thread *is)
{
	bool fresh = (int)cpu == moved;

	if (!is->pid)
		return fail("a thread on CPU %u expected, none seen", cpu);
	if (fresh && is->pid == was->pid)
		return fail("a new thread on CPU %u expected, still pid %d seen",
			    cpu, is->pid);
	if (!fresh && was->pid && is->pid != was->pid)
		return fail("pid %d on CPU %u expected, %d seen", was->pid, cpu,
			    is->pid);
	if (is->starts != 1)
		return fail("1 start on CPU %u expected, %lu seen", cpu,
			    is->starts);
	if (is->runs <= (is->pid == was->pid ? was->runs : 0))
		return fail("progress on CPU %u expected, %lu runs seen", cpu,
			    is->runs);
	if (is->wrong)
		return fail("nothing wrong on CPU %u expected, %lu seen", cpu,
			    is->wrong);
	return true;
}

/* The pid of a thread outlives it, to be compared with the next one's. */
static bool check_threads(void)
{
	struct thread found[CPUS_MAX];
	unsigned int cpu;

	if (!read_threads(found))
		return false;
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (bit(online, cpu)) {
			if (!check_thread(cpu, &threads[cpu], &found[cpu]))
				return false;
			threads[cpu] = found[cpu];
		} else if (found[cpu].pid) {
			return fail("no thread on CPU %u expected, pid %d seen",
				    cpu, found[cpu].pid);
		}
	}
	return true;
}

static bool check_stats(void)
{
	unsigned int nr = __builtin_popcountll(online);
	struct stats s;

	if (!read_stats(&s))
		return false;
	if (s.failed || s.wrong)
		return fail("nothing failed or wrong expected, %lu and %lu seen",
			    s.failed, s.wrong);
	if (s.spawned - s.destroyed != nr)
		return fail("%u threads expected, %lu spawned and %lu destroyed seen",
			    nr, s.spawned, s.destroyed);
	return true;
}

static bool check_allowed(const struct task *t, unsigned int cpu)
{
	static const char key[] = "\nCpus_allowed_list:";
	char path[64], text[4096];
	u64 mask = 0;
	char *list;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/status", t->pid);
	n = read_text(path, text, sizeof(text));
	if (n < 0)
		return fail_file(path, -n);
	list = strstr(text, key);
	if (!list)
		return fail("%s: has no Cpus_allowed_list", path);
	list += strlen(key);
	list[strcspn(list, "\n")] = '\0';
	if (!parse_cpulist(list, &mask) || mask != 1ULL << cpu)
		return fail("pid %d allowed on CPU %u alone expected, %s seen",
			    t->pid, cpu, list + strspn(list, "\t "));
	return true;
}

static bool check_task(const struct task *t, unsigned int cpu)
{
	if (!bit(online, cpu))
		return fail("no task %s expected, pid %d seen", t->comm,
			    t->pid);
	if (t->pid != threads[cpu].pid)
		return fail("%s as pid %d alone expected, pid %d seen", t->comm,
			    threads[cpu].pid, t->pid);
	if (t->cpu != (int)cpu)
		return fail("pid %d last on CPU %u expected, %d seen", t->pid,
			    cpu, t->cpu);
	return check_allowed(t, cpu);
}

static bool check_tasks(void)
{
	static struct tasks tasks;
	static unsigned int last_pid;
	unsigned int nr = 0;
	u64 seen = 0;
	int cpu;

	if (!read_tasks_again(&tasks, &last_pid))
		return false;
	for (unsigned int i = 0; i < tasks.nr; i++) {
		cpu = percpu_of(&tasks.task[i]);
		if (cpu < 0)
			continue;
		if (!check_task(&tasks.task[i], cpu))
			return false;
		seen |= 1ULL << cpu;
		tasks.task[nr++] = tasks.task[i];
	}
	tasks.nr = nr;
	if (seen != online)
		return fail("tasks percpu/N for CPUs %#llx expected, %#llx seen",
			    online, seen);
	return true;
}

static bool check_all(void)
{
	return check_mask() && tell_module("poke") && check_threads() &&
	       check_tasks() && check_stats();
}

/* --- The stress --- */

/*
 * All CPUs off and on again, in any order that keeps a CPU's off before on. The order
 * is written to @order, as "-2 -1 +2 +1".
 */
static bool run_cycle(char *order)
{
	enum move next[CPUS_MAX] = { 0 };
	u64 todo = movable;
	unsigned int cpu;

	while (todo) {
		cpu = random_bit(&rng, todo);
		order += sprintf(order, " %c%u", next[cpu] == MOVE_ON ? '+' : '-', cpu);
		if (!set_online(cpu, next[cpu] == MOVE_ON) || !check_all())
			return false;
		if (++next[cpu] == MOVE_NONE)
			todo &= ~(1ULL << cpu);
	}
	return true;
}

static bool run_cycles(void)
{
	char order[2 * CPUS_MAX * sizeof(" +63")];
	bool ok = true;

	hush();
	for (cycle = 1; ok && cycle <= cycles; cycle++) {
		ok = run_cycle(order);
		ktap_note("hotplug: cycle %lu of %lu:%s", cycle, cycles, order);
	}
	talk_again();
	moved = -1;
	return ok;
}

static bool restore_mask(void)
{
	unsigned int cpu;
	u64 mask;
	bool ok = true;

	if (!read_online(&mask))
		return false;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(cpus & ~mask, cpu) && !set_online(cpu, true))
			ok = false;
	moved = -1;
	online = cpus;
	return ok && check_mask();
}

/* --- What may not be left over --- */

static bool settle(void)
{
	return tell_module("settle");
}

static bool test_tasks(void)
{
	return same_tasks(&before, &after);
}

static bool test_zombies(void)
{
	return no_zombie(&after);
}

static bool test_slab(void)
{
	return same_slab(&before, &after);
}

/* --- The document --- */

static bool test_start(void)
{
	if (!read_online(&cpus))
		return false;
	online = cpus;
	if (!movable_cpus(cpus, &rng, &movable))
		return false;
	ktap_note("hotplug: seed %llu, %lu cycles, CPUs %#llx, of which %#llx move",
		  seed, cycles, cpus, movable);
	return check_all() && take_census(&before, settle);
}

static bool run_case(const char *name, bool (*test)(void), const char *skip)
{
	bool ok = true;

	testcase = name;
	if (!skip)
		ok = test();
	ktap_case(name, ok, skip);
	return ok;
}

static bool take_last_census(void)
{
	return take_census(&after, settle);
}

static void run_leftovers(const char *skip)
{
	run_case("no_task_left", test_tasks, skip);
	run_case("no_zombie_left", test_zombies, skip);
	run_case("no_slab_object_left", test_slab, skip);
}

static const char *no_stress(void)
{
	if (!movable)
		return "no CPU can be taken offline";
	return cycles ? NULL : "no cycle is asked for";
}

static void run_suite(void)
{
	const char *skip = NULL;

	ktap_begin("hotplug", 7);
	if (!run_case("threads_at_start", test_start, NULL))
		skip = "it did not start well";
	run_case("offline_online", run_cycles, skip ? skip : no_stress());
	run_case("online_mask_restored", restore_mask, NULL);
	if (!run_case("settled_at_end", take_last_census, skip) && !skip)
		skip = "it did not settle";
	run_leftovers(skip);
}

int main(void)
{
	u64 nr = cycles;

	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	if (!read_number("RESPAWN_SEED", &seed) ||
	    !read_number("RESPAWN_CYCLES", &nr))
		return EXIT_FAILURE;
	cycles = nr;
	rng = seed;
	fail_tell(tell);
	run_suite();
	return ktap_end() ? EXIT_SUCCESS : EXIT_FAILURE;
}
