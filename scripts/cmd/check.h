/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CHECK_H
#define RESPAWN_CHECK_H

int check(void);
int check_build(void);
int check_shell(void);
int check_bisect_step(void);

#endif /* RESPAWN_CHECK_H */
