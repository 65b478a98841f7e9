/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_EXPLORE_H
#define RESPAWN_EXPLORE_H

int explore(void);

#endif /* RESPAWN_EXPLORE_H */
