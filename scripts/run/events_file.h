/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_EVENTS_FILE_H
#define RESPAWN_EVENTS_FILE_H

#include <sys/types.h>

#include "judge/events.h"

bool events_save(int memory, off_t at, size_t size, const char *path);
bool events_read(struct events *e, const char *path);
size_t events_draws_of(const char *record, struct draw **draws);
unsigned int events_count(const char *record, const char *op);

#endif /* RESPAWN_EVENTS_FILE_H */
