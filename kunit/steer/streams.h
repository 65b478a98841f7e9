/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STREAMS_H
#define RESPAWN_STREAMS_H

#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct steer_stream - what a task draws from during an operation
 * @pid: whose it is; of the interrupts of a CPU: whom they came to
 * @task: its name; see struct steer_switch
 * @key: a number for that name
 * @epoch: the operation: its actor in the high half, the number of its draw in the low one
 * @state: of the generator
 * @left: how far it is to the next point that is drawn, 0 if that is not known yet
 */
struct steer_stream {
	pid_t pid;
	char task[TASK_COMM_LEN];
	u32 key;
	u64 epoch;
	u64 state;
	unsigned int left;
};

/**
 * struct steer_here - where a CPU is
 * @irq: in an interrupt
 * @begun: operations that had begun
 * @stream: what is drawn from, while nothing of that changes
 * @interrupts: the stream of its interrupts, which may come at any time
 * @idle: the stream of its idle task
 */
struct steer_here {
	bool irq;
	unsigned long begun;
	struct steer_stream *stream;
	struct steer_stream interrupts;
	struct steer_stream idle;
};

/* How many operations have begun */
extern unsigned long steer_begun;

u64 steer_draw(u64 *state);
void steer_here_init(struct steer_here *h);
struct steer_stream *steer_find(struct steer_here *h, u64 seed);
void steer_note_begin(unsigned int actor, unsigned int draw);

/**
 * steer_stream - what is drawn from here
 * @h: where this CPU was
 * @seed: of all streams
 *
 * Asked at every yield point, where it rarely changes. A task may have lost its stream to
 * another one, and its address may be that of a dead one, so it is its pid that is looked at.
 *
 * Context: A yield point, with preemption off.
 * Return: the stream of what the CPU runs
 */
static __always_inline struct steer_stream *steer_stream(struct steer_here *h, u64 seed)
{
	bool irq = in_hardirq() || in_serving_softirq();

	if (likely(h->stream->pid == current->pid && h->irq == irq &&
		   h->begun == READ_ONCE(steer_begun)))
		return h->stream;
	h->irq = irq;
	return steer_find(h, seed);
}

#endif /* RESPAWN_STREAMS_H */
