/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SNAPSHOT_H
#define RESPAWN_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/guest.h"

/**
 * struct snapshot - a guest that has booted, and stands still
 * @path: file with the state of its machine, and behind it the memory
 * @sha256: of that file
 * @at: address of the guest's memory where it takes the words of a run
 * @size: bytes that they may have
 */
struct snapshot {
	char *path;
	char sha256[HASH_LEN];
	unsigned long long at;
	size_t size;
};

bool snapshots_take(struct snapshot *s, const struct guest *like, size_t n);
void snapshot_use(struct guest *g, const struct snapshot *s);

#endif /* RESPAWN_SNAPSHOT_H */
