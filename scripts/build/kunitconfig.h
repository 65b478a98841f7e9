/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KUNITCONFIG_H
#define RESPAWN_KUNITCONFIG_H

#include <stdbool.h>

#include "build/request.h"
#include "build/tree.h"

bool kunitconfig_is_test(const char *line);
char *kunitconfig_modular(const char *usual, const char *special, const char *file,
			  const char *asked);
bool kunitconfig_is_own(const struct request *r);
char *kunitconfig_add(const char *usual, const char *special, const struct tree *t,
		      const struct request *r);

#endif /* RESPAWN_KUNITCONFIG_H */
