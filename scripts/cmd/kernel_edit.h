/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KERNEL_EDIT_H
#define RESPAWN_KERNEL_EDIT_H

int edit_open(void);
int edit_export(void);

#endif /* RESPAWN_KERNEL_EDIT_H */
