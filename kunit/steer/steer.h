/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STEER_H
#define RESPAWN_STEER_H

void steer_burst(void);
void steer_tell(void (*fn)(unsigned long ip));

#endif /* RESPAWN_STEER_H */
