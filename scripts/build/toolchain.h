/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TOOLCHAIN_H
#define RESPAWN_TOOLCHAIN_H

#include "build/arch.h"
#include "lib/util.h"

const char *toolchain_id(const struct arch *a);
char *toolchain_compiler(const struct arch *a);
char *toolchain_cached(const struct arch *a, struct strv *env);
char *toolchain_version(const struct arch *a);

#endif /* RESPAWN_TOOLCHAIN_H */
