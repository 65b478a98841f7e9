/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CHECK_H
#define RESPAWN_CHECK_H

#include "cmd/cmd.h"

int check_commit(const struct options *o);

#endif /* RESPAWN_CHECK_H */
