/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MAIN_LOOP_H
#define RESPAWN_MAIN_LOOP_H

#include "lib/hash.h"

void main_loop_hash(struct hash *h);
int main_loop_open(void);
void main_loop_preload(int fd);

#endif /* RESPAWN_MAIN_LOOP_H */
