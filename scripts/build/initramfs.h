/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_INITRAMFS_H
#define RESPAWN_INITRAMFS_H

#include "build/kernel.h"
#include "build/plan.h"

char *initramfs_path(const struct kernel *k, const struct plan *p);
char *initramfs_build(const struct kernel *k, struct tree *t, const struct plan *p);
void initramfs_mirror(const char *from, const char *to);
char *initramfs_mirror_name(const char *dir);
char *initramfs_plan(const char *path);
void initramfs_modules(const char *path, const char *dir);

#endif /* RESPAWN_INITRAMFS_H */
