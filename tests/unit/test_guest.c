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

/* The real one, without a machine, once it takes signals */
static pid_t start_qemu(const char *log, const char *pidfile)
{
	pid_t pid = fork();

	if (!pid) {
		if (!freopen(log, "w", stderr))
			_exit(126);
		execlp("qemu-system-aarch64", "qemu", "-M", "none", "-display", "none",
		       "-monitor", "none", "-serial", "none", "-pidfile", pidfile, NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && !exists(pidfile); i++)
		usleep(10000);
	return pid;
}

/* That it exits with 0 when it is told to end is no end of the guest's own. */
static void a_qemu_that_was_told_to_end(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	__auto_free char *log = fmt("%s/qemu.log", out), *pidfile = fmt("%s/pid", out);

	(void)state;
	if (access("/usr/bin/qemu-system-aarch64", X_OK))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		__auto_free char *said = NULL, *detail = NULL;
		pid_t pid = start_qemu(log, pidfile);
		int status;

		assert_true(exists(pidfile));
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
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
