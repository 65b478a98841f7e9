/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CACHE_H
#define RESPAWN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/hash.h"

/**
 * struct cache_kind - what the cache has of one kind
 * @name: of the kind, for people
 * @kept: it is never thrown out to make room
 * @count: entries
 * @in_use: entries that a process is using now
 * @bytes: that they take on the disk
 * @oldest: last use of the one that was not used for longest
 * @newest: last use of the one that was used last
 */
struct cache_kind {
	const char *name;
	bool kept;
	size_t count;
	size_t in_use;
	uint64_t bytes;
	time_t oldest;
	time_t newest;
};

bool cache_use(const char *path);
bool cache_remove(const char *path);
void cache_trim(uint64_t max_bytes);
void cache_sweep(const char *dir);
size_t cache_list(struct cache_kind **kinds);
void cache_hash_file(const char *path, char hex[HASH_LEN]);

#endif /* RESPAWN_CACHE_H */
