/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CMD_REPORT_H
#define RESPAWN_CMD_REPORT_H

#include "lib/util.h"

void records_find(const char *run, struct strv *dirs);

#endif /* RESPAWN_CMD_REPORT_H */
