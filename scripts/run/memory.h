/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MEMORY_H
#define RESPAWN_MEMORY_H

#include <stddef.h>

void memory_save(int memory, size_t size, int to);
void memory_load(int memory, size_t size, int from);

#endif /* RESPAWN_MEMORY_H */
