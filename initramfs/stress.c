// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts the threads of the module torture, and what else it has, to stress: one
 * actor takes CPUs offline and online, the others have the module spawn, start,
 * wake and destroy, or do what processes do.
 *
 * Each actor draws what it does from a stream of its own. RESPAWN_SEED names the
 * streams, RESPAWN_CYCLES says how often the first actor moves CPUs, the others
 * go on until it is done. RESPAWN_ACTORS is their number, RESPAWN_OPS which
 * operations there are, as "name" or "name:weight"; without it the seed decides.
 * RESPAWN_PLANT names a case that is to fail.
 *
 * The module decides whether all holds that has to, and says to whoever asks
 * for an operation after the first thing that does not that it is cancelled.
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
#define RESPAWN_PATH	"/sys/module/smpboot/parameters/respawn"
#define DROP_CACHES	"/proc/sys/vm/drop_caches"
#define FAILSLAB_DIR	"/sys/kernel/debug/failslab"
#define STATES_PATH	CPU_DIR "/hotplug/states"
#define THREADS_MAX	"/proc/sys/kernel/threads-max"
#define FAIL_NTH	"/proc/self/fail-nth"
#define VISITOR		"/modules/visitor.ko"
#define PRINTK		"/proc/sys/kernel/printk"

/* Console level: notices are said, information is not */
#define WITHOUT_INFO	"6"

/* Cycles between two words of how far the run is */
#define SAY_CYCLES	10

#define OPS_MAX		64
#define NAME_LEN	32
#define ACTORS_MAX	14
#define STATES_MAX	512
#define TEXT_LEN	16384

/* Time that is left to actors after a failure, in polls */
#define POLL_NS		100000000
#define POLLS_MAX	10

/* How often what is left over is counted, before it counts */
#define LEFTOVER_TRIES	20

/* What the module knows actors by; it is actor 0 itself. */
#define HOTPLUG_ACTOR	1

/**
 * struct op - an operation
 * @name: its name in the event log
 * @weight: how often it is done, beside the others; 0 is never
 * @fn: does it and returns 0 or -errno; NULL if the module does
 * @hotplug: it is one of the actor's that moves CPUs
 * @slots: how many things the module has for it
 * @needs: a file without which it can't be done, or NULL
 * @chosen: it was asked for by its name
 */
struct op {
	char name[NAME_LEN];
	unsigned int weight;
	int (*fn)(const struct op *op);
	bool hotplug;
	unsigned int slots;
	const char *needs;
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

static struct op ops[OPS_MAX] = {
	{ "offline", 8, do_offline, true, 0, NULL, false },
	{ "online", 8, do_online, true, 0, NULL, false },
	{ "set", 2, do_set, true, 0, NULL, false },
	{ "partial", 3, do_partial, true, 0, CPU_DIR "/cpu0/hotplug/target", false },
	{ "failing", 4, do_failing, true, 0, CPU_DIR "/cpu0/hotplug/fail", false },
	{ "starved", 2, do_starved, true, 0, FAILSLAB_DIR, false },
	{ "full", 1, do_full, true, 0, NULL, false },
	{ "respawn-toggle", 1, do_toggle, false, 0, RESPAWN_PATH, false },
	{ "signal", 3, do_signal, false, 0, NULL, false },
	{ "fork", 1, do_fork, false, 0, NULL, false },
	{ "memory", 1, do_memory, false, 0, DROP_CACHES, false },
	{ "migrate", 2, do_migrate, false, 0, NULL, false },
	{ "module", 1, do_module, false, 0, VISITOR, false },
};

static size_t nr_ops = 13;

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
static char printk_was[32];

/* The hotplug states, and those of them where a CPU may be left */
static int states[STATES_MAX], stops[STATES_MAX];
static size_t nr_states, nr_stops;
/* The first of @stops where a CPU on its way down is still online */
static size_t first_online;
static size_t next_state;

/* The driver itself could not do its work. */
static bool broken;
/* An actor hangs in an operation, and who does one like it would, too. */
static bool stuck;
static bool counting_leftovers;

/* The defect that is asked for is the driver's to make. */
static bool planted_mask;

/* How many operations each actor did */
static unsigned long *done;

/* Actors wait at one end until the other is closed: then all of them are there. */
static int gate[2];

static void tell(const char *what)
{
	char text[128];

	ktap_note("%s", what);
	if (counting_leftovers) {
		snprintf(text, sizeof(text), "nothing_left %s", what);
		write_text(TORTURE_DIR "/expect", text);
	} else {
		broken = true;
	}
}

static u64 draw(u64 below)
{
	return (random_next(&rng) >> 32) % below;
}

/* --- The module --- */

__printf(2, 3)
static int torture(const char *file, const char *fmt, ...)
{
	char path[64], text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), TORTURE_DIR "/%s", file);
	return write_kept(path, text);
}

static bool settle(void)
{
	int err = torture("settle", "1");

	return err ? fail_file(TORTURE_DIR "/settle", -err) : true;
}

/* An operation of the driver's own, for the module to know of */
static int begin(const struct op *op, unsigned int slot, u64 arg)
{
	return torture("begin", "%s %u %u %llu", op->name, actor, slot, arg);
}

static int end(const struct op *op, unsigned int slot, u64 arg, int result)
{
	torture("end", "%s %u %u %llu %d", op->name, actor, slot, arg, result);
	return result;
}

static int do_in_module(const struct op *op)
{
	unsigned int slot = draw(op->slots);

	return torture("op", "%s %u %u %llu", op->name, actor, slot,
		       random_next(&rng) >> 32);
}

static bool is_over(void)
{
	static char text[TEXT_LEN];
	char *line, *save, name[NAME_LEN];
	long asked;
	int end;

	if (read_text(TORTURE_DIR "/oracles", text, sizeof(text)) < 0)
		return true;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%31s %ld %n", name, &asked, &end) == 2 &&
		    line[end])
			return true;
	return false;
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

/* A CPU that could not be moved is where it was. */
static int move(unsigned int cpu, bool on)
{
	int err = write_cpu(cpu, "online", on);

	if (!err)
		expect_online(cpu, on);
	return err;
}

/* Move a CPU that nobody asked for, because that was asked for. */
static void go_astray(void)
{
	static unsigned int chances;
	unsigned int cpu;

	if (!planted_mask || !movable || ++chances < 3)
		return;
	cpu = random_bit(&rng, movable);
	write_cpu(cpu, "online", !bit(online, cpu));
}

static void check_threads(void)
{
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
	err = end(op, cpu, 0, move(cpu, on));
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
	pid_t child = fork();

	if (!child)
		_exit(-move(cpu, on));
	return child;
}

/* Several at once, each by a process of its own */
static int do_set(const struct op *op)
{
	pid_t child[CPUS_MAX];
	unsigned int cpu;
	int status, err;
	u64 set;

	set = random_next(&rng) & movable;
	err = begin(op, 0, set);
	if (err)
		return err;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(set, cpu))
			child[cpu] = move_aside(cpu, !bit(online, cpu));
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (!bit(set, cpu) || child[cpu] < 0)
			continue;
		waitpid(child[cpu], &status, 0);
		if (WEXITSTATUS(status))
			err = -WEXITSTATUS(status);
		else
			expect_online(cpu, !bit(online, cpu));
	}
	end(op, 0, set, err);
	check_threads();
	return err;
}

/*
 * A CPU walks from the first to the last of these by itself, with interrupts
 * off. The kernel takes one of them for a target, and BUGs on the way.
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
		if (sscanf(line, "%d: %31s", &state, name) != 2 ||
		    nr_states == STATES_MAX)
			continue;
		/* Whoever removed one of these meanwhile would be told to fail. */
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
 * On the way down, what a dead CPU has lost, its RCU callbacks for one, comes
 * back only if it goes up all the way. So it dies all the way, too.
 */
static int draw_stop(unsigned int cpu)
{
	size_t first = bit(online, cpu) ? first_online : 0;

	return stops[first + draw(nr_stops - first)];
}

/* As far as a state in between, and then on or back */
static int do_partial(const struct op *op)
{
	unsigned int cpu;
	int state, last, err;
	bool on;

	if (!movable)
		return -EAGAIN;
	cpu = random_bit(&rng, movable);
	state = draw_stop(cpu);
	/* The kernel refuses to have the last but one taken for offline. */
	on = draw(2) || __builtin_popcountll(online & ~(1ULL << cpu)) < 2;
	last = states[on ? nr_states - 1 : 0];
	err = begin(op, cpu, state);
	if (err)
		return err;
	err = write_cpu(cpu, "hotplug/target", state);
	if (!err)
		usleep(draw(2000));
	/* Some states are none to stop at. */
	if (!err || err == -EINVAL)
		err = write_cpu(cpu, "hotplug/target", last);
	/* The file "online" knows nothing of it, and takes a CPU for what it was. */
	if (!err)
		err = move(cpu, on);
	end(op, cpu, state, err);
	check_threads();
	return err;
}

/* Every state gets to fail, in turn; some can't. */
static int do_failing(const struct op *op)
{
	unsigned int cpu;
	int state, err;

	if (!movable)
		return -EAGAIN;
	cpu = random_bit(&rng, movable);
	state = states[next_state++ % nr_states];
	if (write_cpu(cpu, "hotplug/fail", state))
		return -EINVAL;
	err = begin(op, cpu, state);
	if (err)
		return err;
	err = move(cpu, !bit(online, cpu));
	write_cpu(cpu, "hotplug/fail", -1);
	end(op, cpu, state, err);
	check_threads();
	return err;
}

/* A CPU comes up, or not, for want of something that there is again afterwards. */
static int do_wanting(const struct op *op, u64 arg, void (*take)(u64 arg),
		      void (*give_back)(void))
{
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
	give_back();
	end(op, cpu, arg, err);
	check_threads();
	return err;
}

/* Let the allocation @nth from now of this process fail; 0 is none. */
static void starve(u64 nth)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", nth);
	write_text(FAIL_NTH, text);
}

static void feed(void)
{
	starve(0);
}

/* One of the allocations on the way up fails, and if it matters the CPU stays off. */
static int do_starved(const struct op *op)
{
	return do_wanting(op, 1 + draw(60), starve, feed);
}

static pid_t filler;

/*
 * No thread can be forked, by anybody, for @us. It must not be for longer: a work
 * item may wait for a worker, and the CPU for that.
 */
static void fill(u64 us)
{
	filler = fork();
	if (filler > 0)
		write_text(THREADS_MAX, "20");
	if (filler)
		return;
	usleep(us);
	write_text(THREADS_MAX, threads_max);
	_exit(0);
}

static void empty(void)
{
	if (filler > 0)
		waitpid(filler, NULL, 0);
	write_text(THREADS_MAX, threads_max);
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
	int pid;

	if (read_text(TORTURE_DIR "/threads", text, sizeof(text)) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%u %d", slot, &pid) == 2 && !n--)
			return pid;
	return 0;
}

/* A pid is not used anew for long, so at worst there is nobody any more. */
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

static int do_fork(const struct op *op)
{
	u64 n = 1 + draw(4);
	int err = begin(op, 0, n);
	u64 i;

	if (err)
		return err;
	for (i = 0; i < n; i++)
		if (!fork())
			_exit(0);
	while (n--)
		wait(NULL);
	return end(op, 0, i, 0);
}

/* Pages come and go, and caches with them; bit 2 keeps the kernel quiet. */
static int do_memory(const struct op *op)
{
	size_t size = (1 + draw(4)) << 18;
	char what[2] = { '5' + (char)draw(3), '\0' };
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
		write_text(DROP_CACHES, what);
	return end(op, 0, size, err);
}

/* Have the scheduler move us; that CPU may be no more when we get there. */
static int do_migrate(const struct op *op)
{
	unsigned int cpu = random_bit(&rng, cpus);
	cpu_set_t set;
	int err = begin(op, cpu, 0);

	if (err)
		return err;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err = -errno;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (bit(cpus, cpu))
			CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	return end(op, 0, 0, err);
}

/*
 * A module comes and goes. Of two that load it at once both are told that they have,
 * and both unload it: one of them gets an error, and is not to mind.
 */
static int do_module(const struct op *op)
{
	unsigned int us = draw(3000);
	int fd = open(VISITOR, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : begin(op, 0, us);

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

/* --- Actors --- */

/* One of the operations that an actor has, or NULL if it has none */
static const struct op *pick(bool hotplug)
{
	unsigned int all = 0, n;
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].hotplug == hotplug)
			all += ops[i].weight;
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
	int err = op->fn ? op->fn(op) : do_in_module(op);

	done[actor]++;
	return err;
}

/* Two moves are a cycle: as a rule one off, one on. */
static void act_hotplug(void)
{
	const struct op *op;
	u64 i;

	for (i = 0; i < 2 * cycles; i++) {
		if (!(i % (2 * SAY_CYCLES)))
			ktap_note("stress: cycle %llu of %llu", i / 2 + 1, cycles);
		op = pick(true);
		if (!op)
			usleep(2000);
		else if (operate(op) == -ECANCELED)
			break;
	}
	torture("stop", "1");
}

static void act_threads(void)
{
	const struct op *op = pick(false);

	while (op && operate(op) != -ECANCELED)
		op = pick(false);
}

static pid_t start_actor(unsigned int number)
{
	pid_t child = fork();
	unsigned int i;

	if (child)
		return child;
	close(gate[1]);
	while (read(gate[0], &i, sizeof(i)) > 0)
		;
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

static void await_actors(unsigned int n)
{
	unsigned int polls = 0;
	int status;

	while (n && polls < POLLS_MAX) {
		if (wait_a_bit(&status) > 0) {
			n--;
			if (status)
				broken = true;
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
	/* One of them may see to it that nobody can fork. */
	if (pipe(gate)) {
		fail("pipe: %s", strerror(errno));
		return;
	}
	for (i = HOTPLUG_ACTOR; i <= HOTPLUG_ACTOR + actors; i++) {
		if (start_actor(i) < 0)
			fail("fork: %s", strerror(errno));
		else
			n++;
	}
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

/*
 * All at once hide each other: what one of them has broken, the next one mends.
 * So three seeds in four leave out about half, and what is left they weigh anew.
 */
static void draw_ops(void)
{
	size_t i;

	rng = ~seed;
	if (seed % 4 == 1)
		return;
	for (i = 0; i < nr_ops; i++)
		ops[i].weight *= draw(2) * (1 + draw(4));
	/* Of these, one is nothing without the other. */
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

static bool read_ops_wanted(void)
{
	static char names[1024];
	const char *text = getenv("RESPAWN_OPS");
	size_t i;

	if (text)
		snprintf(names, sizeof(names), "%s", text);
	if (!read_ops())
		return false;
	if (!*names)
		draw_ops();
	if (!choose_ops(names))
		return false;
	for (i = 0; i < nr_ops; i++)
		if (ops[i].weight)
			return true;
	return fail("RESPAWN_OPS: no operation can be done");
}

static bool plant(void)
{
	const char *name = getenv("RESPAWN_PLANT");

	planted_mask = name && !strcmp(name, "online_mask_as_asked");
	if (!name || !*name || !torture("plant", "%s", name))
		return true;
	return fail("RESPAWN_PLANT: there is no case %s", name);
}

/* --- The run --- */

static struct census before, after;

/* Threads may park if they do now, or if it is one of the operations. */
static void see_respawn(void)
{
	const struct op *toggle = find_op("respawn-toggle");

	read_text(RESPAWN_PATH, respawn_was, sizeof(respawn_was));
	parks = *respawn_was != 'Y' || toggle->weight;
}

/* An allocation that may sleep can fail, too, and no word of it. */
static void arm_failslab(void)
{
	write_text(FAILSLAB_DIR "/ignore-gfp-wait", "N");
	write_text(FAILSLAB_DIR "/verbose", "0");
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
	movable = movable_cpus(cpus, &rng);
	next_state = draw(nr_states);
	see_respawn();
	read_text(THREADS_MAX, threads_max, sizeof(threads_max));
	if (!access(FAILSLAB_DIR, F_OK))
		arm_failslab();
	/* The hotplug thread is there from the beginning. */
	if (find_op("percpu") && find_op("percpu")->weight)
		torture("op", "percpu %u 0 0", HOTPLUG_ACTOR);
	return true;
}

static void restore(void)
{
	unsigned int cpu;

	if (read_online(&online))
		for (cpu = 0; cpu < CPUS_MAX; cpu++)
			if (bit(cpus & ~online, cpu) && move(cpu, true))
				fail("CPU %u does not come back", cpu);
	if (*respawn_was)
		write_text(RESPAWN_PATH, respawn_was);
}

/*
 * The last to let go of a dead task is the CPU that it ran on, which may take its
 * time where CPUs run in parallel. What has leaked stays.
 */
static bool take_last_census(void)
{
	unsigned int tries = 0;

	do {
		if (tries)
			usleep(10000);
		if (!take_census(&after, settle))
			return false;
	} while (!after.no_slab && after.slab != before.slab &&
		 ++tries < LEFTOVER_TRIES);
	return true;
}

static void count_leftovers(void)
{
	counting_leftovers = true;
	if (!torture("drain", "1") && take_last_census()) {
		same_tasks(&before, &after);
		no_zombie(&after);
		if (!after.no_slab)
			same_slab(&before, &after);
		torture("expect", "nothing_left");
	}
	counting_leftovers = false;
}

static void report(void)
{
	static const char path[] = TORTURE_DIR "/oracles";
	static char text[TEXT_LEN];
	char *line, *save, name[NAME_LEN];
	long asked;
	int n = read_text(path, text, sizeof(text));

	if (n < 0)
		fail_file(path, -n);
	for (line = strtok_r(text, "\n", &save); n > 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%31s %ld %n", name, &asked, &n) != 2)
			continue;
		if (line[n])
			ktap_note("%s: %s", name, line + n);
		ktap_case(name, !line[n], asked ? NULL : "it was not tried");
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

/*
 * The kernel has some lines to say of each CPU that goes or comes, and each letter
 * is an access to a device: a fifth of the time of a run that does little else, for
 * what the event log has anyway. What goes wrong is said at a level of its own, and
 * who finds something lets the kernel talk again; but for RCU, which shows the stacks
 * of CPUs in a stall, and not those of tasks.
 */
static void hush(void)
{
	if (read_text(PRINTK, printk_was, sizeof(printk_was)) > 0)
		write_text(PRINTK, WITHOUT_INFO);
}

static void talk_again(void)
{
	if (*printk_was)
		write_text(PRINTK, printk_was);
}

static void run(void)
{
	struct timespec begun;

	ktap_note("stress: seed %llu, %llu cycles, %llu actors, CPUs %#llx, of which %#llx move",
		  seed, cycles, actors, cpus, movable);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	hush();
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
	return read_ops_wanted() && plant();
}

int main(void)
{
	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	if (!read_environment())
		return EXIT_FAILURE;
	fail_tell(tell);
	ktap_begin("stress", 14);
	if (prepare())
		run();
	report();
	return ktap_end() && !broken ? EXIT_SUCCESS : EXIT_FAILURE;
}
