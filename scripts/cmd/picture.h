/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CMD_PICTURE_H
#define RESPAWN_CMD_PICTURE_H

#include "build/image.h"

void picture_of(const char *dir, const struct image *image, unsigned int cpus);

#endif /* RESPAWN_CMD_PICTURE_H */
