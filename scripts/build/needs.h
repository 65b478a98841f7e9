/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_NEEDS_H
#define RESPAWN_NEEDS_H

#include "build/arch.h"

/* Up to a PROBE_END; what else is needed, the architecture says. */
extern const struct need needs_common[];

bool need_has_program(const char *name);
bool need_is_met(const struct need *n, const struct arch *a);

#endif /* RESPAWN_NEEDS_H */
