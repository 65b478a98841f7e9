/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KUNIT_SHELL_H
#define RESPAWN_KUNIT_SHELL_H
/*
 * What takes a process of user space: the guest's shell does it for a suite.
 */
#include <kunit/test.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/umh.h>

/* Have the guest's shell do something. */
static inline int shell(const char *command)
{
	static const char *const env[] = { "PATH=/bin", "HOME=/", NULL };
	const char *const argv[] = { "/bin/busybox", "sh", "-c", command, NULL };

	return call_usermodehelper(argv[0], (char **)argv, (char **)env, UMH_WAIT_PROC);
}

/* What the shell's command line ends with */
static inline __printf(2, 3) int user(struct kunit *test, const char *format, ...)
{
	char *command;
	va_list args;
	int ret;

	va_start(args, format);
	command = kvasprintf(GFP_KERNEL, format, args);
	va_end(args);
	KUNIT_ASSERT_NOT_NULL(test, command);
	ret = shell(command);
	kfree(command);
	if (ret < 0)
		kunit_skip(test, "/bin/busybox does not run: %d", ret);
	return ret >> 8;
}

static inline void freezer_end(void *data)
{
	shell("cd /tmp && busybox rmdir freezer/x; busybox umount freezer; busybox rmdir freezer");
}

/* A thread that stays frozen can't be stopped. */
static inline void freezer_thaw(void *data)
{
	shell("echo THAWED >/tmp/freezer/x/freezer.state");
}

/* The older cgroups can freeze threads of the kernel, too. */
static inline void freezer_begin(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_CGROUP_FREEZER))
		kunit_skip(test, "the kernel has no CONFIG_CGROUP_FREEZER");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, freezer_end, NULL), 0);
	KUNIT_ASSERT_EQ(test, user(test, "busybox mkdir /tmp/freezer"), 0);
	KUNIT_ASSERT_EQ(test, user(test, "busybox mount -t cgroup -o freezer x /tmp/freezer"), 0);
	KUNIT_ASSERT_EQ(test, user(test, "busybox mkdir /tmp/freezer/x"), 0);
}

/* It is thawed at the end of the case, before what was begun earlier is undone. */
static inline void freezer_freeze(struct kunit *test, struct task_struct *k)
{
	KUNIT_ASSERT_EQ(test, user(test, "echo %d >/tmp/freezer/x/tasks", task_pid_nr(k)), 0);
	KUNIT_ASSERT_EQ(test, user(test, "echo FROZEN >/tmp/freezer/x/freezer.state"), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, freezer_thaw, NULL), 0);
}

#endif /* RESPAWN_KUNIT_SHELL_H */
