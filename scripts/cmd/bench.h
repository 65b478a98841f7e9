/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BENCH_H
#define RESPAWN_BENCH_H

int bench_primitives(void);
int bench_hotplug(void);

#endif /* RESPAWN_BENCH_H */
