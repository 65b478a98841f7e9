/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_EVENTS_H
#define RESPAWN_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct torture_event;

/**
 * struct events - the event log of a stress run
 * @count: events there were
 * @first: number of the first one that is still there
 * @digest: of all of them, as the guest made it
 * @failure: what the guest noted to have gone wrong first, empty if nothing
 */
struct events {
	uint64_t count;
	uint64_t first;
	uint64_t digest;
	char failure[97];

	struct torture_log *log;
	size_t size;
};

/**
 * struct moment - an event, as people want to see it
 * @time: when it was over, in ns of the guest's clock
 * @latency: how long it took, in ns
 * @result: 0, a number, or a negative errno
 * @what: name of the operation
 * @is_failure: it is the failure
 * @is_switch: it is no operation: the CPU had the others go first, at the address whose
 *	low half is @arg
 * @cpu: where it was over
 * @actor: who did it
 * @draw: which of its actor's draws it was
 * @slot: what it was about
 * @arg: a further parameter
 */
struct moment {
	uint64_t time;
	uint32_t latency;
	int32_t result;
	const char *what;
	bool is_failure;
	bool is_switch;
	unsigned int cpu;
	unsigned int actor;
	unsigned int draw;
	unsigned int slot;
	uint32_t arg;
};

/**
 * struct gave_way - where a CPU had the others go first, and how
 * @ip: the yield point
 * @task: who was there: "actor", another task by its name, or "irq/" and the CPU
 * @actor: whose operation it was in: its own, or the last one that had begun
 * @draw: which of that actor's draws this operation is
 * @nth: how often the task had come by there in it; 0 if nobody counted
 * @times: how often it gave way in a row
 * @resched: it asked for another task as well
 */
struct gave_way {
	uint64_t ip;
	char task[17];
	unsigned int actor;
	unsigned int draw;
	unsigned int nth;
	unsigned int times;
	bool resched;
};

/**
 * struct draw - what an actor did, as KEEP= knows it
 * @actor: its number
 * @number: which of its draws it was
 */
struct draw {
	unsigned int actor;
	unsigned int number;
};

/* How far two runs are to be the same */
enum extent {
	EXTENT_ALL,
	EXTENT_SHORTER,		/* as far as both go: the host ended one of them */
	EXTENT_FAILURE,		/* up to the first failure: one was stopped there */
};

bool events_parse(struct events *e, void *data, size_t len);
void events_free(struct events *e);
bool events_is_op(const char *name);
char *events_all_ops(void);
void events_moment(const struct events *e, uint64_t number, struct moment *m);
char *events_line(const struct events *e, uint64_t number);
size_t events_draws(const struct events *e, struct draw **draws);
size_t events_switches(const struct events *e, struct gave_way **all);
unsigned int events_times(const struct events *e, const char *op);
char *events_difference(const struct events *a, const struct events *b,
			enum extent extent);

#endif /* RESPAWN_EVENTS_H */
