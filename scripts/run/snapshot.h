/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SNAPSHOT_H
#define RESPAWN_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* In the folder of a record */
#define SNAPSHOT_FILE	"snapshot"

struct guest;
struct plan;

/**
 * struct snapshot - a guest that has booted, and stands still
 * @path: file with the state of its machine
 * @at: address of the guest's memory where it takes the words of a run
 * @size: bytes that they may have
 */
struct snapshot {
	char *path;
	unsigned long long at;
	size_t size;
};

bool snapshots_take(struct snapshot *s, const struct guest *like, size_t n,
		    const struct plan *plan);
void snapshots_use(struct guest *g, size_t n, const struct plan *plan);
void snapshot_resume(struct guest *g);
void snapshot_record(const struct snapshot *s, json_t *o, const char *dir);
bool snapshot_of_record(struct snapshot *s, const json_t *o, const char *dir);

#endif /* RESPAWN_SNAPSHOT_H */
