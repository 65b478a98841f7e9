// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loaded into QEMU: its main loop waits until no guest CPU runs.
 *
 * With instruction counting, QEMU has one thread that runs all guest CPUs in
 * turn, and a main loop beside it. When all guest CPUs are idle, the main loop
 * moves the virtual clock to the next timer. It also looks for that whenever it
 * was woken for something else, and it is: each timer that expires wakes it. If it
 * looks in the moment in which the last guest CPU has halted and the instructions
 * that this CPU ran are not yet counted, then the clock goes too far, by as much as
 * they took. That is what is taken for the cause of runs of one seed that differ, once
 * in hundreds; a main loop that is made to come late has more of them.
 *
 * So the main loop goes on from its poll only while the thread of the guest CPUs
 * waits for work. All this stands on is that QEMU polls by ppoll(), and waits by
 * pthread_cond_wait() with its big lock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS	1000000LL
#define NS_PER_SEC	1000000000LL
/*
 * A guest that is never idle would keep the main loop for ever from all else, as
 * from the end of the guest. After so much CPU time of the guest it may go on; it
 * is not likely to meet that moment just then.
 */
#define PATIENCE_NS	(50 * NS_PER_MS)

static int (*real_cond_wait)(pthread_cond_t *cond, pthread_mutex_t *mutex);
static int (*real_cond_broadcast)(pthread_cond_t *cond);
static int (*real_mutex_lock)(pthread_mutex_t *mutex);
static int (*real_mutex_unlock)(pthread_mutex_t *mutex);
static int (*real_ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			 const sigset_t *mask);

static pthread_t main_thread;
/* The first other thread to wait is that of the guest CPUs; what it waits by */
static pthread_t guest_thread;
static pthread_cond_t *_Atomic work;
static pthread_mutex_t *_Atomic big_lock;
static clockid_t guest_clock;
/* Of the guest CPUs: not waiting, or about to be woken */
static _Atomic int guest_runs;
/* The main loop holds the lock, as it does until it polls for the first time. */
static bool main_locked = true;
/* For tests: the main loop comes late by up to so much, and does not wait. */
static long long late_ns;
static bool disorder;

static void *next(const char *name)
{
	/* Before that version, x86_64 had another condition variable. */
	return dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2") ?: dlsym(RTLD_NEXT, name);
}

/* By the first call, which a constructor of another library may make */
static void look_up(void)
{
	const char *late = getenv("RESPAWN_MAIN_LOOP_LATE_NS");

	main_thread = pthread_self();
	late_ns = late ? atoll(late) : 0;
	disorder = getenv("RESPAWN_MAIN_LOOP_DISORDER");
	real_cond_wait = next("pthread_cond_wait");
	real_cond_broadcast = next("pthread_cond_broadcast");
	real_mutex_unlock = next("pthread_mutex_unlock");
	real_ppoll = next("ppoll");
	real_mutex_lock = next("pthread_mutex_lock");
}

__attribute__((constructor)) static void main_loop_init(void)
{
	if (!real_mutex_lock)
		look_up();
}

/* What QEMU says goes to the record. */
__attribute__((destructor)) static void main_loop_exit(void)
{
	if (real_mutex_lock && !guest_thread)
		dprintf(STDERR_FILENO, "respawn: the main loop of this QEMU cannot be kept waiting\n");
}

static bool is_main(void)
{
	return pthread_equal(pthread_self(), main_thread);
}

/*
 * The main thread may wait for others before, for that of its monitor say. The last
 * it waits for, with the big lock, is that the thread of the guest CPUs exists, which
 * holds the lock until it waits itself. One that migrates comes much later.
 */
static bool is_guest(pthread_mutex_t *mutex)
{
	if (is_main()) {
		if (!guest_thread)
			big_lock = mutex;
		return false;
	}
	if (mutex == big_lock && !guest_thread) {
		guest_thread = pthread_self();
		pthread_getcpuclockid(guest_thread, &guest_clock);
	}
	return mutex == big_lock && pthread_equal(pthread_self(), guest_thread);
}

static void futex(int op, int value, const struct timespec *timeout)
{
	syscall(SYS_futex, &guest_runs, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	int ret;

	main_loop_init();
	if (!is_guest(mutex))
		return real_cond_wait(cond, mutex);
	work = cond;
	guest_runs = 0;
	futex(FUTEX_WAKE, 1, NULL);
	ret = real_cond_wait(cond, mutex);
	guest_runs = 1;
	return ret;
}

/* Counted from here on: the main loop can be back at its poll before anyone woke. */
int pthread_cond_broadcast(pthread_cond_t *cond)
{
	main_loop_init();
	if (cond == work)
		guest_runs = 1;
	return real_cond_broadcast(cond);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int ret;

	main_loop_init();
	ret = real_mutex_lock(mutex);
	if (mutex == big_lock && is_main())
		main_locked = true;
	return ret;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	main_loop_init();
	if (mutex == big_lock && is_main())
		main_locked = false;
	return real_mutex_unlock(mutex);
}

/* -1 of a thread that has ended */
static long long time_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		return -1;
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void come_late(void)
{
	static unsigned int seed;
	long long end;

	end = time_of(CLOCK_MONOTONIC) + rand_r(&seed) % late_ns;
	while (time_of(CLOCK_MONOTONIC) < end)
		;
}

static void await_turn(void)
{
	const struct timespec look = { .tv_nsec = PATIENCE_NS };
	long long begun = guest_runs ? time_of(guest_clock) : -1, at = begun;

	while (guest_runs && at >= 0 && at - begun < PATIENCE_NS) {
		futex(FUTEX_WAIT, 1, &look);
		at = time_of(guest_clock);
	}
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	int ret;

	main_loop_init();
	ret = real_ppoll(fds, n, timeout, mask);
	/* With the lock it would wait for one who waits for the lock. */
	if (!is_main() || main_locked)
		return ret;
	if (late_ns)
		come_late();
	if (!disorder)
		await_turn();
	return ret;
}
