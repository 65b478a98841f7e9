/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MAIN_LOOP_H
#define RESPAWN_MAIN_LOOP_H

int main_loop_open(void);
void main_loop_preload(int fd);

#endif /* RESPAWN_MAIN_LOOP_H */
