/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STEER_H
#define RESPAWN_STEER_H

void steer_burst(void);

#endif /* RESPAWN_STEER_H */
