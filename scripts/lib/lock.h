/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_LOCK_H
#define RESPAWN_LOCK_H

void lock_hook(void (*fn)(const char *what));
int lock_try(const char *path);
int lock_file(const char *path, const char *what);

#endif /* RESPAWN_LOCK_H */
