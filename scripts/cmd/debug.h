/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_DEBUG_H
#define RESPAWN_DEBUG_H

#include "cmd/replay.h"

int debug_past(struct past *p);

#endif /* RESPAWN_DEBUG_H */
