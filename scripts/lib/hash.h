/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_HASH_H
#define RESPAWN_HASH_H

#include <stddef.h>

/* Hex digits of a SHA-256 and the terminating NUL */
#define HASH_LEN	65

struct hash;

struct hash *hash_new(void);
void hash_add(struct hash *h, const void *data, size_t len);
void hash_str(struct hash *h, const char *s);
void hash_end(struct hash *h, char hex[HASH_LEN]);
void hash_folder(struct hash *h, const char *path);
void hash_file(const char *path, char hex[HASH_LEN]);

#endif /* RESPAWN_HASH_H */
