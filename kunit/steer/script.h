/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SCRIPT_H
#define RESPAWN_SCRIPT_H

#include <linux/types.h>

struct steer_stream;

/**
 * struct steer_place - where and when a CPU is to give way
 * @ip: the yield point
 * @key: number of the name of the task
 * @epoch: the operation that it is in
 * @nth: how often it comes by there in that operation
 * @times: how often it gives way then
 * @resched: it asks for another task as well
 * @seen: how often it has come by
 */
struct steer_place {
	unsigned long ip;
	u32 key;
	u64 epoch;
	unsigned int nth;
	unsigned int times;
	bool resched;
	unsigned int seen;
};

const struct steer_place *script_at(const struct steer_stream *s, unsigned long ip);
bool script_is_there(void);
void script_say_end(void);
bool only_is_there(void);
bool only_has(u64 drawn);
int only_count_init(void);
void only_count_exit(void);
unsigned int only_count(const struct steer_stream *s, unsigned long ip);

#endif /* RESPAWN_SCRIPT_H */
