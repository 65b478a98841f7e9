/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_AIM_H
#define RESPAWN_AIM_H

#include "record/trial.h"

bool aim_is_calibration(const struct record *rec);
void trial_aim(struct request *r, const struct image *image, const char *out,
	       struct strv *failed);

#endif /* RESPAWN_AIM_H */
