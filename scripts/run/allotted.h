/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ALLOTTED_H
#define RESPAWN_ALLOTTED_H

#include <sys/types.h>

/**
 * struct allotted - the time in which a process could get on with its work
 * @pid: the process
 * @at: when it was looked at last
 * @cpu: seconds of CPU that it had used by then
 * @seconds: of the host's since allotted_begin(), but for those in which it wanted a
 *	CPU, or waited for a disk, and got nothing
 */
struct allotted {
	pid_t pid;
	double at;
	double cpu;
	double seconds;
};

void allotted_begin(struct allotted *a, pid_t pid);
void allotted_look(struct allotted *a);

#endif /* RESPAWN_ALLOTTED_H */
