// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that says nothing may hang; or its QEMU stands behind others on a host that is
 * busy, which may let one of them wait for many seconds. The guest's limits are seconds
 * that QEMU could use.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "lib/util.h"
#include "run/allotted.h"

/* Looks that are closer to each other see too little. */
#define LEAST_SECONDS	0.05
/* We come by more often, unless it is us who had to wait. */
#define MOST_SECONDS	1.0

/* Seconds of CPU that it used so far; 0 once it is gone */
static double cpu_used(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Has a thread something to do, and a CPU, or waits for one, or for a disk? */
static bool is_ready(const char *tasks, const char *tid)
{
	__auto_free char *path = fmt("%s/%s/stat", tasks, tid);
	__auto_free char *stat = read_file(path, NULL);
	/* The name before it may have anything in it. */
	const char *state = stat ? strrchr(stat, ')') : NULL;

	return state && (!strncmp(state, ") R", 3) || !strncmp(state, ") D", 3));
}

static bool has_work(pid_t pid)
{
	__auto_free char *path = fmt("/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	struct dirent *d;
	bool ready = false;

	while (dir && !ready && (d = readdir(dir)))
		ready = *d->d_name != '.' && is_ready(path, d->d_name);
	if (dir)
		closedir(dir);
	return ready;
}

/**
 * allotted_begin - count from now on
 * @a: gets it
 * @pid: a process of ours
 */
void allotted_begin(struct allotted *a, pid_t pid)
{
	*a = (struct allotted){ .pid = pid, .at = now(), .cpu = cpu_used(pid) };
}

/**
 * allotted_look - bring the count up to date
 * @a: the count
 *
 * To be called several times a second: that a process had to wait is seen while it does.
 */
void allotted_look(struct allotted *a)
{
	double t = now(), dt = fmin(t - a->at, MOST_SECONDS), cpu, used;

	if (dt < LEAST_SECONDS)
		return;
	cpu = cpu_used(a->pid);
	used = fmax(cpu - a->cpu, 0);
	a->seconds += used < dt && has_work(a->pid) ? used : dt;
	a->at = t;
	a->cpu = cpu;
}
