// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/run/allotted.c: what a process had of the host's time, and what it
 * had to wait for.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/util.h"
#include "run/allotted.h"

#define LOOKS		50
#define LOOK_NS		20000000

static void sleep_on(void)
{
	for (;;)
		pause();
}

static void spin(void)
{
	for (;;)
		asm volatile("");
}

/* The first CPU that we may use */
static void pin(void)
{
	cpu_set_t set, one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		_exit(1);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		_exit(1);
}

static void spin_there(void)
{
	pin();
	spin();
}

/* It runs when nobody else wants the CPU. */
static void spin_behind_others(void)
{
	if (sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 }))
		_exit(1);
	spin_there();
}

/* Until its child is another program, or gone, it can do nothing, as if for a disk. */
static void wait_as_for_a_disk(void)
{
	if (!vfork())
		sleep_on();
}

static pid_t child(void (*fn)(void))
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		if (getppid() == parent)
			fn();
		_exit(1);
	}
	setpgid(pid, pid);
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(-pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* It did what it was made for until then. */
	assert_true(WIFSIGNALED(status));
}

/**
 * struct had - what a process had of a while
 * @share: of it that counts
 * @seconds: that count
 * @cpu: seconds of CPU that it used
 */
struct had {
	double share;
	double seconds;
	double cpu;
};

static struct had watch(pid_t pid)
{
	const struct timespec bit = { .tv_nsec = LOOK_NS };
	double begun = now(), before;
	struct allotted a;

	allotted_begin(&a, pid);
	before = a.cpu;
	for (int i = 0; i < LOOKS; i++) {
		nanosleep(&bit, NULL);
		allotted_look(&a);
	}
	return (struct had){
		.share = a.seconds / (now() - begun), .seconds = a.seconds, .cpu = a.cpu - before,
	};
}

static void who_sleeps_has_all_of_it(void **state)
{
	pid_t pid = child(sleep_on);
	struct had had = watch(pid);

	(void)state;
	end(pid);
	assert_true(had.share > .9 && had.share <= 1);
	assert_true(had.cpu < .1);
}

static void what_is_used_counts(void **state)
{
	pid_t pid = child(spin);
	struct had had = watch(pid);

	(void)state;
	end(pid);
	assert_true(had.share <= 1);
	assert_true(had.seconds >= had.cpu - .1);
}

static void who_stands_behind_others_has_little(void **state)
{
	pid_t other = child(spin_there), pid = child(spin_behind_others);
	struct had had = watch(pid);

	(void)state;
	end(pid);
	end(other);
	assert_true(had.share < .5);
}

static void who_waits_for_a_disk_has_nothing(void **state)
{
	pid_t pid = child(wait_as_for_a_disk);
	struct had had = watch(pid);

	(void)state;
	end(pid);
	assert_true(had.share < .1);
}

static void who_is_gone_is_no_trouble(void **state)
{
	pid_t pid = child(sleep_on);
	struct allotted a;

	(void)state;
	allotted_begin(&a, pid);
	end(pid);
	usleep(100000);
	allotted_look(&a);
	assert_true(a.seconds > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sleeps_has_all_of_it),
		cmocka_unit_test(what_is_used_counts),
		cmocka_unit_test(who_stands_behind_others_has_little),
		cmocka_unit_test(who_waits_for_a_disk_has_nothing),
		cmocka_unit_test(who_is_gone_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
