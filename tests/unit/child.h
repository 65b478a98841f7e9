/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_CHILD_H
#define RESPAWN_TESTS_CHILD_H
/*
 * What dies is tried in a child.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of a child that returns from @fn, if it does. */
static int in_a_child(int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		/* What it complains of is no failure of the test. */
		if (!freopen("/dev/null", "w", stderr))
			_exit(3);
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif /* RESPAWN_TESTS_CHILD_H */
