// SPDX-License-Identifier: GPL-2.0-only
/* Tests of scripts/run/guest.c: what the end of a QEMU says of its guest. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "lib/util.h"
#include "run/guest.h"

#define EXITED(status)	((status) << 8)
#define TOLD		"terminating on signal 15 from pid 7 (sh)"

static void the_end_of_qemu_is_told(void **state)
{
	static const struct {
		int status;
		const char *said;
		enum ending ending;
		const char *detail;
	} ends[] = {
		{ EXITED(0), NULL, ENDING_ITSELF, "" },
		{ EXITED(0), "qemu: warning: x\n", ENDING_ITSELF, "" },
		{ EXITED(0), "qemu: warning: x\nqemu: " TOLD "\n", ENDING_KILLED,
		  "QEMU was told to end, not by respawn: " TOLD },
		{ EXITED(1), "cannot\ndo it\n", ENDING_QEMU_FAILED,
		  "QEMU failed with status 1: cannot" },
		{ EXITED(1), NULL, ENDING_QEMU_FAILED, "QEMU failed with status 1: " },
		{ SIGKILL, "", ENDING_KILLED,
		  "QEMU was killed by signal 9 (Killed), not by respawn" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char *detail = NULL;

		assert_int_equal(guest_ending(ends[i].status, ends[i].said, &detail),
				 ends[i].ending);
		assert_string_equal(detail, ends[i].detail);
		free(detail);
	}
}

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

/* The real one, without a machine; it takes signals as soon as it has a handler for them */
static pid_t start_qemu(const char *log)
{
	void (*was[ARRAY_SIZE(signals)])(int);
	pid_t pid;

	/* What comes too early must not end it in another way, whoever has it by then. */
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		was[i] = signal(signals[i], SIG_IGN);
	pid = fork();
	if (!pid) {
		if (!freopen(log, "w", stderr))
			_exit(126);
		execlp("qemu-system-aarch64", "qemu", "-M", "none", "-display", "none",
		       "-monitor", "none", "-serial", "none", NULL);
		_exit(127);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], was[i]);
	return pid;
}

/* Tell it until it has heard; its status, or -1 if it never does. */
static int tell_to_end(pid_t pid, int signal)
{
	int status;

	for (int i = 0; i < 3000; i++) {
		kill(pid, signal);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* That it exits with 0 when it is told to end is no end of the guest's own. */
static void a_qemu_that_was_told_to_end(void **state)
{
	__auto_free char *log = fmt("%s/qemu.log", out);

	(void)state;
	if (access("/usr/bin/qemu-system-aarch64", X_OK))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		__auto_free char *said = NULL, *detail = NULL;
		int status = tell_to_end(start_qemu(log), signals[i]);

		assert_int_equal(status, 0);
		said = read_file(log, NULL);
		assert_int_equal(guest_ending(status, said, &detail), ENDING_KILLED);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_qemu_is_told),
		cmocka_unit_test_setup_teardown(a_qemu_that_was_told_to_end, fresh_out,
						remove_out),
	};

	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
