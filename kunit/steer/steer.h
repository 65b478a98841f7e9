/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STEER_H
#define RESPAWN_STEER_H
/*
 * What the module steer has for other modules, which find it with symbol_get().
 */
#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct steer_switch - a CPU has the others go first
 * @ip: the yield point where it does
 * @task: who was there: "actor", another task by its name, or "irq/" and the CPU
 * @actor: whose operation it was in: its own, or the last one that had begun
 * @draw: which of that actor's draws this operation is
 * @nth: how often @task had come by @ip since it began; 0 if nobody counted
 * @times: how often it gives way in a row at most
 * @resched: it asks for another task as well
 */
struct steer_switch {
	unsigned long ip;
	char task[TASK_COMM_LEN];
	unsigned int actor;
	unsigned int draw;
	unsigned int nth;
	unsigned int times;
	bool resched;
};

void steer_begin(unsigned int actor, unsigned int draw);
void steer_tell(void (*fn)(const struct steer_switch *s));

#endif /* RESPAWN_STEER_H */
