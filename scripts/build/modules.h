/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MODULES_H
#define RESPAWN_MODULES_H

#include <stddef.h>

#include "lib/util.h"

/**
 * struct tree_module - a module that was built with a kernel
 * @name: as it is loaded
 * @path: of its file
 * @needs: names of the modules that it needs
 * @suites: KUnit suites that are in it
 */
struct tree_module {
	char *name;
	char *path;
	struct strv needs;
	struct strv suites;
};

char *modules_path(const char *dir, const char *line);
size_t modules_read(const char *out, struct tree_module **all);
void modules_free(struct tree_module *all, size_t n);

#endif /* RESPAWN_MODULES_H */
