// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with all that a kernel thread must not inherit. It writes to a file
 * of the suite kthread_lifecycle_guest, which has a thread launched on its behalf.
 *
 * The exit status is the number of the step that failed, from 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int file;

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool open_file(void)
{
	file = open("/sys/kernel/debug/respawn_launch", O_WRONLY | O_CLOEXEC);
	return file >= 0;
}

static bool join_cgroup(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return (!mkdir("/tmp/cgroup", 0755) || errno == EEXIST) &&
	       !mount("none", "/tmp/cgroup", "cgroup2", 0, NULL) &&
	       (!mkdir("/tmp/cgroup/odd", 0755) || errno == EEXIST) &&
	       write_text("/tmp/cgroup/odd/cgroup.procs", pid);
}

static bool unshare_namespaces(void)
{
	return !unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_FS | CLONE_FILES);
}

static bool change_scheduling(void)
{
	static const struct sched_param none;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return !sched_setscheduler(0, SCHED_BATCH, &none) &&
	       !setpriority(PRIO_PROCESS, 0, 7) &&
	       !sched_setaffinity(0, sizeof(set), &set) &&
	       !prctl(PR_SET_TIMERSLACK, 4321, 0, 0, 0);
}

static bool change_limits(void)
{
	static const struct rlimit few = { 17, 17 };

	return write_text("/proc/self/oom_score_adj", "123") &&
	       !setrlimit(RLIMIT_NOFILE, &few) &&
	       personality(ADDR_NO_RANDOMIZE) != -1;
}

static bool block_a_pending_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return !sigprocmask(SIG_BLOCK, &set, NULL) && !raise(SIGUSR1);
}

static bool change_root(void)
{
	return !chdir("/tmp") && !chroot("/tmp");
}

static bool drop_credentials(void)
{
	return !setresgid(1000, 1000, 1000) && !setresuid(1000, 1000, 1000);
}

static bool launch(void)
{
	return write(file, "1", 1) == 1;
}

int main(void)
{
	static bool (*const steps[])(void) = {
		open_file, join_cgroup, unshare_namespaces, change_scheduling,
		change_limits, block_a_pending_signal, change_root,
		drop_credentials, launch, NULL,
	};

	for (size_t i = 0; steps[i]; i++)
		if (!steps[i]())
			return i + 1;
	return 0;
}
