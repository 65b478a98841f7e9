/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STREAMS_H
#define RESPAWN_STREAMS_H

#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct steer_stream - what a task draws from during an operation
 * @task: its name; see struct steer_switch
 * @key: a number for that name
 * @epoch: the operation: its actor in the high half, the number of its draw in the low one
 * @state: of the generator
 * @left: how far it is to the next point that is drawn, 0 if that is not known yet
 */
struct steer_stream {
	char task[TASK_COMM_LEN];
	u32 key;
	u64 epoch;
	u64 state;
	unsigned int left;
};

u64 steer_draw(u64 *state);
struct steer_stream *steer_stream(u64 seed);
void steer_note_begin(unsigned int actor, unsigned int draw);

#endif /* RESPAWN_STREAMS_H */
