/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_RECORD_H
#define RESPAWN_RECORD_H

#include "run/guest.h"

char *record_begin(const struct guest *g);
void record_discard(const struct guest *g);
char *record_finish(const struct guest *g, const struct tree *t);

#endif /* RESPAWN_RECORD_H */
