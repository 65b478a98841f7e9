// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task that sleeps is made real-time and fair again, with another nice value each time.
 * Its lag is taken for one of the new weight when it comes back, and scaled when its weight
 * changes after that, so that it grows without bound; then the task wakes. A kernel that
 * has the bug finds no task to run, and uses the NULL; one that has not reports a pass.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Others that want the CPU, or there is no lag */
#define BUSY		2
/* How often the lag is scaled before the task wakes, at most */
#define ROUNDS		6
/* Priority of who does all this, and of the sleeper while it is real-time */
#define MASTER		50
#define GUEST		1

/* What sched_setattr() takes */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static void sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void set(pid_t pid, uint32_t policy, int32_t nice, uint32_t priority)
{
	struct attr a = {
		.size = sizeof(a), .policy = policy, .nice = nice, .priority = priority,
	};

	if (syscall(SYS_sched_setattr, pid, &a, 0)) {
		printf("    # sched_setattr: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static bool is_asleep(pid_t pid)
{
	char path[64], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	fgets(text, sizeof(text), f);
	fclose(f);
	return strstr(text, ") S ");
}

static void wait_until_asleep(pid_t pid)
{
	/* It may be about to wake. */
	do
		sleep_ms(20);
	while (!is_asleep(pid));
}

static pid_t make(void (*fn)(void), int nice)
{
	pid_t pid = fork();

	if (!pid) {
		set(0, SCHED_OTHER, nice, 0);
		for (;;)
			fn();
	}
	return pid;
}

static void be_busy(void)
{
}

static void sleep_a_while(void)
{
	sleep_ms(200);
}

/* Back to the fair class with the greatest weight, then the least: the lag is scaled. */
static void scale_lag(pid_t pid)
{
	set(pid, SCHED_FIFO, 0, GUEST);
	set(pid, SCHED_OTHER, -20, 0);
	set(pid, SCHED_OTHER, 19, 0);
}

int main(void)
{
	cpu_set_t one;
	pid_t busy[BUSY], sleeper;
	int i, k;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: lag\n    1..1\n");
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	set(0, SCHED_FIFO, 0, MASTER);
	for (i = 0; i < BUSY; i++)
		busy[i] = make(be_busy, 0);
	sleeper = make(sleep_a_while, 19);
	for (i = 0; i < ROUNDS; i++) {
		printf("    # the lag is scaled %d times\n", i);
		wait_until_asleep(sleeper);
		for (k = 0; k < i; k++)
			scale_lag(sleeper);
		set(sleeper, SCHED_FIFO, 0, GUEST);
		set(sleeper, SCHED_OTHER, -20, 0);
		sleep_ms(300);
		wait_until_asleep(sleeper);
		set(sleeper, SCHED_OTHER, 19, 0);
		sleep_ms(900);
	}
	for (i = 0; i < BUSY; i++)
		kill(busy[i], SIGKILL);
	kill(sleeper, SIGKILL);
	printf("    ok 1 a_sleeper_wakes\nok 1 lag\n");
	return EXIT_SUCCESS;
}
