// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library that QEMU loads: a main loop that polls comes back when the other
 * thread waits, and not before. QEMU is played by this program, which runs itself.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/main_loop.h"

#define PLAYS_QEMU	"TEST_MAIN_LOOP_PLAYS_QEMU"
#define WITH_LOCK	"TEST_MAIN_LOOP_WITH_LOCK"
#define DISORDER	"RESPAWN_MAIN_LOOP_DISORDER"
#define LIBRARY_FD	9
#define ROUNDS		20
#define BUSY_NS		5000000	/* less than the patience of the library */
/* How the program ends that plays QEMU */
#define IN_ORDER	10
#define OUT_OF_ORDER	11

static pthread_mutex_t big_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_cond_t created = PTHREAD_COND_INITIALIZER;
static bool has_monitor, is_created, has_work, is_over;
static _Atomic bool is_busy;

static void be_busy(long ns)
{
	struct timespec t;
	clockid_t clock;

	pthread_getcpuclockid(pthread_self(), &clock);
	clock_gettime(clock, &t);
	ns += t.tv_nsec + t.tv_sec * 1000000000L;
	while (t.tv_nsec + t.tv_sec * 1000000000L < ns)
		clock_gettime(clock, &t);
}

/* Runs without the lock, waits with it, as the guest CPUs of QEMU do. */
static void *guest_cpus(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&big_lock);
	is_created = true;
	pthread_cond_broadcast(&created);
	while (!is_over) {
		while (!has_work && !is_over)
			pthread_cond_wait(&work, &big_lock);
		has_work = false;
		pthread_mutex_unlock(&big_lock);
		be_busy(BUSY_NS);
		is_busy = false;
		pthread_mutex_lock(&big_lock);
	}
	pthread_mutex_unlock(&big_lock);
	return NULL;
}

static void *monitor(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&other_lock);
	has_monitor = true;
	pthread_cond_broadcast(&created);
	pthread_mutex_unlock(&other_lock);
	return NULL;
}

/* Give them work, and poll what is ready at once. */
static bool returned_in_time(struct pollfd *ready, bool with_lock)
{
	is_busy = true;
	has_work = true;
	pthread_cond_broadcast(&work);
	if (!with_lock)
		pthread_mutex_unlock(&big_lock);
	ppoll(ready, 1, NULL, NULL);
	if (with_lock)
		return true;
	pthread_mutex_lock(&big_lock);
	return !is_busy;
}

/* QEMU has waited for another thread by another lock before. */
static void await_monitor(void)
{
	pthread_t thread;

	pthread_mutex_lock(&other_lock);
	pthread_create(&thread, NULL, monitor, NULL);
	while (!has_monitor)
		pthread_cond_wait(&created, &other_lock);
	pthread_mutex_unlock(&other_lock);
	pthread_join(thread, NULL);
}

static int play_qemu(void)
{
	struct pollfd ready = { .fd = eventfd(1, EFD_CLOEXEC), .events = POLLIN };
	bool with_lock = getenv(WITH_LOCK), in_order = true;
	pthread_t thread;

	/* Whatever hangs ends here. */
	alarm(30);
	await_monitor();
	pthread_mutex_lock(&big_lock);
	pthread_create(&thread, NULL, guest_cpus, NULL);
	while (!is_created)
		pthread_cond_wait(&created, &big_lock);
	/* QEMU gives up its lock at its first poll. */
	pthread_mutex_unlock(&big_lock);
	pthread_mutex_lock(&big_lock);
	for (int i = 0; i < ROUNDS; i++)
		in_order &= returned_in_time(&ready, with_lock);
	is_over = true;
	pthread_cond_broadcast(&work);
	pthread_mutex_unlock(&big_lock);
	pthread_join(thread, NULL);
	/* Nobody is left to wait for. */
	ppoll(&ready, 1, NULL, NULL);
	return in_order ? IN_ORDER : OUT_OF_ORDER;
}

/* How that ends with the library loaded, and @variable set */
static int run_qemu(const char *variable)
{
	int library = main_loop_open(), status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		dup2(library, LIBRARY_FD);
		setenv(PLAYS_QEMU, "1", 1);
		if (variable)
			setenv(variable, "1", 1);
		main_loop_preload(LIBRARY_FD);
		execl("/proc/self/exe", "qemu", NULL);
		_exit(127);
	}
	close(library);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void main_loop_waits_its_turn(void **state)
{
	(void)state;
	assert_int_equal(run_qemu(NULL), IN_ORDER);
}

/* That would be seen. */
static void disorder_shows(void **state)
{
	(void)state;
	assert_int_equal(run_qemu(DISORDER), OUT_OF_ORDER);
}

/* Who polls with the lock is waited for, and must not wait. */
static void no_wait_with_the_lock(void **state)
{
	(void)state;
	assert_int_equal(run_qemu(WITH_LOCK), IN_ORDER);
}

static void what_a_user_preloads_stays(void **state)
{
	(void)state;
	setenv("LD_PRELOAD", "libother.so", 1);
	main_loop_preload(7);
	assert_string_equal(getenv("LD_PRELOAD"), "/proc/self/fd/7:libother.so");
	unsetenv("LD_PRELOAD");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_loop_waits_its_turn),
		cmocka_unit_test(disorder_shows),
		cmocka_unit_test(no_wait_with_the_lock),
		cmocka_unit_test(what_a_user_preloads_stays),
	};

	if (getenv(PLAYS_QEMU))
		return play_qemu();
	return cmocka_run_group_tests_name("main_loop", tests, NULL, NULL);
}
