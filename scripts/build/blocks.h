/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BLOCKS_H
#define RESPAWN_BLOCKS_H

#include "build/arch.h"
#include "build/symbols.h"

/**
 * struct blocks - the yield points of a kernel that was built
 * @arch: how its code is to be read
 * @all: its functions
 * @n: how many
 *
 * What follows is for blocks.c alone.
 */
struct blocks {
	const struct arch *arch;
	struct symbol *all;
	size_t n;

	char *file;
	size_t size;
	uint64_t hook;
};

void blocks_open(struct blocks *b, const char *vmlinux, const struct arch *arch);
void blocks_close(struct blocks *b);
size_t blocks_of(const struct blocks *b, const struct symbol *s, uint64_t **at);

#endif /* RESPAWN_BLOCKS_H */
