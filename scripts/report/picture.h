/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PICTURE_H
#define RESPAWN_PICTURE_H

#include <stdio.h>

#include "build/debuginfo.h"
#include "judge/events.h"

void report_picture(const struct events *e, const struct debuginfo *d, unsigned int cpus,
		    FILE *f);

#endif /* RESPAWN_PICTURE_H */
