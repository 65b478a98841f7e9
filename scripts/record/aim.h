/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_AIM_H
#define RESPAWN_AIM_H

#include "record/trial.h"

/* What has a stress run try each operation alone */
#define AIM_CALIBRATES	"respawn.calibrate=1"

void trial_aim(struct request *r, const struct image *image, const char *out);

#endif /* RESPAWN_AIM_H */
