/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MEMO_H
#define RESPAWN_MEMO_H

#include <jansson.h>

json_t *memo_read(const char *dir, const char *key);
void memo_write(const char *dir, const char *key, json_t *value);

#endif /* RESPAWN_MEMO_H */
