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
char *events_line(const struct events *e, uint64_t number);
void events_add_ops(const struct events *e, struct strv *ops);
unsigned int events_times(const struct events *e, const char *op);
char *events_difference(const struct events *a, const struct events *b,
			enum extent extent);

#endif /* RESPAWN_EVENTS_H */
