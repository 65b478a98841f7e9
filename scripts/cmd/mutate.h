/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MUTATE_H
#define RESPAWN_MUTATE_H

int mutate(void);

#endif /* RESPAWN_MUTATE_H */
