/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_COMPARE_H
#define RESPAWN_COMPARE_H

#include "judge/events.h"
#include "record/record.h"

char *runs_difference(const char *a, const char *b, enum extent extent);
char *record_difference(const struct record *then, const struct record *now);
char *record_other_tools(const struct record *then, const struct record *now);

#endif /* RESPAWN_COMPARE_H */
