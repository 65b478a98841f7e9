/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_UTIL_H
#define RESPAWN_UTIL_H
/*
 * What every part of the host program needs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/alloc.h"
#include "lib/die.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/lock.h"
#include "lib/proc.h"
#include "lib/str.h"

#endif /* RESPAWN_UTIL_H */
