// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stress for the objects of the module torture. One actor takes CPUs offline and
 * online. The others have the module spawn, start, wake and destroy threads, or do
 * what processes do.
 *
 * RESPAWN_SEED seeds all that is drawn.
 * RESPAWN_CYCLES is how often the first actor moves CPUs; the others go on until it
 * is done. RESPAWN_ACTORS is the number of the others. RESPAWN_OPS lists the
 * operations, as "name" or "name:weight"; without it the seed decides.
 * RESPAWN_AIM lists those that are to be done more often, RESPAWN_NEAR those that are to be
 * rarer than these and less rare than the rest.
 * RESPAWN_KEEP lists which draws of which actors are made, as "1:0-7,9/2:3"; each has a
 * stream of random numbers of its own, so that it is the same without the others.
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
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

/* How often the objects that are left over are counted before that is a failure */
#define LEFTOVER_TRIES	20

u64 seed = 1;
u64 cycles = 20;
u64 actors = 3;
u64 rng, drawn;
unsigned int actor;
bool broken;
bool stuck;
unsigned long *done;
const char *planted = "";
bool parks;

static char respawn_was[8];

/* Is "@kind:@what" the defect to plant? */
bool is_planted(const char *kind, const char *what)
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

u64 draw(u64 below)
{
	return (random_next(&rng) >> 32) % below;
}

/* Fork a child process; @who says what it is for. */
pid_t fork_for(const char *who)
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

/* Without this, the kernel prints a line for each time that caches are dropped. */
static bool drop_quietly(void)
{
	return !find_op("memory")->weight || must_write(DROP_CACHES, "4");
}

/* The hotplug thread exists from the beginning. */
static bool begin_percpu(void)
{
	const struct op *op = find_op("percpu");

	if (!op || !op->weight)
		return true;
	return !torture("op", "%s %u 0 0 0", op->name, HOTPLUG_ACTOR);
}

static bool prepare(void)
{
	done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	rng = seed;
	return take_census(&before, settle) && prepare_cpus() && see_respawn() &&
	       drop_quietly() && begin_percpu();
}

static void restore(void)
{
	restore_sched();
	restore_cpus();
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
	leave_out_cpus(&before, late);
	leave_out_cpus(&after, late);
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

/*
 * What there is to plant:
 *  - an oracle's name: what it looks out for, by the module or go_astray()
 *  - "unasked:ORACLE": it does not look
 *  - "foreign_refusal": a CPU does not come online while a hotplug state is refused
 *  - "unusable:FILE": it can be neither read nor written
 *  - "unforked:WHO", "killed:WHO": see fork_for()
 *  - "known:cpuset", "known:affinity", "known:partial", "known:lag", "known:drain": what is
 *    done for bugs of docs/found.md is not done; the last two by the module, too
 *  - "no_hotplug": no operation moves a CPU
 */
static bool plant(void)
{
	static const char *const ours[] = {
		"unforked:set", "unforked:fork", "unforked:full", "unforked:actor",
		"killed:set", "killed:fork", "killed:full", "killed:actor",
		"known:cpuset", "known:affinity", "known:partial", "no_hotplug",
	};
	const char *name = getenv("RESPAWN_PLANT");
	size_t i;

	if (!name || !*name)
		return true;
	planted = name;
	if (!strncmp(name, "unusable:", strlen("unusable:"))) {
		plant_unusable(name + strlen("unusable:"));
		return true;
	}
	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(name, ours[i]))
			return true;
	/* What is nobody's is an error. */
	return !torture("plant", "%s", name);
}

static bool read_environment(void)
{
	if (!read_number("RESPAWN_SEED", &seed) ||
	    !read_number("RESPAWN_CYCLES", &cycles) ||
	    !read_number("RESPAWN_ACTORS", &actors))
		return false;
	if (actors > ACTORS_MAX - 1)
		return fail("RESPAWN_ACTORS: %d are the most", ACTORS_MAX - 1);
	return plant() && prepare_sched() && read_ops_wanted() && read_keep();
}

int main(void)
{
	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	fail_tell(tell);
	if (!read_environment())
		return EXIT_FAILURE;
	ktap_begin("stress", 16);
	if (prepare())
		run();
	report();
	return ktap_end() && !broken ? EXIT_SUCCESS : EXIT_FAILURE;
}
