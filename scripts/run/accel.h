/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ACCEL_H
#define RESPAWN_ACCEL_H

#include "build/image.h"

const char *accel_choose(const struct image *image, const struct request *r);

#endif /* RESPAWN_ACCEL_H */
