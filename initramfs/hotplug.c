// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes CPUs offline and online while the module percpu_threads keeps a thread
 * on each of them, and holds what the module says about its threads against
 * what /proc and /sys say.
 *
 * RESPAWN_SEED names the order of events, RESPAWN_CYCLES how often each CPU
 * goes and comes back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmsg.h"

#define CPU_DIR		"/sys/devices/system/cpu"
#define PERCPU_DIR	"/sys/kernel/debug/respawn/percpu"
#define SLAB_DIR	"/sys/kernel/slab/task_struct"

typedef unsigned long long u64;

/* CPUs are the bits of a word. */
#define CPUS_MAX	64
#define TASKS_MAX	4096
#define PIDS_MAX	65536
#define COMM_LEN	64
#define CENSUS_TRIES	16

/* Fields of /proc/PID/stat, as proc(5) counts them; the third is the state. */
#define STAT_STATE	3
#define STAT_THREADS	20
#define STAT_CPU	39

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

struct task {
	int pid;
	int cpu;
	unsigned int threads;
	char state;
	char comm[COMM_LEN];
};

struct tasks {
	size_t nr;
	struct task task[TASKS_MAX];
};

/**
 * struct census - all that must be the same before and after
 * @tasks: the tasks there were
 * @slab: objects of task_struct that are not these tasks' ones
 * @no_slab: why there is no @slab to be had, or NULL
 */
struct census {
	struct tasks tasks;
	long slab;
	const char *no_slab;
};

static struct census before, after;

/* The moves of a cycle are over for a CPU when it has been off and on. */
enum move { MOVE_OFF, MOVE_ON, MOVE_NONE };

static u64 seed = 1;
static unsigned long cycles = 20;
static u64 rng;

static u64 cpus;		/* online at the start, and to be at the end */
static u64 movable;	/* those of them that go and come back */
static u64 online;		/* those that should be online now */
static struct thread threads[CPUS_MAX];

/* The last scan that found a pid to be none of a percpu/N; scans count from 2. */
static unsigned int stranger_in[PIDS_MAX];
static unsigned int scan = 1;

/* Where we are, for a diagnostic */
static const char *testcase;
static unsigned long cycle;
static int moved = -1;

static bool bit(u64 mask, unsigned int n)
{
	return mask >> n & 1;
}

/* --- What failed --- */

__printf(1, 2)
static bool fail(const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);

	if (moved >= 0)
		ktap_note("%s: %s, at cycle %lu cpu %d %s", testcase, what,
			  cycle, moved, bit(online, moved) ? "on" : "off");
	else
		ktap_note("%s: %s", testcase, what);
	return false;
}

static bool fail_file(const char *path, int err)
{
	return fail("%s: %s", path, strerror(err));
}

/* --- A seeded generator: SplitMix64 --- */

static u64 next_random(void)
{
	u64 z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A bit of @mask, which has one at least. */
static unsigned int random_bit(u64 mask)
{
	unsigned int n = next_random() % __builtin_popcountll(mask);

	while (n--)
		mask &= mask - 1;
	return __builtin_ctzll(mask);
}

/* --- Files --- */

/* Returns the length of the text in @buf, or -errno. */
static int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	buf[len] = '\0';
	return n < 0 ? n : (int)len;
}

/* Returns 0 or -errno. */
static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* --- CPUs --- */

/* Parse a list as "0-2,5". */
static bool parse_cpulist(const char *list, u64 *mask)
{
	unsigned int first, last;
	int used;

	*mask = 0;
	while (sscanf(list, "%u%n", &first, &used) == 1) {
		list += used;
		last = first;
		if (sscanf(list, "-%u%n", &last, &used) == 1)
			list += used;
		if (last >= CPUS_MAX)
			return false;
		for (; first <= last; first++)
			*mask |= 1ULL << first;
		if (*list == ',')
			list++;
	}
	return *list == '\n' || *list == '\0';
}

static bool read_online(u64 *mask)
{
	static const char path[] = CPU_DIR "/online";
	char list[256];
	int n = read_text(path, list, sizeof(list));

	if (n < 0)
		return fail_file(path, -n);
	if (!parse_cpulist(list, mask))
		return fail("%s: cannot make sense of %s", path, list);
	return true;
}

static void cpu_path(char *path, size_t size, unsigned int cpu)
{
	snprintf(path, size, CPU_DIR "/cpu%u/online", cpu);
}

static bool set_online(unsigned int cpu, bool on)
{
	char path[64];
	int err;

	moved = cpu;
	if (on)
		online |= 1ULL << cpu;
	else
		online &= ~(1ULL << cpu);
	cpu_path(path, sizeof(path), cpu);
	err = write_text(path, on ? "1" : "0");
	return err ? fail_file(path, -err) : true;
}

/*
 * One CPU stays: the one that the architecture keeps, else the one that the
 * seed names.
 */
static void choose_movable(void)
{
	unsigned int cpu;
	char path[64];

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		cpu_path(path, sizeof(path), cpu);
		if (bit(cpus, cpu) && !access(path, W_OK))
			movable |= 1ULL << cpu;
	}
	if (cpus && movable == cpus)
		movable &= ~(1ULL << random_bit(cpus));
}

/* --- Tasks, as /proc has them --- */

/* Fill @t from /proc/@name/stat; false if that task is gone by now. */
static bool read_task(const char *name, struct task *t)
{
	unsigned int field = STAT_STATE;
	char path[64], text[1024];
	char *comm, *end, *word, *save;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", name);
	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	/* A name may have parentheses of its own. */
	comm = strchr(text, '(');
	end = strrchr(text, ')');
	if (!comm || !end)
		return false;
	*end++ = '\0';
	t->pid = atoi(name);
	snprintf(t->comm, sizeof(t->comm), "%s", comm + 1);
	for (word = strtok_r(end, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), field++) {
		if (field == STAT_STATE)
			t->state = *word;
		else if (field == STAT_THREADS)
			t->threads = atoi(word);
		else if (field == STAT_CPU)
			t->cpu = atoi(word);
	}
	return field > STAT_CPU;
}

/* Fill @tasks, without those that @skip knows by their pid. */
static bool read_tasks(struct tasks *tasks, bool (*skip)(unsigned int pid))
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	tasks->nr = 0;
	if (!dir)
		return fail_file("/proc", errno);
	while (tasks->nr < TASKS_MAX && (d = readdir(dir))) {
		if (*d->d_name < '1' || *d->d_name > '9')
			continue;
		if (skip && skip(atoi(d->d_name)))
			continue;
		if (read_task(d->d_name, &tasks->task[tasks->nr]))
			tasks->nr++;
	}
	closedir(dir);
	return tasks->nr < TASKS_MAX ? true : fail("too many tasks");
}

/* Workers come and go as the kernel likes; a rescuer (kworker/R-) does not. */
static bool is_worker(const struct task *t)
{
	return !strncmp(t->comm, "kworker/", 8) && t->comm[8] != 'R';
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
	int err;

	snprintf(path, sizeof(path), PERCPU_DIR "/%s", file);
	err = write_text(path, "1");
	return err ? fail_file(path, -err) : true;
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

/*
 * Most tasks are none of the module's, and to read them all at each step takes
 * longer than the step. A pid is not used anew before all others were, so one
 * that was there a scan ago is still the same task.
 */
static void mark_stranger(unsigned int pid)
{
	if (pid < PIDS_MAX)
		stranger_in[pid] = scan;
}

static bool is_stranger(unsigned int pid)
{
	if (pid >= PIDS_MAX || stranger_in[pid] != scan - 1)
		return false;
	mark_stranger(pid);
	return true;
}

static bool check_tasks(void)
{
	static struct tasks tasks;
	u64 seen = 0;
	int cpu;
	size_t i;

	scan++;
	if (!read_tasks(&tasks, is_stranger))
		return false;
	for (i = 0; i < tasks.nr; i++) {
		cpu = percpu_of(&tasks.task[i]);
		if (cpu < 0) {
			mark_stranger(tasks.task[i].pid);
			continue;
		}
		if (!check_task(&tasks.task[i], cpu))
			return false;
		seen |= 1ULL << cpu;
	}
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

/* All CPUs off and on again, in any order that keeps a CPU's off before on. */
static bool run_cycle(void)
{
	enum move next[CPUS_MAX] = { 0 };
	u64 todo = movable;
	unsigned int cpu;

	while (todo) {
		cpu = random_bit(todo);
		if (!set_online(cpu, next[cpu] == MOVE_ON) || !check_all())
			return false;
		if (++next[cpu] == MOVE_NONE)
			todo &= ~(1ULL << cpu);
	}
	return true;
}

static bool run_cycles(void)
{
	bool ok = true;

	for (cycle = 1; ok && cycle <= cycles; cycle++) {
		ktap_note("hotplug: cycle %lu of %lu", cycle, cycles);
		ok = run_cycle();
	}
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

static const char *no_slab(void)
{
	struct stat st;

	if (lstat(SLAB_DIR, &st))
		return "no " SLAB_DIR;
	if (S_ISLNK(st.st_mode))
		return "task_struct shares its slab; boot with slab_nomerge";
	return NULL;
}

static long count_tasks(const struct tasks *tasks)
{
	long nr = 0;
	size_t i;

	for (i = 0; i < tasks->nr; i++)
		nr += tasks->task[i].threads;
	return nr;
}

static bool same_pids(const struct tasks *a, const struct tasks *b)
{
	size_t i;

	if (a->nr != b->nr || count_tasks(a) != count_tasks(b))
		return false;
	for (i = 0; i < a->nr; i++)
		if (a->task[i].pid != b->task[i].pid)
			return false;
	return true;
}

static bool read_slab(struct census *c)
{
	static const char shrink[] = SLAB_DIR "/shrink";
	static const char objects[] = SLAB_DIR "/objects";
	char text[256];
	int n;

	/* A slab that is some CPU's own counts as full: give them all back. */
	n = write_text(shrink, "1");
	if (n < 0)
		return fail_file(shrink, -n);
	n = read_text(objects, text, sizeof(text));
	if (n < 0)
		return fail_file(objects, -n);
	c->slab = atol(text) - count_tasks(&c->tasks);
	return true;
}

/*
 * The number of objects goes with the set of tasks only if no worker was born
 * or died meanwhile, and none just before that RCU still holds: the set has to
 * be the same before the settling and after the count.
 */
static bool take_census(struct census *c)
{
	static struct tasks again;
	unsigned int tries;

	c->no_slab = no_slab();
	for (tries = 0; tries < CENSUS_TRIES; tries++) {
		if (!read_tasks(&c->tasks, NULL) || !tell_module("settle"))
			return false;
		if (!c->no_slab && !read_slab(c))
			return false;
		if (!read_tasks(&again, NULL))
			return false;
		if (same_pids(&c->tasks, &again))
			return true;
	}
	return fail("tasks come and go all the time");
}

static bool match_task(const struct task *t, const struct tasks *in,
		       bool *taken)
{
	size_t i;

	for (i = 0; i < in->nr; i++) {
		if (!taken[i] && !strcmp(in->task[i].comm, t->comm)) {
			taken[i] = true;
			return true;
		}
	}
	return false;
}

/* Does each task of @a have its like in @b? */
static bool compare_tasks(const struct tasks *a, const struct tasks *b,
			  const char *how)
{
	static bool taken[TASKS_MAX];
	bool ok = true;
	size_t i;

	memset(taken, 0, sizeof(taken));
	for (i = 0; i < a->nr; i++)
		if (!is_worker(&a->task[i]) &&
		    !match_task(&a->task[i], b, taken))
			ok = fail("the tasks of the start expected, pid %d (%s) %s",
				  a->task[i].pid, a->task[i].comm, how);
	return ok;
}

static bool test_tasks(void)
{
	bool left = compare_tasks(&after.tasks, &before.tasks, "is new");
	bool gone = compare_tasks(&before.tasks, &after.tasks, "is gone");

	return left && gone;
}

static bool test_zombies(void)
{
	const struct task *t;
	bool ok = true;
	size_t i;

	for (i = 0; i < after.tasks.nr; i++) {
		t = &after.tasks.task[i];
		if (t->state == 'Z')
			ok = fail("no zombie expected, pid %d (%s) seen",
				  t->pid, t->comm);
	}
	return ok;
}

static bool test_slab(void)
{
	if (after.slab != before.slab)
		return fail("%ld task_struct beyond those of the tasks expected, %ld seen",
			    before.slab, after.slab);
	return true;
}

/* --- The document --- */

static bool test_start(void)
{
	if (!read_online(&cpus))
		return false;
	online = cpus;
	choose_movable();
	ktap_note("hotplug: seed %llu, %lu cycles, CPUs %#llx, of which %#llx move",
		  seed, cycles, cpus, movable);
	return check_all() && take_census(&before);
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
	return take_census(&after);
}

static void run_leftovers(const char *skip)
{
	const char *no = skip ? skip : after.no_slab;

	run_case("no_task_left", test_tasks, skip);
	run_case("no_zombie_left", test_zombies, skip);
	run_case("no_slab_object_left", test_slab, no);
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

static bool read_number(const char *name, u64 *value)
{
	const char *text = getenv(name);
	char *end;

	if (!text)
		return true;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (!errno && end != text && !*end)
		return true;
	kmsg_print("hotplug: %s=%s is no number", name, text);
	return false;
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
	run_suite();
	return ktap_end() ? EXIT_SUCCESS : EXIT_FAILURE;
}
