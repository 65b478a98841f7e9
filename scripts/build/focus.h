/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_FOCUS_H
#define RESPAWN_FOCUS_H

#include "build/kernel.h"
#include "build/request.h"
#include "build/tree.h"

/**
 * struct focus - code that matters more than the rest
 * @names: functions, as "kernel/kthread.c:kthread_stop", or without their file
 * @ranges: where they are in the kernel, as the module steer takes it; empty if there
 *	is no focus
 * @of: for each range, whose it is: names with commas between them
 * @near: the other functions of the same files
 * @near_ranges: where those are
 */
struct focus {
	struct strv names;
	char *ranges;
	struct strv of;
	struct strv near;
	char *near_ranges;
};

void focus_choose(struct focus *f, const struct tree *t, struct request *r);
void focus_locate(struct focus *f, const struct kernel *k);

#endif /* RESPAWN_FOCUS_H */
