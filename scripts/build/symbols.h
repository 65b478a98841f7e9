/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SYMBOLS_H
#define RESPAWN_SYMBOLS_H

#include <stdint.h>
#include <stddef.h>

#include "lib/die.h"

/**
 * struct symbol - a function in a kernel, or a part of one
 * @name: as the compiler has it, "fn.isra.0" too
 * @file: the source file it is from, without folders; empty if it is not a file's own
 * @at: address
 * @size: bytes
 */
struct symbol {
	char *name;
	char *file;
	uint64_t at;
	uint64_t size;
};

size_t symbols_find(const char *vmlinux, struct symbol **all);
void symbols_die(const char *vmlinux) __noreturn;
size_t symbols_read(const char *vmlinux, struct symbol **all);
void symbols_free(struct symbol *all, size_t n);

#endif /* RESPAWN_SYMBOLS_H */
