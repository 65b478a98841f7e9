/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MINIMISE_H
#define RESPAWN_MINIMISE_H

int minimise(void);

#endif /* RESPAWN_MINIMISE_H */
