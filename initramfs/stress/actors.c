// SPDX-License-Identifier: GPL-2.0-only
/*
 * The actors: each is a process that does one operation after the other.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

/* Cycles between two progress messages */
#define SAY_CYCLES	10

/* How long actors may take to end after a failure, in polls */
#define POLL_NS		100000000
#define POLLS_MAX	10

/* As many as the host asks for at most */
#define RANGES_MAX	512

/* How many draws in a row may name an operation that has nothing to do */
#define DRAWS_MAX	1000

/* Actors wait at one end until the other is closed, so that all of them exist. */
static int gate[2];

/**
 * struct range - draws that are made
 * @actor: whose they are
 * @first: number of the first one
 * @last: number of the last one
 */
struct range {
	unsigned int actor;
	u64 first;
	u64 last;
};

/* Those that RESPAWN_KEEP lists. If it is not there, all are made. */
static struct range keep[RANGES_MAX];
static size_t nr_keep;
static bool keeps;

/* "1:0-7,9": the draws of an actor */
static bool read_keep_of(char *text)
{
	char *colon = strchr(text, ':'), *word, *save;
	struct range *r;
	unsigned int of;
	int used;

	if (!colon || sscanf(text, "%u:", &of) != 1)
		return fail("RESPAWN_KEEP: %s has no actor", text);
	for (word = strtok_r(colon + 1, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (nr_keep == RANGES_MAX)
			return fail("RESPAWN_KEEP: more than %d ranges", RANGES_MAX);
		r = &keep[nr_keep++];
		r->actor = of;
		used = 0;
		if (sscanf(word, "%llu%n", &r->first, &used) == 1 && !word[used])
			r->last = r->first;
		else if (sscanf(word, "%llu-%llu%n", &r->first, &r->last, &used) != 2 ||
			 word[used])
			return fail("RESPAWN_KEEP: %s is no range", word);
	}
	return true;
}

/**
 * read_keep - see which draws are to be made
 *
 * Return: true, or false when it has said what is wrong with RESPAWN_KEEP
 */
bool read_keep(void)
{
	const char *all = getenv("RESPAWN_KEEP");
	char text[TEXT_LEN], *word, *save;

	keeps = all;
	if (snprintf(text, sizeof(text), "%s", all ? all : "") >= (int)sizeof(text))
		return fail("RESPAWN_KEEP: more than %zu bytes", sizeof(text) - 1);
	for (word = strtok_r(text, "/", &save); word; word = strtok_r(NULL, "/", &save))
		if (!read_keep_of(word))
			return false;
	return true;
}

/* Move @drawn on to the next draw that is made, if it is none. */
static bool find_draw(void)
{
	u64 next = UINT64_MAX;
	size_t i;

	if (!keeps)
		return true;
	for (i = 0; i < nr_keep; i++) {
		const struct range *r = &keep[i];
		u64 first = r->first > drawn ? r->first : drawn;

		if (r->actor == actor && first <= r->last && first < next)
			next = first;
	}
	drawn = next;
	return next != UINT64_MAX;
}

/* Each draw has a stream of its own: it is the same whatever came before. */
static void begin_stream(void)
{
	rng = seed;
	rng = random_next(&rng) ^ actor;
	rng = random_next(&rng) ^ drawn;
	random_next(&rng);
}

/* Returns whether to go on. */
static bool act_once(bool hotplug)
{
	const struct op *op;

	begin_stream();
	op = pick(hotplug);
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

	for (i = 0; i < DRAWS_MAX && !done[actor]; i++, drawn++)
		if (!act_once(true))
			return;
	if (!done[actor])
		fail("no operation on CPUs could be done, in %d draws", DRAWS_MAX);
}

/* Two moves are a cycle: as a rule one off, one on. */
static void act_hotplug(void)
{
	bool go_on = true;

	for (drawn = 0; go_on && find_draw() && drawn < 2 * cycles; drawn++) {
		if (!(drawn % (2 * SAY_CYCLES)))
			ktap_note("stress: cycle %llu of %llu", drawn / 2 + 1, cycles);
		go_on = act_once(true);
	}
	/* Where not all is done, the others end by themselves. */
	if (keeps)
		return;
	if (go_on && movable && cycles && weight_of(true))
		insist();
	torture("stop", "1");
}

static void act_threads(void)
{
	for (drawn = 0; weight_of(false) && find_draw() && act_once(false); drawn++)
		;
	leave_cpuset();
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

void run_actors(void)
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
	torture("stop", "1");
}
