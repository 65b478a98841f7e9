/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_OVERLAY_H
#define RESPAWN_OVERLAY_H

#include "build/request.h"
#include "build/tree.h"

bool overlay_has_points(const char *file);
void overlay_lay(struct tree *t, const struct request *r);

#endif /* RESPAWN_OVERLAY_H */
