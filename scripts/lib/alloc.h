/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ALLOC_H
#define RESPAWN_ALLOC_H

#include <stddef.h>

void *need(size_t n, size_t size);
void *grow(void *p, size_t n, size_t size);

#endif /* RESPAWN_ALLOC_H */
