/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_DEBUG_H
#define RESPAWN_DEBUG_H

#include "record/trial.h"

int debug_trial(struct trial *t, const struct record *rec, uint64_t stall);

#endif /* RESPAWN_DEBUG_H */
