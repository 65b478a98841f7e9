/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ACCEL_H
#define RESPAWN_ACCEL_H

#include "build/kernel.h"
#include "build/plan.h"

const char *accel_choose(const struct kernel *k, const char *initramfs,
			 const struct plan *plan);

#endif /* RESPAWN_ACCEL_H */
