/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_CHILD_H
#define RESPAWN_TESTS_CHILD_H
/*
 * What dies is tried in a child.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of a child that returns from @fn, if it does; @said has its stderr. */
static inline int child_says(int (*fn)(const void *arg), const void *arg, const char *said)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		if (!freopen(said, "w", stderr))
			_exit(3);
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What it complains of is no failure of the test. */
static inline int in_a_child(int (*fn)(const void *arg), const void *arg)
{
	return child_says(fn, arg, "/dev/null");
}

#endif /* RESPAWN_TESTS_CHILD_H */
