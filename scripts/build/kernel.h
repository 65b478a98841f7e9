/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KERNEL_H
#define RESPAWN_KERNEL_H

#include "build/arch.h"
#include "build/request.h"
#include "build/tree.h"

/**
 * struct kernel - a built kernel, in the cache
 * @req: what was asked for
 * @arch: what it is for, as @req says
 * @config: what its configuration is made from: fragments, one after the other
 * @compiler: what builds it, as that says of itself in a line
 * @key: hash of all it was built from
 * @dir: where it lies; never changes once it is there
 * @image: what QEMU boots
 * @out: the kernel's build folder, which goes on changing
 */
struct kernel {
	struct request req;
	const struct arch *arch;
	char *config;
	char *compiler;
	char *key;
	char *dir;
	char *image;
	char *out;
};

void kernel_name(struct kernel *k, const struct request *r, const struct tree *t);
void kernel_build(struct kernel *k, struct tree *t);
char *kernel_have(struct kernel *k, struct tree *t);
char *kernel_try(struct kernel *k, struct tree *t, bool partly);
char *kernel_make(struct kernel *k, struct tree *t, const struct strv *words, char **said);
void kernel_build_near(struct kernel *k, struct tree *t, const struct kernel *near,
		       const char *file);
void kernel_folder(const struct kernel *k, struct tree *t);
void kernel_modules(const struct kernel *k, struct tree *t, const char *dir);
void kernel_check_selftests(const struct request *r, const struct tree *t);
void kernel_selftests(const struct kernel *k, struct tree *t, const char *dir);
char *kernel_config(const struct request *r, const struct tree *t);
char *kernel_config_lacks(const char *is, const char *asked, bool partly);
bool kernel_asks_for(const char *config, const char *option);

#endif /* RESPAWN_KERNEL_H */
